#pragma once

#include "health/ucum.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// UCUM code of an OMOP unit concept; "" if it is not one of the common ones.
std::string_view ucum_of_concept(std::uint32_t concept_id) noexcept;

/// How a written unit was understood.
enum class UnitReading : std::uint8_t {
    ucum,   // it is UCUM as it stands
    alias,  // a usual way of writing that is not UCUM: mmHg, mcg, K/uL
    folded, // UCUM or an alias but for upper and lower case, blanks and micro signs: MG/DL
};
struct UnitMeaning {
    std::string ucum;
    Unit unit;
    UnitReading reading = UnitReading::ucum;
};
/// All that a written unit can mean, the most literal reading first: `C` is the coulomb of UCUM,
/// then degrees Celsius; the quantity that is measured decides. Empty if nobody knows.
std::vector<UnitMeaning> unit_meanings(std::string_view written);

/// True if some meaning of one is the same unit as some meaning of the other: mmHg and mm[Hg].
bool same_unit(std::string_view a, std::string_view b);

} // namespace salus
