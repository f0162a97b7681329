#include "formats/text_index.hpp"

#include "base/error.hpp"

#include <cstring>

namespace salus {

/// Bytes of a text of at most 8, in order, and zeros.
std::uint64_t TextIndex::word_of(std::string_view text) noexcept {
    std::uint64_t word = 0;
    if (text.size() == sizeof word) {
        std::memcpy(&word, text.data(), sizeof word);
        return word;
    }
    for (const char c : text)
        word = word << 8 | static_cast<unsigned char>(c);
    return word;
}

/// Two multiplications for every 8 bytes, folded to the low bits.
std::uint64_t TextIndex::hash_of(std::string_view text) noexcept {
    constexpr std::uint64_t odd = 0x9E3779B97F4A7C15ULL;
    std::uint64_t hash = text.size() * odd;
    const auto mix = [&](std::uint64_t word) {
        hash = (hash ^ word) * odd;
        hash ^= hash >> 29;
    };
    for (; text.size() > sizeof(std::uint64_t); text.remove_prefix(sizeof(std::uint64_t)))
        mix(word_of(text.substr(0, sizeof(std::uint64_t))));
    mix(word_of(text));
    return hash;
}

TextIndex::Found TextIndex::enter(std::size_t at, Slot slot, std::string_view text) {
    SALUS_ASSERT(size_ + 1 < (std::uint32_t{1} << 28)); // see form_bits
    if (text.size() > most_inside) {
        places_.resize(size_ + 1);
        places_[size_] = {.begin = bytes_.size(), .length = text.size()};
        bytes_ += text;
    }
    slot.entry |= ++size_;
    slots_[at] = slot;
    return {size_ - 1, true};
}

void TextIndex::grow() {
    std::vector<Slot> old(slots_.empty() ? 256 : 2 * slots_.size());
    old.swap(slots_);
    const std::size_t mask = slots_.size() - 1;
    for (const Slot& slot : old) {
        if (slot.entry == 0) continue;
        std::size_t at = home(slot.word, slot.number) & mask;
        while (slots_[at].entry != 0)
            at = (at + 1) & mask;
        slots_[at] = slot;
    }
}

} // namespace salus
