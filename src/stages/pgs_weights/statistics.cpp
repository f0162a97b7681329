#include "stages/pgs_weights/statistics.hpp"

#include "base/error.hpp"
#include "base/numbers.hpp"
#include "base/text.hpp"
#include "formats/summary_statistics.hpp"
#include "kernels/genotype_counts.hpp"
#include "models/allele_matching.hpp"
#include "parallel/read_once.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace salus::pgs_weights {
namespace {

using score::AlleleCode;

std::string table_name(const PgsWeightsParams& params, const std::filesystem::path& path) {
    std::string name = params.trait;
    if (name.empty()) {
        if (is_hdf5_file(path)) {
            const auto traits = association_traits(path);
            if (traits.size() == 1) name = traits.front();
        } else {
            const std::string file = path.filename().string();
            name = file.substr(0, file.find('.', 1));
        }
    }
    for (char& c : name)
        if (c == '/') c = '_';
    return name.empty() ? "trait" : name;
}

/// Effect of a row, from what it has.
void complete(SummaryRow& row) {
    if (std::isnan(row.z) && std::isfinite(row.beta) && row.standard_error > 0)
        row.z = row.beta / row.standard_error;
    if (std::isfinite(row.z) && !(std::isfinite(row.beta) && row.standard_error > 0)) {
        // Without n the row is left out for that, not as one that was not tested.
        row.standard_error = row.n > 0 ? 1 / std::sqrt(row.n) : 1;
        row.beta = row.z * row.standard_error;
    }
    if (std::isnan(row.neg_log10_p) && std::isfinite(row.z)) // two-sided normal
        row.neg_log10_p = -std::log10(std::erfc(std::fabs(row.z) / std::sqrt(2.0)));
}

void write_rows(const PgsWeightsParams& params, const std::filesystem::path& path,
                const std::string& build, PartWriter& part) {
    SummaryStatistics file(path, is_hdf5_file(path) ? params.trait : std::string());
    const bool other_build =
        !file.genome_build().empty() && !build.empty() && file.genome_build() != build;
    if (other_build)
        throw DataError({.what = text("the statistics are of build ", file.genome_build(),
                                      ", the genotypes of ", build),
                         .where = path.string(),
                         .why = "variants are found by their positions",
                         .help = "lift the statistics over to the build of the genotypes"});
    std::vector<std::uint64_t> key, effect, other;
    std::vector<double> numbers; // beta, standard error, n, frequency, neg_log10_p
    SummaryRow row;
    while (file.next(row)) {
        if (params.sample_size > 0) row.n = params.sample_size;
        complete(row);
        const bool placed = row.chromosome_code != 0 && row.position != 0;
        key.push_back(placed ? score::position_key(row.chromosome_code, row.position)
                      : row.variant_id.empty() ? 0
                                               : score::identifier_key(row.variant_id));
        effect.push_back(score::allele_code(row.effect_allele));
        other.push_back(score::allele_code(row.other_allele));
        for (const double x :
             {row.beta, row.standard_error, row.n, row.effect_allele_frequency, row.neg_log10_p})
            numbers.push_back(x);
    }
    part.write_array<std::uint64_t>("key", key, {}, Compression::none);
    part.write_array<std::uint64_t>("effect", effect, {}, Compression::none);
    part.write_array<std::uint64_t>("other", other, {}, Compression::none);
    part.write_array<double>("numbers", numbers, {}, Compression::none);
}

/// A row of the file that has its variant.
struct Found {
    std::uint64_t row = 0;
    double beta = 0, standard_error = 0, n = 0, frequency = 0, neg_log10_p = 0;
};

std::vector<Found> match_rows(const H5File& file, std::span<const score::Site> sites,
                              Statistics& out) {
    const auto key = file.read_array<std::uint64_t>("key"),
               effect = file.read_array<std::uint64_t>("effect"),
               other = file.read_array<std::uint64_t>("other");
    const auto numbers = file.read_array<double>("numbers");
    out.rows = key.size();
    std::vector<Found> found;
    for (std::size_t i = 0; i < key.size(); ++i) {
        const auto match = score::match_entry(effect[i], other[i], score::sites_of(sites, key[i]),
                                              {.drop_ambiguous = false, .include_x = false});
        if (match.fate == score::Fate::absent) ++out.unmatched;
        if (match.fate == score::Fate::mismatch) ++out.mismatched;
        if (match.fate == score::Fate::left_out) ++out.not_autosomal;
        if (match.fate > score::Fate::strand_flipped) continue;
        const double* x = numbers.data() + 5 * i;
        if (!std::isfinite(x[0]) || !(x[1] > 0)) {
            ++out.untested;
            continue;
        }
        const double sign = match.effect_is_alt ? 1 : -1;
        found.push_back(
            {match.row, sign * x[0], x[1], x[2], match.effect_is_alt ? x[3] : 1 - x[3], x[4]});
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const Found& a, const Found& b) { return a.row < b.row; });
    const auto last = std::unique(found.begin(), found.end(),
                                  [](const Found& a, const Found& b) { return a.row == b.row; });
    out.duplicates = static_cast<std::uint64_t>(found.end() - last);
    found.erase(last, found.end());
    return found;
}

