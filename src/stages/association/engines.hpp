#pragma once

#include "formats/loco_predictions.hpp"
#include "genotype/genotype_source.hpp"
#include "stages/association/scan.hpp"

#include <cstddef>
#include <memory>
#include <optional>
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

/// A plan with its scanners, and how its traits are those of the pass.
struct Engine {
    const ScanPlan* plan = nullptr;
    std::unique_ptr<ScanPlan> own; // where it is not the plan of the pass
    static constexpr std::size_t none = SIZE_MAX;
    std::vector<std::size_t> trait_of; // trait of the pass -> trait of `plan`, or none
    AssociationStatus without = AssociationStatus::tested; // status of traits that are not in it
    std::vector<std::unique_ptr<Scanner>> scanners;        // [thread]
};

/// Makes engines when variants need them and keeps the last one of each kind: memory of at most
/// three plans. One object per rank.
class Engines {
public:
    /// `base`: the plan of all samples and, with predictions, of the first variant's chromosome.
    Engines(const PassInput& input, const ScanPlan& base);

    /// For diploid variants and alike, or those that are tested in males only.
    Engine& of_all(const std::string& chromosome);
    Engine& of_males(const std::string& chromosome);
    /// What variants must share to share an engine: the chromosome if there are predictions.
    std::string key_of(const std::string& chromosome) const;

private:
    std::unique_ptr<Engine> make(const std::string& key, bool males) const;
    void complete(Engine& engine) const;

    PassInput input_;
    const ScanPlan& base_;
    std::string base_key_, other_key_, male_key_;
    std::unique_ptr<Engine> base_engine_, other_, males_;
};

/// Chromosome of the first variant.
std::string first_chromosome(const GenotypeSource& genotypes);

} // namespace salus::association
