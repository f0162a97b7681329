#pragma once

#include "schema/stage.hpp"

#include <cstdint>
#include <string>

namespace salus {

struct KinshipParams {
    double kinship_min = 0.0442;
    double minor_allele_frequency_min = 0.01;
    std::int64_t variants_max = 100'000;
    double parent_child_ibs0_max = 0.05;
    std::int64_t family_degree = 1;
    std::int64_t unrelated_degree = 3;
    std::string screen = "exact";
};

/// Related pairs, families and a set of unrelated samples; nothing is deleted.
Stage kinship_stage();
void run_kinship(const KinshipParams& params, RunContext& context);

/// The tables of kinship.h5.
TableSpec kinship_pairs_table();
TableSpec kinship_samples_table();
TableSpec pedigree_checks_table();

} // namespace salus
