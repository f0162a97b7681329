// Type-1 error of single-variant tests on simulated traits that no variant has an effect on.
// bench_association_calibration KIND PEOPLE SHARE VARIANTS TRAITS [SEED]
// KIND: binary, events (time to event), or relatives (binary traits of heritability 0.5 on the
// liability scale in sibships of four with their parents, whose relationships are known). SHARE: of
// cases, or of people with the event. VARIANTS: of each class of minor allele counts or
// frequencies. Two covariates with effects. Printed per class and test: tests, rejections at three
// levels over what the level allows, and the 95 % interval of a correct continuous test; an exact p
// may reject less often, but not more. One process per scenario and seed; deterministic.
#include "base/random.hpp"
#include "stages/association/scan.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

using namespace salus;
using namespace salus::association;

constexpr std::array levels{5e-3, 5e-4, 5e-5};
constexpr std::size_t sibship = 6; // two parents and four children

struct Scenario {
    std::string kind;
    std::size_t people;
    double share;
    std::size_t variants, traits;
    std::uint64_t seed = 1;
    bool related() const { return kind == "relatives"; }
};

struct Class {
    std::string name;
    double low, high; // copies, or frequencies where high is below 1
};

std::vector<Class> classes_of(const Scenario& of) {
    if (of.related())
        return {{"5-20 copies", 5, 20},
                {"20-50 copies", 20, 50},
                {"0.4-1 %", 0.004, 0.01},
                {"1-5 %", 0.01, 0.05},
                {"5-50 %", 0.05, 0.5}};
    return {{"5 copies", 5, 5},    {"10 copies", 10, 10},    {"20 copies", 20, 20},
            {"50 copies", 50, 50}, {"200 copies", 200, 200}, {"5-25 %", 0.05, 0.25}};
}

/// ALT copies of everybody at one variant.
std::vector<std::uint8_t> draw_variant(const Scenario& of, const Class& in, Rng& random) {
    std::vector<std::uint8_t> copies(of.people);
    const double people = static_cast<double>(of.people);
    if (!of.related()) {
        if (in.high < 1) {
            const double f = in.low + (in.high - in.low) * random.uniform();
            for (auto& c : copies)
                c = static_cast<std::uint8_t>(random.bernoulli(f) + random.bernoulli(f));
        } else {
            for (double k = 0; k < in.low; ++k)
                if (auto& c = copies[random.below(of.people)]; c < 2) ++c;
        }
        return copies;
    }
    for (;;) { // until the copies are those of the class
        const double low = in.high < 1 ? in.low : in.low / (2 * people);
        const double high = in.high < 1 ? in.high : in.high / (2 * people);
        const double f = low + (high - low) * random.uniform();
        double sum = 0;
        for (std::size_t i = 0; i + sibship <= of.people; i += sibship) {
            bool alleles[2][2];
            for (auto& parent : alleles)
                for (bool& allele : parent)
                    allele = random.bernoulli(f);
            for (std::size_t k = 0; k < sibship; ++k) {
                std::uint8_t& c = copies[i + k];
                c = 0;
                if (k < 2)
                    c = static_cast<std::uint8_t>(alleles[k][0] + alleles[k][1]);
                else if (alleles[0][0] || alleles[0][1] || alleles[1][0] || alleles[1][1])
                    c = static_cast<std::uint8_t>(alleles[0][random.bernoulli(0.5) ? 1 : 0] +
                                                  alleles[1][random.bernoulli(0.5) ? 1 : 0]);
                sum += c;
            }
        }
        if (in.high < 1 || (sum >= in.low && sum <= in.high)) return copies;
    }
}

