#include "stages/pgs_stacking/people.hpp"

#include "base/numbers.hpp"
#include "base/text.hpp"
#include "formats/listed_samples.hpp"
#include "genotype/family_names.hpp"
#include "genotype/weight_rows.hpp"
#include "stages/risk_model/columns.hpp"
#include "store/h5.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace salus::pgs_stacking {
namespace {

using risk_models::SampleColumns;

constexpr std::uint64_t least_people = 50, least_class = 20;

std::vector<std::string> covariate_names(const H5File& file) {
    std::vector<std::string> names;
    if (!file.is_table("covariates")) return names;
    for (const ColumnSpec& column : file.table_spec("covariates").columns)
        if (column.type == ColumnType::f64) names.push_back(column.name);
    return names;
}

void unknown(std::vector<Problem>& problems, const char* parameter, const std::string& name,
             const std::vector<std::string>& known, const std::filesystem::path& path) {
    const auto near = nearest(name, known);
    problems.push_back({.what = text("there is no column \"", name, "\""),
                        .where = text("parameter ", parameter, ", ", path.string()),
                        .why = "outcome and covariates are columns of the phenotype table",
                        .help = near ? text("did you mean \"", *near, "\"?") : std::string()});
}

/// Values of a column of the scores for the samples of the phenotypes; NaN where there is none.
class Scores {
public:
    Scores(const std::filesystem::path& path, std::span<const std::string> ids)
        : file_(H5File::open(path)), samples_(ids.size()) {
        std::unordered_map<std::string, std::size_t> place;
        for (std::size_t i = 0; i < ids.size(); ++i)
            place.emplace(ids[i], i);
        const TableData samples = file_.read("scores", {"sample_id"});
        for (const std::string& id : samples.column<std::string>("sample_id")) {
            const auto found = place.find(id);
            place_.push_back(found == place.end() ? ids.size() : found->second);
        }
        refuse_other_scores(path);
        for (const ColumnSpec& column : file_.table_spec("scores").columns)
            if (column.type == ColumnType::f64) columns_.push_back(column.name);
    }
    bool has(const std::string& name) const {
        return std::find(columns_.begin(), columns_.end(), name) != columns_.end();
    }
    std::vector<std::uint8_t> scored() const {
        std::vector<std::uint8_t> marks(samples_, 0);
        for (const std::size_t p : place_)
            if (p < samples_) marks[p] = 1;
        return marks;
    }
    std::vector<double> read(const std::string& name) const {
        std::vector<double> out(samples_, nan);
        const auto values = file_.read_array<double>("scores/" + name);
        for (std::size_t i = 0; i < place_.size(); ++i)
            if (place_[i] < samples_) out[place_[i]] = values[i];
        return out;
    }

private:
    /// A stack of weights is the stack of scores only if scores are sums of weights.
    void refuse_other_scores(const std::filesystem::path& path) const {
        const std::string mode = file_.text_attribute("/", "mode").value_or("additive"),
                          value = file_.text_attribute("/", "value").value_or("sum");
        if (value == "sum" && (mode == "additive" || mode == "centred")) return;
        throw DataError({.what = text("the scores have mode ", mode, " and value ", value),
                         .where = path.string(),
                         .why = "weights can be added up only where scores are sums over alleles",
                         .help = "make the scores with value = \"sum\" and mode = \"additive\""});
    }

