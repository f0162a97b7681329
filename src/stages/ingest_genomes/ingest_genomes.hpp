#pragma once

#include "run/context.hpp"
#include "schema/stage.hpp"

#include <string>
#include <vector>

namespace salus {

struct IngestGenomesParams {
    std::string genome_build = "GRCh38";
    std::vector<std::string> regions;
    std::vector<std::string> info;
    std::vector<std::string> keep_filter;
    std::string on_bad_record = "fail";
    std::string bed_ref_allele = "a2";
    std::string dosage_field = "auto";
    double hard_call_threshold = 0.1;
    std::string bgen_ref_allele = "first";
    std::string on_reference_mismatch = "fail";
    bool normalize = true;
    std::int64_t normalize_window = 1000;
    bool allele_depths = false;
};

/// Genotype files -> genotype store.
Stage ingest_genomes_stage();
void run_ingest_genomes(const IngestGenomesParams& params, RunContext& context);

} // namespace salus
