#include "base/text.hpp"

#include "models/calibration.hpp"
#include "stages/report/numbers.hpp"
#include "stages/report/read_tables.hpp"

#include <algorithm>
#include <cmath>

namespace salus::report {
namespace {

/// The first of several names that the table has.
std::vector<double> first_of(const TableData& table, std::initializer_list<std::string_view> names) {
    for (const auto name : names)
        if (table.has(name)) return numbers(table, name);
    return std::vector<double>(table.rows(), unknown);
}

void add_measures(const H5File& file, std::vector<TraitRisk>& traits) {
    const auto table = file.read("validation");
    const auto trait = words(table, "trait"), group = words(table, "group"), metric = words(table, "metric"),
               model = words(table, "model");
    const auto estimate = numbers(table, "estimate"), lower = numbers(table, "lower"), upper = numbers(table, "upper");
    const auto n = counts(table, "n"), cases = counts(table, "cases");
    for (std::size_t i = 0; i < trait.size(); ++i) {
        auto at = std::find_if(traits.begin(), traits.end(), [&](const TraitRisk& t) { return t.name == trait[i]; });
        if (at == traits.end()) at = traits.insert(at, TraitRisk{.name = trait[i]});
        at->measures.push_back({.group = group[i], .metric = metric[i], .model = model[i], .estimate = estimate[i],
                                .lower = lower[i], .upper = upper[i], .n = n[i], .cases = cases[i]});
    }
}

void add_curves(const H5File& file, TraitRisk& trait) {
    if (const std::string name = "roc/" + trait.name; file.exists(name)) {
        const auto table = file.read(name);
        const auto x = first_of(table, {"false_positive_rate", "fpr"}), y = first_of(table, {"true_positive_rate", "tpr"});
        const std::size_t step = x.size() / 400 + 1;  // enough for the picture, and no point is one person
        for (std::size_t i = 0; i < x.size(); i += step) trait.roc.emplace_back(x[i], y[i]);
        if (!x.empty() && (x.size() - 1) % step != 0) trait.roc.emplace_back(x.back(), y.back());
    }
    if (const std::string name = "calibration/" + trait.name; file.exists(name)) {
        const auto table = file.read(name);
        const auto predicted = first_of(table, {"predicted", "mean_predicted"}), observed = first_of(table, {"observed", "mean_observed"});
        const auto lower = first_of(table, {"lower"}), upper = first_of(table, {"upper"});
        const auto n = counts(table, "n");
        for (std::size_t i = 0; i < n.size(); ++i)
            trait.calibration.push_back({predicted[i], observed[i], lower[i], upper[i], n[i]});
    }
    if (const std::string name = "weights/" + trait.name; file.exists(name)) trait.weights = file.rows(name);
}

/// Score and outcome of the people of the validation half who have both.
struct Person {
    double score, outcome;
};

std::vector<Person> validation_people(const H5File& file, const H5File* phenotypes, const std::string& trait) {
    std::vector<Person> people;
    const std::string table = "scores/" + trait;
    if (!file.exists(table)) return people;
    const std::uint64_t rows = file.rows(table);
    const bool joined = phenotypes != nullptr && phenotypes->exists("traits/" + trait) && phenotypes->rows("traits") == rows;
    for (const auto& range : row_slices(rows, slice_rows)) {
        const auto slice = file.read_rows(table, range.begin, range.end - range.begin, {"half", "score"});
        const auto half = counts(slice, "half");
        const auto score = numbers(slice, "score");
        std::vector<double> outcome(score.size(), unknown);
        if (joined) outcome = numbers(phenotypes->read_rows("traits", range.begin, range.end - range.begin, {trait}), trait);
        for (std::size_t i = 0; i < score.size(); ++i)
            if (half[i] == 1 && !std::isnan(score[i]) && (!joined || !std::isnan(outcome[i]))) people.push_back({score[i], outcome[i]});
    }
    return people;
}

void standardise(std::vector<Person>& people) {
    double mean = 0, squares = 0;
    for (const auto& p : people) mean += p.score;
    mean /= static_cast<double>(people.size());
    for (const auto& p : people) squares += (p.score - mean) * (p.score - mean);
    const double sd = std::sqrt(squares / static_cast<double>(people.size() - 1));
    for (auto& p : people) p.score = sd > 0 ? (p.score - mean) / sd : 0.0;
}

void add_distribution(const std::vector<Person>& people, TraitRisk& trait) {
    constexpr std::size_t bins = 32;
    const bool binary = trait.kind == "binary";
    for (std::size_t i = 0; i <= bins; ++i) trait.score_edges.push_back(-4.0 + 0.25 * static_cast<double>(i));
    trait.score_controls.assign(bins, 0);
    if (binary) trait.score_cases.assign(bins, 0);
    for (const auto& p : people) {
        const auto bin = static_cast<std::size_t>(std::clamp((p.score + 4.0) * 4.0, 0.0, static_cast<double>(bins - 1)));
        ++(binary && p.outcome == 1.0 ? trait.score_cases : trait.score_controls)[bin];
    }
}

/// Mean outcome with a normal interval; a proportion with Wilson's interval.
CalibrationPoint summarise(const Person* begin, const Person* end, bool binary) {
    constexpr double z = 1.959963984540054;
    const double n = static_cast<double>(end - begin);
    double sum = 0, squares = 0;
    for (const Person* p = begin; p != end; ++p) sum += p->outcome;
    const double mean = sum / n;
    for (const Person* p = begin; p != end; ++p) squares += (p->outcome - mean) * (p->outcome - mean);
    if (binary) {
        const Interval limits = wilson_interval(sum, n);
        return {.predicted = 0, .observed = mean, .lower = limits.lower, .upper = limits.upper, .n = static_cast<std::uint64_t>(n)};
    }
    const double error = n > 1 ? z * std::sqrt(squares / (n - 1) / n) : unknown;
    return {.predicted = 0, .observed = mean, .lower = mean - error, .upper = mean + error, .n = static_cast<std::uint64_t>(n)};
}

void add_deciles(std::vector<Person> people, TraitRisk& trait) {
    std::stable_sort(people.begin(), people.end(), [](const Person& a, const Person& b) { return a.score < b.score; });
    for (std::size_t d = 0; d < 10; ++d) {
        const std::size_t begin = people.size() * d / 10, end = people.size() * (d + 1) / 10;
        if (begin == end) continue;
        auto point = summarise(people.data() + begin, people.data() + end, trait.kind == "binary");
        point.predicted = static_cast<double>(d + 1);
        trait.deciles.push_back(point);
    }
}

}  // namespace

std::vector<TraitRisk> read_risk(const H5File& file, const H5File* phenotypes) {
    std::vector<TraitRisk> traits;
    add_measures(file, traits);
    for (auto& trait : traits) {
        const bool binary = std::any_of(trait.measures.begin(), trait.measures.end(), [](const ScoreMeasure& m) { return lower(m.metric) == "auc"; });
        trait.kind = binary ? "binary" : "quantitative";
        add_curves(file, trait);
        auto people = validation_people(file, phenotypes, trait.name);
        if (people.size() < 2) continue;
        standardise(people);
        add_distribution(people, trait);
        if (!std::isnan(people.front().outcome)) add_deciles(std::move(people), trait);
    }
    return traits;
}

}  // namespace salus::report
