#pragma once

#include "run/context.hpp"
#include "schema/stage.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace salus {

struct SimulateParams {
    std::uint64_t samples = 1000;
    std::vector<std::string> chromosomes = {"chr1",  "chr2",  "chr3", "chr6", "chr9", "chr11",
                                            "chr16", "chr19", "chrX", "chrY", "chrM"};
    double region_mb = 2;
    double common_per_mb = 150;
    double rare_per_mb = 450;
    double common_frequency_min = 0.01;
    std::vector<std::string> groups = {"AFR", "EUR", "EAS", "SAS"};
    std::vector<double> proportions = {0.2, 0.5, 0.15, 0.15};
    std::vector<double> drift = {0.05, 0.1, 0.12, 0.09};
    std::uint32_t panel_haplotypes = 200;
    double recombination = 1;
    double panel_segment_cm = 0.02;
    double segment_cm = 0.5;
    double family_share = 0.2;
    double missing_rate = 0.002;
    std::uint64_t duplicates = 2, contaminated = 3, low_call = 5, swapped_sex = 4;
    std::uint64_t hardy_weinberg_faults = 10, low_call_faults = 10;
    double ldl_heritability = 0.45;
    double ldl_locus_variance = 0.06;
    std::uint32_t background_variants = 60;
    double without_genome = 0.03;
    double without_record = 0.02;
    double defect_rate = 0.02;
    std::uint32_t proteins = 12;
    std::vector<std::string> formats = {"vcf", "bcf", "bed"};
    int compression = 6;
};

Stage simulate_stage();
void run_simulate(const SimulateParams& params, RunContext& context);

} // namespace salus
