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
    case Artifact::link_table:
        return "link_table";
    case Artifact::event_store:
        return "event_store";
    case Artifact::trait_table:
        return "trait_table";
    case Artifact::phenotype_definitions:
        return "phenotype_definitions";
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
    case Artifact::risk_result:
        return "risk_result";
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
        return "bgzipped VCF, BCF, BGEN or PLINK 1 .bed files";
    case Artifact::digest_manifest:
        return "SHA-256 digests of files, written by salus digest or sha256sum";
    case Artifact::sample_sheet:
        return "tab-separated file: sample_id, sex and what else is known";
    case Artifact::genotype_store:
        return "genotype store, a folder written by ingest_genomes, or one genotype file";
    case Artifact::omop_tables:
        return "folder of OMOP CDM 5.4 CSV files";
    case Artifact::link_table:
        return "CSV file: person_id, sample_id";
    case Artifact::event_store:
        return "HDF5 file of health-record events written by ingest_health";
    case Artifact::trait_table:
        return "CSV or TSV file: sample_id and one column per trait or covariate";
    case Artifact::phenotype_definitions:
        return "TOML file of trait definitions";
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
    case Artifact::risk_result:
        return "HDF5 file of risk models and their validation";
    case Artifact::cohort:
        return "folder of a simulated cohort";
    case Artifact::report:
        return "HTML file";
    }
    return "";
}

bool accepts(Artifact port, Artifact given) noexcept {
    return port == given || (port == Artifact::genotype_store && given == Artifact::genotype_files);
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
