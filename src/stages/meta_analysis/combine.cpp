#include "stages/meta_analysis/combine.hpp"

#include "base/numbers.hpp"
#include "base/text.hpp"
#include "formats/summary_statistics.hpp"
#include "models/meta_analysis.hpp"
#include "store/packed_table.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace salus::meta {
namespace {

constexpr std::uint64_t unit_bytes = std::uint64_t{32} << 20;
constexpr std::uint32_t overlap_spacing = 10'000; // bp: neighbours in LD repeat each other

/// Rows of all studies in a unit, and the bytes that their texts point to.
struct UnitRows {
    std::vector<std::vector<std::uint8_t>> bytes;
    std::vector<Row> rows;
};

UnitRows load(const Unit& unit, const Parts& studies) {
    UnitRows loaded;
    for (std::uint64_t s = 0; s < studies.size(); ++s) {
        loaded.bytes.push_back(read_windows(studies.open(s), unit.first, unit.last));
        decode_rows(loaded.bytes.back(), static_cast<std::uint32_t>(s), loaded.rows);
    }
    std::stable_sort(loaded.rows.begin(), loaded.rows.end(), [](const Row& a, const Row& b) {
        return std::pair(a.chromosome, a.position) < std::pair(b.chromosome, b.position);
    });
    return loaded;
}

/// Weighted by sample size where all are known, else plain; over the studies that tell it.
double mean_frequency(const std::vector<Row>& rows) noexcept {
    const bool weighted =
        std::none_of(rows.begin(), rows.end(), [](const Row& r) { return std::isnan(r.n); });
    double sum = 0, weights = 0;
    for (const Row& row : rows) {
        if (std::isnan(row.frequency)) continue;
        const double w = weighted ? row.n : 1;
        sum += w * row.frequency;
        weights += w;
    }
    return weights > 0 ? sum / weights : nan;
}

double total_n(const std::vector<Row>& rows) noexcept {
    double sum = 0;
    for (const Row& row : rows)
        sum += row.n;
    return sum;
}

/// + or - per study, ? where it does not have the variant, 0 for no effect.
std::string directions(const std::vector<Row>& rows, std::size_t studies) {
    std::string out(studies, '?');
    for (const Row& row : rows) {
        const double effect = std::isnan(row.beta) ? row.z : row.beta;
        out[row.study] = effect > 0 ? '+' : effect < 0 ? '-' : '0';
    }
    return out;
}

/// The tables of a unit while they grow.
class Tables {
public:
    Tables(std::size_t studies, bool scores)
        : studies_(studies), with_scores_(scores), variants_(meta_variants_table()),
          fixed_(meta_effects_table(false)), random_(meta_effects_table(true)),
          heterogeneity_(meta_heterogeneity_table()), scores_(meta_scores_table()) {}

    void add(const Variant& variant, const std::vector<double>& control) {
        add_variant(variant);
        std::vector<StudyEffect> effects;
        std::vector<StudyScore> scores;
        for (const Row& row : variant.rows) {
            const double factor = control[row.study];
            if (!std::isnan(row.beta)) effects.push_back({row.beta, row.standard_error * factor});
            if (!std::isnan(row.n) && std::isfinite(row.z))
                scores.push_back({row.z / factor, row.n});
        }
        add_effects(effects);
        if (!with_scores_) return;
        const MetaScore score = combine_scores(scores);
        scores_.column<double>("z").push_back(score.z);
        scores_.column<double>("neg_log10_p").push_back(score.neg_log10_p);
    }

    void write(PartWriter& part) const {
        for (const TableData* table : {&variants_, &fixed_, &random_, &heterogeneity_})
            write_unit_table(part, *table);
        if (with_scores_) write_unit_table(part, scores_);
        std::vector<double> chi_square;
        const auto& beta = fixed_.column<double>("beta");
        const auto& error = fixed_.column<double>("standard_error");
        for (std::size_t i = 0; i < beta.size(); ++i)
            if (!std::isnan(beta[i]))
                chi_square.push_back((beta[i] / error[i]) * (beta[i] / error[i]));
        part.write_array<double>("chi_square", chi_square, {}, Compression::none);
    }

private:
    void add_variant(const Variant& variant) {
        variants_.column<std::string>("chromosome").push_back(chromosome_name(variant.chromosome));
        variants_.column<std::uint32_t>("base_pair_location").push_back(variant.position);
        variants_.column<std::string>("variant_id").emplace_back(variant.id);
        variants_.column<std::string>("other_allele").emplace_back(variant.other);
        variants_.column<std::string>("effect_allele").emplace_back(variant.effect);
        variants_.column<double>("effect_allele_frequency").push_back(mean_frequency(variant.rows));
        variants_.column<double>("n").push_back(total_n(variant.rows));
        variants_.column<std::uint32_t>("studies").push_back(
            static_cast<std::uint32_t>(variant.rows.size()));
        variants_.column<std::string>("direction").push_back(directions(variant.rows, studies_));
    }

    void add_effects(std::span<const StudyEffect> effects) {
        MetaAnalysis all{.fixed = {nan, nan, nan},
                         .random = {nan, nan, nan},
                         .q = nan,
                         .q_neg_log10_p = nan,
                         .i_squared = nan,
                         .tau_squared = nan};
        if (!effects.empty()) all = combine_effects(effects);
        put(fixed_, all.fixed);
        put(random_, all.random);
        random_.column<double>("tau_squared").push_back(all.tau_squared);
        heterogeneity_.column<double>("q").push_back(all.q);
        heterogeneity_.column<std::uint32_t>("degrees_of_freedom")
            .push_back(all.degrees_of_freedom);
        heterogeneity_.column<double>("neg_log10_p").push_back(all.q_neg_log10_p);
        heterogeneity_.column<double>("i_squared").push_back(all.i_squared);
    }