Phenotypes draw_trait(const Scenario& of, std::uint64_t t) {
    Phenotypes out;
    out.covariates = {{.name = "c1", .values = {}}, {.name = "c2", .values = {}}};
    Trait trait{.name = "y", .values = {}, .time = {}};
    trait.survival = of.kind == "events";
    trait.binary = !trait.survival;
    Rng common(of.seed, "association_calibration.covariates", 0);
    Rng random(of.seed, "association_calibration.traits", t);
    const double root_half = std::sqrt(0.5), threshold = normal_quantile(1 - of.share);
    std::array<double, 2> parents{};
    for (std::size_t i = 0; i < of.people; ++i) {
        const double c1 = common.normal(), c2 = common.bernoulli(0.5) ? 1 : 0;
        out.covariates[0].values.push_back(c1);
        out.covariates[1].values.push_back(c2);
        const double linear = 0.4 * c1 + 0.3 * (c2 - 0.5);
        if (of.related()) {
            const std::size_t place = i % sibship;
            double genetic = random.normal();
            if (place < 2)
                parents[place] = genetic;
            else
                genetic = 0.5 * (parents[0] + parents[1]) + root_half * genetic;
            const double liability = root_half * (genetic + random.normal());
            trait.values.push_back(liability + 0.5 * linear > 1.03 * threshold ? 1 : 0);
        } else if (trait.survival) {
            const double time =
                random.exponential() / (-std::log(1 - of.share) * std::exp(linear - 0.09));
            const double end = 0.5 + random.uniform();
            trait.values.push_back(time <= end ? 1 : 0);
            trait.time.push_back(std::min(time, end));
        } else {
            const double logit = std::log(of.share / (1 - of.share)) + linear;
            trait.values.push_back(random.bernoulli(1 / (1 + std::exp(-logit))) ? 1 : 0);
        }
    }
    out.traits.push_back(std::move(trait));
    return out;
}

struct Setup {
    std::string name;
    AssociationParams params;
    bool few; // only variants that it is meant for
    bool relatives = false;
};

std::vector<Setup> setups_of(const Scenario& of) {
    AssociationParams plain;
    plain.minor_allele_count_min = 1;
    plain.exact_firth_p_max = plain.hazard_ratio_p_max = 0;
    plain.exact_copies_max = 0;
    AssociationParams score = plain, saddlepoint = plain, firth = plain, exact = plain;
    score.binary_test = score.time_to_event_test = "score";
    saddlepoint.binary_test = exact.binary_test = "score_saddlepoint";
    exact.exact_copies_max = 50;
    AssociationParams mid = exact;
    mid.exact_p = "mid";
    if (of.related())
        return {{"saddle point, no relatives", saddlepoint, false, false},
                {"score", score, false, true},
                {"saddle point", saddlepoint, false, true},
                {"firth", firth, false, true},
                {"exact", exact, true, true},
                {"exact, mid", mid, true, true}};
    std::vector<Setup> setups{{"score", score, false}, {"saddle point", saddlepoint, false}};
    if (of.kind == "binary") setups.push_back({"firth", firth, false});
    setups.push_back({"exact", exact, true});
    setups.push_back({"exact, mid", mid, true});
    return setups;
}

// Fewest counts with probability above `share` of a binomial, over its mean.
double quantile(double tests, double level, double share) {
    double term = std::exp(tests * std::log1p(-level)), sum = term, k = 0;
    if (term < 1e-290) // far from 0: normal
        return 1 + (share < 0.5 ? -1 : 1) * 1.96 * std::sqrt((1 - level) / (tests * level));
    while (sum < share) {
        term *= (tests - k) / (k + 1) * level / (1 - level);
        sum += term;
        ++k;
    }
    return k / (tests * level);
}

struct Counts {
    double tests = 0;
    std::array<double, levels.size()> rejected{};
};

/// All variants of a class.
struct Genotypes {
    VariantBlock block;
    std::vector<VariantGenotypes> variants;
};

void draw_class(const Scenario& of, const Class& in, std::uint64_t index, Genotypes& out) {
    out.block.reset(0, of.people);
    for (std::size_t v = 0; v < of.variants; ++v) {
        Rng random(of.seed, "association_calibration.variants", index * of.variants + v);
        const auto copies = draw_variant(of, in, random);
        std::vector<std::uint8_t> row(packed_bytes(of.people));
        for (std::size_t i = 0; i < copies.size(); ++i)
            packed_set(row, i, copies[i]);
        out.block.add({.calls = row, .dosages = {}});
    }
    out.variants.resize(of.variants);
    for (std::size_t v = 0; v < of.variants; ++v)
        out.variants[v].assign(out.block, v, Ploidy::diploid, {});
}

