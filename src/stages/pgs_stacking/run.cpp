#include "base/numbers.hpp"
#include "base/text.hpp"
#include "models/calibration.hpp"
#include "parallel/read_once.hpp"
#include "run/unit_tables.hpp"
#include "stages/pgs_stacking/people.hpp"
#include "stages/pgs_weights/pgs_weights.hpp"
#include "stages/pgs_weights/result.hpp"
#include "store/packed_table.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

using namespace pgs_stacking;

constexpr std::uint64_t rows_at_once = 65536;

StackingRules rules_of(const PgsStackingParams& params) {
    return {.alphas = params.alphas,
            .lambdas = static_cast<std::size_t>(params.lambdas),
            .nonnegative = params.nonnegative};
}

/// What a fit left in its part.
struct FoldResult {
    std::uint8_t failed = 0; // 0 no, 1 not_settled, 2 monotone
    bool any = false;
    double alpha = 0, lambda = 0, deviance = 0;
    std::size_t best = 0;
    double best_coefficient = 0;
    std::vector<double> coefficients; // of the stack, [candidate]
    std::size_t nonzero() const {
        return static_cast<std::size_t>(std::count_if(coefficients.begin(), coefficients.end(),
                                                      [](double b) { return b != 0; }));
    }
};

/// Fits without each outer fold, and of everybody (phase `folds`). A part has the numbers of the
/// fit and predictions of the people of its fold: [person][base, best, stack, single ...].
Parts fit_folds(const StackingData& data, const StackingRules& rules, RunContext& context) {
    return context.for_each_unit(
        "folds", data.outer_folds + 1, [&](std::uint64_t f, PartWriter& part) {
            const StackFit fit = fit_stack(data, rules, static_cast<std::size_t>(f));
            const bool good = fit.reason.empty();
            std::vector<double> numbers{good                          ? 0.0
                                        : fit.reason == "not_settled" ? 1.0
                                                                      : 2.0,
                                        fit.any ? 1.0 : 0.0,
                                        fit.alpha,
                                        fit.lambda,
                                        fit.deviance,
                                        static_cast<double>(fit.best),
                                        good && fit.any ? fit.singles[fit.best].scores[fit.best]
                                                        : 0.0};
            if (good)
                numbers.insert(numbers.end(), fit.stack.scores.begin(), fit.stack.scores.end());
            std::vector<double> predictions;
            for (std::size_t i = 0; good && i < data.people(); ++i) {
                if (data.outer[i] != f) continue;
                predictions.push_back(fit.base.of(data, i));
                predictions.push_back(fit.any ? fit.singles[fit.best].of(data, i)
                                              : predictions.back());
                predictions.push_back(fit.stack.of(data, i));
                for (const LinearPrediction& single : fit.singles)
                    predictions.push_back(single.of(data, i));
            }
            part.write_array<double>("numbers", numbers, {}, Compression::none);
            part.write_array<double>("predictions", predictions, {}, Compression::none);
        });
}

std::vector<FoldResult> read_folds(const Parts& parts) {
    std::vector<FoldResult> out;
    for (std::uint64_t f = 0; f < parts.size(); ++f) {
        const auto n = parts.open(f).read_array<double>("numbers");
        out.push_back({.failed = static_cast<std::uint8_t>(n[0]),
                       .any = n[1] != 0,
                       .alpha = n[2],
                       .lambda = n[3],
                       .deviance = n[4],
                       .best = static_cast<std::size_t>(n[5]),
                       .best_coefficient = n[6],
                       .coefficients = {n.begin() + 7, n.end()}});
    }
    return out;
}

void refuse_failures(const std::vector<FoldResult>& folds, const Tuning& tuning) {
    const auto failed = std::count_if(folds.begin(), folds.end(),
                                      [](const FoldResult& f) { return f.failed != 0; });
    if (failed > 0) {
        const bool monotone = std::any_of(folds.begin(), folds.end(),
                                          [](const FoldResult& f) { return f.failed == 2; });
        throw DataError(
            {.what = text(failed, " of ", folds.size(), " regressions of ", tuning.trait,
                          monotone ? " have no maximum (monotone)" : " did not settle"),
             .where = "stage pgs_stacking",
             .why = monotone
                        ? "covariates separate cases from controls, or there are too few people"
                        : "columns are nearly combinations of each other",
             .help = monotone ? "use fewer covariates or more people"
                              : "leave out covariates or sets of weights that repeat others"});
    }
    if (!folds.back().any || folds.back().nonzero() == 0)
        throw DataError({.what = text("no score goes with ", tuning.trait),
                         .where = "stage pgs_stacking",
                         .why = "no candidate has a coefficient above 0 that the folds confirm",
                         .help = "check that weights and people are of one trait and population"});
}

