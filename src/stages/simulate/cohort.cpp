#include "stages/simulate/cohort.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace salus {
namespace {

struct Chromosome {
    std::string_view name;
    std::uint32_t length; // GRCh38
};
constexpr std::array<Chromosome, 25> chromosomes{{
    {"chr1", 248956422},  {"chr2", 242193529},  {"chr3", 198295559},  {"chr4", 190214555},
    {"chr5", 181538259},  {"chr6", 170805979},  {"chr7", 159345973},  {"chr8", 145138636},
    {"chr9", 138394717},  {"chr10", 133797422}, {"chr11", 135086622}, {"chr12", 133275309},
    {"chr13", 114364328}, {"chr14", 107043718}, {"chr15", 101991189}, {"chr16", 90338345},
    {"chr17", 83257441},  {"chr18", 80373285},  {"chr19", 58617616},  {"chr20", 64444167},
    {"chr21", 46709983},  {"chr22", 50818468},  {"chrX", 156040895},  {"chrY", 57227415},
    {"chrM", 16569},
}};

std::size_t chromosome_index(std::string_view name) {
    const auto found = std::find_if(chromosomes.begin(), chromosomes.end(),
                                    [&](const Chromosome& c) { return c.name == name; });
    return static_cast<std::size_t>(found - chromosomes.begin());
}

/// Chromosome X outside the pseudo-autosomal ends; elsewhere from 20 Mb on if there is room.
GenomeRegion region_on(const Chromosome& chromosome, double megabases) {
    constexpr std::uint32_t usual_begin = 20'000'001, x_begin = 2'781'480, x_end = 155'701'383;
    GenomeRegion region{
        .chromosome = std::string(chromosome.name), .begin = 1, .end = chromosome.length + 1};
    if (chromosome.name == "chrX")
        region.transmission = Transmission::x_linked, region.begin = x_begin, region.end = x_end;
    if (chromosome.name == "chrY")
        region.transmission = Transmission::y_linked, region.site_density = 0.2;
    if (chromosome.name == "chrM")
        region.transmission = Transmission::mitochondrial, region.site_density = 10;
    const auto length = static_cast<std::uint32_t>(
        std::min(megabases * 1e6, static_cast<double>(region.end - region.begin)));
    region.begin = std::max(region.begin, std::min(usual_begin, region.end - length));
    region.end = region.begin + length;
    return region;
}

std::vector<AncestryGroup> ancestry_groups(const SimulateParams& params) {
    std::vector<AncestryGroup> groups;
    const double total = std::accumulate(params.proportions.begin(), params.proportions.end(), 0.0);
    for (std::size_t g = 0; g < params.groups.size(); ++g)
        groups.push_back({.label = params.groups[g],
                          .proportion = params.proportions[g] / total,
                          .f_st = params.drift[g]});
    return groups;
}

PedigreePlan pedigree_plan(const SimulateParams& params, std::uint64_t seed) {
    PedigreePlan plan{.samples = params.samples,
                      .without_genome = static_cast<std::uint64_t>(std::llround(
                          params.without_genome * static_cast<double>(params.samples))),
                      .family_share = params.family_share,
                      .proportions = {},
                      .duplicates = params.duplicates,
                      .contaminated = params.contaminated,
                      .low_call = params.low_call,
                      .swapped_sex = params.swapped_sex,
                      .seed = seed};
    for (const AncestryGroup& group : ancestry_groups(params))
        plan.proportions.push_back(group.proportion);
    return plan;
}

Problem parameter_problem(std::string what, std::string where, std::string help) {
    return {.what = std::move(what), .where = std::move(where), .why = {}, .help = std::move(help)};
}

} // namespace

std::vector<Problem> check_simulation(const SimulateParams& params) {
    std::vector<Problem> problems;
    for (const std::string& name : params.chromosomes)
        if (chromosome_index(name) == chromosomes.size())
            problems.push_back(parameter_problem(text("unknown chromosome \"", name, "\""),
                                                 "chromosomes",
                                                 "use chr1 to chr22, chrX, chrY, chrM"));
    if (!std::is_sorted(params.chromosomes.begin(), params.chromosomes.end(),
                        [](const auto& a, const auto& b) {
                            return chromosome_index(a) < chromosome_index(b);
                        }) ||
        std::adjacent_find(params.chromosomes.begin(), params.chromosomes.end()) !=
            params.chromosomes.end())
        problems.push_back(
            parameter_problem("chromosomes are not in the order of the genome, each once",
                              "chromosomes", "sort them: chr1 ... chr22, chrX, chrY, chrM"));
    const std::size_t groups = params.groups.size();
    if (groups == 0 || params.proportions.size() != groups || params.drift.size() != groups)
        problems.push_back(parameter_problem("groups, proportions and drift differ in length",
                                             "groups",
                                             "give one proportion and one drift for each group"));
    else if ((groups + 1) * params.panel_haplotypes > 65535)
        problems.push_back(parameter_problem(
            "too many founder haplotypes", "panel_haplotypes",
            text("use at most ", 65535 / (groups + 1), " with ", groups, " groups")));
    for (const double f : params.drift)
        if (!(f > 0 && f < 0.5))
            problems.push_back(parameter_problem(text("drift ", f, " is outside (0, 0.5)"), "drift",
                                                 "F_ST of human groups is about 0.05 to 0.15"));
    for (const double p : params.proportions)
        if (!(p >= 0 && std::isfinite(p)))
            problems.push_back(parameter_problem(text("proportion ", p, " is not a number >= 0"),
                                                 "proportions", "they are scaled to sum 1"));
    if (std::accumulate(params.proportions.begin(), params.proportions.end(), 0.0) <= 0)
        problems.push_back(parameter_problem("all proportions are 0", "proportions",
                                             "make at least one positive"));
    if (problems.empty() && params.samples < samples_needed(pedigree_plan(params, 1)))
        problems.push_back(
            parameter_problem("too few samples for the planted faults", "samples",
                              text("use at least ", samples_needed(pedigree_plan(params, 1)),
                                   ", or plant fewer faults")));
    if (params.ldl_locus_variance + 0.09 > params.ldl_heritability)
        problems.push_back(parameter_problem(
            "the named loci explain more than the heritability", "ldl_heritability",
            text("use at least ", params.ldl_locus_variance + 0.09)));
    return problems;
}

