#pragma once

#include "stages/simulate/genomes.hpp"

#include <string>

namespace salus {

/// Genes of the simulation are stretches of 50 kb, numbered along each region of the autosomes and
/// X: geneCHROMOSOME_NUMBER. A tenth of the variants are lof, 45 % missense, the others synonymous,
/// whatever their frequency.
///
/// Appends the annotation of a site, a row per ALT allele: CHROM:POS:REF:ALT gene consequence.
void append_annotations(const SimulatedCohort& cohort, const GenomeMaker::Site& site,
                        std::string& out);

} // namespace salus
