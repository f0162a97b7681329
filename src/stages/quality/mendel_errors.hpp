#pragma once

#include "stages/quality/variant_tests.hpp"

namespace salus {

/// Fills the Mendel members of `out`: which trios contradict each other at a variant and which
/// cannot be judged. Children of unknown sex are not judged on X; Y and MT are not tested.
/// Cost: O(trios) for a 2-bit row; O(carriers x log carriers) for a carrier list.
void find_mendel_errors(const VariantBlock& block, std::size_t v, VariantClass variant_class,
                        const QualityCohort& cohort, std::span<const Sex> sex, VariantTests& out);

} // namespace salus
