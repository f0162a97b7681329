// Type-1 error of gene tests on simulated traits that no variant has an effect on.
// bench_gene_calibration KIND PEOPLE SHARE SETS TRAITS [COPIES_LEAST COPIES_MOST [SEED]]
// KIND: quantitative, binary or events; SHARE: of cases, or of people with the event. Sets of eight
// variants with 2 to 50 copies each, uniform in their logarithm; two covariates with effects.
// Printed, with the null distributions from redistributing cases among carriers and without: tests,
// rejections at four levels, their share over the level, and the 95 % interval of a correct test.
// One process per scenario and seed; deterministic.
#include "base/random.hpp"
#include "stages/gene_tests/null_models.hpp"
#include "stages/gene_tests/set_tester.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string>

namespace {

using namespace salus;
using namespace salus::gene_tests;

constexpr std::array levels{0.05, 0.01, 5e-4, 5e-5};
constexpr std::array names{"burden", "skat", "skat_o", "acat_v", "acat_o"};
constexpr std::size_t variants = 8;

struct Scenario {
    std::string kind;
    std::size_t people;
    double share;
    std::uint64_t sets, traits;
    double least = 2, most = 50;
    std::uint64_t seed = 1;
};

std::vector<SetColumn> draw_set(const Scenario& of, std::uint64_t s) {
    std::vector<SetColumn> columns(variants);
    for (std::size_t v = 0; v < variants; ++v) {
        Rng random(of.seed, "gene_calibration.variants", s * variants + v);
        const auto copies =
            static_cast<std::size_t>(of.least * std::pow(of.most / of.least, random.uniform()));
        auto& carriers = columns[v].carriers;
        while (carriers.size() < copies) {
            carriers.push_back(static_cast<std::uint32_t>(random.below(of.people)));
            std::ranges::sort(carriers);
            carriers.erase(std::unique(carriers.begin(), carriers.end()), carriers.end());
        }
        for (const std::uint32_t person : carriers)
            columns[v].copies.add(person, 1);
        columns[v].called = of.people;
        columns[v].allele_count = static_cast<double>(copies);
        columns[v].mean = columns[v].allele_count / static_cast<double>(of.people);
    }
    return columns;
}

association::Phenotypes draw_trait(const Scenario& of, std::uint64_t t) {
    association::Phenotypes out;
    out.covariates = {{.name = "c1", .values = {}}, {.name = "c2", .values = {}}};
    association::Trait trait{.name = "y", .values = {}, .time = {}};
    trait.binary = of.kind == "binary";
    trait.survival = of.kind == "events";
    Rng common(of.seed, "gene_calibration.covariates", 0);
    Rng random(of.seed, "gene_calibration.traits", t);
    for (std::size_t i = 0; i < of.people; ++i) {
        const double c1 = common.normal(), c2 = common.bernoulli(0.5) ? 1 : 0;
        out.covariates[0].values.push_back(c1);
        out.covariates[1].values.push_back(c2);
        const double linear = 0.4 * c1 + 0.3 * (c2 - 0.5);
        if (trait.survival) {
            const double time =
                random.exponential() / (-std::log(1 - of.share) * std::exp(linear - 0.09));
            const double end = 0.5 + random.uniform();
            trait.values.push_back(time <= end ? 1 : 0);
            trait.time.push_back(std::min(time, end));
        } else if (trait.binary) {
            const double logit = std::log(of.share / (1 - of.share)) + linear;
            trait.values.push_back(random.bernoulli(1 / (1 + std::exp(-logit))) ? 1 : 0);
        } else {
            trait.values.push_back(linear + random.normal());
        }
    }
    out.traits.push_back(std::move(trait));
    return out;
}

struct Counts {
    std::array<std::array<std::uint64_t, levels.size()>, names.size()> rejected{};
    std::array<std::uint64_t, names.size()> tests{};
    void add(const GeneRow& row) {
        const std::array p{row.burden, row.skat, row.skat_o, row.acat_v, row.acat_o};
        for (std::size_t k = 0; k < p.size(); ++k) {
            if (std::isnan(p[k])) continue;
            ++tests[k];
            for (std::size_t l = 0; l < levels.size(); ++l)
                rejected[k][l] += p[k] > -std::log10(levels[l]) ? 1U : 0U;
        }
    }
};

// Fewest counts with probability above `share` of a binomial, over its mean.
double quantile(double tests, double level, double share) {
    double term = std::exp(tests * std::log1p(-level)), sum = term, k = 0;
    if (term == 0) // far from 0: normal
        return 1 + (share < 0.5 ? -1 : 1) * 1.96 * std::sqrt((1 - level) / (tests * level));
    while (sum < share) {
        term *= (tests - k) / (k + 1) * level / (1 - level);
        sum += term;
        ++k;
    }
    return k / (tests * level);
}

void print(const Scenario& of, const char* how, const Counts& counts) {
    for (std::size_t k = 0; k < names.size(); ++k) {
        const auto tests = static_cast<double>(counts.tests[k]);
        std::printf("%s N %zu %g, %g-%g copies, %-12s %-7s tests %8.0f", of.kind.c_str(), of.people,
                    of.share, of.least, of.most, how, names[k], tests);
        for (std::size_t l = 0; l < levels.size(); ++l)
            std::printf("  %g: %.2f [%.2f, %.2f]", levels[l],
                        static_cast<double>(counts.rejected[k][l]) / (tests * levels[l]),
                        quantile(tests, levels[l], 0.025), quantile(tests, levels[l], 0.975));
        std::printf("\n");
    }
    std::fflush(stdout);
}

void run(const Scenario& of) {
    std::vector<std::vector<SetColumn>> sets;
    for (std::uint64_t s = 0; s < of.sets; ++s)
        sets.push_back(draw_set(of, s));
    std::vector<std::size_t> all(variants);
    std::iota(all.begin(), all.end(), 0);
    association::Eligible eligible{.samples = std::vector<std::uint8_t>(of.people, 1),
                                   .sex = std::vector<Sex>(of.people, Sex::female)};
    const GeneTestsParams params;
    GeneRules with = rules_of(params, of.seed), without = with;
    without.resample_cases_max = 0;
    Merger merger(of.people);
    Counts plain, resampled;
    std::uint64_t redone = 0, coarse = 0;
    for (std::uint64_t t = 0; t < of.traits; ++t) {
        const association::Phenotypes phenotypes = draw_trait(of, t);
        const NullInput input{phenotypes, eligible, params, nullptr};
        NullModels models(input, 0, 1);
        const TraitScores* const trait = models.of("")[0].get();
        if (trait == nullptr) continue;
        for (std::uint64_t s = 0; s < of.sets; ++s) {
            GeneRow row = SetTester(*trait, sets[s], without, merger).test(all, 0);
            plain.add(row);
            if (of.kind == "quantitative") continue;
            row = SetTester(*trait, sets[s], with, merger).test(all, s * of.traits + t);
            redone += row.method >= GeneMethod::exact ? 1 : 0;
            coarse += row.method == GeneMethod::resampled_coarsely ? 1 : 0;
            resampled.add(row);
        }
    }
    print(of, of.kind == "quantitative" ? "asymptotic" : "saddle point", plain);
    if (of.kind == "quantitative") return;
    print(of, "resampled", resampled);
    std::printf("of %llu sets %llu were redistributed, %llu of them coarsely\n",
                static_cast<unsigned long long>(of.sets * of.traits),
                static_cast<unsigned long long>(redone), static_cast<unsigned long long>(coarse));
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 6) {
        std::fprintf(stderr, "bench_gene_calibration KIND PEOPLE SHARE SETS TRAITS [COPIES_LEAST "
                             "COPIES_MOST [SEED]]\n");
        return 2;
    }
    Scenario scenario{.kind = argv[1],
                      .people = std::strtoull(argv[2], nullptr, 10),
                      .share = std::atof(argv[3]),
                      .sets = std::strtoull(argv[4], nullptr, 10),
                      .traits = std::strtoull(argv[5], nullptr, 10)};
    if (argc > 7) {
        scenario.least = std::atof(argv[6]);
        scenario.most = std::atof(argv[7]);
    }
    if (argc > 8) scenario.seed = std::strtoull(argv[8], nullptr, 10);
    run(scenario);
}
