#include "models/ld_score_regression.hpp"

#include "base/numbers.hpp"
#include "models/liability.hpp"
#include "models/median.hpp"
#include "models/tails.hpp"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

namespace salus {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double median_of_chi_square = 0.4549; // of 1 df, as LDSC rounds it

/// Estimates and what they are without each block.
struct Jackknife {
    VectorXd estimate;
    MatrixXd deleted; // [block x coefficient]
    bool solved = false;

    MatrixXd covariance() const {
        const double blocks = static_cast<double>(deleted.rows());
        MatrixXd pseudo = -(blocks - 1) * deleted;
        pseudo.rowwise() += blocks * estimate.transpose();
        pseudo.rowwise() -= pseudo.colwise().mean().eval();
        return pseudo.transpose() * pseudo / (blocks - 1) / blocks;
    }
};

/// Normal equations with unit diagonal; false if they are singular.
bool solve(const MatrixXd& xx, const VectorXd& xy, VectorXd& out) {
    if (!(xx.diagonal().minCoeff() > 0)) return false;
    const VectorXd scale = xx.diagonal().cwiseSqrt().cwiseInverse();
    const Eigen::LDLT<MatrixXd> factor(scale.asDiagonal() * xx * scale.asDiagonal());
    if (factor.info() != Eigen::Success || !(factor.rcond() > 1e-13)) return false;
    out = scale.cwiseProduct(factor.solve(scale.cwiseProduct(xy)));
    return out.allFinite();
}

/// Rows of a weighted regression.
struct Rows {
    MatrixXd x; // [variant x coefficient]
    VectorXd y;

    Jackknife fit(const VectorXd& weights, const std::vector<std::size_t>& borders) const {
        const auto blocks = static_cast<Eigen::Index>(borders.size() - 1);
        std::vector<MatrixXd> xx;
        std::vector<VectorXd> xy;
        MatrixXd all_xx = MatrixXd::Zero(x.cols(), x.cols());
        VectorXd all_xy = VectorXd::Zero(x.cols());
        for (Eigen::Index b = 0; b < blocks; ++b) {
            const auto begin = static_cast<Eigen::Index>(borders[static_cast<std::size_t>(b)]);
            const auto count =
                static_cast<Eigen::Index>(borders[static_cast<std::size_t>(b) + 1]) - begin;
            const auto rows = x.middleRows(begin, count);
            const MatrixXd weighted = weights.segment(begin, count).asDiagonal() * rows;
            xx.emplace_back(weighted.transpose() * rows);
            xy.emplace_back(weighted.transpose() * y.segment(begin, count));
            all_xx += xx.back();
            all_xy += xy.back();
        }
        Jackknife result{.estimate = VectorXd::Zero(x.cols()),
                         .deleted = MatrixXd::Zero(blocks, x.cols())};
        result.solved = solve(all_xx, all_xy, result.estimate);
        for (Eigen::Index b = 0; b < blocks && result.solved; ++b) {
            VectorXd without;
            result.solved = solve(all_xx - xx[static_cast<std::size_t>(b)],
                                  all_xy - xy[static_cast<std::size_t>(b)], without);
            if (result.solved) result.deleted.row(b) = without;
        }
        return result;
    }
    bool estimate(const VectorXd& weights, VectorXd& out) const {
        const MatrixXd weighted = weights.asDiagonal() * x;
        return solve(weighted.transpose() * x, weighted.transpose() * y, out);
    }
};

/// Equal blocks of `rows`, the last border is their number.
std::vector<std::size_t> block_borders(std::size_t rows, std::size_t blocks) {
    std::vector<std::size_t> borders(blocks + 1);
    for (std::size_t b = 0; b <= blocks; ++b)
        borders[b] = static_cast<std::size_t>(std::floor(
            static_cast<double>(b) * (static_cast<double>(rows) / static_cast<double>(blocks))));
    borders[blocks] = rows;
    return borders;
}

/// The regression of one response on the LD scores: what differs between chi-square and products of
/// z-scores is the response, the sample size and the variance that the weights assume.
class LdRegression {
public:
    /// Weight of a variant by the total LD score, given slope (total) and intercept.
    using Weight =
        std::function<double(std::size_t variant, double ld, double total, double intercept)>;
    struct Setup {
        const LdScoreDesign& design;
        VectorXd response, n;
        double null_intercept; // where there is no inflation
        Weight weight;
        std::vector<std::size_t> step_one; // variants of the first step; empty: one step
        bool reweight = true;
    };

