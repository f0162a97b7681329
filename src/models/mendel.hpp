#pragma once

#include <cstdint>

namespace salus {

/// How the alleles of a variant pass from parents to a child.
enum class Descent : std::uint8_t {
    diploid,    // autosomes and pseudo-autosomal regions
    x_daughter, // the father gives his one X
    x_son,      // the mother gives the one X
};

/// Whether no descent can make the child's call from those of its parents. Calls are ALT
/// copies, 3 = missing. A missing parent may have had any alleles, so a homozygous child is still
/// tested against the other one. A call that the rule does not allow (heterozygous with one copy
/// of X) counts as missing. A child without a call is never an error.
///
/// The rules of `plink --mendel`; Purcell et al. 2007, doi:10.1086/519795.
bool is_mendel_error(std::uint8_t child, std::uint8_t father, std::uint8_t mother,
                     Descent descent) noexcept;

/// Whether the calls can be judged at all: the child and a parent that matters are called.
bool is_mendel_informative(std::uint8_t child, std::uint8_t father, std::uint8_t mother,
                           Descent descent) noexcept;

} // namespace salus
