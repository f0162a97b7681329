#include "stages/all.hpp"

#include "stages/allele_frequencies/allele_frequencies.hpp"
#include "stages/ancestry/ancestry.hpp"
#include "stages/association/association.hpp"
#include "stages/cohort/cohort.hpp"
#include "stages/export_genotypes/export_genotypes.hpp"
#include "stages/gene_tests/gene_tests.hpp"
#include "stages/health_quality/health_quality.hpp"
#include "stages/ingest_features/ingest_features.hpp"
#include "stages/ingest_genomes/ingest_genomes.hpp"
#include "stages/ingest_health/ingest_health.hpp"
#include "stages/interaction/interaction.hpp"
#include "stages/kinship/kinship.hpp"
#include "stages/ld/ld.hpp"
#include "stages/ld_score_regression/ld_score_regression.hpp"
#include "stages/loci/loci.hpp"
#include "stages/merge_genotypes/merge_genotypes.hpp"
#include "stages/meta_analysis/meta_analysis.hpp"
#include "stages/null_model/null_model.hpp"
#include "stages/pgs_regression/pgs_regression.hpp"
#include "stages/pgs_stacking/pgs_stacking.hpp"
#include "stages/pgs_weights/pgs_weights.hpp"
#include "stages/phenotypes/phenotypes.hpp"
#include "stages/principal_components/principal_components.hpp"
#include "stages/quality/quality.hpp"
#include "stages/report/report.hpp"
#include "stages/risk/risk.hpp"
#include "stages/risk_model/risk_model.hpp"
#include "stages/risk_validation/risk_validation.hpp"
#include "stages/score/score.hpp"
#include "stages/simulate/simulate.hpp"
#include "stages/split_samples/split_samples.hpp"
#include "stages/trajectories/trajectories.hpp"

namespace salus {

const std::vector<Stage>& all_stages() {
    static const std::vector<Stage> stages{simulate_stage(),
                                           ingest_genomes_stage(),
                                           merge_genotypes_stage(),
                                           export_genotypes_stage(),
                                           ingest_health_stage(),
                                           ingest_features_stage(),
                                           health_quality_stage(),
                                           phenotypes_stage(),
                                           cohort_stage(),
                                           quality_stage(),
                                           ld_stage(),
                                           kinship_stage(),
                                           principal_components_stage(),
                                           ancestry_stage(),
                                           split_samples_stage(),
                                           allele_frequencies_stage(),
                                           null_model_stage(),
                                           association_stage(),
                                           interaction_stage(),
                                           meta_analysis_stage(),
                                           gene_tests_stage(),
                                           ld_score_regression_stage(),
                                           loci_stage(),
                                           pgs_weights_stage(),
                                           pgs_regression_stage(),
                                           score_stage(),
                                           pgs_stacking_stage(),
                                           risk_stage(),
                                           trajectories_stage(),
                                           risk_model_stage(),
                                           risk_validation_stage(),
                                           report_stage()};
    return stages;
}

} // namespace salus
