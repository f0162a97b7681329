#include "models/population_map.hpp"

#include "base/random.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace salus {
namespace {

/// Poisson by counting exponential waiting times; O(mean).
std::uint32_t poisson(Rng& rng, double mean) {
    std::uint32_t count = 0;
    for (double waited = rng.exponential(); waited < mean; waited += rng.exponential())
        ++count;
    return count;
}

/// Relative recombination rate of a cell, mean 1: a sum of two squared exponentials has the heavy
/// tail of hot spots.
double relative_rate(Rng& rng) {
    const double a = rng.exponential(), b = rng.exponential();
    return (a * a + b * b) / 4;
}

constexpr std::string_view bases = "ACGT";

char other_base(char base, Rng& rng) {
    constexpr double transition_share = 2.1 / 3.1;
    if (rng.bernoulli(transition_share)) {
        switch (base) {
        case 'A':
            return 'G';
        case 'G':
            return 'A';
        case 'C':
            return 'T';
        default:
            return 'C';
        }
    }
    const bool purine = base == 'A' || base == 'G';
    return rng.bernoulli(0.5) ? (purine ? 'C' : 'A') : (purine ? 'T' : 'G');
}

std::string random_bases(Rng& rng, std::size_t length) {
    std::string text(length, 'A');
    for (char& base : text)
        base = bases[rng.below(4)];
    return text;
}

} // namespace

GenomeMap::GenomeMap(std::vector<GenomeRegion> regions, double cm_per_mb, std::uint64_t seed)
    : regions_(std::move(regions)) {
    for (std::uint32_t r = 0; r < regions_.size(); ++r) {
        const GenomeRegion& region = regions_[r];
        const bool recombines = region.transmission == Transmission::autosomal ||
                                region.transmission == Transmission::x_linked;
        Rng rng(seed, "simulate.map", r);
        double at = 0;
        for (std::uint32_t begin = region.begin; begin < region.end; begin += cell_length) {
            const std::uint32_t end = std::min(region.end, begin + cell_length);
            const double rate = recombines ? cm_per_mb * relative_rate(rng) : 0;
            const double length = rate * (end - begin) * 1e-6;
            cells_.push_back({.region = r,
                              .begin = begin,
                              .end = end,
                              .genetic_begin = static_cast<float>(at),
                              .genetic_length = static_cast<float>(length)});
            at += length;
        }
        lengths_.push_back(at);
    }
}

std::vector<SimulatedSite> sites_of_cell(const GenomeMap& map, std::uint64_t cell,
                                         const SiteDensity& density, std::uint64_t seed) {
    const GenomeCell& where = map.cells()[cell];
    const std::uint32_t length = where.end - where.begin;
    const double megabases = length * 1e-6 * map.region_of(where).site_density;
    Rng rng(seed, "simulate.sites", cell);
    const std::uint32_t common = poisson(rng, density.common_per_mb * megabases);
    const std::uint32_t rare = poisson(rng, density.rare_per_mb * megabases);
    std::vector<SimulatedSite> sites(common + rare);
    for (std::uint32_t i = 0; i < sites.size(); ++i) {
        const auto offset = static_cast<std::uint32_t>(rng.below(length));
        sites[i] = {
            .id = cell << 24 | offset, .position = where.begin + offset, .common = i < common};
    }
    std::stable_sort(
        sites.begin(), sites.end(),
        [](const SimulatedSite& a, const SimulatedSite& b) { return a.position < b.position; });
    const auto same = [](const SimulatedSite& a, const SimulatedSite& b) {
        return a.position == b.position;
    };
    sites.erase(std::unique(sites.begin(), sites.end(), same), sites.end());
    return sites;
}

SiteAlleles alleles_of_site(const SimulatedSite& site, std::uint64_t seed) {
    constexpr double indel_share = 0.08, two_alt_share = 0.02;
    Rng rng(seed, "simulate.alleles", site.id);
    const char first = bases[rng.below(4)];
    SiteAlleles alleles{.ref = std::string(1, first), .alt = {}};
    if (rng.bernoulli(indel_share)) {
        const std::string more = random_bases(rng, 1 + rng.below(4));
        if (rng.bernoulli(0.5)) {
            alleles.ref += more;
            alleles.alt = {std::string(1, first)};
        } else {
            alleles.alt = {alleles.ref + more};
        }
        return alleles;
    }
    alleles.alt = {std::string(1, other_base(first, rng))};
    if (site.common && rng.bernoulli(two_alt_share)) {
        char second = other_base(first, rng);
        while (second == alleles.alt[0][0])
            second = other_base(first, rng);
        alleles.alt.push_back(std::string(1, second));
    }
    return alleles;
}

} // namespace salus