/// Predictions of everybody out of fold, [base, best, stack, single ...][person].
std::vector<std::vector<double>> out_of_fold(const StackingData& data, const Parts& parts) {
    const std::size_t width = 3 + data.scores.size();
    std::vector<std::vector<double>> out(width, std::vector<double>(data.people()));
    for (std::uint64_t f = 0; f < data.outer_folds; ++f) {
        const auto values = parts.open(f).read_array<double>("predictions");
        std::size_t at = 0;
        for (std::size_t i = 0; i < data.people(); ++i) {
            if (data.outer[i] != f) continue;
            for (std::size_t k = 0; k < width; ++k)
                out[k][i] = values[at++];
        }
    }
    return out;
}

struct PerformanceRow {
    std::string model, metric;
    Interval interval;
    double error;
};
std::vector<PerformanceRow> performance(const StackingData& data,
                                        const std::vector<std::vector<double>>& predictions) {
    const auto judged = judge_predictions(data.kind, std::span(predictions).first(3), data.outcome);
    const std::string metric = data.kind == OutcomeKind::binary ? "auc" : "r2";
    std::vector<PerformanceRow> rows;
    const auto add = [&](std::string model, std::string name, const Measured& m) {
        rows.push_back(
            {std::move(model), std::move(name), wald_interval(m.value, m.error), m.error});
    };
    const std::vector<std::string> models{"covariates", "best_single", "stack"};
    for (std::size_t k = 0; k < models.size(); ++k) {
        add(models[k], metric, judged.value[k]);
        if (k > 0) add(models[k], metric + "_increment", judged.over_base[k]);
    }
    add("stack_minus_best_single", metric, judged.last_over_previous);
    return rows;
}

TableData performance_data(const std::vector<PerformanceRow>& rows) {
    TableData table(stacking_performance_table());
    for (const PerformanceRow& r : rows) {
        table.column<std::string>("model").push_back(r.model);
        table.column<std::string>("metric").push_back(r.metric);
        table.column<double>("value").push_back(r.interval.estimate);
        table.column<double>("standard_error").push_back(r.error);
        table.column<double>("lower").push_back(r.interval.lower);
        table.column<double>("upper").push_back(r.interval.upper);
    }
    return table;
}

double deviation_of(std::span<const double> values) {
    double mean = 0, square = 0;
    const auto n = static_cast<double>(values.size());
    for (const double v : values)
        mean += v / n;
    for (const double v : values)
        square += (v - mean) * (v - mean) / n;
    return std::sqrt(square);
}

TableData candidates_data(const Tuning& tuning, const std::vector<FoldResult>& folds,
                          const std::vector<std::vector<double>>& predictions) {
    TableData table(stacking_candidates_table());
    for (const Candidate& c : tuning.candidates) {
        const bool used = c.status == "used";
        Measured value{nan, nan}, more{nan, nan};
        double coefficient = 0, deviation = nan;
        std::uint32_t best = 0;
        if (used) {
            const std::vector<std::vector<double>> two{predictions[0], predictions[3 + c.place]};
            const auto judged = judge_predictions(tuning.data.kind, two, tuning.data.outcome);
            value = judged.value[1];
            more = judged.over_base[1];
            coefficient = folds.back().coefficients[c.place];
            deviation = deviation_of(tuning.data.scores[c.place]);
            for (std::size_t f = 0; f + 1 < folds.size(); ++f)
                if (folds[f].any && folds[f].best == c.place) ++best;
        }
        const Interval interval = wald_interval(more.value, more.error);
        table.column<std::string>("candidate").push_back(c.name);
        table.column<std::string>("status").push_back(c.status);
        table.column<double>("value").push_back(value.value);
        table.column<double>("increment").push_back(more.value);
        table.column<double>("standard_error").push_back(more.error);
        table.column<double>("lower").push_back(interval.lower);
        table.column<double>("upper").push_back(interval.upper);
        table.column<std::uint32_t>("folds_best").push_back(best);
        table.column<double>("coefficient").push_back(coefficient);
        table.column<double>("coefficient_per_sd").push_back(used ? coefficient * deviation : 0);
    }
    return table;
}

TableData folds_data(const Tuning& tuning, const std::vector<FoldResult>& folds) {
    TableData table(stacking_folds_table());
    const auto names = tuning.used();
    for (std::size_t f = 0; f < folds.size(); ++f) {
        const bool all = f + 1 == folds.size();
        const auto out = static_cast<std::size_t>(
            std::count(tuning.data.outer.begin(), tuning.data.outer.end(), f));
        table.column<std::uint32_t>("fold").push_back(all ? 0 : static_cast<std::uint32_t>(f + 1));
        table.column<std::uint64_t>("people").push_back(tuning.data.people() - (all ? 0 : out));
        table.column<double>("alpha").push_back(folds[f].alpha);
        table.column<double>("lambda").push_back(folds[f].lambda);
        table.column<double>("deviance").push_back(folds[f].deviance);
        table.column<std::uint32_t>("candidates")
            .push_back(static_cast<std::uint32_t>(folds[f].nonzero()));
        table.column<std::string>("best_single")
            .push_back(folds[f].any ? names[folds[f].best] : std::string());
    }
    return table;
}

