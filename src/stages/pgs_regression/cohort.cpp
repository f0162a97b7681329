#include "stages/pgs_regression/cohort.hpp"

#include "base/text.hpp"
#include "formats/listed_samples.hpp"
#include "genotype/result_marks.hpp"
#include "models/linear.hpp"
#include "models/pgs.hpp"
#include "stages/association/components.hpp"
#include "stages/association/phenotypes.hpp"
#include "stages/principal_components/selection.hpp"

#include <algorithm>
#include <cmath>

namespace salus::pgs_regression {
namespace {

using association::Phenotypes;
using association::Trait;

std::vector<double> pick(const std::vector<double>& values,
                         const std::vector<std::uint32_t>& samples) {
    std::vector<double> out;
    out.reserve(samples.size());
    for (const std::uint32_t i : samples)
        out.push_back(values[i]);
    return out;
}

struct Moments {
    double mean = 0, deviation = 0;
    explicit Moments(const std::vector<double>& values) {
        const auto n = static_cast<double>(std::max<std::size_t>(values.size(), 1));
        for (const double x : values)
            mean += x;
        mean /= n;
        for (const double x : values)
            deviation += (x - mean) * (x - mean);
        deviation = std::sqrt(deviation / n);
        if (!(deviation > 1e-10 * std::fabs(mean))) deviation = 0;
    }
};

void apply(const Moments& moments, std::vector<double>& values) {
    for (double& x : values)
        x = (x - moments.mean) / moments.deviation;
}

void fill(const Trait& trait, PartData& part) {
    part.outcome.value = pick(trait.values, part.samples);
    if (!trait.survival) return;
    part.outcome.time = pick(trait.time, part.samples);
    if (!trait.entry.empty()) part.outcome.entry = pick(trait.entry, part.samples);
}

bool all_equal(const std::vector<double>& values) {
    return values.empty() ||
           std::all_of(values.begin(), values.end(), [&](double x) { return x == values.front(); });
}

/// Reason code if outcomes tell nothing.
std::string empty_outcome(const TraitData& trait, const PartData& part) {
    if (trait.kind == RegressedKind::time_to_event)
        return trait.events(part) == 0 ? "no_events" : "";
    if (!all_equal(part.outcome.value)) return "";
    return trait.kind == RegressedKind::binary ? "one_class" : "no_variation";
}

/// Covariates that vary in training, on its scale; reason code if they are collinear there.
std::string fill_covariates(const Phenotypes& phenotypes, TraitData& trait) {
    for (const auto& covariate : phenotypes.covariates) {
        auto training = pick(covariate.values, trait.training.samples);
        const Moments moments(training);
        if (moments.deviation == 0) continue;
        auto validation = pick(covariate.values, trait.validation.samples);
        apply(moments, training);
        apply(moments, validation);
        trait.training.covariates.push_back(std::move(training));
        trait.validation.covariates.push_back(std::move(validation));
    }
    return orthonormal_basis(trait.training.covariates).dependence ? "collinear_covariates" : "";
}

void scale_outcome(TraitData& trait) {
    if (trait.kind != RegressedKind::quantitative) return;
    const Moments moments(trait.training.outcome.value);
    trait.scale = moments.deviation;
    apply(moments, trait.training.outcome.value);
    apply(moments, trait.validation.outcome.value);
}

TraitData make_trait(const Trait& from, const Phenotypes& phenotypes,
                     const std::vector<std::uint8_t>& eligible,
                     const std::vector<std::uint8_t>& validates) {
    TraitData trait{.name = from.name};
    trait.kind = from.survival ? RegressedKind::time_to_event
                 : from.binary ? RegressedKind::binary
                               : RegressedKind::quantitative;
    for (std::uint32_t i = 0; i < eligible.size(); ++i)
        if (eligible[i] != 0 && !std::isnan(from.values[i]))
            (validates[i] != 0 ? trait.validation : trait.training).samples.push_back(i);
    for (PartData* part : {&trait.training, &trait.validation}) {
        part->outcome.kind = trait.kind;
        fill(from, *part);
    }
    trait.problem = trait.training.samples.size() <= phenotypes.covariates.size() + 2
                        ? "too_few_people"
                        : empty_outcome(trait, trait.training);
    if (!trait.problem.empty()) return trait;
    trait.problem = fill_covariates(phenotypes, trait);
    if (!trait.problem.empty()) return trait;
    scale_outcome(trait);
    trait.no_validation = trait.validation.samples.size() < 2
                              ? "too_few_people"
                              : empty_outcome(trait, trait.validation);
    return trait;
}

void require_independent(const Phenotypes& phenotypes, const std::vector<std::uint8_t>& eligible) {
    std::vector<std::uint32_t> samples;
    for (std::uint32_t i = 0; i < eligible.size(); ++i)
        if (eligible[i] != 0) samples.push_back(i);
    if (samples.size() < phenotypes.covariates.size() + 3)
        throw DataError({.what = text(samples.size(), " samples pass and have all of ",
                                      phenotypes.covariates.size(), " covariates"),
                         .where = "stage pgs_regression",
                         .why = "a model needs more samples than covariates",
                         .help = "give more samples, or name fewer covariates"});
    std::vector<std::vector<double>> values;
    for (const auto& covariate : phenotypes.covariates)
        values.push_back(pick(covariate.values, samples));
    const auto found = orthonormal_basis(values).dependence;
    if (!found) return;
    std::vector<std::string> on;
    for (const std::size_t c : found->on)
        on.push_back(phenotypes.covariates[c].name);
    throw DataError({.what = text("covariate \"", phenotypes.covariates[found->column].name,
                                  "\" is a linear combination of ", join(on, ", ")),
                     .where = text(samples.size(), " samples without missing covariates"),
                     .why = "collinear covariates have no unique effects",
                     .help = "name the covariates to use in the parameter covariates"});
}

} // namespace

std::uint64_t TraitData::events(const PartData& part) const noexcept {
    if (kind == RegressedKind::quantitative) return 0;
    return static_cast<std::uint64_t>(
        std::count(part.outcome.value.begin(), part.outcome.value.end(), 1.0));
}

Cohort make_cohort(const PgsRegressionParams& params, const RunContext& context,
                   const GenotypeSource& genotypes) {
    const SampleTable& samples = genotypes.samples();
    Phenotypes phenotypes = association::read_phenotypes(
        context.input("phenotypes"), samples,
        {.traits = params.traits, .covariates = params.covariates}, association::Times::accepted);
    if (context.has_input("components"))
        association::add_components(context.input("components"), samples,
                                    static_cast<std::size_t>(params.components_count), phenotypes);
    Cohort cohort{.eligible = components::used_samples(context, genotypes)};
    if (context.has_input("samples"))
        leave_out(cohort.eligible, listed_samples(context.input("samples"), samples.id));
    for (const auto& covariate : phenotypes.covariates)
        for (std::size_t i = 0; i < samples.size(); ++i)
            if (!std::isfinite(covariate.values[i])) cohort.eligible[i] = 0;
    require_independent(phenotypes, cohort.eligible);
    for (const std::string& id : samples.id)
        cohort.validates.push_back(
            params.validation_fraction > 0 &&
            place_sample(id, {.seed = static_cast<std::uint64_t>(params.split_seed),
                              .discovery_fraction = 1 - params.validation_fraction})
                .validation);
    for (const Trait& trait : phenotypes.traits)
        cohort.traits.push_back(make_trait(trait, phenotypes, cohort.eligible, cohort.validates));
    for (const auto& skipped : phenotypes.skipped)
        cohort.left_out.push_back({skipped.name, skipped.reason});
    return cohort;
}

} // namespace salus::pgs_regression
