#pragma once

#include "base/file_ranges.hpp"
#include "parallel/communicator.hpp"

namespace salus {

/// (all) Like collectively, for work that reads the same bytes of the same files on every rank:
/// root does it first, and the others are given what it read, so that a file is opened and read
/// once and not once a rank. Where a rank asks for other bytes, or for more than
/// FileRanges::most_bytes, it reads them itself. Costs the time of the work twice, and on every
/// rank twice the memory of the bytes while it lasts.
template <class F>
auto read_once(const Communicator& comm, std::string_view what, F&& work)
    -> std::invoke_result_t<F> {
    using Result = std::invoke_result_t<F>;
    constexpr bool none = std::is_void_v<Result>;
    std::optional<std::conditional_t<none, bool, Result>> result;
    const auto do_it = [&] {
        if constexpr (none)
            work();
        else
            result.emplace(work());
    };
    FileRanges ranges;
    const bool noted = comm.size() > 1 || comm.played() > 1;
    collectively(comm, what, [&] {
        if (!comm.is_root()) return;
        std::optional<NotedReads> notes;
        if (noted) notes.emplace(ranges);
        do_it();
    });
    std::string packed = noted && comm.is_root() ? ranges.pack() : std::string();
    ranges = {};
    comm.broadcast(packed);
    collectively(comm, what, [&] {
        if (comm.is_root()) return;
        ranges = FileRanges::unpack(packed);
        packed = {};
        const AnsweredReads answers(ranges);
        do_it();
    });
    if constexpr (!none) return std::move(*result);
}

} // namespace salus
