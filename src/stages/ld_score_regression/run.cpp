#include "base/error.hpp"
#include "base/numbers.hpp"
#include "base/text.hpp"
#include "models/ld_score_regression.hpp"
#include "parallel/read_once.hpp"
#include "run/context.hpp"
#include "stages/ld_score_regression/studies.hpp"
#include "store/packed_table.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace salus {
namespace {

using namespace ld_scores;

constexpr std::uint64_t few_variants = 200'000;

struct Pair {
    std::size_t first, second;
};

std::vector<Pair> pairs_of(std::size_t studies, const std::string& which) {
    std::vector<Pair> pairs;
    if (which == "none") return pairs;
    const std::size_t firsts = which == "first" ? std::min<std::size_t>(1, studies) : studies;
    for (std::size_t a = 0; a < firsts; ++a)
        for (std::size_t b = a + 1; b < studies; ++b)
            pairs.push_back({a, b});
    return pairs;
}

/// The rows of the chosen variants.
LdScoreDesign design_of(const LdScores& scores, const std::vector<std::size_t>& chosen) {
    const std::size_t k = scores.annotations.size();
    LdScoreDesign design{.annotations = k, .ld = {}, .weight_ld = {}, .counts = scores.counts};
    design.ld.reserve(chosen.size() * k);
    for (const std::size_t v : chosen) {
        design.weight_ld.push_back(scores.weight_ld[v]);
        for (std::size_t a = 0; a < k; ++a)
            design.ld.push_back(scores.ld[v * k + a]);
    }
    return design;
}

std::vector<double> take(const std::vector<double>& values,
                         const std::vector<std::size_t>& chosen) {
    std::vector<double> out;
    out.reserve(chosen.size());
    for (const std::size_t v : chosen)
        out.push_back(values[v]);
    return out;
}

LdScoreOptions options_of(const LdScoreRegressionParams& params) {
    LdScoreOptions options{.blocks = static_cast<std::size_t>(params.blocks)};
    if (params.two_step > 0) options.two_step = params.two_step;
    if (params.fix_intercepts) options.intercept = 1;
    if (params.weights == "total") options.weights = LdScoreWeights::total;
    return options;
}

/// Largest chi-square of a variant that counts for heritability. LDSC keeps all with one annotation
/// and two steps, else those below the larger of 80 and a thousandth of the largest sample.
double chi_square_limit(const LdScoreRegressionParams& params, std::size_t annotations,
                        const AlignedStudy& study) {
    if (params.chi_square_max > 0) return params.chi_square_max;
    if (annotations == 1) return std::numeric_limits<double>::infinity();
    double most = 0;
    for (const double n : study.n)
        most = std::fmax(most, n);
    return std::max(80.0, most / 1000);
}

/// Factor to the liability scale; 1 for a quantitative trait.
double liability_of(const LdScoreRegressionParams& params, std::size_t study) {
    if (params.sample_prevalence.empty()) return 1;
    const double sample = params.sample_prevalence[study];
    const double population = params.population_prevalence[study];
    return sample > 0 && population > 0 ? liability_factor(sample, population) : 1;
}

class Regressions {
public:
    Regressions(const LdScoreRegressionParams& params, const LdScores& scores,
                const std::vector<StudySource>& sources, const Parts& aligned)
        : params_(params), scores_(scores), sources_(sources), aligned_(aligned) {}

    void heritability(std::size_t number, PartWriter& part) const {
        const AlignedStudy study = read_aligned(aligned_.open(number));
        const double limit = chi_square_limit(params_, scores_.annotations.size(), study);
        std::vector<std::size_t> chosen;
        std::uint64_t above = 0;
        for (std::size_t v = 0; v < study.z.size(); ++v) {
            if (std::isnan(study.z[v])) continue;
            const bool kept = study.z[v] * study.z[v] < limit;
            if (kept)
                chosen.push_back(v);
            else
                ++above;
        }
        if (chosen.empty()) no_variants(number);
        const auto z = take(study.z, chosen), n = take(study.n, chosen);
        const Heritability found =
            fit_heritability(design_of(scores_, chosen), {.z = z, .n = n}, options_of(params_));
        write_unit_table(part, heritability_row(number, found, above));
        write_unit_table(part, annotation_rows(number, found.fit));
    }

