#include "base/problems.hpp"
#include "base/text.hpp"
#include "genotype/sample_depths.hpp"
#include "genotype/store_layout.hpp"
#include "stages/ingest_genomes/cohort.hpp"

#include <algorithm>

namespace salus {
namespace {

const char* const details =
    "Reads VCF (bgzipped, or uncompressed), BCF, BGEN and PLINK 1 files into the genotype store: "
    "hard "
    "calls in two bits, "
    "or lists of carriers where these take less memory.\n\n"
    "A site with several ALT alleles becomes one variant per ALT allele. Calls of another ALT "
    "allele count as 0 copies "
    "of this one, so 1/2 is heterozygous for both, as in bcftools norm -m -. A call with a missing "
    "allele (./1) is "
    "missing. Haploid calls count as 0 or 2 copies. Where one copy is expected (Y and mitochondria "
    "in everybody, X outside the "
    "pseudo-autosomal regions in recorded males) a heterozygous call is set missing. Calls of more "
    "than two alleles are "
    "an error. All of these are counted in the attributes ingest_* of index.h5.\n\n"
    "Dosages come from FORMAT/DS, or from FORMAT/GP as expected copies, and are kept in 1/16384 of "
    "a copy, rounded to nearest; the call of a sample with a dosage is the nearest whole number "
    "within hard_call_threshold, or missing. Values outside [0, 2], and probabilities that do not "
    "add up to 1 within 0.02, are malformed records. DS of a haploid call counts one copy and is "
    "doubled. Phase (0|1) is kept for heterozygous calls: 1|2 is 1|0 for the first ALT allele and "
    "0|1 for the second.\n\n"
    "Lists of samples, regions and variants say what is kept. Sample names in the list and in the "
    "table of names are those of the files. Entries that nothing answers to are counted, as is all "
    "that is left out. Haploid, half-missing and similar calls are counted before samples are left "
    "out.\n\n"
    "With a reference genome REF is compared with it (letters that are not A, C, G or T count as "
    "N) "
    "after sites are split, and indels are left-aligned. Regions and FILTER look at the record as "
    "it is in the file, variant lists at the variant as it is stored. Exchanged alleles lose their "
    "INFO values. Memory grows by the variants of twice normalize_window.\n\n"
    "With allele_depths the reads of FORMAT/AD are added up per sample over heterozygous calls of "
    "autosomal SNVs that have one ALT allele in the file and are kept in the store. Both depths "
    "must be "
    "there and make 8 reads. Values that are not one number of reads per allele are malformed "
    "records. The hard call as it is stored decides who is heterozygous.\n\n"
    "Every BGZF block is checked by its CRC-32, and the end marker must be there, so a cut or "
    "damaged file is refused. "
    "PLINK 1 files and uncompressed VCF hold no checksums: magic number, exact size, unused bits "
    "and syntax are checked. "
    "In PLINK 1 files A1 is the ALT allele unless bed_ref_allele says otherwise.\n\n"
    "BGEN files (1.1, 1.2 and 1.3: 1 to 32 bits, packed by zlib, zstd or not at all, phased or "
    "not) give dosages "
    "P(one copy) + 2 P(two copies), rounded to 1/16384, and hard calls where the dosage is within "
    "0.1 of a whole number, as "
    "plink2 imports them. A record with more than two copies is malformed. Which allele of a BGEN "
    "record is REF is not said "
    "in the file: see bgen_ref_allele. Names and sex of the samples come from the .sample file "
    "beside it, else the names from "
    "the file itself. zlib blocks are checked by their Adler-32; zstd blocks need not have a "
    "checksum, and heads of records have none.\n\n"
    "With digests, a manifest of salus digest or sha256sum, the genotype files and their .bim, "
    ".fam, .sample, .pvar and .psam "
    "files are compared with their SHA-256 before they are read: a flipped bit in a format without "
    "checksums ends the run with "
    "exit code 6. The sample sheet is compared if the manifest lists it. Without digests the "
    "SHA-256 of the files is recorded in "
    "the provenance all the same.\n\n"
    "Files are read in the order given. Together they must be grouped by chromosome and sorted by "
    "position. All must "
    "hold the same samples in the same order. A VCF or BCF file with a .tbi or .csi index beside "
    "it is shared among the ranks "
    "by byte ranges taken from the index; a wrong index is noticed, because each range must end "
    "where a record ends. A file "
    "without index is read by one rank. A BGEN file is cut by its .bgi index, or by a scan over "
    "the heads of its records; PLINK 1 "
    "files need no index.\n\n"
    "PLINK 2 file sets (.pgen, with .pvar or .pvar.zst and .psam beside it) are read with phase, "
    "dosages and several ALT alleles as they are stored; samples are named by IID.";

/// Bytes that the store may take for the genotypes of one unit: as many as a .bed file has. Text
/// and probabilities shrink, but not evenly, and units are not cut evenly.
double largest_unit(const GenotypeCohort& cohort) {
    double most = 0;
    for (std::size_t f = 0; f < cohort.files.size(); ++f) {
        const auto units =
            static_cast<double>(std::count_if(cohort.units.begin(), cohort.units.end(),
                                              [&](const auto& unit) { return unit.file == f; }));
        const GenotypeFile& file = *cohort.files[f];
        const bool even = file.path().extension() == ".bed";
        const double mean = static_cast<double>(file.bytes()) / std::max(1.0, units);
        most = std::max(most, (even || units < 2 ? 1 : 2) * mean);
    }
    return most;
}

void examine(const IngestGenomesParams& params, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    try {
        const GenotypeCohort cohort = open_cohort(params, ingest_inputs(inputs));
        if (cohort.files.empty()) return;
        sizes.samples = static_cast<double>(cohort.samples.size());
        sizes.input_bytes = sizes.variants = 0;
        sizes.dosages = false;
        for (const auto& file : cohort.files) {
            sizes.variants += static_cast<double>(file->records());
            sizes.input_bytes += static_cast<double>(file->bytes());
            sizes.dosages = sizes.dosages || file->may_have_dosages(cohort.options);
        }
        const double unit = largest_unit(cohort);
        sizes.set_variants = unit / (0.25 * std::max(1.0, sizes.samples));
        sizes.columns = std::min(1.0, unit / std::max(1.0, sizes.input_bytes));
    } catch (const Error& error) {
        keep_problems(error, problems);
    }
}

Resources needs(const IngestGenomesParams& params, const Workload& w) {
    Resources r;
    const double dense = w.samples * w.variants * (w.dosages ? 2.25 : 0.25);
    double segment = 67e6;
    if (w.dosages)
        segment = std::min(segment, w.columns > 0 ? dense * w.columns : segment);
    else if (w.set_variants > 0)
        segment = std::min(segment, w.samples * w.set_variants / 4);
    if (dense > 0) segment = std::min(segment, dense);
    // Rows of the variants of a segment; of text of which the number of records is not known no
    // record is shorter than that.
    double rows = 131072;
    if (w.variants > 0 && w.columns > 0) rows = std::min(rows, w.variants * w.columns);
    if (w.set_variants > 0 && !(w.variants > 0))
        rows = std::min(rows, w.samples * w.set_variants / 4 / (30 + 0.02 * w.samples));
    // Before, on several ranks: what root read of the heads of files, at most 32 MiB, packed and
    // not.
    const double heads = w.ranks > 1 ? 2 * std::min(0x1p25, w.input_bytes) : 0;
    r.memory_bytes = 41e6 + 106 * w.samples + std::max(segment + 750 * rows, heads);
    r.storage_bytes = std::min(dense, 6 * w.input_bytes) + 60 * w.variants;
    r.scratch_bytes = 0;
    if (params.allele_depths) {
        const auto bytes = static_cast<std::uint64_t>(w.input_bytes);
        r.memory_bytes += 64 * w.samples;
        r.storage_bytes +=
            w.samples * (32 + 12 * w.input_bytes / static_cast<double>(unit_bytes(bytes)));
    }
    r.core_hours =
        (w.samples * w.variants * 0.01e-9 + w.input_bytes * 25e-9 + w.variants * 2e-6) / 3600;
    r.formula =
        "memory per rank 41 MB + 106 B x N (one record) + a segment of the store (67 MB, or less: "
        "0.25 B x N M, the bytes of the input that a unit reads, twice where units are not even; "
        "with dosages 2.25 B x N x the variants of a unit) "
        "+ 750 B x its variants (at most 131,072), on several ranks at least 67 MB or twice the "
        "input; results "
        "min(N M / 4, 6 x input) + 60 B x M, "
        "parts are linked into the result and take no second space; time 0.01 ns x N M + "
        "25 ns x input bytes + 2 us x M; with allele_depths another 64 B x N of memory and 12 B "
        "x N per unit of ranges in the result";
    return r;
}

} // namespace

Stage ingest_genomes_stage() {
    return stage<IngestGenomesParams>("ingest_genomes")
        .summary("Reads genotype files into the genotype store.")
        .details(details)
        .cites("Danecek P et al. The variant call format and VCFtools. Bioinformatics 2011, "
               "doi:10.1093/bioinformatics/btr330")
        .cites("Li H. Tabix: fast retrieval of sequence features from generic TAB-delimited files. "
               "Bioinformatics 2011, doi:10.1093/bioinformatics/btq671")
        .cites("Tan A et al. Unified representation of genetic variants. Bioinformatics 2015, "
               "doi:10.1093/bioinformatics/btv112")
        .cites("Chang CC et al. Second-generation PLINK. GigaScience 2015, "
               "doi:10.1186/s13742-015-0047-8")
        .reads({.name = "genotypes",
                .artifact = Artifact::genotype_files,
                .doc = "VCF, BCF, BGEN, PLINK 1 .bed or PLINK 2 .pgen files of one cohort, in the "
                       "order of the genome",
                .optional = false,
                .many = true})
        .reads({.name = "sample_sheet",
                .artifact = Artifact::sample_sheet,
                .doc = "Recorded sex of the samples; overrules .fam",
                .optional = true,
                .many = false})
        .reads({.name = "digests",
                .artifact = Artifact::digest_manifest,
                .doc = "Digests that the genotype files, and what belongs to them, must have",
                .optional = true,
                .many = false})
        .reads({.name = "sample_list",
                .artifact = Artifact::sample_sheet,
                .doc = "Samples to keep, in the order of the files: one name a line, or a table "
                       "whose first column is sample_id",
                .optional = true,
                .many = false})
        .reads({.name = "sample_names",
                .artifact = Artifact::sample_sheet,
                .doc =
                    "Two columns, name in the files and new name; the sample sheet and all later "
                    "stages use the new one",
                .optional = true,
                .many = false})
        .reads({.name = "region_list",
                .artifact = Artifact::variant_list,
                .doc = "Regions to keep: BED, or CHROMOSOME:FIRST-LAST line by line; adds to the "
                       "parameter regions",
                .optional = true,
                .many = false})
        .reads({.name = "variant_list",
                .artifact = Artifact::variant_list,
                .doc = "Variants to keep: identifiers or CHROM:POS:REF:ALT, as they are stored",
                .optional = true,
                .many = false})
        .reads({.name = "variant_exclusions",
                .artifact = Artifact::variant_list,
                .doc = "Variants to leave out, written in the same way",
                .optional = true,
                .many = false})
        .reads({.name = "reference",
                .artifact = Artifact::fasta,
                .doc = "Reference genome: REF is checked against it, and indels are left-aligned",
                .optional = true,
                .many = false})
        .writes({.name = "genotypes",
                 .artifact = Artifact::genotype_store,
                 .file = "genotypes.store",
                 .doc = "Folder with index.h5 (samples, variants, parts) and part files with the "
                        "genotypes",
                 .tables = {variants_table_spec("", {}), long_text_table_spec(""),
                            sample_depths_table()}})
        .param("genome_build", &IngestGenomesParams::genome_build,
               {.doc = "Genome build of the positions; decides where X and Y are pseudo-autosomal.",
                .choices = {"GRCh37", "GRCh38"}})
        .param("regions", &IngestGenomesParams::regions,
               {.doc = "Keep only variants whose position lies in these regions, e.g. \"chr20\" or "
                       "\"chr20:1000000-2000000\"; empty keeps all."})
        .param("info", &IngestGenomesParams::info,
               {.doc = "INFO fields to keep, as text columns info_KEY; fields declared Number=A "
                       "are split by ALT allele."})
        .param("keep_filter", &IngestGenomesParams::keep_filter,
               {.doc = "Keep only records with one of these FILTER values, e.g. \"PASS\"; empty "
                       "keeps all. FILTER is kept in the store either way."})
        .param("on_bad_record", &IngestGenomesParams::on_bad_record,
               {.doc = "What to do with a malformed record: end with an error, or leave it out and "
                       "count it.",
                .choices = {"fail", "skip"}})
        .param("bed_ref_allele", &IngestGenomesParams::bed_ref_allele,
               {.doc = "Which allele column of a .bim file is REF; the other one is ALT, whose "
                       "copies are counted.",
                .choices = {"a1", "a2"}})
        .param("bgen_ref_allele", &IngestGenomesParams::bgen_ref_allele,
               {.doc = "Which allele of a BGEN record is REF; the others are ALT. The imputed "
                       "genotypes of UK Biobank have it first, its whole-genome (DRAGEN) BGEN "
                       "files last; plink2 writes it last unless told ref-first.",
                .choices = {"first", "last"}})
        .param("dosage_field", &IngestGenomesParams::dosage_field,
               {.doc = "FORMAT field of VCF and BCF files that genotypes are read from. auto: DS "
                       "where the header declares it, else GT, and GP in records without either. "
                       "GT is read beside DS or GP for phase, and where a sample has no dosage.",
                .choices = {"auto", "GT", "DS", "GP"}})
        .param("hard_call_threshold", &IngestGenomesParams::hard_call_threshold,
               {.doc = "A dosage farther than this from a whole number of copies has no hard call.",
                .unit = "copies",
                .min = 0,
                .max = 0.5})
        .param("on_reference_mismatch", &IngestGenomesParams::on_reference_mismatch,
               {.doc = "What to do, with a reference, where REF is not what it has: end with an "
                       "error; leave the variant out; or exchange REF and ALT where the site has "
                       "one ALT and the reference has that, and leave all others out.",
                .choices = {"fail", "skip", "swap"}})
        .param("normalize", &IngestGenomesParams::normalize,
               {.doc =
                    "With a reference: write indels at the leftmost place with the fewest bases, "
                    "as bcftools norm does."})
        .param("normalize_window", &IngestGenomesParams::normalize_window,
               {.doc = "A variant may move by fewer bases than this; variants are sorted again "
                       "within it. More is an error.",
                .unit = "bases",
                .min = 1,
                .max = 1000000})
        .param("allele_depths", &IngestGenomesParams::allele_depths,
               {.doc = "Count FORMAT/AD at heterozygous calls, per sample, into the table "
                       "sample_depths: a sign of contamination, which the stage quality reads. VCF "
                       "and BCF only."})
        .needs(needs)
        .examines(examine)
        .run(run_ingest_genomes);
}

} // namespace salus
