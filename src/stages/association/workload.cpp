#include "stages/association/workload.hpp"

#include "base/problems.hpp"
#include "schema/existing_input.hpp"

#include <algorithm>

namespace salus::association {
namespace {

double components(const AssociationParams& params, const Inputs& inputs) {
    return inputs.contains("components") ? static_cast<double>(params.components_count) : 0;
}

} // namespace

void take_choice(const AssociationParams& params, const Inputs& inputs, const Choice& choice,
                 Workload& sizes) {
    TraitCounts counts;
    for (const std::string& kind : choice.kinds)
        ++(kind == "binary"          ? counts.binary
           : kind == "time_to_event" ? counts.time_to_event
           : kind == "ordinal"       ? counts.ordinal
                                     : counts.quantitative);
    counts.covariates = static_cast<double>(choice.covariates.size()) + components(params, inputs);
    sizes.tested = counts;
    sizes.traits = static_cast<double>(choice.traits.size());
}

void expect_traits(const AssociationParams& params, const Inputs& inputs, Times times,
                   Workload& sizes) {
    if (!(sizes.table.traits() > 0)) return;
    TraitCounts counts = sizes.table;
    if (times == Times::refused) counts.time_to_event = 0;
    if (times != Times::and_ordinal) counts.ordinal = 0;
    if (!params.traits.empty()) { // of which kind is not known: the dearest first
        auto left = static_cast<double>(params.traits.size());
        for (double* kind :
             {&counts.time_to_event, &counts.binary, &counts.ordinal, &counts.quantitative})
            left -= (*kind = std::min(*kind, left));
    }
    if (!params.covariates.empty())
        counts.covariates = static_cast<double>(params.covariates.size());
    counts.covariates += components(params, inputs);
    sizes.tested = counts;
    sizes.traits = counts.traits();
}

void examine_traits(const AssociationParams& params, const Inputs& inputs, Times times,
                    Workload& sizes, std::vector<Problem>& problems) {
    try {
        const auto* path = existing_input(inputs, "phenotypes");
        if (path == nullptr) return expect_traits(params, inputs, times, sizes);
        take_choice(params, inputs, choose(H5File::open(*path), params, problems, times), sizes);
    } catch (const Error& error) {
        keep_problems(error, problems);
    }
}

TraitCounts planned_traits(const Workload& sizes, double traits_per_pass) {
    TraitCounts counts = sizes.tested;
    if (!(counts.traits() > 0))
        counts = {.quantitative = sizes.traits / 2, .binary = sizes.traits / 2, .covariates = 20};
    const double share = std::min(1.0, traits_per_pass / std::max(1.0, counts.traits()));
    for (double* kind :
         {&counts.quantitative, &counts.binary, &counts.time_to_event, &counts.ordinal})
        *kind *= share;
    return counts;
}

NullModelBytes null_model_bytes(const TraitCounts& traits) {
    const double c = traits.covariates + 1;
    // Fixed-point columns of 8 bytes: C + 1, or 2 (C + 1) and one of squares; of binary traits the
    // design in two orders and four columns over the members, of others about as much.
    return {.kept = traits.quantitative * (8 * c + 5) + traits.binary * (32 * c + 50) +
                    traits.ordinal * (24 * c + 50) + traits.time_to_event * (32 * c + 150),
            .making = traits.quantitative * (16 * c + 1) +
                      (traits.traits() - traits.quantitative) * (24 * c + 9)};
}

} // namespace salus::association
