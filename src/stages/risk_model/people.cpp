#include "stages/risk_model/people.hpp"

#include "base/text.hpp"
#include "models/pgs.hpp"
#include "models/survival_curves.hpp"
#include "stages/cohort/columns.hpp"

#include <algorithm>
#include <cmath>

namespace salus::risk_models {
namespace {

void check_values(const Declaration& model, std::span<const double> values,
                  const SampleColumns& columns) {
    const bool two = is_binary(model.kind) || is_survival(model.kind);
    for (const double v : values)
        if (std::isinf(v) || (two && !std::isnan(v) && v != 0 && v != 1))
            throw DataError({.what = text("the outcome ", model.outcome, " has a value that is ",
                                          two ? "not 0, 1 or missing" : "infinite"),
                             .where = columns.file().path().string(),
                             .why = "binary and time-to-event traits are 1 with the event, else 0",
                             .help = "correct the trait"});
}

/// Takes people out, one reason after the other.
class Selection {
public:
    explicit Selection(std::uint64_t samples) : keep_(samples, 1) {}
    template <class F>
    std::uint64_t drop(F&& lacks) {
        std::uint64_t dropped = 0;
        for (std::size_t i = 0; i < keep_.size(); ++i)
            if (keep_[i] != 0 && lacks(i)) keep_[i] = 0, ++dropped;
        return dropped;
    }
    std::span<const std::uint8_t> kept() const { return keep_; }

private:
    std::vector<std::uint8_t> keep_;
};

std::uint64_t drop_low_quality(const std::filesystem::path& path, const SampleColumns& columns,
                               Selection& selection) {
    const TableData marks = H5File::open(path).read("samples", {"sample_id", "pass"});
    if (marks.column<std::string>("sample_id") != columns.ids())
        throw DataError({.what = "the samples differ from those of the phenotypes",
                         .where = path.string(),
                         .why = "rows are samples in the order of the genotype store",
                         .help = "make both files from the same genotype store"});
    const auto& pass = marks.column<std::uint8_t>("pass");
    return selection.drop([&](std::size_t i) { return pass[i] == 0; });
}

// 1 where a row has the outcome and all columns of the episodes that the model asks for.
std::vector<std::uint8_t> complete_rows(const Declaration& model, const SampleColumns& columns) {
    std::vector<std::string> names = model.columns();
    names.push_back(model.outcome);
    if (!model.competing.empty()) names.push_back(model.competing);
    std::vector<std::uint8_t> out(columns.episodes().rows(), 1);
    for (const std::string& name : names) {
        if (!columns.of_episodes(name)) continue;
        const auto& values = columns.episodes().columns.at(name);
        for (std::size_t i = 0; i < out.size(); ++i)
            if (!std::isfinite(values[i])) out[i] = 0;
    }
    return out;
}

// Times that count as one are one number from here on, entries among them.
void join_times(People& people) {
    std::vector<double> all = people.exit;
    all.insert(all.end(), people.entry.begin(), people.entry.end());
    all = same_times(all);
    std::copy_n(all.begin(), people.exit.size(), people.exit.begin());
    std::copy(all.begin() + static_cast<std::ptrdiff_t>(people.exit.size()), all.end(),
              people.entry.begin());
    if (std::all_of(people.entry.begin(), people.entry.end(), [](double t) { return t == 0; }))
        people.entry.clear();
}

// 1 training, 0 held out.
std::vector<std::uint8_t> training_samples(const SampleColumns& columns, const PeopleRules& rules) {
    const SplitRule split{.seed = rules.split_seed,
                          .discovery_fraction = 1 - rules.validation_fraction};
    std::vector<std::uint8_t> out;
    for (const std::string& id : columns.ids())
        out.push_back(place_sample(id, split).validation ? 0 : 1);
    return out;
}

} // namespace

void check_rules(const std::vector<std::string>& where, const SampleColumns& columns,
                 std::vector<Problem>& problems) {
    for (const std::string& written : where) {
        const auto rule = matching::parse_condition(written);
        if (!rule)
            problems.push_back({.what = text("cannot read \"", written, "\""),
                                .where = "parameter where",
                                .why = "it is a rule on a column of the phenotype table",
                                .help = "write \"age >= 40\", \"stroke = 0\" or \"ldl known\""});
        else if (!columns.has(rule->column))
            problems.push_back(unknown_column(rule->column, columns, "parameter where"));
    }
}

TimedOutcome timed_outcome(const SampleColumns& columns, const std::string& event,
                           const std::string& competing) {
    TimedOutcome out{.status = columns.status(event), .exit = {}, .entry = {}};
    auto times = columns.times(event);
    out.exit = std::move(times.exit), out.entry = std::move(times.entry);
    if (competing.empty()) return out;
    const auto other = columns.status(competing);
    const auto when = columns.times(competing).exit;
    for (std::size_t i = 0; i < other.size(); ++i) {
        if (std::isnan(out.status[i])) continue;
        if (std::isnan(other[i]) || std::isnan(when[i])) {
            out.status[i] = other[i]; // not known whether something competed
            continue;
        }
        // The competing event ends the time at risk; at the same time the event counts.
        const bool ends = when[i] < out.exit[i] || (when[i] == out.exit[i] && out.status[i] == 0);
        if (!ends) continue;
        out.exit[i] = when[i];
        out.status[i] = other[i] == 1 ? 2 : 0;
    }
    return out;
}

bool has_rows(const Declaration& model, const SampleColumns& columns) {
    return is_survival(model.kind) && model.kind != Kind::equation &&
           columns.of_episodes(model.outcome);
}

People read_people(const Declaration& model, const SampleColumns& columns,
                   const PeopleRules& rules) {
    People out;
    out.lost.samples = columns.samples();
    Selection selection(columns.samples());
    if (rules.quality) out.lost.quality = drop_low_quality(*rules.quality, columns, selection);
    for (const std::string& written : rules.where) {
        const auto rule = matching::parse_condition(written);
        const auto values = columns.read(rule->column);
        out.lost.rules += selection.drop([&](std::size_t i) { return !rule->holds(values[i]); });
    }
    TimedOutcome outcome;
    if (is_survival(model.kind))
        outcome = timed_outcome(columns, model.outcome, model.competing);
    else
        outcome.status = columns.read(model.outcome);
    check_values(model, columns.status(model.outcome), columns);
    out.lost.no_outcome = selection.drop([&](std::size_t i) {
        return std::isnan(outcome.status[i]) ||
               (!outcome.exit.empty() && std::isnan(outcome.exit[i])) ||
               (!outcome.entry.empty() && std::isnan(outcome.entry[i]));
    });
    if (is_survival(model.kind))
        out.lost.no_follow_up = selection.drop([&](std::size_t i) {
            const double begin = outcome.entry.empty() ? 0 : outcome.entry[i];
            return !(outcome.exit[i] > begin) || begin < 0 || std::isinf(outcome.exit[i]);
        });
    const auto training = training_samples(columns, rules);
    std::vector<std::uint8_t> lacks(columns.samples(), 0);
    const auto terms = model.formula.columns();
    const bool by_rows = has_rows(model, columns);
    for (const std::string& name : model.columns()) {
        if (by_rows && columns.of_episodes(name)) continue;
        const auto values = columns.read(name);
        const bool term = std::find(terms.begin(), terms.end(), name) != terms.end();
        out.lost.no_covariate += selection.drop([&](std::size_t i) {
            const bool missing = !std::isfinite(values[i]);
            if (!missing || !term || !rules.impute || training[i] == 0) return missing;
            lacks[i] = 1;
            return false;
        });
    }
    if (by_rows) {
        const auto complete = complete_rows(model, columns);
        const auto& first = columns.episodes().first;
        out.lost.no_covariate += selection.drop([&](std::size_t i) {
            return std::count(complete.begin() + static_cast<std::ptrdiff_t>(first[i]),
                              complete.begin() + static_cast<std::ptrdiff_t>(first[i + 1]), 1) == 0;
        });
    }
    const auto kept = selection.kept();
    for (std::uint32_t i = 0; i < kept.size(); ++i) {
        if (kept[i] == 0) continue;
        out.lost.imputed += lacks[i];
        out.sample.push_back(i);
        out.training.push_back(training[i]);
        out.outcome.push_back(outcome.status[i]);
        if (!outcome.exit.empty()) out.exit.push_back(outcome.exit[i]);
        if (!outcome.entry.empty()) out.entry.push_back(outcome.entry[i]);
    }
    join_times(out);
    return out;
}

People rows_of(const Declaration& model, const SampleColumns& columns, const People& people) {
    const Episodes& episodes = columns.episodes();
    const auto complete = complete_rows(model, columns);
    const auto& event = episodes.columns.at(model.outcome);
    const std::vector<double>* other =
        model.competing.empty() ? nullptr : &episodes.columns.at(model.competing);
    People out;
    out.lost = people.lost;
    for (std::size_t p = 0; p < people.size(); ++p) {
        const std::uint32_t s = people.sample[p];
        for (std::uint64_t i = episodes.first[s]; i < episodes.first[s + 1]; ++i) {
            if (complete[i] == 0) continue;
            out.sample.push_back(s);
            out.training.push_back(people.training[p]);
            out.outcome.push_back(event[i] == 0 && other != nullptr ? 2 * (*other)[i] : event[i]);
            out.exit.push_back(episodes.stop[i]);
            out.entry.push_back(episodes.start[i]);
            out.episode.push_back(static_cast<std::uint32_t>(i));
        }
    }
    join_times(out);
    for (std::size_t i = 0; i < out.entry.size(); ++i)
        if (!(out.entry[i] < out.exit[i]))
            throw DataError({.what = "a row is shorter than times can be told apart",
                             .where = text("episodes, a row that ends at ", out.exit[i]),
                             .why = "times closer than 1.5e-8 of the mean time are one time",
                             .help = "leave the row out"});
    return out;
}

std::uint64_t count_people(const People& people, std::span<const std::uint32_t> rows) {
    if (people.episode.empty()) return rows.size();
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < rows.size(); ++i)
        out += i == 0 || people.sample[rows[i]] != people.sample[rows[i - 1]] ? 1U : 0U;
    return out;
}

std::vector<double> values_of(const SampleColumns& columns, const std::string& name,
                              const People& people, std::span<const std::uint32_t> rows) {
    std::vector<double> out;
    out.reserve(rows.size());
    if (!people.episode.empty() && columns.of_episodes(name)) {
        const auto& all = columns.episodes().columns.at(name);
        for (const std::uint32_t row : rows)
            out.push_back(all[people.episode[row]]);
        return out;
    }
    const auto all = columns.read(name);
    for (const std::uint32_t row : rows)
        out.push_back(all[people.sample[row]]);
    return out;
}

} // namespace salus::risk_models
