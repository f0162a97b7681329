#include "stages/score/report.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace salus {

TableSpec score_report_table() {
    using enum ColumnType;
    return {.name = "report",
            .row = "scored_set",
            .doc = "One row per score, in the order of the files: what was found of its variants.",
            .columns = {
                {"score", text, "", "Name of the score, and of its column in the other tables"},
                {"file", text, "", "Name of the file"},
                {"genome_build", text, "", "Of the file's coordinates, as it declares it"},
                {"status", text, "", "scored, or low_overlap: it has no column"},
                {"entries", u64, "entries", "Entries of the file"},
                {"matched", u64, "entries", "Scored, the effect allele is ALT"},
                {"flipped", u64, "entries", "Scored, the effect allele is REF"},
                {"strand_flipped", u64, "entries", "Scored by the letters of the other strand"},
                {"ambiguous", u64, "entries",
                 "Left out: A/T or C/G, whose letters do not tell the strand"},
                {"allele_mismatch", u64, "entries", "Left out: the variant has other alleles"},
                {"absent", u64, "entries", "Left out: the genotypes do not have the variant"},
                {"duplicate", u64, "entries", "Left out: an entry before is of the same variant"},
                {"unsupported", u64, "entries",
                 "Left out: no additive effect of one allele (haplotypes, interactions ...)"},
                {"left_out", u64, "entries", "Left out: on Y or MT, or on X without include_x"},
                {"overlap", f64, "proportion", "Scored entries over all entries"},
                {"weight_overlap", f64, "proportion",
                 "Sum of the magnitudes of their weights over that of all entries"},
            }};
}

TableSpec score_values_table(const std::string& table, const std::vector<std::string>& scores) {
    const bool plain = table == "scores", mean = table == "z_mean";
    TableSpec spec{
        .name = table,
        .row = "sample",
        .doc = plain  ? "Scores of all samples, in the order of the genotypes; a column per score."
               : mean ? "Scores less what the components predict, in standard deviations of the "
                        "reference people (Z_norm1); a column per score."
                      : "Scores less what the components predict, over the standard deviation that "
                        "they predict (Z_norm2); a column per score.",
        .columns = {{"sample_id", ColumnType::text, "", "Sample identifier"}}};
    const auto add = [&](const std::string& name) {
        spec.columns.push_back({name, ColumnType::f64, plain ? "units of the weights" : "SD",
                                plain ? "Sum, or mean per allele, of weight x effect alleles"
                                      : "NaN without components"});
    };
    for (const std::string& name : scores)
        add(name);
    if (scores.empty()) add("{score}");
    return spec;
}

namespace score {
namespace {

std::string shares(const Tally& tally) {
    std::string out;
    for (std::size_t f = 3; f < fates; ++f)
        if (tally.count[f] > 0)
            out += text(out.empty() ? "" : ", ", with_thousands(tally.count[f]), " ",
                        to_string(static_cast<Fate>(f)));
    return out;
}

Problem low_overlap(const ScoreParams& params, const ScoreSets& sets, std::size_t s,
                    const Tally& tally, const std::string& build) {
    const bool absent = 2 * tally.count[static_cast<std::size_t>(Fate::absent)] > tally.entries();
    const double fitting =
        static_cast<double>(tally.used() + tally.count[static_cast<std::size_t>(Fate::ambiguous)]);
    const bool ambiguous = fitting >= params.overlap_min * static_cast<double>(tally.entries());
    const std::string declared =
        sets.build[s].empty() ? "an unknown build" : "build " + sets.build[s];
    return {.what = text(with_thousands(tally.used()), " of ", with_thousands(tally.entries()),
                         " entries (", fixed(100 * tally.overlap(), 1),
                         " %) are in the genotypes with fitting alleles; ", shares(tally)),
            .where = text(sets.sources[s].path.string(), sets.sources[s].table.empty() ? "" : ", ",
                          sets.sources[s].table),
            .why = text("overlap_min asks for ", fixed(100 * params.overlap_min, 1),
                        " %: a score of other variants is another score"),
            .help = absent      ? text("coordinates of the file are of ", declared,
                                       ", those of the genotypes of build ", build,
                                       "; if these differ take the harmonised file, or match_by = "
                                            "\"id\"; variants may also need imputation")
                    : ambiguous ? "if the file is on the strand of the reference genome, keep A/T "
                                  "and C/G variants with ambiguous = \"keep\""
                                : "lower overlap_min, or set on_low_overlap = \"skip\" to go on "
                                  "without such scores"};
}

} // namespace

Overview overlook(const ScoreParams& params, const ScoreSets& sets, const Parts& matches,
                  const std::string& build) {
    Overview overview;
    std::vector<Problem> problems;
    bool any = false;
    for (std::uint64_t s = 0; s < matches.size(); ++s) {
        const H5File part = matches.open(s);
        overview.tally.push_back(read_tally(part));
        overview.weight.push_back(read_weight_overlap(part));
        const Tally& tally = overview.tally.back();
        const bool enough = tally.used() > 0 && tally.overlap() >= params.overlap_min;
        overview.chosen.push_back(enough ? 1 : 0);
        any |= enough;
        if (!enough && sets.sources[s].first_column == 0) // once for a file
            problems.push_back(
                low_overlap(params, sets, static_cast<std::size_t>(s), tally, build));
    }
    if (!problems.empty() && (params.on_low_overlap == "fail" || !any)) throw DataError(problems);
    return overview;
}

TableData report_rows(const ScoreSets& sets, const Overview& overview) {
    TableData table(score_report_table());
    for (std::size_t s = 0; s < sets.names.size(); ++s) {
        const Tally& tally = overview.tally[s];
        for (std::size_t c = 0; c < sets.names[s].size(); ++c) {
            const auto words = [&](const char* name, std::string value) {
                table.column<std::string>(name).push_back(std::move(value));
            };
            words("score", sets.names[s][c]);
            words("file", sets.sources[s].path.filename().string());
            words("genome_build", sets.build[s]);
            words("status", overview.chosen[s] != 0 ? "scored" : "low_overlap");
            table.column<std::uint64_t>("entries").push_back(tally.entries());
            for (std::size_t f = 0; f < fates; ++f)
                table.column<std::uint64_t>(to_string(static_cast<Fate>(f)))
                    .push_back(tally.count[f]);
            table.column<double>("overlap").push_back(tally.overlap());
            table.column<double>("weight_overlap").push_back(overview.weight[s][c]);
        }
    }
    return table;
}

} // namespace score
} // namespace salus
