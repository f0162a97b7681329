#include "models/liability.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace salus {
namespace {

double mean_heterozygosity(const FounderPanel& panel, const FounderPanel::SiteDraw& draw) {
    double sum = 0;
    for (std::size_t g = 0; g < panel.groups().size(); ++g)
        sum += panel.groups()[g].proportion * 2 * draw.frequency[g] * (1 - draw.frequency[g]);
    return sum;
}

CausalVariant make_variant(const HaplotypeModel& model, ChosenSite chosen, std::uint32_t trait) {
    const GenomeCell& cell = model.map().cells()[chosen.cell];
    return {.site = chosen.site,
            .cell = chosen.cell,
            .region = cell.region,
            .at = GenomeMap::genetic_position(cell, chosen.site.position),
            .trait = trait,
            .frequency = chosen.draw.alt_frequency,
            .panel_allele = std::move(chosen.draw.allele)};
}

} // namespace

SiteChooser::SiteChooser(const HaplotypeModel& model, const SiteDensity& density, double minor_min,
                         std::uint64_t seed)
    : model_(&model), density_(density), minor_min_(minor_min), seed_(seed) {
    const auto& cells = model.map().cells();
    for (std::uint64_t c = 0; c < cells.size(); ++c)
        if (model.map().region_of(cells[c]).transmission == Transmission::autosomal)
            autosomal_cells_.push_back(c);
}

std::optional<ChosenSite> SiteChooser::choose(Rng& rng, double low) {
    constexpr int attempts = 2000;
    FounderPanel::Sources sources;
    for (int attempt = 0; attempt < attempts && !autosomal_cells_.empty(); ++attempt) {
        ChosenSite chosen{
            .cell = autosomal_cells_[rng.below(autosomal_cells_.size())], .site = {}, .draw = {}};
        const std::vector<SimulatedSite> sites =
            sites_of_cell(model_->map(), chosen.cell, density_, seed_);
        if (sites.empty()) continue;
        chosen.site = sites[rng.below(sites.size())];
        if (!chosen.site.common || alleles_of_site(chosen.site, seed_).alt.size() > 1 ||
            taken_.contains(chosen.site.id))
            continue;
        const GenomeCell& cell = model_->map().cells()[chosen.cell];
        sources.region = GenomeMap::nowhere;
        model_->panel().move_to(cell.region,
                                GenomeMap::genetic_position(cell, chosen.site.position), sources);
        model_->panel().draw_site(chosen.site, sources, minor_min_, 1, chosen.draw);
        const bool fits = std::all_of(chosen.draw.frequency.begin(), chosen.draw.frequency.end(),
                                      [&](double p) { return p >= low && p <= 1 - low; });
        if (!fits) continue;
        taken_.insert(chosen.site.id);
        return chosen;
    }
    return std::nullopt;
}

std::vector<CausalVariant> choose_causal_variants(const HaplotypeModel& model,
                                                  const std::vector<TraitArchitecture>& traits,
                                                  SiteChooser& chooser, std::uint64_t seed) {
    constexpr double named_frequency_min = 0.12;
    std::vector<CausalVariant> variants;
    for (std::uint32_t t = 0; t < traits.size(); ++t) {
        Rng rng(seed, "simulate.causal", t);
        double left = traits[t].heritability;
        for (const double share : traits[t].loci) {
            auto chosen = chooser.choose(rng, named_frequency_min);
            if (!chosen) continue;
            const double heterozygosity = mean_heterozygosity(model.panel(), chosen->draw);
            CausalVariant variant = make_variant(model, std::move(*chosen), t);
            variant.named_locus = true;
            variant.beta = std::sqrt(share / heterozygosity) * (rng.bernoulli(0.5) ? 1 : -1);
            variant.variance_explained = share;
            left -= share;
            variants.push_back(std::move(variant));
        }
        const std::size_t first = variants.size();
        double total = 0;
        for (std::uint32_t i = 0; i < traits[t].background; ++i) {
            auto chosen = chooser.choose(rng, 0);
            if (!chosen) continue;
            const double heterozygosity = mean_heterozygosity(model.panel(), chosen->draw);
            if (heterozygosity <= 0) continue;
            CausalVariant variant = make_variant(model, std::move(*chosen), t);
            const double effect = (0.5 + rng.uniform()) * (rng.bernoulli(0.5) ? 1 : -1);
            variant.beta = effect / std::sqrt(heterozygosity);
            variant.variance_explained = effect * effect;
            total += effect * effect;
            variants.push_back(std::move(variant));
        }
        for (std::size_t i = first; i < variants.size(); ++i) {
            variants[i].beta *= std::sqrt(std::max(0.0, left) / total);
            variants[i].variance_explained *= std::max(0.0, left) / total;
        }
    }
    std::sort(variants.begin(), variants.end(), [](const CausalVariant& a, const CausalVariant& b) {
        return std::tie(a.cell, a.site.position) < std::tie(b.cell, b.site.position);
    });
    return variants;
}

std::vector<double> genetic_values(const HaplotypeModel& model,
                                   const std::vector<CausalVariant>& variants, std::size_t traits,
                                   std::uint64_t slot) {
    std::vector<double> values(traits, 0);
    for (const unsigned side : {0U, 1U}) {
        HaplotypeModel::Copied copied{.from = 0, .end = -1};
        std::uint32_t region = GenomeMap::nowhere;
        for (const CausalVariant& variant : variants) {
            if (variant.region != region || variant.at >= copied.end)
                copied = model.lineage(slot, side, region = variant.region, variant.at);
            values[variant.trait] +=
                variant.beta * (variant.panel_allele[copied.from] - variant.frequency);
        }
    }
    return values;
}

double liability_threshold(double prevalence) noexcept { return normal_quantile(1 - prevalence); }

} // namespace salus
