#include "parallel/traffic.hpp"

#include <bit>

namespace salus {
namespace {

Traffic so_far; // collective calls come from the main thread alone

/// Steps to reach all ranks when each step doubles those reached.
std::uint64_t doublings(std::uint64_t ranks) noexcept {
    return static_cast<std::uint64_t>(std::bit_width(ranks - 1));
}

} // namespace

const Traffic& traffic() noexcept { return so_far; }

void count_traffic(Collective kind, std::uint64_t bytes) noexcept {
    Traffic::Count& count = so_far.counts[static_cast<std::size_t>(kind)];
    ++count.calls;
    count.bytes += bytes;
}

std::uint64_t Traffic::calls() const noexcept {
    std::uint64_t all = 0;
    for (const Count& count : counts)
        all += count.calls;
    return all;
}

std::uint64_t Traffic::bytes() const noexcept {
    std::uint64_t all = 0;
    for (const Count& count : counts)
        all += count.bytes;
    return all;
}

Traffic Traffic::operator-(const Traffic& before) const noexcept {
    Traffic difference = *this;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        difference.counts[i].calls -= before.counts[i].calls;
        difference.counts[i].bytes -= before.counts[i].bytes;
    }
    return difference;
}

std::uint64_t Traffic::messages(std::uint64_t ranks) const noexcept {
    if (ranks < 2) return 0;
    const std::uint64_t tree = ranks - 1, everybody = ranks * doublings(ranks);
    return calls() * everybody + // the barrier of each call
           (of(Collective::sum).calls + of(Collective::agreement).calls) * 2 * tree +
           of(Collective::broadcast).calls * tree + of(Collective::gather).calls * 2 * everybody;
}

std::uint64_t Traffic::message_bytes(std::uint64_t ranks) const noexcept {
    if (ranks < 2) return 0;
    const std::uint64_t tree = ranks - 1;
    return (of(Collective::sum).bytes + of(Collective::agreement).bytes) * 2 * tree +
           (of(Collective::broadcast).bytes + of(Collective::gather).bytes) * tree;
}

std::uint64_t Traffic::rounds(std::uint64_t ranks) const noexcept {
    if (ranks < 2) return 0;
    const std::uint64_t steps = doublings(ranks);
    return steps * (calls() + 2 * (of(Collective::sum).calls + of(Collective::agreement).calls) +
                    of(Collective::broadcast).calls + 2 * of(Collective::gather).calls);
}

} // namespace salus
