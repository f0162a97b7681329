#include "models/stacked_ridge.hpp"

#include "models/ridge_systems.hpp"
#include "models/weighted_products.hpp"

#include <algorithm>

namespace salus {
namespace {

/// Sums of one fold.
struct FoldProducts {
    SquareMatrix gram;         // W_k'W_k
    std::vector<double> right; // W_k'y_k
    double squares = 0;        // y_k'y_k
};

class LinearStack {
public:
    explicit LinearStack(const StackedProblem& problem)
        : problem_(problem), columns_(problem.rows.columns) {}

    StackedFit fit() {
        StackedFit result{.score = std::vector<double>(problem_.penalties.size()),
                          .converged = true,
                          .contributions = {}};
        collect();
        for (std::size_t k = 0; k < folds_.size(); ++k)
            solve_fold(k, result);
        for (double& score : result.score)
            score /= static_cast<double>(problem_.rows.samples);
        result.best = static_cast<std::size_t>(
            std::min_element(result.score.begin(), result.score.end()) - result.score.begin());
        contribute(result);
        return result;
    }

private:
    /// Calls visit(fold, first sample, rows) for the pieces of tiles that lie in one fold.
    template <class F>
    void for_each_piece(const F& visit) const {
        std::size_t fold = 0;
        problem_.rows.for_each_tile([&](std::size_t first, std::span<const float> rows) {
            const std::size_t end = first + rows.size() / columns_;
            for (std::size_t begin = first; begin < end;) {
                while (problem_.fold_ends[fold] <= begin)
                    ++fold;
                const std::size_t stop = std::min(end, problem_.fold_ends[fold]);
                visit(fold, begin,
                      rows.subspan((begin - first) * columns_, (stop - begin) * columns_));
                begin = stop;
            }
        });
    }
    void collect() {
        total_ = {.gram = SquareMatrix(columns_), .right = std::vector<double>(columns_)};
        folds_.resize(problem_.fold_ends.size());
        for (FoldProducts& fold : folds_)
            fold = {.gram = SquareMatrix(columns_), .right = std::vector<double>(columns_)};
        WeightedProducts products(columns_);
        std::size_t open = 0;
        const auto close = [&] { folds_[open].gram = products.take(); };
        for_each_piece([&](std::size_t k, std::size_t first, std::span<const float> rows) {
            if (k != open) close();
            open = k;
            products.add(rows, {});
            for (std::size_t i = 0; i < rows.size() / columns_; ++i) {
                const double y = problem_.values[first + i];
                folds_[k].squares += y * y;
                for (std::size_t c = 0; c < columns_; ++c)
                    folds_[k].right[c] += y * static_cast<double>(rows[i * columns_ + c]);
            }
        });
        close();
        for (const FoldProducts& fold : folds_) {
            for (std::size_t i = 0; i < fold.gram.data.size(); ++i)
                total_.gram.data[i] += fold.gram.data[i];
            for (std::size_t c = 0; c < columns_; ++c)
                total_.right[c] += fold.right[c];
        }
    }
    void solve_fold(std::size_t k, StackedFit& result) {
        SquareMatrix matrix = total_.gram;
        std::vector<double> right = total_.right;
        for (std::size_t i = 0; i < matrix.data.size(); ++i)
            matrix.data[i] -= folds_[k].gram.data[i];
        for (std::size_t c = 0; c < columns_; ++c)
            right[c] -= folds_[k].right[c];
        RidgeSolutions found =
            RidgeSystems(matrix, problem_.penalties).solve(matrix, std::span(&right, 1));
        result.converged = result.converged && found.converged;
        for (std::size_t l = 0; l < problem_.penalties.size(); ++l)
            result.score[l] += squared_error(folds_[k], found.values[l]);
        solutions_.push_back(std::move(found.values));
    }
    double squared_error(const FoldProducts& fold, const std::vector<double>& a) const {
        double sum = fold.squares;
        for (std::size_t j = 0; j < columns_; ++j) {
            double product = 0;
            for (std::size_t i = 0; i < columns_; ++i)
                product += fold.gram(i, j) * a[i];
            sum += a[j] * (product - 2 * fold.right[j]);
        }
        return sum;
    }
    void contribute(StackedFit& result) const {
        result.contributions.assign(problem_.groups, std::vector<double>(problem_.rows.samples));
        for_each_piece([&](std::size_t k, std::size_t first, std::span<const float> rows) {
            const auto& a = solutions_[k][result.best];
            for (std::size_t i = 0; i < rows.size() / columns_; ++i)
                for (std::size_t c = 0; c < columns_; ++c)
                    result.contributions[problem_.group[c]][first + i] +=
                        a[c] * static_cast<double>(rows[i * columns_ + c]);
        });
    }

    const StackedProblem& problem_;
    std::size_t columns_;
    FoldProducts total_;
    std::vector<FoldProducts> folds_;
    std::vector<std::vector<std::vector<double>>> solutions_; // [fold][penalty][column]
};

} // namespace

StackedFit fit_stacked_linear(const StackedProblem& problem) { return LinearStack(problem).fit(); }

} // namespace salus
