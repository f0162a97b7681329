#include "formats/pgen_reader.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/pgen_record.hpp"
#include "formats/psam_reader.hpp"
#include "formats/site_reader.hpp"
#include "formats/vcf_reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace salus {
namespace {

/// The side file with the first of these endings that is there, else with the first.
std::filesystem::path beside(const std::filesystem::path& pgen,
                             std::initializer_list<const char*> endings) {
    const auto with = [&](const char* ending) {
        return std::filesystem::path(pgen).replace_extension(ending);
    };
    for (const char* ending : endings)
        if (std::filesystem::exists(with(ending))) return with(ending);
    return with(*endings.begin());
}

/// Four calls at once from PLINK 1 code: 00 hom ALT, 01 missing, 10 het, 11 hom REF.
constexpr std::array<std::uint8_t, 256> from_plink1 = [] {
    constexpr std::array<unsigned, 4> call{2, 3, 1, 0};
    std::array<std::uint8_t, 256> table{};
    for (unsigned byte = 0; byte < 256; ++byte)
        table[byte] = static_cast<std::uint8_t>(call[byte & 3] | call[byte >> 2 & 3] << 2 |
                                                call[byte >> 4 & 3] << 4 | call[byte >> 6] << 6);
    return table;
}();

class PgenReader final : public SiteReader {
public:
    PgenReader(const PgenHeader& header, std::shared_ptr<const PvarFile> variants,
               const std::filesystem::path& pgen, FileRange range, const ReadOptions& options,
               std::span<const Sex> sex)
        : SiteReader(variants->header(), options, sex), header_(header),
          variants_(std::move(variants)), file_(pgen), next_(range.begin), end_(range.end),
          decoder_(samples()), base_row_(packed_bytes(samples())) {
        if (next_ < end_) cursor_ = variants_->at(next_);
    }
    ~PgenReader() override {
        if (cursor_.stream) variants_->give_back(std::move(cursor_));
    }
    PgenReader(const PgenReader&) = delete;
    PgenReader& operator=(const PgenReader&) = delete;

    std::uint64_t next_record() override { return next_; }

private:
    bool advance() override {
        if (next_ >= end_) return false;
        in_pgen_ = false;
        if (!cursor_.stream->next_line(line_))
            throw DataError({.what = "the file of variants became shorter",
                             .where = variants_->path().string(),
                             .why = "it changed while it was read",
                             .help = "do not write to input files while a job runs"});
        cursor_.next = ++next_;
        return true;
    }

    std::string where() const override {
        const std::uint64_t v = next_ - 1;
        if (!in_pgen_) return text(variants_->path().string(), ", line ", variants_->line_of(v));
        return text(file_.path().string(), ", record ", v + 1, " at byte ",
                    block_.offsets[v - block_.first]);
    }

    void read_site(Site& site) override {
        const PvarColumns& columns = variants_->columns();
        split_words(line_, field_);
        if (field_.size() < columns.fields)
            throw RecordDefect{"the line has fewer columns than the header",
                               "columns are separated by tabs or blanks"};
        site.chromosome = field_[columns.chromosome];
        site.position = position(field_[columns.position]);
        site.id = field_[columns.id] == "." ? std::string_view{} : field_[columns.id];
        site.ref = field_[columns.ref];
        alts_.clear();
        for (std::string_view rest = field_[columns.alt]; rest != ".";) {
            const std::size_t comma = rest.find(',');
            alts_.push_back(rest.substr(0, comma));
            if (comma == std::string_view::npos) break;
            rest.remove_prefix(comma + 1);
        }
        if (alts_.size() >= AlleleCalls::largest)
            throw RecordDefect{"the site has more than 65,532 ALT alleles",
                               "alleles are counted in 16 bits"};
        site.alts = alts_;
        site.filter = columns.filter ? field_[*columns.filter] : std::string_view{};
        if (site.filter == ".") site.filter = {};
        for (const std::string_view text : {site.chromosome, site.id, site.ref, site.filter})
            require_text(text, "the line");
        require_text(field_[columns.alt], "ALT");
        if (site.ref.empty() || std::find(alts_.begin(), alts_.end(), "") != alts_.end())
            throw RecordDefect{"an allele has no name", "ALT alleles are separated by commas"};
        if (columns.info) read_info(field_[*columns.info], site);
    }

    static std::uint32_t position(std::string_view digits) {
        std::uint32_t value = 0;
        const char* const last = digits.data() + digits.size();
        const auto [end, error] = std::from_chars(digits.data(), last, value);
        if (error != std::errc{} || end != last || value > 0x7FFFFFFF)
            throw RecordDefect{"the position is not a whole number from 0 to 2,147,483,647",
                               "a negative position marks a variant that other programs leave out"};
        return value;
    }

    void read_info(std::string_view column, Site& site) const {
        const auto& keys = options().info;
        if (keys.empty() || column == ".") return;
        for (const std::string_view item : split(column, ';')) {
            const std::size_t equals = std::min(item.find('='), item.size());
            const auto key = std::find(keys.begin(), keys.end(), item.substr(0, equals));
            if (key == keys.end()) continue;
            set_info(site, static_cast<std::size_t>(key - keys.begin()),
                     equals == item.size() ? std::string_view("1") : item.substr(equals + 1));
        }
    }

