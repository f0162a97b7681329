#pragma once

#include "schema/stage.hpp"

#include <cstdint>
#include <string>

namespace salus {

struct ComponentsParams {
    std::int64_t components = 10;
    double maf_min = 0.01;
    std::int64_t oversampling = 6;
    std::int64_t iterations_max = 40;
    double tolerance = 1e-4;
    double rows_memory_max = 8;
    double matched_min = 0.9;
    std::string projection = "plain";
};

/// Principal components of unrelated samples, and the projection of everybody else.
Stage principal_components_stage();
void run_principal_components(const ComponentsParams& params, RunContext& context);

/// The tables of components.h5 for K components.
TableSpec components_eigenvalues_table();
TableSpec components_samples_table(std::size_t components);
TableSpec components_loadings_table(std::size_t components);

} // namespace salus