    void correlation(const Pair& pair, PartWriter& part) const {
        const AlignedStudy a = read_aligned(aligned_.open(pair.first));
        const AlignedStudy b = read_aligned(aligned_.open(pair.second));
        const double limit = params_.chi_square_max > 0
                                 ? params_.chi_square_max * params_.chi_square_max
                                 : std::numeric_limits<double>::infinity();
        std::vector<std::size_t> chosen;
        std::uint64_t not_comparable = 0;
        for (std::size_t v = 0; v < a.z.size(); ++v) {
            if (std::isnan(a.z[v]) || std::isnan(b.z[v])) continue;
            const double product = a.z[v] * b.z[v];
            if (a.alleles[v] == 0 || a.alleles[v] != b.alleles[v])
                ++not_comparable;
            else if (product * product < limit)
                chosen.push_back(v);
        }
        GeneticCorrelation found;
        if (chosen.size() > 2) {
            const auto z1 = take(a.z, chosen), n1 = take(a.n, chosen);
            const auto z2 = take(b.z, chosen), n2 = take(b.n, chosen);
            std::optional<double> intercept;
            if (params_.fix_intercepts) intercept = 0;
            found = fit_genetic_correlation(design_of(scores_, chosen), {.z = z1, .n = n1},
                                            {.z = z2, .n = n2}, options_of(params_), intercept);
        }
        write_unit_table(part, correlation_row(pair, found, chosen.size(), not_comparable));
    }

private:
    [[noreturn]] void no_variants(std::size_t number) const {
        throw DataError({.what = "no variant of the study has an LD score and a statistic",
                         .where = sources_[number].path.string(),
                         .why = text("variants are matched by ", params_.match),
                         .help = params_.match == "identifier"
                                     ? "look whether identifiers are rs numbers in one file and "
                                       "positions in the other; match = \"position\" may help"
                                     : "look whether both are of one genome build"});
    }

    TableData heritability_row(std::size_t number, const Heritability& found,
                               std::uint64_t above) const {
        TableData table(heritability_table());
        const auto put = [&](const char* column, double value) {
            table.column<double>(column) = {value};
        };
        const double factor = liability_of(params_, number);
        const bool binary = factor != 1;
        table.column<std::string>("name") = {sources_[number].name};
        table.column<std::uint64_t>("variants") = {found.fit.variants};
        table.column<std::uint64_t>("above_chi_square_max") = {above};
        put("h2", found.fit.total);
        put("h2_standard_error", found.fit.total_error);
        put("h2_liability", binary ? factor * found.fit.total : nan);
        put("h2_liability_standard_error", binary ? factor * found.fit.total_error : nan);
        put("intercept", found.fit.intercept);
        put("intercept_standard_error", found.fit.intercept_error);
        put("ratio", found.ratio);
        put("ratio_standard_error", found.ratio_error);
        put("mean_chi_square", found.mean_chi_square);
        put("lambda_gc", found.lambda);
        table.column<std::string>("status") = {found.fit.solved ? "solved" : "singular"};
        return table;
    }

    TableData annotation_rows(std::size_t number, const LdScoreFit& fit) const {
        TableData table(heritability_annotations_table());
        const std::size_t k = scores_.annotations.size();
        table.column<std::string>("name").assign(k, sources_[number].name);
        table.column<std::string>("annotation") = scores_.annotations;
        table.column<double>("variants") = scores_.counts;
        table.column<double>("coefficient") = fit.coefficient;
        table.column<double>("coefficient_standard_error") = fit.coefficient_error;
        table.column<double>("h2") = fit.category;
        table.column<double>("h2_proportion") = fit.proportion;
        table.column<double>("enrichment") = fit.enrichment;
        return table;
    }

    TableData correlation_row(const Pair& pair, const GeneticCorrelation& found,
                              std::uint64_t variants, std::uint64_t not_comparable) const {
        TableData table(genetic_correlations_table());
        const bool solved =
            found.first.fit.solved && found.second.fit.solved && found.covariance.solved;
        const bool positive = solved && found.first.fit.total > 0 && found.second.fit.total > 0;
        const auto put = [&](const char* column, double value) {
            table.column<double>(column) = {solved ? value : nan};
        };
        table.column<std::string>("first") = {sources_[pair.first].name};
        table.column<std::string>("second") = {sources_[pair.second].name};
        table.column<std::uint64_t>("variants") = {variants};
        table.column<std::uint64_t>("alleles_not_comparable") = {not_comparable};
        put("genetic_correlation", found.correlation);
        put("standard_error", found.standard_error);
        put("z", found.z);
        put("neg_log10_p", found.neg_log10_p);
        put("covariance", found.covariance.total);
        put("covariance_standard_error", found.covariance.total_error);
        put("covariance_intercept", found.covariance.intercept);
        put("covariance_intercept_standard_error", found.covariance.intercept_error);
        put("h2_first", found.first.fit.total);
        put("h2_first_standard_error", found.first.fit.total_error);
        put("h2_second", found.second.fit.total);
        put("h2_second_standard_error", found.second.fit.total_error);
        table.column<std::string>("status") = {!solved     ? "singular"
                                               : !positive ? "heritability_not_positive"
                                                           : "solved"};
        return table;
    }

