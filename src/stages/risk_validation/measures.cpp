#include "stages/risk_validation/measures.hpp"

#include "base/numbers.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "models/concordance.hpp"
#include "models/discrimination.hpp"
#include "models/hazard_slope.hpp"
#include "models/model_terms.hpp"
#include "models/pgs_regression.hpp"
#include "models/risk_measures.hpp"
#include "models/tails.hpp"
#include "parallel/parallel_for.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>

namespace salus::risk_validation {
namespace {

constexpr double never = 1e300; // time of an event that a competing one rules out
constexpr std::size_t brier_times = 20;

double mean_of(std::span<const double> values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double deviation_of(std::span<const double> values) {
    const double mean = mean_of(values);
    double squares = 0;
    for (const double v : values)
        squares += (v - mean) * (v - mean);
    return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

double logit(double p) {
    const double cut = std::clamp(p, 1e-12, 1 - 1e-12);
    return std::log(cut / (1 - cut));
}

double cloglog(double p) {
    const double cut = std::clamp(p, 1e-12, 1 - 1e-12);
    return std::log(-std::log1p(-cut));
}

/// Collects measures.
class Collector {
public:
    void add(std::string metric, double estimate, double error, double low = -infinity,
             double high = infinity) {
        Interval i = wald_interval(estimate, error);
        i.lower = std::max(low, i.lower), i.upper = std::min(high, i.upper);
        out.push_back({std::move(metric), i, error});
    }
    /// exp of an estimate on the log scale.
    void add_ratio(std::string metric, double log_ratio, double error) {
        const Interval i = wald_interval(log_ratio, error);
        out.push_back({std::move(metric),
                       {std::exp(i.estimate), std::exp(i.lower), std::exp(i.upper)},
                       std::exp(log_ratio) * error});
    }
    void add_interval(std::string metric, const Interval& i) {
        out.push_back({std::move(metric), i, (i.upper - i.lower) / (2 * normal_975)});
    }
    std::vector<Measure> out;
};

// Measures without closed form: percentiles over bootstraps of people.
using Numbers = std::vector<std::pair<std::string, double>>;
void add_bootstrapped(const Judged& people, const MeasureRule& rule,
                      const std::function<Numbers(const Judged&)>& measure, Collector& out) {
    const Numbers point = measure(people);
    std::vector<Numbers> draws(rule.bootstrap_replicates);
    parallel_for(draws.size(), [&](std::size_t k) {
        Rng rng(rule.seed, text("risk_validation.bootstrap.", rule.stream), k);
        std::vector<std::uint32_t> rows(people.size());
        for (std::uint32_t& row : rows)
            row = static_cast<std::uint32_t>(rng.below(people.size()));
        draws[k] = measure(people.at(rows));
    });
    for (std::size_t m = 0; m < point.size(); ++m) {
        std::vector<double> values;
        for (const Numbers& draw : draws)
            if (m < draw.size() && std::isfinite(draw[m].second)) values.push_back(draw[m].second);
        Measure found{point[m].first, {point[m].second, nan, nan}, nan};
        if (values.size() >= 20) {
            found.standard_error = deviation_of(values);
            found.value.lower = quantile_of(values, 0.025);
            found.value.upper = quantile_of(values, 0.975);
        }
        out.out.push_back(std::move(found));
    }
}

std::vector<double> standardised(std::span<const double> values) {
    const double mean = mean_of(values), deviation = deviation_of(values);
    std::vector<double> out;
    for (const double v : values)
        out.push_back(deviation > 0 ? (v - mean) / deviation : 0);
    return out;
}

std::vector<double> top_tenth(std::span<const double> values) {
    std::vector<double> copy(values.begin(), values.end());
    const double cut = quantile_of(copy, 0.9);
    std::vector<double> out;
    for (const double v : values)
        out.push_back(v > cut ? 1 : 0);
    return out;
}

} // namespace

double Judged::events() const noexcept {
    double n = 0;
    for (std::size_t i = 0; i < outcome.size(); ++i)
        n += has_event(i) ? 1 : 0;
    return n;
}

Judged Judged::at(std::span<const std::uint32_t> rows) const {
    Judged out{.kind = kind, .survival = survival, .horizon = horizon};
    for (const auto& [from, to] :
         {std::pair{&outcome, &out.outcome}, std::pair{&exit, &out.exit},
          std::pair{&entry, &out.entry}, std::pair{&risk, &out.risk}, std::pair{&lp, &out.lp},
          std::pair{&reference_risk, &out.reference_risk}}) {
        if (from->empty()) continue;
        to->reserve(rows.size());
        for (const std::uint32_t row : rows)
            to->push_back((*from)[row]);
    }
    return out;
}

CaseWeights case_weights(const Judged& people, CensoringTies ties) {
    CaseWeights out;
    if (people.survival) {
        const CensoringCurve curve(people.exit, people.outcome, ties);
        auto weighted = weigh_outcome(people.exit, people.outcome, curve, people.horizon);
        out.cases = std::move(weighted.with_event);
        out.controls = std::move(weighted.without);
        for (std::size_t i = 0; i < out.controls.size(); ++i)
            out.controls[i] += weighted.competing[i];
        return out;
    }
    for (const double y : people.outcome) {
        out.cases.push_back(y == 1 ? 1 : 0);
        out.controls.push_back(y == 1 ? 0 : 1);
    }
    return out;
}

namespace {

bool competes(const Judged& people) {
    return std::any_of(people.outcome.begin(), people.outcome.end(),
                       [](double s) { return s > 1; });
}

// Of the subdistribution with competing events, unless the model is of the hazard of the cause.
HazardSlope slope_along(const Judged& people, std::span<const double> column, CensoringTies ties) {
    return hazard_slope(
        {.times = {people.exit, people.outcome, people.entry},
         .subdistribution = competes(people) && people.kind != risk_models::Kind::cause_specific},
        column, ties);
}

void add_calibration_curve(const Judged& people, const MeasureRule& rule, Collector& out) {
    add_bootstrapped(
        people, rule,
        [&](const Judged& sample) -> Numbers {
            const auto weights = case_weights(sample, rule.ties);
            const auto curve = calibration_curve(sample.risk, weights.cases, weights.controls, 2);
            const bool good = curve.converged;
            return {{"ici", good ? curve.ici : nan},
                    {"e50", good ? curve.e50 : nan},
                    {"e90", good ? curve.e90 : nan}};
        },
        out);
}

void add_binary_comparison(const Judged& p, const DeLong& d, const MeasureRule& rule,
                           Collector& out) {
    out.add("auc_difference", d.auc[0] - d.auc[1], std::sqrt(d.difference_variance(0, 1)));
    const auto moved = reclassify(p.reference_risk, p.risk, p.outcome, rule.categories);
    out.add("nri", moved.nri, moved.nri_error);
    out.add("nri_categories", moved.category_nri, moved.category_error);
    out.add("idi", moved.idi, moved.idi_error);
    std::vector<double> gap;
    for (std::size_t i = 0; i < p.size(); ++i)
        gap.push_back((p.risk[i] - p.outcome[i]) * (p.risk[i] - p.outcome[i]) -
                      (p.reference_risk[i] - p.outcome[i]) * (p.reference_risk[i] - p.outcome[i]));
    out.add("brier_difference", mean_of(gap),
            deviation_of(gap) / std::sqrt(static_cast<double>(p.size())));
}

double binary_r2(const Judged& p, bool nagelkerke) {
    const double n = static_cast<double>(p.size()), share = mean_of(p.outcome);
    if (!(share > 0 && share < 1)) return nan;
    if (!nagelkerke) return prediction_r2(p.risk, p.outcome);
    // Of the predictions as they are, without another fit.
    double log_likelihood = 0;
    for (std::size_t i = 0; i < p.size(); ++i) {
        const double r = std::clamp(p.risk[i], 1e-12, 1 - 1e-12);
        log_likelihood += p.outcome[i] == 1 ? std::log(r) : std::log1p(-r);
    }
    const double null = n * (share * std::log(share) + (1 - share) * std::log1p(-share));
    return nagelkerke_r2(log_likelihood, null, n);
}

std::vector<Measure> measure_binary(const Judged& p, const MeasureRule& rule) {
    Collector out;
    const auto n = static_cast<double>(p.size());
    std::vector<std::vector<double>> predictors{p.risk};
    if (!p.reference_risk.empty()) predictors.push_back(p.reference_risk);
    const DeLong d = delong(predictors, p.outcome);
    out.add("auc", d.auc[0], std::sqrt(d.variance(0)), 0, 1);
    std::vector<double> squared;
    for (std::size_t i = 0; i < p.size(); ++i)
        squared.push_back((p.risk[i] - p.outcome[i]) * (p.risk[i] - p.outcome[i]));
    const double share = mean_of(p.outcome);
    out.add("brier", mean_of(squared), deviation_of(squared) / std::sqrt(n), 0);
    out.add("oe_ratio", share / mean_of(p.risk),
            std::sqrt(share * (1 - share) / n) / mean_of(p.risk), 0);
    const Calibration c = calibrate(OutcomeKind::binary, p.risk, p.outcome);
    out.add_interval("calibration_in_the_large", c.intercept);
    out.add_interval("calibration_slope", c.slope);
    const auto per = [&](const char* metric, std::vector<double> column) {
        const std::vector<std::vector<double>> one{std::move(column)};
        const RegressionFit fit = fit_regression(OutcomeKind::binary, one, p.outcome);
        if (fit.converged && !std::isnan(fit.standard_errors[0]))
            out.add_ratio(metric, fit.coefficients[0], fit.standard_errors[0]);
    };
    std::vector<double> log_odds;
    for (const double r : p.risk)
        log_odds.push_back(logit(r));
    per("odds_ratio_per_sd", standardised(log_odds));
    per("odds_ratio_top_tenth", top_tenth(p.risk));
    if (!p.reference_risk.empty()) add_binary_comparison(p, d, rule, out);
    add_bootstrapped(
        p, rule,
        [&](const Judged& s) -> Numbers {
            const double r2 = binary_r2(s, false), y = mean_of(s.outcome);
            double squares = 0;
            for (std::size_t i = 0; i < s.size(); ++i)
                squares += (s.risk[i] - s.outcome[i]) * (s.risk[i] - s.outcome[i]);
            Numbers found{{"auprc", average_precision(s.risk, s.outcome)},
                          {"ipa", 1 - squares / static_cast<double>(s.size()) / (y * (1 - y))},
                          {"r2", r2},
                          {"nagelkerke_r2", binary_r2(s, true)}};
            if (rule.prevalence > 0)
                found.emplace_back("liability_r2", liability_r2(r2, rule.prevalence, y));
            if (!s.reference_risk.empty()) {
                Judged other = s;
                other.risk = s.reference_risk;
                found.emplace_back("incremental_r2", r2 - binary_r2(other, false));
            }
            return found;
        },
        out);
    add_calibration_curve(p, rule, out);
    return std::move(out.out);
}

std::vector<Measure> measure_quantity(const Judged& p, const MeasureRule& rule) {
    Collector out;
    const Calibration c = calibrate(OutcomeKind::quantitative, p.risk, p.outcome);
    out.add_interval("calibration_in_the_large", c.intercept);
    out.add_interval("calibration_slope", c.slope);
    add_bootstrapped(
        p, rule,
        [](const Judged& s) -> Numbers {
            double squares = 0;
            for (std::size_t i = 0; i < s.size(); ++i)
                squares += (s.risk[i] - s.outcome[i]) * (s.risk[i] - s.outcome[i]);
            const double r2 = prediction_r2(s.risk, s.outcome);
            Numbers found{{"r2", r2}, {"rmse", std::sqrt(squares / static_cast<double>(s.size()))}};
            if (!s.reference_risk.empty())
                found.emplace_back("incremental_r2",
                                   r2 - prediction_r2(s.reference_risk, s.outcome));
            return found;
        },
        out);
    return std::move(out.out);
}

/// Brier scores of a model and of the risk that ignores it, with their integrals over time are not
/// possible from one horizon: the integrated score uses risks that grow as the overall incidence.
struct ScaledRisk {
    std::vector<double> at(const Judged& p, double share) const {
        std::vector<double> out;
        for (const double r : p.risk) // proportional hazards: same shape as everybody's
            out.push_back(-std::expm1(std::log1p(-std::min(r, 1 - 1e-15)) * share));
        return out;
    }
};

void add_brier(const Judged& p, const CensoringCurve& curve, const IncidenceCurve& incidence,
               Collector& out) {
    const auto outcome = weigh_outcome(p.exit, p.outcome, curve, p.horizon);
    const auto brier = weighted_brier(outcome, p.exit, p.outcome, p.risk, curve);
    const std::vector<double> everybody(p.size(), incidence.at(1, p.horizon).estimate);
    const auto null = weighted_brier(outcome, p.exit, p.outcome, everybody, curve);
    out.add("brier", brier.estimate, brier.standard_error, 0);
    out.add("brier_null", null.estimate, null.standard_error, 0);
    const double ratio = brier.estimate / null.estimate;
    std::vector<double> influence;
    for (std::size_t i = 0; i < p.size(); ++i)
        influence.push_back((ratio * null.influence[i] - brier.influence[i]) / null.estimate);
    const double root = std::sqrt(static_cast<double>(p.size()));
    out.add("ipa", 1 - ratio, deviation_of(influence) / root, -infinity, 1);
    // Integrated over (0, horizon] by the trapezoid rule.
    const double whole = -std::log1p(-std::min(everybody[0], 1 - 1e-15));
    std::vector<double> sum(p.size(), 0.0);
    double integral = 0;
    for (std::size_t k = 1; k <= brier_times && whole > 0; ++k) {
        const double t = p.horizon * static_cast<double>(k) / static_cast<double>(brier_times);
        const double own = -std::log1p(-std::min(incidence.at(1, t).estimate, 1 - 1e-15));
        const auto weighted = weigh_outcome(p.exit, p.outcome, curve, t);
        const auto score =
            weighted_brier(weighted, p.exit, p.outcome, ScaledRisk{}.at(p, own / whole), curve);
        const double w = (k == brier_times ? 0.5 : 1.0) / static_cast<double>(brier_times);
        integral += w * score.estimate;
        for (std::size_t i = 0; i < p.size(); ++i)
            sum[i] += w * score.influence[i];
    }
    out.add("ibs", integral, deviation_of(sum) / root, 0);
    if (p.reference_risk.empty()) return;
    const auto other = weighted_brier(outcome, p.exit, p.outcome, p.reference_risk, curve);
    out.add("brier_difference", brier.estimate - other.estimate, difference_error(brier, other));
}

// Times of the event alone: a competing event means that it never comes.
std::vector<double> times_of_event(const Judged& p) {
    std::vector<double> out = p.exit;
    for (std::size_t i = 0; i < out.size(); ++i)
        if (p.outcome[i] > 1) out[i] = never;
    return out;
}

void add_discrimination(const Judged& p, const CensoringCurve& curve, Collector& out) {
    const auto exit = times_of_event(p);
    std::vector<double> event;
    for (const double s : p.outcome)
        event.push_back(s == 1 ? 1 : 0);
    const auto harrell = concordance(exit, event, p.risk, infinity);
    out.add("concordance_harrell", harrell.estimate, harrell.standard_error, 0, 1);
    const auto uno = concordance(exit, event, p.risk, p.horizon, &curve);
    out.add("concordance_uno", uno.estimate, uno.standard_error, 0, 1);
    const auto outcome = weigh_outcome(p.exit, p.outcome, curve, p.horizon);
    const auto auc = weighted_auc(outcome, p.exit, p.outcome, p.risk, curve);
    out.add("auc_t", auc.estimate, auc.standard_error, 0, 1);
    if (p.reference_risk.empty()) return;
    const auto other = concordance(exit, event, p.reference_risk, infinity);
    out.add("concordance_difference", harrell.estimate - other.estimate,
            concordance_difference_error(harrell, other));
    const auto other_auc = weighted_auc(outcome, p.exit, p.outcome, p.reference_risk, curve);
    out.add("auc_t_difference", auc.estimate - other_auc.estimate,
            difference_error(auc, other_auc));
}

// Reclassification with weights for censoring.
Numbers weighted_reclassification(const Judged& p, const MeasureRule& rule) {
    const auto w = case_weights(p, rule.ties);
    const auto category = [&](double r) {
        return std::upper_bound(rule.categories.begin(), rule.categories.end(), r) -
               rule.categories.begin();
    };
    std::array<double, 3> cases{}, controls{}; // moved, moved category, change
    double n1 = 0, n0 = 0;
    for (std::size_t i = 0; i < p.size(); ++i) {
        const double d = p.risk[i] - p.reference_risk[i];
        const auto step = category(p.risk[i]) - category(p.reference_risk[i]);
        const std::array<double, 3> change{d > 0   ? 1.0
                                           : d < 0 ? -1.0
                                                   : 0.0,
                                           step > 0   ? 1.0
                                           : step < 0 ? -1.0
                                                      : 0.0,
                                           d};
        n1 += w.cases[i], n0 += w.controls[i];
        for (std::size_t k = 0; k < 3; ++k)
            cases[k] += w.cases[i] * change[k], controls[k] += w.controls[i] * change[k];
    }
    const auto net = [&](std::size_t k) { return cases[k] / n1 - controls[k] / n0; };
    return {{"nri", net(0)}, {"nri_categories", net(1)}, {"idi", net(2)}};
}

std::vector<Measure> measure_survival(const Judged& p, const MeasureRule& rule) {
    Collector out;
    const CensoringCurve curve(p.exit, p.outcome, rule.ties);
    const auto incidence = incidence_curve({p.exit, p.outcome, p.entry}, competes(p) ? 2 : 1);
    add_discrimination(p, curve, out);
    add_brier(p, curve, incidence, out);
    const auto observed = incidence.at(1, p.horizon);
    const double expected = mean_of(p.risk);
    out.add_ratio("oe_ratio", std::log(observed.estimate / expected),
                  observed.error / observed.estimate);
    out.add("calibration_in_the_large", observed.estimate - expected, observed.error);
    std::vector<double> scale;
    for (const double r : p.risk)
        scale.push_back(cloglog(r));
    const HazardSlope slope = slope_along(p, scale, rule.ties);
    out.add("calibration_slope", slope.estimate, slope.error);
    const HazardSlope per_sd = slope_along(p, standardised(scale), rule.ties);
    out.add_ratio("hazard_ratio_per_sd", per_sd.estimate, per_sd.error);
    const HazardSlope top = slope_along(p, top_tenth(p.risk), rule.ties);
    out.add_ratio("hazard_ratio_top_tenth", top.estimate, top.error);
    if (!p.reference_risk.empty())
        add_bootstrapped(
            p, rule, [&](const Judged& s) { return weighted_reclassification(s, rule); }, out);
    add_calibration_curve(p, rule, out);
    return std::move(out.out);
}

} // namespace

std::vector<Measure> measure_all(const Judged& people, const MeasureRule& rule) {
    if (people.survival) return measure_survival(people, rule);
    if (people.kind == risk_models::Kind::linear) return measure_quantity(people, rule);
    return measure_binary(people, rule);
}

} // namespace salus::risk_validation
