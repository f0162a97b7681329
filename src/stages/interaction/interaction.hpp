#pragma once

#include "run/context.hpp"
#include "schema/stage.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace salus {

struct InteractionParams {
    std::string environment;         // covariate or trait of the phenotype table
    std::string environment_variant; // or a variant of the genotypes
    std::vector<std::string> traits; // empty = all that can be tested
    std::vector<std::string> covariates;
    std::int64_t minor_allele_count_min = 20;
    double effective_samples_min = 10;
    double effective_samples_min_binary = 40; // of binary traits, if it is more
    std::string robust = "hc3";
    bool centre = false;
    bool rank_inverse_normal = false;
    std::int64_t components_count = 10;
};

/// Status of this stage alone, beside those of AssociationStatus: too few samples carry the
/// interaction.
inline constexpr std::uint8_t little_information = 21;

Stage interaction_stage();
void run_interaction(const InteractionParams& params, RunContext& context);

/// `traits/NAME`; binary traits have one column more.
TableSpec interaction_trait_table(const std::string& trait, bool binary);
TableSpec interaction_summary_table();

} // namespace salus
