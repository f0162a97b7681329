#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// Half-open range of the candidate variants of one chromosome, in order of position.
struct LdWindow {
    std::uint32_t begin = 0, end = 0;
    std::uint32_t size() const noexcept { return end - begin; }
    friend bool operator==(const LdWindow&, const LdWindow&) = default;
};

/// Windows of `size` candidates, every `step` candidates, up to the first that reaches the end.
std::vector<LdWindow> count_windows(std::size_t candidates, std::uint32_t size, std::uint32_t step);
/// Windows of candidates at most `reach` base pairs apart, each as long as it can be. `positions`
/// ascend.
std::vector<LdWindow> distance_windows(std::span<const std::uint32_t> positions,
                                       std::uint64_t reach);

/// Removes variants of one chromosome window by window until no pair of a window is in LD: the rule
/// of plink2 2.00a3.5 --indep-pairwise. In rounds, each remaining variant looks for the next one to
/// its right that is in LD with it and was not yet compared; of the two, the one with the larger
/// major allele frequency goes (the right one if they are equal), and the search moves on to the
/// next variant; rounds repeat until nothing goes. Between windows the state is `removed` alone.
/// Purcell et al. 2007, doi:10.1086/519795; Chang et al. 2015, doi:10.1186/s13742-015-0047-8.
class LdPruner {
public:
    /// \param major_frequency  [candidate] frequency of the more frequent allele
    /// \param removed  [candidate] 1 = out from the start (does not vary)
    LdPruner(std::vector<double> major_frequency, std::vector<std::uint8_t> removed);

    /// Says that all remaining candidates before `end` were compared with each other, as they are
    /// when `removed` was left by windows that ended there.
    void resume(std::uint32_t end);
    /// Does the next window; windows ascend. `in_ld(a, b)` tells, for candidates a < b of the
    /// window that are both still there, whether r2 is above the limit.
    template <class InLd>
    void prune(LdWindow window, InLd&& in_ld) {
        gather(window);
        while (round(window.end, in_ld)) {
        }
    }
    const std::vector<std::uint8_t>& removed() const noexcept { return removed_; }

private:
    void gather(LdWindow window);
    std::size_t after(std::size_t place) const noexcept; // next remaining place in here_
    bool goes(std::uint32_t a, std::uint32_t b) const noexcept;
    template <class InLd>
    bool round(std::uint32_t end, InLd& in_ld);

    std::vector<double> major_frequency_;
    std::vector<std::uint8_t> removed_;
    std::vector<std::uint32_t> compared_; // [candidate] first candidate it was not compared with
    std::vector<std::uint32_t> here_;     // remaining candidates of the window when it began
};

template <class InLd>
bool LdPruner::round(std::uint32_t end, InLd& in_ld) {
    bool any = false;
    for (std::size_t place = 0; place < here_.size(); ++place) {
        const std::uint32_t a = here_[place];
        if (removed_[a] != 0 || compared_[a] >= end) continue;
        const auto begin = here_.begin() + static_cast<std::ptrdiff_t>(place) + 1;
        auto next = static_cast<std::size_t>(std::lower_bound(begin, here_.end(), compared_[a]) -
                                             here_.begin());
        compared_[a] = end;
        for (; next < here_.size(); ++next) {
            const std::uint32_t b = here_[next];
            if (removed_[b] != 0 || !in_ld(a, b)) continue;
            any = true;
            removed_[goes(a, b) ? a : b] = 1;
            const std::size_t rest = after(next);
            if (rest < here_.size()) compared_[a] = here_[rest];
            break;
        }
    }
    return any;
}

} // namespace salus
