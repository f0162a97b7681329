#include "models/mendel.hpp"

#include "genotype/packed.hpp"

#include <array>
#include <cstddef>

namespace salus {
namespace {

// Sets of alleles as bits: 1 = REF, 2 = ALT.
constexpr unsigned ref_allele = 1, alt_allele = 2, any_allele = 3;

/// What a parent with this call can give.
constexpr unsigned gives(unsigned call) noexcept {
    return call == hom_ref ? ref_allele : call == hom_alt ? alt_allele : any_allele;
}

constexpr bool one_copy(unsigned call) noexcept { return call == hom_ref || call == hom_alt; }

struct Verdict {
    bool error = false, informative = false;
};

constexpr Verdict judge(unsigned child, unsigned father, unsigned mother,
                        Descent descent) noexcept {
    if (descent == Descent::x_son) {
        if (!one_copy(child) || mother == missing) return {};
        return {(gives(child) & gives(mother)) == 0, true};
    }
    if (descent == Descent::x_daughter && !one_copy(father)) father = missing;
    if (child == missing || (father == missing && mother == missing)) return {};
    const unsigned f = gives(father), m = gives(mother);
    bool possible = false;
    if (child == het)
        possible = ((f & ref_allele) && (m & alt_allele)) || ((f & alt_allele) && (m & ref_allele));
    else
        possible = (f & gives(child)) && (m & gives(child));
    return {!possible, true};
}

/// [descent][child][father][mother]
constexpr std::array<Verdict, 192> make_verdicts() noexcept {
    std::array<Verdict, 192> all{};
    for (unsigned i = 0; i < 192; ++i)
        all[i] = judge(i >> 4 & 3u, i >> 2 & 3u, i & 3u, static_cast<Descent>(i / 64));
    return all;
}
constexpr std::array<Verdict, 192> verdicts = make_verdicts();

const Verdict& verdict(unsigned child, unsigned father, unsigned mother, Descent descent) noexcept {
    return verdicts[static_cast<std::size_t>(descent) * 64 + (child << 4 | father << 2 | mother)];
}

} // namespace

bool is_mendel_error(std::uint8_t child, std::uint8_t father, std::uint8_t mother,
                     Descent descent) noexcept {
    return verdict(child, father, mother, descent).error;
}

bool is_mendel_informative(std::uint8_t child, std::uint8_t father, std::uint8_t mother,
                           Descent descent) noexcept {
    return verdict(child, father, mother, descent).informative;
}

} // namespace salus
