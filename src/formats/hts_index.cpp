#include "formats/hts_index.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cstring>

namespace salus {
namespace {

/// Little-endian values from the decompressed index, bounds-checked.
class IndexBytes {
public:
    explicit IndexBytes(const std::filesystem::path& path)
        : path_(path), stream_(open_stream(path)) {
        constexpr std::size_t largest = std::size_t{1} << 30;
        while (stream_->more())
            if (stream_->unread().size() > largest) fail("the index is larger than 1 GiB");
    }
    std::string_view take(std::uint64_t bytes) {
        const std::string_view all = stream_->unread();
        if (bytes > all.size()) fail("the index ends early");
        stream_->consume(bytes);
        return all.substr(0, bytes);
    }
    std::uint32_t u32() { return value<std::uint32_t>(); }
    std::uint64_t u64() { return value<std::uint64_t>(); }
    /// A count of things that take at least `least` bytes each.
    std::uint32_t count(std::size_t least) {
        const std::uint32_t n = u32();
        if (n > stream_->unread().size() / least) fail("the index contradicts itself");
        return n;
    }
    [[noreturn]] void fail(std::string what) const {
        throw DataError(
            {.what = std::move(what),
             .where = path_.string(),
             .why = "the index is damaged or of another kind",
             .help = "make it again: tabix -p vcf FILE.vcf.gz, or bcftools index FILE"});
    }

private:
    template <class T>
    T value() {
        T v;
        std::memcpy(&v, take(sizeof v).data(), sizeof v);
        return v;
    }
    std::filesystem::path path_;
    std::unique_ptr<RecordStream> stream_;
};

std::vector<std::string> names_of(std::string_view block) {
    std::vector<std::string> names;
    while (!block.empty()) {
        const std::size_t end = std::min(block.find('\0'), block.size());
        names.emplace_back(block.substr(0, end));
        block.remove_prefix(std::min(end + 1, block.size()));
    }
    return names;
}

/// The tabix header behind the magic (TBI) or in the auxiliary block (CSI).
std::vector<std::string> read_tabix_names(IndexBytes& in) {
    in.take(6 * 4); // format, columns, meta character, lines to skip
    return names_of(in.take(in.u32()));
}

void read_bins(IndexBytes& in, bool csi, std::uint32_t statistics_bin, HtsIndex& index,
               HtsIndex::Reference& reference) {
    const std::uint32_t bins = in.count(csi ? 16 : 8);
    for (std::uint32_t b = 0; b < bins; ++b) {
        const std::uint32_t bin = in.u32();
        if (csi) in.u64(); // offset of the first record that overlaps the bin
        const std::uint32_t chunks = in.count(16);
        for (std::uint32_t c = 0; c < chunks; ++c) {
            const VirtualOffset begin = in.u64(), end = in.u64();
            if (bin ==
                statistics_bin) { // chunk 0: range of the reference; chunk 1: number of records
                if (c == 1) index.records += begin;
                continue;
            }
            index.record_starts.push_back(begin);
            reference.begin = std::min(reference.begin, begin);
            reference.end = std::max(reference.end, end);
        }
    }
}

} // namespace

std::optional<std::filesystem::path> find_index(const std::filesystem::path& path) {
    for (const char* suffix : {".csi", ".tbi"}) {
        std::filesystem::path index = path;
        index += suffix;
        if (std::filesystem::exists(index)) return index;
    }
    return std::nullopt;
}

HtsIndex read_index(const std::filesystem::path& path) {
    IndexBytes in(path);
    const std::string_view magic = in.take(4);
    const bool csi = magic == std::string_view("CSI\1", 4);
    if (!csi && magic != std::string_view("TBI\1", 4))
        in.fail("this is neither a .csi nor a .tbi index");
    HtsIndex index;
    std::vector<std::string> names;
    std::uint32_t references = 0, statistics_bin = 37450;
    if (csi) {
        in.u32(); // bits of the smallest interval
        const std::uint32_t depth = in.u32(), auxiliary = in.u32();
        if (depth > 9) in.fail("the index has more than 9 levels");
        statistics_bin =
            static_cast<std::uint32_t>(((std::uint64_t{1} << (3 * depth + 3)) - 1) / 7 + 1);
        if (auxiliary >= 28)
            names = read_tabix_names(in);
        else
            in.take(auxiliary);
        references = in.count(4);
    } else {
        references = in.count(8);
        names = read_tabix_names(in);
    }
    for (std::uint32_t r = 0; r < references; ++r) {
        HtsIndex::Reference reference;
        if (r < names.size()) reference.name = names[r];
        read_bins(in, csi, statistics_bin, index, reference);
        if (!csi)
            for (std::uint32_t n = in.count(8); n > 0; --n)
                if (const VirtualOffset start = in.u64(); start != 0)
                    index.record_starts.push_back(start);
        index.references.push_back(std::move(reference));
    }
    std::sort(index.record_starts.begin(), index.record_starts.end());
    index.record_starts.erase(std::unique(index.record_starts.begin(), index.record_starts.end()),
                              index.record_starts.end());
    return index;
}

std::vector<FileRange> cut_ranges(const HtsIndex& index, FileRange records, std::uint64_t bytes,
                                  std::uint64_t target, std::span<const Region> regions) {
    std::vector<FileRange> ranges;
    FileRange range{records.begin, records.end};
    for (const VirtualOffset start : index.record_starts) {
        const bool far = start > range.begin && (start >> 16) < bytes &&
                         (start >> 16) - (range.begin >> 16) >= target;
        if (!far) continue;
        ranges.push_back({range.begin, start});
        range.begin = start;
    }
    ranges.push_back(range);
    const bool named = std::all_of(index.references.begin(), index.references.end(),
                                   [](const auto& r) { return !r.name.empty(); });
    if (regions.empty() || !named) return ranges;
    std::erase_if(ranges, [&](const FileRange& r) {
        return std::none_of(index.references.begin(), index.references.end(),
                            [&](const HtsIndex::Reference& reference) {
                                const bool wanted = std::any_of(
                                    regions.begin(), regions.end(), [&](const Region& region) {
                                        return region.chromosome == reference.name;
                                    });
                                return wanted && reference.begin < r.end && reference.end > r.begin;
                            });
    });
    return ranges;
}

} // namespace salus
