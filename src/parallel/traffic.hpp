#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace salus {

/// Kinds of calls in which all ranks take part. `agreement` is one integer, on whether anybody
/// failed; every other call waits for all ranks first, and that barrier is counted with it.
enum class Collective { barrier, sum, broadcast, gather, agreement };
constexpr std::array<std::string_view, 5> collective_names{"barrier", "sum", "broadcast", "gather",
                                                           "agreement"};

/// Collective calls and the bytes of their payloads. Of a gather: the texts of all ranks together;
/// of others: what one rank gives or gets. The calls do not depend on the number of ranks.
struct Traffic {
    struct Count {
        std::uint64_t calls = 0, bytes = 0;
    };
    std::array<Count, collective_names.size()> counts{};

    const Count& of(Collective kind) const noexcept {
        return counts[static_cast<std::size_t>(kind)];
    }
    std::uint64_t calls() const noexcept;
    std::uint64_t bytes() const noexcept;
    Traffic operator-(const Traffic& before) const noexcept;

    /// Messages between two of `ranks` ranks, all together, where sums run up and down a binomial
    /// tree, broadcasts down, gathers double their reach, and barriers disseminate.
    std::uint64_t messages(std::uint64_t ranks) const noexcept;
    /// Bytes that these messages carry, all together.
    std::uint64_t message_bytes(std::uint64_t ranks) const noexcept;
    /// Messages one after another on the longest way: what latency costs.
    std::uint64_t rounds(std::uint64_t ranks) const noexcept;
};

/// Of this process so far.
const Traffic& traffic() noexcept;
void count_traffic(Collective kind, std::uint64_t bytes) noexcept;

} // namespace salus
