#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// A quadratic form over samples of which few pairs have a weight: h'Wh with 0 on the diagonal.
class PairForm {
public:
    struct Entry {
        std::uint32_t first, second; // first < second
        double weight;               // of W[first][second] = W[second][first]
    };
    PairForm() = default;
    /// \param entries  by first, then second; each pair once.
    PairForm(std::size_t samples, std::span<const Entry> entries);

    bool empty() const noexcept { return samples_.empty(); }
    /// Samples that are in a pair, ascending.
    std::span<const std::uint32_t> samples() const noexcept { return samples_; }
    static constexpr std::uint32_t none = UINT32_MAX;
    /// Where a sample is in samples(), or none.
    std::uint32_t place(std::size_t sample) const noexcept { return place_[sample]; }
    /// visit(place of the other one, weight) for the pairs with later samples.
    template <class Visit>
    void for_later(std::size_t place, Visit&& visit) const {
        for (std::size_t k = begin_[place]; k < begin_[place + 1]; ++k)
            visit(second_[k], weight_[k]);
    }
    /// \param values  [place]. O(pairs).
    double value(std::span<const double> values) const noexcept;
    /// The same bits where all values but those of `places` (ascending) are 0. O(their pairs).
    double value(std::span<const double> values,
                 std::span<const std::uint32_t> places) const noexcept;

private:
    double along(std::span<const double> values, std::size_t place) const noexcept;
    std::vector<std::uint32_t> samples_, place_;
    std::vector<std::size_t> begin_;    // [place] of its pairs with later ones
    std::vector<std::uint32_t> second_; // place of the other one
    std::vector<double> weight_;
};

} // namespace salus
