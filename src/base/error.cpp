#include "base/error.hpp"

#include "base/text.hpp"

namespace salus {

std::string_view to_string(ErrorKind kind) noexcept {
    switch (kind) {
    case ErrorKind::usage:
        return "configuration error";
    case ErrorKind::data:
        return "input data error";
    case ErrorKind::ownership:
        return "output is in use";
    case ErrorKind::storage:
        return "storage error";
    case ErrorKind::integrity:
        return "integrity error";
    case ErrorKind::disclosure:
        return "disclosure refused";
    case ErrorKind::memory:
        return "out of memory";
    case ErrorKind::internal:
        return "internal error";
    case ErrorKind::interrupted:
        return "interrupted";
    }
    return "error";
}

Error::Error(ErrorKind kind, std::vector<Problem> problems)
    : kind_(kind), problems_(std::move(problems)) {
    render();
}

void Error::add(std::string_view context) {
    contexts_.emplace_back(context);
    render();
}

void Error::render() {
    text_.clear();
    for (const Problem& problem : problems_) {
        if (!text_.empty()) text_ += '\n';
        text_ += problem.what;
        if (!problem.where.empty()) text_ += "\n  where: " + problem.where;
        if (!problem.why.empty()) text_ += "\n  why:   " + problem.why;
        if (!problem.help.empty()) text_ += "\n  help:  " + problem.help;
    }
    for (const std::string& context : contexts_)
        text_ += "\n  " + context;
}

void throw_error(ErrorKind kind, std::vector<Problem> problems) {
    switch (kind) {
    case ErrorKind::usage:
        throw UsageError(std::move(problems));
    case ErrorKind::data:
        throw DataError(std::move(problems));
    case ErrorKind::ownership:
        throw OwnershipError(std::move(problems));
    case ErrorKind::storage:
        throw StorageError(std::move(problems));
    case ErrorKind::integrity:
        throw IntegrityError(std::move(problems));
    case ErrorKind::disclosure:
        throw DisclosureError(std::move(problems));
    case ErrorKind::memory:
        throw MemoryError(std::move(problems));
    case ErrorKind::interrupted:
        throw Interrupted(std::move(problems));
    case ErrorKind::internal:
        break;
    }
    throw InternalError(std::move(problems));
}

void assertion_failed(const char* expression, const char* file, int line) {
    throw InternalError({.what = text("assertion failed: ", expression),
                         .where = text(file, ":", line),
                         .why = "an invariant of the program does not hold",
                         .help = "report this with the command and the version of salus"});
}

} // namespace salus
