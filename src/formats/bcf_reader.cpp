#include "formats/bcf_reader.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/allele_depths.hpp"
#include "formats/bcf_cursor.hpp"
#include "formats/hts_index.hpp"
#include "formats/site_reader.hpp"
#include "formats/vcf_reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>

namespace salus {
namespace {

std::string_view string_of(const BcfValue& v) {
    if (v.type != BcfType::character && v.count != 0)
        throw RecordDefect{"a text is not of type text", "the record is damaged"};
    return v.bytes.substr(0, v.bytes.find('\0'));
}

std::string real_text(std::uint32_t bits) {
    constexpr std::uint32_t missing_real = 0x7F800001;
    if (bits == missing_real) return ".";
    float value;
    std::memcpy(&value, &bits, sizeof value);
    char buffer[32];
    return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

/// Smallest value of the integer type, which stands for missing; the next one ends a vector.
std::int64_t missing_of(BcfType type) {
    return type == BcfType::int8 ? INT8_MIN : type == BcfType::int16 ? INT16_MIN : INT32_MIN;
}

/// A number of a vector: NaN if missing, nothing at the end of the vector.
std::optional<double> number_at(const BcfValue& v, std::size_t i) {
    constexpr std::uint32_t end_real = 0x7F800002;
    constexpr double not_there = std::numeric_limits<double>::quiet_NaN();
    if (v.type != BcfType::real) {
        const std::int64_t n = BcfCursor::integer(v, i);
        if (n == missing_of(v.type) + 1) return std::nullopt;
        return n == missing_of(v.type) ? not_there : static_cast<double>(n);
    }
    if (BcfCursor::load<std::uint32_t>(v, i) == end_real) return std::nullopt;
    const auto value = BcfCursor::load<float>(v, i);
    if (std::isinf(value))
        throw RecordDefect{"a DS or GP value is not a number", "it must be finite"};
    return value; // missing is a NaN
}

/// An INFO value as VCF would write it.
std::string info_text(const BcfValue& v) {
    if (v.count == 0 || v.type == BcfType::none) return "1";
    if (v.type == BcfType::character) return std::string(string_of(v));
    constexpr std::uint32_t end_real = 0x7F800002;
    std::string out;
    for (std::size_t i = 0; i < v.count; ++i) {
        std::string item;
        if (v.type == BcfType::real) {
            const auto bits = BcfCursor::load<std::uint32_t>(v, i);
            if (bits == end_real) break;
            item = real_text(bits);
        } else {
            const std::int64_t n = BcfCursor::integer(v, i);
            if (n == missing_of(v.type) + 1) break;
            item = n == missing_of(v.type) ? "." : text(n);
        }
        out += out.empty() ? item : "," + item;
    }
    return out;
}

class BcfReader final : public SiteReader {
public:
    BcfReader(std::unique_ptr<RecordStream> stream, const VcfHeader& header,
              const ReadOptions& options, std::span<const Sex> sex)
        : SiteReader(header, options, sex), stream_(std::move(stream)), header_(header) {
        for (const std::string& key : options.info) {
            const auto found = std::find(header.strings.begin(), header.strings.end(), key);
            info_index_.push_back(static_cast<std::size_t>(found - header.strings.begin()));
        }
        constexpr std::array<std::string_view, 3> fields{"GT", "DS", "GP"};
        for (std::size_t k = 0; k < fields.size(); ++k)
            format_index_[k] = static_cast<std::size_t>(
                std::find(header.strings.begin(), header.strings.end(), fields[k]) -
                header.strings.begin());
        if (options.allele_depths)
            depths_index_ = static_cast<std::size_t>(
                std::find(header.strings.begin(), header.strings.end(), "AD") -
                header.strings.begin());
    }

    std::uint64_t next_record() override {
        stream_->consume(std::exchange(record_bytes_, 0));
        if (stream_->unread().empty()) stream_->more();
        return stream_->place();
    }

private:
    bool advance() override {
        stream_->consume(record_bytes_);
        record_bytes_ = 0;
        while (stream_->unread().size() < 8)
            if (!stream_->more()) {
                if (!stream_->unread().empty()) fail_cut();
                return false;
            }
        std::uint32_t shared = 0, individual = 0;
        std::memcpy(&shared, stream_->unread().data(), 4);
        std::memcpy(&individual, stream_->unread().data() + 4, 4);
        const std::uint64_t total = std::uint64_t{8} + shared + individual;
        while (stream_->unread().size() < total)
            if (!stream_->more()) fail_cut();
        record_bytes_ = total;
        shared_ = stream_->unread().substr(8, shared);
        individual_ = stream_->unread().substr(8 + std::size_t{shared}, individual);
        return true;
    }

    [[noreturn]] void fail_cut() const {
        throw DataError({.what = "the file ends inside a record",
                         .where = where(),
                         .why = "the file is cut, or its index does not belong to it",
                         .help = "make the file complete, or index it again"});
    }

    std::string where() const override { return stream_->where(); }

    const std::string& name(const std::vector<std::string>& names, std::size_t index) const {
        if (index >= names.size() || names[index].empty())
            throw RecordDefect{"the record names something that the header does not declare",
                               "every CHROM, FILTER, INFO and FORMAT needs its header line"};
        return names[index];
    }

    void read_site(Site& site) override {
        BcfCursor in(shared_);
        const auto chromosome = in.number<std::int32_t>();
        const auto position = in.number<std::int32_t>();
        in.take(8); // length on the reference, QUAL
        const auto counts = in.number<std::uint32_t>(), more_counts = in.number<std::uint32_t>();
        if (chromosome < 0) throw RecordDefect{"CHROM is negative", "the record is damaged"};
        site.chromosome = name(header_.contigs, static_cast<std::size_t>(chromosome));
        if (position < -1) throw RecordDefect{"POS is negative", "the record is damaged"};
        site.position = static_cast<std::uint32_t>(position + 1);
        if ((more_counts & 0xFFFFFF) != samples())
            throw RecordDefect{"the record has another number of samples than the header",
                               "every record holds all samples"};
        formats_ = more_counts >> 24;
        site.id = string_of(in.value());
        if (site.id == ".") site.id = {};
        read_alleles(in, counts >> 16, site);
        read_filter(in, site);
        require_site(site);
        if (!info_index_.empty()) read_info(in, counts & 0xFFFF, site);
    }

    void read_alleles(BcfCursor& in, std::size_t alleles, Site& site) {
        if (alleles == 0) throw RecordDefect{"the record has no REF allele", "a record needs one"};
        if (alleles > AlleleCalls::largest)
            throw RecordDefect{"the site has more than 65,532 ALT alleles",
                               "calls are held in 16 bits"};
        site.ref = string_of(in.value());
        site.alts.clear();
        for (std::size_t a = 1; a < alleles; ++a)
            site.alts.push_back(string_of(in.value()));
        if (site.alts.size() == 1 && site.alts.front() == ".") site.alts.clear();
    }

    void read_filter(BcfCursor& in, Site& site) {
        const BcfValue v = in.value();
        if (v.count != 0 && (v.type > BcfType::int32 || v.type == BcfType::none))
            throw RecordDefect{"FILTER is not a list of indices", "the record is damaged"};
        filter_.clear();
        for (std::size_t i = 0; i < v.count; ++i) {
            if (i > 0) filter_ += ';';
            filter_ += name(header_.strings, BcfCursor::at(v, i));
        }
        site.filter = filter_;
    }

    void read_info(BcfCursor& in, std::size_t fields, Site& site) {
        for (std::size_t f = 0; f < fields; ++f) {
            const std::size_t key = in.index();
            const BcfValue v = in.value();
            const auto wanted = std::find(info_index_.begin(), info_index_.end(), key);
            if (wanted != info_index_.end())
                set_info(site, static_cast<std::size_t>(wanted - info_index_.begin()),
                         info_text(v));
        }
    }

    void read_calls(const Site& site, GenotypeRecord& out) override {
        BcfCursor in(individual_);
        std::array<std::optional<BcfValue>, 3> found; // GT, DS, GP
        depths_.reset();
        for (std::size_t f = 0; f < formats_; ++f) {
            const std::size_t key = in.index();
            const BcfValue v = in.value(samples());
            for (std::size_t k = 0; k < found.size(); ++k)
                if (key == format_index_[k] && !found[k]) found[k] = v;
            if (key == depths_index_ && !depths_) depths_ = v;
        }
        const auto place = [&](int k) { return found[static_cast<std::size_t>(k)] ? k : -1; };
        const FormatLayout layout = choose_format_(place(0), place(1), place(2));
        const std::size_t alleles = site.alts.size() + 1;
        if (layout.dosage < 0 && layout.gt >= 0) {
            const BcfValue& v = *found[0];
            if (v.type == BcfType::int8 && v.count == 2 && alleles == 2) {
                SimpleRows rows = simple_rows(out);
                if (read_simple_bcf_calls(v.bytes, samples(), rows)) {
                    take_simple_rows(rows, out);
                    return;
                }
                out.phase.clear();
            }
            take_gt(v, alleles);
            pack_rows(out);
            return;
        }
        if (layout.gt >= 0)
            take_gt(*found[0], alleles);
        else
            calls_.set_missing();
        if (layout.empty()) ++counters_.without_genotypes;
        dosages_.begin(layout.probabilities, alleles, samples());
        if (layout.dosage >= 0) take_dosages(*found[static_cast<std::size_t>(layout.dosage)]);
        pack_dosages(out);
    }

    void read_depths(GenotypeRecord& out) override {
        if (!depths_ || depths_->type == BcfType::none) return;
        const BcfValue& v = *depths_;
        if (v.type > BcfType::int32)
            throw RecordDefect{"AD is not of a whole-number type",
                               "the header must declare it with Type=Integer"};
        const std::int64_t none = missing_of(v.type), end = none + 1;
        std::vector<std::int64_t> values(v.count);
        for (std::size_t i = 0; i < samples(); ++i) {
            std::size_t count = 0;
            for (; count < v.count; ++count) {
                const std::int64_t n = BcfCursor::integer(v, i * v.count + count);
                if (n == end) break;
                if (n < 0 && n != none)
                    throw RecordDefect{"an AD value is not a number of reads",
                                       "it must not be negative"};
                values[count] = n == none ? no_depth : n;
            }
            take_depths(i, std::span(values).first(count), out);
        }
    }

    void take_gt(const BcfValue& v, std::size_t alleles) {
        if (v.type == BcfType::int8)
            take_calls<std::int8_t>(v, alleles);
        else if (v.type == BcfType::int16)
            take_calls<std::int16_t>(v, alleles);
        else if (v.type == BcfType::int32)
            take_calls<std::int32_t>(v, alleles);
        else
            throw RecordDefect{"GT is not of a whole-number type", "the record is damaged"};
    }

    void take_dosages(const BcfValue& v) {
        if (v.type == BcfType::character || v.type == BcfType::none)
            throw RecordDefect{"DS or GP is not of a number type",
                               "the header must declare it with Type=Float"};
        std::vector<double> numbers;
        for (std::size_t i = 0; i < samples(); ++i) {
            numbers.clear();
            for (std::size_t k = 0; k < v.count; ++k) {
                const std::optional<double> number = number_at(v, i * v.count + k);
                if (!number) break;
                numbers.push_back(*number);
            }
            // A sample without values is written as one missing value and the end of the vector.
            const bool none =
                std::all_of(numbers.begin(), numbers.end(), [](double x) { return std::isnan(x); });
            if (!none) dosages_.take(i, numbers, calls_.second[i] == AlleleCalls::no_allele);
        }
    }

    /// Integer code of an allele: (allele + 1) << 1 | phased; 0 or 1 is missing, the smallest + 1
    /// ends the call.
    template <class T>
    void take_calls(const BcfValue& v, std::size_t alleles) {
        constexpr T end_of_call = std::numeric_limits<T>::min() + 1;
        const auto allele = [&](std::size_t i) -> std::uint16_t {
            const auto code = BcfCursor::load<T>(v, i);
            if (code == end_of_call) return AlleleCalls::no_allele;
            if (code == 0 || code == 1) return AlleleCalls::missing_allele;
            const std::int64_t index = (static_cast<std::int64_t>(code) >> 1) - 1;
            if (index < 0 || index >= static_cast<std::int64_t>(alleles))
                throw RecordDefect{"a GT value names an allele that the site does not have",
                                   "the record is damaged"};
            return static_cast<std::uint16_t>(index);
        };
        if (v.count == 0) throw RecordDefect{"GT is empty", "a call has one or two alleles"};
        for (std::size_t i = 0; i < samples(); ++i) {
            calls_.first[i] = allele(i * v.count);
            calls_.second[i] = v.count == 1 ? AlleleCalls::no_allele : allele(i * v.count + 1);
            calls_.phased[i] =
                v.count > 1 ? BcfCursor::load<T>(v, i * v.count + 1) & std::uint8_t{1} : 0;
            if (calls_.first[i] == AlleleCalls::no_allele)
                throw RecordDefect{"a GT value is empty", "a call has one or two alleles"};
            for (std::size_t k = 2; k < v.count; ++k)
                if (allele(i * v.count + k) != AlleleCalls::no_allele)
                    throw RecordDefect{std::string(explain(GtError::polyploid)),
                                       std::string(rule_of(GtError::polyploid))};
        }
    }

    std::unique_ptr<RecordStream> stream_;
    const VcfHeader& header_;
    std::vector<std::size_t> info_index_;
    std::array<std::size_t, 3> format_index_{}; // of GT, DS, GP in the header
    std::size_t depths_index_ = SIZE_MAX;       // of AD in the header, if it is read
    std::optional<BcfValue> depths_;            // AD of the current record
    std::uint64_t record_bytes_ = 0;
    std::string_view shared_, individual_;
    std::size_t formats_ = 0;
    std::string filter_;
};

std::string_view need(RecordStream& stream, std::size_t bytes) {
    while (stream.unread().size() < bytes)
        if (!stream.more())
            throw DataError({.what = "the file ends inside the header",
                             .where = stream.path().string(),
                             .why = "the file is cut",
                             .help = "make the file again"});
    return stream.unread().substr(0, bytes);
}

} // namespace

BcfFile::BcfFile(const std::filesystem::path& path) : GenotypeFile(path) {
    if (container_of(path) != Container::bgzf)
        throw DataError({.what = "the BCF file is not compressed",
                         .where = path.string(),
                         .why = "without BGZF it has no checksums",
                         .help = "convert it: bcftools view -Ob"});
    const auto stream = open_stream(path);
    const std::string_view magic = need(*stream, 9);
    if (!magic.starts_with("BCF\2") || (magic[4] != 1 && magic[4] != 2))
        throw DataError({.what = "this is not a BCF 2.1 or 2.2 file",
                         .where = path.string(),
                         .why = {},
                         .help = "convert it with bcftools view -Ob"});
    std::uint32_t length = 0;
    std::memcpy(&length, magic.data() + 5, 4);
    std::string header(need(*stream, 9 + std::size_t{length}).substr(9));
    stream->consume(9 + std::size_t{length});
    if (stream->unread().empty()) stream->more();
    first_record_ = stream->place();
    header.resize(std::min(header.find('\0'), header.size()));
    VcfHeaderParser parser(path);
    bool complete = false;
    for (std::string_view line : split(header, '\n')) {
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (!complete && !line.empty()) complete = parser.add(line);
    }
    if (!complete)
        throw DataError({.what = "the header has no #CHROM line",
                         .where = path.string(),
                         .why = "the file is damaged",
                         .help = "make the file again"});
    header_ = parser.take();
    samples_.id = std::exchange(header_.samples, {});
    samples_.sex.assign(samples_.id.size(), Sex::unknown);
    bytes_ = std::filesystem::file_size(path);
}

std::uint64_t BcfFile::records() const {
    const auto index = find_index(path_);
    return index ? read_index(*index).records : 0;
}

bool BcfFile::may_have_dosages(const ReadOptions& options) const {
    return declares_dosages(header_, options);
}

bool BcfFile::divisible() const { return find_index(path_).has_value(); }

std::vector<FileRange> BcfFile::ranges(std::uint64_t target, const ReadOptions& options) const {
    const auto index = find_index(path_);
    if (!index) return {{first_record_, end_of_file}};
    HtsIndex read = read_index(*index);
    for (std::size_t r = 0; r < read.references.size() && r < header_.contigs.size(); ++r)
        if (read.references[r].name.empty()) read.references[r].name = header_.contigs[r];
    return cut_ranges(read, {first_record_, end_of_file}, bytes_, target, options.regions);
}

std::unique_ptr<GenotypeReader> BcfFile::read(FileRange range, const ReadOptions& options,
                                              std::span<const Sex> sex) const {
    return std::make_unique<BcfReader>(open_stream(path_, range), header_, options, sex);
}

std::vector<Problem> BcfFile::problems(const ReadOptions& options) const {
    return info_problems(header_, options, path_);
}

} // namespace salus
