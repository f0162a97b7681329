#pragma once

#include "models/strong_net.hpp"
#include "stages/pgs_regression/genotypes.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace salus::pgs_regression {

/// The strong set of a path: 2-bit rows of its variants for all samples, the same on every rank.
/// Sums are exact integers or in a fixed order, so all ranks find the same. Memory N / 4 bytes per
/// variant; matrices of products take 8 bytes per pair of columns while they are made.
class StrongRows final : public NetColumns {
public:
    StrongRows(const RunContext& context, const ChosenGenotypes& genotypes, const TraitData& trait);

    /// (all) Keeps these rows and adds those of the rest of `strong`.
    void change(std::span<const std::size_t> kept, const std::vector<std::uint64_t>& strong);

    std::size_t size() const override { return standard_.scale.size(); }
    std::vector<double> products(std::span<const std::vector<double>> vectors,
                                 std::size_t first) const override;
    /// Training people, then those who validate.
    std::vector<double> predictor(std::span<const double> coefficients) const override;
    /// (all) Panels of rows are multiplied by one rank each.
    std::vector<float> gram(std::span<const double> weight, std::size_t first) const override;

private:
    struct Tile;
    std::span<const std::uint8_t> row(std::size_t c) const noexcept {
        return {rows_.data() + c * stride_, packed_bytes(samples_)};
    }
    void fetch(std::span<const std::uint64_t> variants, std::size_t first);
    void decode(std::size_t c, std::size_t begin, std::size_t count, float* to,
                std::size_t step) const noexcept;

    const RunContext& context_;
    const ChosenGenotypes& genotypes_;
    const TraitData& trait_;
    std::size_t samples_, stride_;
    CacheLines<std::uint8_t> rows_;
    components::Standard standard_;
};

} // namespace salus::pgs_regression
