#include "stages/loci/traits.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cmath>

namespace salus::loci {

TraitModels::TraitModels(association::Phenotypes phenotypes, std::vector<std::uint8_t> marks,
                         std::vector<TestedTrait> traits)
    : phenotypes_(std::move(phenotypes)), marks_(std::move(marks)), traits_(std::move(traits)) {}

const association::Trait& TraitModels::values(std::size_t trait) const {
    const auto found =
        std::find_if(phenotypes_.traits.begin(), phenotypes_.traits.end(),
                     [&](const association::Trait& t) { return t.name == traits_[trait].name; });
    SALUS_ASSERT(found != phenotypes_.traits.end());
    return *found;
}

std::vector<std::uint8_t> TraitModels::members(std::size_t trait) const {
    const auto& outcome = values(trait).values;
    std::vector<std::uint8_t> chosen = marks_;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        if (std::isnan(outcome[i])) chosen[i] = 0;
        for (const association::Covariate& covariate : phenotypes_.covariates)
            if (!std::isfinite(covariate.values[i])) chosen[i] = 0;
    }
    return chosen;
}

void TraitModels::check(const std::filesystem::path& association) const {
    std::vector<Problem> problems;
    for (std::size_t t = 0; t < traits_.size(); ++t) {
        if (!traits_[t].skipped.empty()) continue;
        const auto chosen = members(t);
        const auto n = static_cast<std::uint64_t>(std::count_if(
            chosen.begin(), chosen.end(), [](std::uint8_t mark) { return mark != 0; }));
        if (n == traits_[t].n) continue;
        problems.push_back(
            {.what = text("trait \"", traits_[t].name, "\" has ", with_thousands(n),
                          " samples here, but ", with_thousands(traits_[t].n),
                          " in the association result"),
             .where = association.string(),
             .why = "signals are found in the samples and with the covariates of the association",
             .help = "give the same phenotypes, quality, components and covariates as to "
                     "association"});
    }
    if (!problems.empty()) throw DataError(std::move(problems));
}

const LocusTrait& TraitModels::of(std::size_t trait) {
    if (current_ == trait) return model_;
    model_ = {};
    model_.members = members_of(members(trait));
    const auto& samples = model_.members.samples;
    const auto pick = [&](const std::vector<double>& all) {
        std::vector<double> some;
        for (const std::uint32_t sample : samples)
            some.push_back(all[sample]);
        return some;
    };
    ConditionalTrait& model = model_.model;
    model.binary = traits_[trait].kind == "binary";
    model.samples = samples.size();
    model.outcome = pick(values(trait).values);
    if (traits_[trait].transformed) model.outcome = rank_inverse_normal(model.outcome);
    model.outcome.resize(padded_samples(samples.size()), 0.0);
    std::vector<std::vector<double>> covariates;
    for (const association::Covariate& covariate : phenotypes_.covariates)
        covariates.push_back(pick(covariate.values));
    model.basis = orthonormal_basis(covariates);
    if (model.basis.dependence)
        throw DataError(
            {.what =
                 text("covariate \"", phenotypes_.covariates[model.basis.dependence->column].name,
                      "\" is a linear combination of others"),
             .where = text("trait ", traits_[trait].name),
             .why = "collinear covariates have no unique effects",
             .help = "name the covariates of the association in the parameter covariates"});
    current_ = trait;
    return model_;
}

} // namespace salus::loci
