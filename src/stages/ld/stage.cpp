#include "base/problems.hpp"
#include "base/text.hpp"
#include "formats/file_genotypes.hpp"
#include "genotype/counted_variants.hpp"
#include "genotype/genotype_source.hpp"
#include "schema/existing_input.hpp"
#include "stages/ld/ld.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

/// Most positions within `reach` of one another. They ascend.
double widest(const std::vector<std::uint32_t>& positions, double reach) {
    std::size_t most = 0;
    for (std::size_t first = 0, last = 0; last < positions.size(); ++last) {
        while (positions[last] - positions[first] > reach)
            ++first;
        most = std::max(most, last - first + 1);
    }
    return static_cast<double>(most);
}

bool has_pairs(const LdParams& params) { return params.ld_scores || params.write_blocks; }

/// Genotypes of so many variants are in memory at once: windows of all threads while variants are
/// pruned, which the allocator keeps, and then what LD scores reach, or a block. On X all are there
/// twice.
double rows_at_once(const LdParams& params, double threads, double in_window, double in_reach,
                    double in_block) {
    const double pairs =
        std::max(has_pairs(params) ? in_reach : 0, params.write_blocks ? in_block : 0);
    return threads * in_window + pairs;
}

/// Candidates of the chromosomes, as the result of quality tells them.
class CandidateCount {
public:
    CandidateCount(const LdParams& params, double threads) : params_(params), threads_(threads) {}
    void add(const TableData& slice) {
        const auto marks = passing_rows(slice, params_.minor_allele_frequency_min);
        const auto& names = slice.column<std::string>("chromosome");
        for (std::size_t v = 0; v < marks.size(); ++v) {
            if (names[v] != name_) close();
            name_ = names[v];
            if (marks[v] != 0)
                positions_.push_back(slice.column<std::uint32_t>("base_pair_location")[v]);
        }
    }
    void close() {
        const Inheritance inheritance = inheritance_of(name_);
        const bool x = params_.include_x && inheritance == Inheritance::x_linked;
        const auto size = static_cast<double>(positions_.size());
        if (size > 0 && (x || inheritance == Inheritance::autosomal)) {
            const double in_window =
                params_.window_kb > 0
                    ? widest(positions_, 1000 * params_.window_kb)
                    : std::min(size, static_cast<double>(params_.window_variants));
            const double once = rows_at_once(
                params_, threads_, in_window, widest(positions_, 1000 * params_.ld_score_window_kb),
                std::min(size, static_cast<double>(params_.block_variants_max)));
            rows = std::max(rows, (x ? 2 : 1) * once);
            candidates += size;
        }
        positions_.clear();
    }
    double candidates = 0, rows = 0;

private:
    const LdParams& params_;
    double threads_;
    std::string name_;
    std::vector<std::uint32_t> positions_;
};

void examine_candidates(const LdParams& params, const Inputs& inputs, Workload& sizes) {
    const auto* quality = existing_input(inputs, "quality");
    if (quality == nullptr) return;
    CandidateCount count(params, sizes.threads);
    std::vector<std::string> columns = passing_columns();
    columns.emplace_back("base_pair_location");
    const auto found = count_variants(H5File::open(*quality), columns, [&](const TableData& slice) {
        count.add(slice);
        return std::vector<std::uint8_t>(slice.rows());
    });
    if (!found) return;
    count.close();
    sizes.set_variants = count.candidates;
    sizes.columns = count.rows;
}

void examine(const LdParams& params, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    if (params.window_kb == 0 && params.step_variants > params.window_variants)
        problems.push_back(
            {.what = text("step_variants (", params.step_variants,
                          ") is larger than window_variants (", params.window_variants, ")"),
             .where = "stage ld",
             .why = "windows must overlap or touch, or pairs between them are lost",
             .help = "use for example 50 and 500"});
    examine_genotypes(inputs, sizes, problems);
    try {
        examine_candidates(params, inputs, sizes);
    } catch (const Error& error) {
        keep_problems(error, problems);
    }
}

/// Candidates: most variants of a genotyped or imputed set, and of sequenced ones as many as are
/// common in a population.
double candidates(const LdParams& params, double variants) {
    return params.minor_allele_frequency_min > 0 ? std::min(variants, 1.2e7) : variants;
}

