#include "stages/risk/cohort.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cmath>

namespace salus::risk {
namespace {

std::vector<std::string> numeric_columns(const H5File& file, std::string_view table) {
    std::vector<std::string> names;
    if (!file.is_table(table)) return names;
    for (const ColumnSpec& column : file.table_spec(table).columns)
        if (column.type == ColumnType::f64) names.push_back(column.name);
    return names;
}

void check_known(const std::string& kind, const std::vector<std::string>& wanted,
                 const std::vector<std::string>& known, const H5File& file,
                 std::vector<Problem>& problems) {
    for (const std::string& name : wanted) {
        if (std::find(known.begin(), known.end(), name) != known.end()) continue;
        const auto near = nearest(name, known);
        problems.push_back(
            {.what = text("there is no ", kind, " \"", name, "\""),
             .where = file.path().string(),
             .why = known.empty() ? text("the file has no ", kind, "s")
                                  : text("the file has: ", join(known, ", ")),
             .help = near ? text("did you mean \"", *near, "\"?") : "use one of these names"});
    }
}

void check_same_samples(const std::vector<std::string>& ids, const SampleTable& samples,
                        const std::filesystem::path& path) {
    const auto mismatch =
        std::mismatch(ids.begin(), ids.end(), samples.id.begin(), samples.id.end());
    if (mismatch.first == ids.end() && mismatch.second == samples.id.end()) return;
    throw DataError({.what = text("the samples differ from those of the genotypes, first in row ",
                                  mismatch.first - ids.begin() + 1),
                     .where = text(path.string(), ", table samples: ", ids.size(),
                                   " samples; genotypes: ", samples.size()),
                     .why = "rows are samples in the order of the genotype store",
                     .help = "make the file from the same genotype store"});
}

} // namespace

SplitRule split_rule(const RiskParams& params) {
    return {.seed = static_cast<std::uint64_t>(params.split_seed),
            .discovery_fraction = params.discovery_fraction,
            .tuning_folds = static_cast<unsigned>(params.tuning_folds)};
}

Choice choose(const H5File& phenotypes, const RiskParams& params, std::vector<Problem>& problems) {
    Choice choice;
    const auto covariates = numeric_columns(phenotypes, "covariates");
    const TableData info = phenotypes.read("trait_info", {"name", "kind"});
    const auto& names = info.column<std::string>("name");
    const auto& kinds = info.column<std::string>("kind");
    check_known("trait", params.traits, names, phenotypes, problems);
    check_known("covariate", params.covariates, covariates, phenotypes, problems);
    choice.covariates = params.covariates.empty() ? covariates : params.covariates;
    for (std::size_t t = 0; t < names.size(); ++t) {
        const bool wanted =
            std::find(params.traits.begin(), params.traits.end(), names[t]) != params.traits.end();
        if (!params.traits.empty() && !wanted) continue;
        if (kinds[t] == "binary")
            choice.traits.push_back({names[t], OutcomeKind::binary});
        else if (kinds[t] == "quantitative")
            choice.traits.push_back({names[t], OutcomeKind::quantitative});
        else if (wanted)
            problems.push_back(
                {.what = text("trait \"", names[t], "\" is of kind \"", kinds[t], "\""),
                 .where = phenotypes.path().string(),
                 .why = "scores are for quantitative and binary traits",
                 .help = "take it out of the parameter traits"});
    }
    if (choice.traits.empty() && problems.empty())
        problems.push_back({.what = "there is no quantitative or binary trait",
                            .where = phenotypes.path().string(),
                            .why = "a score needs an outcome",
                            .help = "add a trait to the phenotype definitions or the trait table"});
    return choice;
}

Cohort read_cohort(const std::filesystem::path& phenotypes,
                   const std::optional<std::filesystem::path>& quality, const SampleTable& samples,
                   const RiskParams& params) {
    const H5File file = H5File::open(phenotypes);
    std::vector<Problem> problems;
    Choice choice = choose(file, params, problems);
    if (!problems.empty()) throw UsageError(std::move(problems));
    const TableData table = file.read("samples", {"sample_id", "group"});
    Cohort cohort{.phenotypes = phenotypes,
                  .id = table.column<std::string>("sample_id"),
                  .group = table.column<std::string>("group"),
                  .place = {},
                  .usable = {},
                  .covariates = {},
                  .traits = std::move(choice.traits)};
    check_same_samples(cohort.id, samples, phenotypes);
    const SplitRule rule = split_rule(params);
    for (const std::string& id : cohort.id)
        cohort.place.push_back(place_sample(id, rule));
    cohort.usable.assign(cohort.size(), 1);
    if (quality) {
        const TableData marks = H5File::open(*quality).read("samples", {"sample_id", "pass"});
        check_same_samples(marks.column<std::string>("sample_id"), samples, *quality);
        cohort.usable = marks.column<std::uint8_t>("pass");
    }
    for (const std::string& name : choice.covariates) {
        cohort.covariates.push_back(file.read_array<double>(text("covariates/", name)));
        for (std::size_t i = 0; i < cohort.size(); ++i)
            if (!std::isfinite(cohort.covariates.back()[i])) cohort.usable[i] = 0;
    }
    return cohort;
}

std::vector<double> Cohort::outcome(const RiskTrait& trait) const {
    auto values = H5File::open(phenotypes).read_array<double>(text("traits/", trait.name));
    SALUS_ASSERT(values.size() == size());
    for (const double value : values)
        if (std::isinf(value) ||
            (trait.kind == OutcomeKind::binary && !std::isnan(value) && value != 0 && value != 1))
            throw DataError({.what = text("trait \"", trait.name, "\" has a value that is ",
                                          trait.kind == OutcomeKind::binary ? "not 0, 1 or missing"
                                                                            : "infinite"),
                             .where = text(phenotypes.string(), ", table traits"),
                             .why = "a binary trait is 1 for cases and 0 for controls, a "
                                    "quantitative one is finite",
                             .help = "correct the trait table or the kind of the trait"});
    return values;
}

std::vector<std::uint8_t> Cohort::training(const std::vector<double>& outcome, unsigned phase,
                                           unsigned folds) const {
    std::vector<std::uint8_t> members(size());
    for (std::size_t i = 0; i < size(); ++i)
        members[i] = usable[i] != 0 && !std::isnan(outcome[i]) && !place[i].validation &&
                     (phase == folds || place[i].tuning_fold != phase);
    return members;
}

} // namespace salus::risk