    LdRegression(Setup setup, const LdScoreOptions& options)
        : s_(std::move(setup)), options_(options),
          rows_(static_cast<Eigen::Index>(s_.design.variants())),
          annotations_(static_cast<Eigen::Index>(s_.design.annotations)),
          ld_(Eigen::Map<const Eigen::Matrix<double, -1, -1, Eigen::RowMajor>>(
              s_.design.ld.data(), rows_, annotations_)),
          total_ld_(ld_.rowwise().sum()),
          counts_(Eigen::Map<const VectorXd>(s_.design.counts.data(), annotations_)),
          mean_n_(s_.n.mean()) {}

    LdScoreFit fit() const {
        LdScoreFit out;
        out.variants = static_cast<std::size_t>(rows_);
        const bool free = !options_.intercept;
        const Eigen::Index unknowns = annotations_ + (free ? 1 : 0);
        Jackknife found;
        if (rows_ > unknowns + 1) found = s_.step_one.empty() ? one_step() : two_steps();
        if (!found.solved) return unsolved(std::move(out));
        summarise(found, out);
        return out;
    }

private:
    std::size_t blocks_for(std::size_t rows) const { return std::min(options_.blocks, rows); }

    VectorXd weights(const VectorXd& ld, double total, double intercept,
                     std::span<const std::size_t> rows = {}) const {
        VectorXd out(ld.size());
        for (Eigen::Index i = 0; i < ld.size(); ++i)
            out[i] = s_.weight(rows.empty() ? static_cast<std::size_t>(i)
                                            : rows[static_cast<std::size_t>(i)],
                               ld[i], total, intercept);
        return out;
    }

    VectorXd initial_weights() const {
        const double start = options_.intercept.value_or(s_.null_intercept);
        const double aggregate =
            counts_.sum() * (s_.response.mean() - start) / total_ld_.cwiseProduct(s_.n).mean();
        return weights(total_ld_, aggregate, start);
    }

    MatrixXd scaled_ld() const { return (s_.n / mean_n_).asDiagonal() * ld_; }

    /// Total and intercept that the next weights are made from.
    std::pair<double, double> current(const VectorXd& estimate) const {
        const double fixed = options_.intercept.value_or(0);
        if (options_.weights == LdScoreWeights::total || annotations_ == 1)
            return {counts_.dot(estimate.head(annotations_)) / mean_n_,
                    options_.intercept ? fixed : estimate[annotations_]};
        return {counts_.sum() * estimate[0] / mean_n_, options_.intercept ? fixed : estimate[1]};
    }

    Jackknife one_step() const {
        Rows rows{.x = scaled_ld(), .y = s_.response};
        if (options_.intercept)
            rows.y.array() -= *options_.intercept;
        else
            append_ones(rows.x);
        VectorXd w = initial_weights(), estimate;
        for (int round = 0; round < (s_.reweight ? 2 : 0); ++round) {
            if (!rows.estimate(w, estimate)) return {};
            const auto [total, intercept] = current(estimate);
            w = weights(total_ld_, total, intercept);
        }
        const auto n = static_cast<std::size_t>(rows_);
        return rows.fit(w, block_borders(n, blocks_for(n)));
    }

    /// The intercept from the variants of the first step, the slope from all with that intercept.
    Jackknife two_steps() const {
        const VectorXd initial = initial_weights();
        const VectorXd x = scaled_ld().col(0);
        const auto chosen = static_cast<Eigen::Index>(s_.step_one.size());
        if (chosen < 4) return {};
        Rows first{.x = MatrixXd(chosen, 1), .y = VectorXd(chosen)};
        VectorXd w(chosen);
        for (Eigen::Index i = 0; i < chosen; ++i) {
            const auto v = static_cast<Eigen::Index>(s_.step_one[static_cast<std::size_t>(i)]);
            first.x(i, 0) = x[v];
            first.y[i] = s_.response[v];
            w[i] = initial[v];
        }
        const VectorXd first_ld = first.x.col(0);
        append_ones(first.x);
        VectorXd estimate;
        for (int round = 0; round < 2; ++round) {
            if (!first.estimate(w, estimate)) return {};
            w = weights(first_ld, counts_.sum() * estimate[0] / mean_n_, estimate[1], s_.step_one);
        }
        const auto borders = block_borders(s_.step_one.size(), blocks_for(s_.step_one.size()));
        const Jackknife one = first.fit(w, borders);
        if (!one.solved) return {};
        return combine(one, borders, x, initial);
    }

