#include "genotype/genotype_source.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace salus {
namespace {

std::string_view without_prefix(std::string_view chromosome) noexcept {
    constexpr std::string_view prefix = "chr";
    if (chromosome.size() <= prefix.size()) return chromosome;
    for (std::size_t i = 0; i < prefix.size(); ++i)
        if (std::tolower(static_cast<unsigned char>(chromosome[i])) != prefix[i]) return chromosome;
    return chromosome.substr(prefix.size());
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) noexcept {
    return std::find(names.begin(), names.end(), name) != names.end();
}

struct PseudoAutosomalRegion {
    std::string_view build;
    Inheritance chromosome;
    std::uint32_t first, last;
};

// GRCh37.p13 and GRCh38.p14 assembly reports of the Genome Reference Consortium.
constexpr std::array<PseudoAutosomalRegion, 8> regions{{
    {"GRCh37", Inheritance::x_linked, 60'001, 2'699'520},
    {"GRCh37", Inheritance::x_linked, 154'931'044, 155'260'560},
    {"GRCh37", Inheritance::y_linked, 10'001, 2'649'520},
    {"GRCh37", Inheritance::y_linked, 59'034'050, 59'363'566},
    {"GRCh38", Inheritance::x_linked, 10'001, 2'781'479},
    {"GRCh38", Inheritance::x_linked, 155'701'383, 156'030'895},
    {"GRCh38", Inheritance::y_linked, 10'001, 2'781'479},
    {"GRCh38", Inheritance::y_linked, 56'887'903, 57'217'415},
}};

} // namespace

Inheritance inheritance_of(std::string_view chromosome) noexcept {
    const std::string_view name = without_prefix(chromosome);
    if (is_one_of(name, {"X", "x", "23"})) return Inheritance::x_linked;
    if (is_one_of(name, {"Y", "y", "24"})) return Inheritance::y_linked;
    if (is_one_of(name, {"M", "m", "MT", "mt", "Mt", "26"})) return Inheritance::mitochondrial;
    return Inheritance::autosomal;
}

bool is_pseudo_autosomal(std::string_view build, std::string_view chromosome,
                         std::uint32_t position) noexcept {
    const Inheritance inheritance = inheritance_of(chromosome);
    return std::any_of(regions.begin(), regions.end(), [&](const PseudoAutosomalRegion& region) {
        return region.chromosome == inheritance && region.build == build &&
               position >= region.first && position <= region.last;
    });
}

} // namespace salus
