#pragma once

#include "base/error.hpp"

#include <concepts>
#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace salus {

/// The ranks of the job. Default-constructed it is one rank and makes no MPI call.
/// Sums are for integers only, on purpose: a floating-point sum would depend on the number of
/// ranks.
class Communicator {
public:
    Communicator() = default;
    static Communicator world();
    /// One rank that plays `ranks` ranks one after another: it does the work of all, results are
    /// whole, and units are told apart by the rank that would do them.
    static Communicator playing(int ranks);

    int rank() const noexcept { return rank_; }
    int size() const noexcept { return size_; }
    bool is_root() const noexcept { return rank_ == 0; }
    /// Ranks that this process plays; 1 but in a dry run.
    int played() const noexcept { return played_; }

    void barrier() const;
    template <std::integral T>
    void sum(std::span<T> values) const; // in place, every rank gets the total
    template <class T>
    requires std::is_trivially_copyable_v<T>
    void broadcast(std::span<T> values, int root = 0) const {
        broadcast_bytes(std::as_writable_bytes(values), root);
    }
    void broadcast(std::string& text, int root = 0) const;
    /// Concatenation of everybody's texts, in rank order, on every rank.
    std::vector<std::string> gather_all(const std::string& mine) const;
    /// The lowest rank whose flag is set, or nothing.
    std::optional<int> first_where(bool flag) const;
    bool any(bool flag) const { return first_where(flag).has_value(); }

private:
    void broadcast_bytes(std::span<std::byte> bytes, int root) const;
    static void broadcast_pieces(std::span<std::byte> bytes, int root);
    std::vector<std::string> gather_at_once(const std::string& mine,
                                            const std::vector<std::uint64_t>& lengths) const;
    std::vector<std::string> gather_in_turn(const std::string& mine,
                                            const std::vector<std::uint64_t>& lengths) const;
    int rank_ = 0, size_ = 1, played_ = 1;
    bool mpi_ = false;
};

/// Throws on every rank if `mine` is set on any; used by collectively.
void agree_on_error(const Communicator& comm, std::string_view what, std::exception_ptr mine);

/// Runs rank-local work on all ranks; if it throws on any, every rank throws the error of the
/// lowest such rank, with `what` and that rank named. The work must not communicate, and calls do
/// not nest.
template <class F>
auto collectively(const Communicator& comm, std::string_view what, F&& work)
    -> std::invoke_result_t<F> {
    using Result = std::invoke_result_t<F>;
    std::exception_ptr caught;
    [[maybe_unused]] std::optional<std::conditional_t<std::is_void_v<Result>, bool, Result>> result;
    try {
        if constexpr (std::is_void_v<Result>)
            std::forward<F>(work)();
        else
            result.emplace(std::forward<F>(work)());
    } catch (...) {
        caught = std::current_exception();
    }
    agree_on_error(comm, what, caught);
    if constexpr (!std::is_void_v<Result>) return std::move(*result);
}

/// Starts and ends MPI; the first object of main().
class MpiSession {
public:
    MpiSession(int& argc, char**& argv);
    ~MpiSession();
    MpiSession(const MpiSession&) = delete;
    MpiSession& operator=(const MpiSession&) = delete;
    /// Ends all ranks at once with this exit code.
    [[noreturn]] static void abort(int exit_code);
};

/// True if this process was started by mpirun or srun as one of several ranks (or as the only one).
bool launched_by_mpi() noexcept;

} // namespace salus
