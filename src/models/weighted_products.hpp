#pragma once

#include "models/float_cholesky.hpp"

#include <span>
#include <vector>

namespace salus {

/// Adds up sum_i weight_i w_i w_i' over rows of predictors, 256 rows at a time.
class WeightedProducts {
public:
    explicit WeightedProducts(std::size_t columns);
    /// rows: [count][columns]; weight: [count], or empty for ones.
    void add(std::span<const float> rows, std::span<const double> weight);
    /// The sum, both triangles; starts anew.
    SquareMatrix take();

private:
    std::size_t columns_;
    SquareMatrix negative_; // the kernel subtracts
    std::vector<double> chunk_, weighted_, left_, right_;
};

} // namespace salus
