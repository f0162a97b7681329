#include "formats/plink_bed_reader.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/allele_calls.hpp"
#include "formats/regions.hpp"
#include "formats/site_reader.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace salus {
namespace {

std::filesystem::path sibling(std::filesystem::path bed, const char* extension) {
    return bed.replace_extension(extension);
}

/// Four calls at once. PLINK codes copies of A1: 00 hom A1, 01 missing, 10 het, 11 hom A2.
constexpr std::array<std::uint8_t, 256> recoding(bool a1_is_alt) {
    const std::array<unsigned, 4> call =
        a1_is_alt ? std::array<unsigned, 4>{2, 3, 1, 0} : std::array<unsigned, 4>{0, 3, 1, 2};
    std::array<std::uint8_t, 256> table{};
    for (unsigned byte = 0; byte < 256; ++byte)
        table[byte] = static_cast<std::uint8_t>(call[byte & 3] | call[byte >> 2 & 3] << 2 |
                                                call[byte >> 4 & 3] << 4 | call[byte >> 6] << 6);
    return table;
}
constexpr auto alt_is_a1 = recoding(true), alt_is_a2 = recoding(false);

class PlinkBedReader final : public GenotypeReader {
public:
    PlinkBedReader(const std::filesystem::path& bed, FileRange range, std::uint64_t bim_place,
                   std::uint64_t bim_first, const ReadOptions& options, std::span<const Sex> sex)
        : bed_(bed), bim_(open_stream(sibling(bed, ".bim"), {bim_place << 16, end_of_file})),
          next_(range.begin), end_(range.end), options_(options), regions_(options.regions),
          samples_(sex.size()), ploidy_(options.genome_build, sex) {
        std::string_view line;
        for (std::uint64_t v = bim_first; v < next_; ++v)
            bim_->next_line(line);
    }

    bool next(GenotypeRecord& out) override {
        out.variants.resize(1);
        while (next_ < end_) {
            std::string_view line;
            if (!bim_->next_line(line))
                fail("the .bim file became shorter", "it changed while it was read");
            ++next_;
            ++counters_.records;
            Variant& variant = out.variants.front();
            if (!take_variant(line, variant)) continue;
            check_order(variant);
            if (!regions_.empty() && !regions_.contains(variant.chromosome, variant.position)) {
                ++counters_.outside;
                continue;
            }
            read_row(out.rows);
            ploidy_.move_to(variant.chromosome, variant.position);
            counters_.heterozygous_haploid += ploidy_.apply(out.rows);
            ++counters_.variants;
            return true;
        }
        return false;
    }

private:
    [[noreturn]] void fail(std::string what, std::string why) const {
        throw DataError({.what = std::move(what),
                         .where = text(bim_->path().string(), ", line ", next_),
                         .why = std::move(why),
                         .help =
                             "correct the file set, e.g. with plink --make-bed; on_bad_record = "
                             "\"skip\" leaves malformed lines out and counts them"});
    }

    /// False if the line is malformed and such lines are to be left out.
    bool take_variant(std::string_view line, Variant& variant) {
        try {
            read_variant(line, variant);
            return true;
        } catch (const RecordDefect& defect) {
            if (options_.on_bad_record == BadRecord::fail) fail(defect.what, defect.why);
            ++counters_.skipped;
            return false;
        }
    }

    void read_variant(std::string_view line, Variant& variant) {
        split_words(line, words_);
        const auto& field = words_;
        if (field.size() != 6)
            throw RecordDefect{"the line has not 6 columns",
                               "they are chromosome, id, centimorgan, position, A1, A2"};
        const auto position = parse_integer(field[3]);
        if (!position || *position < 0 || *position > 0x7FFFFFFF)
            throw RecordDefect{"the position is not a whole number from 0 to 2,147,483,647",
                               "a negative position marks a variant that other programs leave out"};
        for (const std::string_view name : field)
            require_text(name, "the line");
        const bool a1_is_alt = options_.bed_alleles == BedAlleles::a2_is_ref;
        variant.chromosome = field[0];
        variant.id = field[1] == "." ? std::string_view{} : field[1];
        variant.position = static_cast<std::uint32_t>(*position);
        variant.alt = field[a1_is_alt ? 4 : 5];
        variant.ref = field[a1_is_alt ? 5 : 4];
        variant.filter.clear();
        variant.alt_index = variant.alt_count = 1;
        variant.info.assign(options_.info.size(), {});
    }

    void check_order(const Variant& variant) {
        if (variant.chromosome != chromosome_) {
            if (!left_.insert(variant.chromosome).second)
                fail("a chromosome comes back after another one",
                     "variants must be grouped by chromosome and sorted by position");
            chromosome_ = variant.chromosome;
        } else if (variant.position < position_) {
            fail("positions are not sorted",
                 "variants must be grouped by chromosome and sorted by position");
        }
        position_ = variant.position;
    }

