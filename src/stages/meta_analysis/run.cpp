#include "base/error.hpp"
#include "base/text.hpp"
#include "models/meta_analysis.hpp"
#include "parallel/read_once.hpp"
#include "run/context.hpp"
#include "stages/meta_analysis/combine.hpp"
#include "stages/meta_analysis/studies.hpp"
#include "store/packed_table.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

namespace salus {
namespace {

using namespace meta;

/// All that is known of the studies at the end.
struct Findings {
    std::vector<StudyFacts> studies;
    std::vector<MatchCounts> matches;
    OverlapSums overlap;
    double lambda = 0; // of the fixed effects
};

/// Effects of unlike traits have no joint one; a result of association may hold several.
void warn_of_unlike_traits(const RunContext& context, const std::vector<StudySource>& studies) {
    std::set<std::string> traits;
    for (const StudySource& study : studies)
        if (!study.trait.empty()) traits.insert(study.trait);
    if (traits.size() > 1)
        context.log().warning(text(traits.size(), " traits of other names are taken together (",
                                   *traits.begin(), ", ", *std::next(traits.begin()),
                                   traits.size() > 2 ? " ..." : "",
                                   "): if they are not the same, their joint effects mean nothing; "
                                   "name one in traits"));
}

std::vector<StudySource> open_studies(const RunContext& context, const MetaAnalysisParams& params) {
    auto studies = list_studies(context.inputs("studies"), params.traits, params.names);
    for (std::size_t a = 0; a < studies.size(); ++a)
        for (std::size_t b = 0; b < a; ++b)
            if (studies[a].trait == studies[b].trait &&
                std::filesystem::equivalent(studies[a].path, studies[b].path))
                throw UsageError({.what = text("the same statistics are given twice: ",
                                               studies[b].name, " and ", studies[a].name),
                                  .where = studies[a].path.string(),
                                  .why = "studies must be independent",
                                  .help = {}});
    if (!params.sample_sizes.empty() && params.sample_sizes.size() != studies.size())
        throw UsageError({.what = text("sample_sizes has ", params.sample_sizes.size(),
                                       " values for ", studies.size(), " studies"),
                          .where = "stage meta_analysis",
                          .why = "each study has one, in the order of the files",
                          .help = "write 0 for a study whose column tells it"});
    warn_of_unlike_traits(context, studies);
    return studies;
}

std::vector<StudyFacts> facts_of(const Parts& sorted) {
    std::vector<StudyFacts> facts;
    for (std::uint64_t s = 0; s < sorted.size(); ++s)
        facts.push_back(read_facts(sorted.open(s)));
    return facts;
}

/// What standard errors are multiplied with.
std::vector<double> control_of(const std::vector<StudyFacts>& facts, bool wanted) {
    std::vector<double> control;
    for (const StudyFacts& study : facts)
        control.push_back(wanted && study.lambda > 1 ? std::sqrt(study.lambda) : 1.0);
    return control;
}

double lambda_of(const Parts& combined) {
    return median_of([&](const auto& visit) {
               for (std::uint64_t u = 0; u < combined.size(); ++u)
                   for (const double x : combined.open(u).template read_array<double>("chi_square"))
                       visit(x);
           }) /
           0.4549;
}

Findings collect(std::vector<StudyFacts> studies, const Parts& combined) {
    Findings all{.studies = std::move(studies), .matches = {}, .overlap = OverlapSums(0)};
    all.matches.resize(all.studies.size());
    all.overlap = OverlapSums(all.studies.size());
    for (std::uint64_t u = 0; u < combined.size(); ++u) {
        const UnitFacts unit = read_unit_facts(combined.open(u), all.studies.size());
        all.overlap.add(unit.overlap);
        for (std::size_t s = 0; s < all.matches.size(); ++s) {
            all.matches[s].used += unit.counts[s].used;
            all.matches[s].swapped += unit.counts[s].swapped;
            all.matches[s].other_strand += unit.counts[s].other_strand;
            for (std::size_t r = 0; r < reasons; ++r)
                all.studies[s].dropped[r] += unit.counts[s].dropped[r];
        }
    }
    all.lambda = lambda_of(combined);
    return all;
}

TableData studies_rows(const std::vector<StudySource>& sources, const Findings& found,
                       const std::vector<double>& control) {
    TableData table(meta_studies_table());
    for (std::size_t s = 0; s < sources.size(); ++s) {
        const auto number = [&](const char* column, std::uint64_t value) {
            table.column<std::uint64_t>(column).push_back(value);
        };
        table.column<std::string>("name").push_back(sources[s].name);
        table.column<std::string>("file").push_back(sources[s].path.filename().string());
        table.column<std::string>("trait").push_back(sources[s].trait);
        number("rows", found.studies[s].rows);
        number("variants", found.matches[s].used);
        number("swapped", found.matches[s].swapped);
        number("other_strand", found.matches[s].other_strand);
        table.column<double>("lambda_gc").push_back(found.studies[s].lambda);
        table.column<double>("genomic_control").push_back(control[s]);
    }
    return table;
}

TableData dropped_rows(const std::vector<StudySource>& sources, const Findings& found) {
    TableData table(meta_dropped_table());
    for (std::size_t s = 0; s < sources.size(); ++s)
        for (std::size_t r = 0; r < reasons; ++r) {
            if (found.studies[s].dropped[r] == 0) continue;
            table.column<std::string>("study").push_back(sources[s].name);
            table.column<std::string>("reason").emplace_back(name_of(static_cast<Reason>(r)));
            table.column<std::string>("meaning").emplace_back(doc_of(static_cast<Reason>(r)));
            table.column<std::uint64_t>("rows").push_back(found.studies[s].dropped[r]);
        }
    return table;
}

TableData overlap_rows(const std::vector<StudySource>& sources, const OverlapSums& sums,
                       const Log& log) {
    TableData table(meta_overlap_table());
    if (sums.products.empty()) return table;
    for (std::size_t a = 0; a < sources.size(); ++a)
        for (std::size_t b = a + 1; b < sources.size(); ++b) {
            const std::size_t at = OverlapSums::place(sources.size(), a, b);
            const NullCorrelation null = null_correlation(sums.products[at], sums.variants[at]);
            table.column<std::string>("first").push_back(sources[a].name);
            table.column<std::string>("second").push_back(sources[b].name);
            table.column<std::uint64_t>("variants")
                .push_back(static_cast<std::uint64_t>(sums.variants[at]));
            table.column<double>("null_correlation").push_back(null.value);
            table.column<double>("standard_error").push_back(null.standard_error);
            if (null.value > 0.05 && null.value > 5 * null.standard_error)
                log.warning(text("z-scores of ", sources[a].name, " and ", sources[b].name,
                                 " without signal are correlated (", fixed(null.value, 3), ", ",
                                 with_thousands(static_cast<std::uint64_t>(sums.variants[at])),
                                 " variants): they seem to share samples, which makes standard "
                                 "errors too small"));
        }
    return table;
}

void report(const Log& log, const std::vector<StudySource>& sources, const Findings& found) {
    for (std::size_t s = 0; s < sources.size(); ++s) {
        std::uint64_t dropped = 0;
        for (const std::uint64_t rows : found.studies[s].dropped)
            dropped += rows;
        log.info(text(sources[s].name, ": ", with_thousands(found.matches[s].used),
                      " variants used, ", with_thousands(dropped), " rows left out, ",
                      with_thousands(found.matches[s].swapped), " alleles swapped; lambda ",
                      fixed(found.studies[s].lambda, 4)));
    }
    log.info(text("lambda of the fixed effects ", fixed(found.lambda, 4)));
}

} // namespace

void run_meta_analysis(const MetaAnalysisParams& params, RunContext& context) {
    std::string build;
    const auto sources = read_once(context.comm(), "opening the studies", [&] {
        auto studies = open_studies(context, params);
        build = check_studies(studies, params);
        return studies;
    });
    const Parts sorted =
        context.for_each_unit("studies", sources.size(), [&](std::uint64_t s, PartWriter& part) {
            sort_study(sources[s], s, params, part);
        });
    const auto facts =
        read_once(context.comm(), "reading lambdas", [&] { return facts_of(sorted); });
    const auto control = control_of(facts, params.genomic_control);
    const auto units =
        read_once(context.comm(), "cutting the genome", [&] { return cut_units(sorted); });
    const Parts combined =
        context.for_each_unit("variants", units.size(), [&](std::uint64_t u, PartWriter& part) {
            combine_unit(units[u], sorted, control, params, part);
        });
    context.publish("meta_analysis", [&](ResultWriter& out) {
        const Findings found = collect(facts, combined);
        assemble_unit_tables(out.file(), meta_variants_table(), combined);
        assemble_unit_tables(out.file(), meta_effects_table(false), combined);
        assemble_unit_tables(out.file(), meta_effects_table(true), combined);
        assemble_unit_tables(out.file(), meta_heterogeneity_table(), combined);
        if (params.sample_size_weighted)
            assemble_unit_tables(out.file(), meta_scores_table(), combined);
        out.write(studies_rows(sources, found, control));
        out.write(dropped_rows(sources, found));
        out.write(overlap_rows(sources, found.overlap, context.log()));
        out.fact("genome_build", build);
        out.fact("lambda_gc", found.lambda);
        report(context.log(), sources, found);
    });
}

} // namespace salus