std::vector<GenomeRegion> simulated_regions(const SimulateParams& params) {
    std::vector<GenomeRegion> regions;
    for (const std::string& name : params.chromosomes)
        regions.push_back(region_on(chromosomes[chromosome_index(name)], params.region_mb));
    return regions;
}

std::vector<CallSetHeader::Contig> grch38_contigs() {
    std::vector<CallSetHeader::Contig> contigs;
    for (const Chromosome& chromosome : chromosomes)
        contigs.push_back({std::string(chromosome.name), chromosome.length});
    return contigs;
}

std::vector<TraitArchitecture> trait_architectures(const SimulateParams& params) {
    const std::uint32_t n = params.background_variants;
    return {{"ldl_cholesterol",
             params.ldl_heritability,
             {params.ldl_locus_variance, 0.03, 0.03, 0.03},
             n},
            {"hba1c", 0.35, {0.04, 0.03}, n},
            {"body_height", 0.7, {0.05, 0.03, 0.03}, n},
            {"type_2_diabetes", 0.5, {0.08, 0.04}, n},
            {"coronary_disease", 0.4, {0.06, 0.03}, n},
            {"asthma", 0.4, {0.06}, n}};
}

SimulatedCohort::SimulatedCohort(const SimulateParams& params, std::uint64_t seed)
    : params_(params), seed_(seed), map_(simulated_regions(params), params.recombination, seed),
      panel_(ancestry_groups(params), params.panel_haplotypes, params.panel_segment_cm, seed),
      pedigree_(pedigree_plan(params, seed)),
      haplotypes_(map_, panel_, pedigree_, params.segment_cm, seed),
      traits_(trait_architectures(params)) {
    SiteChooser chooser(haplotypes_, density(), params.common_frequency_min, seed);
    causal_ = choose_causal_variants(haplotypes_, traits_, chooser, seed);
    for (const CausalVariant& variant : causal_)
        causal_sites_.insert(variant.site.id);
    plant_variant_faults(chooser);
    for (const std::string& name : params.chromosomes)
        contigs_.push_back(static_cast<std::uint32_t>(chromosome_index(name)));
    for (std::uint32_t slot = 0; slot < pedigree_.people(); ++slot) {
        const bool duplicate =
            pedigree_.relation(slot) == Relation::unrelated && pedigree_.genome(slot) != slot;
        const bool unseen =
            has_genome(slot) && Rng(seed, "simulate.record", slot).bernoulli(params.without_record);
        if (!duplicate && !unseen) slot_of_person_.push_back(slot);
    }
    Rng rng(seed, "simulate.persons", 0);
    for (std::uint64_t i = slot_of_person_.size(); i > 1; --i)
        std::swap(slot_of_person_[i - 1], slot_of_person_[rng.below(i)]);
}

void SimulatedCohort::plant_variant_faults(SiteChooser& chooser) {
    constexpr double frequent = 0.1; // so that the fault shows
    Rng rng(seed_, "simulate.faults", 0);
    const auto plant = [&](std::uint64_t count, VariantFault fault) {
        for (std::uint64_t i = 0; i < count; ++i)
            if (const auto chosen = chooser.choose(rng, frequent))
                faulty_sites_[chosen->site.id] = {
                    .cell = chosen->cell, .site = chosen->site, .fault = fault};
    };
    plant(params_.hardy_weinberg_faults, VariantFault::hardy_weinberg);
    plant(params_.low_call_faults, VariantFault::low_call_rate);
}

std::string SimulatedCohort::sample_id(std::uint64_t sample) const {
    const std::string number = text(sample + 1);
    return text("S", std::string(number.size() < 7 ? 7 - number.size() : 0, '0'), number);
}

CallSetHeader SimulatedCohort::header() const {
    return {.source = "salus simulate",
            .genome_build = "GRCh38",
            .contigs = grch38_contigs(),
            .filters = {{"LowQual", "Low quality of the site"}},
            .samples = {}};
}

} // namespace salus
