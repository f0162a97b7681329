#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// Numbers texts, or pairs of a number and a text, in the order of their first appearance: an open
/// hash table. A text of at most 8 bytes, as most identifiers and codes are, lies in the table
/// itself, so that one look at memory finds it. Memory: 16 bytes for each of two to four slots an
/// entry, and of longer texts their bytes and 16 more.
class TextIndex {
public:
    struct Found {
        std::uint32_t index = 0;
        bool fresh = false; // met for the first time
    };

    Found add(std::string_view text) { return add(0, text); }
    Found add(std::uint32_t number, std::string_view text) {
        if (2 * std::size_t{size_} >= slots_.size()) grow();
        const std::uint64_t word = text.size() <= most_inside ? word_of(text) : hash_of(text);
        const std::uint32_t form = form_of(text);
        const std::size_t mask = slots_.size() - 1;
        for (std::size_t at = home(word, number) & mask;; at = (at + 1) & mask) {
            const Slot& slot = slots_[at];
            if (slot.entry == 0) return enter(at, {word, number, form}, text);
            if (slot.word == word && slot.number == number && (slot.entry & form_bits) == form &&
                (text.size() <= most_inside || text_of(slot) == text))
                return {(slot.entry & ~form_bits) - 1, false};
        }
    }
    std::uint32_t size() const noexcept { return size_; }

private:
    struct Slot {
        std::uint64_t word = 0; // the text itself, or its hash
        std::uint32_t number = 0;
        std::uint32_t entry = 0; // index + 1, or-ed to the form of the text; 0 = free
    };
    struct Place {
        std::uint64_t begin = 0, length = 0; // in bytes_
    };
    static constexpr std::size_t most_inside = sizeof(std::uint64_t);
    static constexpr std::uint32_t form_bits = 0xF0000000;

    /// The length of a text that lies in its slot, and one number for all others.
    static std::uint32_t form_of(std::string_view text) noexcept {
        const std::size_t form = text.size() <= most_inside ? text.size() : most_inside + 1;
        return static_cast<std::uint32_t>(form) << 28;
    }
    static std::uint64_t word_of(std::string_view text) noexcept;
    static std::uint64_t hash_of(std::string_view text) noexcept;
    static std::size_t home(std::uint64_t word, std::uint32_t number) noexcept {
        constexpr std::uint64_t odd = 0x9E3779B97F4A7C15ULL;
        const std::uint64_t hash = (word ^ number * odd) * odd;
        return static_cast<std::size_t>(hash ^ hash >> 32);
    }
    std::string_view text_of(const Slot& slot) const noexcept {
        const Place& place = places_[(slot.entry & ~form_bits) - 1];
        return {bytes_.data() + place.begin, place.length};
    }
    Found enter(std::size_t at, Slot slot, std::string_view text);
    void grow();

    std::vector<Slot> slots_;   // a power of two of them
    std::vector<Place> places_; // [index] of longer texts, up to the last of them
    std::string bytes_;
    std::uint32_t size_ = 0;
};

} // namespace salus
