#include "stages/ld_score_regression/studies.hpp"

#include "base/error.hpp"
#include "base/numbers.hpp"
#include "base/text.hpp"
#include "formats/summary_statistics.hpp"
#include "models/tails.hpp"
#include "store/packed_table.hpp"

#include <algorithm>
#include <cmath>

namespace salus::ld_scores {
namespace {

/// What became of the rows of a study.
struct Ledger {
    std::uint64_t rows = 0, not_in_ld_scores = 0, no_statistic = 0, p_is_zero = 0,
                  no_sample_size = 0, low_frequency = 0, repeated = 0, other_alleles = 0;
};

/// z by the column of that name, by effect and standard error, or by p with the sign of the effect.
double z_of(const SummaryRow& row) noexcept {
    if (!std::isnan(row.z)) return row.z;
    if (row.standard_error > 0 && std::isfinite(row.standard_error))
        return row.beta / row.standard_error;
    return std::copysign(std::sqrt(chi_square_from_neg_log10_p(row.neg_log10_p)), row.beta);
}

bool is_rare(const SummaryRow& row, double least) noexcept {
    return std::min(row.effect_allele_frequency, 1 - row.effect_allele_frequency) < least;
}

class Aligner {
public:
    Aligner(const LdScores& scores, const LdScoreIndex& index,
            const LdScoreRegressionParams& params, std::optional<double> sample_size)
        : scores_(scores), index_(index), params_(params), sample_size_(sample_size) {
        study_.z.assign(scores.size(), nan);
        study_.n.assign(scores.size(), nan);
        study_.alleles.assign(scores.size(), 0);
        met_.assign(scores.size(), 0);
    }

    void take(const SummaryRow& row) {
        ++ledger_.rows;
        const auto place = index_.find(row.variant_id, row.chromosome_code, row.position);
        if (!place) {
            ++ledger_.not_in_ld_scores;
            return;
        }
        if (has_other_alleles(*place, row)) {
            ++ledger_.other_alleles;
            return;
        }
        const double z = z_of(row);
        const double n = sample_size_.value_or(row.n);
        if (!std::isfinite(z))
            ++(row.p_is_zero ? ledger_.p_is_zero : ledger_.no_statistic);
        else if (!(n > 0))
            ++ledger_.no_sample_size;
        else if (is_rare(row, params_.minor_allele_frequency_min))
            ++ledger_.low_frequency;
        else
            put(*place, row, z, n);
    }

    const AlignedStudy& study() const noexcept { return study_; }
    const Ledger& ledger() const noexcept { return ledger_; }
    std::uint64_t matched() const noexcept {
        return static_cast<std::uint64_t>(std::count(met_.begin(), met_.end(), 1));
    }

private:
    /// A variant that is there more than once is left out altogether.
    void put(std::size_t place, const SummaryRow& row, double z, double n) {
        if (met_[place] != 0) {
            ledger_.repeated += met_[place] == 1 ? 2U : 1U;
            met_[place] = 2;
            study_.z[place] = study_.n[place] = nan;
            return;
        }
        met_[place] = 1;
        study_.z[place] = counts_effect_allele(row.effect_allele) ? z : -z;
        study_.n[place] = n;
        study_.alleles[place] = allele_pair(row.effect_allele, row.other_allele);
    }

    /// Whether both tell the alleles, and they differ.
    bool has_other_alleles(std::size_t place, const SummaryRow& row) const {
        const std::uint64_t of_score = scores_.alleles[place];
        const std::uint64_t of_row =
            of_score == 0 ? 0 : allele_set(row.effect_allele, row.other_allele);
        return of_row != 0 && of_row != of_score;
    }

    const LdScores& scores_;
    const LdScoreIndex& index_;
    const LdScoreRegressionParams& params_;
    std::optional<double> sample_size_;
    AlignedStudy study_;
    std::vector<std::uint8_t> met_; // [LD score]: rows, at most 2
    Ledger ledger_;
};

void require_columns(const SummaryStatistics& file, bool has_size,
                     const LdScoreRegressionParams& params) {
    if (!file.has_sample_sizes() && !has_size)
        throw DataError({.what = "no column tells the sample size",
                         .where = file.path().string(),
                         .why = "the slope of the regression is per sample; the column is named N",
                         .help = "give sample_sizes, one number per study"});
    if (params.match == "position" && !file.has_positions())
        throw DataError({.what = "no columns tell chromosome and position",
                         .where = file.path().string(),
                         .why = "match is position",
                         .help = "use match = \"identifier\""});
}

void require_build(const std::string& study, const std::string& scores, const std::string& path) {
    if (study.empty() || scores.empty() || study == scores) return;
    throw DataError(
        {.what = text("positions are of ", study, ", those of the LD scores of ", scores),
         .where = path,
         .why = "variants are matched by position",
         .help = "use match = \"identifier\", or files of one build"});
}

TableData studies_row(const StudySource& source, const Aligner& aligner, std::uint64_t others) {
    TableData table(ld_score_studies_table());
    const Ledger& ledger = aligner.ledger();
    table.column<std::string>("name") = {source.name};
    table.column<std::string>("file") = {source.path.filename().string()};
    table.column<std::string>("trait") = {source.trait};
    const auto put = [&](const char* column, std::uint64_t value) {
        table.column<std::uint64_t>(column) = {value};
    };
    put("rows", ledger.rows);
    put("variants", aligner.matched());
    put("other_tests", others);
    put("not_in_ld_scores", ledger.not_in_ld_scores);
    put("other_alleles", ledger.other_alleles);
    put("no_statistic", ledger.no_statistic);
    put("p_is_zero", ledger.p_is_zero);
    put("no_sample_size", ledger.no_sample_size);
    put("low_frequency", ledger.low_frequency);
    put("repeated", ledger.repeated);
    return table;
}

} // namespace

std::uint8_t allele_pair(std::string_view effect, std::string_view other) noexcept {
    if (effect.size() != 1 || other.size() != 1) return 0;
    const auto is = [&](char a, char b) {
        return (effect[0] == a && other[0] == b) || (effect[0] == b && other[0] == a);
    };
    if (is('A', 'C') || is('T', 'G')) return 1;
    if (is('A', 'G') || is('T', 'C')) return 2;
    return 0;
}

bool counts_effect_allele(std::string_view effect) noexcept {
    return effect == "A" || effect == "T";
}

void align_study(const StudySource& source, std::size_t number, const LdScores& scores,
                 const LdScoreIndex& index, const LdScoreRegressionParams& params,
                 PartWriter& part) {
    SummaryStatistics file(source.path, source.trait);
    std::optional<double> size;
    if (!params.sample_sizes.empty() && params.sample_sizes[number] > 0)
        size = params.sample_sizes[number];
    require_columns(file, size.has_value(), params);
    if (params.match == "position")
        require_build(file.genome_build(), scores.genome_build, source.path.string());
    Aligner aligner(scores, index, params, size);
    for (SummaryRow row; file.next(row);)
        aligner.take(row);
    const AlignedStudy& study = aligner.study();
    part.write_array<double>("z", study.z);
    part.write_array<double>("n", study.n);
    part.write_array<std::uint8_t>("alleles", study.alleles);
    write_unit_table(part, studies_row(source, aligner, file.other_tests()));
}

AlignedStudy read_aligned(const H5File& part) {
    return {.z = part.read_array<double>("z"),
            .n = part.read_array<double>("n"),
            .alleles = part.read_array<std::uint8_t>("alleles")};
}

} // namespace salus::ld_scores
