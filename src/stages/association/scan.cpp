#include "stages/association/scan.hpp"

#include "kernels/products.hpp"
#include "models/firth.hpp"
#include "models/linear.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace salus::association {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// Share of a genotype's variance that must be left when the covariates are taken out.
constexpr double collinear_below = 1e-6;

// A row with more missing calls than samples / 16 is multiplied as a row, else call by call.
constexpr std::size_t missing_share = 16;

double frequency(double alt_alleles, double alleles) noexcept {
    return alleles > 0 ? alt_alleles / alleles : nan;
}

struct Alleles {
    double alt = 0, all = 0;
};

// Haploid calls count one allele although they are coded 0 or 2.
Alleles count_alleles(const GenotypeCounts& counts, const GenotypeCounts& males,
                      Ploidy ploidy) noexcept {
    const auto copies = static_cast<double>(counts.alt_copies());
    const auto called = static_cast<double>(counts.called());
    switch (ploidy) {
    case Ploidy::diploid:
        return {copies, 2 * called};
    case Ploidy::x:
        return {copies - static_cast<double>(males.hom_alt),
                2 * called - static_cast<double>(males.called())};
    case Ploidy::y:
    case Ploidy::mitochondrial:
        return {0.5 * copies, called};
    }
    return {};
}

Alleles count_alleles(const VariantGenotypes& genotypes, const SampleMask& all,
                      const SampleMask& males) noexcept {
    const GenotypeCounts of_males =
        genotypes.ploidy() == Ploidy::x ? genotypes.count(males) : GenotypeCounts{};
    return count_alleles(genotypes.count(all), of_males, genotypes.ploidy());
}

void set_effect(VariantTest& result, AssociationTest test, double beta, double standard_error,
                double neg_log10_p) noexcept {
    result.test = test;
    result.beta = beta;
    result.standard_error = standard_error;
    result.neg_log10_p = neg_log10_p;
}

void set_untested(VariantTest& result, AssociationStatus status) noexcept {
    result.status = status;
    set_effect(result, AssociationTest::none, nan, nan, nan);
}

} // namespace

TestRules rules_of(const AssociationParams& params) {
    using Binary = TestRules::Binary;
    const Binary binary = params.binary_test == "score"   ? Binary::score
                          : params.binary_test == "wald"  ? Binary::wald
                          : params.binary_test == "firth" ? Binary::firth
                                                          : Binary::score_firth;
    return {.binary = binary,
            .refit_neg_log10_p = -std::log10(params.refit_p_max),
            .minor_allele_count_min = static_cast<double>(params.minor_allele_count_min)};
}