    const LdScoreRegressionParams& params_;
    const LdScores& scores_;
    const std::vector<StudySource>& sources_;
    const Parts& aligned_;
};

void require_lengths(const LdScoreRegressionParams& params, std::size_t studies) {
    std::vector<Problem> problems;
    const auto check = [&](std::size_t length, const char* name) {
        if (length != 0 && length != studies)
            problems.push_back(
                {.what = text(name, " has ", length, " values for ", studies, " studies"),
                 .where = "stage ld_score_regression",
                 .why = "each study has one, in the order of the files and traits",
                 .help = "write 0 for a study that has none"});
    };
    check(params.sample_sizes.size(), "sample_sizes");
    check(params.sample_prevalence.size(), "sample_prevalence");
    check(params.population_prevalence.size(), "population_prevalence");
    if (!problems.empty()) throw UsageError(std::move(problems));
}

void report(const Log& log, const H5File& result) {
    const TableData rows = result.read("heritability");
    const auto& names = rows.column<std::string>("name");
    for (std::size_t s = 0; s < names.size(); ++s) {
        const auto value = [&](const char* column) { return rows.column<double>(column)[s]; };
        log.info(text(names[s], ": h2 ", fixed(value("h2"), 4), " (",
                      fixed(value("h2_standard_error"), 4), "), intercept ",
                      fixed(value("intercept"), 4), ", mean chi-square ",
                      fixed(value("mean_chi_square"), 3), ", ",
                      with_thousands(rows.column<std::uint64_t>("variants")[s]), " variants"));
        if (rows.column<std::uint64_t>("variants")[s] < few_variants)
            log.warning(text(names[s], ": fewer than ", with_thousands(few_variants),
                             " variants; estimates from so few are rarely of use"));
        if (value("mean_chi_square") < 1.02)
            log.warning(text(names[s], ": mean chi-square is below 1.02: there is little signal"));
    }
}

} // namespace

void run_ld_score_regression(const LdScoreRegressionParams& params, RunContext& context) {
    const auto sources = read_once(context.comm(), "listing the studies", [&] {
        auto studies = list_studies(context.inputs("statistics"), params.traits, params.names);
        require_lengths(params, studies.size());
        return studies;
    });
    const LdScores scores = read_once(context.comm(), "reading LD scores", [&] {
        return read_ld_scores({.scores = context.inputs("ld_scores"),
                               .weights = context.inputs("weight_ld_scores"),
                               .common_counts = params.common_counts,
                               .variants_total = params.variants_total});
    });
    const LdScoreIndex index(scores, params.match == "position" ? LdScoreIndex::Key::position
                                                                : LdScoreIndex::Key::identifier);
    context.log().info(text(with_thousands(scores.size()), " variants have LD scores of ",
                            scores.annotations.size(), " annotations"));
    const Parts aligned =
        context.for_each_unit("studies", sources.size(), [&](std::uint64_t s, PartWriter& part) {
            align_study(sources[s], s, scores, index, params, part);
        });
    const Regressions regressions(params, scores, sources, aligned);
    const Parts h2 = context.for_each_unit(
        "heritability", sources.size(),
        [&](std::uint64_t s, PartWriter& part) { regressions.heritability(s, part); });
    const auto pairs = pairs_of(sources.size(), params.correlations);
    const Parts rg =
        context.for_each_unit("correlations", pairs.size(), [&](std::uint64_t p, PartWriter& part) {
            regressions.correlation(pairs[p], part);
        });
    context.publish("ld_score_regression", [&](ResultWriter& out) {
        assemble_unit_tables(out.file(), ld_score_studies_table(), aligned);
        assemble_unit_tables(out.file(), heritability_table(), h2);
        assemble_unit_tables(out.file(), heritability_annotations_table(), h2);
        assemble_unit_tables(out.file(), genetic_correlations_table(), rg);
        out.fact("ld_score_variants", static_cast<std::int64_t>(scores.size()));
        out.fact("ld_score_rows_repeated", static_cast<std::int64_t>(scores.repeated));
        report(context.log(), out.file());
    });
}

} // namespace salus
