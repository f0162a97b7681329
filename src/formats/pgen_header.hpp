#pragma once

#include "base/file.hpp"
#include "formats/pgen_record.hpp"

#include <cstdint>
#include <filesystem>
#include <vector>

namespace salus {

/// The head of a .pgen file: storage mode, sizes, and where blocks of 65,536 records begin.
/// DataError with byte offset for everything that the format does not allow.
class PgenHeader {
public:
    static constexpr std::uint64_t block_records = 65536;

    /// \param variants, samples  of the side files; the file must agree with them. A file in PLINK
    /// 1 form (mode 01) holds neither number.
    PgenHeader(const InputFile& file, std::uint64_t variants, std::uint64_t samples);

    /// Whether rows are in PLINK 1 code (mode 01).
    bool plink1() const noexcept { return mode_ == 1; }
    std::uint64_t variants() const noexcept { return variants_; }

    /// Types and places of the records of one block.
    struct Block {
        std::uint64_t first = 0;            // number of its first record
        std::vector<std::uint8_t> types;    // [record]
        std::vector<std::uint64_t> offsets; // [record + 1], bytes of the file
        std::vector<std::uint32_t> alleles; // [record], empty if the file does not say
    };
    /// Reads the index of block `number`: at most 13 bytes a record, whatever the size of the file.
    Block block(const InputFile& file, std::uint64_t number) const;

private:
    void read_sizes(const InputFile& file, std::uint64_t variants, std::uint64_t samples);
    void read_layout(std::uint8_t format);
    void read_block_places(const InputFile& file);
    Block fixed_block(std::uint64_t first, std::uint64_t count) const;
    std::uint64_t index_bytes(std::uint64_t records) const noexcept;

    std::uint8_t mode_ = 0;
    std::uint64_t variants_ = 0, samples_ = 0;
    std::uint64_t first_byte_ = 0, record_bytes_ = 0;              // fixed width
    unsigned type_bits_ = 8, length_bytes_ = 4, allele_bytes_ = 0; // variable width
    bool ref_flags_ = false;
    std::uint64_t index_begin_ = 0;
    std::vector<std::uint64_t> block_places_; // and the end of the file
    std::filesystem::path path_;
};

} // namespace salus