/// Variants in a stretch: 12 candidates a kb, as where most of a genome differ (HLA).
double in_kilobases(double kilobases) { return std::max(1.0, 12 * kilobases); }

Resources needs(const LdParams& params, const Workload& w) {
    const double c = w.set_variants > 0 ? w.set_variants : candidates(params, w.variants);
    const double width = params.window_kb > 0 ? in_kilobases(params.window_kb)
                                              : static_cast<double>(params.window_variants);
    const double reach = has_pairs(params) ? 4 * params.ld_score_window_kb : 0;
    const double block = params.write_blocks ? static_cast<double>(params.block_variants_max) : 0;
    const double rows = w.set_variants > 0
                            ? w.columns
                            : (params.include_x ? 2 : 1) *
                                  rows_at_once(params, w.threads, std::min(c, width),
                                               std::min(c, in_kilobases(params.ld_score_window_kb)),
                                               std::min(c, block));
    Resources r;
    const double read = std::min(8192.0, variants_at_once(w, 0x1p24, 16));
    // Of the selection, then of the window of each thread.
    const double dosages = dosage_bytes(w, read) + w.threads * dosage_bytes(w, 0);
    r.memory_bytes = 46e6 + dosages + 650 * std::min(w.variants, 65536.0) + 3 * w.samples + 4 * c +
                     0.375 * rows * w.samples + 2 * block * block;
    r.storage_bytes = 30 * w.variants + 2 * block * c;
    r.scratch_bytes = 32 * w.variants + 23 * c + (has_pairs(params) ? 18 * c : 0) + 2 * block * c;
    r.core_hours = (w.variants * w.samples * 0.1e-9 + w.variants * 2e-6 +
                    c * width * w.samples * 5e-12 + c * w.samples * 5e-12 * (reach + block / 2)) /
                   3600;
    r.formula =
        "C candidates (counted where the result of quality is there; else M, at most 12 million if "
        "minor_allele_frequency_min is above 0), W variants in a window: memory per rank 46 MB + "
        "650 B x min(M, 65,536) + 3 B x N + 4 B x C + 3/8 B x N x (threads x W + with LD scores "
        "or blocks of B the candidates within ld_score_window_kb (12 per kb, at most C, where they "
        "are not counted) or B; twice that with include_x) + 2 B x B^2; results "
        "30 B x M + 2 B x B C; scratch 32 B x M + 23 B x C + 18 B x C with scores + 2 B x B C; "
        "time 0.1 ns x N M + 2 us x M + 0.005 ns x N C x (W at most, less the more is pruned; 4 "
        "per kb with scores; B / 2 with blocks); with dosages another 2 B x N x min(M / 16, 2^26 / "
        "N, 8,192) (at least a block of the store) + 2 B x N x a block of the store per thread of "
        "memory";
    return r;
}

const char* const details =
    "Keeps variants without strong LD among each other, for kinship and principal components. The "
    "rule is that of plink2 --indep-pairwise, and the kept set is the same: within a window, of "
    "two variants whose squared correlation of allele counts (over the samples called in both) is "
    "above r2_max, the one with the rarer minor allele goes, and the right one if both are equally "
    "frequent; then the window moves on. Windows are window_variants candidates long and move by "
    "step_variants, or hold the variants within window_kb and move by one.\n\n"
    "All samples that pass quality count, also relatives. Candidates are autosomal variants that "
    "pass quality and reach minor_allele_frequency_min; with include_x also those on X outside the "
    "pseudo-autosomal regions, where recorded males count once, coded 0 or 2 with heterozygous "
    "calls missing, and others twice. Variants that do not vary are never kept.\n\n"
    "A chromosome is cut into segments that are pruned at the same time, each after a run-up of "
    "two windows; where the run-up did not end in what the segment before left, the segment is "
    "pruned again. So the result is that of one pass in order, for any number of ranks.\n\n"
    "The LD score of a candidate is the sum over all candidates within ld_score_window_kb, itself "
    "included, of r2 - (1 - r2) / (N - 2). For scores and matrices missing genotypes are set to "
    "the mean of the variant, as regressions take them; a matrix is then positive semidefinite "
    "but for rounding. Blocks hold at most block_variants_max candidates and are cut, from left to "
    "right, where the sum of r2 over the pairs across the cut is least among the places that leave "
    "a block at least half full.";

} // namespace

