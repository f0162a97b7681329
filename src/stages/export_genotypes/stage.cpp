#include "base/error.hpp"
#include "base/problems.hpp"
#include "formats/file_genotypes.hpp"
#include "stages/export_genotypes/export_genotypes.hpp"

#include "formats/genotype_reader.hpp"
#include "genotype/genotype_source.hpp"

#include <filesystem>

namespace salus {
namespace {

const char* const details =
    "Writes the genotypes of a store as files of other programs, so that nobody is locked in:\n\n"
    "bed: PLINK 1 .bed, .bim and .fam. Hard calls alone; ALT is allele 1.\n\n"
    "pgen: PLINK 2 .pgen, .pvar and .psam. Hard calls, phase and dosages, exactly as they are in "
    "the store; each record in the smallest of the forms that the format has.\n\n"
    "bcf: BCF 2.2 with its .csi index. GT with phase, DS in records where a dosage differs from "
    "its hard call; INFO AC, AN and AF of the samples written.\n\n"
    "vcf: the same as bgzipped VCF with its .tbi index; DS to five decimals, which reads back to "
    "the same dosage.\n\n"
    "A site that was split on ingest stays split: one record per ALT allele. In BCF and VCF, calls "
    "are haploid where one copy is expected by chromosome, genome build and recorded sex. INFO "
    "fields kept on ingest stay in the store. With a quality result only variants and samples that "
    "pass are written.\n\n"
    "Work is cut by ranges of variants, the parts are joined in order, and the folder appears "
    "whole or not at all. The bytes do not depend on ranks and threads.";

void examine(const ExportGenotypesParams& params, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    for (const std::string& region : params.regions) {
        try {
            parse_region(region);
        } catch (const Error& error) {
            keep_problems(error, problems);
        }
    }
    examine_genotypes(inputs, sizes, problems);
}

Resources needs(const ExportGenotypesParams& params, const Workload& w) {
    const bool plink = params.format == "bed" || params.format == "pgen";
    const double bytes = plink ? 0.25 : 0.5, seconds = plink ? 0.5e-9 : 6e-9;
    Resources r;
    // Rows of a unit, at most a piece of 64 MiB; a block of the store; the samples.
    const double row = bytes + (w.dosages && params.format != "bed" ? 2.125 : 0);
    const double pieces = std::min(67e6, row * w.samples * variants_at_once(w, 0x1p40, 64));
    r.memory_bytes = (plink ? 45.5e6 + 25 * std::min(w.variants, 4e5) : 88e6) + 260 * w.samples +
                     pieces + dosage_bytes(w, 0) + (w.dosages ? 30 * w.samples : 0);
    r.storage_bytes = row * w.samples * w.variants + 60 * w.variants;
    r.scratch_bytes = r.storage_bytes;
    r.core_hours = (seconds * w.samples * w.variants + 3e-6 * w.variants) / 3600;
    r.formula = "memory per rank 45.5 MB + 25 B x min(M, 400,000) (bcf and vcf 88 MB) + 260 B x N "
                "(a block of the store) + min(67 MB, rows of M / 64 variants, 1/4 B x N each as "
                "bed or pgen, 1/2 B as bcf or vcf, 2 B more with dosages but as bed); results "
                "at most as many bytes of all rows + 60 B x M; scratch the "
                "same; time 0.5 ns x N M as bed or pgen, 6 ns as bcf or vcf, + 3 us x M; one rank "
                "joins the parts; with dosages another 2 B x N x a block of the store (64 to 512 "
                "variants) + 30 B x N of memory";
    return r;
}

} // namespace

Stage export_genotypes_stage() {
    using P = ExportGenotypesParams;
    return stage<P>("export_genotypes")
        .summary("Writes genotypes as PLINK 1, PLINK 2, BCF or VCF files.")
        .details(details)
        .cites("Chang CC et al. Second-generation PLINK. GigaScience 2015, "
               "doi:10.1186/s13742-015-0047-8")
        .cites("Danecek P et al. The variant call format and VCFtools. Bioinformatics 2011, "
               "doi:10.1093/bioinformatics/btr330")
        .reads({.name = "genotypes",
                .artifact = Artifact::genotype_store,
                .doc = "Genotypes to be written"})
        .reads({.name = "quality",
                .artifact = Artifact::quality_result,
                .doc = "Pass marks: variants and samples that do not pass are left out",
                .optional = true})
        .reads({.name = "keep_samples",
                .artifact = Artifact::sample_sheet,
                .doc = "Write only these samples, in the order of the store",
                .optional = true})
        .writes({.name = "files",
                 .artifact = Artifact::genotype_files,
                 .file = "files",
                 .doc = "Folder with genotypes.* of the format asked for",
                 .tables = {}})
        .param("format", &P::format,
               {.doc = "What to write.", .choices = {"bed", "pgen", "bcf", "vcf"}})
        .param("regions", &P::regions,
               {.doc =
                    "Write only variants whose position lies in these regions, e.g. \"chr20\" or "
                    "\"chr20:1000000-2000000\"; empty writes all."})
        .param("compression", &P::compression,
               {.doc = "Level of BGZF in bcf and vcf, from 1 (fast) to 12 (small).",
                .min = 1,
                .max = 12})
        .needs(needs)
        .examines(examine)
        .run(run_export_genotypes);
}

} // namespace salus
