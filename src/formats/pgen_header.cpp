#include "formats/pgen_header.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace salus {
namespace {

constexpr std::uint64_t fixed_head_bytes = 12;

std::uint64_t little_endian(std::span<const std::uint8_t> bytes) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

[[noreturn]] void
throw_bad_head(const std::filesystem::path& path, std::uint64_t byte, std::string what,
               std::string why,
               std::string help = "copy the file set again, or make it anew with plink2 "
                                  "--make-pgen") {
    throw DataError({.what = std::move(what),
                     .where = text(path.string(), ", at byte ", byte),
                     .why = std::move(why),
                     .help = std::move(help)});
}

std::vector<std::uint8_t> head_bytes_at(const InputFile& file, std::uint64_t offset,
                                        std::uint64_t bytes) {
    if (offset > file.size() || bytes > file.size() - offset)
        throw_bad_head(file.path(), file.size(), "the .pgen file is cut",
                       text("its head needs ", bytes, " bytes from byte ", offset, " on"));
    std::vector<std::uint8_t> out(bytes);
    file.read_at(offset, std::as_writable_bytes(std::span(out)));
    return out;
}

} // namespace

PgenHeader::PgenHeader(const InputFile& file, std::uint64_t variants, std::uint64_t samples)
    : path_(file.path()) {
    const auto magic = head_bytes_at(file, 0, 3);
    if (magic[0] != 0x6C || magic[1] != 0x1B)
        throw_bad_head(path_, 0, "this is not a .pgen file", "it must begin with the bytes 6C 1B",
                       "check that this is the right file");
    mode_ = magic[2];
    const bool fixed = mode_ >= 1 && mode_ <= 4;
    if (!fixed && mode_ != 0x10)
        throw_bad_head(
            path_, 2, text("the .pgen file is of storage mode ", int{mode_}),
            "modes 1 to 4 and 16 are read; others are reserved by the format, or keep the index "
            "in a file of its own",
            "write it anew with plink2 --make-pgen");
    read_sizes(file, variants, samples);
    if (fixed) {
        constexpr std::array<std::uint64_t, 5> sample_bytes{0, 0, 0, 2, 4};
        record_bytes_ = packed_bytes(samples_) + samples_ * sample_bytes[mode_];
        const std::uint64_t size = first_byte_ + variants_ * record_bytes_;
        if (file.size() != size)
            throw_bad_head(path_, std::min(size, file.size()),
                           text("the .pgen file has ", file.size(), " bytes instead of ", size),
                           text(variants_, " records of ", record_bytes_, " bytes follow ",
                                first_byte_, " bytes of head"));
    } else {
        read_block_places(file);
    }
}

void PgenHeader::read_sizes(const InputFile& file, std::uint64_t variants, std::uint64_t samples) {
    variants_ = variants;
    samples_ = samples;
    first_byte_ = 3;
    if (plink1()) return;
    const auto bytes = head_bytes_at(file, 0, fixed_head_bytes);
    const auto stated_variants = little_endian(std::span(bytes).subspan(3, 4));
    const auto stated_samples = little_endian(std::span(bytes).subspan(7, 4));
    const auto disagree = [&](std::uint64_t byte, std::uint64_t stated, std::uint64_t listed,
                              std::string_view what) {
        if (stated != listed)
            throw_bad_head(
                path_, byte,
                text("the .pgen file holds ", stated, " ", what, " instead of ", listed),
                text("its side file lists ", listed, ": the files do not belong together"));
    };
    disagree(3, stated_variants, variants, "variants");
    disagree(7, stated_samples, samples, "samples");
    read_layout(bytes[11]);
    first_byte_ = fixed_head_bytes + (ref_flags_ ? (variants_ + 7) / 8 : 0);
}

void PgenHeader::read_layout(std::uint8_t format) {
    const unsigned index = format & 15;
    if (index > 7 || (mode_ != 0x10 && (format & 0x3F) != 0))
        throw_bad_head(path_, 11, "the .pgen file describes its index in an unknown way",
                       text("the byte is ", int{format},
                            "; its lowest four bits are 0 to 7, and 0 in files "
                            "of fixed width"));
    type_bits_ = index < 4 ? 4 : 8;
    length_bytes_ = 1 + index % 4;
    allele_bytes_ = format >> 4 & 3;
    ref_flags_ = format >> 6 == 3;
}