    Jackknife combine(const Jackknife& one, std::vector<std::size_t> borders, const VectorXd& x,
                      const VectorXd& initial) const {
        const double intercept = one.estimate[1];
        Rows second{.x = x, .y = s_.response.array() - intercept};
        VectorXd w = initial, estimate;
        for (int round = 0; round < 2; ++round) {
            if (!second.estimate(w, estimate)) return {};
            w = weights(total_ld_, counts_.sum() * estimate[0] / mean_n_, intercept);
        }
        for (std::size_t b = 1; b + 1 < borders.size(); ++b)
            borders[b] = s_.step_one[borders[b]];
        borders.back() = static_cast<std::size_t>(rows_);
        const Jackknife two = second.fit(w, borders);
        if (!two.solved) return {};
        const double slope = initial.dot(x) / initial.dot(x.cwiseAbs2());
        Jackknife both{.estimate = VectorXd(2), .deleted = one.deleted, .solved = true};
        both.estimate << two.estimate[0], intercept;
        both.deleted.col(0) =
            two.deleted.col(0).array() - slope * (one.deleted.col(1).array() - intercept);
        return both;
    }

    static void append_ones(MatrixXd& x) {
        x.conservativeResize(Eigen::NoChange, x.cols() + 1);
        x.col(x.cols() - 1).setOnes();
    }

    void summarise(const Jackknife& found, LdScoreFit& out) const {
        const MatrixXd covariance = found.covariance();
        const VectorXd slopes = found.estimate.head(annotations_) / mean_n_;
        const MatrixXd slope_covariance =
            covariance.topLeftCorner(annotations_, annotations_) / (mean_n_ * mean_n_);
        out.total = counts_.dot(slopes);
        out.total_error = std::sqrt(std::max(0.0, counts_.dot(slope_covariance * counts_)));
        for (Eigen::Index k = 0; k < annotations_; ++k) {
            out.coefficient.push_back(slopes[k]);
            out.coefficient_error.push_back(std::sqrt(slope_covariance(k, k)));
            out.category.push_back(counts_[k] * slopes[k]);
            out.enrichment.push_back(slopes[k] / (out.total / counts_.sum()));
        }
        const MatrixXd deleted_slopes = found.deleted.leftCols(annotations_) / mean_n_;
        const VectorXd deleted = deleted_slopes * counts_;
        out.deleted.assign(deleted.begin(), deleted.end());
        for (Eigen::Index k = 0; k < annotations_; ++k)
            out.proportion.push_back(out.category[static_cast<std::size_t>(k)] / out.total);
        out.intercept = options_.intercept ? *options_.intercept : found.estimate[annotations_];
        out.intercept_error =
            options_.intercept ? nan : std::sqrt(covariance(annotations_, annotations_));
        out.solved = true;
    }

    LdScoreFit unsolved(LdScoreFit out) const {
        const auto k = static_cast<std::size_t>(annotations_);
        out.total = out.total_error = out.intercept = out.intercept_error = nan;
        for (auto* values : {&out.coefficient, &out.coefficient_error, &out.category,
                             &out.proportion, &out.enrichment})
            values->assign(k, nan);
        return out;
    }