    void read_calls(const Site& site, GenotypeRecord& out) override {
        const std::uint64_t v = next_ - 1;
        load_block(v / PgenHeader::block_records);
        in_pgen_ = true;
        const std::size_t r = v - block_.first, alts = std::max<std::size_t>(1, site.alts.size());
        if (!block_.alleles.empty() && block_.alleles[r] != alts + 1)
            throw RecordDefect{
                text("the index says that the site has ", block_.alleles[r], " alleles"),
                text("the file of variants names ", alts + 1)};
        if (header_.plink1()) return read_plink1_row(out);
        const std::uint8_t type = block_.types[r];
        if (is_pgen_ld(type)) load_base(v);
        decoder_.decode({.bytes = bytes_of(v), .type = type, .alts = alts}, base_row_, out);
        const bool needed = r + 1 < block_.types.size() && is_pgen_ld(block_.types[r + 1]);
        if (!is_pgen_ld(type) && needed) {
            std::copy(decoder_.calls().begin(), decoder_.calls().end(), base_row_.begin());
            base_ = v;
        }
    }

    void read_plink1_row(GenotypeRecord& out) {
        const auto bytes = bytes_of(next_ - 1);
        if (const unsigned used = 2 * (samples() % 4); used != 0 && bytes.back() >> used != 0)
            throw RecordDefect{"unused bits of a row are set", "they are zero in the format"};
        out.phase.clear();
        out.dosages.clear();
        out.rows.resize(bytes.size());
        std::transform(bytes.begin(), bytes.end(), out.rows.begin(),
                       [](std::uint8_t byte) { return from_plink1[byte]; });
        if (const unsigned used = 2 * (samples() % 4); used != 0)
            out.rows.back() = static_cast<std::uint8_t>(out.rows.back() & ((1U << used) - 1));
    }

    void load_block(std::uint64_t number) {
        if (!block_.types.empty() && block_.first == number * PgenHeader::block_records) return;
        block_ = header_.block(file_, number);
        base_.reset();
    }

    /// The calls of the last record before v that does not refer to another one.
    void load_base(std::uint64_t v) {
        std::size_t r = v - block_.first;
        while (is_pgen_ld(block_.types[r]))
            --r; // the first record of a block is none of these
        if (base_ == block_.first + r) return;
        base_.reset();
        decoder_.decode_calls({.bytes = bytes_of(block_.first + r), .type = block_.types[r]}, {},
                              base_row_);
        base_ = block_.first + r;
    }

    /// The bytes of a record of the loaded block; a good many are read at a time.
    std::span<const std::uint8_t> bytes_of(std::uint64_t v) {
        constexpr std::uint64_t piece = std::uint64_t{1} << 20;
        const std::uint64_t begin = block_.offsets[v - block_.first];
        const std::uint64_t end = block_.offsets[v - block_.first + 1];
        if (begin < buffer_begin_ || end > buffer_begin_ + buffer_.size()) {
            const std::uint64_t last =
                block_.offsets[std::min<std::uint64_t>(end_ - block_.first, block_.types.size())];
            buffer_.resize(std::max(end, std::min(last, begin + piece)) - begin);
            buffer_begin_ = begin;
            file_.read_at(begin, std::as_writable_bytes(std::span(buffer_)));
        }
        return std::span(buffer_).subspan(begin - buffer_begin_, end - begin);
    }

    PgenHeader header_;
    std::shared_ptr<const PvarFile> variants_;
    InputFile file_;
    std::uint64_t next_, end_;
    PvarFile::Cursor cursor_;
    std::string_view line_;
    std::vector<std::string_view> field_, alts_;
    bool in_pgen_ = false;
    PgenHeader::Block block_;
    PgenDecoder decoder_;
    std::optional<std::uint64_t> base_; // the record whose calls are in base_row_
    std::vector<std::uint8_t> base_row_;
    std::vector<std::uint8_t> buffer_;
    std::uint64_t buffer_begin_ = 0;
};

} // namespace

PgenFile::PgenFile(const std::filesystem::path& pgen) : GenotypeFile(pgen) {
    const InputFile file(pgen);
    samples_ = read_psam(beside(pgen, {".psam", ".fam"}));
    variants_ = std::make_shared<const PvarFile>(beside(pgen, {".pvar", ".pvar.zst", ".bim"}));
    header_.emplace(file, variants_->variants(), samples_.size());
    bytes_ = file.size() + variants_->bytes();
}

std::vector<FileRange> PgenFile::ranges(std::uint64_t target, const ReadOptions&) const {
    const std::uint64_t variants = variants_->variants();
    const std::uint64_t pieces =
        std::max<std::uint64_t>(1, bytes_ / std::max<std::uint64_t>(1, target));
    const std::uint64_t length = std::max<std::uint64_t>(1, (variants + pieces - 1) / pieces);
    std::vector<FileRange> ranges;
    for (std::uint64_t begin = 0; begin < variants; begin += length)
        ranges.push_back({begin, std::min(variants, begin + length)});
    return ranges;
}

bool PgenFile::may_have_dosages(const ReadOptions&) const {
    if (header_->plink1() || header_->variants() == 0) return false;
    const auto types = header_->block(InputFile(path_), 0).types;
    return std::any_of(types.begin(), types.end(),
                       [](std::uint8_t type) { return (type & pgen_dosage_bits) != 0; });
}

std::unique_ptr<GenotypeReader> PgenFile::read(FileRange range, const ReadOptions& options,
                                               std::span<const Sex> sex) const {
    return std::make_unique<PgenReader>(*header_, variants_, path_, range, options, sex);
}

std::vector<Problem> PgenFile::problems(const ReadOptions& options) const {
    std::vector<Problem> problems = info_problems(variants_->header(), options, variants_->path());
    if (!options.keep_filter.empty() && !variants_->columns().filter)
        problems.push_back({.what = "FILTER values are asked for",
                            .where = variants_->path().string(),
                            .why = "the file of variants has no FILTER column",
                            .help = "leave the parameter out"});
    return problems;
}

} // namespace salus
