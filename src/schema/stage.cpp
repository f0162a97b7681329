#include "schema/stage.hpp"

#include <algorithm>

namespace salus {

std::string_view to_string(Artifact artifact) noexcept {
    switch (artifact) {
    case Artifact::genotype_files:
        return "genotype_files";
    case Artifact::digest_manifest:
        return "digest_manifest";
    case Artifact::sample_sheet:
        return "sample_sheet";
    case Artifact::genotype_store:
        return "genotype_store";
    case Artifact::omop_tables:
        return "omop_tables";
    case Artifact::fhir_files:
        return "fhir_files";
    case Artifact::link_table:
        return "link_table";
    case Artifact::event_store:
        return "event_store";
    case Artifact::health_checks:
        return "health_checks";
    case Artifact::health_quality_result:
        return "health_quality_result";
    case Artifact::quality_label:
        return "quality_label";
    case Artifact::cohort_result:
        return "cohort_result";
    case Artifact::risk_model_result:
        return "risk_model_result";
    case Artifact::risk_validation_result:
        return "risk_validation_result";
    case Artifact::risk_json:
        return "risk_json";
    case Artifact::risk_equations:
        return "risk_equations";
    case Artifact::trait_table:
        return "trait_table";
    case Artifact::feature_table:
        return "feature_table";
    case Artifact::feature_dictionary:
        return "feature_dictionary";
    case Artifact::feature_store:
        return "feature_store";
    case Artifact::phenotype_definitions:
        return "phenotype_definitions";
    case Artifact::code_system_aliases:
        return "code_system_aliases";
    case Artifact::phecode_table:
        return "phecode_table";
    case Artifact::phenotype_table:
        return "phenotype_table";
    case Artifact::quality_result:
        return "quality_result";
    case Artifact::ld_result:
        return "ld_result";
    case Artifact::kinship_result:
        return "kinship_result";
    case Artifact::components_result:
        return "components_result";
    case Artifact::ancestry_result:
        return "ancestry_result";
    case Artifact::ancestry_labels:
        return "ancestry_labels";
    case Artifact::fasta:
        return "fasta";
    case Artifact::variant_list:
        return "variant_list";
    case Artifact::allele_frequencies:
        return "allele_frequencies";
    case Artifact::association_result:
        return "association_result";
    case Artifact::interaction_result:
        return "interaction_result";
    case Artifact::null_model_result:
        return "null_model_result";
    case Artifact::loco_list:
        return "loco_list";
    case Artifact::variant_annotations:
        return "variant_annotations";
    case Artifact::gene_sets:
        return "gene_sets";
    case Artifact::gene_masks:
        return "gene_masks";
    case Artifact::gene_tests_result:
        return "gene_tests_result";
    case Artifact::score_covariance:
        return "score_covariance";
    case Artifact::summary_statistics:
        return "summary_statistics";
    case Artifact::meta_result:
        return "meta_result";
    case Artifact::ld_scores:
        return "ld_scores";
    case Artifact::ld_score_regression_result:
        return "ld_score_regression_result";
    case Artifact::loci_result:
        return "loci_result";
    case Artifact::risk_result:
        return "risk_result";
    case Artifact::score_files:
        return "score_files";
    case Artifact::frequency_table:
        return "frequency_table";
    case Artifact::sample_list:
        return "sample_list";
    case Artifact::score_result:
        return "score_result";
    case Artifact::pgs_weights_result:
        return "pgs_weights_result";
    case Artifact::trajectories_result:
        return "trajectories_result";
    case Artifact::cohort:
        return "cohort";
    case Artifact::report:
        return "report";
    }
    return "unknown";
}

std::string_view doc_of(Artifact artifact) noexcept {
    switch (artifact) {
    case Artifact::genotype_files:
        return "bgzipped VCF, BCF, BGEN, PLINK 1 .bed or PLINK 2 .pgen files";
    case Artifact::digest_manifest:
        return "SHA-256 digests of files, written by salus digest or sha256sum";
    case Artifact::sample_sheet:
        return "tab-separated file: sample_id, sex and what else is known";
    case Artifact::genotype_store:
        return "genotype store, a folder written by ingest_genomes, or one genotype file";
    case Artifact::omop_tables:
        return "folder of OMOP CDM 5.4 CSV files";
    case Artifact::fhir_files:
        return "folder of FHIR R4 files";
    case Artifact::link_table:
        return "CSV file: person_id, sample_id";
    case Artifact::event_store:
        return "HDF5 file of health-record events written by ingest_health";
    case Artifact::health_checks:
        return "CSV table of checks in the layout of the OHDSI Data Quality Dashboard or of the "
               "CDM "
               "specification";
    case Artifact::health_quality_result:
        return "HDF5 file of checks of health records written by health_quality";
    case Artifact::quality_label:
        return "JSON data-quality label of health records";
    case Artifact::cohort_result:
        return "HDF5 file of cases and matched controls written by cohort";
    case Artifact::risk_model_result:
        return "HDF5 file of fitted risk models and the risks of people";
    case Artifact::risk_validation_result:
        return "HDF5 file of how well risk models predict";
    case Artifact::risk_json:
        return "JSON file of risk models, or of what is to be known of them";
    case Artifact::risk_equations:
        return "CSV or TSV file of the coefficients of published risk equations";
    case Artifact::trait_table:
        return "CSV or TSV file: sample_id and one column per trait or covariate";
    case Artifact::feature_table:
        return "CSV, TSV or HDF5 table with a row per person and a column per feature";
    case Artifact::feature_dictionary:
        return "CSV file of the columns of a feature table: type, unit, missing codes, levels";
    case Artifact::feature_store:
        return "HDF5 file of features of persons written by ingest_features";
    case Artifact::phenotype_definitions:
        return "TOML file of trait definitions";
    case Artifact::code_system_aliases:
        return "tab-separated file: alias, system; names of code systems";
    case Artifact::phecode_table:
        return "CSV file of phecodes: their codes, exclusion ranges or descriptions";
    case Artifact::phenotype_table:
        return "HDF5 file of traits and covariates in genotype sample order";
    case Artifact::quality_result:
        return "HDF5 file of variant and sample quality";
    case Artifact::ld_result:
        return "HDF5 file of linkage disequilibrium: pruned variants, LD scores, block matrices";
    case Artifact::kinship_result:
        return "HDF5 file of related pairs, families and unrelated samples";
    case Artifact::components_result:
        return "HDF5 file of principal components: eigenvalues, loadings, sample scores";
    case Artifact::ancestry_result:
        return "HDF5 file of ancestry groups of samples, with distance and probability";
    case Artifact::ancestry_labels:
        return "tab-separated file: sample_id, group";
    case Artifact::fasta:
        return "reference genome, FASTA with .fai index (plain or bgzip)";
    case Artifact::variant_list:
        return "text file of variants or regions, one per line";
    case Artifact::allele_frequencies:
        return "bgzipped, indexed VCF of allele frequencies without genotypes";
    case Artifact::association_result:
        return "HDF5 file of association statistics";
    case Artifact::interaction_result:
        return "HDF5 file of interactions of variants with an environment";
    case Artifact::null_model_result:
        return "HDF5 file of whole-genome predictions that leave one chromosome out";
    case Artifact::loco_list:
        return "list of regenie LOCO files: trait name and file of each line";
    case Artifact::variant_annotations:
        return "VEP, bcftools csq or regenie annotation of variants: variant, gene, consequence";
    case Artifact::gene_sets:
        return "set list: set, chromosome, position and variants of each line";
    case Artifact::gene_masks:
        return "mask definitions: mask and its consequences of each line";
    case Artifact::gene_tests_result:
        return "HDF5 file of gene-based tests";
    case Artifact::score_covariance:
        return "HDF5 file of single-variant scores and their covariances";
    case Artifact::summary_statistics:
        return "summary statistics: GWAS-SSF, regenie or PLINK 2 text, or an HDF5 association "
               "result";
    case Artifact::meta_result:
        return "HDF5 file of meta-analysed associations";
    case Artifact::ld_scores:
        return "LD scores: text of LDSC, or an HDF5 result of the stage ld";
    case Artifact::ld_score_regression_result:
        return "HDF5 file of heritability and genetic correlation";
    case Artifact::loci_result:
        return "HDF5 file of independent loci and credible sets";
    case Artifact::trajectories_result:
        return "HDF5 file of health states and simulated life courses written by trajectories";
    case Artifact::risk_result:
        return "HDF5 file of risk models and their validation";
    case Artifact::score_files:
        return "weights of polygenic scores: PGS Catalog, PLINK or other text, a folder "
               "of such files, or an HDF5 result of pgs_weights or risk";
    case Artifact::frequency_table:
        return "allele frequencies of variants: text of plink2 --freq, or with columns "
               "of these meanings";
    case Artifact::sample_list:
        return "text file of sample identifiers, one per line";
    case Artifact::score_result:
        return "HDF5 file of polygenic scores of samples";
    case Artifact::pgs_weights_result:
        return "HDF5 file of weights of polygenic scores";
    case Artifact::cohort:
        return "folder of a simulated cohort";
    case Artifact::report:
        return "HTML file";
    }
    return "";
}

bool accepts(Artifact port, Artifact given) noexcept {
    if (port == given) return true;
    switch (port) {
    case Artifact::genotype_store:
        return given == Artifact::genotype_files;
    case Artifact::summary_statistics:
        return given == Artifact::association_result || given == Artifact::meta_result;
    case Artifact::ld_scores:
        return given == Artifact::ld_result;
    case Artifact::score_result:
        return given == Artifact::trait_table;
    case Artifact::score_files:
        return given == Artifact::pgs_weights_result || given == Artifact::risk_result;
    default:
        return false;
    }
}

const Port* Stage::input(std::string_view port) const {
    const auto found =
        std::find_if(inputs_.begin(), inputs_.end(), [&](const Port& p) { return p.name == port; });
    return found == inputs_.end() ? nullptr : &*found;
}

const Output* Stage::output(std::string_view port) const {
    const auto found = std::find_if(outputs_.begin(), outputs_.end(),
                                    [&](const Output& o) { return o.name == port; });
    return found == outputs_.end() ? nullptr : &*found;
}

} // namespace salus
