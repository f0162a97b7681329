#pragma once

#include "support/variant_files.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace salus::test {

/// A record of a .pgen file: its type and its bytes.
struct PgenBytes {
    std::uint8_t type;
    std::string bytes;
};

/// A .pgen file of mode 0x10 with one byte a type and two bytes a length.
inline std::string pgen_file(std::size_t samples, const std::vector<PgenBytes>& records) {
    std::string out("\x6c\x1b\x10", 3);
    append_bytes(out, records.size(), 4);
    append_bytes(out, samples, 4);
    append_bytes(out, 0x45, 1);
    append_bytes(out, 20 + 3 * records.size(), 8);
    for (const PgenBytes& record : records)
        append_bytes(out, record.type, 1);
    for (const PgenBytes& record : records)
        append_bytes(out, record.bytes.size(), 2);
    for (const PgenBytes& record : records)
        out += record.bytes;
    return out;
}

inline std::string bytes_of(std::initializer_list<int> values) {
    std::string out;
    for (const int value : values)
        out += static_cast<char>(value);
    return out;
}

/// Calls of a view with phase: "0", "1", "2", ".", and '<' for 1|0, '>' for 0|1; then the dosages
/// where there are any.
inline std::string view_text(const GenotypeView& view, std::size_t samples) {
    std::string out;
    for (std::size_t i = 0; i < samples; ++i) {
        const std::uint8_t phase = view.phase.empty() ? 0 : packed_get(view.phase, i);
        out += phase == alt_first    ? '<'
               : phase == alt_second ? '>'
                                     : "012."[packed_get(view.calls, i)];
    }
    for (const Dosage dosage : view.dosages)
        out += " " + (dosage == dosage_missing ? std::string(".") : std::to_string(dosage));
    return out;
}

/// All variants of a file as "ALT view_text".
inline std::vector<std::string> read_views(const GenotypeFile& file, std::uint64_t target,
                                           const ReadOptions& options = {}) {
    std::vector<std::string> out;
    const std::size_t samples = file.samples().size();
    for (const FileRange range : file.ranges(target, options)) {
        const auto reader = file.read(range, options, file.samples().sex);
        GenotypeRecord record;
        while (reader->next(record))
            for (std::size_t v = 0; v < record.variants.size(); ++v)
                out.push_back(record.variants[v].alt + " " + view_text(record.view(v), samples));
    }
    return out;
}

} // namespace salus::test
