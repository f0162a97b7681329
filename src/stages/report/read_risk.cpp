#include "base/text.hpp"

#include "stages/report/read_tables.hpp"

#include <algorithm>
#include <cmath>

namespace salus::report {
namespace {

void add_measures(const H5File& file, std::vector<TraitRisk>& traits) {
    const auto table = file.read("validation");
    const auto trait = words(table, "trait"), group = words(table, "group"),
               metric = words(table, "metric"), model = words(table, "model");
    const auto estimate = numbers(table, "estimate"), lower = numbers(table, "lower"),
               upper = numbers(table, "upper");
    const auto n = counts(table, "n"), cases = counts(table, "cases");
    const auto note = words(table, "note");
    for (std::size_t i = 0; i < trait.size(); ++i) {
        auto at = std::find_if(traits.begin(), traits.end(),
                               [&](const TraitRisk& t) { return t.name == trait[i]; });
        if (at == traits.end()) at = traits.insert(at, TraitRisk{.name = trait[i]});
        at->measures.push_back({.group = group[i],
                                .metric = metric[i],
                                .model = model[i],
                                .estimate = estimate[i],
                                .lower = lower[i],
                                .upper = upper[i],
                                .n = n[i],
                                .cases = cases[i],
                                .note = note[i]});
    }
}

/// Means of parts of the people, by prediction or by score.
std::vector<CalibrationPoint> read_bins(const H5File& file, const std::string& name,
                                        std::string_view x) {
    std::vector<CalibrationPoint> points;
    if (!file.exists(name)) return points;
    const auto table = file.read(name);
    const auto at = numbers(table, x), observed = numbers(table, "mean_observed"),
               lower = numbers(table, "lower"), upper = numbers(table, "upper");
    const auto n = counts(table, "n");
    for (std::size_t i = 0; i < n.size(); ++i)
        points.push_back({at[i], observed[i], lower[i], upper[i], n[i]});
    return points;
}

double chosen_threshold(const H5File& file, const std::string& trait) {
    if (!file.exists("tuning")) return unknown;
    const auto table = file.read("tuning");
    const auto names = words(table, "trait");
    const auto chosen = counts(table, "chosen");
    const auto threshold = numbers(table, "p_threshold");
    for (std::size_t i = 0; i < names.size(); ++i)
        if (names[i] == trait && chosen[i] != 0) return threshold[i];
    return unknown;
}

void add_curves(const H5File& file, TraitRisk& trait) {
    if (const std::string name = "roc/" + trait.name; file.exists(name)) {
        const auto table = file.read(name);
        const auto x = numbers(table, "false_positive_rate"),
                   y = numbers(table, "true_positive_rate");
        const std::size_t step = x.size() / 60 + 1; // a corner then stands for several people
        for (std::size_t i = 0; i < x.size(); i += step)
            trait.roc.emplace_back(x[i], y[i]);
        if (!x.empty() && (x.size() - 1) % step != 0) trait.roc.emplace_back(x.back(), y.back());
    }
    trait.calibration = read_bins(file, "calibration/" + trait.name, "mean_predicted");
    trait.deciles = read_bins(file, "quantiles/" + trait.name, "bin");
    if (const std::string name = "weights/" + trait.name; file.exists(name))
        trait.weights = file.rows(name);
    trait.p_threshold = chosen_threshold(file, trait.name);
}

/// Score and outcome of the people of the validation half who have both.
struct Person {
    double score, outcome;
};

std::vector<Person> validation_people(const H5File& file, const H5File* phenotypes,
                                      const std::string& trait) {
    std::vector<Person> people;
    const std::string table = "scores/" + trait;
    if (!file.exists(table)) return people;
    const std::uint64_t rows = file.rows(table);
    const bool joined = phenotypes != nullptr && phenotypes->exists("traits/" + trait) &&
                        phenotypes->rows("traits") == rows;
    for (const auto& range : row_slices(rows, slice_rows)) {
        const auto slice =
            file.read_rows(table, range.begin, range.end - range.begin, {"half", "used", "score"});
        const auto half = counts(slice, "half"), used = counts(slice, "used");
        const auto score = numbers(slice, "score");
        std::vector<double> outcome(score.size(), unknown);
        if (joined)
            outcome = numbers(
                phenotypes->read_rows("traits", range.begin, range.end - range.begin, {trait}),
                trait);
        for (std::size_t i = 0; i < score.size(); ++i)
            if (half[i] == 1 && used[i] == 1 && !std::isnan(score[i]))
                people.push_back({score[i], outcome[i]});
    }
    return people;
}

void standardise(std::vector<Person>& people) {
    double mean = 0, squares = 0;
    for (const auto& p : people)
        mean += p.score;
    mean /= static_cast<double>(people.size());
    for (const auto& p : people)
        squares += (p.score - mean) * (p.score - mean);
    const double sd = std::sqrt(squares / static_cast<double>(people.size() - 1));
    for (auto& p : people)
        p.score = sd > 0 ? (p.score - mean) / sd : 0.0;
}

void add_distribution(const std::vector<Person>& people, TraitRisk& trait) {
    constexpr std::size_t bins = 32;
    const bool binary = trait.kind == "binary" && !std::isnan(people.front().outcome);
    for (std::size_t i = 0; i <= bins; ++i)
        trait.score_edges.push_back(-4.0 + 0.25 * static_cast<double>(i));
    trait.score_controls.assign(bins, 0);
    if (binary) trait.score_cases.assign(bins, 0);
    for (const auto& p : people) {
        const auto bin = static_cast<std::size_t>(
            std::clamp((p.score + 4.0) * 4.0, 0.0, static_cast<double>(bins - 1)));
        ++(binary && p.outcome == 1.0 ? trait.score_cases : trait.score_controls)[bin];
    }
}

} // namespace

std::vector<TraitRisk> read_risk(const H5File& file, const H5File* phenotypes) {
    std::vector<TraitRisk> traits;
    add_measures(file, traits);
    for (auto& trait : traits) {
        const bool binary =
            std::any_of(trait.measures.begin(), trait.measures.end(),
                        [](const ScoreMeasure& m) { return m.metric == "auc" || m.cases > 0; });
        trait.kind = binary ? "binary" : "quantitative";
        add_curves(file, trait);
        auto people = validation_people(file, phenotypes, trait.name);
        if (people.size() < 2) continue;
        standardise(people);
        add_distribution(people, trait);
    }
    return traits;
}

} // namespace salus::report
