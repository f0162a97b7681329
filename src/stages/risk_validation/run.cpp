#include "base/hash.hpp"
#include "base/numbers.hpp"
#include "base/text.hpp"
#include "models/risk_measures.hpp"
#include "models/suppression.hpp"
#include "parallel/read_once.hpp"
#include "stages/risk_validation/card.hpp"
#include "stages/risk_validation/judged.hpp"
#include "stages/risk_validation/summaries.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>
#include <set>

namespace salus {
namespace {

using namespace risk_validation;

constexpr std::size_t histogram_bins = 40, roc_points = 200;

/// Rows of all tables of one unit: a model, and everybody or the levels of one column.
class UnitTables {
public:
    UnitTables(const RiskValidationParams& params, std::string model, std::uint64_t seed)
        : params_(params), model_(std::move(model)), seed_(seed), measures_(measures_table()),
          roc_(roc_table()), calibration_(calibration_table()), decision_(decision_table()),
          distribution_(distribution_table()) {}

    void add_group(const Judged& people, const std::string& stratum, const std::string& level,
                   const std::string& note = {}) {
        const double events = people.events();
        std::string reason = note;
        const auto small = static_cast<double>(params_.events_min);
        const bool quantity = people.kind == risk_models::Kind::linear;
        if (reason.empty() && static_cast<std::int64_t>(people.size()) < params_.people_min)
            reason = text("suppressed: fewer than ", params_.people_min, " people");
        else if (reason.empty() && !quantity &&
                 (events < small || static_cast<double>(people.size()) - events < small))
            reason = text("suppressed: fewer than ", params_.events_min,
                          " people with or without the event");
        else if (reason.empty() && !people.entry.empty())
            reason = "late_entry: measures at a horizon count from time 0";
        else if (reason.empty() && people.survival && !(last_time(people) >= people.horizon))
            reason = text("horizon_beyond_follow_up: tau_max = ", last_time(people));
        if (!reason.empty()) {
            row(people, stratum, level, {"not_estimated", {nan, nan, nan}, nan, reason}, 0, 0);
            return;
        }
        const MeasureRule rule{
            .categories = params_.categories,
            .prevalence = params_.prevalence,
            .bootstrap_replicates = static_cast<std::size_t>(params_.bootstrap_replicates),
            .ties = params_.censoring_ties == "cmprsk" ? CensoringTies::together
                                                       : CensoringTies::events_first,
            .seed = seed_,
            .stream = text(model_, " ", people.horizon, " ", stratum, " ", level)};
        for (const Measure& m : measure_all(people, rule))
            row(people, stratum, level, m, people.size(), static_cast<std::uint64_t>(events));
        if (stratum == "all" && !quantity) add_curves(people, rule);
    }

    void write(PartWriter& part) const {
        for (const TableData* table : {&measures_, &roc_, &calibration_, &decision_, &distribution_,
                                       &groups_.groups, &groups_.tests})
            part.write(*table);
    }

private:
    static double last_time(const Judged& p) {
        return p.exit.empty() ? nan : *std::max_element(p.exit.begin(), p.exit.end());
    }

    void row(const Judged& people, const std::string& stratum, const std::string& level,
             const Measure& m, std::uint64_t n, std::uint64_t events) {
        const auto str = [&](const char* name, const std::string& v) {
            measures_.column<std::string>(name).push_back(v);
        };
        const auto number = [&](const char* name, double v) {
            measures_.column<double>(name).push_back(v);
        };
        str("model", model_), str("stratum", stratum), str("level", level);
        str("metric", m.metric), str("note", m.note);
        number("horizon", people.horizon), number("estimate", m.value.estimate);
        number("standard_error", m.standard_error);
        number("lower", m.value.lower), number("upper", m.value.upper);
        measures_.column<std::uint64_t>("people").push_back(n);
        measures_.column<std::uint64_t>("events").push_back(events);
    }

