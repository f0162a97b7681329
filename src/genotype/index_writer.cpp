#include "genotype/store_writer.hpp"

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "genotype/store_layout.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace salus {
namespace {

struct Segment {
    std::size_t part;
    std::uint64_t number, first_variant, variants, first_long_text, long_texts;
    std::uint32_t crc32; // of its block index
};

struct Survey {
    std::vector<Segment> segments;
    std::map<std::string, std::size_t> widths, long_widths;
    std::uint64_t variants = 0, dosage_variants = 0, long_texts = 0;
};

void widen(std::map<std::string, std::size_t>& widths, const H5File& file, const TableSpec& table) {
    for (const ColumnSpec& column : table.columns)
        if (column.type == ColumnType::text) {
            std::size_t& width = widths[column.name];
            width = std::max(width, file.text_width(table.name, column.name));
        }
}

void survey_part(const H5File& file, std::size_t part, const StoreDescription& store,
                 Survey& survey) {
    const auto samples = file.integer_attribute("/", "samples");
    if (samples != static_cast<std::int64_t>(store.samples.size()))
        throw IntegrityError({.what = "a part holds another number of samples than the store",
                              .where = file.path().string(),
                              .why = {},
                              .help = "start the stage afresh"});
    const auto segments =
        static_cast<std::uint64_t>(file.integer_attribute("/", "segments").value_or(0));
    survey.dosage_variants +=
        static_cast<std::uint64_t>(file.integer_attribute("/", "dosage_variants").value_or(0));
    for (std::uint64_t s = 0; s < segments; ++s) {
        const std::string prefix = segment_prefix(s);
        const TableSpec table = variants_table_spec(prefix, store.info);
        const TableSpec long_text = long_text_table_spec(prefix);
        const std::uint64_t rows = file.rows(table.name);
        const std::uint64_t long_rows = file.exists(long_text.name) ? file.rows(long_text.name) : 0;
        widen(survey.widths, file, table);
        if (long_rows > 0) widen(survey.long_widths, file, long_text);
        survey.segments.push_back(
            {.part = part,
             .number = s,
             .first_variant = survey.variants,
             .variants = rows,
             .first_long_text = survey.long_texts,
             .long_texts = long_rows,
             .crc32 =
                 block_index_crc32(file.read_array<std::uint64_t>(text(prefix, "block_offset")),
                                   file.read_array<std::uint32_t>(text(prefix, "block_crc32")))});
        survey.variants += rows;
        survey.long_texts += long_rows;
    }
}

TableData samples_table(const SampleTable& samples) {
    TableData table({.name = "samples",
                     .row = "sample",
                     .doc = "Samples in the order of the genotypes.",
                     .columns = {
                         {"sample_id", ColumnType::text, "", "Identifier as in the input."},
                         {"sex", ColumnType::u8, "code", "1 male, 2 female, 0 unknown."},
                     }});
    table.column<std::string>("sample_id") = samples.id;
    for (const Sex sex : samples.sex)
        table.column<std::uint8_t>("sex").push_back(static_cast<std::uint8_t>(sex));
    return table;
}

TableData parts_table(const Survey& survey, std::span<const StorePart> parts) {
    TableData table(
        {.name = "parts",
         .row = "part_segment",
         .doc = "Where the genotypes of each run of variants lie.",
         .columns = {
             {"file", ColumnType::text, "", "Part file in the folder of the store."},
             {"segment", ColumnType::u64, "count", "Segment in that file, from 0."},
             {"first_variant", ColumnType::u64, "rows", "Row of its first variant."},
             {"variants", ColumnType::u64, "rows", "Number of its variants."},
             {"first_long_text", ColumnType::u64, "rows", "Its first row in long_text."},
             {"long_texts", ColumnType::u64, "rows", "Number of its rows in long_text."},
             {"index_crc32", ColumnType::u32, "code", "CRC-32 of its block index."},
             {"sha256", ColumnType::text, "", "SHA-256 of the part file."},
         }});
    for (const Segment& segment : survey.segments) {
        table.column<std::string>("file").push_back(parts[segment.part].file);
        table.column<std::uint64_t>("segment").push_back(segment.number);
        table.column<std::uint64_t>("first_variant").push_back(segment.first_variant);
        table.column<std::uint64_t>("variants").push_back(segment.variants);
        table.column<std::uint64_t>("first_long_text").push_back(segment.first_long_text);
        table.column<std::uint64_t>("long_texts").push_back(segment.long_texts);
        table.column<std::uint32_t>("index_crc32").push_back(segment.crc32);
        table.column<std::string>("sha256").push_back(parts[segment.part].sha256);
    }
    return table;
}

/// A table of the index is the same columns under another name, with rows counted in the store.
TableData renamed(TableData from, const TableSpec& spec, const Segment& segment) {
    TableData to(spec);
    to.columns() = std::move(from.columns());
    if (to.has("variant"))
        for (std::uint64_t& row : to.column<std::uint64_t>("variant"))
            row += segment.first_variant;
    return to;
}

/// Watches that variants stay grouped by chromosome and sorted by position across parts.
class OrderCheck {
public:
    void add(const TableData& variants, const StorePart& part) {
        const auto& chromosomes = variants.column<std::string>("chromosome");
        const auto& positions = variants.column<std::uint32_t>("base_pair_location");
        for (std::size_t i = 0; i < positions.size(); ++i) {
            if (chromosomes[i] != chromosome_) {
                if (!seen_.insert(chromosomes[i]).second)
                    fail("a chromosome comes back after another one", chromosomes[i], positions[i],
                         part);
                chromosome_ = chromosomes[i];
            } else if (positions[i] < position_) {
                fail("positions are not sorted", chromosomes[i], positions[i], part);
            }
            position_ = positions[i];
        }
    }

private:
    [[noreturn]] static void fail(std::string what, std::string_view chromosome,
                                  std::uint32_t position, const StorePart& part) {
        throw DataError({.what = std::move(what),
                         .where = text(part.origin, ", site ", chromosome, ":", position),
                         .why = "the files together must be grouped by chromosome and sorted by "
                                "position, in the order in which they are given",
                         .help = "give the files in the order of the genome, each stretch of it "
                                 "once"});
    }
    std::set<std::string> seen_;
    std::string chromosome_;
    std::uint32_t position_ = 0;
};

class TableJoiner {
public:
    TableJoiner(H5File& index, TableSpec spec, std::uint64_t rows,
                const std::map<std::string, std::size_t>& widths)
        : spec_(std::move(spec)), writer_(index.begin_table(spec_, rows, widths)) {}
    void append(TableData rows, const Segment& segment) {
        writer_.append(renamed(std::move(rows), spec_, segment));
    }
    void close() { writer_.close(); }

private:
    TableSpec spec_;
    H5File::TableWriter writer_;
};

} // namespace

