#include "formats/bgen_layout.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace salus {
namespace {

constexpr std::size_t fixed_header = 24; // offset, length, records, samples, mark, flags
constexpr std::uint32_t longest_allele = std::uint32_t{1} << 24;

template <class T>
T load(const std::uint8_t* bytes) noexcept { // BGEN is little-endian
    T value = 0;
    for (std::size_t i = 0; i < sizeof value; ++i)
        value = static_cast<T>(value | static_cast<T>(T{bytes[i]} << (8 * i)));
    return value;
}

[[noreturn]] void throw_bad_record(const InputFile& file, std::uint64_t place, std::string what,
                                   std::string why) {
    throw DataError({.what = std::move(what),
                     .where = text(file.path().string(), ", at byte ", place),
                     .why = std::move(why),
                     .help = "copy or make the file again"});
}

/// Goes through the fields of a record; never beyond its limit.
class Cursor {
public:
    Cursor(FileWindow& window, std::uint64_t begin, std::uint64_t limit)
        : window_(window), begin_(begin), place_(begin), limit_(limit) {}
    std::uint64_t place() const noexcept { return place_; }
    void skip(std::uint64_t bytes) {
        if (bytes > limit_ - place_)
            throw_bad_record(window_.file(), begin_, "the record reaches beyond its end",
                             "the file is cut or damaged, or its index does not belong to it");
        place_ += bytes;
    }
    template <class T>
    T number() {
        const std::uint64_t from = place_;
        skip(sizeof(T));
        return load<T>(window_.at(from, sizeof(T)).data());
    }
    void string(std::size_t length, std::string& out) {
        const std::uint64_t from = place_;
        skip(length);
        const auto bytes = window_.at(from, length);
        out.assign(bytes.begin(), bytes.end());
    }

private:
    FileWindow& window_;
    std::uint64_t begin_, place_, limit_;
};

void read_sample_ids(const InputFile& file, std::uint64_t begin, BgenHeader& header) {
    const auto damaged = [&](std::string what) {
        throw_bad_record(file, begin, std::move(what), "the block of sample names is damaged");
    };
    if (begin + 8 > header.first_record) damaged("there is no room for the sample names");
    std::array<std::uint8_t, 8> head{};
    file.read_at(begin, std::as_writable_bytes(std::span(head)));
    const auto length = load<std::uint32_t>(head.data());
    if (length < 8 || length > header.first_record - begin)
        damaged("the sample names reach into the records");
    if (load<std::uint32_t>(head.data() + 4) != header.samples)
        damaged("the number of sample names is not the number of samples");
    std::vector<std::uint8_t> block(length - 8);
    file.read_at(begin + 8, std::as_writable_bytes(std::span(block)));
    if (header.samples > block.size() / 2) damaged("the sample names are cut");
    header.sample_ids.reserve(header.samples);
    std::size_t at = 0;
    for (std::uint32_t i = 0; i < header.samples; ++i) {
        if (block.size() - at < 2) damaged("the sample names are cut");
        const std::size_t bytes = load<std::uint16_t>(block.data() + at);
        at += 2;
        if (block.size() - at < bytes) damaged("the sample names are cut");
        header.sample_ids.emplace_back(block.begin() + static_cast<std::ptrdiff_t>(at),
                                       block.begin() + static_cast<std::ptrdiff_t>(at + bytes));
        at += bytes;
    }
    if (at != block.size()) damaged("bytes follow the last sample name");
}

void read_alleles(Cursor& in, const FileWindow& window, std::size_t count, BgenRecord& out) {
    out.alleles.resize(count);
    for (std::string& allele : out.alleles) {
        const auto length = in.number<std::uint32_t>();
        if (length > longest_allele)
            throw_bad_record(window.file(), out.begin, "an allele is longer than 16 MiB",
                             "the record is damaged");
        in.string(length, allele);
    }
}

/// Finds the packed genotypes that follow.
void read_data_place(Cursor& in, const FileWindow& window, const BgenHeader& header,
                     BgenRecord& out) {
    const bool packed = header.packing != BgenPacking::none;
    const std::uint64_t plain = std::uint64_t{6} * header.samples;
    if (header.layout == 1) {
        if (plain > UINT32_MAX)
            throw_bad_record(window.file(), out.begin, "there are too many samples for BGEN 1.1",
                             "the header is damaged");
        out.unpacked_bytes = static_cast<std::uint32_t>(plain);
        out.data_bytes = packed ? in.number<std::uint32_t>() : out.unpacked_bytes;
    } else {
        out.data_bytes = in.number<std::uint32_t>();
        out.unpacked_bytes = out.data_bytes;
        if (packed) {
            if (out.data_bytes < 4)
                throw_bad_record(window.file(), out.begin, "the genotypes have no length",
                                 "the record is damaged");
            out.unpacked_bytes = in.number<std::uint32_t>();
            out.data_bytes -= 4;
        }
    }
    out.data = in.place();
    in.skip(out.data_bytes);
    out.end = in.place();
}

} // namespace

