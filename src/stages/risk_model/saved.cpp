#include "stages/risk_model/saved.hpp"

#include "base/error.hpp"
#include "base/numbers.hpp"
#include "base/text.hpp"
#include "models/contingency.hpp"
#include "models/logistic.hpp"
#include "models/pooling.hpp"
#include "models/tails.hpp"

#include <algorithm>
#include <cmath>

namespace salus::risk_models {
namespace {

std::string state_of(const FittedModel& model) {
    if (model.declaration.kind == Kind::equation) return "published";
    return std::string(salus::to_string(model.event.newton.state));
}

// Names of the coefficients of one cause.
std::vector<std::string> term_names(const FittedModel& model) {
    std::vector<std::string> names;
    if (!is_survival(model.declaration.kind)) names.emplace_back("(intercept)");
    for (const ModelTerm& term : model.terms)
        names.push_back(term.text());
    return names;
}

} // namespace

std::string reason_of(const FittedModel& model) {
    if (model.declaration.kind == Kind::equation) return {};
    const auto names = term_names(model);
    std::vector<std::string> aliased, endless;
    for (std::size_t c = 0; c < names.size(); ++c) {
        if (model.event.aliased[c] != 0) aliased.push_back(names[c]);
        if (model.event.endless[c] != 0) endless.push_back(names[c]);
    }
    std::string out;
    switch (model.event.newton.state) {
    case FitState::no_events:
        return "no_events: nothing can be fitted";
    case FitState::monotone:
        out = text("monotone: the likelihood grows without end along ", join(endless, ", "),
                   "; leave it out, or use firth or net");
        break;
    case FitState::not_settled:
        out = "not_settled: the steps did not converge";
        break;
    case FitState::not_finite:
        out = "not_finite: the likelihood is not a number";
        break;
    case FitState::converged:
        break;
    }
    if (!aliased.empty())
        out += text(out.empty() ? "" : "; ", "aliased: ", join(aliased, ", "),
                    " add nothing to the terms before them");
    return out;
}

TableData models_data(std::span<const ModelReport> reports) {
    TableData table(models_table());
    const auto str = [&](const char* column, std::string value) {
        table.column<std::string>(column).push_back(std::move(value));
    };
    const auto count = [&](const char* column, std::uint64_t value) {
        table.column<std::uint64_t>(column).push_back(value);
    };
    const auto number = [&](const char* column, double value) {
        table.column<double>(column).push_back(value);
    };
    for (const ModelReport& r : reports) {
        const Declaration& d = r.model.declaration;
        str("model", d.name), str("kind", std::string(to_string(d.kind)));
        str("outcome", d.outcome), str("competing", d.competing);
        str("declaration", d.written), str("state", state_of(r.model)), str("reason", r.reason);
        str("time_unit", r.model.time_unit);
        count("samples", r.lost.samples), count("low_quality", r.lost.quality);
        count("outside_rules", r.lost.rules), count("no_outcome", r.lost.no_outcome);
        count("no_follow_up", r.lost.no_follow_up), count("no_covariate", r.lost.no_covariate);
        count("imputed", r.lost.imputed), count("imputations", r.model.imputations);
        count("people", r.model.people), count("held_out", r.held_out);
        count("events", r.model.events), count("competing_events", r.model.competing_events);
        const NewtonFit& fit = r.model.event.newton;
        const bool fitted = d.kind != Kind::equation;
        number("log_likelihood", fitted ? fit.log_likelihood : nan);
        number("log_likelihood_null", fitted ? fit.log_likelihood_start : nan);
        number("aic", fitted && !d.net
                          ? 2 * static_cast<double>(fit.rank()) - 2 * fit.log_likelihood
                          : nan);
        number("score_chi_square", fitted && !d.net ? fit.score_chi_square : nan);
        count("iterations", static_cast<std::uint64_t>(fit.iterations));
        number("center", r.model.event.center);
        number("competing_center", r.model.competing ? r.model.competing->center : nan);
        number("residual_variance", d.kind == Kind::linear ? r.model.event.residual_variance : nan);
        number("last_time", is_survival(d.kind) ? r.model.last_time : nan);
    }
    return table;
}

namespace {

void add_coefficients(TableData& table, const FittedModel& model, const Estimates& e,
                      const std::string& cause) {
    const auto names = term_names(model);
    const std::size_t intercept = is_survival(model.declaration.kind) ? 0 : 1;
    const auto number = [&](const char* column, double value) {
        table.column<double>(column).push_back(value);
    };
    const bool ratio = model.declaration.kind != Kind::linear;
    for (std::size_t c = 0; c < names.size(); ++c) {
        const double b = e.coefficients[c];
        const double se = e.robust_error.empty() ? e.error[c] : e.robust_error[c];
        table.column<std::string>("model").push_back(model.declaration.name);
        table.column<std::string>("cause").push_back(cause);
        table.column<std::string>("term").push_back(names[c]);
        number("estimate", b), number("standard_error", e.error[c]);
        number("robust_standard_error", e.robust_error.empty() ? nan : e.robust_error[c]);
        number("ratio", ratio ? std::exp(b) : nan);
        const bool imputed = !e.degrees_of_freedom.empty();
        const double df = imputed ? e.degrees_of_freedom[c] : nan;
        const double half = (imputed ? student_t_975(df) : normal_975) * se;
        number("lower", ratio ? std::exp(b - half) : b - half);
        number("upper", ratio ? std::exp(b + half) : b + half);
        number("neg_log10_p", !(se > 0) ? nan
                              : imputed ? student_t_neg_log10_p(b / se, df)
                                        : wald_neg_log10_p(b, se));
        number("fraction_missing", imputed ? e.fraction_missing[c] : 0);
        number("degrees_of_freedom", df);
        const bool term = c >= intercept && !model.mean.empty();
        number("mean", term ? model.mean[c - intercept] : nan);
        number("standard_deviation", term ? model.deviation[c - intercept] : nan);
        table.column<std::uint8_t>("aliased").push_back(e.aliased[c]);
        table.column<std::uint8_t>("endless").push_back(e.endless[c]);
    }
}

void add_baseline(TableData& table, const FittedModel& model, const Estimates& e,
                  const std::string& cause) {
    for (const Baseline& b : e.baseline)
        for (std::size_t k = 0; k < b.time.size(); ++k) {
            table.column<std::string>("model").push_back(model.declaration.name);
            table.column<std::string>("cause").push_back(cause);
            table.column<double>("stratum").push_back(b.stratum);
            table.column<double>("time").push_back(b.time[k]);
            table.column<double>("cumulative_hazard").push_back(b.cumulative[k]);
            table.column<double>("standard_error").push_back(std::sqrt(b.variance[k]));
        }
}

} // namespace

TableData coefficients_data(std::span<const ModelReport> reports) {
    TableData table(coefficients_table());
    for (const ModelReport& r : reports) {
        if (r.model.declaration.kind == Kind::equation) continue;
        add_coefficients(table, r.model, r.model.event, "event");
        if (r.model.competing) add_coefficients(table, r.model, *r.model.competing, "competing");
    }
    return table;
}

TableData baseline_data(std::span<const ModelReport> reports) {
    TableData table(baseline_table());
    for (const ModelReport& r : reports) {
        add_baseline(table, r.model, r.model.event, "event");
        if (r.model.competing) add_baseline(table, r.model, *r.model.competing, "competing");
    }
    return table;
}

TableData path_data(std::span<const ModelReport> reports) {
    TableData table(path_table());
    for (const ModelReport& r : reports)
        for (const PathPoint& p : r.model.path) {
            table.column<std::string>("model").push_back(r.model.declaration.name);
            table.column<double>("lambda").push_back(p.lambda);
            table.column<double>("deviance").push_back(p.deviance);
            table.column<double>("standard_error").push_back(p.error);
            table.column<std::uint64_t>("nonzero").push_back(p.nonzero);
            table.column<std::uint8_t>("chosen").push_back(p.chosen ? 1 : 0);
        }
    return table;
}

TableData proportional_data(std::span<const ModelReport> reports) {
    TableData table(proportional_table());
    for (const ModelReport& r : reports)
        for (const Estimates* e :
             {&r.model.event, r.model.competing ? &*r.model.competing : nullptr}) {
            if (e == nullptr || !e->proportional) continue;
            const ProportionalHazards& test = *e->proportional;
            auto names = term_names(r.model);
            names.emplace_back("(all)");
            for (std::size_t c = 0; c < names.size(); ++c) {
                const bool all = c + 1 == names.size();
                const double x = all ? test.global : test.chi_square[c];
                const unsigned df = all ? test.global_df : std::isnan(x) ? 0U : 1U;
                table.column<std::string>("model").push_back(r.model.declaration.name);
                table.column<std::string>("cause").push_back(e == &r.model.event ? "event"
                                                                                 : "competing");
                table.column<std::string>("term").push_back(names[c]);
                table.column<double>("chi_square").push_back(x);
                table.column<std::uint64_t>("degrees_of_freedom").push_back(df);
                table.column<double>("neg_log10_p")
                    .push_back(df == 0 ? nan : salus::chi_square_neg_log10_p(x, df));
            }
        }
    return table;
}

std::string models_json(std::span<const ModelReport> reports, std::span<const double> horizons) {
    const auto number = [](double v) { return std::isfinite(v) ? text(v) : std::string("null"); };
    const auto list = [&](std::span<const double> values) {
        std::vector<std::string> parts;
        for (const double v : values)
            parts.push_back(number(v));
        return text("[", join(parts, ", "), "]");
    };
    std::vector<std::string> models;
    for (const ModelReport& r : reports) {
        const FittedModel& m = r.model;
        const Declaration& d = m.declaration;
        std::string out = text("    {\n      \"name\": ", json_quote(d.name),
                               ",\n      \"kind\": ", json_quote(to_string(d.kind)),
                               ",\n      \"outcome\": ", json_quote(d.outcome),
                               ",\n      \"competing\": ", json_quote(d.competing),
                               ",\n      \"declaration\": ", json_quote(d.written),
                               ",\n      \"state\": ", json_quote(state_of(m)),
                               ",\n      \"reason\": ", json_quote(r.reason),
                               ",\n      \"time_unit\": ", json_quote(m.time_unit),
                               ",\n      \"people\": ", m.people, ",\n      \"events\": ", m.events,
                               ",\n      \"last_time\": ", number(m.last_time));
        const auto add = [&](const char* cause, const Estimates& e) {
            std::vector<std::string> terms;
            const auto names = term_names(m);
            for (std::size_t c = 0; c < names.size(); ++c)
                terms.push_back(text("        {\"term\": ", json_quote(names[c]),
                                     ", \"estimate\": ", number(e.coefficients[c]),
                                     ", \"standard_error\": ", number(e.error[c]), "}"));
            out += text(",\n      \"", cause, "\": {\n      \"center\": ", number(e.center),
                        ",\n      \"coefficients\": [\n", join(terms, ",\n"),
                        "\n      ],\n      \"baseline\": [");
            std::vector<std::string> strata;
            for (const Baseline& b : e.baseline)
                strata.push_back(text("\n        {\"stratum\": ", number(b.stratum),
                                      ", \"time\": ", list(b.time),
                                      ", \"cumulative_hazard\": ", list(b.cumulative), "}"));
            out += text(join(strata, ","), "]}");
        };
        if (d.kind != Kind::equation) add("event", m.event);
        if (m.competing) add("competing_event", *m.competing);
        models.push_back(out + "\n    }");
    }
    return text(
        "{\n  \"format\": \"salus-risk-model 1\",\n  \"risk\": \"1 - exp(-cumulative_hazard * "
        "exp(sum of estimate * term - center)) for cox and fine_gray\",\n  \"horizons\": ",
        list(horizons), ",\n  \"models\": [\n", join(models, ",\n"), "\n  ]\n}\n");
}

namespace {

void read_coefficients(const TableData& table, FittedModel& model) {
    const std::size_t intercept = is_survival(model.declaration.kind) ? 0 : 1;
    Estimates competing;
    for (std::size_t i = 0; i < table.rows(); ++i) {
        if (table.column<std::string>("model")[i] != model.declaration.name) continue;
        const bool event = table.column<std::string>("cause")[i] == "event";
        Estimates& e = event ? model.event : competing;
        e.coefficients.push_back(table.column<double>("estimate")[i]);
        e.error.push_back(table.column<double>("standard_error")[i]);
        if (model.imputations > 0)
            e.fraction_missing.push_back(table.column<double>("fraction_missing")[i]);
        if (!event || e.coefficients.size() <= intercept) continue;
        std::string why;
        auto term = parse_term(table.column<std::string>("term")[i], why);
        if (!term)
            throw DataError({.what = "a term of a saved model cannot be read",
                             .where = "table coefficients",
                             .why = why,
                             .help = "make the file with the stage risk_model"});
        model.terms.push_back(std::move(*term));
        model.mean.push_back(table.column<double>("mean")[i]);
        model.deviation.push_back(table.column<double>("standard_deviation")[i]);
    }
    if (model.declaration.kind == Kind::cause_specific) model.competing = std::move(competing);
}

void read_baseline(const TableData& table, FittedModel& model) {
    for (std::size_t i = 0; i < table.rows(); ++i) {
        if (table.column<std::string>("model")[i] != model.declaration.name) continue;
        Estimates& e =
            table.column<std::string>("cause")[i] == "event" ? model.event : *model.competing;
        const double stratum = table.column<double>("stratum")[i];
        if (e.baseline.empty() || e.baseline.back().stratum != stratum)
            e.baseline.push_back({.stratum = stratum});
        e.baseline.back().time.push_back(table.column<double>("time")[i]);
        e.baseline.back().cumulative.push_back(table.column<double>("cumulative_hazard")[i]);
    }
}

} // namespace

std::vector<FittedModel> read_models(const H5File& file) {
    const TableData models = file.read("models"), coefficients = file.read("coefficients"),
                    baseline = file.read("baseline");
    std::vector<FittedModel> out;
    for (std::size_t i = 0; i < models.rows(); ++i) {
        std::string why;
        auto declaration = parse_declaration(models.column<std::string>("declaration")[i], why);
        if (!declaration)
            throw DataError({.what = "a saved model cannot be read",
                             .where = text(file.path().string(), ", table models"),
                             .why = why,
                             .help = "make the file with the stage risk_model"});
        FittedModel model{.declaration = std::move(*declaration), .terms = {}};
        model.people = models.column<std::uint64_t>("people")[i];
        model.events = models.column<std::uint64_t>("events")[i];
        if (file.exists("models/imputations")) // not of an earlier version
            model.imputations = models.column<std::uint64_t>("imputations")[i];
        model.last_time = models.column<double>("last_time")[i];
        model.time_unit = models.column<std::string>("time_unit")[i];
        model.event.center = models.column<double>("center")[i];
        read_coefficients(coefficients, model);
        if (model.competing) model.competing->center = models.column<double>("competing_center")[i];
        read_baseline(baseline, model);
        out.push_back(std::move(model));
    }
    return out;
}

} // namespace salus::risk_models
