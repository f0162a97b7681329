#pragma once

#include "stages/report/report_data.hpp"

#include <string>
#include <vector>

namespace salus::report {

/// A variant of a locus as it is drawn.
struct RegionVariant {
    double position = 0; // bp
    double neg_log10_p = 0;
    double pip = 0; // NaN without fine-mapping
    double r2 = 0;  // with the index variant
    bool in_set = false, index = false;
};

struct RegionalChart {
    std::string trait, chromosome;
    double start = 0, end = 0; // bp
    std::vector<RegionVariant> variants;
    double genome_wide = 7.30103; // -log10 p of the significance line
};
/// Tests of a locus by position, coloured by r2 with the index variant; variants of credible sets
/// have rings. Dots that would hide one another are drawn once, so the picture stays below 1 MB for
/// any number of variants (50 kB as a rule).
std::string regional_chart(const RegionalChart& chart);
/// Inclusion probabilities by position; empty without fine-mapping.
std::string inclusion_chart(const RegionalChart& chart);
/// What the colours mean, as a list.
std::string ld_legend();

} // namespace salus::report
