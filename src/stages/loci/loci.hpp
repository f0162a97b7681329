#pragma once

#include "run/context.hpp"
#include "schema/stage.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace salus {

struct LociParams {
    std::vector<std::string> traits;     // empty = all of the association result
    std::vector<std::string> covariates; // empty = all
    std::int64_t components_count = 10;
    double p_max = 5e-8;
    double clump_p_max = 0.01;
    double clump_r2 = 0.1;
    std::int64_t clump_kb = 250;
    std::int64_t ld_samples_max = 50'000;
    std::int64_t locus_kb = 500;
    std::int64_t signals_max = 10;
    double signal_r2_max = 0.9;
    std::int64_t effects_max = 10;
    double coverage = 0.95;
    double purity_min = 0.5;
    std::int64_t fine_map_variants_max = 5000;
};

/// How far a step of a locus got: columns `conditional_status` and `fine_mapping_status`.
enum class StepStatus : std::uint8_t {
    done = 0,
    too_many_variants = 1, // fine_map_variants_max
    chromosome_y = 2,      // tested in males alone
    not_converged = 3,     // results are given, but had not settled
    no_model = 4,          // the logistic model of the trait with a signal does not converge
    signals_max = 5,       // stopped with as many signals as were allowed
};

/// Independent loci of every trait: clumps, conditional signals, credible sets.
Stage loci_stage();
void run_loci(const LociParams& params, RunContext& context);

/// The tables of loci.h5.
TableSpec loci_traits_table();
TableSpec loci_table();
TableSpec loci_clumps_table();
TableSpec loci_clump_members_table();
TableSpec loci_signals_table();
TableSpec loci_credible_sets_table();
TableSpec loci_variants_table();

} // namespace salus
