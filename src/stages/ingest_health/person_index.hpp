#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace salus::ingest_health {

/// Texts numbered in the order of their first appearance. Memory: their bytes and 24 bytes each.
class PersonIndex {
public:
    struct Found {
        std::uint32_t number = 0;
        bool fresh = false; // met for the first time
    };
    Found find(std::string_view text);
    std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(entries_.size()); }

private:
    struct Entry {
        std::uint64_t begin = 0; // in bytes_
        std::uint32_t length = 0, hash = 0;
    };
    bool is(const Entry& entry, std::uint32_t hash, std::string_view text) const noexcept;
    void grow();

    std::vector<Entry> entries_;
    std::vector<std::uint32_t> slots_; // number + 1, 0 = free; a power of two of them
    std::string bytes_;
    std::uint32_t last_ = 0; // rows of a person often follow each other
};

} // namespace salus::ingest_health
