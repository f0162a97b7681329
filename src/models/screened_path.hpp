#pragma once

#include "models/strong_net.hpp"

#include <cstdint>
#include <functional>
#include <limits>
#include <string_view>
#include <vector>

namespace salus {

struct PathRules {
    double alpha = 1; // 1 lasso
    std::size_t lambdas = 100;
    double smallest = 0.01;         // last lambda over the first
    std::size_t per_round = 10;     // lambdas fitted between two looks at all variants
    std::size_t strong_step = 1000; // variants that one look adds at most
    std::size_t strong_max = 10000; // variants in the set at most
    std::size_t patience = 2;       // lambdas without a better validation before the path ends
    double tolerance = 1e-6;        // of optimality conditions, over lambda
};

/// How a path ended. Codes are stable: result files hold them.
enum class PathEnd : std::uint8_t {
    running,
    complete,      // all lambdas
    stopped_early, // validation got worse
    saturated,     // 0.999 of the deviance is explained: the rest is noise
    strong_set_full,
    no_gradient,   // no variant goes with the trait
    not_converged, // of the lambda behind the last
};
std::string_view to_string(PathEnd end) noexcept;

struct PathStep {
    double lambda = 0;
    std::size_t nonzero = 0, strong = 0; // strong: variants in the set
    double training = 0;                 // share of the null deviance that is explained
    double validation = std::numeric_limits<double>::quiet_NaN();
    double violation = 0; // of optimality conditions, all variants, over lambda
    int steps = 0;
};

/// A variant and the magnitude of its gradient.
struct ScreenedVariant {
    double gradient = 0;
    std::uint64_t variant = 0;
    /// Larger gradients first, then smaller indices.
    friend bool operator<(const ScreenedVariant& a, const ScreenedVariant& b) noexcept {
        return a.gradient != b.gradient ? a.gradient > b.gradient : a.variant < b.variant;
    }
};

/// The path of one trait over more variants than fit: batches of lambdas are fitted on a strong set
/// of variants, then one look at all variants checks the optimality conditions of each lambda, and
/// tells which variants the next batch may need (strong rule, the largest first). Variants that
/// were never in a model leave the set. Qian et al. 2020, doi:10.1371/journal.pgen.1009141 (BASIL);
/// Tibshirani et al. 2012, doi:10.1111/j.1467-9868.2011.01004.x.
///
/// Its owner repeats: look at all variants for residuals(), take(), give columns of strong(), fit()
/// - until ended().
class ScreenedPath {
public:
    /// Share of the deviance that is explained in people who validate, of predictors of all rows
    /// and coefficients of covariates; NaN if there are none.
    using Validate = std::function<double(std::span<const double> predictor,
                                          std::span<const double> covariates)>;
    /// A look at all variants: for each residual the largest |x'residual / n| of variants outside
    /// the set, in order, at most strong_step, and how many exceed the threshold.
    struct Look {
        std::vector<ScreenedVariant> largest;
        std::uint64_t above = 0;
    };

    ScreenedPath(const RegressedOutcome& outcome, std::span<const std::vector<double>> covariates,
                 std::size_t all_rows, PathRules rules, Validate validate);

    bool ended() const noexcept { return end_ != PathEnd::running; }
    PathEnd end() const noexcept { return end_; }
    bool null_converged() const noexcept { return null_.point.converged; }

    /// Residuals to look with, and what no |gradient| may exceed.
    std::size_t pending() const noexcept { return pending_.empty() ? 1 : pending_.size(); }
    const std::vector<double>& residual(std::size_t k) const;
    double threshold(std::size_t k) const;
    /// Judges what is pending; changes the strong set. \return positions of the former set that
    /// stay, ascending; new ones are behind them in strong().
    std::vector<std::size_t> take(std::span<const Look> looks);
    const std::vector<std::uint64_t>& strong() const noexcept { return strong_; }
    /// Fits the next lambdas.
    void fit(const NetColumns& columns, std::span<const std::size_t> kept);

    const std::vector<PathStep>& steps() const noexcept { return steps_; }
    std::uint64_t violations() const noexcept { return violations_; } // found by looks
    std::size_t looks() const noexcept { return looks_; }
    std::size_t largest_set() const noexcept { return largest_set_; }
    /// The step with the best validation, the first of equals; nothing chosen: steps().size().
    std::size_t chosen() const noexcept { return best_; }
    /// Coefficients of a variant in the chosen step, by variant.
    const std::vector<std::pair<std::uint64_t, double>>& coefficients() const noexcept {
        return chosen_coefficients_;
    }
    /// Predictor of all rows at the chosen step.
    const std::vector<double>& predictor() const noexcept { return chosen_predictor_; }

private:
    struct Pending {
        StrongFit fit;
        double lambda;
        PathStep step;
    };
    double explained(double log_likelihood) const noexcept;
    void begin(const Look& look);
    void accept(const Pending& pending);
    std::vector<std::size_t> choose(const Look& look, double lambda, bool violated);

    const PathRules rules_;
    Validate validate_;
    std::unique_ptr<ProfileLikelihood> likelihood_;
    StrongFit null_, last_; // last: accepted
    double saturated_ = 0;
    std::unique_ptr<StrongNet> net_;
    std::vector<double> lambda_;
    std::vector<Pending> pending_;
    std::vector<std::uint64_t> strong_;
    std::vector<std::uint8_t> ever_active_; // [place in strong]
    std::vector<PathStep> steps_;
    std::size_t best_ = 0, looks_ = 0, largest_set_ = 0;
    std::uint64_t violations_ = 0;
    std::vector<std::pair<std::uint64_t, double>> chosen_coefficients_;
    std::vector<double> chosen_predictor_;
    PathEnd end_ = PathEnd::running;
    bool failed_ = false; // the lambda behind what is pending did not settle
};

} // namespace salus
