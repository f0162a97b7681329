#include "formats/packed_ranges.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

namespace salus {
namespace {

using Bytes = std::span<const std::uint8_t>;

std::uint64_t number(Bytes bytes, std::size_t at, std::size_t count) {
    std::uint64_t value = 0;
    for (std::size_t i = count; i-- > 0;)
        value = value << 8 | bytes[at + i];
    return value;
}

/// Up to `count` bytes from `offset` on; fewer at the end of the file.
std::vector<std::uint8_t> bytes_at(const InputFile& file, std::uint64_t offset,
                                   std::uint64_t count) {
    if (offset >= file.size()) return {};
    std::vector<std::uint8_t> out(std::min(count, file.size() - offset));
    file.read_at(offset, std::as_writable_bytes(std::span(out)));
    return out;
}

/// Size of the BGZF block whose header begins at `at`; nothing if that is none.
std::optional<std::uint64_t> bgzf_size(Bytes bytes, std::size_t at) {
    constexpr std::array<std::uint8_t, 4> magic{0x1f, 0x8b, 0x08, 0x04};
    if (at + 12 > bytes.size() ||
        !std::equal(magic.begin(), magic.end(), bytes.subspan(at).begin()))
        return std::nullopt;
    const std::size_t extra = number(bytes, at + 10, 2);
    if (at + 12 + extra > bytes.size()) return std::nullopt;
    for (std::size_t i = at + 12; i + 6 <= at + 12 + extra; i += 4 + number(bytes, i + 2, 2))
        if (bytes[i] == 'B' && bytes[i + 1] == 'C' && number(bytes, i + 2, 2) == 2)
            return number(bytes, i + 4, 2) + 1;
    return std::nullopt;
}

constexpr std::uint64_t frame_magic = 0xFD2FB528, skippable_magic = 0x184D2A50,
                        seek_table_magic = 0x8F92EAB1;
bool is_skippable(std::uint64_t magic) { return (magic & ~std::uint64_t{15}) == skippable_magic; }

/// Walks over the frames of a zstd file (RFC 8878).
class FrameWalk {
public:
    FrameWalk(const InputFile& file, std::uint64_t most_steps)
        : file_(file), steps_left_(most_steps) {}

    std::vector<std::uint64_t> frames() {
        if (auto found = from_seek_table()) return *found;
        std::vector<std::uint64_t> out;
        std::uint64_t told = 0; // compressed size of the next frame
        for (std::uint64_t at = 0; at < file_.size();) {
            const auto head = read(at, 18);
            if (head.size() < 8) return {};
            const std::uint64_t magic = number(head, 0, 4);
            if (is_skippable(magic)) {
                const std::uint64_t size = number(head, 4, 4);
                told = size == 4 && head.size() >= 12 ? number(head, 8, 4) : 0;
                at += 8 + size;
                continue;
            }
            if (magic != frame_magic) return {};
            out.push_back(at);
            const auto end = told > 0 ? std::optional(at + told) : end_of_frame(at, head);
            if (!end || *end > file_.size()) return {};
            told = 0;
            at = *end;
        }
        return out;
    }

private:
    std::vector<std::uint8_t> read(std::uint64_t offset, std::uint64_t count) {
        if (steps_left_ == 0) return {};
        --steps_left_;
        return bytes_at(file_, offset, count);
    }

    std::optional<std::uint64_t> end_of_frame(std::uint64_t at, Bytes head) {
        constexpr std::array<std::size_t, 4> size_bytes{0, 2, 4, 8}, dictionary_bytes{0, 1, 2, 4};
        const std::uint8_t descriptor = head[4];
        const bool single = (descriptor & 32) != 0, checksum = (descriptor & 4) != 0;
        std::size_t size = size_bytes[descriptor >> 6];
        if (size == 0 && single) size = 1;
        at += 5 + (single ? 0U : 1U) + dictionary_bytes[descriptor & 3] + size;
        for (;;) {
            const auto block = read(at, 3);
            if (block.size() < 3) return std::nullopt;
            const std::uint64_t word = number(block, 0, 3), type = word >> 1 & 3;
            if (type == 3) return std::nullopt;
            at += 3 + (type == 1 ? 1 : word >> 3);
            if ((word & 1) != 0) return at + (checksum ? 4 : 0);
        }
    }

    /// Frames by the table at the end of the file, if there is one that fits.
    std::optional<std::vector<std::uint64_t>> from_seek_table() {
        if (file_.size() < 17) return std::nullopt;
        const auto foot = bytes_at(file_, file_.size() - 9, 9);
        if (number(foot, 5, 4) != seek_table_magic) return std::nullopt;
        const std::uint64_t count = number(foot, 0, 4), entry = (foot[4] & 128) != 0 ? 12 : 8;
        const std::uint64_t content = count * entry + 9;
        if (content + 8 > file_.size()) return std::nullopt;
        const std::uint64_t begin = file_.size() - content - 8;
        const auto table = bytes_at(file_, begin, content + 8);
        if (!is_skippable(number(table, 0, 4)) || number(table, 4, 4) != content)
            return std::nullopt;
        std::vector<std::uint64_t> frames;
        std::uint64_t at = 0;
        for (std::uint64_t i = 0; i < count; ++i) {
            frames.push_back(at);
            at += number(table, 8 + i * entry, 4);
        }
        if (at != begin) return std::nullopt;
        return frames;
    }

    const InputFile& file_;
    std::uint64_t steps_left_;
};

} // namespace

std::uint64_t bgzf_block_from(const InputFile& file, std::uint64_t from) {
    constexpr std::uint64_t window = 3 << 16; // a block, and the heads of the two behind it
    const auto bytes = bytes_at(file, from, window);
    const auto chained = [&](std::size_t at) { // three heads that follow each other, or the end
        for (int heads = 0; heads < 3; ++heads) {
            if (at >= bytes.size()) return heads > 0 || from + at == file.size();
            const auto size = bgzf_size(bytes, at);
            if (!size) return heads > 0 && from + at + 18 > file.size();
            at += *size;
        }
        return true;
    };
    for (std::size_t at = 0; at < bytes.size(); ++at)
        if (bytes[at] == 0x1f && chained(at)) return from + at;
    return file.size();
}

std::vector<std::uint64_t> zstd_frames(const InputFile& file, std::uint64_t most_steps) {
    return FrameWalk(file, most_steps).frames();
}

} // namespace salus
