#include "stages/ingest_health/person_index.hpp"

#include "base/error.hpp"
#include "base/hash.hpp"

#include <cstring>
#include <limits>

namespace salus::ingest_health {

bool PersonIndex::is(const Entry& entry, std::uint32_t hash, std::string_view text) const noexcept {
    return entry.hash == hash && entry.length == text.size() &&
           std::memcmp(bytes_.data() + entry.begin, text.data(), text.size()) == 0;
}

PersonIndex::Found PersonIndex::find(std::string_view text) {
    const auto hash = static_cast<std::uint32_t>(hash64(text));
    if (!entries_.empty() && is(entries_[last_], hash, text)) return {last_, false};
    if (entries_.size() * 2 >= slots_.size()) grow();
    std::size_t slot = hash & (slots_.size() - 1);
    for (; slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1))
        if (is(entries_[slots_[slot] - 1], hash, text)) {
            last_ = slots_[slot] - 1;
            return {last_, false};
        }
    SALUS_ASSERT(entries_.size() < std::numeric_limits<std::uint32_t>::max() - 1);
    entries_.push_back(
        {.begin = bytes_.size(), .length = static_cast<std::uint32_t>(text.size()), .hash = hash});
    bytes_ += text;
    slots_[slot] = static_cast<std::uint32_t>(entries_.size());
    last_ = slots_[slot] - 1;
    return {last_, true};
}

void PersonIndex::grow() {
    slots_.assign(slots_.empty() ? 1024 : slots_.size() * 2, 0);
    for (std::uint32_t i = 0; i < entries_.size(); ++i) {
        std::size_t slot = entries_[i].hash & (slots_.size() - 1);
        while (slots_[slot] != 0)
            slot = (slot + 1) & (slots_.size() - 1);
        slots_[slot] = i + 1;
    }
}

} // namespace salus::ingest_health