std::uint64_t write_genotype_index(H5File& index, const std::filesystem::path& folder,
                                   const StoreDescription& store,
                                   std::span<const StorePart> parts) {
    Survey survey;
    for (std::size_t p = 0; p < parts.size(); ++p)
        survey_part(H5File::open(folder / parts[p].file), p, store, survey);

    index.write(samples_table(store.samples));
    index.write(parts_table(survey, parts));
    TableJoiner variants(index, variants_table_spec("", store.info), survey.variants,
                         survey.widths);
    std::optional<TableJoiner> long_text;
    if (survey.long_texts > 0)
        long_text.emplace(index, long_text_table_spec(""), survey.long_texts, survey.long_widths);
    OrderCheck order;
    std::optional<H5File> file;
    for (const Segment& segment : survey.segments) {
        if (segment.number == 0) file.emplace(H5File::open(folder / parts[segment.part].file));
        const std::string prefix = segment_prefix(segment.number);
        TableData rows = file->read(text(prefix, "variants"));
        order.add(rows, parts[segment.part]);
        variants.append(std::move(rows), segment);
        if (segment.long_texts > 0)
            long_text->append(file->read(text(prefix, "long_text")), segment);
    }
    variants.close();
    if (long_text) long_text->close();

    index.attribute("/", "format", "salus genotype store");
    index.attribute("/", "format_version", genotype_store_version);
    index.attribute("/", "genome_build", store.genome_build);
    index.attribute("/", "info", join(store.info, ","));
    index.attribute("/", "samples_count", static_cast<std::int64_t>(store.samples.size()));
    index.attribute("/", "variants_count", static_cast<std::int64_t>(survey.variants));
    index.attribute("/", "dosage_variants", static_cast<std::int64_t>(survey.dosage_variants));
    index.attribute("/", "block_variants",
                    static_cast<std::int64_t>(store_block_variants(store.samples.size())));
    return survey.variants;
}

} // namespace salus
