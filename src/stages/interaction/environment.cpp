#include "stages/interaction/environment.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace salus::interaction {
namespace {

using Names = std::vector<std::string>;

Names columns_of(const H5File& file, const std::string& table) {
    Names names;
    if (!file.is_table(table)) return names;
    for (const ColumnSpec& column : file.table_spec(table).columns)
        if (column.type != ColumnType::text) names.push_back(column.name);
    return names;
}

bool has(const Names& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// What the stage association would be asked: the environment is no covariate.
AssociationParams association_params(const H5File& file, const InteractionParams& params) {
    AssociationParams result{.traits = params.traits, .covariates = params.covariates};
    if (params.environment.empty()) return result;
    if (result.covariates.empty()) result.covariates = columns_of(file, "covariates");
    std::erase(result.covariates, params.environment);
    return result;
}

void check_column(const H5File& file, const InteractionParams& params,
                  std::vector<Problem>& problems) {
    if (params.environment.empty()) return;
    Names known = columns_of(file, "covariates");
    const Names traits = columns_of(file, "traits");
    known.insert(known.end(), traits.begin(), traits.end());
    if (!has(known, params.environment)) {
        const auto near = nearest(params.environment, known);
        problems.push_back(
            {.what = text("there is no covariate or trait \"", params.environment,
                          "\" that could be the environment"),
             .where = file.path().string(),
             .why = text("the file has: ", join(known, ", ")),
             .help = near ? text("did you mean \"", *near, "\"?") : "use one of these names"});
    }
    if (has(params.traits, params.environment))
        problems.push_back(
            {.what = text("\"", params.environment, "\" is both the environment and a trait"),
             .where = "parameters environment and traits",
             .why = "a trait does not interact with a variant on itself",
             .help = "take it out of one of them"});
}

} // namespace

void check_environment(const InteractionParams& params) {
    if (params.environment.empty() != params.environment_variant.empty()) return;
    throw UsageError({.what = params.environment.empty() ? "there is no environment"
                                                         : "there are two environments",
                      .where = "parameters environment and environment_variant",
                      .why = "variants are tested for interaction with one column of the phenotype "
                             "table, or with one variant",
                      .help = "give one of the two parameters"});
}

association::Choice choose_with(const H5File& file, const InteractionParams& params,
                                std::vector<Problem>& problems) {
    check_column(file, params, problems);
    if (!problems.empty()) return {};
    const AssociationParams asked = association_params(file, params);
    association::Choice choice = association::choose(file, asked, problems);
    if (const auto at = std::ranges::find(choice.traits, params.environment);
        at != choice.traits.end()) {
        choice.kinds.erase(choice.kinds.begin() + (at - choice.traits.begin()));
        choice.traits.erase(at);
    }
    if (choice.traits.empty() && problems.empty())
        problems.push_back(
            {.what = "there is no quantitative or binary trait beside the environment",
             .where = file.path().string(),
             .why = "interaction needs at least one",
             .help = "add a trait, or choose another environment"});
    return choice;
}

association::Phenotypes read_phenotypes_with(const InteractionParams& params,
                                             const std::filesystem::path& path,
                                             const SampleTable& samples) {
    const H5File file = H5File::open(path);
    std::vector<Problem> problems;
    association::Choice choice = choose_with(file, params, problems);
    if (!problems.empty()) throw UsageError(std::move(problems));
    AssociationParams asked = association_params(file, params);
    asked.traits = choice.traits;
    association::Phenotypes phenotypes = association::read_phenotypes(path, samples, asked);
    phenotypes.skipped = std::move(choice.skipped);
    if (params.environment.empty()) return phenotypes;
    std::erase_if(phenotypes.covariates,
                  [&](const auto& covariate) { return covariate.name == params.environment; });
    const std::string table =
        has(columns_of(file, "covariates"), params.environment) ? "covariates/" : "traits/";
    phenotypes.covariates.push_back(
        {.name = params.environment,
         .values = file.read_array<double>(table + params.environment)});
    return phenotypes;
}

} // namespace salus::interaction
