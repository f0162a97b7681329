#pragma once

#include "base/error.hpp"
#include "base/hash.hpp"
#include "formats/genotype_reader.hpp"

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// What the fuzz targets have in common. An input is one file, or a bundle of a file set.
namespace salus::fuzz {

/// A folder of this process in memory, for readers that open files by name.
class Folder {
public:
    Folder() : path_("/dev/shm/salus-fuzz-" + std::to_string(::getpid())) {
        std::filesystem::create_directories(path_);
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::filesystem::path put(const char* name, std::string_view bytes) const {
        std::ofstream(path_ / name, std::ios::binary | std::ios::trunc) << bytes;
        return path_ / name;
    }

private:
    std::filesystem::path path_;
};

inline const Folder& folder() {
    static const Folder one;
    return one;
}

/// Two bytes of length and the bytes for all files but the last, which is the rest.
inline std::vector<std::string_view> unbundle(std::string_view bytes, std::size_t files) {
    std::vector<std::string_view> out;
    while (out.size() + 1 < files) {
        std::size_t length = 0;
        if (bytes.size() >= 2) {
            length = static_cast<unsigned char>(bytes[0]) |
                     static_cast<std::size_t>(static_cast<unsigned char>(bytes[1])) << 8;
            bytes.remove_prefix(2);
        }
        out.push_back(bytes.substr(0, length));
        bytes.remove_prefix(out.back().size());
    }
    out.push_back(bytes);
    return out;
}

inline std::string bundle(const std::vector<std::string>& files) {
    std::string out;
    for (std::size_t f = 0; f + 1 < files.size(); ++f) {
        out += static_cast<char>(files[f].size() & 255);
        out += static_cast<char>(files[f].size() >> 8);
        out += files[f];
    }
    return out + files.back();
}

/// BGZF of stored blocks: making a compressor would take most of the time of an execution.
inline std::string stored_bgzf(std::string_view bytes) {
    std::string out;
    const auto put = [&](std::size_t value, int count) {
        for (int b = 0; b < count; ++b)
            out += static_cast<char>(value >> 8 * b & 255);
    };
    const std::string heading("\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0", 16);
    while (!bytes.empty()) {
        const std::string_view content = bytes.substr(0, 60000);
        bytes.remove_prefix(content.size());
        out += heading;
        put(content.size() + 30, 2); // bytes of the block less 1
        put(1, 1);                   // a last block of deflate, stored
        put(content.size(), 2);
        put(~content.size(), 2);
        out += content;
        put(crc32(std::as_bytes(std::span(content))), 4);
        put(content.size(), 4);
    }
    return out + heading + std::string("\x1b\0\x03\0\0\0\0\0\0\0\0\0", 12);
}

/// Ends the process as a crash: an error of ours, not of the input.
inline void require(bool condition) {
    if (!condition) std::abort();
}

/// Every value must be one that later stages can rely on.
inline void check_record(const GenotypeRecord& record, std::size_t samples, VariantBlock& block) {
    require(!record.variants.empty());
    require(record.rows.size() == record.variants.size() * packed_bytes(samples));
    for (std::size_t v = 0; v < record.variants.size(); ++v) {
        const GenotypeView view = record.view(v);
        require(!record.variants[v].chromosome.empty());
        require(samples % 4 == 0 || view.calls.back() >> 2 * (samples % 4) == 0);
        require(view.dosages.empty() || view.dosages.size() == samples);
        for (const Dosage dosage : view.dosages)
            require(dosage <= 2 * dosage_one || dosage == dosage_missing);
        for (std::size_t i = 0; !view.phase.empty() && i < samples; ++i)
            require(packed_get(view.phase, i) == unphased || packed_get(view.calls, i) == het);
        block.add(view);
    }
}

/// Reads a file to its end, bad records skipped or not as the size of the input says. Errors of the
/// input are expected; an error of ours is a crash.
inline void read_all(const std::filesystem::path& path, std::size_t size, ReadOptions options) {
    options.on_bad_record = size % 4 == 0 ? BadRecord::fail : BadRecord::skip;
    try {
        const auto file = open_genotype_file(path);
        const SampleTable samples = file->take_samples();
        VariantBlock block;
        block.reset(0, samples.size());
        GenotypeRecord record;
        for (const FileRange range : file->ranges(512, options)) {
            const auto reader = file->read(range, options, samples.sex);
            while (reader->next(record)) {
                check_record(record, samples.size(), block);
                if (block.size() > 256) block.reset(0, samples.size());
            }
        }
    } catch (const Error& error) {
        require(error.kind() == ErrorKind::data || error.kind() == ErrorKind::usage);
    }
}

} // namespace salus::fuzz