std::span<const std::uint8_t> FileWindow::at(std::uint64_t place, std::size_t length) {
    if (place < begin_ || place + length > begin_ + size_) {
        SALUS_ASSERT(place + length <= file_.size());
        const std::uint64_t rest = file_.size() - place;
        const auto wanted = static_cast<std::size_t>(
            std::min<std::uint64_t>(rest, std::max<std::size_t>(length, chunk_)));
        if (bytes_.size() < wanted) bytes_.resize(wanted);
        // What is there already need not be read again.
        std::size_t kept = 0;
        if (place >= begin_ && place < begin_ + size_) {
            kept = static_cast<std::size_t>(begin_ + size_ - place);
            std::memmove(bytes_.data(), bytes_.data() + (place - begin_), kept);
        }
        begin_ = place;
        size_ = wanted;
        file_.read_at(place + kept,
                      std::as_writable_bytes(std::span(bytes_).subspan(kept, wanted - kept)));
    }
    return std::span(bytes_).subspan(static_cast<std::size_t>(place - begin_), length);
}

bool looks_like_bgen(const InputFile& file) {
    if (file.size() < fixed_header) return false;
    std::array<std::uint8_t, fixed_header> head{};
    file.read_at(0, std::as_writable_bytes(std::span(head)));
    if (std::memcmp(head.data() + 16, "bgen", 4) == 0) return true;
    const auto offset = load<std::uint32_t>(head.data()), length = load<std::uint32_t>(&head[4]);
    return load<std::uint32_t>(&head[16]) == 0 && length >= 20 && length <= offset &&
           std::uint64_t{offset} + 4 <= file.size();
}

BgenHeader read_bgen_header(const InputFile& file) {
    if (!looks_like_bgen(file))
        throw_bad_record(file, 0, "this is not a BGEN file",
                         "the mark \"bgen\" is missing from byte 16");
    std::array<std::uint8_t, 20> head{};
    file.read_at(0, std::as_writable_bytes(std::span(head)));
    BgenHeader header;
    header.first_record = std::uint64_t{load<std::uint32_t>(head.data())} + 4;
    const std::uint64_t header_end = std::uint64_t{load<std::uint32_t>(&head[4])} + 4;
    header.records = load<std::uint32_t>(&head[8]);
    header.samples = load<std::uint32_t>(&head[12]);
    if (header_end < fixed_header || header_end > header.first_record)
        throw_bad_record(file, 4, "the length of the header is wrong", "the header is damaged");
    if (header.first_record > file.size())
        throw_bad_record(file, 0, "the records begin beyond the end of the file",
                         "the file is cut, or the header is damaged");
    std::array<std::uint8_t, 4> bytes{};
    file.read_at(header_end - 4, std::as_writable_bytes(std::span(bytes)));
    const auto flags = load<std::uint32_t>(bytes.data());
    header.layout = flags >> 2 & 15;
    const unsigned packing = flags & 3;
    const bool known = (header.layout == 1 && packing <= 1) || (header.layout == 2 && packing <= 2);
    if (!known)
        throw_bad_record(
            file, header_end - 4,
            text("the file has layout ", header.layout, " with packing ", packing),
            "layouts 1 (BGEN 1.1) and 2 (BGEN 1.2 and 1.3) are read, not packed, or packed by "
            "zlib or, in layout 2, by zstd");
    header.packing = static_cast<BgenPacking>(packing);
    if (flags >> 31 == 1) read_sample_ids(file, header_end, header);
    return header;
}

void read_bgen_record(FileWindow& window, const BgenHeader& header, std::uint64_t begin,
                      std::uint64_t limit, BgenAlleles alleles, BgenRecord& out) {
    Cursor in(window, begin, limit);
    out.begin = begin;
    if (header.layout == 1 && in.number<std::uint32_t>() != header.samples)
        throw_bad_record(window.file(), begin,
                         "the record has another number of samples than the header",
                         "every record holds all samples");
    in.string(in.number<std::uint16_t>(), out.id);
    in.string(in.number<std::uint16_t>(), out.rsid);
    in.string(in.number<std::uint16_t>(), out.chromosome);
    out.position = in.number<std::uint32_t>();
    const std::size_t count = header.layout == 1 ? 2 : in.number<std::uint16_t>();
    out.alleles.clear();
    if (alleles == BgenAlleles::read)
        read_alleles(in, window, count, out);
    else
        for (std::size_t a = 0; a < count; ++a)
            in.skip(in.number<std::uint32_t>());
    read_data_place(in, window, header, out);
}

} // namespace salus
