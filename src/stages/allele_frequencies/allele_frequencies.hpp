#pragma once

#include "schema/stage.hpp"

#include <cstdint>

namespace salus {

struct AlleleFrequenciesParams {
    std::int64_t minimum_count = 5;
    std::int64_t group_size_min = 20;
    bool sex_within_groups = false;
    std::int64_t compression = 6;
};

/// A VCF of sites with allele frequencies of all samples, both sexes and groups.
Stage allele_frequencies_stage();
void run_allele_frequencies(const AlleleFrequenciesParams& params, RunContext& context);

} // namespace salus
