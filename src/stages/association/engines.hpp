#pragma once

#include "formats/loco_predictions.hpp"
#include "genotype/genotype_source.hpp"
#include "stages/association/scan.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace salus::association {

/// What all units of a pass read.
struct PassInput {
    const GenotypeSource& genotypes;
    const Phenotypes& phenotypes;
    const Eligible& eligible;
    const AssociationParams& params;
    const H5File* quality;              // null: every variant passes
    const LocoPredictions* predictions; // null: no trait has offsets
    std::size_t first = 0, last = 0;    // traits of the pass
};

/// Offsets of traits [first, last) for variants of a chromosome. Chromosomes that whole-genome
/// models do not cover (Y, mitochondrial, contigs) may be missing in the file: no sample has one.
Offsets read_offsets(const LocoPredictions& predictions, const Phenotypes& phenotypes,
                     std::size_t first, std::size_t last, const std::string& chromosome);

/// Moves traits that the predictions do not have to the skipped ones.
void skip_unpredicted(const LocoPredictions& predictions, Phenotypes& phenotypes);

/// Says what samples traits [first, last), whose values are there, share with the predictions.
/// DataError if fewer than 90 % of a trait's samples have one: it was then made for others.
std::vector<std::string> require_predictions(const LocoPredictions& predictions,
                                             const std::string& chromosome,
                                             std::span<const Trait> traits);

/// What the results of a trait take of its null model, whether that is kept or not.
struct TraitLine {
    std::string name;
    std::uint64_t n = 0, n_cases = 0;
    bool has_cases = false;
};
std::vector<TraitLine> lines_of(const ScanPlan& plan);

/// A plan with its scanners, and how its traits are those of the pass.
struct Engine {
    std::unique_ptr<const ScanPlan> plan;
    static constexpr std::size_t none = SIZE_MAX;
    std::vector<std::size_t> trait_of; // trait of the pass -> trait of `plan`, or none
    bool same_traits = false;          // trait_of[t] is t, and there are no others
    AssociationStatus without = AssociationStatus::tested; // status of traits that are not in it
    std::vector<std::unique_ptr<Scanner>> scanners;        // [thread]
};

/// Makes engines when variants need them and keeps the last one alone: memory of one plan. Variants
/// come in the order of the genome, so that another one is made where a chromosome begins (with
/// predictions), at the variants of chromosome Y that males alone have, and behind them. One object
/// per rank.
class Engines {
public:
    /// `base`: the plan of all samples and, with predictions, of the first variant's chromosome.
    Engines(const PassInput& input, ScanPlan base);

    /// Traits of the pass.
    const std::vector<TraitLine>& traits() const noexcept { return traits_; }
    /// For diploid variants and alike, or those that are tested in males only. Until the next call.
    Engine& of_all(const std::string& chromosome) { return get(key_of(chromosome), false); }
    Engine& of_males(const std::string& chromosome) { return get(key_of(chromosome), true); }
    /// What variants must share to share an engine: the chromosome if there are predictions.
    std::string key_of(const std::string& chromosome) const;

private:
    Engine& get(const std::string& key, bool males);
    ScanPlan plan_of(const std::string& key, bool males) const;
    std::unique_ptr<Engine> complete(ScanPlan plan, bool males) const;

    PassInput input_;
    std::vector<TraitLine> traits_;
    std::string key_; // of the engine that is kept
    bool males_ = false;
    std::unique_ptr<Engine> engine_;
};

/// Chromosome of the first variant.
std::string first_chromosome(const GenotypeSource& genotypes);

} // namespace salus::association
