#pragma once

#include "stages/report/genome_sketch.hpp"

#include <string>

namespace salus::report {

struct ManhattanChart {
    std::string trait;
    const GenomeSketch& sketch;
    const std::vector<ChromosomeRun>& runs;
    std::vector<Hit> loci;        // numbered in the picture, best first
    double genome_wide = 7.30103; // -log10 p of the significance line
};
/// All tests along the genome as rows of touching dots: at most about 640 columns of runs, so the
/// picture stays small (under 200 kB) for any number of variants.
std::string manhattan_chart(const ManhattanChart& chart);

/// Observed against expected -log10 p with the 95 % band of the null for all tests; one set of dots
/// per class of minor allele frequency where at least two classes have 100 tests or more.
std::string qq_chart(const std::string& trait, const GenomeSketch& sketch, double lambda);

/// "chr19" and "19" are both drawn as "19".
std::string short_chromosome(const std::string& name);

} // namespace salus::report
