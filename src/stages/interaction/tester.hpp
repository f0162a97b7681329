#pragma once

#include "stages/association/variant_genotypes.hpp"
#include "stages/interaction/plan.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace salus::interaction {

/// Result of one variant for one trait, in units of the phenotype table.
struct InteractionTest {
    double frequency; // of ALT; NaN without called alleles
    double main, interaction;
    EffectCovariance model, robust;
    double neg_log10_p_model, neg_log10_p, neg_log10_p_joint;
    double effective_samples;
    std::uint32_t n = 0, n_cases = 0;
    AssociationStatus status = AssociationStatus::tested;
};

struct TestRules {
    RobustError robust = RobustError::hc3;
    double minor_allele_count_min = 0, effective_samples_min = 0, effective_samples_min_binary = 0;
    bool centre = false; // main effects at the mean of the environment, not at 0
};
TestRules rules_of(const InteractionParams& params);

/// All values NaN.
InteractionTest untested(const TraitModel& trait, AssociationStatus status);

/// Tests variants against all traits of a plan. One object per thread: it keeps work space,
/// 8 bytes x N for each variant of a group. The same genotypes give the same bits, however variants
/// are grouped.
class Tester {
public:
    Tester(const Plan& plan, const TestRules& rules);

    /// results[v * traits + t]. A few variants at once (8) make best use of the cache.
    void test(std::span<const association::VariantGenotypes> variants,
              std::span<InteractionTest> results);

private:
    void test_set(std::size_t s, std::span<const association::VariantGenotypes> variants,
                  std::span<InteractionTest> results);
    void test_linear(std::size_t s, std::span<InteractionTest> results);
    void test_binary(std::size_t s, std::span<InteractionTest> results);
    AssociationStatus prepare(const association::VariantGenotypes& variant, const Set& set,
                              std::vector<double>& genotype, double& frequency) const;
    void finish(const InteractionFit& fit, const TraitModel& trait, InteractionTest& result) const;

    struct OfSet {
        std::vector<std::size_t> linear, binary; // traits
        std::vector<const double*> residuals;    // of the linear ones
        LinearInteraction fit_linear;
        LogisticInteraction fit_binary;
    };
    const Plan& plan_;
    TestRules rules_;
    std::vector<OfSet> sets_;
    std::vector<std::vector<double>> genotypes_; // [variant of the group]
    std::vector<const double*> tested_;          // those that are tested
    std::vector<std::size_t> tested_variant_;    // and which they are
    std::vector<InteractionFit> fits_;
    std::vector<unsigned char> usable_;
};

} // namespace salus::interaction
