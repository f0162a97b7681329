#pragma once

#include "stages/gene_tests/carriers.hpp"
#include "stages/gene_tests/gene_tests.hpp"
#include "stages/gene_tests/resampling.hpp"
#include "stages/gene_tests/trait_scores.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace salus::gene_tests {

/// A variant of a set with its genotypes.
struct LoadedVariant {
    Variant variant;
    association::Ploidy ploidy = association::Ploidy::diploid;
    std::uint64_t masks = 0;
    CarrierColumn column;
};

/// Largest allele frequency of a bin, or the variants with one copy among all samples.
struct FrequencyBin {
    std::string name;
    double most = 0; // NaN: singletons
    bool contains(const CarrierColumn& column) const noexcept;
};
std::vector<FrequencyBin> frequency_bins(const GeneTestsParams& params);

/// Tests of one set, mask and bin for one trait.
struct GeneRow {
    std::uint32_t variants = 0, collapsed = 0, carriers = 0, carriers_cases = 0;
    double allele_count = 0, allele_count_cases = 0;
    double beta, standard_error, burden, skat, skat_o, acat_v, acat_o, rho; // NaN if not tested
    GeneStatus status = GeneStatus::tested;
    GeneMethod method = GeneMethod::none;
    GeneRow();
};

/// Choices of the tests.
struct GeneRules {
    bool skat = true, skat_o = true, acat_v = true; // beside the burden test
    bool acat_o = true, matched_quantiles = false;
    BurdenCoding coding = BurdenCoding::max;
    double beta_1 = 1, beta_2 = 25;
    double collapse_count_max = 0, allele_count_min = 1;
    std::size_t variants_max = 2000;
    double resample_cases_max = 50; // expected carriers among cases, above which nothing is drawn
    std::uint64_t resample_draws_max = 262144, seed = 1;
};
GeneRules rules_of(const GeneTestsParams& params, std::uint64_t seed);

/// Scores of a set's variants for one trait; the covariance of those that are not collapsed is
/// computed when it is first asked for, once for all masks. One object per thread at a time.
class SetTester {
public:
    SetTester(const TraitScores& trait, std::span<const SetColumn> columns, const GeneRules& rules,
              Merger& merger);
    /// `members`: indices of variants, ascending. `key`: of set, mask and bin, for random numbers.
    GeneRow test(std::span<const std::size_t> members, std::uint64_t key);

    const Score& score(std::size_t v) const { return scores_[v]; }
    /// [v][v] of all variants, those without carriers with zeros.
    std::vector<double> covariance_of_all();

private:
    struct Collapsed {
        SparseColumn column;
        Score score;
    };
    bool kept(std::size_t v) const { return columns_[v].allele_count > rules_.collapse_count_max; }
    void describe(std::span<const std::size_t> present, GeneRow& row);
    bool test_burden(std::span<const std::size_t> present, GeneRow& row);
    std::vector<Element> elements_of(std::span<const std::size_t> present, Collapsed& collapsed,
                                     GeneRow& row);
    Element element(const SparseColumn& column, const Score& score, double allele_count) const;
    std::vector<double> covariance_of(std::span<const Element> elements);
    void adjust_burden_direction(std::span<const Element> elements, std::span<double> covariance);
    CauchyTerms cauchy_terms(std::span<const Element> elements,
                             std::span<const double> covariance) const;
    double combine(const CauchyTerms& terms, std::span<const Element> elements) const;
    void test_elements(std::span<const Element> elements, std::uint64_t key, GeneRow& row);
    bool is_to_resample(const GeneRow& row) const;
    void fill_covariance();
    double covariance(double product, std::size_t a, std::size_t b) const;

    const TraitScores& trait_;
    std::span<const SetColumn> columns_;
    const GeneRules& rules_;
    Merger& merger_;
    std::vector<Score> scores_;
    std::vector<std::size_t> kept_, place_; // kept variants, and where a variant is among them
    std::vector<double> covariance_;        // [kept][kept]
    std::vector<std::uint32_t> people_;     // carriers of the mask that is tested
};

} // namespace salus::gene_tests
