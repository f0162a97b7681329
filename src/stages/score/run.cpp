#include "base/text.hpp"
#include "formats/file_genotypes.hpp"
#include "formats/listed_samples.hpp"
#include "parallel/read_once.hpp"
#include "run/context.hpp"
#include "run/unit_tables.hpp"
#include "stages/score/frequencies.hpp"
#include "stages/score/report.hpp"
#include "stages/score/score.hpp"
#include "stages/score/sums.hpp"
#include "stages/score/values.hpp"

#include <algorithm>
#include <memory>
#include <optional>

namespace salus {
namespace {

using namespace score;

ScoreMode mode_of(const ScoreParams& params) {
    if (params.mode == "dominant") return ScoreMode::dominant;
    if (params.mode == "recessive") return ScoreMode::recessive;
    if (params.mode == "centred") return ScoreMode::centred;
    if (params.mode == "standardised") return ScoreMode::standardised;
    return ScoreMode::additive;
}

MissingRule rule_of(const ScoreParams& params) {
    if (params.missing == "plink2") return MissingRule::plink2;
    return params.missing == "nothing" ? MissingRule::nothing : MissingRule::expected;
}

SumColumns sum_columns(const ScoreParams& params, const ScoreSets& sets, const Overview& overview) {
    SumColumns columns;
    columns.counts_alleles = params.missing == "nothing" && params.value == "average";
    for (std::size_t s = 0; s < sets.names.size(); ++s) {
        const auto width =
            static_cast<std::uint32_t>(sets.names[s].size()) + (columns.counts_alleles ? 1u : 0u);
        columns.first.push_back(columns.total);
        columns.width.push_back(width);
        if (overview.chosen[s] != 0) columns.total += width;
    }
    return columns;
}

Values values_of(const ScoreParams& params, const ScoreSets& sets, const Overview& overview,
                 const SumColumns& columns) {
    Values values;
    values.by_counted_alleles = columns.counts_alleles;
    for (std::size_t s = 0; s < sets.names.size(); ++s) {
        if (overview.chosen[s] == 0) continue;
        for (std::size_t c = 0; c < sets.names[s].size(); ++c) {
            values.names.push_back(sets.names[s][c]);
            values.column.push_back(columns.first[s] + static_cast<std::uint32_t>(c));
            values.alleles.push_back(columns.first[s] + columns.width[s] - 1);
            values.denominator.push_back(
                params.value == "average" ? 2 * static_cast<double>(overview.tally[s].used()) : 1);
        }
    }
    return values;
}

void refuse_x(const ScoreParams& params, std::span<const UsedRow> used) {
    const auto x =
        std::count_if(used.begin(), used.end(), [](const UsedRow& u) { return u.x_linked; });
    if (x == 0 || params.mode == "additive" || params.mode == "centred") return;
    throw UsageError(
        {.what = text(x, " variants of the scores are on X, and mode is ", params.mode),
         .where = "stage score",
         .why = "males have one copy of X: this mode is defined for two",
         .help = "set include_x = false, or use mode additive"});
}

void log_overview(const Log& log, const ScoreSets& sets, const Overview& overview) {
    std::size_t scored = 0, skipped = 0;
    double least = 1;
    for (std::size_t s = 0; s < sets.names.size(); ++s) {
        (overview.chosen[s] != 0 ? scored : skipped) += sets.names[s].size();
        if (overview.chosen[s] != 0) least = std::min(least, overview.tally[s].overlap());
    }
    const auto files =
        std::count_if(sets.sources.begin(), sets.sources.end(),
                      [](const ScoreSource& source) { return source.first_column == 0; });
    log.info(text(with_thousands(scored), " scores of ",
                  with_thousands(static_cast<std::uint64_t>(files)), " files; ",
                  fixed(100 * least, 1), " % of the entries found, or more"));
    if (skipped > 0)
        log.warning(text(with_thousands(skipped),
                         " scores are skipped for want of variants: see the table report"));
}

} // namespace

void run_score(const ScoreParams& params, RunContext& context) {
    const auto& comm = context.comm();
    const auto genotypes = read_once(comm, "opening the genotypes", [&] {
        return open_any_genotypes(context.input("genotypes"));
    });
    const SampleTable& samples = genotypes->samples();
    const std::string& build = genotypes->genome_build();
    const ScoreSets sets = read_sets(params, build, context);
    std::vector<Site> sites = find_sites(
        *genotypes,
        read_once(comm, "reading the entries of scores", [&] { return wanted_keys(sets); }),
        context);
    const Parts matches = match_sets(params, sets, sites, context);
    const Overview overview = read_once(comm, "comparing scores and genotypes",
                                        [&] { return overlook(params, sets, matches, build); });
    std::vector<double> frequencies;
    std::optional<Ancestry> ancestry;
    std::vector<std::uint8_t> reference(samples.size(), 1);
    const auto used = read_once(comm, "listing the variants of scores", [&] {
        auto rows = used_rows(matches, overview.chosen);
        refuse_x(params, rows);
        std::filesystem::path list;
        if (context.has_input("reference_samples")) {
            list = context.input("reference_samples");
            reference = listed_samples(list, samples.id);
        }
        if (context.has_input("frequencies"))
            frequencies = read_frequencies(context.input("frequencies"), sites, rows);
        if (context.has_input("components"))
            ancestry = read_ancestry(context.input("components"), list, samples,
                                     static_cast<std::size_t>(params.components_count));
        return rows;
    });
    std::vector<Site>().swap(sites);
    const SumColumns columns = sum_columns(params, sets, overview);
    const SumWork work{.genotypes = *genotypes,
                       .matches = matches,
                       .used = used,
                       .frequencies = frequencies,
                       .reference = reference,
                       .chosen = overview.chosen,
                       .columns = columns,
                       .mode = mode_of(params),
                       .missing = rule_of(params)};
    const Parts sums = sum_scores(work, context);
    const Values values = values_of(params, sets, overview, columns);
    const Parts scores = write_scores(values, sums, columns.total, samples, context);
    const UnitTables plain(context, scores, {score_values_table("scores", values.names)});
    std::optional<Parts> normalised;
    std::optional<UnitTables> z;
    if (ancestry) {
        normalised.emplace(write_normalised(values, scores, columns.total, *ancestry, context));
        z.emplace(context, *normalised,
                  std::vector{score_values_table("z_mean", values.names),
                              score_values_table("z_variance", values.names)});
    }
    context.publish("score", [&](ResultWriter& out) {
        out.write(report_rows(sets, overview));
        plain.write(out);
        if (z) z->write(out);
        out.fact("samples", static_cast<std::int64_t>(samples.size()));
        out.fact("scores", static_cast<std::int64_t>(values.names.size()));
        out.fact("variants", static_cast<std::int64_t>(used.size()));
        out.fact("genome_build", build);
        out.fact("mode", params.mode);
        out.fact("value", params.value);
        log_overview(context.log(), sets, overview);
    });
}

} // namespace salus
