#include "models/ld_prune.hpp"

#include "base/error.hpp"

namespace salus {

std::vector<LdWindow> count_windows(std::size_t candidates, std::uint32_t size,
                                    std::uint32_t step) {
    SALUS_ASSERT(size > 0 && step > 0);
    std::vector<LdWindow> windows;
    const auto count = static_cast<std::uint32_t>(candidates);
    for (std::uint32_t begin = 0; count > 0; begin += step) {
        const std::uint32_t end = count - begin <= size ? count : begin + size;
        windows.push_back({begin, end});
        if (end == count || count - begin <= step) break;
    }
    return windows;
}

std::vector<LdWindow> distance_windows(std::span<const std::uint32_t> positions,
                                       std::uint64_t reach) {
    std::vector<LdWindow> windows;
    const auto count = static_cast<std::uint32_t>(positions.size());
    std::uint32_t begin = 0, end = 0;
    while (end < count) {
        while (positions[begin] + reach < positions[end])
            ++begin;
        while (end < count && positions[end] <= positions[begin] + reach)
            ++end;
        windows.push_back({begin, end});
    }
    return windows;
}

LdPruner::LdPruner(std::vector<double> major_frequency, std::vector<std::uint8_t> removed)
    : major_frequency_(std::move(major_frequency)), removed_(std::move(removed)),
      compared_(removed_.size()) {
    SALUS_ASSERT(major_frequency_.size() == removed_.size());
    for (std::size_t i = 0; i < compared_.size(); ++i)
        compared_[i] = static_cast<std::uint32_t>(i + 1);
}

void LdPruner::resume(std::uint32_t end) { std::fill_n(compared_.begin(), end, end); }

void LdPruner::gather(LdWindow window) {
    here_.clear();
    for (std::uint32_t i = window.begin; i < window.end; ++i)
        if (removed_[i] == 0) here_.push_back(i);
}

std::size_t LdPruner::after(std::size_t place) const noexcept {
    do {
        ++place;
    } while (place < here_.size() && removed_[here_[place]] != 0);
    return place;
}

bool LdPruner::goes(std::uint32_t a, std::uint32_t b) const noexcept {
    return major_frequency_[a] > major_frequency_[b] * (1 + 0x1p-44);
}

} // namespace salus