    Setup s_;
    LdScoreOptions options_;
    Eigen::Index rows_, annotations_;
    MatrixXd ld_;
    VectorXd total_ld_, counts_;
    double mean_n_;
};

VectorXd vector_of(std::span<const double> values) {
    return Eigen::Map<const VectorXd>(values.data(), static_cast<Eigen::Index>(values.size()));
}

double at_least_one(double ld) { return std::max(ld, 1.0); }

Heritability fit_one(const LdScoreDesign& design, const LdScoreStudy& study,
                     const LdScoreOptions& options, bool reweight) {
    const VectorXd chi_square = vector_of(study.z).cwiseAbs2();
    const double count = Eigen::Map<const VectorXd>(design.counts.data(),
                                                    static_cast<Eigen::Index>(design.counts.size()))
                             .sum();
    std::vector<std::size_t> step_one;
    if (options.two_step)
        for (std::size_t v = 0; v < design.variants(); ++v)
            if (study.z[v] * study.z[v] < *options.two_step) step_one.push_back(v);
    const auto weight = [&](std::size_t v, double ld, double h2, double intercept) {
        const double expected =
            intercept + std::clamp(h2, 0.0, 1.0) * study.n[v] / count * at_least_one(ld);
        return 1 / (2 * expected * expected) / at_least_one(design.weight_ld[v]);
    };
    const LdRegression regression({.design = design,
                                   .response = chi_square,
                                   .n = vector_of(study.n),
                                   .null_intercept = 1,
                                   .weight = weight,
                                   .step_one = std::move(step_one),
                                   .reweight = reweight},
                                  options);
    Heritability out{.fit = regression.fit(),
                     .mean_chi_square = chi_square.mean(),
                     .lambda =
                         median({chi_square.begin(), chi_square.end()}) / median_of_chi_square,
                     .ratio = nan,
                     .ratio_error = nan};
    if (out.mean_chi_square > 1 && !options.intercept) {
        out.ratio = (out.fit.intercept - 1) / (out.mean_chi_square - 1);
        out.ratio_error = out.fit.intercept_error / (out.mean_chi_square - 1);
    }
    return out;
}

/// The ratio of two jackknifed totals with the standard error of its pseudo-values.
void correlate(GeneticCorrelation& out) {
    const auto &h1 = out.first.fit, &h2 = out.second.fit, &c = out.covariance;
    out.correlation = out.standard_error = out.z = out.neg_log10_p = nan;
    if (!h1.solved || !h2.solved || !c.solved || h1.total <= 0 || h2.total <= 0) return;
    out.correlation = c.total / std::sqrt(h1.total * h2.total);
    const double blocks = static_cast<double>(c.deleted.size());
    VectorXd pseudo(static_cast<Eigen::Index>(c.deleted.size()));
    for (std::size_t b = 0; b < c.deleted.size(); ++b)
        pseudo[static_cast<Eigen::Index>(b)] =
            blocks * out.correlation -
            (blocks - 1) * c.deleted[b] / std::sqrt(h1.deleted[b] * h2.deleted[b]);
    out.standard_error =
        std::sqrt((pseudo.array() - pseudo.mean()).square().sum() / (blocks - 1) / blocks);
    out.z = out.correlation / out.standard_error;
    out.neg_log10_p = normal_neg_log10_p(out.z);
}

} // namespace

Heritability fit_heritability(const LdScoreDesign& design, const LdScoreStudy& study,
                              const LdScoreOptions& options) {
    LdScoreOptions used = options;
    if (design.annotations > 1 || options.intercept) used.two_step.reset();
    return fit_one(design, study, used,
                   design.annotations == 1 || options.weights == LdScoreWeights::total);
}

GeneticCorrelation fit_genetic_correlation(const LdScoreDesign& design, const LdScoreStudy& first,
                                           const LdScoreStudy& second,
                                           const LdScoreOptions& options,
                                           std::optional<double> covariance_intercept) {
    LdScoreOptions used = options;
    used.two_step.reset();
    GeneticCorrelation out{.first = fit_one(design, first, used, true),
                           .second = fit_one(design, second, used, true)};
    const double h1 = std::clamp(out.first.fit.total, 0.0, 1.0);
    const double h2 = std::clamp(out.second.fit.total, 0.0, 1.0);
    double count = 0;
    for (const double m : design.counts)
        count += m;
    const auto weight = [&](std::size_t v, double ld, double covariance, double intercept) {
        const double l = at_least_one(ld) / count, n1 = first.n[v], n2 = second.n[v];
        const double a = n1 * h1 * l + out.first.fit.intercept;
        const double b = n2 * h2 * l + out.second.fit.intercept;
        const double c = std::sqrt(n1 * n2) * std::clamp(covariance, -1.0, 1.0) * l + intercept;
        return 1 / (a * b + c * c) / at_least_one(design.weight_ld[v]);
    };
    used.intercept = covariance_intercept;
    out.covariance =
        LdRegression({.design = design,
                      .response = vector_of(first.z).cwiseProduct(vector_of(second.z)),
                      .n = vector_of(first.n).cwiseProduct(vector_of(second.n)).cwiseSqrt(),
                      .null_intercept = 0,
                      .weight = weight,
                      .step_one = {}},
                     used)
            .fit();
    correlate(out);
    return out;
}

double liability_factor(double sample_prevalence, double population_prevalence) noexcept {
    const double threshold = liability_threshold(population_prevalence);
    const double density = std::exp(-threshold * threshold / 2) / std::sqrt(2 * std::numbers::pi);
    const double spread = population_prevalence * (1 - population_prevalence);
    return spread * spread / (sample_prevalence * (1 - sample_prevalence) * density * density);
}

} // namespace salus