    static void put(TableData& table, const std::string& model, double horizon,
                    const std::vector<std::pair<const char*, double>>& values) {
        table.column<std::string>("model").push_back(model);
        table.column<double>("horizon").push_back(horizon);
        for (const auto& [name, value] : values)
            table.column<double>(name).push_back(value);
    }

    void add_curves(const Judged& p, const MeasureRule& rule) {
        const auto weights = case_weights(p, rule.ties);
        const auto curve = calibration_curve(p.risk, weights.cases, weights.controls);
        for (std::size_t k = 0; k < curve.predicted.size(); ++k)
            put(calibration_, model_, p.horizon,
                {{"predicted", curve.predicted[k]},
                 {"observed", curve.observed[k]},
                 {"lower", curve.lower[k]},
                 {"upper", curve.upper[k]}});
        for (const NetBenefit& b :
             net_benefit(p.risk, weights.cases, weights.controls, params_.thresholds))
            put(decision_, model_, p.horizon,
                {{"threshold", b.threshold},
                 {"net_benefit", b.model.estimate},
                 {"lower", b.model.lower},
                 {"upper", b.model.upper},
                 {"treat_all", b.all.estimate}});
        if (p.survival) groups_.add(model_, p, params_);
        add_roc(p, weights);
        add_distribution(p);
    }

    void add_roc(const Judged& p, const CaseWeights& weights) {
        std::vector<std::uint32_t> order(p.size());
        std::iota(order.begin(), order.end(), std::uint32_t{0});
        std::stable_sort(order.begin(), order.end(),
                         [&](std::uint32_t a, std::uint32_t b) { return p.risk[a] > p.risk[b]; });
        const double cases = std::accumulate(weights.cases.begin(), weights.cases.end(), 0.0),
                     controls =
                         std::accumulate(weights.controls.begin(), weights.controls.end(), 0.0);
        double hits = 0, alarms = 0, last = -1;
        put(roc_, model_, p.horizon,
            {{"threshold", 1.0}, {"false_positive_rate", 0.0}, {"true_positive_rate", 0.0}});
        for (std::size_t i = 0; i < order.size(); ++i) {
            hits += weights.cases[order[i]], alarms += weights.controls[order[i]];
            const bool tied = i + 1 < order.size() && p.risk[order[i + 1]] == p.risk[order[i]];
            const double step = std::floor(alarms / controls * roc_points);
            if (tied || (step == last && i + 1 < order.size())) continue;
            last = step;
            put(roc_, model_, p.horizon,
                {{"threshold", p.risk[order[i]]},
                 {"false_positive_rate", alarms / controls},
                 {"true_positive_rate", hits / cases}});
        }
    }

    void add_distribution(const Judged& p) {
        const double high = *std::max_element(p.risk.begin(), p.risk.end());
        std::vector<std::uint64_t> people(histogram_bins, 0), events(histogram_bins, 0);
        for (std::size_t i = 0; i < p.size(); ++i) {
            const auto bin = std::min<std::size_t>(
                histogram_bins - 1,
                static_cast<std::size_t>(p.risk[i] / high * static_cast<double>(histogram_bins)));
            ++people[bin];
            events[bin] += p.has_event(i) ? 1U : 0U;
        }
        const auto minimum = static_cast<std::uint64_t>(params_.events_min);
        const auto people_shown = released_one_way(people, minimum);
        const auto events_shown = released_one_way(events, minimum);
        for (std::size_t b = 0; b < histogram_bins; ++b) {
            const double width = high / static_cast<double>(histogram_bins);
            put(distribution_, model_, p.horizon,
                {{"low", width * static_cast<double>(b)},
                 {"high", width * static_cast<double>(b + 1)}});
            distribution_.column<std::uint64_t>("people").push_back(people_shown[b]);
            distribution_.column<std::uint64_t>("events").push_back(
                people_shown[b] == 0 ? 0 : events_shown[b]);
        }
    }

