#include "stages/interaction/units.hpp"

#include "genotype/result_marks.hpp"
#include "genotype/store_layout.hpp"
#include "parallel/parallel_for.hpp"

#include <algorithm>
#include <cmath>

namespace salus::interaction {
namespace {

using association::Ploidy;
using association::VariantGenotypes;

constexpr std::uint64_t bytes_at_once = std::uint64_t{1} << 26; // of 2-bit rows
constexpr std::uint64_t results_at_once = 65536;
constexpr std::size_t group_variants = 8;

std::uint64_t read_length(const GenotypeSource& genotypes, std::size_t traits) {
    const std::uint64_t block = std::max<std::uint64_t>(1, genotypes.block_variants());
    const std::uint64_t most =
        std::min(bytes_at_once / (packed_bytes(genotypes.samples().size()) + 1),
                 results_at_once / std::max<std::size_t>(1, traits));
    return std::max<std::uint64_t>(1, most / block) * block;
}

TableData variants_data(std::span<const Variant> variants) {
    TableData table(association_variants_table());
    for (const Variant& variant : variants) {
        table.column<std::string>("chromosome").push_back(shown_text(variant.chromosome));
        table.column<std::uint32_t>("base_pair_location").push_back(variant.position);
        table.column<std::string>("variant_id").push_back(shown_text(variant.id));
        table.column<std::string>("other_allele").push_back(shown_text(variant.ref));
        table.column<std::string>("effect_allele").push_back(shown_text(variant.alt));
    }
    return table;
}

void add_row(TableData& table, bool binary, const InteractionTest& test) {
    const auto add = [&](const char* name, double value) {
        table.column<double>(name).push_back(value);
    };
    add("effect_allele_frequency", test.frequency);
    table.column<std::uint32_t>("n").push_back(test.n);
    if (binary) table.column<std::uint32_t>("n_cases").push_back(test.n_cases);
    add("beta", test.main);
    add("standard_error", std::sqrt(test.model.main));
    add("standard_error_robust", std::sqrt(test.robust.main));
    add("beta_interaction", test.interaction);
    add("standard_error_interaction", std::sqrt(test.model.interaction));
    add("standard_error_interaction_robust", std::sqrt(test.robust.interaction));
    add("covariance_robust", test.robust.both);
    add("neg_log10_p_model", test.neg_log10_p_model);
    add("neg_log10_p", test.neg_log10_p);
    add("neg_log10_p_joint", test.neg_log10_p_joint);
    add("effective_samples", test.effective_samples);
    table.column<std::uint8_t>("status").push_back(static_cast<std::uint8_t>(test.status));
}

} // namespace

UnitRunner::UnitRunner(const UnitInput& input, Plan plan)
    : input_(input), rules_(rules_of(input.params)),
      plan_(std::make_unique<Plan>(std::move(plan))) {
    for (const TraitModel& trait : plan_->traits)
        traits_.push_back({.name = trait.name,
                           .binary = trait.binary,
                           .set = trait.set,
                           .n = trait.n,
                           .n_cases = trait.n_cases});
    add_testers();
}

void UnitRunner::add_testers() {
    for (std::size_t t = 0; t < thread_count(); ++t)
        testers_.push_back(std::make_unique<Tester>(*plan_, rules_));
}

void UnitRunner::plan_for(People people) {
    if (people == people_) return;
    testers_.clear();
    plan_.reset(); // before the next one is made
    people_ = people;
    association::Eligible eligible = input_.eligible;
    for (std::size_t i = 0; people == People::males && i < eligible.sex.size(); ++i)
        if (eligible.sex[i] != Sex::male) eligible.samples[i] = 0;
    plan_ = std::make_unique<Plan>(
        make_plan(input_.phenotypes, eligible, input_.params.rank_inverse_normal));
    add_testers();
}

// results[v * traits + t] by the plan for the variants of block_ that `which` names.
void UnitRunner::test_some(std::span<const std::size_t> which, std::span<const Ploidy> ploidy,
                           std::span<InteractionTest> results) {
    const std::size_t traits = traits_.size();
    const auto& own = plan_->traits;
    parallel_tasks((which.size() + group_variants - 1) / group_variants, [&](std::size_t g) {
        const std::size_t first = g * group_variants,
                          count = std::min(group_variants, which.size() - first);
        std::vector<VariantGenotypes> genotypes(count);
        for (std::size_t k = 0; k < count; ++k) {
            const std::size_t v = which[first + k];
            genotypes[k].assign(block_, v, ploidy[v], input_.eligible.sex);
        }
        std::vector<InteractionTest> found(count * own.size());
        testers_[thread_index()]->test(genotypes, found);
        for (std::size_t k = 0; k < count; ++k) {
            // Males may lack traits that all have; the order is the same.
            std::size_t other = 0;
            for (std::size_t t = 0; t < traits; ++t) {
                InteractionTest& result = results[which[first + k] * traits + t];
                if (other < own.size() && own[other].name == traits_[t].name)
                    result = found[k * own.size() + other++];
                else
                    result = untested(traits_[t], AssociationStatus::no_samples_of_sex);
            }
        }
    });
}

void UnitRunner::test_block(std::span<const Variant> variants, std::span<const std::uint8_t> passes,
                            std::span<InteractionTest> results) {
    std::vector<std::size_t> of_all, of_males;
    std::vector<Ploidy> ploidy;
    const std::size_t traits = traits_.size();
    for (std::size_t v = 0; v < variants.size(); ++v) {
        ploidy.push_back(association::ploidy_of(variants[v], input_.genotypes.genome_build()));
        if (passes[v] != 0)
            (ploidy[v] == Ploidy::y ? of_males : of_all).push_back(v);
        else
            for (std::size_t t = 0; t < traits; ++t)
                results[v * traits + t] = untested(traits_[t], AssociationStatus::failed_quality);
    }
    if (!of_all.empty()) {
        plan_for(People::all);
        test_some(of_all, ploidy, results);
    }
    if (!of_males.empty()) {
        plan_for(People::males);
        test_some(of_males, ploidy, results);
    }
}

void UnitRunner::run(VariantRange unit, PartWriter& part) {
    const auto variants = input_.genotypes.variants(unit);
    part.write(variants_data(variants));
    std::vector<std::uint8_t> passes(unit.size(), 1);
    if (input_.quality != nullptr) passes = variant_marks(*input_.quality, unit, "pass");
    const std::size_t traits = traits_.size();
    std::vector<TableData> tables;
    for (const TraitModel& trait : traits_)
        tables.emplace_back(interaction_trait_table(trait.name, trait.binary));
    const std::uint64_t step = read_length(input_.genotypes, traits);
    std::vector<InteractionTest> results;
    for (std::uint64_t begin = unit.begin; begin < unit.end; begin += step) {
        const VariantRange range{begin, std::min(unit.end, begin + step)};
        input_.genotypes.read(range, block_);
        results.resize(range.size() * traits);
        test_block(std::span(variants).subspan(begin - unit.begin, range.size()),
                   std::span(passes).subspan(begin - unit.begin, range.size()), results);
        for (std::size_t v = 0; v < range.size(); ++v)
            for (std::size_t t = 0; t < traits; ++t)
                add_row(tables[t], traits_[t].binary, results[v * traits + t]);
    }
    for (const TableData& table : tables)
        part.write(table);
}

} // namespace salus::interaction
