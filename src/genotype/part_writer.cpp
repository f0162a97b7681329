#include "genotype/store_writer.hpp"

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "genotype/block_codec.hpp"
#include "genotype/store_layout.hpp"

#include <algorithm>
#include <bit>

namespace salus {
namespace {

static_assert(std::endian::native == std::endian::little, "blocks are stored little-endian");

constexpr std::size_t segment_bytes = std::size_t{64} << 20;
// The last block of a segment, unless dosages make it larger.
constexpr std::size_t block_bytes = std::size_t{4} << 20;
constexpr std::uint64_t segment_variants = std::uint64_t{1} << 17;

} // namespace

struct GenotypePartWriter::State {
    State(H5File& out, std::size_t n, std::vector<std::string> keys)
        : file(out), samples(n), block_variants(store_block_variants(n)), encoder(n),
          info(std::move(keys)), table(variants_table_spec(segment_prefix(0), info)),
          long_text(long_text_table_spec(segment_prefix(0))) {
        // Not doubled and copied as it grows: pages count when they are written.
        bytes.reserve(segment_bytes + block_bytes);
    }

    void add_text(std::string_view column, std::string_view value) {
        table.column<std::string>(column).push_back(shown_text(value));
        if (value.size() <= long_text_bytes) return;
        while (!value.empty()) {
            const std::string_view piece = text_head(value, long_text_bytes);
            long_text.column<std::uint64_t>("variant").push_back(segment_rows);
            long_text.column<std::string>("column").emplace_back(column);
            long_text.column<std::string>("piece").emplace_back(piece);
            value.remove_prefix(piece.size());
        }
    }

    void add_row(const Variant& variant) {
        add_text("chromosome", variant.chromosome);
        table.column<std::uint32_t>("base_pair_location").push_back(variant.position);
        add_text("variant_id", variant.id);
        add_text("other_allele", variant.ref);
        add_text("effect_allele", variant.alt);
        add_text("filter", variant.filter);
        table.column<std::uint32_t>("alt_index").push_back(variant.alt_index);
        table.column<std::uint32_t>("alt_count").push_back(variant.alt_count);
        SALUS_ASSERT(variant.info.size() == info.size());
        for (std::size_t k = 0; k < info.size(); ++k)
            add_text(text("info_", info[k]), variant.info[k]);
    }

    void close_block() {
        if (encoder.variants() == 0) return;
        const std::size_t begin = bytes.size();
        encoder.finish(bytes);
        const auto block = std::span<const std::uint8_t>(bytes).subspan(begin);
        crc.push_back(crc32(std::as_bytes(block)));
        offset.push_back(bytes.size());
    }

    void close_segment() {
        if (segment_rows == 0) return;
        const std::string prefix = segment_prefix(segments);
        file.write_array<std::uint8_t>(text(prefix, "bytes"), bytes, {}, Compression::none);
        file.write_array<std::uint64_t>(text(prefix, "block_offset"), offset, {},
                                        Compression::none);
        file.write_array<std::uint32_t>(text(prefix, "block_crc32"), crc, {}, Compression::none);
        file.write_array<std::uint32_t>(text(prefix, "call_counts"), counts,
                                        {counts.size() / stored_counts, stored_counts});
        counts.clear();
        file.write(table);
        if (long_text.rows() > 0) file.write(long_text);
        ++segments;
        bytes.clear();
        offset.assign(1, 0);
        crc.clear();
        segment_rows = 0;
        table = TableData(variants_table_spec(segment_prefix(segments), info));
        long_text = TableData(long_text_table_spec(segment_prefix(segments)));
    }

    H5File& file;
    std::size_t samples;
    std::uint64_t block_variants;
    BlockEncoder encoder;
    std::vector<std::string> info;
    TableData table, long_text;
    std::vector<std::uint8_t> bytes; // of the segment
    std::vector<std::uint64_t> offset{0};
    std::vector<std::uint32_t> crc, counts; // [variant][stored_counts]
    std::uint64_t segment_rows = 0, segments = 0, variants = 0, dosage_variants = 0;
};

GenotypePartWriter::GenotypePartWriter(H5File& file, std::size_t samples,
                                       std::vector<std::string> info)
    : state_(std::make_unique<State>(file, samples, std::move(info))) {}
GenotypePartWriter::~GenotypePartWriter() = default;

void GenotypePartWriter::add(const Variant& variant, const GenotypeView& genotypes) {
    State& s = *state_;
    s.add_row(variant);
    s.encoder.add(genotypes);
    const GenotypeCounts& calls = s.encoder.last_counts();
    for (const std::uint64_t count : {calls.het, calls.hom_alt, calls.missing})
        s.counts.push_back(static_cast<std::uint32_t>(count));
    ++s.segment_rows;
    ++s.variants;
    s.dosage_variants += s.encoder.last_has_dosages() ? 1u : 0u;
    if (s.encoder.variants() < s.block_variants) return;
    s.close_block();
    if (s.bytes.size() >= segment_bytes || s.segment_rows >= segment_variants) s.close_segment();
}

void GenotypePartWriter::finish() {
    State& s = *state_;
    s.close_block();
    s.close_segment();
    s.file.attribute("/", "format", "salus genotype part");
    s.file.attribute("/", "format_version", genotype_store_version);
    s.file.attribute("/", "samples", static_cast<std::int64_t>(s.samples));
    s.file.attribute("/", "variants", static_cast<std::int64_t>(s.variants));
    s.file.attribute("/", "dosage_variants", static_cast<std::int64_t>(s.dosage_variants));
    s.file.attribute("/", "block_variants", static_cast<std::int64_t>(s.block_variants));
    s.file.attribute("/", "segments", static_cast<std::int64_t>(s.segments));
}

std::uint64_t GenotypePartWriter::variants() const noexcept { return state_->variants; }

} // namespace salus