    H5File file_;
    std::size_t samples_;
    std::vector<std::size_t> place_;
    std::vector<std::string> columns_;
};

std::vector<Candidate> candidates_of(const Choice& choice, const std::filesystem::path& weights,
                                     const Scores& scores, const std::filesystem::path& path) {
    std::vector<Candidate> out;
    bool any = false;
    const WeightRows rows(weights, "weights/" + choice.weights_table, {});
    for (const std::string& name : rows.columns()) {
        Candidate c{.name = name, .column = name};
        // Scores of several files put the name of the table before names that come twice.
        if (const std::string longer = choice.weights_table + "." + name; scores.has(longer))
            c.column = longer;
        else if (!scores.has(name))
            c.status = "not_scored";
        any |= c.status == "used";
        out.push_back(c);
    }
    if (!any)
        throw DataError({.what = "no set of weights has a score",
                         .where = path.string(),
                         .why = text("scores are named as the sets of ", weights.string()),
                         .help = "make the scores by the stage score from these weights"});
    return out;
}

/// Takes people out, one reason after the other.
class Selection {
public:
    explicit Selection(std::size_t samples) : keep_(samples, 1) {}
    template <class F>
    std::uint64_t drop(F&& lacks) {
        std::uint64_t dropped = 0;
        for (std::size_t i = 0; i < keep_.size(); ++i)
            if (keep_[i] != 0 && lacks(i)) keep_[i] = 0, ++dropped;
        return dropped;
    }
    std::vector<std::uint32_t> kept() const {
        std::vector<std::uint32_t> out;
        for (std::uint32_t i = 0; i < keep_.size(); ++i)
            if (keep_[i] != 0) out.push_back(i);
        return out;
    }

private:
    std::vector<std::uint8_t> keep_;
};

std::vector<double> of_people(const std::vector<double>& all,
                              std::span<const std::uint32_t> people) {
    std::vector<double> out;
    out.reserve(people.size());
    for (const std::uint32_t i : people)
        out.push_back(all[i]);
    return out;
}

void refuse_overlap(const RunContext& context, std::span<const std::string> ids,
                    std::span<const std::uint32_t> people) {
    if (!context.has_input("statistics_samples")) return;
    const auto listed = listed_samples(context.input("statistics_samples"), ids);
    const auto both = std::count_if(people.begin(), people.end(),
                                    [&](std::uint32_t i) { return listed[i] != 0; });
    if (both > 0)
        throw DataError({.what = text(with_thousands(static_cast<std::uint64_t>(both)), " of ",
                                      with_thousands(people.size()),
                                      " people are those that the statistics were made from"),
                         .where = context.input("statistics_samples").string(),
                         .why =
                             "scores fit the people they were made from: their performance there "
                             "is no performance, and the stack would take the one that fits most",
                         .help = "give samples a list of other people, as of split_samples"});
}

void check_numbers(const Tuning& t, const std::filesystem::path& phenotypes) {
    const std::uint64_t people = t.data.people();
    const bool binary = t.data.kind == OutcomeKind::binary;
    for (const double y : t.data.outcome)
        if (!std::isfinite(y) || (binary && y != 0 && y != 1))
            throw DataError({.what = text("the trait ", t.trait, " has a value that is ",
                                          binary ? "not 0, 1 or missing" : "infinite"),
                             .where = phenotypes.string(),
                             .why = "binary traits are 1 for cases and 0 for controls",
                             .help = "correct the trait"});
    if (people >= least_people && (!binary || std::min(t.cases, people - t.cases) >= least_class))
        return;
    throw DataError(
        {.what = binary ? text("there are ", t.cases, " cases and ", people - t.cases,
                               " controls to tune on")
                        : text("there are ", people, " people to tune on"),
         .where = phenotypes.string(),
         .why =
             text("nested folds need at least ", least_people, " people",
                  binary ? text(", ", least_class, " cases and as many controls") : "", "; of ",
                  with_thousands(t.samples), " samples ", with_thousands(t.not_listed),
                  " are not in the list, ", with_thousands(t.failed_quality), " failed quality, ",
                  with_thousands(t.not_scored), " have no scores, ", with_thousands(t.no_outcome),
                  " lack the trait, ", with_thousands(t.no_covariate), " a covariate"),
         .help = "use more people, or fewer covariates"});
}

/// Scores of the candidates that can be used.
void load_scores(const Scores& scores, std::span<const std::uint32_t> people, Tuning& t) {
    for (Candidate& c : t.candidates) {
        if (c.status != "used") continue;
        auto values = of_people(scores.read(c.column), people);
        if (std::any_of(values.begin(), values.end(), [](double v) { return !std::isfinite(v); }))
            c.status = "missing";
        else if (std::all_of(values.begin(), values.end(),
                             [&](double v) { return v == values.front(); }))
            c.status = "constant";
        if (c.status != "used") continue;
        c.place = t.data.scores.size();
        t.data.scores.push_back(std::move(values));
    }
    if (t.data.scores.empty())
        throw DataError({.what = "no score varies among the people, or all have missing values",
                         .where = "stage pgs_stacking",
                         .why = "a score of no variance predicts nothing",
                         .help = "look at the table report of the scores"});
}

} // namespace

std::vector<std::string> Tuning::used() const {
    std::vector<std::string> names;
    for (const Candidate& c : candidates)
        if (c.status == "used") names.push_back(c.name);
    return names;
}