    const RiskValidationParams& params_;
    std::string model_;
    std::uint64_t seed_;
    TableData measures_, roc_, calibration_, decision_, distribution_;
    ScoreGroups groups_;
};

void judge_unit(const Plan& plan, const RiskValidationParams& params, std::uint64_t seed,
                std::size_t model, std::size_t division, PartWriter& part) {
    const ModelPeople people = read_model_people(plan, params, model);
    UnitTables tables(params, plan.models[model].declaration.name, seed);
    for (const Judged& all : people.horizons) {
        if (division == 0) {
            tables.add_group(all, "all", "all", people.note);
            continue;
        }
        const Strata& strata = people.strata[division - 1];
        const std::set<std::string> levels(strata.level.begin(), strata.level.end());
        for (const std::string& level : levels) {
            if (level.empty()) continue;
            std::vector<std::uint32_t> rows;
            for (std::uint32_t i = 0; i < strata.level.size(); ++i)
                if (strata.level[i] == level) rows.push_back(i);
            tables.add_group(all.at(rows), strata.column, level);
        }
    }
    tables.write(part);
    const std::uint64_t overlap[] = {people.overlap};
    part.write_array<std::uint64_t>("overlap", overlap, {}, Compression::none);
}

void say(const Log& log, const TableData& rows, const RiskValidationParams& params) {
    for (std::size_t i = 0; i < rows.rows(); ++i) {
        if (rows.column<std::string>("stratum")[i] != "all") continue;
        const auto& metric = rows.column<std::string>("metric")[i];
        const auto& model = rows.column<std::string>("model")[i];
        if (metric == "not_estimated")
            log.warning(text(model, ": not estimated, ", rows.column<std::string>("note")[i]));
        if (metric == "auc" || metric == "auc_t" || (metric == "r2" && params.models.empty()))
            log.info(text(model, ": ", metric, " ", fixed(rows.column<double>("estimate")[i], 3),
                          " (", fixed(rows.column<double>("lower")[i], 3), " to ",
                          fixed(rows.column<double>("upper")[i], 3), ") in ",
                          with_thousands(rows.column<std::uint64_t>("people")[i]), " people"));
    }
}

} // namespace

void run_risk_validation(const RiskValidationParams& params, RunContext& context) {
    const Plan plan =
        read_once(context.comm(), "reading the models", [&] { return make_plan(params, context); });
    std::vector<std::size_t> models;
    for (std::size_t m = 0; m < plan.models.size(); ++m)
        if (params.models.empty() ||
            std::find(params.models.begin(), params.models.end(),
                      plan.models[m].declaration.name) != params.models.end())
            models.push_back(m);
    const std::uint64_t divisions = 1 + plan.strata.size();
    const Parts parts = context.for_each_unit(
        "judge", models.size() * divisions, [&](std::uint64_t unit, PartWriter& part) {
            judge_unit(plan, params, context.seed(), models[unit / divisions], unit % divisions,
                       part);
        });
    Card card{.plan = plan, .params = params, .measures = TableData(measures_table())};
    context.publish("validation", [&](ResultWriter& out) {
        for (const TableSpec& spec :
             {measures_table(), roc_table(), calibration_table(), decision_table(),
              distribution_table(), score_groups_table(), group_tests_table()})
            out.assemble(spec, parts);
        for (std::uint64_t u = 0; u < parts.size(); ++u) {
            const TableData rows = parts.open(u).read("measures");
            say(context.log(), rows, params);
            card.append(rows);
            card.append_groups(parts.open(u).read("score_groups"),
                               parts.open(u).read("group_tests"));
        }
        out.write(gaps_of(card.measures));
        card.summaries = summaries_of(card.measures);
        out.write(card.summaries);
        out.write(card.limits());
        out.fact("people", params.people);
        out.fact("purpose", params.purpose);
        out.fact("external", plan.internal ? "no" : "yes");
    });
    context.publish_file("card", [&](const std::filesystem::path& temporary) {
        std::ofstream file(temporary, std::ios::binary);
        file << card.json();
        if (!file.flush())
            throw StorageError({.what = "cannot write the model card",
                                .where = temporary.string(),
                                .why = "the disk may be full",
                                .help = "make room and run again"});
    });
}

} // namespace salus
