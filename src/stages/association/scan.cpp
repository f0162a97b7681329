#include "stages/association/scan.hpp"

#include "base/numbers.hpp"
#include "kernels/products.hpp"
#include "models/linear.hpp"

#include <algorithm>
#include <cmath>

namespace salus::association {
namespace {

// A row with more missing calls than samples / 16 is multiplied as a row, else call by call.
constexpr std::size_t missing_share = 16;

// A list of more carriers than samples / 40 is multiplied as a row.
constexpr std::size_t list_share = 40;

// Rows of dosages that are multiplied in one go; they take 6 bytes a sample each.
constexpr std::size_t dosages_at_once = 8;

double frequency(double alt_alleles, double alleles) noexcept {
    return alleles > 0 ? alt_alleles / alleles : nan;
}

struct Alleles {
    double alt = 0, all = 0;
};

// Haploid calls count one allele although they are coded 0 or 2.
Alleles count_alleles(const VariantGenotypes& genotypes, const AlleleMoments& everybody,
                      const SampleMask& males) noexcept {
    const auto copies_of = [](const AlleleMoments& m) {
        return std::ldexp(static_cast<double>(m.copies), -static_cast<int>(m.shift));
    };
    const double copies = copies_of(everybody);
    const auto called = static_cast<double>(everybody.called);
    switch (genotypes.ploidy()) {
    case Ploidy::diploid:
        return {copies, 2 * called};
    case Ploidy::x: {
        const AlleleMoments haploid = genotypes.allele_moments(males);
        return {copies - 0.5 * copies_of(haploid),
                2 * called - static_cast<double>(haploid.called)};
    }
    case Ploidy::y:
    case Ploidy::mitochondrial:
        return {0.5 * copies, called};
    }
    return {};
}

} // namespace

TestRules rules_of(const AssociationParams& params) {
    using Binary = TestRules::Binary;
    const std::string& name = params.binary_test;
    const Binary binary = name == "score"               ? Binary::score
                          : name == "score_saddlepoint" ? Binary::score_saddlepoint
                          : name == "wald"              ? Binary::wald
                          : name == "firth"             ? Binary::firth
                                                        : Binary::score_firth;
    using Survival = TestRules::Survival;
    const Survival survival = params.time_to_event_test == "score"  ? Survival::score
                              : params.time_to_event_test == "wald" ? Survival::wald
                                                                    : Survival::score_saddlepoint;
    return {.survival = survival,
            .hazard_ratio_neg_log10_p = -std::log10(params.hazard_ratio_p_max),
            .ordinal = params.ordinal_test == "wald" ? TestRules::Ordinal::wald
                                                     : TestRules::Ordinal::score,
            .odds_ratio_neg_log10_p = -std::log10(params.odds_ratio_p_max),
            .binary = binary,
            .refit_neg_log10_p = -std::log10(params.refit_p_max),
            .exact_neg_log10_p = -std::log10(params.exact_firth_p_max),
            .error_of_information = params.firth_standard_error == "information",
            .exact_copies_max = static_cast<double>(params.exact_copies_max),
            .mid_p = params.exact_p == "mid",
            .genotypic = params.coding == "genotypic",
            .minor_allele_count_min = static_cast<double>(params.minor_allele_count_min)};
}

void Scanner::multiply_missing(const VariantGenotypes& genotypes, std::size_t v) {
    const std::size_t width = plan_.columns.columns();
    const auto sums = std::span(missing_).subspan(v * width, width);
    genotypes.list_missing_calls(plan_.columns.samples(), missing_calls_);
    has_missing_[v] = missing_calls_.empty() ? 0 : 1;
    if (missing_calls_.empty()) return;
    if (!genotypes.has_dosages() && !genotypes.is_list() &&
        missing_calls_.size() > plan_.columns.samples() / missing_share) {
        const std::uint8_t* const row = genotypes.row();
        row_products(std::span(&row, 1), plan_.columns, missing_weights, sums);
    } else {
        carrier_products(missing_calls_, plan_.columns, missing_weights, sums);
    }
}

// Squares of dosages have 30 bits: two rows of 15.
void Scanner::multiply_dosages(std::span<const VariantGenotypes* const> variants,
                               std::span<const std::size_t> which) {
    const std::size_t samples = plan_.columns.samples();
    std::vector<const std::uint16_t*> rows;
    const auto multiply = [&](const FixedColumns& columns) {
        wide_group_.resize(rows.size() * columns.columns());
        value_products(rows, columns, wide_group_);
        return columns.columns();
    };
    for (std::size_t begin = 0; begin < which.size(); begin += dosages_at_once) {
        const auto batch = which.subspan(begin, std::min(dosages_at_once, which.size() - begin));
        values_.resize(3 * batch.size() * samples); // dosages, squares by halves
        std::uint16_t* const values = values_.data();
        const std::size_t length = batch.size() * samples;
        for (std::size_t k = 0; k < batch.size(); ++k)
            std::ranges::replace_copy(variants[batch[k]]->dosages(), values + k * samples,
                                      dosage_missing, Dosage{0});
        rows.clear();
        for (std::size_t k = 0; k < batch.size(); ++k)
            rows.push_back(values + k * samples);
        const std::size_t width = multiply(plan_.columns);
        for (std::size_t k = 0; k < batch.size(); ++k)
            std::copy_n(wide_group_.begin() + static_cast<std::ptrdiff_t>(k * width), width,
                        dosage_.begin() + static_cast<std::ptrdiff_t>(batch[k] * width));
        if (plan_.squares.columns() == 0) continue;
        for (std::size_t i = 0; i < length; ++i) {
            const std::uint32_t square = std::uint32_t{values[i]} * values[i];
            values[length + i] = static_cast<std::uint16_t>(square >> 15);
            values[2 * length + i] = static_cast<std::uint16_t>(square & 0x7FFF);
        }
        rows.clear();
        for (std::size_t k = 0; k < 2 * batch.size(); ++k)
            rows.push_back(values + length + k * samples);
        const std::size_t squares = multiply(plan_.squares);
        for (std::size_t k = 0; k < batch.size(); ++k)
            for (std::size_t c = 0; c < squares; ++c)
                squares_[batch[k] * squares + c] = wide_group_[k * squares + c] * (1 << 15) +
                                                   wide_group_[(batch.size() + k) * squares + c];
    }
}

// Squares of dosages are at most 2^30, so they are weights as well.
void Scanner::multiply_dosage_list(const VariantGenotypes& genotypes, std::size_t v) {
    weights_.clear();
    for (const auto& [sample, dosage] : genotypes.dosage_list())
        if (dosage != dosage_missing) weights_.push_back({sample, dosage});
    const std::size_t width = plan_.columns.columns(), square_width = plan_.squares.columns();
    weight_products(weights_, plan_.columns, std::span(dosage_).subspan(v * width, width));
    if (square_width == 0) return;
    for (SampleWeight& entry : weights_)
        entry.weight *= entry.weight;
    weight_products(weights_, plan_.squares,
                    std::span(squares_).subspan(v * square_width, square_width));
}

// The carriers of a list as a row, in one of the work spaces.
const std::uint8_t* Scanner::packed_row(const VariantGenotypes& genotypes, std::size_t place) {
    if (packed_.size() <= place) packed_.resize(place + 1);
    auto& row = packed_[place];
    row.assign((plan_.columns.samples() + 255) / 256 * 64, 0);
    for (const Carrier carrier : genotypes.carriers())
        row[carrier_sample(carrier) / 4] |=
            static_cast<std::uint8_t>(carrier_call(carrier) << (2 * (carrier_sample(carrier) % 4)));
    return row.data();
}

// Products of all variants with all columns: rows in one go, lists and dosages one by one.
void Scanner::multiply(std::span<const VariantGenotypes* const> variants) {
    const std::size_t width = plan_.columns.columns(), square_width = plan_.squares.columns();
    dosage_.resize(variants.size() * width);
    missing_.resize(variants.size() * width);
    squares_.resize(variants.size() * square_width);
    has_missing_.assign(variants.size(), 0);
    std::vector<const std::uint8_t*> rows;
    std::vector<std::size_t> row_of, dosage_of;
    std::size_t packed = 0;
    const auto multiply_list = [&](std::size_t v, const FixedColumns& columns,
                                   const CallWeights& weights, std::vector<WideSum>& sums) {
        group_.resize(columns.columns());
        carrier_products(variants[v]->carriers(), columns, weights, group_);
        std::copy(group_.begin(), group_.end(),
                  sums.begin() + static_cast<std::ptrdiff_t>(v * columns.columns()));
    };
    for (std::size_t v = 0; v < variants.size(); ++v) {
        multiply_missing(*variants[v], v);
        if (variants[v]->has_dosage_list()) {
            multiply_dosage_list(*variants[v], v);
        } else if (variants[v]->has_dosages()) {
            dosage_of.push_back(v);
        } else if (!variants[v]->is_list()) {
            rows.push_back(variants[v]->row());
            row_of.push_back(v);
        } else if (variants[v]->carriers().size() * list_share > plan_.columns.samples()) {
            rows.push_back(packed_row(*variants[v], packed++));
            row_of.push_back(v);
        } else {
            multiply_list(v, plan_.columns, dosage_weights, dosage_);
            if (square_width > 0) multiply_list(v, plan_.squares, square_weights, squares_);
        }
    }
    multiply_dosages(variants, dosage_of);
    const auto spread = [&](const FixedColumns& columns, const CallWeights& weights,
                            std::vector<WideSum>& sums) {
        const std::size_t count = columns.columns();
        group_.resize(rows.size() * count);
        row_products(rows, columns, weights, group_);
        for (std::size_t r = 0; r < rows.size(); ++r) {
            std::copy_n(group_.begin() + static_cast<std::ptrdiff_t>(r * count), count,
                        sums.begin() + static_cast<std::ptrdiff_t>(row_of[r] * count));
        }
    };
    spread(plan_.columns, dosage_weights, dosage_);
    if (square_width > 0) spread(plan_.squares, square_weights, squares_);
}

SetView Scanner::view_set(const VariantGenotypes& genotypes, const SampleSet& set) const {
    SetView view{.moments = genotypes.moments(set.members)};
    const AlleleMoments& m = view.moments;
    const Alleles alleles =
        count_alleles(genotypes, genotypes.allele_moments(set.members), set.males);
    double rarest = std::min(alleles.alt, alleles.all - alleles.alt);
    if (genotypes.coding() != Coding::additive)
        rarest = std::min(
            {rarest, static_cast<double>(m.copies), static_cast<double>(m.called - m.copies)});
    view.alleles = alleles.all;
    view.alt_alleles = alleles.alt;
    view.flipped = 2 * m.copies > m.both_alleles();
    const auto called = static_cast<double>(m.called);
    const int shift = static_cast<int>(m.shift);
    if (m.called == 0) {
        view.status = AssociationStatus::not_called;
    } else if (m.constant()) {
        view.status = AssociationStatus::monomorphic;
    } else if (rarest < rules_.minor_allele_count_min) {
        view.status = AssociationStatus::rare;
    } else {
        const auto copies = static_cast<double>(m.counted(view.flipped));
        const auto squares = static_cast<double>(m.counted_squares(view.flipped));
        view.mean = std::ldexp(copies, -shift) / called;
        view.centred_squares = std::ldexp(squares, -2 * shift) - called * view.mean * view.mean;
    }
    return view;
}

void Scanner::describe(const VariantGenotypes& genotypes, const TraitPlan& trait,
                       const SetView& view, VariantTest& result) const {
    result.n = static_cast<std::uint32_t>(trait.n);
    result.n_cases = static_cast<std::uint32_t>(trait.n_cases);
    result.frequency = frequency(view.alt_alleles, view.alleles);
    result.frequency_cases = result.frequency_controls = nan;
    const auto called = static_cast<double>(view.moments.called);
    result.n_effective = called > 0 ? called : nan;
    if (!trait.has_cases()) return;
    const AlleleMoments in_cases = genotypes.allele_moments(trait.cases());
    const auto called_cases = static_cast<double>(in_cases.called);
    // 4 / (1 / cases + 1 / controls)
    if (called > 0) result.n_effective = 4 * called_cases * (called - called_cases) / called;
    const Alleles cases = count_alleles(genotypes, in_cases, trait.male_cases());
    result.frequency_cases = frequency(cases.alt, cases.all);
    result.frequency_controls = frequency(view.alt_alleles - cases.alt, view.alleles - cases.all);
}

// Minor allele genotype times a column, missing genotypes at the mean. The part of called samples
// is counted from the minor allele in integers, so that nothing cancels where REF is rare.
double Scanner::imputed(const Sums& sums, const SetView& view, std::size_t column) const {
    const FixedColumns& columns = plan_.columns;
    const std::int64_t absent = sums.missing.empty() ? 0 : sums.missing[column];
    const WideSum two = WideSum{2} << sums.shift;
    const WideSum present = view.flipped
                                ? two * (columns.total(column) - absent) - sums.dosage[column]
                                : sums.dosage[column];
    return wide_real(present, columns.exponent(column) - static_cast<int>(sums.shift)) +
           view.mean * columns.real(column, absent);
}

void Scanner::test_linear(const TraitPlan& trait, const SetView& view, const Sums& sums,
                          VariantTest& result) const {
    const SampleSet& set = plan_.sets[trait.set];
    const FixedColumns& columns = plan_.columns;
    LinearSums linear{.gg = view.centred_squares, .yy = trait.yy};
    for (std::size_t c = set.first_column; c < set.first_column + set.covariates; ++c) {
        const double along = imputed(sums, view, c) - view.mean * columns.real(c, columns.total(c));
        linear.gg -= along * along;
    }
    if (!(linear.gg > collinear_below * view.centred_squares)) {
        return set_untested(result, AssociationStatus::collinear);
    }
    linear.gy = imputed(sums, view, trait.column) -
                view.mean * columns.real(trait.column, columns.total(trait.column));
    linear.residual_df = static_cast<double>(trait.n - set.covariates - 2);
    const LinearFit fit = fit_linear(linear);
    if (!std::isfinite(fit.neg_log10_p))
        return set_untested(result, AssociationStatus::no_variance);
    set_effect(result, AssociationTest::linear, {fit.beta, fit.standard_error, fit.neg_log10_p},
               view.flipped);
}

// Sum of w h^2 of the minor allele, missing genotypes at the mean, for w in a column and among the
// squares.
double Scanner::weighted_squares(const Sums& sums, const SetView& view, std::size_t column,
                                 std::size_t square) const {
    const std::int64_t absent = sums.missing.empty() ? 0 : sums.missing[column];
    const std::int64_t total = plan_.squares.total(square);
    const WideSum all = sums.squares[square], two = WideSum{2} << sums.shift;
    const WideSum called =
        view.flipped ? two * two * (total - absent) - 2 * two * sums.dosage[column] + all : all;
    return wide_real(called, plan_.squares.exponent(square) - 2 * static_cast<int>(sums.shift)) +
           view.mean * view.mean * plan_.columns.real(column, absent);
}

void Scanner::test_survival(std::size_t v, std::size_t t, const SetView& view, const Sums& sums,
                            VariantTest& result) {
    const TraitPlan& trait = plan_.traits[t];
    const SurvivalPlan& survival = *trait.survival;
    const std::size_t first = survival.first_weighted;
    SurvivalScore score{.score = imputed(sums, view, trait.column),
                        .expected_squares =
                            survival.root_weight *
                            weighted_squares(sums, view, first, survival.square_column)};
    for (std::size_t c = first + 1; c <= first + survival.design.size(); ++c) {
        const double along = imputed(sums, view, c);
        score.covariates += along * along;
    }
    survival_.test(v, t, score, result);
}

// Information of the genotype after the covariates, and `along_`; negative if nothing is left.
double Scanner::left_variance(const Sums& sums, const SetView& view,
                              const WeightedColumns& columns) {
    const double with_mean = weighted_squares(sums, view, columns.weight, columns.square);
    along_.resize(columns.count);
    for (std::size_t c = 0; c < along_.size(); ++c)
        along_[c] = imputed(sums, view, columns.first + c);
    const double centred =
        columns.root_weight * with_mean + columns.of_pairs - along_[0] * along_[0];
    double variance = centred;
    for (std::size_t c = 1; c < along_.size(); ++c)
        variance -= along_[c] * along_[c];
    return variance > collinear_below * centred ? variance : -1;
}

void Scanner::test_binary(const VariantGenotypes& genotypes, const TraitPlan& trait,
                          const SetView& view, const Sums& sums, VariantTest& result) {
    const BinaryPlan& logistic = trait.logistic;
    const double variance = left_variance(sums, view,
                                          {.first = logistic.first_weighted,
                                           .count = plan_.sets[trait.set].covariates + 1,
                                           .weight = logistic.first_weighted,
                                           .square = logistic.square_column,
                                           .root_weight = logistic.root_weight});
    if (variance < 0) return set_untested(result, AssociationStatus::collinear);
    ScoreParts score{
        .score = imputed(sums, view, trait.column), .variance = variance, .along = along_};
    if (trait.family) score.spread = family_spread(genotypes, trait, view, sums, variance);
    binary_.test(genotypes, trait, view, score, result);
}

void Scanner::test_ordinal(const VariantGenotypes& genotypes, const TraitPlan& trait,
                           const SetView& view, const Sums& sums, VariantTest& result) {
    const OrdinalPlan& ordinal = *trait.ordinal;
    const double variance = left_variance(sums, view,
                                          {.first = ordinal.first_weighted,
                                           .count = ordinal.weighted,
                                           .weight = ordinal.first_weighted,
                                           .square = ordinal.square_column,
                                           .root_weight = ordinal.root_weight});
    if (variance < 0) return set_untested(result, AssociationStatus::collinear);
    ordinal_.test(genotypes, trait, view, imputed(sums, view, trait.column), variance, result);
}

Scanner::Sums Scanner::sums_of(const VariantGenotypes& genotypes, std::size_t v) const {
    const std::size_t width = plan_.columns.columns(), square_width = plan_.squares.columns();
    return {.dosage = std::span(dosage_).subspan(v * width, width),
            .squares = std::span(squares_).subspan(v * square_width, square_width),
            .missing = has_missing_[v] != 0 ? std::span(missing_).subspan(v * width, width)
                                            : std::span<const std::int64_t>(),
            .shift = genotypes.has_dosages() ? dosage_shift : 0};
}

void Scanner::test(std::span<const VariantGenotypes* const> variants,
                   std::span<VariantTest> results) {
    multiply(variants);
    if (rules_.genotypic) {
        const std::size_t traits = plan_.traits.size();
        for (std::size_t v = 0; v < variants.size(); v += 2)
            test_pair(variants.subspan(v, 2), v, results.subspan(v / 2 * traits, traits));
        return;
    }
    views_.clear();
    for (const VariantGenotypes* variant : variants)
        for (const SampleSet& set : plan_.sets)
            views_.push_back(view_set(*variant, set));
    survival_.prepare(variants, views_);
    for (std::size_t v = 0; v < variants.size(); ++v) {
        const Sums sums = sums_of(*variants[v], v);
        for (std::size_t t = 0; t < plan_.traits.size(); ++t) {
            const TraitPlan& trait = plan_.traits[t];
            const SetView& view = views_[v * plan_.sets.size() + trait.set];
            VariantTest& result = results[v * plan_.traits.size() + t];
            result = {};
            describe(*variants[v], trait, view, result);
            if (view.status != AssociationStatus::tested)
                set_untested(result, view.status);
            else if (trait.survival)
                test_survival(v, t, view, sums, result);
            else if (trait.ordinal)
                test_ordinal(*variants[v], trait, view, sums, result);
            else if (trait.binary)
                test_binary(*variants[v], trait, view, sums, result);
            else if (trait.family)
                test_mixed_linear(*variants[v], trait, view, sums, result);
            else
                test_linear(trait, view, sums, result);
        }
    }
}

} // namespace salus::association