    /// Row next_ - 1. Rows are read a good many at a time.
    void read_row(std::vector<std::uint8_t>& row) {
        const std::uint64_t bytes = packed_bytes(samples_), v = next_ - 1;
        if (v < rows_first_ || v >= rows_first_ + rows_count_) {
            rows_first_ = v;
            rows_count_ =
                std::min(end_ - v, std::max<std::uint64_t>(1, (std::uint64_t{1} << 20) / bytes));
            rows_.resize(rows_count_ * bytes);
            bed_.read_at(3 + v * bytes, std::as_writable_bytes(std::span(rows_)));
        }
        const std::uint8_t* const from = rows_.data() + (v - rows_first_) * bytes;
        const auto& code = options_.bed_alleles == BedAlleles::a2_is_ref ? alt_is_a1 : alt_is_a2;
        row.resize(bytes);
        std::transform(from, from + bytes, row.begin(),
                       [&](std::uint8_t byte) { return code[byte]; });
        if (const unsigned used = 2 * (samples_ % 4); used != 0) {
            if (from[bytes - 1] >> used != 0)
                throw DataError({.what = "unused bits of a row are set",
                                 .where = text(bed_.path().string(), ", variant ", v + 1),
                                 .why = "the .bed file is damaged or belongs to another .fam file",
                                 .help = "copy or make the file set again"});
            row.back() = static_cast<std::uint8_t>(row.back() & ((1U << used) - 1));
        }
    }

    InputFile bed_;
    std::unique_ptr<RecordStream> bim_;
    std::uint64_t next_, end_;
    ReadOptions options_;
    RegionSet regions_;
    std::size_t samples_;
    PloidyRule ploidy_;
    std::set<std::string> left_;
    std::string chromosome_;
    std::uint32_t position_ = 0;
    std::vector<std::string_view> words_;
    std::vector<std::uint8_t> rows_;
    std::uint64_t rows_first_ = 0, rows_count_ = 0;
};

} // namespace

PlinkBedFile::PlinkBedFile(const std::filesystem::path& bed) : GenotypeFile(bed) {
    const InputFile file(bed);
    std::array<std::uint8_t, 3> magic{};
    file.read_at(
        0, std::as_writable_bytes(std::span(magic).first(std::min<std::uint64_t>(3, file.size()))));
    if (magic[0] != 0x6C || magic[1] != 0x1B || magic[2] > 1)
        throw DataError({.what = "this is not a PLINK 1 .bed file",
                         .where = path_.string(),
                         .why = "it must begin with the bytes 6C 1B 01",
                         .help = "check that this is the right file (a BED file of intervals has "
                                 "the same ending)"});
    if (magic[2] == 0)
        throw DataError({.what = "the .bed file is sample-major",
                         .where = path_.string(),
                         .why = "only the variant-major order (third byte 01) is read",
                         .help = "convert it with plink --make-bed"});
    read_fam(sibling(bed, ".fam"));
    scan_bim(sibling(bed, ".bim"));
    row_bytes_ = packed_bytes(samples_.size());
    bytes_ = 3 + variants_ * row_bytes_;
    if (file.size() != bytes_)
        throw DataError(
            {.what = text("the .bed file has ", file.size(), " bytes instead of ", bytes_),
             .where = path_.string(),
             .why = text(variants_, " variants in .bim and ", samples_.size(),
                         " samples in .fam need 3 + variants x ceil(samples / 4) bytes"),
             .help = "the files do not belong together, or one of them is cut: copy or make them "
                     "again"});
}

void PlinkBedFile::read_fam(const std::filesystem::path& fam) {
    const auto stream = open_stream(fam);
    std::string_view line;
    std::vector<std::string_view> field;
    while (stream->next_line(line)) {
        split_words(line, field);
        if (field.size() < 5)
            throw DataError({.what = "the line has fewer than 5 columns",
                             .where = text(fam.string(), ", line ", samples_.size() + 1),
                             .why = "they are family, sample, father, mother, sex, and phenotypes",
                             .help = "correct the .fam file"});
        samples_.id.emplace_back(field[1]);
        samples_.sex.push_back(field[4] == "1"   ? Sex::male
                               : field[4] == "2" ? Sex::female
                                                 : Sex::unknown);
    }
    check_samples(samples_.id, fam);
}

void PlinkBedFile::scan_bim(const std::filesystem::path& bim) {
    const auto stream = open_stream(bim);
    std::string_view line;
    while (stream->next_line(line)) {
        if (variants_ % bim_stride == 0) bim_places_.push_back(stream->place() >> 16);
        ++variants_;
    }
}

std::vector<FileRange> PlinkBedFile::ranges(std::uint64_t target, const ReadOptions&) const {
    const std::uint64_t row = std::max<std::uint64_t>(1, row_bytes_);
    const std::uint64_t length = std::max<std::uint64_t>(1, target / row);
    std::vector<FileRange> ranges;
    for (std::uint64_t begin = 0; begin < variants_; begin += length)
        ranges.push_back({begin, std::min(variants_, begin + length)});
    return ranges;
}

std::unique_ptr<GenotypeReader> PlinkBedFile::read(FileRange range, const ReadOptions& options,
                                                   std::span<const Sex> sex) const {
    const std::uint64_t known = range.begin / bim_stride;
    return std::make_unique<PlinkBedReader>(path_, range, bim_places_.at(known), known * bim_stride,
                                            options, sex);
}

std::vector<Problem> PlinkBedFile::problems(const ReadOptions& options) const {
    std::vector<Problem> problems;
    const auto refuse = [&](std::string what) {
        problems.push_back({.what = std::move(what),
                            .where = path_.string(),
                            .why = "a PLINK 1 file set has neither INFO, FILTER nor AD",
                            .help = "leave the parameter out"});
    };
    if (!options.info.empty()) refuse("INFO fields are asked for");
    if (!options.keep_filter.empty()) refuse("FILTER values are asked for");
    if (options.allele_depths) refuse("allele depths are asked for");
    return problems;
}

} // namespace salus
