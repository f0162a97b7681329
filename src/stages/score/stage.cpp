#include "base/file.hpp"
#include "base/text.hpp"
#include "formats/byte_stream.hpp"
#include "formats/file_genotypes.hpp"
#include "formats/score_file.hpp"
#include "genotype/genotype_source.hpp"
#include "stages/score/score.hpp"
#include "stages/score/sites.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <string_view>

namespace salus {
namespace {

/// Rows of a table, lines of a short text; of a longer one what its bytes can hold at most.
double entries_at_most(const ScoreSource& source) {
    constexpr std::uint64_t counted_bytes = std::uint64_t{1} << 18, least_line = 6;
    if (!source.table.empty())
        return static_cast<double>(H5File::open(source.path).rows(source.table));
    if (is_packed(source.path)) return std::numeric_limits<double>::infinity();
    const InputFile file(source.path);
    if (file.size() > counted_bytes) return static_cast<double>(file.size()) / least_line;
    std::string content(file.size(), '\0');
    file.read_at(0, std::as_writable_bytes(std::span(content)));
    double entries = 1;
    for (const std::string_view line : split(content, '\n'))
        entries += line.empty() || line[0] == '#' ? 0 : 1;
    return entries;
}

/// Scores of all files, the most that are read at once, and how many variants they may use.
void count_columns(const ScoreParams& params, const std::vector<std::filesystem::path>& files,
                   Workload& sizes) {
    double all = 0, most = 0, entries = 0;
    for (const ScoreSource& source : list_score_sources(files)) {
        entries += entries_at_most(source);
        const auto columns =
            static_cast<double>(ScoreFile(source, params.weight_columns).columns().size());
        all += columns;
        most = std::max(most, std::min<double>(columns, score::set_columns_max));
    }
    sizes.traits = all;
    sizes.columns = most;
    if (std::isfinite(entries)) sizes.set_variants = entries;
}

void examine(const ScoreParams& params, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    if (inputs.count("frequencies") > 0 && params.missing == "nothing" &&
        params.mode != "centred" && params.mode != "standardised")
        problems.push_back({.what = "frequencies are given, but nothing needs them",
                            .where = "stage score",
                            .why = "frequencies stand for missing genotypes, and centre them",
                            .help = "leave frequencies out, or use missing = \"expected\""});
    examine_genotypes(inputs, sizes, problems);
    const auto files = inputs.find("scores");
    if (files == inputs.end()) return;
    try {
        count_columns(params, files->second, sizes);
    } catch (const Error&) { // not there yet, or broken: told when it is read
        sizes.columns = score::set_columns_max;
        sizes.traits = score::set_columns_max * static_cast<double>(files->second.size());
    }
}

Resources needs(const ScoreParams&, const Workload& w) {
    const double scores = std::max(1.0, w.traits), of_file = std::max(1.0, w.columns);
    const double scored = std::min(w.variants > 0 ? w.variants : 1e6, 1.4e6);
    const double row = w.dosages ? 2 : 0.25, // bytes of a sample, and what is made of a variant
        expanded = w.dosages ? 24 : 0;
    const double used = w.set_variants > 0 ? std::min(scored, w.set_variants) : scored;
    const double tile =
        std::min(used, std::clamp(6.75e7 / (row * std::max(1.0, w.samples)), 1.0, 2048.0));
    Resources r;
    // A file while it is matched, or tables of scores while they are written; then the sums.
    const double matching = scored * (60 + 24 * of_file),
                 tables = 40 * std::min(w.samples * scores, 4.2e6),
                 sums = 8 * w.samples * scores + row * w.samples * tile + dosage_bytes(w, 0) +
                        8 * scores * std::max(2048.0, 32 * scores) +
                        55 * 2048 * std::min(scores, 256.0);
    r.memory_bytes =
        53e6 + 70 * scored + (2 + expanded) * w.samples + std::max({matching, tables, sums});
    r.storage_bytes = 8 * w.samples * scores;
    r.scratch_bytes = 16 * w.samples * scores + 0.25 * w.samples * scored +
                      scores * scored * (40 + 8) + 40 * scored;
    r.core_hours = (w.samples * scored * (0.06e-9 + 0.04e-9 * scores) + w.variants * 1e-6 +
                    scores * scored * 1e-6) /
                   3600;
    r.formula =
        "S scores, F of them read at once (those of the file with the most, but at most 64, as are "
        "taken "
        "where the file is still to be made), Ms "
        "variants that any of them uses "
        "(at most 1.4 million assumed), B variants summed at once (2,048, fewer where the files "
        "are there and have fewer entries, or above 64 MB of calls: 130,000 samples): memory per "
        "rank 53 MB + 70 B x Ms + 2 B x N + "
        "the largest of Ms (60 B + 24 B x F), 40 B x N S (at most 170 MB) and 8 B x N S + N "
        "B / 4 + 8 B x S x max(2048, 32 S) + 110 kB x S (at most 29 MB); results 8 B x N S "
        "(three times that with components); scratch 16 B x N S + at most N Ms / 4 + 48 B x "
        "S Ms; time 0.06 ns x N Ms + 0.04 ns x N Ms S + 1 us x M + 1 us x S Ms; with dosages 2 B x "
        "N x (B + a block of the store) of memory instead of N B / 4";
    return r;
}

const char* const details =
    "Entries of every file are found in the genotypes by chromosome and position, where the file "
    "is "
    "of the same genome build, else by identifier; then alleles are compared: the effect allele "
    "may "
    "be ALT or REF, as written or, for single bases, by the letters of the other strand. A/T and "
    "C/G variants do not tell their strand and are left out unless ambiguous is keep; weights made "
    "by this program keep theirs. Of two entries of one variant the first counts. The table report "
    "says for each score what became of its entries. Where fewer than overlap_min are found, the "
    "job fails, or goes on without the score.\n\n"
    "All scores are summed in one pass over the genotypes, which are never unpacked to numbers: "
    "weights are integers of 46 bits (of the largest weight of 2,048 variants), and sums of calls "
    "are exact; imputed dosages are added as doubles in the order of the variants. So a score is "
    "the same on any number of ranks and threads, and differs from the sum in doubles by about "
    "1e-13 of its largest terms.\n\n"
    "Modes and missing genotypes are those of plink2 --score. With missing expected, a missing "
    "genotype counts what the mode expects at the allele frequency, which is 2 f in additive mode "
    "and 0 in centred ones; with plink2 it counts as in plink2 2.0 (2 f also in centred modes, f "
    "in "
    "dominant and recessive ones); with nothing it counts 0, and averages are over called alleles. "
    "Frequencies are those of all samples, or of reference_samples, males counting one allele of "
    "X; "
    "or they are read from a table. On X males count 0 or 2, as in plink2; modes that need two "
    "copies refuse X. Variants on Y and MT are left out.\n\n"
    "With components, scores are also given relative to ancestry: the mean is regressed on the "
    "components among reference people (z_mean), and so is the logarithm of the variance "
    "(z_variance), so that people of any ancestry are on one scale without being put into groups.";

} // namespace

Stage score_stage() {
    using P = ScoreParams;
    return stage<P>("score")
        .summary("polygenic scores of all samples from files of weights, many at once")
        .details(details)
        .cites("Chang CC et al. (2015) Second-generation PLINK: rising to the challenge of larger "
               "and richer datasets. GigaScience 4:7. doi:10.1186/s13742-015-0047-8")
        .cites("Lambert SA et al. (2021) The Polygenic Score Catalog as an open database for "
               "reproducibility and systematic evaluation. Nat Genet 53:420. "
               "doi:10.1038/s41588-021-00783-5")
        .reads({"genotypes", Artifact::genotype_store, "genotypes of the samples"})
        .reads({.name = "scores",
                .artifact = Artifact::score_files,
                .doc = "files of weights, or folders of such files",
                .many = true})
        .reads({"frequencies", Artifact::frequency_table,
                "allele frequencies, in place of those of the samples", true})
        .reads({"reference_samples", Artifact::sample_list,
                "whose allele frequencies are taken, and on whom ancestry is fitted", true})
        .reads(
            {"components", Artifact::components_result,
             "principal components, to give scores relative to ancestry; or text with sample_id, "
             "pc1, pc2 ...",
             true})
        .writes({"score",
                 Artifact::score_result,
                 "score.h5",
                 "scores, and what was found of their variants",
                 {score_report_table(), score_values_table("scores", {}),
                  score_values_table("z_mean", {}), score_values_table("z_variance", {})}})
        .param("mode", &P::mode,
               {.doc = "what a variant counts: copies of the effect allele, any copy, two copies, "
                       "copies less their mean, or that in standard deviations",
                .choices = {"additive", "dominant", "recessive", "centred", "standardised"}})
        .param("missing", &P::missing,
               {.doc = "what a missing genotype counts: the expectation at the allele frequency, "
                       "the same as in plink2, or nothing",
                .choices = {"expected", "plink2", "nothing"}})
        .param("value", &P::value,
               {.doc = "sum of weight x effect alleles, or its mean per allele",
                .choices = {"sum", "average"}})
        .param("match_by", &P::match_by,
               {.doc = "how entries are found: position where a file has positions on the build of "
                       "the genotypes and else id, or one of them",
                .choices = {"auto", "position", "id"}})
        .param("ambiguous", &P::ambiguous,
               {.doc = "A/T and C/G variants: left out, or taken as written",
                .choices = {"drop", "keep"}})
        .param("strand_flips", &P::strand_flips,
               {.doc = "whether single bases may fit by the letters of the other strand"})
        .param("include_x", &P::include_x, {.doc = "whether variants on X count"})
        .param("overlap_min", &P::overlap_min,
               {.doc = "least share of the entries of a score that must be found",
                .unit = "proportion",
                .min = 0,
                .max = 1})
        .param("on_low_overlap", &P::on_low_overlap,
               {.doc = "what to do about scores below overlap_min", .choices = {"fail", "skip"}})
        .param("weight_columns", &P::weight_columns,
               {.doc = "names of the columns of weights, the same in all files; empty finds them"})
        .param("components_count", &P::components_count,
               {.doc = "components that ancestry is fitted on",
                .unit = "components",
                .min = 1,
                .max = 100})
        .needs(needs)
        .examines(examine)
        .run(run_score);
}

} // namespace salus
