#include "stages/risk_validation/summaries.hpp"

#include "base/numbers.hpp"
#include "models/group_tests.hpp"
#include "models/meta_analysis.hpp"
#include "models/pooling.hpp"
#include "models/suppression.hpp"
#include "models/tails.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <tuple>

namespace salus::risk_validation {
namespace {

constexpr std::uint32_t score_groups = 5;

/// The scale on which a measure is nearly normal.
enum class Scale { identity, log, logit };
Scale scale_of(const std::string& metric) {
    if (metric == "oe_ratio" || metric.starts_with("hazard_ratio") ||
        metric.starts_with("odds_ratio"))
        return Scale::log;
    if (metric == "auc" || metric == "auc_t" || metric == "concordance_harrell" ||
        metric == "concordance_uno" || metric == "auprc")
        return Scale::logit;
    return Scale::identity;
}

double back(Scale scale, double x) {
    return scale == Scale::identity ? x
           : scale == Scale::log    ? std::exp(x)
                                    : 1 / (1 + std::exp(-x));
}

std::optional<StudyEffect> effect(Scale scale, double estimate, double error) {
    StudyEffect out{estimate, error};
    if (scale == Scale::log) out = {std::log(estimate), error / estimate};
    if (scale == Scale::logit)
        out = {std::log(estimate / (1 - estimate)), error / (estimate * (1 - estimate))};
    const bool good =
        std::isfinite(out.beta) && std::isfinite(out.standard_error) && out.standard_error > 0;
    return good ? std::optional(out) : std::nullopt;
}

} // namespace

TableData summaries_of(const TableData& measures) {
    using Key = std::tuple<std::string, double, std::string, std::string>;
    std::map<Key, std::vector<StudyEffect>> found;
    std::vector<Key> order;
    for (std::size_t i = 0; i < measures.rows(); ++i) {
        const auto& stratum = measures.column<std::string>("stratum")[i];
        const auto& metric = measures.column<std::string>("metric")[i];
        const auto one = effect(scale_of(metric), measures.column<double>("estimate")[i],
                                measures.column<double>("standard_error")[i]);
        if (stratum == "all" || !one) continue;
        const double h = measures.column<double>("horizon")[i];
        const Key key{measures.column<std::string>("model")[i], std::isnan(h) ? -1 : h, stratum,
                      metric};
        if (!found.contains(key)) order.push_back(key);
        found[key].push_back(*one);
    }
    TableData out(summaries_table());
    for (const Key& key : order) {
        const auto& effects = found.at(key);
        const std::size_t k = effects.size();
        if (k < 2) continue;
        const auto& [model, horizon, stratum, metric] = key;
        const Scale scale = scale_of(metric);
        const MetaAnalysis all = combine_effects(effects);
        const double b = all.random.beta, se = all.random.standard_error;
        const double reach =
            k > 2 ? student_t_975(static_cast<double>(k - 2)) * std::sqrt(all.tau_squared + se * se)
                  : nan;
        const auto number = [&](const char* name, double v) {
            out.column<double>(name).push_back(v);
        };
        out.column<std::string>("model").push_back(model);
        number("horizon", horizon < 0 ? nan : horizon);
        out.column<std::string>("stratum").push_back(stratum);
        out.column<std::string>("metric").push_back(metric);
        out.column<std::uint64_t>("levels").push_back(k);
        number("estimate", back(scale, b));
        number("lower", back(scale, b - normal_975 * se)),
            number("upper", back(scale, b + normal_975 * se));
        number("prediction_lower", back(scale, b - reach));
        number("prediction_upper", back(scale, b + reach));
        number("i_squared", all.i_squared), number("tau_squared", all.tau_squared);
        number("q_neg_log10_p", all.q_neg_log10_p);
    }
    return out;
}

void ScoreGroups::add(const std::string& model, const Judged& p,
                      const RiskValidationParams& params) {
    std::vector<std::uint32_t> order(p.size()), group(p.size());
    std::iota(order.begin(), order.end(), std::uint32_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return p.risk[a] < p.risk[b]; });
    for (std::size_t i = 0; i < order.size(); ++i)
        group[order[i]] = static_cast<std::uint32_t>(i * score_groups / order.size());
    std::vector<std::uint64_t> events(score_groups, 0);
    for (std::size_t i = 0; i < group.size(); ++i)
        events[group[i]] += p.has_event(i) ? 1U : 0U;
    events = released_one_way(events, static_cast<std::uint64_t>(params.events_min));
    for (std::uint32_t g = 0; g < score_groups; ++g) {
        std::vector<std::uint32_t> rows;
        for (std::uint32_t i = 0; i < group.size(); ++i)
            if (group[i] == g) rows.push_back(i);
        if (static_cast<std::int64_t>(rows.size()) < params.people_min) continue;
        const Judged own = p.at(rows);
        std::vector<double> any;
        for (const double s : own.outcome)
            any.push_back(s > 0 ? 1 : 0);
        const auto mean =
            restricted_mean(incidence_curve({own.exit, any, own.entry}, 1), p.horizon);
        const auto number = [&](const char* name, double v) {
            groups.column<double>(name).push_back(v);
        };
        groups.column<std::string>("model").push_back(model);
        number("horizon", p.horizon);
        groups.column<std::uint32_t>("fifth").push_back(g + 1);
        groups.column<std::uint64_t>("people").push_back(rows.size());
        groups.column<std::uint64_t>("events").push_back(events[g]);
        number("restricted_mean", mean.estimate);
        number("standard_error", mean.standard_error);
        number("lower", mean.estimate - normal_975 * mean.standard_error);
        number("upper", mean.estimate + normal_975 * mean.standard_error);
    }
    const CurveTimes times{p.exit, p.outcome, p.entry};
    const auto put = [&](const char* name, const GroupTest& test) {
        tests.column<std::string>("model").push_back(model);
        tests.column<double>("horizon").push_back(p.horizon);
        tests.column<std::string>("test").push_back(name);
        tests.column<double>("chi_square").push_back(test.chi_square);
        tests.column<std::uint64_t>("degrees_of_freedom").push_back(test.degrees_of_freedom);
        tests.column<double>("neg_log10_p").push_back(test.neg_log10_p);
    };
    put("log_rank", log_rank_test(times, group, score_groups));
    if (std::any_of(p.outcome.begin(), p.outcome.end(), [](double s) { return s > 1; }))
        put("gray", gray_test(times, group, score_groups));
}

} // namespace salus::risk_validation
