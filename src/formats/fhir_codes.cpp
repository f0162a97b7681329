#include "formats/fhir_codes.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <array>
#include <cstring>
#include <limits>

namespace salus {
namespace {

std::uint64_t mixed(std::uint64_t state, std::string_view text) noexcept {
    std::size_t i = 0;
    std::uint64_t word = 0;
    for (; i + 8 <= text.size(); i += 8) {
        std::memcpy(&word, text.data() + i, 8);
        state = (state ^ word) * 0x9E3779B97F4A7C15ULL;
        state ^= state >> 29;
    }
    word = 0;
    if (i < text.size()) std::memcpy(&word, text.data() + i, text.size() - i);
    state = (state ^ word ^ (std::uint64_t{text.size()} << 56)) * 0xBF58476D1CE4E5B9ULL;
    return state ^ (state >> 32);
}

} // namespace

std::size_t PairIndex::place_of(std::uint64_t hash, std::string_view first,
                                std::string_view second) const noexcept {
    const std::size_t mask = slots_.size() - 1;
    const auto text_at = [this](std::size_t begin, std::size_t size) {
        return std::string_view(texts_.data() + begin, size);
    };
    for (std::size_t place = hash & mask;; place = (place + 1) & mask) {
        const Slot& slot = slots_[place];
        if (slot.value == unknown) return place;
        if (slot.hash == hash && text_at(slot.text, slot.first_size) == first &&
            text_at(slot.text + slot.first_size, slot.second_size) == second)
            return place;
    }
}

std::uint32_t PairIndex::find(std::string_view first, std::string_view second) const noexcept {
    return slots_[place_of(mixed(mixed(1, first), second), first, second)].value;
}

void PairIndex::insert(std::string_view first, std::string_view second, std::uint32_t value) {
    SALUS_ASSERT(texts_.size() + first.size() + second.size() <
                 std::numeric_limits<std::uint32_t>::max());
    if (2 * (used_ + 1) > slots_.size()) grow();
    const std::uint64_t hash = mixed(mixed(1, first), second);
    Slot& slot = slots_[place_of(hash, first, second)];
    if (slot.value == unknown) {
        ++used_;
        slot = {.hash = hash,
                .text = static_cast<std::uint32_t>(texts_.size()),
                .first_size = static_cast<std::uint32_t>(first.size()),
                .second_size = static_cast<std::uint32_t>(second.size())};
        texts_ += first;
        texts_ += second;
    }
    slot.value = value;
}

void PairIndex::grow() {
    std::vector<Slot> old(2 * slots_.size());
    old.swap(slots_);
    const std::size_t mask = slots_.size() - 1;
    for (const Slot& slot : old) {
        if (slot.value == unknown) continue;
        std::size_t place = slot.hash & mask;
        while (slots_[place].value != unknown)
            place = (place + 1) & mask;
        slots_[place] = slot;
    }
}

std::uint32_t FhirCodes::code_of(EventKind kind, std::string_view system, std::string_view code) {
    // Without a system the form of the code is looked at, which depends on the kind of event.
    constexpr std::array<std::string_view, 9> kinds{"\1", "\2", "\3",  "\4", "\5",
                                                    "\6", "\7", "\10", "\11"};
    const std::string_view key = system.empty() ? kinds[static_cast<std::size_t>(kind)] : system;
    const std::uint32_t known = known_codes_.find(key, code);
    if (known != PairIndex::unknown) return known;
    const std::string name = system.empty() ? "auto" : aliases_.name(system);
    const std::uint32_t index = enter(event_code(kind, code, 0, name), says_absent(name, code));
    known_codes_.insert(key, code, index);
    return index;
}

/// Spellings of one code share an entry.
std::uint32_t FhirCodes::enter(std::string code, bool absent) {
    const auto [place, fresh] =
        by_name_.try_emplace(std::move(code), static_cast<std::uint32_t>(codes_.size()));
    if (fresh) {
        codes_.push_back({place->first, 0});
        absent_.push_back(absent);
    }
    return place->second;
}

std::uint32_t FhirCodes::unit_of(std::string_view unit) {
    if (unit.empty()) return 0;
    const std::uint32_t known = known_units_.find({}, unit);
    if (known != PairIndex::unknown) return known;
    const auto index = static_cast<std::uint32_t>(units_.size());
    units_.push_back(event_unit(unit, 0));
    known_units_.insert({}, unit, index);
    return index;
}

} // namespace salus