/// Weights of the stack and of the best single candidate (phase `rows`).
Parts write_weights(const Tuning& tuning, const FoldResult& all, const TableSpec& spec,
                    RunContext& context) {
    const auto& path = context.input("weights");
    const std::string table = "weights/" + tuning.weights_table;
    const std::uint64_t rows = read_once(context.comm(), "counting the weights",
                                         [&] { return H5File::open(path).rows(table); });
    const auto names = tuning.used();
    return context.for_each_unit(
        "rows", (rows + rows_at_once - 1) / rows_at_once, [&](std::uint64_t u, PartWriter& part) {
            const H5File file = H5File::open(path);
            const std::uint64_t begin = u * rows_at_once,
                                count = std::min(rows_at_once, rows - begin);
            TableData out(spec);
            const TableData from = file.read_rows(table, begin, count,
                                                  {"chromosome", "base_pair_location", "variant_id",
                                                   "other_allele", "effect_allele"});
            for (const char* name : {"chromosome", "variant_id", "other_allele", "effect_allele"})
                out.column<std::string>(name) = from.column<std::string>(name);
            out.column<std::uint32_t>("base_pair_location") =
                from.column<std::uint32_t>("base_pair_location");
            auto& stack = out.column<double>("weight_stack");
            auto& best = out.column<double>("weight_best_single");
            stack.assign(count, 0.0);
            best.assign(count, 0.0);
            for (std::size_t c = 0; c < names.size(); ++c) {
                if (all.coefficients[c] == 0 && c != all.best) continue;
                const auto weights =
                    file.read_rows<double>(text(table, "/weight_", names[c]), begin, count);
                for (std::size_t j = 0; j < weights.size(); ++j) {
                    stack[j] += all.coefficients[c] * weights[j];
                    if (c == all.best) best[j] = all.best_coefficient * weights[j];
                }
            }
            write_unit_table(part, out);
        });
}

void write_facts(ResultWriter& out, const Tuning& tuning, const FoldResult& all,
                 const std::vector<PerformanceRow>& rows) {
    const auto number = [&](const char* name, std::uint64_t value) {
        out.fact(name, static_cast<std::int64_t>(value));
    };
    out.fact("genome_build", tuning.genome_build);
    out.fact("trait", tuning.trait);
    out.fact("metric", tuning.data.kind == OutcomeKind::binary ? "auc" : "r2");
    number("people", tuning.data.people());
    number("cases", tuning.cases);
    number("left_out_not_listed", tuning.not_listed);
    number("left_out_failed_quality", tuning.failed_quality);
    number("left_out_not_scored", tuning.not_scored);
    number("left_out_no_outcome", tuning.no_outcome);
    number("left_out_no_covariate", tuning.no_covariate);
    out.fact("covariates", join(tuning.covariates, ", "));
    out.fact("best_single", tuning.used()[all.best]);
    for (const PerformanceRow& r : rows) {
        if (r.model == "covariates" || r.metric.ends_with("_increment")) continue;
        out.fact(r.model, r.interval.estimate);
        out.fact(r.model + "_lower", r.interval.lower);
        out.fact(r.model + "_upper", r.interval.upper);
    }
}

} // namespace

void run_pgs_stacking(const PgsStackingParams& params, RunContext& context) {
    const auto& comm = context.comm();
    const Tuning tuning = read_once(comm, "reading scores and phenotypes",
                                    [&] { return read_tuning(params, context); });
    const Parts parts = fit_folds(tuning.data, rules_of(params), context);
    const auto folds = read_once(comm, "reading the fits", [&] {
        auto read = read_folds(parts);
        refuse_failures(read, tuning);
        return read;
    });
    const FoldResult& all = folds.back();
    const TableSpec spec = pgs_weights_table(tuning.weights_table, {"stack", "best_single"});
    const Parts rows = write_weights(tuning, all, spec, context);
    const UnitTables tables(context, rows, {spec});
    context.publish("stacking", [&](ResultWriter& out) {
        const auto predictions = out_of_fold(tuning.data, parts);
        const auto measured = performance(tuning.data, predictions);
        tables.write(out);
        out.write(candidates_data(tuning, folds, predictions));
        out.write(performance_data(measured));
        out.write(folds_data(tuning, folds));
        write_facts(out, tuning, all, measured);
        for (const PerformanceRow& r : measured)
            context.log().info(text(r.model, ": ", r.metric, " ", fixed(r.interval.estimate, 4),
                                    " (", fixed(r.interval.lower, 4), " to ",
                                    fixed(r.interval.upper, 4), ")"));
    });
    context.publish_file("catalog", [&](const std::filesystem::path& path) {
        pgs_weights::write_catalog(path, H5File::open(context.output("stacking")),
                                   tuning.weights_table, "weight_stack", tuning.genome_build);
    });
    context.log().info(text(with_thousands(tuning.data.people()), " people, ", all.nonzero(),
                            " of ", tuning.data.scores.size(), " scores in the stack"));
}

} // namespace salus