/// Positions and frequencies of the found variants of a unit.
void write_frequencies(const GenotypeSource& genotypes, const SampleMask& mask,
                       std::span<const Found> found, PartWriter& part) {
    std::vector<std::int32_t> chromosome;
    std::vector<std::uint32_t> position;
    std::vector<double> frequency;
    std::vector<std::uint8_t> palindromic;
    VariantBlock block;
    const std::uint64_t length = std::max<std::uint64_t>(1, genotypes.block_variants());
    for (std::size_t i = 0; i < found.size();) {
        std::size_t end = i + 1;
        while (end < found.size() && found[end].row / length == found[i].row / length)
            ++end;
        const VariantRange range{found[i].row, found[end - 1].row + 1};
        const auto variants = genotypes.variants(range);
        genotypes.read(range, block);
        for (; i < end; ++i) {
            const auto v = static_cast<std::size_t>(found[i].row - range.begin);
            const GenotypeCounts counts = block.is_carrier_list(v)
                                              ? count_genotypes(block.carriers(v), mask)
                                              : count_genotypes(block.row(v), mask);
            chromosome.push_back(chromosome_code(variants[v].chromosome).value_or(0));
            position.push_back(variants[v].position);
            frequency.push_back(static_cast<double>(counts.alt_copies()) /
                                static_cast<double>(2 * counts.called()));
            palindromic.push_back(
                allele_kind(variants[v].alt, variants[v].ref) == AlleleKind::palindromic ? 1 : 0);
        }
    }
    part.write_array<std::int32_t>("chromosome", chromosome, {}, Compression::none);
    part.write_array<std::uint32_t>("position", position, {}, Compression::none);
    part.write_array<double>("frequency", frequency, {}, Compression::none);
    part.write_array<std::uint8_t>("palindromic", palindromic, {}, Compression::none);
}

/// Effective sample size of a binary trait: the 99.9th percentile of 8 / se^2.
double binary_sample_size(std::span<const Found> found) {
    std::vector<double> sizes;
    for (const Found& f : found)
        if (f.standard_error > 0) sizes.push_back(8 / (f.standard_error * f.standard_error));
    if (sizes.empty()) return nan;
    const auto place = static_cast<std::ptrdiff_t>(0.999 * static_cast<double>(sizes.size() - 1));
    std::nth_element(sizes.begin(), sizes.begin() + place, sizes.end());
    return sizes[static_cast<std::size_t>(place)];
}

void refuse_losses(const PgsWeightsParams& params, const Statistics& s, std::size_t matched,
                   const std::filesystem::path& path) {
    if (s.size() > 0 &&
        static_cast<double>(s.size()) >= (1 - params.loss_max) * static_cast<double>(matched))
        return;
    std::string why;
    for (std::size_t d = 1; d < summary_defects; ++d)
        if (s.defects[d] > 0)
            why += text(why.empty() ? "" : ", ", with_thousands(s.defects[d]), " ",
                        to_string(static_cast<SummaryDefect>(d)));
    const bool no_n = 2 * s.defects[static_cast<std::size_t>(SummaryDefect::no_effect)] > matched;
    throw DataError(
        {.what = text("of ", with_thousands(s.rows), " rows ", with_thousands(matched),
                      " are of variants of the genotypes, and ", with_thousands(s.size()),
                      " pass the checks: ", why.empty() ? "none is lost by them" : why),
         .where = path.string(),
         .why = text("losing more than ", fixed(100 * params.loss_max, 0),
                     " % means that statistics and LD are not of one population, scale or sample "
                     "size; weights would diverge"),
         .help = no_n ? "rows without effect, standard error or sample size are not used: give "
                        "sample_size if the file has no column n"
                      : "set binary for log odds, check the effective sample size, or raise "
                        "loss_max"});
}

} // namespace

