#pragma once

#include "stages/association/association.hpp"
#include "stages/association/phenotypes.hpp"

#include <vector>

namespace salus::association {

/// What a plan needs to know of traits: `sizes.tested` and `sizes.traits` are those that `choose`
/// finds in the input phenotypes or, where that is still to be made, what the parameters take of
/// `sizes.table`. Components count as covariates where they are an input. Adds the problems of
/// `choose`, and those of reading the file.
void examine_traits(const AssociationParams& params, const Inputs& inputs, Times times,
                    Workload& sizes, std::vector<Problem>& problems);
/// The same of a choice that has been made.
void take_choice(const AssociationParams& params, const Inputs& inputs, const Choice& choice,
                 Workload& sizes);
/// The same before the file is there.
void expect_traits(const AssociationParams& params, const Inputs& inputs, Times times,
                   Workload& sizes);

/// `sizes.tested`; if nothing is known half of `sizes.traits` binary, with 20 covariates. Of more
/// traits than a pass takes, their share.
TraitCounts planned_traits(const Workload& sizes, double traits_per_pass);

/// Memory of null models of traits that have sample sets of their own, as association and
/// gene_tests keep them, and what else is there while they are made. Bytes per sample.
struct NullModelBytes {
    double kept = 0, making = 0;
};
NullModelBytes null_model_bytes(const TraitCounts& traits);

} // namespace salus::association