TableSpec ld_variants_table() {
    using enum ColumnType;
    return {.name = "variants",
            .row = "variant",
            .doc = "One row per variant of the genotype store, in its order.",
            .columns = {
                {"chromosome", text, "", "Chromosome as written in the input"},
                {"base_pair_location", u32, "bp", "Position, 1-based"},
                {"variant_id", text, "", "Identifier as written in the input, empty if none"},
                {"other_allele", text, "", "Reference allele (REF)"},
                {"effect_allele", text, "", "Alternative allele (ALT)"},
                {"kept", u8, "0 or 1", "1 if the variant is in the pruned set"},
                {"reason", text, "",
                 "Why it is not: chromosome, failed_quality, low_minor_allele_frequency, "
                 "monomorphic, in_ld"},
                {"ld_score", f64, "1",
                 "Sum of the adjusted r2 with all candidates within ld_score_window_kb, itself "
                 "included; NaN if it is no candidate or not computed"},
            }};
}

TableSpec ld_blocks_table() {
    using enum ColumnType;
    return {.name = "blocks",
            .row = "block",
            .doc = "Blocks of candidates with little LD across their borders; block b has its "
                   "correlations in matrices/b/r. Empty unless write_blocks is set.",
            .columns = {
                {"block_number", u32, "", "From 0"},
                {"chromosome", text, "", "Chromosome as written in the input"},
                {"first_location", u32, "bp", "Position of its first variant"},
                {"last_location", u32, "bp", "Position of its last variant"},
                {"variants", u32, "variants", "Candidates in the block"},
            }};
}

Stage ld_stage() {
    using P = LdParams;
    return stage<P>("ld")
        .summary("variants without strong linkage disequilibrium, LD scores and LD matrices")
        .details(details)
        .cites("Purcell S et al. (2007) PLINK: a tool set for whole-genome association and "
               "population-based linkage analyses. Am J Hum Genet 81:559. doi:10.1086/519795")
        .cites("Chang CC et al. (2015) Second-generation PLINK: rising to the challenge of larger "
               "and richer datasets. GigaScience 4:7. doi:10.1186/s13742-015-0047-8")
        .reads({"genotypes", Artifact::genotype_store, "genotypes"})
        .reads({"quality", Artifact::quality_result, "pass marks of variants and samples", true})
        .writes({"ld",
                 Artifact::ld_result,
                 "ld.h5",
                 "pruned set, LD scores and LD matrices",
                 {ld_variants_table(), ld_blocks_table()}})
        .param(
            "r2_max", &P::r2_max,
            {.doc = "largest r2 of two kept variants in a window", .unit = "1", .min = 0, .max = 1})
        .param("window_variants", &P::window_variants,
               {.doc = "length of a window", .unit = "variants", .min = 2, .max = 1e6})
        .param("step_variants", &P::step_variants,
               {.doc = "step from window to window", .unit = "variants", .min = 1, .max = 1e6})
        .param("window_kb", &P::window_kb,
               {.doc = "if above 0, windows of this length instead; they move by one variant",
                .unit = "kb",
                .min = 0,
                .max = 4e6})
        .param("minor_allele_frequency_min", &P::minor_allele_frequency_min,
               {.doc = "least minor allele frequency of a candidate",
                .unit = "proportion",
                .min = 0,
                .max = 0.5})
        .param("include_x", &P::include_x,
               {.doc = "whether X outside the pseudo-autosomal regions takes part"})
        .param("ld_scores", &P::ld_scores,
               {.doc = "whether LD scores are computed, from all pairs"})
        .param("ld_score_window_kb", &P::ld_score_window_kb,
               {.doc = "farthest distance of a pair that counts for LD scores and block borders",
                .unit = "kb",
                .min = 0,
                .max = 4e6})
        .param("write_blocks", &P::write_blocks,
               {.doc = "whether LD matrices of blocks are written; LD scores come with them"})
        .param("block_variants_max", &P::block_variants_max,
               {.doc = "most candidates in a block", .unit = "variants", .min = 2, .max = 10000})
        .needs(needs)
        .examines(examine)
        .run(run_ld);
}

} // namespace salus