Statistics read_statistics(const PgsWeightsParams& params, const GenotypeSource& genotypes,
                           const LdSamples& samples, RunContext& context) {
    const auto& path = context.input("statistics");
    const Parts file = context.for_each_unit("statistics", 1, [&](std::uint64_t, PartWriter& part) {
        write_rows(params, path, genotypes.genome_build(), part);
    });
    const auto wanted = read_once(context.comm(), "reading the statistics", [&] {
        auto keys = file.open(0).read_array<std::uint64_t>("key");
        std::sort(keys.begin(), keys.end());
        keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
        if (!keys.empty() && keys.front() == 0) keys.erase(keys.begin());
        return keys;
    });
    const auto sites = score::find_sites(genotypes, wanted, context);
    Statistics out;
    auto found = read_once(context.comm(), "matching the statistics", [&] {
        out.trait = table_name(params, path);
        return match_rows(file.open(0), sites, out);
    });
    const auto units = variant_units(genotypes.variant_count(), genotypes.samples().size(),
                                     genotypes.block_variants());
    const SampleMask mask(samples.members);
    const auto of_unit = [&](std::uint64_t u) {
        const auto first = std::ranges::lower_bound(found, units[u].begin, {}, &Found::row);
        const auto last = std::ranges::lower_bound(found, units[u].end, {}, &Found::row);
        return std::span<const Found>(first, last);
    };
    const Parts counted =
        context.for_each_unit("frequencies", units.size(), [&](std::uint64_t u, PartWriter& part) {
            write_frequencies(genotypes, mask, of_unit(u), part);
        });
    collectively(context.comm(), "checking the statistics", [&] {
        if (params.binary && params.sample_size == 0) {
            const double n = binary_sample_size(found);
            for (Found& f : found)
                f.n = n;
        }
        std::vector<SummaryVariant> variants;
        std::vector<std::int32_t> chromosome;
        std::vector<std::uint32_t> position;
        for (std::uint64_t u = 0; u < counted.size(); ++u) {
            const H5File part = counted.open(u);
            const auto c = part.read_array<std::int32_t>("chromosome");
            const auto p = part.read_array<std::uint32_t>("position");
            const auto f = part.read_array<double>("frequency");
            const auto strand = part.read_array<std::uint8_t>("palindromic");
            const auto some = of_unit(u);
            for (std::size_t i = 0; i < some.size(); ++i) {
                variants.push_back({some[i].beta, some[i].standard_error, some[i].n,
                                    some[i].frequency, f[i], strand[i] != 0});
                chromosome.push_back(c[i]);
                position.push_back(p[i]);
            }
        }
        const auto defects = summary_defects_of(variants, params.binary);
        for (std::size_t i = 0; i < found.size(); ++i) {
            SummaryDefect defect = defects[i];
            const double f = variants[i].ld_frequency;
            if (!params.checks && defect != SummaryDefect::no_effect)
                defect = f > 0 && f < 1 ? SummaryDefect::none : SummaryDefect::low_frequency;
            ++out.defects[static_cast<std::size_t>(defect)];
            if (defect != SummaryDefect::none) continue;
            out.row.push_back(found[i].row);
            out.chromosome.push_back(chromosome[i]);
            out.position.push_back(position[i]);
            out.beta.push_back(found[i].beta);
            out.scale.push_back(effect_scale(variants[i]));
            out.n.push_back(found[i].n);
            out.neg_log10_p.push_back(found[i].neg_log10_p);
            out.effect.push_back(out.beta.back() / out.scale.back());
            out.log_variance.push_back(std::log(2 * f * (1 - f)));
        }
        const double mean = std::accumulate(out.log_variance.begin(), out.log_variance.end(), 0.0) /
                            static_cast<double>(out.size());
        for (double& v : out.log_variance)
            v -= mean;
        refuse_losses(params, out, found.size(), path);
    });
    return out;
}

} // namespace salus::pgs_weights
