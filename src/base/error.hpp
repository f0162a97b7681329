#pragma once

#include <concepts>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// One thing that is wrong, in the four parts that every message answers. Empty parts are left out.
struct Problem {
    std::string what;  // what is wrong
    std::string where; // file, line or byte, variant, column; never a person's identifier or value
    std::string why;   // the rule that it breaks
    std::string help;  // what to do about it

    bool operator==(const Problem&) const = default;
};

/// Kinds of failure; the value is the exit code of the program (docs/operations.md).
enum class ErrorKind : int {
    usage = 2,        // command line or configuration
    data = 3,         // input breaks its format or our checks
    ownership = 4,    // the output belongs to another job
    storage = 5,      // no space, I/O error, permission
    integrity = 6,    // checkpoint, journal or input changed since
    disclosure = 7,   // disclosure control refused a release
    memory = 8,       // more memory than there is
    internal = 70,    // a bug of ours
    interrupted = 75, // SIGTERM, SIGUSR1, wall time; the same command resumes
};

std::string_view to_string(ErrorKind kind) noexcept;

/// Base of all our exceptions: one kind, one or more problems, and the context added while
/// unwinding.
class Error : public std::exception {
public:
    Error(ErrorKind kind, std::vector<Problem> problems);

    ErrorKind kind() const noexcept { return kind_; }
    int exit_code() const noexcept { return static_cast<int>(kind_); }
    const std::vector<Problem>& problems() const noexcept { return problems_; }
    /// Adds what only the caller knows, e.g. "while reading part 17".
    void add(std::string_view context);
    /// All problems as readable text, one paragraph each, without a trailing newline.
    const char* what() const noexcept override { return text_.c_str(); }

private:
    void render();

    ErrorKind kind_;
    std::vector<Problem> problems_;
    std::vector<std::string> contexts_;
    std::string text_;
};

template <ErrorKind Kind>
class ErrorOf : public Error {
public:
    explicit ErrorOf(Problem problem) : Error(Kind, {std::move(problem)}) {}
    /// Several at once; a template so that braces always mean one Problem.
    template <std::same_as<std::vector<Problem>> Problems>
    explicit ErrorOf(Problems problems) : Error(Kind, std::move(problems)) {}
};

using UsageError = ErrorOf<ErrorKind::usage>;
using DataError = ErrorOf<ErrorKind::data>;
using OwnershipError = ErrorOf<ErrorKind::ownership>;
using StorageError = ErrorOf<ErrorKind::storage>;
using IntegrityError = ErrorOf<ErrorKind::integrity>;
using DisclosureError = ErrorOf<ErrorKind::disclosure>;
using MemoryError = ErrorOf<ErrorKind::memory>;
using InternalError = ErrorOf<ErrorKind::internal>;
using Interrupted = ErrorOf<ErrorKind::interrupted>;

/// Throws the class that belongs to `kind`; used to raise on one rank what happened on another.
[[noreturn]] void throw_error(ErrorKind kind, std::vector<Problem> problems);

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

} // namespace salus

/// Always compiled in: a broken invariant ends the job with exit code 70, never with a wrong
/// result.
#define SALUS_ASSERT(condition)                                                                    \
    (static_cast<bool>(condition) ? static_cast<void>(0)                                           \
                                  : ::salus::assertion_failed(#condition, __FILE__, __LINE__))
#ifdef NDEBUG
#define SALUS_DEBUG_ASSERT(condition) static_cast<void>(0)
#else
#define SALUS_DEBUG_ASSERT(condition) SALUS_ASSERT(condition)
#endif
