#include "genotype/genotype_source.hpp"

#include "base/error.hpp"
#include "base/file_ranges.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "genotype/block_codec.hpp"
#include "genotype/call_counts.hpp"
#include "genotype/store_layout.hpp"
#include "store/h5.hpp"

#include <algorithm>
#include <list>

namespace salus {
namespace {

struct SegmentEntry {
    std::string file;
    std::uint64_t number, first_variant, variants, first_long_text, long_texts;
    std::uint32_t index_crc32;
};

struct OpenSegment {
    std::size_t entry;
    H5File file;
    std::string bytes_name;
    std::vector<std::uint64_t> offset;
    std::vector<std::uint32_t> crc;
};

[[noreturn]] void throw_damaged(const std::filesystem::path& path, std::string what) {
    throw IntegrityError({.what = std::move(what),
                          .where = path.string(),
                          .why = "the file changed after it was written, or the disk returned "
                                 "other bytes",
                          .help = "run ingest_genomes again; if it comes back, check the disk"});
}

/// The member of `variant` that is stored in `column`, or null.
std::string* long_text_target(Variant& variant, std::string_view column,
                              const std::vector<std::string>& info) {
    if (column == "chromosome") return &variant.chromosome;
    if (column == "variant_id") return &variant.id;
    if (column == "other_allele") return &variant.ref;
    if (column == "effect_allele") return &variant.alt;
    if (column == "filter") return &variant.filter;
    for (std::size_t k = 0; k < info.size(); ++k)
        if (column == text("info_", info[k])) return &variant.info[k];
    return nullptr;
}

class GenotypeStore final : public GenotypeSource, public CallCountSource {
public:
    explicit GenotypeStore(const std::filesystem::path& folder);

    const SampleTable& samples() const override { return samples_; }
    std::uint64_t variant_count() const override { return variants_; }
    const std::string& genome_build() const override { return build_; }
    bool may_have_dosages() const override {
        return index_.integer_attribute("/", "dosage_variants").value_or(0) > 0;
    }
    std::vector<Variant> variants(VariantRange range) const override;
    void read(VariantRange range, VariantBlock& out, WithPhase phase) const override;
    std::vector<GenotypeCounts> known_counts(VariantRange range) const override;
    std::uint64_t block_variants() const override { return block_variants_; }

private:
    std::int64_t whole_number(std::string_view name) const;
    void read_samples();
    void read_segments();
    std::size_t segment_of(std::uint64_t variant) const;
    OpenSegment open_segment(std::size_t entry) const;
    const OpenSegment& segment(std::size_t entry) const;
    /// Block `number` of a segment, checked. Reads the ones up to `last` with it if they are not
    /// many bytes.
    std::span<const std::uint8_t> block(std::size_t entry, std::uint64_t number,
                                        std::uint64_t last) const;
    void restore_long_text(VariantRange range, std::vector<Variant>& variants) const;
    /// Counts of `count` variants of a segment from `begin` on; empty if it has none.
    std::vector<std::uint32_t> stored_calls(std::size_t entry, std::uint64_t begin,
                                            std::uint64_t count) const;
    void check_range(VariantRange range) const;

    static constexpr std::size_t most_open = 4, read_bytes = std::size_t{4} << 20;

    std::filesystem::path folder_;
    H5File index_;
    SampleTable samples_;
    std::string build_;
    std::vector<std::string> info_;
    std::vector<SegmentEntry> segments_;
    std::uint64_t variants_ = 0, block_variants_ = 0;

