#pragma once

#include "formats/variant_row_writer.hpp"
#include "models/liability.hpp"
#include "stages/simulate/calls.hpp"
#include "stages/simulate/simulate.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace salus {

/// Indices of the traits of the simulation.
enum SimulatedTrait : std::size_t {
    ldl_trait,
    hba1c_trait,
    height_trait,
    diabetes_trait,
    coronary_trait,
    asthma_trait,
    simulated_traits
};

/// Problems of the parameters that single ranges do not show.
std::vector<Problem> check_simulation(const SimulateParams& params);

/// The stretches of GRCh38 that are simulated. UsageError if a chromosome is not known.
std::vector<GenomeRegion> simulated_regions(const SimulateParams& params);
/// All contigs of the header: the chromosomes of GRCh38 with their lengths.
std::vector<CallSetHeader::Contig> grch38_contigs();

std::vector<TraitArchitecture> trait_architectures(const SimulateParams& params);

/// Everything about the cohort that all units need: a function of parameters and seed, made by
/// every rank. Memory about 25 bytes a sample plus 1 KB a causal variant; nothing grows with the
/// number of variants.
class SimulatedCohort {
public:
    SimulatedCohort(const SimulateParams& params, std::uint64_t seed);
    SimulatedCohort(const SimulatedCohort&) = delete;
    SimulatedCohort& operator=(const SimulatedCohort&) = delete;

    const SimulateParams& params() const noexcept { return params_; }
    std::uint64_t seed() const noexcept { return seed_; }
    const GenomeMap& map() const noexcept { return map_; }
    const FounderPanel& panel() const noexcept { return panel_; }
    const Pedigree& pedigree() const noexcept { return pedigree_; }
    const HaplotypeModel& haplotypes() const noexcept { return haplotypes_; }
    SiteDensity density() const noexcept {
        return {.common_per_mb = params_.common_per_mb, .rare_per_mb = params_.rare_per_mb};
    }
    const std::vector<TraitArchitecture>& traits() const noexcept { return traits_; }
    const std::vector<CausalVariant>& causal() const noexcept { return causal_; }
    struct FaultySite {
        std::uint64_t cell;
        SimulatedSite site;
        VariantFault fault;
    };
    /// By site id.
    const std::map<std::uint64_t, FaultySite>& faulty_sites() const noexcept {
        return faulty_sites_;
    }
    bool is_causal(std::uint64_t site) const noexcept { return causal_sites_.contains(site); }

    std::string sample_id(std::uint64_t sample) const;
    std::string sample_of(std::uint64_t slot) const {
        return sample_id(pedigree_.sample_of_slot(slot));
    }
    const std::string& group_label(std::uint64_t slot) const {
        return params_.groups[pedigree_.group(slot)];
    }

    std::uint64_t persons() const noexcept { return slot_of_person_.size(); }
    std::uint64_t slot_of_person(std::uint64_t person) const noexcept {
        return slot_of_person_[person];
    }
    static std::uint64_t person_id(std::uint64_t person) noexcept { return 100'001 + person; }
    bool has_genome(std::uint64_t slot) const noexcept { return slot < pedigree_.samples(); }

    /// Contig index in grch38_contigs() of a region.
    std::uint32_t contig(std::uint32_t region) const noexcept { return contigs_[region]; }
    /// Without sample names: rows do not need them.
    CallSetHeader header() const;

private:
    void plant_variant_faults(SiteChooser& chooser);

    SimulateParams params_;
    std::uint64_t seed_;
    GenomeMap map_;
    FounderPanel panel_;
    Pedigree pedigree_;
    HaplotypeModel haplotypes_;
    std::vector<TraitArchitecture> traits_;
    std::vector<CausalVariant> causal_;
    std::set<std::uint64_t> causal_sites_;
    std::map<std::uint64_t, FaultySite> faulty_sites_;
    std::vector<std::uint32_t> slot_of_person_, contigs_;
};

} // namespace salus