    static void put(TableData& table, const MetaEffect& effect) {
        table.column<double>("beta").push_back(effect.beta);
        table.column<double>("standard_error").push_back(effect.standard_error);
        table.column<double>("neg_log10_p").push_back(effect.neg_log10_p);
    }

    std::size_t studies_;
    bool with_scores_;
    TableData variants_, fixed_, random_, heterogeneity_, scores_;
};

/// Sums of products of null z-scores over the first common variant in every 10 kb.
class OverlapScan {
public:
    explicit OverlapScan(std::size_t studies) : studies_(studies), sums(studies) {}
    void take(const Variant& variant) {
        const std::uint64_t bin = std::uint64_t{static_cast<std::uint32_t>(variant.chromosome)}
                                      << 32 |
                                  variant.position / overlap_spacing;
        const double f = mean_frequency(variant.rows);
        if (studies_ > overlap_studies_max || variant.rows.size() < 2 || bin == last_bin_ ||
            std::min(f, 1 - f) < 0.05)
            return;
        last_bin_ = bin;
        for (std::size_t a = 0; a < variant.rows.size(); ++a) {
            if (!(std::abs(variant.rows[a].z) < 1)) continue;
            for (std::size_t b = a + 1; b < variant.rows.size(); ++b) {
                if (!(std::abs(variant.rows[b].z) < 1)) continue;
                const std::size_t at =
                    OverlapSums::place(studies_, variant.rows[a].study, variant.rows[b].study);
                sums.products[at] += variant.rows[a].z * variant.rows[b].z;
                sums.variants[at] += 1;
            }
        }
    }

private:
    std::size_t studies_;
    std::uint64_t last_bin_ = std::numeric_limits<std::uint64_t>::max();

public:
    OverlapSums sums;
};

void write_facts(PartWriter& part, const std::vector<MatchCounts>& counts,
                 const OverlapSums& overlap) {
    std::vector<std::uint64_t> numbers;
    for (const MatchCounts& c : counts) {
        numbers.insert(numbers.end(), {c.used, c.swapped, c.other_strand});
        numbers.insert(numbers.end(), c.dropped.begin(), c.dropped.end());
    }
    part.write_array<std::uint64_t>("match_counts", numbers, {}, Compression::none);
    part.write_array<double>("overlap_products", overlap.products, {}, Compression::none);
    part.write_array<double>("overlap_variants", overlap.variants, {}, Compression::none);
}

} // namespace

std::vector<Unit> cut_units(const Parts& studies) {
    std::vector<std::uint64_t> bytes(windows);
    for (std::uint64_t s = 0; s < studies.size(); ++s) {
        const auto of_study = window_bytes(studies.open(s));
        for (std::size_t w = 0; w < windows; ++w)
            bytes[w] += of_study[w];
    }
    std::vector<Unit> units;
    std::uint64_t sum = 0;
    Unit unit;
    for (std::size_t w = 0; w < windows; ++w) {
        sum += bytes[w];
        unit.last = w + 1;
        if (sum < unit_bytes && w + 1 < windows) continue;
        if (sum > 0 || units.empty()) units.push_back(unit);
        unit.first = w + 1;
        sum = 0;
    }
    return units;
}

OverlapSums::OverlapSums(std::size_t studies) {
    if (studies > overlap_studies_max) return;
    products.resize(studies * (studies - 1) / 2);
    variants.resize(products.size());
}

std::size_t OverlapSums::place(std::size_t studies, std::size_t first,
                               std::size_t second) noexcept {
    return first * (2 * studies - first - 1) / 2 + second - first - 1;
}

void OverlapSums::add(const OverlapSums& other) {
    for (std::size_t i = 0; i < products.size(); ++i) {
        products[i] += other.products[i];
        variants[i] += other.variants[i];
    }
}

void combine_unit(const Unit& unit, const Parts& studies, const std::vector<double>& control,
                  const MetaAnalysisParams& params, PartWriter& part) {
    const UnitRows loaded = load(unit, studies);
    const MatchOptions options{.one_strand = params.strand == "forward",
                               .frequency = {.minor_max = params.palindromic_frequency_max,
                                             .difference_max = params.frequency_difference_max},
                               .studies_min = static_cast<std::size_t>(params.studies_min)};
    std::vector<MatchCounts> counts(studies.size());
    Tables tables(studies.size(), params.sample_size_weighted);
    OverlapScan overlap(studies.size());
    for (auto row = loaded.rows.begin(); row != loaded.rows.end();) {
        const auto end = std::find_if(row, loaded.rows.end(), [&](const Row& r) {
            return r.chromosome != row->chromosome || r.position != row->position;
        });
        for (const Variant& variant : match_position({row, end}, options, counts)) {
            tables.add(variant, control);
            overlap.take(variant);
        }
        row = end;
    }
    tables.write(part);
    write_facts(part, counts, overlap.sums);
}

UnitFacts read_unit_facts(const H5File& part, std::size_t studies) {
    UnitFacts facts{.counts = std::vector<MatchCounts>(studies), .overlap = OverlapSums(studies)};
    const auto numbers = part.read_array<std::uint64_t>("match_counts");
    auto next = numbers.begin();
    for (MatchCounts& c : facts.counts) {
        c.used = *next++;
        c.swapped = *next++;
        c.other_strand = *next++;
        for (std::uint64_t& dropped : c.dropped)
            dropped = *next++;
    }
    facts.overlap.products = part.read_array<double>("overlap_products");
    facts.overlap.variants = part.read_array<double>("overlap_variants");
    return facts;
}

} // namespace salus::meta