    // What was read last; neighbouring reads share it.
    mutable std::list<OpenSegment> open_; // most recently used first
    mutable std::size_t blocks_segment_ = SIZE_MAX;
    mutable std::uint64_t blocks_first_ = 0, blocks_end_ = 0;
    mutable std::vector<std::uint8_t> blocks_;
    mutable BlockDecoder decoder_;
};

H5File open_index(const std::filesystem::path& folder) {
    const std::filesystem::path path = folder / "index.h5";
    if (!answered_file_size(path) &&
        (!std::filesystem::is_directory(folder) || !std::filesystem::exists(path)))
        throw DataError({.what = "this is not a genotype store",
                         .where = folder.string(),
                         .why = "a genotype store is a folder that holds index.h5 and part files",
                         .help = "give the folder that ingest_genomes wrote (genotypes.store)"});
    H5File index = H5File::open(path);
    if (index.text_attribute("/", "format") != "salus genotype store")
        throw DataError({.what = "this is not a genotype store",
                         .where = path.string(),
                         .why = "the attribute format is not 'salus genotype store'",
                         .help = "give the folder that ingest_genomes wrote (genotypes.store)"});
    if (const auto version = index.integer_attribute("/", "format_version");
        version != genotype_store_version)
        throw DataError(
            {.what = text("this genotype store has format version ", version.value_or(0), ", but ",
                          genotype_store_version, " is what is read"),
             .where = path.string(),
             .why = "another version of salus wrote it",
             .help = "make it anew from the files that its /provenance names: salus ingest_genomes "
                     "--genotypes FILES --output FOLDER"});
    return index;
}

GenotypeStore::GenotypeStore(const std::filesystem::path& folder)
    : folder_(folder), index_(open_index(folder)) {
    build_ = index_.text_attribute("/", "genome_build").value_or("");
    const std::string info = index_.text_attribute("/", "info").value_or("");
    if (!info.empty())
        for (const std::string_view key : split(info, ','))
            info_.emplace_back(key);
    variants_ = static_cast<std::uint64_t>(whole_number("variants_count"));
    block_variants_ = static_cast<std::uint64_t>(whole_number("block_variants"));
    read_samples();
    read_segments();
}

std::int64_t GenotypeStore::whole_number(std::string_view name) const {
    const auto value = index_.integer_attribute("/", name);
    if (!value || *value < 0)
        throw_damaged(index_.path(), text("attribute ", name, " is not there"));
    return *value;
}

void GenotypeStore::read_samples() {
    const TableData table = index_.read("samples");
    samples_.id = table.column<std::string>("sample_id");
    for (const std::uint8_t code : table.column<std::uint8_t>("sex")) {
        if (code > 2) throw_damaged(index_.path(), "table samples holds an unknown code of sex");
        samples_.sex.push_back(static_cast<Sex>(code));
    }
    if (static_cast<std::int64_t>(samples_.size()) != whole_number("samples_count"))
        throw_damaged(index_.path(), "table samples has another length than recorded");
    if (block_variants_ != store_block_variants(samples_.size()))
        throw_damaged(index_.path(), "attribute block_variants does not fit the samples");
}

void GenotypeStore::read_segments() {
    const TableData table = index_.read("parts");
    std::uint64_t next = 0;
    for (std::size_t i = 0; i < table.rows(); ++i) {
        const auto number = [&](std::string_view name) {
            return table.column<std::uint64_t>(name)[i];
        };
        segments_.push_back({.file = table.column<std::string>("file")[i],
                             .number = number("segment"),
                             .first_variant = number("first_variant"),
                             .variants = number("variants"),
                             .first_long_text = number("first_long_text"),
                             .long_texts = number("long_texts"),
                             .index_crc32 = table.column<std::uint32_t>("index_crc32")[i]});
        if (segments_.back().first_variant != next)
            throw_damaged(index_.path(), "table parts does not cover the variants in order");
        if (std::filesystem::path(segments_.back().file).filename() != segments_.back().file)
            throw_damaged(index_.path(), "table parts names a file outside the store");
        next += segments_.back().variants;
    }
    if (next != variants_ || index_.rows("variants") != variants_)
        throw_damaged(index_.path(), "tables parts and variants differ in length");
}

void GenotypeStore::check_range(VariantRange range) const {
    SALUS_ASSERT(range.begin <= range.end && range.end <= variants_);
}

std::size_t GenotypeStore::segment_of(std::uint64_t variant) const {
    const auto after = std::upper_bound(
        segments_.begin(), segments_.end(), variant,
        [](std::uint64_t v, const SegmentEntry& s) { return v < s.first_variant; });
    return static_cast<std::size_t>(after - segments_.begin()) - 1;
}

OpenSegment GenotypeStore::open_segment(std::size_t entry) const {
    const SegmentEntry& expected = segments_[entry];
    const std::filesystem::path path = folder_ / expected.file;
    try {
        const std::string prefix = segment_prefix(expected.number);
        OpenSegment opened{.entry = entry,
                           .file = H5File::open(path),
                           .bytes_name = text(prefix, "bytes"),
                           .offset = {},
                           .crc = {}};
        opened.offset = opened.file.read_array<std::uint64_t>(text(prefix, "block_offset"));
        opened.crc = opened.file.read_array<std::uint32_t>(text(prefix, "block_crc32"));
        const std::uint64_t blocks = (expected.variants + block_variants_ - 1) / block_variants_;
        if (block_index_crc32(opened.offset, opened.crc) != expected.index_crc32 ||
            opened.crc.size() != blocks || opened.offset.size() != blocks + 1)
            throw_damaged(path, "a part of the genotype store does not belong to its index");
        return opened;
    } catch (const DataError& error) {
        throw_damaged(path, text("a part of the genotype store cannot be read: ", error.what()));
    }
}

const OpenSegment& GenotypeStore::segment(std::size_t entry) const {
    const auto found = std::find_if(open_.begin(), open_.end(),
                                    [&](const OpenSegment& s) { return s.entry == entry; });
    if (found != open_.end()) {
        open_.splice(open_.begin(), open_, found);
        return open_.front();
    }
    open_.push_front(open_segment(entry));
    if (open_.size() > most_open) open_.pop_back();
    return open_.front();
}

std::span<const std::uint8_t> GenotypeStore::block(std::size_t entry, std::uint64_t number,
                                                   std::uint64_t last) const {
    const OpenSegment& opened = segment(entry);
    const auto& offset = opened.offset;
    if (blocks_segment_ != entry || number < blocks_first_ || number >= blocks_end_) {
        std::uint64_t end = number + 1;
        while (end <= last && offset[end + 1] - offset[number] <= read_bytes)
            ++end;
        blocks_segment_ = SIZE_MAX;
        try {
            blocks_ = opened.file.read_rows<std::uint8_t>(opened.bytes_name, offset[number],
                                                          offset[end] - offset[number]);
        } catch (const DataError& error) {
            throw_damaged(opened.file.path(), text("genotypes cannot be read: ", error.what()));
        }
        blocks_segment_ = entry;
        blocks_first_ = number;
        blocks_end_ = end;
    }
    const auto found = std::span<const std::uint8_t>(blocks_).subspan(
        offset[number] - offset[blocks_first_], offset[number + 1] - offset[number]);
    if (crc32(std::as_bytes(found)) != opened.crc[number])
        throw_damaged(opened.file.path(), text("block ", number, " of segment ",
                                               segments_[entry].number, " fails its CRC-32 check"));
    return found;
}

void GenotypeStore::read(VariantRange range, VariantBlock& out, WithPhase phase) const {
    check_range(range);
    out.reset(range.begin, samples_.size(), range.size());
    for (std::uint64_t v = range.begin; v < range.end;) {
        const std::size_t entry = segment_of(v);
        const SegmentEntry& s = segments_[entry];
        const std::uint64_t inside = v - s.first_variant, number = inside / block_variants_;
        const std::uint64_t end = std::min(range.end - s.first_variant, s.variants);
        const std::uint64_t begin = number * block_variants_;
        const std::uint64_t length = std::min(block_variants_, s.variants - begin);
        const BlockPart part{.variants = length,
                             .first = inside - begin,
                             .count = std::min(end, begin + length) - inside,
                             .phase = phase};
        if (!decoder_.decode(block(entry, number, (end - 1) / block_variants_), part, out))
            throw_damaged(folder_ / s.file,
                          text("block ", number, " of segment ", s.number, " contradicts itself"));
        v += part.count;
    }
}

std::vector<std::uint32_t> GenotypeStore::stored_calls(std::size_t entry, std::uint64_t begin,
                                                       std::uint64_t count) const {
    const H5File& file = segment(entry).file;
    const std::string name = text(segment_prefix(segments_[entry].number), "call_counts");
    try {
        if (!file.exists(name)) return {};
        if (file.shape(name) !=
            std::vector<std::uint64_t>{segments_[entry].variants, stored_counts})
            throw_damaged(file.path(), text(name, " has another shape than its segment"));
        return file.read_rows<std::uint32_t>(name, begin, count);
    } catch (const DataError& error) {
        throw_damaged(file.path(), text("counts of calls cannot be read: ", error.what()));
    }
}

std::vector<GenotypeCounts> GenotypeStore::known_counts(VariantRange range) const {
    check_range(range);
    std::vector<GenotypeCounts> counts;
    for (std::uint64_t v = range.begin; v < range.end;) {
        const std::size_t entry = segment_of(v);
        const SegmentEntry& s = segments_[entry];
        const std::uint64_t end = std::min(range.end, s.first_variant + s.variants);
        const auto stored = stored_calls(entry, v - s.first_variant, end - v);
        if (stored.empty()) return {};
        for (std::size_t i = 0; i < stored.size(); i += stored_counts) {
            const std::uint64_t het = stored[i], hom_alt = stored[i + 1], missing = stored[i + 2];
            if (het + hom_alt + missing > samples_.size())
                throw_damaged(folder_ / s.file, "more calls are counted than there are samples");
            counts.push_back({.hom_ref = samples_.size() - het - hom_alt - missing,
                              .het = het,
                              .hom_alt = hom_alt,
                              .missing = missing});
        }
        v = end;
    }
    return counts;
}

std::vector<Variant> GenotypeStore::variants(VariantRange range) const {
    check_range(range);
    std::vector<Variant> out(range.size());
    if (out.empty()) return out;
    TableData table = index_.read_rows("variants", range.begin, range.size());
    const auto take = [&](std::string_view column, std::size_t i) {
        return std::move(table.column<std::string>(column)[i]);
    };
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i].chromosome = take("chromosome", i);
        out[i].position = table.column<std::uint32_t>("base_pair_location")[i];
        out[i].id = take("variant_id", i);
        out[i].ref = take("other_allele", i);
        out[i].alt = take("effect_allele", i);
        out[i].filter = take("filter", i);
        out[i].alt_index = table.column<std::uint32_t>("alt_index")[i];
        out[i].alt_count = table.column<std::uint32_t>("alt_count")[i];
        for (const std::string& key : info_)
            out[i].info.push_back(take(text("info_", key), i));
    }
    restore_long_text(range, out);
    return out;
}

void GenotypeStore::restore_long_text(VariantRange range, std::vector<Variant>& variants) const {
    for (std::size_t s = segment_of(range.begin);
         s < segments_.size() && segments_[s].first_variant < range.end; ++s) {
        if (segments_[s].long_texts == 0) continue;
        const TableData table =
            index_.read_rows("long_text", segments_[s].first_long_text, segments_[s].long_texts);
        const auto& rows = table.column<std::uint64_t>("variant");
        const auto& columns = table.column<std::string>("column");
        const auto& pieces = table.column<std::string>("piece");
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (rows[i] < range.begin || rows[i] >= range.end) continue;
            Variant& variant = variants[rows[i] - range.begin];
            std::string* target = long_text_target(variant, columns[i], info_);
            if (target == nullptr)
                throw_damaged(index_.path(), "table long_text names an unknown column");
            const bool continues = i > 0 && rows[i - 1] == rows[i] && columns[i - 1] == columns[i];
            if (!continues) target->clear();
            *target += pieces[i];
        }
    }
}

} // namespace

std::unique_ptr<GenotypeSource> open_genotypes(const std::filesystem::path& path) {
    return std::make_unique<GenotypeStore>(path);
}

} // namespace salus
