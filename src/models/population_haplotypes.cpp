#include "models/population_haplotypes.hpp"

#include "base/error.hpp"
#include "base/random.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace salus {

HaplotypeModel::HaplotypeModel(const GenomeMap& map, const FounderPanel& panel,
                               const Pedigree& pedigree, double segment_cm, std::uint64_t seed)
    : map_(&map), panel_(&panel), pedigree_(&pedigree), segment_cm_(segment_cm), seed_(seed),
      draws_(seed, "simulate.mosaic") {}

HaplotypeModel::Copied HaplotypeModel::from_panel(std::uint64_t slot, unsigned side,
                                                  std::uint32_t region, float at) const noexcept {
    const MosaicSegment segment = mosaic_segment(draws_, 2 * slot + side, region, at, segment_cm_);
    const std::uint32_t first = panel_->first(pedigree_->group(slot));
    return {.from = first + scaled(segment.draw, panel_->per_group()), .end = segment.end};
}

HaplotypeModel::Copied HaplotypeModel::from_parent(std::uint64_t slot, unsigned side,
                                                   std::uint32_t region, float at) const {
    constexpr float never = std::numeric_limits<float>::infinity();
    const Transmission transmission = map_->regions()[region].transmission;
    if (transmission == Transmission::y_linked) return {.from = 0, .end = never};
    if (transmission == Transmission::mitochondrial) return {.from = 1, .end = never};
    if (transmission == Transmission::x_linked && side == 0) return {.from = 1, .end = never};
    constexpr std::uint64_t regions_max = 4096;
    Rng rng(seed_, "simulate.meiosis", (2 * slot + side) * regions_max + region);
    std::uint32_t from = rng.next32() & 1;
    double crossover = 0;
    for (;;) {
        crossover += 100 * rng.exponential();
        if (at < static_cast<float>(crossover))
            return {.from = from, .end = static_cast<float>(crossover)};
        from ^= 1;
    }
}

HaplotypeModel::Copied HaplotypeModel::lineage(std::uint64_t slot, unsigned side,
                                               std::uint32_t region, float at) const {
    const std::uint64_t genome = pedigree_->genome(slot);
    if (pedigree_->founder(genome)) return from_panel(genome, side, region, at);
    const Copied chosen = from_parent(genome, side, region, at);
    const Copied copied = from_panel(parent(genome, side), chosen.from, region, at);
    return {.from = copied.from, .end = std::min(chosen.end, copied.end)};
}

HaplotypeWalker::HaplotypeWalker(const HaplotypeModel& model)
    : model_(&model), source_(2 * model.pedigree().samples()), end_(source_.size()),
      allele_(source_.size()) {
    const Pedigree& pedigree = model.pedigree();
    for (std::uint64_t slot = 0; slot < pedigree.samples(); ++slot) {
        if (pedigree.genome(slot) != slot)
            copies_.push_back(slot);
        else if (!pedigree.founder(slot))
            for (const unsigned side : {0U, 1U})
                children_.push_back({.slot = slot, .side = side});
    }
}

void HaplotypeWalker::start(std::uint32_t region) {
    region_ = region;
    const Pedigree& pedigree = model_->pedigree();
    std::fill(end_.begin(), end_.end(), -1.0F);
    for (std::uint64_t slot = 0; slot < pedigree.samples(); ++slot)
        if (!pedigree.founder(slot))
            end_[2 * slot] = end_[2 * slot + 1] = std::numeric_limits<float>::infinity();
    for (Child& child : children_)
        child.end = -1;
}

void HaplotypeWalker::common(float at, std::span<const std::uint8_t> panel_allele) {
    for (std::uint64_t hap = 0; hap < end_.size(); ++hap) {
        if (at >= end_[hap]) {
            const auto copied = model_->from_panel(hap / 2, hap % 2, region_, at);
            source_[hap] = static_cast<std::uint16_t>(copied.from);
            end_[hap] = copied.end;
        }
        allele_[hap] = panel_allele[source_[hap]];
    }
    transmit(at);
}

void HaplotypeWalker::rare(float at, std::span<const std::uint64_t> carriers) {
    std::fill(allele_.begin(), allele_.end(), std::uint8_t{0});
    for (const std::uint64_t hap : carriers)
        allele_[hap] = 1;
    transmit(at);
}

void HaplotypeWalker::transmit(float at) {
    for (Child& child : children_) {
        if (at >= child.end) {
            const auto copied = model_->from_parent(child.slot, child.side, region_, at);
            child.from = copied.from;
            child.end = copied.end;
        }
        allele_[2 * child.slot + child.side] =
            allele_[2 * model_->parent(child.slot, child.side) + child.from];
    }
    for (const std::uint64_t slot : copies_) {
        const std::uint64_t genome = model_->pedigree().genome(slot);
        allele_[2 * slot] = allele_[2 * genome];
        allele_[2 * slot + 1] = allele_[2 * genome + 1];
    }
}

RareCarriers::RareCarriers(const HaplotypeModel& model)
    : model_(&model), founders_(model.panel().groups().size()) {
    const Pedigree& pedigree = model.pedigree();
    for (std::uint32_t slot = 0; slot < pedigree.samples(); ++slot)
        if (pedigree.founder(slot)) founders_[pedigree.group(slot)].push_back(slot);
}

std::vector<std::uint64_t> RareCarriers::draw(const SimulatedSite& site, Transmission transmission,
                                              std::uint64_t seed) const {
    constexpr double tail_exponent = 1.5, largest_share = 0.005;
    constexpr int attempts = 1000;
    const Pedigree& pedigree = model_->pedigree();
    Rng rng(seed, "simulate.carriers", site.id);
    const std::uint64_t anybody = rng.below(pedigree.first_faulty());
    const std::vector<std::uint32_t>& founders = founders_[pedigree.group(anybody)];
    const double most = std::max(2.0, largest_share * static_cast<double>(founders.size()));
    double count = most + 1;
    while (count > most)
        count = std::floor(std::pow(rng.uniform(), -1 / tail_exponent));
    std::vector<std::uint64_t> carriers;
    for (int i = 0;
         i < attempts && static_cast<double>(carriers.size()) < count && !founders.empty(); ++i) {
        const std::uint64_t slot = founders[rng.below(founders.size())];
        const auto side = static_cast<unsigned>(rng.below(2));
        const std::uint64_t hap = 2 * slot + side;
        const bool taken = std::find(carriers.begin(), carriers.end(), hap) != carriers.end();
        if (!taken && carries(transmission, pedigree.male(slot), side)) carriers.push_back(hap);
    }
    return carriers;
}

} // namespace salus