std::uint64_t PgenHeader::index_bytes(std::uint64_t records) const noexcept {
    return (records * type_bits_ + 7) / 8 + records * (length_bytes_ + allele_bytes_) +
           (ref_flags_ ? (records + 7) / 8 : 0);
}

void PgenHeader::read_block_places(const InputFile& file) {
    const std::uint64_t blocks = (variants_ + block_records - 1) / block_records;
    const auto bytes = head_bytes_at(file, fixed_head_bytes, 8 * blocks);
    index_begin_ = fixed_head_bytes + 8 * blocks;
    std::uint64_t least = index_begin_;
    for (std::uint64_t left = variants_; left > 0; left -= std::min(left, block_records))
        least += index_bytes(std::min(left, block_records));
    for (std::uint64_t b = 0; b < blocks; ++b) {
        const std::uint64_t place = little_endian(std::span(bytes).subspan(8 * b, 8));
        if ((b == 0 && place != least) || place < least || place > file.size())
            throw_bad_head(path_, fixed_head_bytes + 8 * b,
                           "a block of records is said to begin at a wrong place",
                           text("block ", b, " cannot begin at byte ", place));
        block_places_.push_back(place);
        least = place;
    }
    if (blocks == 0 && file.size() != least)
        throw_bad_head(path_, least, "bytes follow the head of a file without variants",
                       "it must end here");
    block_places_.push_back(file.size());
}

PgenHeader::Block PgenHeader::fixed_block(std::uint64_t first, std::uint64_t count) const {
    constexpr std::array<std::uint8_t, 5> types{0, 0, 0, pgen_dosage_row,
                                                pgen_dosage_row | pgen_dosage_phase};
    Block out{.first = first,
              .types = std::vector<std::uint8_t>(count, types[mode_]),
              .offsets = {},
              .alleles = {}};
    for (std::uint64_t r = 0; r <= count; ++r)
        out.offsets.push_back(first_byte_ + (first + r) * record_bytes_);
    return out;
}

PgenHeader::Block PgenHeader::block(const InputFile& file, std::uint64_t number) const {
    const std::uint64_t first = number * block_records;
    const std::uint64_t count = std::min(block_records, variants_ - first);
    if (mode_ != 0x10) return fixed_block(first, count);
    const std::uint64_t place = index_begin_ + number * index_bytes(block_records);
    const auto bytes = head_bytes_at(file, place, index_bytes(count));
    Block out{.first = first, .types = {}, .offsets = {block_places_[number]}, .alleles = {}};
    const std::uint64_t lengths = (count * type_bits_ + 7) / 8;
    const std::uint64_t alleles = lengths + count * length_bytes_;
    if (type_bits_ == 4 && count % 2 == 1 && bytes[count / 2] >> 4 != 0)
        throw_bad_head(path_, place + count / 2, "unused bits of the index are set",
                       "they must be zero");
    for (std::uint64_t r = 0; r < count; ++r) {
        out.types.push_back(type_bits_ == 8
                                ? bytes[r]
                                : static_cast<std::uint8_t>(bytes[r / 2] >> (4 * (r % 2)) & 15));
        const auto field = [&](std::uint64_t begin, unsigned width) {
            return little_endian(std::span(bytes).subspan(begin + r * width, width));
        };
        out.offsets.push_back(out.offsets.back() + field(lengths, length_bytes_));
        if (allele_bytes_ > 0)
            out.alleles.push_back(static_cast<std::uint32_t>(field(alleles, allele_bytes_)));
    }
    if (out.offsets.back() != block_places_[number + 1])
        throw_bad_head(path_, place + lengths, "the lengths of the records do not add up",
                       text("the ", count, " records from record ", first + 1, " on end at byte ",
                            out.offsets.back(), ", and what follows them begins at byte ",
                            block_places_[number + 1]));
    if (is_pgen_ld(out.types.front()))
        throw_bad_head(path_, place, "the first record of a block refers to an earlier one",
                       "blocks of 65,536 records stand alone");
    return out;
}

} // namespace salus
