#include "base/numbers.hpp"
#include "stages/report/read_tables.hpp"
#include "stages/report/risk_models.hpp"

#include <algorithm>
#include <cmath>

namespace salus::report {
namespace {

RiskModel& model_of(std::vector<RiskModel>& models, const std::string& name) {
    auto at = std::find_if(models.begin(), models.end(),
                           [&](const RiskModel& m) { return m.name == name; });
    if (at == models.end()) {
        at = models.insert(at, RiskModel{});
        at->name = name;
        at->horizon = nan;
    }
    return *at;
}

RiskModel::Test test_at(const TableData& table, const char* name, std::size_t i) {
    return {words(table, name)[i], words(table, "cause")[i], numbers(table, "chi_square")[i],
            counts(table, "degrees_of_freedom")[i], numbers(table, "neg_log10_p")[i]};
}

/// The unit of times as people say it; empty where the table does not know it.
std::string spoken(const std::string& unit) {
    if (unit.starts_with("as in ")) return {};
    return unit == "a" ? "years" : unit;
}

void add_models(const H5File& file, std::vector<RiskModel>& models) {
    const auto table = file.read("models");
    const auto name = words(table, "model");
    for (std::size_t i = 0; i < name.size(); ++i) {
        RiskModel& m = model_of(models, name[i]);
        m.kind = words(table, "kind")[i], m.outcome = words(table, "outcome")[i];
        m.declaration = words(table, "declaration")[i], m.state = words(table, "state")[i];
        m.reason = words(table, "reason")[i], m.time_unit = spoken(words(table, "time_unit")[i]);
        m.people = counts(table, "people")[i], m.held_out = counts(table, "held_out")[i];
        m.events = counts(table, "events")[i];
        m.imputed = counts(table, "imputed")[i], m.imputations = counts(table, "imputations")[i];
    }
    const auto terms = file.read("coefficients");
    const auto of = words(terms, "model"), cause = words(terms, "cause"),
               term = words(terms, "term");
    const auto ratio = numbers(terms, "ratio"), estimate = numbers(terms, "estimate"),
               lower = numbers(terms, "lower"), upper = numbers(terms, "upper"),
               unknown = numbers(terms, "fraction_missing");
    for (std::size_t i = 0; i < of.size(); ++i)
        if (cause[i] == "event" && term[i] != "(intercept)")
            model_of(models, of[i])
                .terms.push_back({term[i], std::isnan(ratio[i]) ? estimate[i] : ratio[i], lower[i],
                                  upper[i], unknown[i]});
    if (!file.is_table("proportional_hazards")) return; // of an earlier version
    const auto tests = file.read("proportional_hazards");
    for (std::size_t i = 0; i < tests.rows(); ++i)
        model_of(models, words(tests, "model")[i])
            .proportional.push_back(test_at(tests, "term", i));
}

void add_curves(const H5File& file, std::vector<RiskModel>& models) {
    const auto risks = file.read("absolute_risk");
    const auto of = words(risks, "model");
    const auto horizon = numbers(risks, "horizon"), predicted = numbers(risks, "predicted"),
               observed = numbers(risks, "observed"), lower = numbers(risks, "lower"),
               upper = numbers(risks, "upper");
    const auto tenth = counts(risks, "tenth"), people = counts(risks, "people");
    for (std::size_t i = 0; i < of.size(); ++i) {
        RiskModel& m = model_of(models, of[i]);
        if (tenth[i] == 0) m.tenths.clear(), m.horizon = horizon[i]; // the last horizon stays
        if (tenth[i] > 0)
            m.tenths.push_back({predicted[i], observed[i], lower[i], upper[i], people[i]});
    }
    const auto curves = file.read("curves");
    const auto model = words(curves, "model");
    const auto time = numbers(curves, "time"), probability = numbers(curves, "probability"),
               competing = numbers(curves, "competing_probability");
    const auto at_risk = counts(curves, "at_risk");
    const auto fifth = counts(curves, "fifth");
    for (std::size_t i = 0; i < model.size(); ++i) {
        if (fifth[i] == 0) continue;
        RiskModel& m = model_of(models, model[i]);
        m.fifths_over_time.resize(5);
        m.fifths_over_time[fifth[i] - 1].push_back(
            {time[i], probability[i], competing[i], at_risk[i]});
    }
}

void add_measures(const H5File& file, std::vector<RiskModel>& models) {
    const auto table = file.read("measures");
    const auto model = words(table, "model"), stratum = words(table, "stratum"),
               level = words(table, "level"), metric = words(table, "metric"),
               note = words(table, "note");
    const auto horizon = numbers(table, "horizon"), estimate = numbers(table, "estimate"),
               lower = numbers(table, "lower"), upper = numbers(table, "upper");
    const auto people = counts(table, "people"), events = counts(table, "events");
    for (std::size_t i = 0; i < model.size(); ++i) {
        RiskModel& m = model_of(models, model[i]);
        m.judged = true;
        if (!std::isnan(horizon[i]) && (std::isnan(m.horizon) || horizon[i] > m.horizon))
            m.horizon = horizon[i];
        m.measures.push_back({horizon[i], stratum[i], level[i], metric[i], estimate[i], lower[i],
                              upper[i], people[i], events[i], note[i]});
    }
}

void add_pictures(const H5File& file, std::vector<RiskModel>& models) {
    // Calls take(model, row) for the rows of a table at the horizon that is shown.
    const auto each = [&](const char* name, auto&& take) {
        if (!file.is_table(name)) return; // of an earlier version
        const auto table = file.read(name);
        const auto model = words(table, "model");
        const auto horizon = numbers(table, "horizon");
        for (std::size_t i = 0; i < model.size(); ++i) {
            RiskModel& m = model_of(models, model[i]);
            if (same_horizon(m, horizon[i])) take(m, table, i);
        }
    };
    each("roc", [](RiskModel& m, const TableData& t, std::size_t i) {
        m.roc.push_back({t.column<double>("false_positive_rate")[i],
                         t.column<double>("true_positive_rate")[i]});
    });
    each("calibration", [](RiskModel& m, const TableData& t, std::size_t i) {
        m.curve.push_back({t.column<double>("predicted")[i], t.column<double>("observed")[i],
                           t.column<double>("lower")[i], t.column<double>("upper")[i], 0});
    });
    each("decision", [](RiskModel& m, const TableData& t, std::size_t i) {
        const double x = t.column<double>("threshold")[i];
        m.decision.push_back({x, t.column<double>("net_benefit")[i]});
        m.decision_all.push_back({x, t.column<double>("treat_all")[i]});
    });
    each("distribution", [](RiskModel& m, const TableData& t, std::size_t i) {
        if (m.edges.empty()) m.edges.push_back(t.column<double>("low")[i]);
        m.edges.push_back(t.column<double>("high")[i]);
        m.bins.push_back(t.column<std::uint64_t>("people")[i]);
        m.event_bins.push_back(t.column<std::uint64_t>("events")[i]);
    });
    each("score_groups", [](RiskModel& m, const TableData& t, std::size_t i) {
        m.fifths.push_back({counts(t, "fifth")[i], counts(t, "people")[i], counts(t, "events")[i],
                            t.column<double>("restricted_mean")[i], t.column<double>("lower")[i],
                            t.column<double>("upper")[i]});
    });
    each("group_tests", [](RiskModel& m, const TableData& t, std::size_t i) {
        m.fifth_tests.push_back(test_at(t, "test", i));
    });
    each("summaries", [](RiskModel& m, const TableData& t, std::size_t i) {
        const auto number = [&](const char* name) { return t.column<double>(name)[i]; };
        m.summaries.push_back(
            {words(t, "stratum")[i], words(t, "metric")[i], counts(t, "levels")[i],
             number("estimate"), number("lower"), number("upper"), number("prediction_lower"),
             number("prediction_upper"), number("i_squared"), number("q_neg_log10_p")});
    });
    const auto limits = file.read("limits");
    const auto model = words(limits, "model"), limit = words(limits, "limit");
    for (std::size_t i = 0; i < model.size(); ++i)
        model_of(models, model[i]).limits.push_back(limit[i]);
    for (RiskModel& m : models)
        m.purpose = file.text_attribute("/", "purpose").value_or("");
    if (file.text_attribute("/", "people") != "cross_fitted")
        for (RiskModel& m : models)
            m.left_out.clear();
}

} // namespace

std::vector<RiskModel> read_risk_models(const H5File* models, const H5File* validation) {
    std::vector<RiskModel> out;
    if (models != nullptr) {
        add_models(*models, out);
        add_curves(*models, out);
        for (RiskModel& m : out)
            m.left_out = models->text_attribute("/", "leave_out").value_or("");
    }
    if (validation != nullptr) {
        add_measures(*validation, out);
        add_pictures(*validation, out);
    }
    return out;
}

} // namespace salus::report
