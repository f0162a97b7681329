#include "stages/association/engines.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "parallel/parallel_for.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>

namespace salus::association {
namespace {

bool is_covered(const std::string& chromosome) {
    return chromosome == "X" || (!chromosome.empty() &&
                                 std::all_of(chromosome.begin(), chromosome.end(),
                                             [](unsigned char c) { return std::isdigit(c) != 0; }));
}

} // namespace

Offsets read_offsets(const LocoPredictions& predictions, const Phenotypes& phenotypes,
                     std::size_t first, std::size_t last, const std::string& chromosome) {
    Offsets offsets{.values = std::vector<std::vector<double>>(phenotypes.traits.size()),
                    .in_standard_deviations = predictions.in_standard_deviations()};
    for (std::size_t t = first; t < last; ++t) {
        const Trait& trait = phenotypes.traits[t];
        try {
            offsets.values[t] = predictions.offset(trait.name, chromosome);
        } catch (const DataError&) {
            if (is_covered(loco_chromosome(chromosome))) throw;
            offsets.values[t].assign(trait.values.size(), std::numeric_limits<double>::quiet_NaN());
        }
    }
    return offsets;
}

void skip_unpredicted(const LocoPredictions& predictions, Phenotypes& phenotypes) {
    std::erase_if(phenotypes.traits, [&](const Trait& trait) {
        if (predictions.has(trait.name)) return false;
        phenotypes.skipped.push_back(
            {trait.name, text("it has no prediction in ", predictions.path().string())});
        return true;
    });
}

std::vector<std::string> require_predictions(const LocoPredictions& predictions,
                                             const std::string& chromosome,
                                             std::span<const Trait> traits) {
    std::vector<std::string> notes;
    std::vector<Problem> problems;
    for (const Trait& trait : traits) {
        const LocoLedger ledger = predictions.ledger(trait.name);
        const auto offset = predictions.offset(trait.name, chromosome);
        std::size_t with_trait = 0, predicted = 0;
        for (std::size_t i = 0; i < trait.values.size(); ++i) {
            if (std::isnan(trait.values[i])) continue;
            ++with_trait;
            predicted += std::isfinite(offset[i]) ? 1U : 0U;
        }
        notes.push_back(text(trait.name, ": ", with_thousands(predicted), " of ",
                             with_thousands(with_trait), " samples have a prediction; ",
                             with_thousands(ledger.unknown),
                             " samples of the predictions are not in the genotypes"));
        if (static_cast<double>(predicted) < 0.9 * static_cast<double>(with_trait)) {
            problems.push_back(
                {.what = text("only ", predicted, " of the ", with_trait, " samples with trait \"",
                              trait.name, "\" have a prediction"),
                 .where = predictions.path().string(),
                 .why = "samples without one are left out; so many missing means that the "
                        "predictions were made for other samples",
                 .help = "make the predictions again from these samples and phenotypes"});
        }
    }
    if (!problems.empty()) throw DataError(std::move(problems));
    return notes;
}

std::string first_chromosome(const GenotypeSource& genotypes) {
    if (genotypes.variant_count() == 0) return {};
    return genotypes.variants({0, 1}).front().chromosome;
}

std::vector<TraitLine> lines_of(const ScanPlan& plan) {
    std::vector<TraitLine> lines;
    for (const TraitPlan& trait : plan.traits)
        lines.push_back({trait.name, trait.n, trait.n_cases, trait.has_cases()});
    return lines;
}

Engines::Engines(const PassInput& input, ScanPlan base)
    : input_(input), traits_(lines_of(base)), key_(key_of(first_chromosome(input.genotypes))),
      engine_(complete(std::move(base), false)) {}

std::string Engines::key_of(const std::string& chromosome) const {
    return input_.predictions == nullptr ? std::string() : loco_chromosome(chromosome);
}

std::unique_ptr<Engine> Engines::complete(ScanPlan plan, bool males) const {
    auto engine = std::make_unique<Engine>();
    engine->plan = std::make_unique<const ScanPlan>(std::move(plan));
    engine->without =
        males ? AssociationStatus::no_samples_of_sex : AssociationStatus::no_null_model;
    const auto& traits = engine->plan->traits;
    engine->same_traits = traits.size() == traits_.size();
    for (std::size_t t = 0; t < traits_.size(); ++t) {
        const auto at = std::find_if(traits.begin(), traits.end(), [&](const TraitPlan& other) {
            return other.name == traits_[t].name;
        });
        engine->trait_of.push_back(
            at == traits.end() ? Engine::none : static_cast<std::size_t>(at - traits.begin()));
        engine->same_traits = engine->same_traits && engine->trait_of.back() == t;
    }
    for (std::size_t t = 0; t < thread_count(); ++t)
        engine->scanners.push_back(
            std::make_unique<Scanner>(*engine->plan, rules_of(input_.params)));
    return engine;
}

ScanPlan Engines::plan_of(const std::string& key, bool males) const {
    Eligible eligible = input_.eligible;
    for (std::size_t i = 0; males && i < eligible.sex.size(); ++i) {
        if (eligible.sex[i] != Sex::male) eligible.samples[i] = 0;
    }
    Offsets offsets;
    if (input_.predictions != nullptr)
        offsets =
            read_offsets(*input_.predictions, input_.phenotypes, input_.first, input_.last, key);
    return make_plan(input_.phenotypes, input_.first, input_.last, eligible, input_.params,
                     offsets);
}

Engine& Engines::get(const std::string& key, bool males) {
    if (!engine_ || key_ != key || males_ != males) {
        engine_.reset(); // before the next one is made
        engine_ = complete(plan_of(key, males), males);
        key_ = key;
        males_ = males;
    }
    return *engine_;
}

} // namespace salus::association
