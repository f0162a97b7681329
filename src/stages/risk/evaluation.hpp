#pragma once

#include "run/context.hpp"
#include "stages/risk/cohort.hpp"
#include "stages/risk/discovery.hpp"
#include "stages/risk/risk.hpp"

#include <cstddef>

namespace salus::risk {

/// Chooses the threshold of a trait, scores everybody, validates; writes the tables of the trait.
void evaluate_trait(const RiskParams& params, const Cohort& cohort, const GenotypeSource& genotypes,
                    const Discovery& discovery, std::size_t trait, PartWriter& part);

} // namespace salus::risk
