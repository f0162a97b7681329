#pragma once

#include "genotype/genotype_source.hpp"
#include "stages/gene_tests/gene_tests.hpp"
#include "store/parts.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace salus::gene_tests {

/// Windows along each chromosome: positions k step + 1 to k step + size, or
/// so many variants of the genotypes.
struct WindowRules {
    std::uint64_t size = 0, step = 0; // 0: no windows
    bool by_variants = false;
};
WindowRules window_rules(const GeneTestsParams& params);

struct Window {
    std::string name; // CHROMOSOME:FIRST-LAST, of variants CHROMOSOME:variants FIRST-LAST, from 1
    std::string chromosome;
    std::uint32_t first = 0, last = UINT32_MAX; // positions
    VariantRange range; // has all its variants, and others only where these are not sorted
};

/// Writes which windows a range of the genotypes touches. Memory: of its windows.
void list_windows(const GenotypeSource& genotypes, VariantRange unit, const WindowRules& rules,
                  PartWriter& part);
/// Windows with a variant, by their first one.
std::vector<Window> take_windows(const Parts& parts, const WindowRules& rules);

} // namespace salus::gene_tests
