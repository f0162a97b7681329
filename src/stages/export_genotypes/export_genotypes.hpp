#pragma once

#include "run/context.hpp"
#include "schema/stage.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace salus {

struct ExportGenotypesParams {
    std::string format = "pgen";
    std::vector<std::string> regions;
    std::int64_t compression = 6;
};

/// Genotype store -> PLINK 1, PLINK 2, BCF or VCF files.
Stage export_genotypes_stage();
void run_export_genotypes(const ExportGenotypesParams& params, RunContext& context);

} // namespace salus