Choice choose(const PgsStackingParams& params, const std::filesystem::path& phenotypes,
              const std::filesystem::path& weights, std::vector<Problem>& problems) {
    Choice out{.covariates = params.covariates};
    std::vector<std::string> tables;
    for (const std::string& table : weight_tables(weights))
        tables.push_back(table.substr(table.find('/') + 1));
    out.weights_table = tables.front();
    if (std::find(tables.begin(), tables.end(), params.trait) != tables.end())
        out.weights_table = params.trait;
    out.trait = params.trait.empty() ? out.weights_table : params.trait;
    const SampleColumns columns(phenotypes, {});
    if (!columns.has(out.trait))
        unknown(problems, "trait", out.trait, columns.names(), phenotypes);
    else if (const std::string kind = columns.kind(out.trait); kind == "binary")
        out.kind = OutcomeKind::binary;
    else if (kind != "quantitative")
        problems.push_back(
            {.what = text("the trait ", out.trait, " is ", kind.empty() ? "no trait" : kind),
             .where = "parameter trait",
             .why = "scores are stacked on quantitative and binary traits",
             .help = "name a quantitative or binary trait"});
    if (params.covariates.empty()) out.covariates = covariate_names(columns.file());
    for (const std::string& name : out.covariates)
        if (!columns.has(name)) unknown(problems, "covariates", name, columns.names(), phenotypes);
    return out;
}

Tuning read_tuning(const PgsStackingParams& params, const RunContext& context) {
    const auto& phenotypes = context.input("phenotypes");
    const auto& weights = context.input("weights");
    std::vector<Problem> problems;
    const Choice choice = choose(params, phenotypes, weights, problems);
    if (!problems.empty()) throw UsageError(std::move(problems));
    const SampleColumns columns(phenotypes, {});
    const auto ids = columns.ids();
    const Scores scores(context.input("scores"), ids);
    Tuning t;
    t.trait = choice.trait;
    t.weights_table = choice.weights_table;
    t.covariates = choice.covariates;
    t.genome_build = WeightRows(weights, "weights/" + choice.weights_table, {}).genome_build();
    t.candidates = candidates_of(choice, weights, scores, context.input("scores"));
    t.samples = ids.size();
    Selection selection(ids.size());
    if (context.has_input("samples")) {
        const auto listed = listed_samples(context.input("samples"), ids);
        t.not_listed = selection.drop([&](std::size_t i) { return listed[i] == 0; });
    }
    if (context.has_input("quality")) {
        const TableData marks =
            H5File::open(context.input("quality")).read("samples", {"sample_id", "pass"});
        if (marks.column<std::string>("sample_id") != ids)
            throw DataError({.what = "the samples differ from those of the phenotypes",
                             .where = context.input("quality").string(),
                             .why = "rows are samples in the order of the genotype store",
                             .help = "make both files from the same genotype store"});
        const auto& pass = marks.column<std::uint8_t>("pass");
        t.failed_quality = selection.drop([&](std::size_t i) { return pass[i] == 0; });
    }
    const auto scored = scores.scored();
    t.not_scored = selection.drop([&](std::size_t i) { return scored[i] == 0; });
    const auto outcome = columns.read(choice.trait);
    t.no_outcome = selection.drop([&](std::size_t i) { return std::isnan(outcome[i]); });
    std::vector<std::vector<double>> covariates;
    for (const std::string& name : choice.covariates) {
        covariates.push_back(columns.read(name));
        t.no_covariate +=
            selection.drop([&](std::size_t i) { return !std::isfinite(covariates.back()[i]); });
    }
    const auto people = selection.kept();
    refuse_overlap(context, ids, people);
    t.data.kind = choice.kind;
    t.data.outer_folds = static_cast<std::size_t>(params.outer_folds);
    t.data.inner_folds = static_cast<std::size_t>(params.inner_folds);
    t.data.outcome = of_people(outcome, people);
    for (const auto& values : covariates)
        t.data.covariates.push_back(of_people(values, people));
    const auto names =
        family_names(ids, context.has_input("kinship")
                              ? read_families(H5File::open(context.input("kinship")), ids)
                              : std::vector<std::uint32_t>{});
    for (const std::uint32_t i : people) {
        const auto seed = static_cast<std::uint64_t>(params.fold_seed);
        t.data.outer.push_back(stacking_fold(names[i], seed, 0, t.data.outer_folds));
        t.data.inner.push_back(stacking_fold(names[i], seed, 1, t.data.inner_folds));
        if (t.data.kind == OutcomeKind::binary && outcome[i] == 1) ++t.cases;
    }
    check_numbers(t, phenotypes);
    load_scores(scores, people, t);
    return t;
}

} // namespace salus::pgs_stacking
