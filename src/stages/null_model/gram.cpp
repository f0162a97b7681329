#include "stages/null_model/gram.hpp"

#include "base/error.hpp"
#include "parallel/parallel_for.hpp"

#include <algorithm>
#include <cmath>

namespace salus::whole_genome {
namespace {

constexpr std::size_t tile_samples = 512;

/// Integer sums of one fold; they move to real ones before they overflow.
class FoldCounter {
public:
    FoldCounter(const BlockGenotypes& genotypes, const Base& base, const DigitColumns& columns)
        : genotypes_(genotypes), base_(base), columns_(columns) {
        const std::size_t m = genotypes.size();
        stride_ = round_up(m, BytePanels::left_rows);
        gram_.resize(round_up(m, BytePanels::right_rows) * stride_);
        digit_rows_ = columns.columns() * DigitColumns::digits;
        digits_.resize(round_up(digit_rows_, BytePanels::right_rows) * stride_);
    }

    FoldSums count(std::span<const std::uint32_t> places) {
        FoldSums sums{.gram = SquareMatrix(genotypes_.size()),
                      .products =
                          std::vector(columns_.columns(), std::vector<double>(genotypes_.size()))};
        std::size_t counted = 0;
        for (std::size_t first = 0; first < places.size(); first += tile_samples) {
            const auto tile = places.subspan(first, std::min(tile_samples, places.size() - first));
            add_tile(tile);
            counted += tile.size();
            if (counted + tile_samples > byte_products_samples ||
                first + tile_samples >= places.size()) {
                spill(sums);
                counted = 0;
            }
        }
        return sums;
    }

private:
    void add_tile(std::span<const std::uint32_t> tile) {
        std::vector<std::uint32_t> samples(tile.size());
        for (std::size_t k = 0; k < tile.size(); ++k)
            samples[k] = base_.samples[tile[k]];
        const std::size_t m = genotypes_.size();
        left_.reset(m, tile.size());
        constexpr std::size_t at_once = 16;
        parallel_tasks((m + at_once - 1) / at_once, [&](std::size_t g) {
            std::vector<std::uint8_t> work, values(tile.size());
            for (std::size_t v = g * at_once; v < std::min(m, (g + 1) * at_once); ++v) {
                genotypes_.read(v, samples, work, values);
                left_.set_row(v, values);
            }
        });
        right_.reset(digit_rows_, tile.size());
        parallel_for(digit_rows_, [&](std::size_t r) {
            std::vector<std::uint8_t> values(tile.size());
            const auto row = columns_.row(r / DigitColumns::digits, r % DigitColumns::digits);
            for (std::size_t k = 0; k < tile.size(); ++k)
                values[k] = row[tile[k]];
            right_.set_row(r, values);
        });
        multiply(left_, m, Triangle::lower, gram_);
        multiply(right_, digit_rows_, Triangle::all, digits_);
    }
    void multiply(const BytePanels& right, std::size_t rows, Triangle triangle,
                  std::vector<std::int32_t>& sums) {
        constexpr std::size_t at_once = 64;
        parallel_tasks((rows + at_once - 1) / at_once, [&](std::size_t c) {
            add_byte_products({.left = left_,
                               .right = right,
                               .begin = c * at_once,
                               .end = std::min(rows, (c + 1) * at_once),
                               .triangle = triangle,
                               .sums = sums.data(),
                               .stride = stride_});
        });
    }
    void spill(FoldSums& sums) {
        constexpr double unit = 1 / (BlockGenotypes::one_copy * BlockGenotypes::one_copy);
        const std::size_t m = genotypes_.size();
        parallel_for(m, [&](std::size_t j) {
            for (std::size_t i = j; i < m; ++i)
                sums.gram(i, j) += unit * gram_[j * stride_ + i];
        });
        for (std::size_t c = 0; c < columns_.columns(); ++c)
            for (std::size_t i = 0; i < m; ++i) {
                std::int64_t sum = 0;
                for (std::size_t d = DigitColumns::digits; d-- > 0;)
                    sum = sum * 256 + digits_[(c * DigitColumns::digits + d) * stride_ + i];
                sums.products[c][i] += columns_.real(c, sum);
            }
        std::fill(gram_.begin(), gram_.end(), 0);
        std::fill(digits_.begin(), digits_.end(), 0);
    }

    const BlockGenotypes& genotypes_;
    const Base& base_;
    const DigitColumns& columns_;
    std::size_t stride_ = 0, digit_rows_ = 0;
    BytePanels left_, right_;
    std::vector<std::int32_t> gram_, digits_;
};

} // namespace

// Balanced digits: each is at most 127 and at least -128.
DigitColumns::DigitColumns(const std::vector<const std::vector<double>*>& columns) {
    constexpr double largest_integer = 2139062143; // all digits 127
    for (const auto* column : columns) {
        double largest = 0;
        for (const double value : *column)
            largest = std::max(largest, std::fabs(value));
        int exponent = largest > 0 ? std::ilogb(largest) - 30 : 0;
        if (std::ldexp(largest, -exponent) > largest_integer) ++exponent;
        exponent_.push_back(exponent);
        const std::size_t first = rows_.size();
        for (std::size_t d = 0; d < digits; ++d)
            rows_.emplace_back(column->size());
        for (std::size_t i = 0; i < column->size(); ++i) {
            auto rest = static_cast<std::int64_t>(std::llrint(std::ldexp((*column)[i], -exponent)));
            for (std::size_t d = 0; d < digits; ++d) {
                const auto digit = static_cast<std::int8_t>(rest & 255);
                rows_[first + d][i] = static_cast<std::uint8_t>(digit);
                rest = (rest - digit) / 256;
            }
            SALUS_DEBUG_ASSERT(rest == 0);
        }
    }
}

double DigitColumns::real(std::size_t column, std::int64_t sum) const noexcept {
    return std::ldexp(static_cast<double>(sum), exponent_[column]) / BlockGenotypes::one_copy;
}

std::vector<FoldSums> fold_sums(const BlockGenotypes& genotypes, const Base& base,
                                const DigitColumns& columns, std::span<const std::uint32_t> places,
                                std::span<const Fold> folds) {
    FoldCounter counter(genotypes, base, columns);
    std::vector<FoldSums> sums;
    for (const Fold& fold : folds)
        sums.push_back(counter.count(places.subspan(fold.begin, fold.size())));
    return sums;
}

} // namespace salus::whole_genome