void count(Scanner& scanner, const Genotypes& genotypes, Counts& counts) {
    constexpr std::size_t group = 48;
    for (std::size_t v = 0; v < genotypes.variants.size(); v += group) {
        std::vector<const VariantGenotypes*> some;
        for (std::size_t k = v; k < std::min(v + group, genotypes.variants.size()); ++k)
            some.push_back(&genotypes.variants[k]);
        std::vector<VariantTest> results(some.size());
        scanner.test(some, results);
        for (const VariantTest& result : results) {
            if (result.status != AssociationStatus::tested) continue;
            ++counts.tests;
            for (std::size_t l = 0; l < levels.size(); ++l)
                counts.rejected[l] += result.neg_log10_p > -std::log10(levels[l]) - 1e-12 ? 1 : 0;
        }
    }
}

std::vector<Relationship> relationships(const Scenario& of) {
    std::vector<Relationship> pairs;
    for (std::uint32_t i = 0; i + sibship <= of.people; i += sibship)
        for (std::uint32_t a = 0; a < sibship; ++a)
            for (std::uint32_t b = std::max(a + 1, 2U); b < sibship; ++b)
                pairs.push_back({i + a, i + b, 0.5});
    return pairs;
}

void run(const Scenario& of) {
    const auto classes = classes_of(of);
    std::vector<Genotypes> genotypes(classes.size());
    for (std::size_t c = 0; c < classes.size(); ++c)
        draw_class(of, classes[c], c, genotypes[c]);
    const auto setups = setups_of(of);
    std::vector<std::vector<Counts>> counts(setups.size(), std::vector<Counts>(classes.size()));
    const Eligible alone{.samples = std::vector<std::uint8_t>(of.people, 1),
                         .sex = std::vector<Sex>(of.people, Sex::female)};
    Eligible related = alone;
    if (of.related()) related.relatives = relationships(of);
    for (std::uint64_t t = 0; t < of.traits; ++t) {
        const Phenotypes phenotypes = draw_trait(of, t);
        for (std::size_t s = 0; s < setups.size(); ++s) {
            const ScanPlan plan = make_plan(phenotypes, 0, 1, setups[s].relatives ? related : alone,
                                            setups[s].params);
            if (plan.traits.empty()) continue;
            Scanner scanner(plan, rules_of(setups[s].params));
            for (std::size_t c = 0; c < classes.size(); ++c) {
                const bool is_few = classes[c].high <= 50 && classes[c].high >= 1;
                if (is_few || !setups[s].few) count(scanner, genotypes[c], counts[s][c]);
            }
        }
    }
    for (std::size_t c = 0; c < classes.size(); ++c)
        for (std::size_t s = 0; s < setups.size(); ++s) {
            const Counts& found = counts[s][c];
            if (found.tests == 0) continue;
            std::printf("%s N %zu %g %-12s %-26s tests %8.0f", of.kind.c_str(), of.people, of.share,
                        classes[c].name.c_str(), setups[s].name.c_str(), found.tests);
            for (std::size_t l = 0; l < levels.size(); ++l)
                std::printf("  %g: %.2f [%.2f, %.2f]", levels[l],
                            found.rejected[l] / (found.tests * levels[l]),
                            quantile(found.tests, levels[l], 0.025),
                            quantile(found.tests, levels[l], 0.975));
            std::printf("\n");
        }
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 6) {
        std::fprintf(stderr, "bench_association_calibration binary|events|relatives PEOPLE SHARE "
                             "VARIANTS TRAITS [SEED]\n");
        return 2;
    }
    Scenario scenario{.kind = argv[1],
                      .people = std::strtoull(argv[2], nullptr, 10),
                      .share = std::atof(argv[3]),
                      .variants = std::strtoull(argv[4], nullptr, 10),
                      .traits = std::strtoull(argv[5], nullptr, 10)};
    if (argc > 6) scenario.seed = std::strtoull(argv[6], nullptr, 10);
    run(scenario);
}
