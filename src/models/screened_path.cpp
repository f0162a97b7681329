#include "models/screened_path.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

constexpr double saturation = 0.999; // of the deviance, as glmnet

} // namespace

std::string_view to_string(PathEnd end) noexcept {
    switch (end) {
    case PathEnd::running:
        return "running";
    case PathEnd::complete:
        return "complete";
    case PathEnd::stopped_early:
        return "stopped_early";
    case PathEnd::saturated:
        return "saturated";
    case PathEnd::strong_set_full:
        return "strong_set_full";
    case PathEnd::no_gradient:
        return "no_gradient";
    case PathEnd::not_converged:
        break;
    }
    return "not_converged";
}

ScreenedPath::ScreenedPath(const RegressedOutcome& outcome,
                           std::span<const std::vector<double>> covariates, std::size_t all_rows,
                           PathRules rules, Validate validate)
    : rules_(rules), validate_(std::move(validate)),
      likelihood_(profile_likelihood(outcome, covariates)) {
    null_.predictor.assign(all_rows, 0.0);
    null_.point = likelihood_->at(std::span(null_.predictor).first(outcome.rows()));
    saturated_ = saturated_log_likelihood(outcome);
    last_ = null_;
    if (!null_.point.converged) end_ = PathEnd::not_converged;
    net_ = std::make_unique<StrongNet>(*likelihood_, null_, rules_.tolerance);
}

double ScreenedPath::explained(double log_likelihood) const noexcept {
    const double all = saturated_ - null_.point.log_likelihood;
    return all > 0 ? (log_likelihood - null_.point.log_likelihood) / all : 0;
}

const std::vector<double>& ScreenedPath::residual(std::size_t k) const {
    return pending_.empty() ? null_.point.residual : pending_[k].fit.point.residual;
}

double ScreenedPath::threshold(std::size_t k) const {
    if (pending_.empty()) return HUGE_VAL;
    return pending_[k].lambda * rules_.alpha * (1 + rules_.tolerance);
}

void ScreenedPath::begin(const Look& look) {
    const double most = look.largest.empty() ? 0 : look.largest[0].gradient;
    if (!(most > 1e-12)) {
        end_ = PathEnd::no_gradient;
        return;
    }
    const double first = most / rules_.alpha;
    const auto last = static_cast<double>(std::max<std::size_t>(rules_.lambdas, 2) - 1);
    for (std::size_t k = 0; k < rules_.lambdas; ++k)
        lambda_.push_back(first * std::pow(rules_.smallest, static_cast<double>(k) / last));
}

void ScreenedPath::accept(const Pending& pending) {
    last_ = pending.fit;
    for (std::size_t c = 0; c < strong_.size(); ++c)
        if (last_.coefficients[c] != 0) ever_active_[c] = 1;
    const bool better = steps_.empty() || std::isnan(pending.step.validation) ||
                        pending.step.validation > steps_[best_].validation;
    steps_.push_back(pending.step);
    if (better) {
        best_ = steps_.size() - 1;
        chosen_predictor_ = last_.predictor;
        chosen_coefficients_.clear();
        for (std::size_t c = 0; c < strong_.size(); ++c)
            if (last_.coefficients[c] != 0)
                chosen_coefficients_.emplace_back(strong_[c], last_.coefficients[c]);
        std::sort(chosen_coefficients_.begin(), chosen_coefficients_.end());
    }
    if (pending.step.training >= saturation)
        end_ = PathEnd::saturated;
    else if (steps_.size() == lambda_.size())
        end_ = PathEnd::complete;
    else if (steps_.size() - 1 - best_ >= rules_.patience)
        end_ = PathEnd::stopped_early;
}

/// Who may be needed by the next lambdas. `lambda` is that of the look.
std::vector<std::size_t> ScreenedPath::choose(const Look& look, double lambda, bool violated) {
    const bool stuck = violated && !pending_.empty() && lambda == pending_[0].lambda;
    const std::size_t until = std::min(steps_.size() + rules_.per_round, lambda_.size());
    const double rule = rules_.alpha * (2 * lambda_[until - 1] - lambda);
    std::vector<std::size_t> kept;
    std::vector<std::uint64_t> strong;
    std::vector<std::uint8_t> active;
    const auto& gradient = last_.gradient;
    for (std::size_t c = 0; c < strong_.size(); ++c) {
        const bool near = c < gradient.size() && std::fabs(gradient[c]) >= rule;
        if (!stuck && ever_active_[c] == 0 && !near) continue;
        kept.push_back(c);
        strong.push_back(strong_[c]);
        active.push_back(ever_active_[c]);
    }
    const std::size_t before = strong.size();
    for (const ScreenedVariant& candidate : look.largest) {
        if (strong.size() >= rules_.strong_max || strong.size() - before == rules_.strong_step ||
            candidate.gradient < rule || !(candidate.gradient > 0))
            break;
        strong.push_back(candidate.variant);
        active.push_back(0);
    }
    if (stuck && strong.size() == before) {
        end_ = PathEnd::strong_set_full;
        return {};
    }
    strong_ = std::move(strong);
    ever_active_ = std::move(active);
    largest_set_ = std::max(largest_set_, strong_.size());
    return kept;
}

std::vector<std::size_t> ScreenedPath::take(std::span<const Look> looks) {
    SALUS_ASSERT(!ended() && looks.size() == pending());
    ++looks_;
    if (pending_.empty()) {
        begin(looks[0]);
        return ended() ? std::vector<std::size_t>{} : choose(looks[0], lambda_[0], false);
    }
    std::size_t accepted = 0;
    for (const Look& look : looks)
        violations_ += look.above;
    for (; accepted < pending_.size() && looks[accepted].above == 0; ++accepted) {
        Pending& p = pending_[accepted];
        const double outside =
            looks[accepted].largest.empty() ? 0 : looks[accepted].largest[0].gradient;
        p.step.violation = std::max(p.fit.violation, outside - p.lambda * rules_.alpha) / p.lambda;
        p.step.violation = std::max(p.step.violation, 0.0);
        accept(p);
        if (ended()) return {};
    }
    const bool violated = accepted < pending_.size();
    if (!violated && failed_) {
        end_ = PathEnd::not_converged;
        return {};
    }
    const std::size_t look = violated ? accepted : accepted - 1;
    return choose(looks[look], pending_[look].lambda, violated);
}

void ScreenedPath::fit(const NetColumns& columns, std::span<const std::size_t> kept) {
    SALUS_ASSERT(!ended() && columns.size() == strong_.size());
    net_->change_columns(columns, kept, last_);
    last_ = net_->fit();
    pending_.clear();
    failed_ = false;
    const std::size_t until = std::min(steps_.size() + rules_.per_round, lambda_.size());
    for (std::size_t k = steps_.size(); k < until; ++k) {
        const StrongFit& fit = net_->solve(columns, lambda_[k], rules_.alpha);
        failed_ = !fit.settled;
        if (failed_) break;
        PathStep step{.lambda = lambda_[k],
                      .strong = columns.size(),
                      .training = explained(fit.point.log_likelihood),
                      .steps = fit.steps};
        step.nonzero = static_cast<std::size_t>(std::count_if(
            fit.coefficients.begin(), fit.coefficients.end(), [](double b) { return b != 0; }));
        if (validate_) step.validation = validate_(fit.predictor, fit.point.coefficients);
        pending_.push_back({fit, lambda_[k], step});
        if (step.training >= saturation) break;
    }
    if (pending_.empty()) end_ = PathEnd::not_converged;
}

} // namespace salus
