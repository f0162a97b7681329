#pragma once

#include "genotype/genotype_source.hpp"
#include "genotype/packed.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace salus {

/// One variant with one ALT allele as PgenEncoder takes it. Either form of the calls.
struct PgenInput {
    std::span<const std::uint8_t> row = {};     // 2-bit row with zero unused bits; or empty:
    std::span<const Carrier> carriers = {};     // all calls that are not hom_ref, ascending
    std::span<const SampleDosage> dosages = {}; // that differ from the calls, ascending
    std::span<const Carrier> phased = {};       // phased heterozygous calls: sample and Phase
};

/// Encodes variants as records of a .pgen file, each in the smallest form of: row, one bit, list
/// around the most common category, list of differences from an earlier record. Dosages are stored
/// as a list or with an array of bits, phase for all heterozygous calls or with an array of bits.
/// A carrier list costs O(carriers), a row O(samples / 4) bytes a few times over.
class PgenEncoder {
public:
    explicit PgenEncoder(std::size_t samples);
    /// Goes to a record of the file from which on nothing refers to what came before.
    void start(std::uint64_t record) noexcept;
    /// Appends the next record to `out`; returns its type.
    std::uint8_t append(const PgenInput& input, std::string& out);

private:
    struct List {
        std::vector<std::uint32_t> samples;
        std::vector<std::uint8_t> values;
        void clear() {
            samples.clear();
            values.clear();
        }
    };
    std::uint8_t append_carriers(std::span<const Carrier> carriers, std::string& out);
    std::uint8_t append_row(std::span<const std::uint8_t> row, std::string& out);
    std::uint8_t smallest_alone(std::span<const std::uint8_t> row);
    bool refer_to_base(std::span<const std::uint8_t> row, bool inverted);
    void append_list(const List& list, bool with_values, std::string& out) const;
    void append_phase(const PgenInput& input, std::string& out);
    std::uint8_t append_dosages(std::span<const SampleDosage> dosages, std::string& out);

    std::size_t samples_;
    std::uint64_t record_ = 0;
    bool has_base_ = false; // base_ holds the calls of the last record that stands alone
    std::vector<std::uint8_t> base_, inverted_;
    List list_;
    std::string best_, trial_;
};

/// Makes the head and index of a .pgen file of mode 10 in two passes over its records, without
/// holding more of them than a block of 65,536.
class PgenIndexWriter {
public:
    explicit PgenIndexWriter(std::size_t samples) : samples_(samples) {}
    /// First pass, in order. `lengths`: bytes of each record.
    void count(std::span<const std::uint8_t> types, std::span<const std::uint32_t> lengths);
    /// After the first pass: the file up to its index. DataError if it has more variants than the
    /// format can hold.
    std::string head() const;
    /// Second pass, in order: appends what of the index is complete; `finish` the rest.
    void index(std::span<const std::uint8_t> types, std::span<const std::uint32_t> lengths,
               std::string& out);
    void finish(std::string& out);

private:
    std::uint64_t index_bytes(std::uint64_t records) const noexcept;
    unsigned type_bits() const noexcept { return largest_type_ < 16 ? 4 : 8; }
    unsigned length_bytes() const noexcept;

    std::size_t samples_;
    std::uint64_t records_ = 0;
    std::uint8_t largest_type_ = 0;
    std::uint32_t longest_ = 0;
    std::vector<std::uint64_t> block_bytes_;
    std::vector<std::uint8_t> types_; // of the block that is not complete
    std::vector<std::uint32_t> lengths_;
};

/// Text of a .psam file: #IID and SEX. DataError if a name holds a blank.
std::string psam_text(const SampleTable& samples);
/// Text of a .fam file with family 0 and no parents. The same.
std::string fam_text(const SampleTable& samples);

} // namespace salus