// Products of all variants with all columns: rows in one go, lists one by one.
void Scanner::multiply(std::span<const VariantGenotypes* const> variants) {
    const std::size_t width = plan_.columns.columns(), square_width = plan_.squares.columns();
    dosage_.resize(variants.size() * width);
    missing_.resize(variants.size() * width);
    squares_.resize(variants.size() * square_width);
    has_missing_.assign(variants.size(), 0);
    std::vector<const std::uint8_t*> rows;
    std::vector<std::size_t> row_of;
    for (std::size_t v = 0; v < variants.size(); ++v) {
        const VariantGenotypes& genotypes = *variants[v];
        const auto missing_sums = std::span(missing_).subspan(v * width, width);
        genotypes.list_missing_calls(plan_.columns.samples(), missing_calls_);
        has_missing_[v] = missing_calls_.empty() ? 0 : 1;
        if (!genotypes.is_list()) {
            rows.push_back(genotypes.row());
            row_of.push_back(v);
        } else {
            carrier_products(genotypes.carriers(), plan_.columns, dosage_weights,
                             std::span(dosage_).subspan(v * width, width));
            carrier_products(genotypes.carriers(), plan_.squares, square_weights,
                             std::span(squares_).subspan(v * square_width, square_width));
        }
        if (missing_calls_.empty()) continue;
        if (!genotypes.is_list() &&
            missing_calls_.size() > plan_.columns.samples() / missing_share) {
            const std::uint8_t* const row = genotypes.row();
            row_products(std::span(&row, 1), plan_.columns, missing_weights, missing_sums);
        } else {
            carrier_products(missing_calls_, plan_.columns, missing_weights, missing_sums);
        }
    }
    const auto spread = [&](const FixedColumns& columns, const CallWeights& weights,
                            std::vector<std::int64_t>& sums) {
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

Scanner::SetView Scanner::view_set(const VariantGenotypes& genotypes, const SampleSet& set) const {
    SetView view{.counts = genotypes.count(set.members)};
    const GenotypeCounts& c = view.counts;
    const GenotypeCounts males =
        genotypes.ploidy() == Ploidy::x ? genotypes.count(set.males) : GenotypeCounts{};
    const Alleles alleles = count_alleles(c, males, genotypes.ploidy());
    view.alleles = alleles.all;
    view.alt_alleles = alleles.alt;
    view.flipped = c.alt_copies() > c.called();
    const std::uint64_t copies = view.flipped ? 2 * c.called() - c.alt_copies() : c.alt_copies();
    const auto called = static_cast<double>(c.called());
    if (c.called() == 0) {
        view.status = AssociationStatus::not_called;
    } else if (std::max({c.hom_ref, c.het, c.hom_alt}) == c.called()) {
        view.status = AssociationStatus::monomorphic;
    } else if (std::min(alleles.alt, alleles.all - alleles.alt) < rules_.minor_allele_count_min) {
        view.status = AssociationStatus::rare;
    } else {
        view.mean = static_cast<double>(copies) / called;
        const std::uint64_t squares = c.het + 4 * (view.flipped ? c.hom_ref : c.hom_alt);
        view.centred_squares = static_cast<double>(squares) - called * view.mean * view.mean;
    }
    return view;
}

void Scanner::describe(const VariantGenotypes& genotypes, const TraitPlan& trait,
                       const SetView& view, VariantTest& result) const {
    result.n = static_cast<std::uint32_t>(trait.n);
    result.n_cases = static_cast<std::uint32_t>(trait.n_cases);
    result.frequency = frequency(view.alt_alleles, view.alleles);
    result.frequency_cases = result.frequency_controls = nan;
    if (!trait.binary) return;
    const Alleles cases = count_alleles(genotypes, trait.cases, trait.male_cases);
    result.frequency_cases = frequency(cases.alt, cases.all);
    result.frequency_controls = frequency(view.alt_alleles - cases.alt, view.alleles - cases.all);
}

// Minor allele genotype times a column, missing genotypes at the mean. The part of called samples
// is counted from the minor allele in integers, so that nothing cancels where REF is rare.
double Scanner::imputed(const Sums& sums, const SetView& view, std::size_t column) const {
    const FixedColumns& columns = plan_.columns;
    const std::int64_t absent = sums.missing.empty() ? 0 : sums.missing[column];
    const std::int64_t present = view.flipped
                                     ? 2 * (columns.total(column) - absent) - sums.dosage[column]
                                     : sums.dosage[column];
    return columns.real(column, present) + view.mean * columns.real(column, absent);
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
    set_effect(result, AssociationTest::linear, view.flipped ? -fit.beta : fit.beta,
               fit.standard_error, fit.neg_log10_p);
}

void Scanner::test_binary(const VariantGenotypes& genotypes, const TraitPlan& trait,
                          const SetView& view, const Sums& sums, VariantTest& result) {
    using Binary = TestRules::Binary;
    const std::size_t first = trait.first_weighted, s = trait.square_column;
    const std::int64_t absent = sums.missing.empty() ? 0 : sums.missing[first];
    const std::int64_t total = plan_.squares.total(s), square = sums.squares[s];
    // Sum of w h^2 over called samples, in units of the first weighted column.
    const std::int64_t called =
        view.flipped ? 4 * (total - absent) - 4 * sums.dosage[first] + square : square;
    const double with_mean =
        plan_.squares.real(s, called) + view.mean * view.mean * plan_.columns.real(first, absent);
    const double along = imputed(sums, view, first);
    const double centred = trait.root_weight * with_mean - along * along;
    double variance = centred;
    const std::size_t covariates = plan_.sets[trait.set].covariates;
    for (std::size_t c = first + 1; c <= first + covariates; ++c) {
        const double part = imputed(sums, view, c);
        variance -= part * part;
    }
    if (!(variance > collinear_below * centred)) {
        return set_untested(result, AssociationStatus::collinear);
    }
    const ScoreTest score = score_test(imputed(sums, view, trait.column), variance);
    if (rules_.binary == Binary::wald) return fit_wald(genotypes, trait, view, score.beta, result);
    if (rules_.binary == Binary::firth ||
        (rules_.binary == Binary::score_firth && score.neg_log10_p > rules_.refit_neg_log10_p)) {
        return fit_firth(genotypes, trait, view, score.beta, result);
    }
    set_effect(result, AssociationTest::score, view.flipped ? -score.beta : score.beta,
               score.standard_error, score.neg_log10_p);
}

// The null model's design with the imputed minor allele genotype as last column, and start values.
DesignColumns Scanner::design_with(const VariantGenotypes& genotypes, const TraitPlan& trait,
                                   const SetView& view, double start) {
    const SampleSet& set = plan_.sets[trait.set];
    genotype_.assign(padded_samples(set.samples.size()), 0.0);
    const double plain[4] = {0, 1, 2, view.mean}, flipped[4] = {2, 1, 0, view.mean};
    genotypes.expand(set.samples, view.flipped ? flipped : plain, genotype_);
    design_.clear();
    for (const auto& column : set.design)
        design_.push_back(column.data());
    design_.push_back(genotype_.data());
    start_ = trait.null_coefficients;
    start_.push_back(std::clamp(start, -2.0, 2.0));
    return {.columns = design_, .samples = set.samples.size()};
}

void Scanner::fit_wald(const VariantGenotypes& genotypes, const TraitPlan& trait,
                       const SetView& view, double start, VariantTest& result) {
    const GenotypeCounts cases = genotypes.count(trait.cases);
    const auto minor = [&](const GenotypeCounts& c) {
        return view.flipped ? 2 * c.called() - c.alt_copies() : c.alt_copies();
    };
    if (minor(cases) == 0 || minor(cases) == minor(view.counts)) {
        return set_untested(result, AssociationStatus::separated);
    }
    const DesignColumns design = design_with(genotypes, trait, view, start);
    const LogisticFit fit = solver_.fit(
        {.design = design, .outcome = trait.outcome, .start = start_, .free = start_.size()});
    // Estimates beyond 15 on the log odds scale are separation on the way to infinity.
    if (!fit.converged || std::fabs(fit.coefficients.back()) > 15) {
        return set_untested(result, AssociationStatus::not_converged);
    }
    const double beta = fit.coefficients.back(), error = std::sqrt(fit.variances.back());
    set_effect(result, AssociationTest::wald, view.flipped ? -beta : beta, error,
               wald_neg_log10_p(beta, error));
}

void Scanner::fit_firth(const VariantGenotypes& genotypes, const TraitPlan& trait,
                        const SetView& view, double start, VariantTest& result) {
    const DesignColumns design = design_with(genotypes, trait, view, start);
    const FirthTest fit = firth_test(solver_, design, trait.outcome, start_);
    if (!fit.converged) return set_untested(result, AssociationStatus::not_converged);
    set_effect(result, AssociationTest::firth, view.flipped ? -fit.beta : fit.beta,
               fit.standard_error, fit.neg_log10_p);
}

void Scanner::test(std::span<const VariantGenotypes* const> variants,
                   std::span<VariantTest> results) {
    multiply(variants);
    const std::size_t width = plan_.columns.columns(), square_width = plan_.squares.columns();
    for (std::size_t v = 0; v < variants.size(); ++v) {
        views_.clear();
        for (const SampleSet& set : plan_.sets)
            views_.push_back(view_set(*variants[v], set));
        const Sums sums{.dosage = std::span(dosage_).subspan(v * width, width),
                        .missing = has_missing_[v] != 0
                                       ? std::span(missing_).subspan(v * width, width)
                                       : std::span<std::int64_t>(),
                        .squares = std::span(squares_).subspan(v * square_width, square_width)};
        for (std::size_t t = 0; t < plan_.traits.size(); ++t) {
            const TraitPlan& trait = plan_.traits[t];
            const SetView& view = views_[trait.set];
            VariantTest& result = results[v * plan_.traits.size() + t];
            result = {};
            describe(*variants[v], trait, view, result);
            if (view.status != AssociationStatus::tested)
                set_untested(result, view.status);
            else if (trait.binary)
                test_binary(*variants[v], trait, view, sums, result);
            else
                test_linear(trait, view, sums, result);
        }
    }
}

} // namespace salus::association
