#pragma once

#include "models/logistic.hpp"
#include "stages/association/plan.hpp"
#include "stages/association/variant_genotypes.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace salus::association {

/// Result of one variant for one trait.
struct VariantTest {
    double frequency, frequency_cases, frequency_controls; // of ALT; NaN without called alleles
    double beta, standard_error, neg_log10_p;              // NaN if not tested
    std::uint32_t n = 0, n_cases = 0;
    AssociationTest test = AssociationTest::none;
    AssociationStatus status = AssociationStatus::tested;
};

/// Limits and choices of the tests.
struct TestRules {
    enum class Binary { score_firth, score, wald, firth };
    Binary binary = Binary::score_firth;
    double refit_neg_log10_p = 0; // score tests at least so significant are fitted again
    double minor_allele_count_min = 0;
};
TestRules rules_of(const AssociationParams& params);

/// Tests variants against all traits of a plan. One object per thread: it keeps work space.
/// Pure: the same genotypes give the same bits, however variants are grouped.
class Scanner {
public:
    Scanner(const ScanPlan& plan, const TestRules& rules) : plan_(plan), rules_(rules) {}

    /// results[v * traits + t]. Groups of 12 to 48 variants make best use of the kernels.
    void test(std::span<const VariantGenotypes* const> variants, std::span<VariantTest> results);

private:
    // One variant as a trait's sample set sees it; genotypes count the minor allele.
    struct SetView {
        AlleleMoments moments;
        bool flipped = false;       // REF is the minor allele
        double mean = 0;            // minor copies of called samples, which missing ones get
        double centred_squares = 0; // sum of (genotype - mean)^2
        double alleles = 0, alt_alleles = 0;
        AssociationStatus status = AssociationStatus::tested;
    };
    struct Sums {
        std::span<const WideSum> dosage, squares; // in units of 2^-shift, 2^-2shift
        std::span<const std::int64_t> missing;    // empty: nobody is
        unsigned shift;
    };

    void multiply(std::span<const VariantGenotypes* const> variants);
    void multiply_missing(const VariantGenotypes& genotypes, std::size_t v);
    void multiply_dosages(std::span<const VariantGenotypes* const> variants,
                          std::span<const std::size_t> which);
    void multiply_dosage_list(const VariantGenotypes& genotypes, std::size_t v);
    SetView view_set(const VariantGenotypes& genotypes, const SampleSet& set) const;
    void describe(const VariantGenotypes& genotypes, const TraitPlan& trait, const SetView& view,
                  VariantTest& result) const;
    double imputed(const Sums& sums, const SetView& view, std::size_t column) const;
    void test_linear(const TraitPlan& trait, const SetView& view, const Sums& sums,
                     VariantTest& result) const;
    void test_binary(const VariantGenotypes& genotypes, const TraitPlan& trait, const SetView& view,
                     const Sums& sums, VariantTest& result);
    void fit_wald(const VariantGenotypes& genotypes, const TraitPlan& trait, const SetView& view,
                  double start, VariantTest& result);
    void fit_firth(const VariantGenotypes& genotypes, const TraitPlan& trait, const SetView& view,
                   double start, VariantTest& result);
    DesignColumns design_with(const VariantGenotypes& genotypes, const TraitPlan& trait,
                              const SetView& view, double start);

    const ScanPlan& plan_;
    TestRules rules_;
    LogisticSolver solver_;
    std::vector<WideSum> dosage_, squares_, wide_group_;
    std::vector<std::int64_t> missing_, group_;
    std::vector<std::uint16_t> values_; // dosages without missing ones, their squares
    std::vector<SampleWeight> weights_; // dosages of a list without missing ones, their squares
    std::vector<std::uint8_t> has_missing_;
    std::vector<Carrier> missing_calls_;
    std::vector<SetView> views_;
    std::vector<double> genotype_, start_;
    std::vector<const double*> design_;
};

} // namespace salus::association
