#include "stages/risk_model/imputation.hpp"

#include "base/hash.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

namespace salus::risk_models {
namespace {

constexpr std::size_t known_min = 10, levels_max = 50;

std::set<std::string> unordered_columns(const Formula& formula) {
    std::set<std::string> out;
    for (const OpenTerm& term : formula.terms)
        for (const OpenFactor& factor : term.factors)
            if (factor.kind == OpenFactor::Kind::factor) out.insert(factor.column);
    return out;
}

std::vector<double> levels_of(std::span<const double> values) {
    std::set<double> levels;
    for (const double v : values)
        if (std::isfinite(v)) levels.insert(v);
    return {levels.begin(), levels.end()};
}

std::vector<double> picked(std::span<const double> all, std::span<const std::uint32_t> rows) {
    std::vector<double> out;
    for (const std::uint32_t row : rows)
        out.push_back(all[row]);
    return out;
}

// Status and cumulative hazard over the time at risk, of one event.
void add_event(const People& people, std::span<const std::uint32_t> rows, double cause,
               std::vector<std::vector<double>>& known) {
    const auto exit = picked(people.exit, rows);
    const auto entry = people.entry.empty() ? std::vector<double>{} : picked(people.entry, rows);
    std::vector<double> status;
    for (const std::uint32_t row : rows)
        status.push_back(people.outcome[row] == cause ? 1 : 0);
    const auto curve = incidence_curve({exit, status, entry}, 1);
    std::vector<double> sums;
    for (std::size_t k = 0; k < curve.time.size(); ++k)
        sums.push_back((k > 0 ? sums.back() : 0) + curve.events[k] / curve.at_risk[k]);
    const auto at = [&](double t) {
        const std::size_t k = curve.place(t);
        return k == IncidenceCurve::npos ? 0 : sums[k];
    };
    auto& hazard = known.emplace_back();
    for (std::size_t i = 0; i < exit.size(); ++i)
        hazard.push_back(at(exit[i]) - (entry.empty() ? 0 : at(entry[i])));
    known.push_back(std::move(status));
}

std::vector<std::vector<double>> known_predictors(const Declaration& model, const People& people,
                                                  const SampleColumns& columns,
                                                  std::span<const std::uint32_t> rows) {
    std::vector<std::vector<double>> known;
    if (!is_survival(model.kind)) known.push_back(picked(people.outcome, rows));
    if (is_survival(model.kind)) add_event(people, rows, 1, known);
    if (is_survival(model.kind) && !model.competing.empty()) add_event(people, rows, 2, known);
    if (!model.offset.empty()) known.push_back(values_of(columns, model.offset, people, rows));
    if (model.strata.empty()) return known;
    const auto strata = values_of(columns, model.strata, people, rows);
    const auto levels = levels_of(strata);
    for (std::size_t l = 1; l < levels.size() && levels.size() <= levels_max; ++l) {
        auto& column = known.emplace_back();
        for (const double v : strata)
            column.push_back(v == levels[l] ? 1 : 0);
    }
    return known;
}

std::vector<ChainColumn> chain_columns(const Declaration& model, const People& people,
                                       const SampleColumns& columns,
                                       std::span<const std::uint32_t> rows,
                                       const std::vector<std::string>& helpers) {
    std::vector<std::string> names = model.formula.columns();
    for (const std::string& name : helpers)
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    const auto unordered = unordered_columns(model.formula);
    std::vector<ChainColumn> out;
    for (const std::string& name : names) {
        ChainColumn column{.name = name, .values = values_of(columns, name, people, rows)};
        std::size_t known = 0;
        for (const double v : column.values)
            known += std::isfinite(v) ? 1U : 0U;
        if (known < known_min)
            throw DataError(
                {.what = text("only ", known, " training people have the column ", name),
                 .where = text("model ", model.name, ", parameter imputations"),
                 .why = text("missing values are filled from at least ", known_min, " known ones"),
                 .help = "leave the column out of the model"});
        if (unordered.contains(name)) column.levels = levels_of(column.values);
        out.push_back(std::move(column));
    }
    return out;
}

} // namespace

std::vector<Completed> impute(const Declaration& model, const People& people,
                              const SampleColumns& columns, std::span<const std::uint32_t> rows,
                              const ImputationRule& rule, const Communicator& comm) {
    if (rule.imputations == 0) return {};
    std::vector<ChainColumn> chain;
    std::vector<double> mine;
    const auto rank = static_cast<std::size_t>(comm.rank()),
               size = static_cast<std::size_t>(comm.size());
    collectively(comm, "imputing covariates", [&] {
        chain = chain_columns(model, people, columns, rows, rule.helpers);
        const bool complete = std::all_of(chain.begin(), chain.end(), [](const ChainColumn& c) {
            return std::all_of(c.values.begin(), c.values.end(),
                               [](double v) { return std::isfinite(v); });
        });
        if (complete) {
            chain.clear();
            return;
        }
        const auto ids = columns.ids();
        std::vector<std::uint64_t> key;
        for (const std::uint32_t row : rows)
            key.push_back(hash64(ids[people.sample[row]], 11));
        const ChainInput input{.columns = chain,
                               .known = known_predictors(model, people, columns, rows),
                               .person_key = key};
        const ChainRule chained{.cycles = rule.cycles, .seed = rule.seed, .stream = model.name};
        for (std::size_t k = rank; k < rule.imputations; k += size)
            for (const auto& column : impute_chained(input, chained, k))
                mine.insert(mine.end(), column.begin(), column.end());
    });
    if (chain.empty()) return {};
    const auto all = comm.gather_all(
        std::string(reinterpret_cast<const char*>(mine.data()), mine.size() * sizeof(double)));
    std::vector<std::vector<std::uint32_t>> missing(chain.size()); // samples
    std::size_t cells = 0;
    for (std::size_t c = 0; c < chain.size(); ++c) {
        for (std::size_t i = 0; i < rows.size(); ++i)
            if (!std::isfinite(chain[c].values[i])) missing[c].push_back(people.sample[rows[i]]);
        cells += missing[c].size();
    }
    std::vector<Completed> out(rule.imputations);
    for (std::size_t k = 0; k < out.size(); ++k) {
        std::size_t at = (k / size) * cells;
        for (std::size_t c = 0; c < chain.size(); ++c) {
            if (missing[c].empty()) continue;
            auto& column = out[k][chain[c].name];
            column.sample = missing[c];
            column.value.resize(missing[c].size());
            std::memcpy(column.value.data(), all[k % size].data() + at * sizeof(double),
                        column.value.size() * sizeof(double));
            at += missing[c].size();
        }
    }
    return out;
}

} // namespace salus::risk_models
