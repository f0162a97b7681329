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

Engines::Engines(const PassInput& input, const ScanPlan& base)
    : input_(input), base_(base), base_key_(key_of(first_chromosome(input.genotypes))),
      base_engine_(std::make_unique<Engine>()) {
    base_engine_->plan = &base_;
    complete(*base_engine_);
}

std::string Engines::key_of(const std::string& chromosome) const {
    return input_.predictions == nullptr ? std::string() : loco_chromosome(chromosome);
}

void Engines::complete(Engine& engine) const {
    for (const TraitPlan& trait : base_.traits) {
        const auto& traits = engine.plan->traits;
        const auto at = std::find_if(traits.begin(), traits.end(), [&](const TraitPlan& other) {
            return other.name == trait.name;
        });
        engine.trait_of.push_back(
            at == traits.end() ? Engine::none : static_cast<std::size_t>(at - traits.begin()));
    }
    for (std::size_t t = 0; t < thread_count(); ++t)
        engine.scanners.push_back(std::make_unique<Scanner>(*engine.plan, rules_of(input_.params)));
}

std::unique_ptr<Engine> Engines::make(const std::string& key, bool males) const {
    Eligible eligible = input_.eligible;
    for (std::size_t i = 0; males && i < eligible.sex.size(); ++i) {
        if (eligible.sex[i] != Sex::male) eligible.samples[i] = 0;
    }
    Offsets offsets;
    if (input_.predictions != nullptr)
        offsets =
            read_offsets(*input_.predictions, input_.phenotypes, input_.first, input_.last, key);
    auto engine = std::make_unique<Engine>();
    engine->own = std::make_unique<ScanPlan>(
        make_plan(input_.phenotypes, input_.first, input_.last, eligible, input_.params, offsets));
    engine->plan = engine->own.get();
    engine->without =
        males ? AssociationStatus::no_samples_of_sex : AssociationStatus::no_null_model;
    complete(*engine);
    return engine;
}

Engine& Engines::of_all(const std::string& chromosome) {
    const std::string key = key_of(chromosome);
    if (key == base_key_) return *base_engine_;
    if (!other_ || other_key_ != key) {
        other_.reset();
        other_ = make(key, false);
        other_key_ = key;
    }
    return *other_;
}

Engine& Engines::of_males(const std::string& chromosome) {
    const std::string key = key_of(chromosome);
    if (!males_ || male_key_ != key) {
        males_.reset();
        males_ = make(key, true);
        male_key_ = key;
    }
    return *males_;
}

} // namespace salus::association
