#include "models/weighted_products.hpp"

#include <algorithm>
#include <utility>

namespace salus {
namespace {

constexpr std::size_t rows_at_once = 256;

} // namespace

WeightedProducts::WeightedProducts(std::size_t columns) : columns_(columns), negative_(columns) {}

void WeightedProducts::add(std::span<const float> rows, std::span<const double> weight) {
    const std::size_t count = rows.size() / columns_;
    left_.resize(round_up(columns_, left_rows<double>) * rows_at_once);
    right_.resize(round_up(columns_, right_rows) * rows_at_once);
    for (std::size_t first = 0; first < count; first += rows_at_once) {
        const std::size_t depth = std::min(rows_at_once, count - first);
        const auto part = rows.subspan(first * columns_, depth * columns_);
        chunk_.assign(part.begin(), part.end());
        weighted_ = chunk_;
        if (!weight.empty())
            for (std::size_t i = 0; i < depth; ++i)
                for (std::size_t c = 0; c < columns_; ++c)
                    weighted_[i * columns_ + c] *= weight[first + i];
        pack_left<double>(
            {.data = chunk_.data(), .stride = columns_, .rows = columns_, .depth = depth},
            left_.data());
        pack_right<double>(
            {.data = weighted_.data(), .stride = columns_, .rows = columns_, .depth = depth},
            right_.data());
        subtract_product<double>({.left = left_.data(),
                                  .right = right_.data(),
                                  .rows = columns_,
                                  .columns = columns_,
                                  .depth = depth,
                                  .out = negative_.data.data(),
                                  .stride = negative_.stride,
                                  .lower = true});
    }
}

SquareMatrix WeightedProducts::take() {
    SquareMatrix sum = std::exchange(negative_, SquareMatrix(columns_));
    for (double& value : sum.data)
        value = -value;
    sum.mirror();
    return sum;
}

} // namespace salus
