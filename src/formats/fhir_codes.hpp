#pragma once

#include "health/code_system.hpp"
#include "health/record_row.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace salus {

/// Numbers of pairs of short texts. About 15 ns for a pair that is known.
class PairIndex {
public:
    static constexpr std::uint32_t unknown = no_code;
    std::uint32_t find(std::string_view first, std::string_view second) const noexcept;
    void insert(std::string_view first, std::string_view second, std::uint32_t value);

private:
    struct Slot {
        std::uint64_t hash = 0;
        std::uint32_t value = unknown;
        std::uint32_t text = 0, first_size = 0, second_size = 0; // in texts_
    };
    std::size_t place_of(std::uint64_t hash, std::string_view first,
                         std::string_view second) const noexcept;
    void grow();

    std::vector<Slot> slots_ = std::vector<Slot>(1024);
    std::string texts_;
    std::size_t used_ = 0;
};

/// Code and unit dictionaries of one reader.
class FhirCodes {
public:
    explicit FhirCodes(CodeSystemAliases aliases = {}) : aliases_(std::move(aliases)) {}

    /// Index into codes() of a coding. Without `system` the code is recognised by its form.
    std::uint32_t code_of(EventKind kind, std::string_view system, std::string_view code);
    /// True if a code means that something is absent or not known (says_absent).
    bool is_absent(std::uint32_t code) const noexcept { return absent_[code]; }
    /// Index into units().
    std::uint32_t unit_of(std::string_view unit);

    const std::vector<CodeEntry>& codes() const noexcept { return codes_; }
    const std::vector<std::string>& units() const noexcept { return units_; }

private:
    std::uint32_t enter(std::string code, bool absent);

    CodeSystemAliases aliases_;
    PairIndex known_codes_, known_units_;
    std::unordered_map<std::string, std::uint32_t> by_name_;
    std::vector<CodeEntry> codes_;
    std::vector<bool> absent_;           // [code]
    std::vector<std::string> units_{""}; // unit 0 is "no unit"
};

} // namespace salus
