#include "stages/pgs_regression/paths.hpp"

#include "base/interrupt.hpp"
#include "base/text.hpp"
#include "stages/pgs_regression/screen.hpp"
#include "stages/pgs_regression/strong_rows.hpp"

#include <algorithm>
#include <memory>

namespace salus::pgs_regression {
namespace {

/// Share of the deviance of validating people that is explained beyond covariates.
class Validation {
public:
    explicit Validation(const TraitData& trait) : trait_(trait) {
        const auto& training = trait.training;
        const auto null = profile_likelihood(training.outcome, training.covariates)
                              ->at(std::vector<double>(training.samples.size(), 0.0));
        const std::vector<double> nothing(training.samples.size() + trait.validation.samples.size(),
                                          0.0);
        null_ = log_likelihood(nothing, null.coefficients);
        most_ = saturated_log_likelihood(trait.validation.outcome);
    }
    double operator()(std::span<const double> predictor, std::span<const double> covariates) const {
        return (log_likelihood(predictor, covariates) - null_) / (most_ - null_);
    }

private:
    double log_likelihood(std::span<const double> predictor,
                          std::span<const double> coefficients) const {
        const PartData& part = trait_.validation;
        std::vector<double> eta(part.samples.size());
        for (std::size_t i = 0; i < eta.size(); ++i) {
            eta[i] = coefficients[0] + predictor[trait_.training.samples.size() + i];
            for (std::size_t c = 0; c < part.covariates.size(); ++c)
                eta[i] += coefficients[c + 1] * part.covariates[c][i];
        }
        return regressed_log_likelihood(part.outcome, eta);
    }
    const TraitData& trait_;
    double null_ = 0, most_ = 0;
};

struct Running {
    std::size_t trait;
    double alpha;
    std::unique_ptr<ScreenedPath> path;
    std::unique_ptr<StrongRows> rows;
};

PathRules rules_of(const PgsRegressionParams& params, double alpha) {
    return {.alpha = alpha,
            .lambdas = static_cast<std::size_t>(params.lambdas),
            .smallest = params.lambda_smallest,
            .per_round = static_cast<std::size_t>(params.lambdas_per_pass),
            .strong_step = static_cast<std::size_t>(params.strong_step),
            .strong_max = static_cast<std::size_t>(params.strong_max),
            .patience = static_cast<std::size_t>(params.patience),
            .tolerance = params.kkt_tolerance};
}

/// (all) One look of all paths, and the lambdas behind it.
void advance(const PgsRegressionParams& params, const RunContext& context,
             const ChosenGenotypes& genotypes, const Cohort& cohort, std::vector<Running>& all) {
    if (context.comm().any(interrupt_requested()))
        throw Interrupted({.what = "stopped on request",
                           .where = "elastic net",
                           .why = "a signal asked the job to stop, or its time is over",
                           .help = "run the same command again"});
    std::vector<LookRequest> requests;
    std::vector<Running*> asking;
    for (Running& running : all) {
        if (running.path->ended()) continue;
        requests.push_back({running.path.get(), &cohort.traits[running.trait]});
        asking.push_back(&running);
    }
    const auto looks = look_at_variants(context, genotypes, requests,
                                        static_cast<std::size_t>(params.strong_step));
    for (std::size_t k = 0; k < asking.size(); ++k) {
        ScreenedPath& path = *asking[k]->path;
        const auto kept = path.take(looks[k]);
        if (path.ended()) {
            asking[k]->rows.reset();
            continue;
        }
        asking[k]->rows->change(kept, path.strong());
        path.fit(*asking[k]->rows, kept);
        context.log().info(text("trait ", cohort.traits[asking[k]->trait].name, ", alpha ",
                                asking[k]->alpha, ": ", path.steps().size(), " lambdas, ",
                                path.strong().size(), " variants in the strong set"));
    }
}

PathFit result_of(const Running& running) {
    const ScreenedPath& path = *running.path;
    PathFit fit{.trait = running.trait, .alpha = running.alpha};
    fit.end = path.end();
    fit.steps = path.steps();
    fit.chosen = path.chosen();
    fit.looks = path.looks();
    fit.largest_set = path.largest_set();
    fit.violations = path.violations();
    fit.coefficients = path.coefficients();
    fit.score = path.predictor();
    if (!path.null_converged())
        fit.problem = "null_model_not_converged";
    else if (fit.steps.empty())
        fit.problem = to_string(path.end());
    return fit;
}

} // namespace

std::vector<PathFit> fit_paths(const PgsRegressionParams& params, const RunContext& context,
                               const ChosenGenotypes& genotypes, const Cohort& cohort) {
    std::vector<PathFit> fits;
    std::vector<Running> all;
    for (std::size_t t = 0; t < cohort.traits.size(); ++t) {
        const TraitData& trait = cohort.traits[t];
        if (!trait.problem.empty()) continue;
        for (const double alpha : params.alphas) {
            if (!trait.no_validation.empty()) {
                fits.push_back({.trait = t,
                                .alpha = alpha,
                                .problem = text("validation_", trait.no_validation)});
                continue;
            }
            all.push_back({t, alpha,
                           std::make_unique<ScreenedPath>(
                               trait.training.outcome, trait.training.covariates,
                               trait.training.samples.size() + trait.validation.samples.size(),
                               rules_of(params, alpha), Validation(trait)),
                           std::make_unique<StrongRows>(context, genotypes, trait)});
        }
    }
    while (std::any_of(all.begin(), all.end(),
                       [](const Running& running) { return !running.path->ended(); }))
        advance(params, context, genotypes, cohort, all);
    for (const Running& running : all)
        fits.push_back(result_of(running));
    std::stable_sort(fits.begin(), fits.end(),
                     [](const PathFit& a, const PathFit& b) { return a.trait < b.trait; });
    return fits;
}

} // namespace salus::pgs_regression
