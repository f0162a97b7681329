#pragma once

#include "stages/association/binary_tests.hpp"
#include "stages/association/genotypic_tests.hpp"
#include "stages/association/ordinal_tests.hpp"
#include "stages/association/plan.hpp"
#include "stages/association/survival_tests.hpp"
#include "stages/association/variant_genotypes.hpp"
#include "stages/association/variant_test.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace salus::association {

/// Tests variants against all traits of a plan. One object per thread: it keeps work space.
/// Pure: the same genotypes give the same bits, however variants are grouped.
class Scanner {
public:
    Scanner(const ScanPlan& plan, const TestRules& rules)
        : plan_(plan), rules_(rules), binary_(plan, rules), survival_(plan, rules),
          ordinal_(plan, rules), genotypic_(plan, rules) {}

    /// results[v * traits + t]. With genotypic coding `variants` are pairs, the carriers of any
    /// copy of a variant and those of two, and v counts the pairs. Groups of 12 to 48 variants make
    /// best use of the kernels.
    void test(std::span<const VariantGenotypes* const> variants, std::span<VariantTest> results);

private:
    struct Sums {
        std::span<const WideSum> dosage, squares; // in units of 2^-shift, 2^-2shift
        std::span<const std::int64_t> missing;    // empty: nobody is
        unsigned shift;
    };

    void multiply(std::span<const VariantGenotypes* const> variants);
    Sums sums_of(const VariantGenotypes& genotypes, std::size_t v) const;
    void test_pair(std::span<const VariantGenotypes* const> pair, std::size_t v,
                   std::span<VariantTest> results);
    PairSums linear_pair(const GenotypePair& pair, const TraitPlan& trait, const Sums& any,
                         const Sums& two) const;
    PairSums binary_pair(const GenotypePair& pair, const TraitPlan& trait, const Sums& any,
                         const Sums& two) const;
    const std::uint8_t* packed_row(const VariantGenotypes& genotypes, std::size_t place);
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
    double weighted_squares(const Sums& sums, const SetView& view, std::size_t column,
                            std::size_t square) const;
    void test_survival(std::size_t v, std::size_t t, const SetView& view, const Sums& sums,
                       VariantTest& result);
    /// Columns of a null model with U'U = what it takes of the information, as in BinaryPlan; the
    /// information of genotype h is root_weight x sum of weight h^2 + of_pairs.
    struct WeightedColumns {
        std::size_t first, count, weight, square;
        double root_weight = 1, of_pairs = 0;
    };
    double pair_sum(const VariantGenotypes& genotypes, const FamilyPlan& family,
                    const SetView& view);
    double family_spread(const VariantGenotypes& genotypes, const TraitPlan& trait,
                         const SetView& view, const Sums& sums, double variance);
    void test_mixed_linear(const VariantGenotypes& genotypes, const TraitPlan& trait,
                           const SetView& view, const Sums& sums, VariantTest& result);
    double left_variance(const Sums& sums, const SetView& view, const WeightedColumns& columns);
    void test_ordinal(const VariantGenotypes& genotypes, const TraitPlan& trait,
                      const SetView& view, const Sums& sums, VariantTest& result);
    void test_binary(const VariantGenotypes& genotypes, const TraitPlan& trait, const SetView& view,
                     const Sums& sums, VariantTest& result);

    const ScanPlan& plan_;
    TestRules rules_;
    BinaryTests binary_;
    SurvivalTests survival_;
    OrdinalTests ordinal_;
    GenotypicTests genotypic_;
    std::vector<WideSum> dosage_, squares_, wide_group_;
    std::vector<std::int64_t> missing_, group_;
    std::vector<std::vector<std::uint8_t>> packed_; // lists as rows; addresses of bytes stay
    std::vector<std::uint16_t> values_;             // dosages without missing ones, their squares
    std::vector<SampleWeight> weights_; // dosages of a list without missing ones, their squares
    std::vector<std::uint8_t> has_missing_;
    std::vector<Carrier> missing_calls_;
    std::vector<SetView> views_; // [variant][sample set]
    std::vector<double> along_, related_; // related_: 0 between uses
    std::vector<SampleCopies> copies_;
    std::vector<std::uint32_t> places_;
};

} // namespace salus::association
