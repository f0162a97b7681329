#include "stages/gene_tests/set_catalog.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <map>

namespace salus::gene_tests {
namespace {

constexpr std::uint64_t rows_at_once = 65536;
constexpr std::uint64_t several = UINT64_MAX - 1;

} // namespace

SetCatalog SetCatalog::read(const GeneTestsParams& params, const std::filesystem::path& annotations,
                            const std::filesystem::path* sets, const std::filesystem::path* masks) {
    SetCatalog catalog;
    GeneAnnotations read = read_gene_annotations(annotations);
    if (!params.masks.empty())
        catalog.masks_ = parse_variant_masks(params.masks);
    else if (masks != nullptr)
        catalog.masks_ = read_variant_masks(*masks);
    else
        catalog.masks_ = {{.name = "all", .consequences = {}}};
    if (catalog.masks_.size() > 64)
        throw DataError({.what = text("there are ", catalog.masks_.size(), " masks"),
                         .where = masks != nullptr ? masks->string() : "parameter masks",
                         .why = "at most 64 are tested in one run",
                         .help = "test them in several runs"});
    catalog.mask_bits_.assign(read.consequences.size(), 0);
    for (std::size_t m = 0; m < catalog.masks_.size(); ++m) {
        const auto& wanted = catalog.masks_[m].consequences;
        bool some = false;
        for (std::size_t c = 0; c < read.consequences.size(); ++c) {
            if (!wanted.empty() &&
                std::find(wanted.begin(), wanted.end(), read.consequences[c]) == wanted.end())
                continue;
            catalog.mask_bits_[c] |= std::uint64_t{1} << m;
            some = true;
        }
        if (!some) catalog.empty_masks_.push_back(catalog.masks_[m].name);
    }
    if (catalog.empty_masks_.size() == catalog.masks_.size())
        throw DataError({.what = "no mask names a consequence of the annotations",
                         .where = annotations.string(),
                         .why = text("the first consequence there is \"", read.consequences[0],
                                     "\"; names must be equal, case included"),
                         .help = "correct the masks"});
    catalog.without_gene_ = read.without_gene;
    if (sets != nullptr)
        catalog.add_sets(read, *sets);
    else
        catalog.add_genes(read);
    catalog.names_ = std::move(read.variants);
    catalog.places_.assign(catalog.names_.size(), nowhere);
    return catalog;
}

SetCatalog SetCatalog::of_windows(std::vector<Window> windows) {
    SetCatalog catalog;
    catalog.windows_ = std::move(windows);
    catalog.masks_ = {{.name = "all", .consequences = {}}};
    for (const Window& window : catalog.windows_)
        catalog.sets_.push_back({.name = window.name,
                                 .members = {},
                                 .named = static_cast<std::uint32_t>(window.range.size()),
                                 .unannotated = {},
                                 .window = &window});
    return catalog;
}

void SetCatalog::add_genes(const GeneAnnotations& annotations) {
    sets_.resize(annotations.genes.size());
    for (std::size_t g = 0; g < sets_.size(); ++g)
        sets_[g].name = annotations.genes[g];
    for (const auto& effect : annotations.effects) { // ascending by variant
        auto& members = sets_[effect.gene].members;
        if (members.empty() || members.back().key != effect.variant)
            members.push_back({effect.variant, 0});
        members.back().masks |= mask_bits_[effect.consequence];
    }
    for (Set& set : sets_)
        set.named = static_cast<std::uint32_t>(set.members.size());
}

// Annotations of a variant count in a set of the same name as their gene.
void SetCatalog::add_sets(const GeneAnnotations& annotations, const std::filesystem::path& path) {
    const auto& effects = annotations.effects;
    for (VariantSet& given : read_variant_sets(path)) {
        Set set{.name = std::move(given.name), .named = 0};
        const std::uint32_t gene = annotations.genes.find(set.name);
        std::map<std::uint32_t, std::uint64_t> members;
        std::ranges::sort(given.variants);
        given.variants.erase(std::unique(given.variants.begin(), given.variants.end()),
                             given.variants.end());
        set.named = static_cast<std::uint32_t>(given.variants.size());
        for (const std::string& variant : given.variants) {
            const std::uint32_t key = annotations.variants.find(variant);
            if (key == UINT32_MAX) continue; // no annotation, so no place is looked for
            auto at = std::ranges::lower_bound(effects, key, {}, &GeneAnnotations::Effect::variant);
            bool found = false;
            for (; at != effects.end() && at->variant == key; ++at) {
                if (at->gene != gene) continue;
                members[key] |= mask_bits_[at->consequence];
                found = true;
            }
            if (!found) set.unannotated.push_back(key);
        }
        for (const auto& [key, masks] : members)
            set.members.push_back({key, masks});
        sets_.push_back(std::move(set));
    }
}

void SetCatalog::match(const GenotypeSource& genotypes, VariantRange unit, PartWriter& part) const {
    std::vector<std::uint32_t> keys;
    std::vector<std::uint64_t> places;
    std::vector<std::uint8_t> by_place;
    const auto found = [&](std::uint32_t key, std::uint64_t variant, bool place) {
        if (key == UINT32_MAX) return;
        keys.push_back(key);
        places.push_back(variant);
        by_place.push_back(place ? 1 : 0);
    };
    for (std::uint64_t begin = unit.begin; begin < unit.end; begin += rows_at_once) {
        const auto variants = genotypes.variants({begin, std::min(unit.end, begin + rows_at_once)});
        for (std::size_t v = 0; v < variants.size(); ++v) {
            const Variant& variant = variants[v];
            const std::uint32_t key = names_.find(
                variant_key(variant.chromosome, variant.position, variant.ref, variant.alt));
            found(key, begin + v, true);
            if (variant.id.empty()) continue;
            for (const std::string_view id : split(variant.id, ';')) {
                const std::uint32_t other = names_.find(variant_key(id));
                if (other != key) found(other, begin + v, false);
            }
        }
    }
    part.write_array<std::uint32_t>("key", keys, {}, Compression::none);
    part.write_array<std::uint64_t>("variant", places, {}, Compression::none);
    part.write_array<std::uint8_t>("by_place", by_place, {}, Compression::none);
}

SetCatalog::Ledger SetCatalog::take_matches(const Parts& parts) {
    Ledger ledger;
    std::vector<std::uint8_t> how(places_.size());
    for (std::uint64_t u = 0; u < parts.size(); ++u) {
        const H5File part = parts.open(u);
        const auto keys = part.read_array<std::uint32_t>("key");
        const auto places = part.read_array<std::uint64_t>("variant");
        const auto by_place = part.read_array<std::uint8_t>("by_place");
        for (std::size_t i = 0; i < keys.size(); ++i) {
            auto& place = places_[keys[i]];
            place = place == nowhere || place == places[i] ? places[i] : several;
            how[keys[i]] = by_place[i];
        }
    }
    for (std::size_t k = 0; k < places_.size(); ++k) {
        if (places_[k] == several) {
            places_[k] = nowhere;
            ++ledger.ambiguous;
        } else if (places_[k] == nowhere) {
            ++ledger.absent;
        } else {
            ++(how[k] != 0 ? ledger.by_place : ledger.by_identifier);
        }
    }
    return ledger;
}

std::vector<SetRange> set_units(const SetCatalog& catalog) {
    constexpr std::size_t members_at_once = 1000;
    std::vector<SetRange> units;
    std::size_t begin = 0, members = 0;
    for (std::size_t s = 0; s < catalog.sets().size(); ++s) {
        members += catalog.sets()[s].variants();
        if (members < members_at_once && s + 1 < catalog.sets().size()) continue;
        units.push_back({begin, s + 1});
        begin = s + 1;
        members = 0;
    }
    return units;
}

} // namespace salus::gene_tests
