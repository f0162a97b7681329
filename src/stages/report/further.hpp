#pragma once

#include "stages/report/report_data.hpp"
#include "store/h5.hpp"

#include <cstddef>

namespace salus::report {

/// The best tests of sets of variants, by trait. One pass; memory O(tests of one trait).
std::vector<TraitGenes> read_gene_tests(const H5File& file, std::size_t listed);
/// The strongest interactions of every trait.
std::vector<TraitInteraction> read_interaction(const H5File& file, std::size_t listed);
MetaAnalysis read_meta_analysis(const H5File& file, std::size_t listed);
LdScoreRegression read_ld_score_regression(const H5File& file);
Trajectories read_trajectories(const H5File& file);
std::vector<TraitPrediction> read_null_model(const H5File& file);
/// Checks of health records that did not pass, and monthly rates over all sites.
RecordQuality read_record_quality(const H5File& file);
/// The strongest variant of all traits in each of them. Reads the positions once.
Phenome read_phenome(const H5File& association, const std::vector<TraitAssociation>& traits);

} // namespace salus::report
