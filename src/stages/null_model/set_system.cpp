#include "stages/null_model/set_system.hpp"

#include "parallel/parallel_for.hpp"

#include <algorithm>
#include <cmath>

namespace salus::whole_genome {
namespace {

using Columns = std::vector<std::vector<double>>; // [column][variant]

// Less of its variance is rounding, or the covariates explain the variant.
constexpr double flat_below = 1e-6;

/// X_k Q over the fold, Q the basis of the set.
Columns covariate_products(const SetInput& input, std::size_t fold) {
    const std::size_t c = input.base.basis.size(), m = input.sums[fold].gram.n;
    Columns result(c, std::vector<double>(m));
    for (std::size_t b = 0; b < c; ++b)
        for (std::size_t a = 0; a <= b; ++a) {
            const double factor = input.set.rotation[a][b];
            const auto& all = input.sums[fold].products[a];
            for (std::size_t i = 0; i < m; ++i)
                result[b][i] += factor * all[i];
            if (input.absent.empty()) continue;
            const auto& absent = input.absent[fold].products[a];
            for (std::size_t i = 0; i < m; ++i)
                result[b][i] -= factor * absent[i];
        }
    return result;
}

/// Columns of both, one after the other, with one row per variant.
std::vector<double> joined(const Columns& first, const Columns& second) {
    std::vector<double> all;
    for (const Columns* columns : {&first, &second})
        for (const auto& column : *columns)
            all.insert(all.end(), column.begin(), column.end());
    return all;
}

/// Lower triangle of a - b.
SquareMatrix difference(const SquareMatrix& a, const SquareMatrix& b) {
    SquareMatrix result(a.n);
    for (std::size_t j = 0; j < a.n; ++j) {
        const double *const from = a.column(j), *const less = b.column(j);
        double* const to = result.column(j);
        for (std::size_t i = j; i < a.n; ++i)
            to[i] = from[i] - less[i];
    }
    return result;
}

class Maker {
public:
    explicit Maker(const SetInput& input)
        : input_(input), folds_(input.sums.size()), m_(input.sums[0].gram.n),
          c_(input.base.basis.size()) {}

    SetSystem make() {
        SetSystem system;
        for (std::size_t k = 0; k < folds_; ++k)
            by_fold_.push_back(covariate_products(input_, k));
        system.covariates.assign(c_, std::vector<double>(m_));
        for (const Columns& fold : by_fold_)
            for (std::size_t b = 0; b < c_; ++b)
                for (std::size_t i = 0; i < m_; ++i)
                    system.covariates[b][i] += fold[b][i];
        system.folds.resize(folds_);
        parallel_tasks(folds_,
                       [&](std::size_t k) { system.folds[k] = project(k, system.covariates); });
        system.scale = scales(system.folds);
        finish(system);
        for (std::size_t k = 0; k < folds_; ++k)
            system.right.push_back(right_of(k, system));
        return system;
    }

private:
    /// X_k X_k' - P_k P' - P (P_k - P M_k)', with P_k = X_k Q_k, P = XQ, M_k = Q_k'Q_k.
    SquareMatrix project(std::size_t k, const Columns& all) const {
        SquareMatrix matrix = input_.absent.empty()
                                  ? input_.sums[k].gram
                                  : difference(input_.sums[k].gram, input_.absent[k].gram);
        Columns rest = by_fold_[k];
        for (std::size_t b = 0; b < c_; ++b)
            for (std::size_t a = 0; a < c_; ++a) {
                const double factor = input_.set.fold_products[k][a][b];
                for (std::size_t i = 0; i < m_; ++i)
                    rest[b][i] -= factor * all[a][i];
            }
        std::vector<double> left(round_up(m_, left_rows<double>) * 2 * c_),
            right(round_up(m_, right_rows) * 2 * c_);
        const auto first = joined(by_fold_[k], all), second = joined(all, rest);
        pack_left<double>({.data = first.data(), .stride = m_, .rows = m_, .depth = 2 * c_},
                          left.data());
        pack_right<double>({.data = second.data(), .stride = m_, .rows = m_, .depth = 2 * c_},
                           right.data());
        subtract_product<double>({.left = left.data(),
                                  .right = right.data(),
                                  .rows = m_,
                                  .columns = m_,
                                  .depth = 2 * c_,
                                  .out = matrix.data.data(),
                                  .stride = matrix.stride,
                                  .lower = true});
        return matrix;
    }
    std::vector<double> scales(const std::vector<SquareMatrix>& folds) const {
        const auto n = static_cast<double>(input_.set.members.size());
        std::vector<double> scale(m_);
        for (std::size_t i = 0; i < m_; ++i) {
            double rest = 0, raw = 0;
            for (std::size_t k = 0; k < folds_; ++k) {
                rest += folds[k](i, i);
                raw += input_.sums[k].gram(i, i);
            }
            const double variance = rest / (n - static_cast<double>(c_));
            scale[i] = rest > flat_below * raw ? 1 / std::sqrt(variance) : 0;
        }
        return scale;
    }
    void finish(SetSystem& system) const {
        system.total = SquareMatrix(m_);
        parallel_for(m_, [&](std::size_t j) {
            double* const total = system.total.column(j);
            for (SquareMatrix& fold : system.folds) {
                double* const column = fold.column(j);
                for (std::size_t i = j; i < m_; ++i)
                    total[i] += column[i] *= system.scale[i] * system.scale[j];
            }
        });
    }
    /// D (X_k y_k - P (Q_k'y_k)).
    Columns right_of(std::size_t k, const SetSystem& system) const {
        Columns result;
        for (std::size_t t = 0; t < input_.columns.size(); ++t) {
            auto column = input_.sums[k].products[c_ + input_.columns[t]];
            for (std::size_t b = 0; b < c_; ++b) {
                const double along = (*input_.along[t])[k][b];
                for (std::size_t i = 0; i < m_; ++i)
                    column[i] -= along * system.covariates[b][i];
            }
            for (std::size_t i = 0; i < m_; ++i)
                column[i] *= system.scale[i];
            result.push_back(std::move(column));
        }
        return result;
    }
    const SetInput& input_;
    std::size_t folds_, m_, c_;
    std::vector<Columns> by_fold_; // X_k Q_k
};

} // namespace

SquareMatrix SetSystem::without(std::size_t fold) const {
    SquareMatrix matrix = difference(total, folds[fold]);
    matrix.mirror();
    return matrix;
}

std::vector<double> SetSystem::right_without(std::size_t fold, std::size_t column) const {
    std::vector<double> sum(total.n);
    for (std::size_t k = 0; k < right.size(); ++k)
        if (k != fold)
            for (std::size_t i = 0; i < sum.size(); ++i)
                sum[i] += right[k][column][i];
    return sum;
}

std::uint64_t SetSystem::flat() const noexcept {
    return static_cast<std::uint64_t>(std::count(scale.begin(), scale.end(), 0.0));
}

SetSystem make_system(const SetInput& input) { return Maker(input).make(); }

} // namespace salus::whole_genome
