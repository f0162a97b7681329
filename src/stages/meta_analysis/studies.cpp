#include "stages/meta_analysis/studies.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/summary_statistics.hpp"
#include "models/allele_matching.hpp"
#include "models/tails.hpp"

#include <bit>
#include <cmath>
#include <limits>
#include <optional>

namespace salus::meta {
namespace {

constexpr double median_of_chi_square = 0.4549; // 1 df

/// z by its column, by p with the sign of the effect, or by effect and standard error.
double z_of(const SummaryRow& row) noexcept {
    if (!std::isnan(row.z)) return row.z;
    if (!std::isnan(row.neg_log10_p))
        return std::copysign(std::sqrt(chi_square_from_neg_log10_p(row.neg_log10_p)), row.beta);
    return row.beta / row.standard_error;
}

/// Why a row takes no part; nothing if it does.
std::optional<Reason> defect_of(const SummaryRow& row, bool z_is_enough) noexcept {
    if (row.chromosome_code == 0) return Reason::unknown_chromosome;
    if (row.position == 0) return Reason::no_position;
    if (allele_kind(row.effect_allele, row.other_allele) == AlleleKind::invalid)
        return Reason::invalid_alleles;
    const bool effect = std::isfinite(row.beta) && std::isfinite(row.standard_error);
    if (effect && row.standard_error > 0) return std::nullopt;
    if (z_is_enough && std::isfinite(z_of(row)) &&
        (!effect || row.standard_error > 0 || !std::isnan(row.z)))
        return std::nullopt;
    if (effect) return Reason::standard_error_not_positive;
    return z_is_enough && row.p_is_zero ? Reason::p_is_zero : Reason::no_statistic;
}

Row row_of(const SummaryRow& from, std::optional<double> size) noexcept {
    const bool effect =
        std::isfinite(from.beta) && from.standard_error > 0 && std::isfinite(from.standard_error);
    Row row{.chromosome = from.chromosome_code,
            .position = from.position,
            .beta = effect ? from.beta : SummaryRow::none,
            .standard_error = effect ? from.standard_error : SummaryRow::none,
            .z = z_of(from),
            .frequency = from.effect_allele_frequency,
            .n = size.value_or(from.n > 0 ? from.n : SummaryRow::none)};
    row.effect = from.effect_allele;
    row.other = from.other_allele;
    row.id = from.variant_id == "." ? std::string_view() : std::string_view(from.variant_id);
    return row;
}

std::optional<double> size_of(const MetaAnalysisParams& params, std::size_t number) {
    if (params.sample_sizes.empty() || !(params.sample_sizes[number] > 0)) return std::nullopt;
    return params.sample_sizes[number];
}

void write_facts(PartWriter& part, const StudyFacts& facts) {
    std::vector<std::uint64_t> counts{facts.rows, facts.kept};
    counts.insert(counts.end(), facts.dropped.begin(), facts.dropped.end());
    const double lambda[1] = {facts.lambda};
    part.write_array<std::uint64_t>("counts", counts, {}, Compression::none);
    part.write_array<double>("lambda", lambda, {}, Compression::none);
}

void check_study(const SummaryStatistics& file, const StudySource& study, bool needs_size) {
    if (!file.has_positions())
        throw DataError({.what = "no columns tell chromosome and position",
                         .where = study.path.string(),
                         .why = "variants of studies are matched by position and alleles",
                         .help = "add the columns chromosome and base_pair_location"});
    if (needs_size && !file.has_sample_sizes())
        throw DataError({.what = "no column tells the sample size",
                         .where = study.path.string(),
                         .why = "sample_size_weighted is set",
                         .help = "give sample_sizes, one number per study"});
}

} // namespace

void sort_study(const StudySource& source, std::size_t number, const MetaAnalysisParams& params,
                PartWriter& part) {
    SummaryStatistics file(source.path, source.trait);
    const auto size = size_of(params, number);
    RowSorter sorter(part);
    StudyFacts facts;
    for (SummaryRow row; file.next(row);) {
        ++facts.rows;
        if (const auto reason = defect_of(row, params.sample_size_weighted)) {
            ++facts.dropped[static_cast<std::size_t>(*reason)];
            continue;
        }
        ++facts.kept;
        const Row kept = row_of(row, size);
        if (params.sample_size_weighted && std::isnan(kept.n))
            ++facts.dropped[static_cast<std::size_t>(Reason::no_sample_size)];
        sorter.add(kept);
    }
    facts.dropped[static_cast<std::size_t>(Reason::other_test)] = file.other_tests();
    sorter.finish();
    facts.lambda = median_of([&](const auto& visit) {
                       const auto& written = part.file();
                       for (std::uint64_t f = 0; written.exists(text("z/", f)); ++f)
                           for (const double z : written.template read_array<double>(text("z/", f)))
                               if (!std::isnan(z)) visit(z * z);
                   }) /
                   median_of_chi_square;
    write_facts(part, facts);
}

StudyFacts read_facts(const H5File& part) {
    const auto counts = part.read_array<std::uint64_t>("counts");
    StudyFacts facts{.rows = counts.at(0), .kept = counts.at(1)};
    for (std::size_t r = 0; r < reasons; ++r)
        facts.dropped[r] = counts.at(2 + r);
    facts.lambda = part.read_array<double>("lambda").at(0);
    return facts;
}

std::string check_studies(const std::vector<StudySource>& studies,
                          const MetaAnalysisParams& params) {
    std::string build;
    const StudySource* of = nullptr;
    for (std::size_t s = 0; s < studies.size(); ++s) {
        const SummaryStatistics file(studies[s].path, studies[s].trait);
        check_study(file, studies[s], params.sample_size_weighted && !size_of(params, s));
        if (file.genome_build().empty()) continue;
        if (of != nullptr && file.genome_build() != build)
            throw DataError(
                {.what = text("genome builds differ: ", build, " and ", file.genome_build()),
                 .where = text(of->path.string(), " and ", studies[s].path.string()),
                 .why = "variants are matched by position",
                 .help = "lift one of them over to the build of the other"});
        build = file.genome_build();
        of = &studies[s];
    }
    return build;
}

double median_of(const std::function<void(const std::function<void(double)>&)>& visit_all) {
    std::uint64_t count = 0;
    visit_all([&](double) { ++count; });
    if (count == 0) return std::numeric_limits<double>::quiet_NaN();
    const auto select = [&](std::uint64_t wanted) {
        std::uint64_t prefix = 0;
        for (int shift = 48; shift >= 0; shift -= 16) {
            std::vector<std::uint64_t> bins(65536);
            visit_all([&](double value) {
                const auto bits = std::bit_cast<std::uint64_t>(value);
                if (shift < 48 && bits >> (shift + 16) != prefix) return;
                ++bins[bits >> shift & 65535];
            });
            std::uint64_t bin = 0;
            while (wanted >= bins[bin])
                wanted -= bins[bin++];
            prefix = prefix << 16 | bin;
        }
        return std::bit_cast<double>(prefix);
    };
    const double upper = select(count / 2);
    return count % 2 == 1 ? upper : (select(count / 2 - 1) + upper) / 2;
}

} // namespace salus::meta
