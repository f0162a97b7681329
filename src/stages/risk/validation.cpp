#include "stages/risk/validation.hpp"

#include "base/hash.hpp"
#include "base/numbers.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "models/discrimination.hpp"
#include "parallel/parallel_for.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace salus::risk {

std::vector<double> pick(const std::vector<double>& values, const std::vector<std::size_t>& who) {
    std::vector<double> out;
    for (const std::size_t i : who)
        out.push_back(values[i]);
    return out;
}

namespace {

/// Rows of one trait and group.
class Rows {
public:
    Rows(TableData& table, std::string trait, std::string group, std::uint64_t n,
         std::uint64_t cases)
        : table_(table), trait_(std::move(trait)), group_(std::move(group)), n_(n), cases_(cases) {}
    void add(const char* metric, const char* model, const Interval& value,
             const std::string& note = {}) {
        table_.column<std::string>("trait").push_back(trait_);
        table_.column<std::string>("group").push_back(group_);
        table_.column<std::string>("metric").push_back(metric);
        table_.column<std::string>("model").push_back(model);
        table_.column<double>("estimate").push_back(value.estimate);
        table_.column<double>("lower").push_back(value.lower);
        table_.column<double>("upper").push_back(value.upper);
        table_.column<std::uint64_t>("n").push_back(n_);
        table_.column<std::uint64_t>("cases").push_back(cases_);
        table_.column<std::string>("note").push_back(note);
    }

private:
    TableData& table_;
    std::string trait_, group_;
    std::uint64_t n_, cases_;
};

/// One group: outcome, and the predictors covariates, score, both (covariates only where there are
/// any).
struct Group {
    std::vector<double> outcome, score, predicted_covariates, predicted_both;
    std::vector<std::vector<double>> covariates;
};

double quantile(std::vector<double>& sorted, double q) {
    const double at = q * static_cast<double>(sorted.size() - 1);
    const auto low = static_cast<std::size_t>(at);
    const double rest = at - static_cast<double>(low);
    return low + 1 < sorted.size() ? sorted[low] + rest * (sorted[low + 1] - sorted[low])
                                   : sorted[low];
}

/// r2 of covariates, score, both, and the gain of both over covariates.
std::array<double, 4> explained(const Group& g) {
    const double c = prediction_r2(g.predicted_covariates, g.outcome),
                 s = prediction_r2(g.score, g.outcome),
                 b = prediction_r2(g.predicted_both, g.outcome);
    return {c, s, b, b - c};
}

/// Percentile intervals over resampled people; replicate k draws from its own random stream.
std::array<Interval, 4> bootstrap(const Group& g, const ValidationRule& rule,
                                  std::uint64_t stream) {
    std::vector<std::array<double, 4>> draws(rule.bootstrap_replicates);
    parallel_for(draws.size(), [&](std::size_t k) {
        Rng rng(rule.seed ^ stream, "risk.bootstrap", k);
        Group sample;
        for (std::size_t i = 0; i < g.outcome.size(); ++i) {
            const auto who = static_cast<std::size_t>(rng.below(g.outcome.size()));
            sample.outcome.push_back(g.outcome[who]);
            sample.score.push_back(g.score[who]);
            sample.predicted_covariates.push_back(g.predicted_covariates[who]);
            sample.predicted_both.push_back(g.predicted_both[who]);
        }
        draws[k] = explained(sample);
    });
    const auto point = explained(g);
    std::array<Interval, 4> out;
    for (std::size_t m = 0; m < 4; ++m) {
        std::vector<double> values;
        for (const auto& d : draws)
            values.push_back(d[m]);
        std::sort(values.begin(), values.end());
        out[m] = values.empty()
                     ? Interval{point[m], nan, nan}
                     : Interval{point[m], quantile(values, 0.025), quantile(values, 0.975)};
    }
    return out;
}

/// Effect of one standard deviation of the score in this group, adjusted for the covariates.
Interval effect_per_sd(OutcomeKind kind, const Group& g) {
    std::vector<std::vector<double>> columns = g.covariates;
    columns.push_back(g.score);
    double mean = 0, squares = 0;
    for (const double x : g.score)
        mean += x / static_cast<double>(g.score.size());
    for (const double x : g.score)
        squares += (x - mean) * (x - mean);
    const double sd = std::sqrt(squares / static_cast<double>(g.score.size() - 1));
    const RegressionFit fit = fit_regression(kind, columns, g.outcome);
    if (!fit.converged || std::isnan(fit.standard_errors.back())) return {nan, nan, nan};
    return wald_interval(fit.coefficients.back() * sd, fit.standard_errors.back() * sd);
}

void add_quantitative(const Group& g, const ValidationRule& rule, std::uint64_t stream,
                      Rows& rows) {
    const auto r2 = bootstrap(g, rule, stream);
    if (!g.covariates.empty()) rows.add("r2", "covariates", r2[0]);
    rows.add("r2", "score", r2[1]);
    rows.add("r2", "both", r2[2]);
    rows.add("incremental_r2", "both-covariates", r2[3]);
    rows.add("beta_per_sd", "both", effect_per_sd(OutcomeKind::quantitative, g));
}

void add_binary(const Group& g, Rows& rows) {
    const std::vector<std::vector<double>> predictors{g.predicted_covariates, g.score,
                                                      g.predicted_both};
    const DeLong d = delong(predictors, g.outcome);
    const auto auc = [&](std::size_t k) {
        Interval i = wald_interval(d.auc[k], std::sqrt(d.variance(k)));
        i.lower = std::max(0.0, i.lower), i.upper = std::min(1.0, i.upper);
        return i;
    };
    if (!g.covariates.empty()) rows.add("auc", "covariates", auc(0));
    rows.add("auc", "score", auc(1));
    rows.add("auc", "both", auc(2));
    rows.add("auc_difference", "both-covariates",
             wald_interval(d.auc[2] - d.auc[0], std::sqrt(d.difference_variance(2, 0))));
    const Interval log_odds = effect_per_sd(OutcomeKind::binary, g);
    rows.add("odds_ratio_per_sd", "both",
             {std::exp(log_odds.estimate), std::exp(log_odds.lower), std::exp(log_odds.upper)});
}

void append_group(const ValidationSet& set, const Predictions& p, const ValidationRule& rule,
                  const std::string& name, TableData& table) {
    std::vector<std::size_t> who;
    std::uint64_t cases = 0;
    for (std::size_t i = 0; i < set.outcome.size(); ++i) {
        if (name != "all" && set.group[i] != name) continue;
        who.push_back(i);
        if (set.kind == OutcomeKind::binary && set.outcome[i] != 0) ++cases;
    }
    Rows rows(table, set.trait, name, who.size(), cases);
    const auto refuse = [&](const std::string& note) {
        rows.add("not_estimated", "", {nan, nan, nan}, note);
    };
    if (who.size() < rule.group_samples_min)
        return refuse(text("fewer than ", rule.group_samples_min, " people"));
    if (set.kind == OutcomeKind::binary &&
        std::min<std::uint64_t>(cases, who.size() - cases) < rule.cases_min)
        return refuse(text("fewer than ", rule.cases_min, " cases or controls"));
    if (p.both.empty() || p.covariates.empty()) return refuse("a model did not converge");
    Group g{pick(set.outcome, who),
            pick(set.score, who),
            pick(p.covariates, who),
            pick(p.both, who),
            {}};
    for (const auto& column : set.covariates)
        g.covariates.push_back(pick(column, who));
    if (g.covariates.empty())
        g.predicted_covariates.assign(who.size(), 0.0); // knows nobody from another
    if (set.kind == OutcomeKind::binary)
        add_binary(g, rows);
    else
        add_quantitative(g, rule, hash64(text(set.trait, " ", name)), rows);
    const Calibration c = calibrate(set.kind, g.predicted_both, g.outcome);
    rows.add("calibration_slope", "both", c.slope);
    rows.add("calibration_intercept", "both", c.intercept);
}

} // namespace

Predictions cross_predict(const ValidationSet& set, unsigned folds) {
    std::vector<std::vector<double>> both = set.covariates;
    both.push_back(set.score);
    return {.covariates =
                predict_out_of_fold(set.kind, set.covariates, set.outcome, set.fold, folds),
            .both = predict_out_of_fold(set.kind, both, set.outcome, set.fold, folds)};
}

void append_measures(const ValidationSet& set, const Predictions& predictions,
                     const ValidationRule& rule, TableData& table) {
    append_group(set, predictions, rule, "all", table);
    for (const std::string& name : std::set<std::string>(set.group.begin(), set.group.end()))
        if (!name.empty() && name != "all") append_group(set, predictions, rule, name, table);
}

void append_skipped(const std::string& trait, const std::string& reason, TableData& table) {
    Rows(table, trait, "all", 0, 0).add("skipped", "", {nan, nan, nan}, reason);
}

} // namespace salus::risk
