#include "formats/pgen_writer.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/pgen_cursor.hpp"
#include "formats/pgen_header.hpp"
#include "formats/pgen_record.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace salus {
namespace {

constexpr std::uint64_t every_call = 0x5555555555555555; // lower bit of 32 calls
constexpr std::uint64_t block_of(std::uint64_t record) {
    return record / PgenHeader::block_records;
}

/// plink2 takes lists of calls shorter than 1/8 of the samples, and behind bits shorter than 1/16.
/// For dosages 1/16 is below its limit; there, an array of bits is as small.
constexpr std::size_t longest_list(std::size_t samples) {
    return std::max<std::size_t>(1, samples / 8) - 1;
}
constexpr std::size_t longest_short_list(std::size_t samples) {
    return std::max<std::size_t>(1, samples / 16) - 1;
}

/// 32 calls of a row, zero beyond its end.
std::uint64_t word_of(std::span<const std::uint8_t> row, std::size_t word) noexcept {
    std::uint64_t value = 0;
    std::memcpy(&value, row.data() + 8 * word, std::min<std::size_t>(8, row.size() - 8 * word));
    return value;
}
/// Lower bits of the calls that are there.
std::uint64_t present(std::size_t samples, std::size_t word) noexcept {
    const std::size_t left = samples - 32 * word;
    return left >= 32 ? every_call : every_call & ((std::uint64_t{1} << 2 * left) - 1);
}
std::uint64_t differing(std::uint64_t a, std::uint64_t b) noexcept {
    const std::uint64_t x = a ^ b;
    return (x | x >> 1) & every_call;
}

std::array<std::size_t, 4> count_categories(std::span<const std::uint8_t> row,
                                            std::size_t samples) noexcept {
    std::array<std::size_t, 4> n{};
    for (std::size_t w = 0; 32 * w < samples; ++w) {
        const std::uint64_t calls = word_of(row, w), low = calls & every_call,
                            high = calls >> 1 & every_call;
        n[1] += static_cast<std::size_t>(std::popcount(low & ~high));
        n[2] += static_cast<std::size_t>(std::popcount(high & ~low));
        n[3] += static_cast<std::size_t>(std::popcount(low & high));
    }
    n[0] = samples - n[1] - n[2] - n[3];
    return n;
}

void append_varint(std::uint32_t value, std::string& out) {
    for (; value >= 0x80; value >>= 7)
        out += static_cast<char>(value | 0x80);
    out += static_cast<char>(value);
}

void append_number(std::uint64_t value, unsigned bytes, std::string& out) {
    for (unsigned i = 0; i < bytes; ++i)
        out += static_cast<char>(value >> 8 * i & 0xFF);
}

/// Bits one after the other, the first in the lowest bit of a byte.
class BitWriter {
public:
    explicit BitWriter(std::string& out) : out_(out) {}
    void add(bool bit) {
        if (used_ % 8 == 0) out_ += '\0';
        if (bit)
            out_.back() =
                static_cast<char>(static_cast<unsigned char>(out_.back()) | 1U << used_ % 8);
        ++used_;
    }

private:
    std::string& out_;
    std::size_t used_ = 0;
};

} // namespace

PgenEncoder::PgenEncoder(std::size_t samples)
    : samples_(samples), base_(packed_bytes(samples)), inverted_(packed_bytes(samples)) {}

void PgenEncoder::start(std::uint64_t record) noexcept {
    record_ = record;
    has_base_ = false;
}

std::uint8_t PgenEncoder::append(const PgenInput& input, std::string& out) {
    if (record_ % PgenHeader::block_records == 0) has_base_ = false;
    ++record_;
    const bool dense = !input.row.empty();
    unsigned type = dense ? append_row(input.row, out) : append_carriers(input.carriers, out);
    if (!input.phased.empty()) {
        append_phase(input, out);
        type |= pgen_phased;
    }
    if (!input.dosages.empty()) type |= append_dosages(input.dosages, out);
    return static_cast<std::uint8_t>(type);
}

std::uint8_t PgenEncoder::append_carriers(std::span<const Carrier> carriers, std::string& out) {
    if (carriers.size() > longest_list(samples_)) {
        std::vector<std::uint8_t> row(packed_bytes(samples_));
        for (const Carrier carrier : carriers)
            packed_set(row, carrier_sample(carrier), carrier_call(carrier));
        return append_row(row, out);
    }
    has_base_ = false; // what follows could only refer to this one, which is not kept as a row
    list_.clear();
    for (const Carrier carrier : carriers) {
        list_.samples.push_back(static_cast<std::uint32_t>(carrier_sample(carrier)));
        list_.values.push_back(carrier_call(carrier));
    }
    append_list(list_, true, out);
    return pgen_around;
}

std::uint8_t PgenEncoder::append_row(std::span<const std::uint8_t> row, std::string& out) {
    std::uint8_t type = smallest_alone(row);
    if (has_base_) {
        if (refer_to_base(row, false)) type = pgen_ld;
        if (refer_to_base(row, true)) type = pgen_ld_inverted;
    }
    if (!is_pgen_ld(type)) {
        has_base_ = true;
        std::copy(row.begin(), row.end(), base_.begin());
        for (std::size_t i = 0; i < row.size(); ++i) // 0 <-> 2; 1 and 3 stay
            inverted_[i] = static_cast<std::uint8_t>(row[i] ^ (~row[i] & 0x55) << 1);
        if (samples_ % 4 != 0)
            inverted_.back() =
                static_cast<std::uint8_t>(inverted_.back() & ((1U << 2 * (samples_ % 4)) - 1));
    }
    out += best_;
    return type;
}

/// The smallest form that refers to no other record, in best_.
std::uint8_t PgenEncoder::smallest_alone(std::span<const std::uint8_t> row) {
    const auto n = count_categories(row, samples_);
    std::array<std::uint8_t, 4> by_count{0, 1, 2, 3};
    std::stable_sort(by_count.begin(), by_count.end(), [&](auto a, auto b) { return n[a] > n[b]; });
    const auto list_outside = [&](std::uint8_t a, std::uint8_t b) {
        list_.clear();
        for (std::size_t w = 0; 32 * w < samples_; ++w) {
            const std::uint64_t calls = word_of(row, w);
            std::uint64_t left = differing(calls, a * every_call) &
                                 differing(calls, b * every_call) & present(samples_, w);
            for (; left != 0; left &= left - 1) {
                const auto at = static_cast<unsigned>(std::countr_zero(left));
                list_.samples.push_back(static_cast<std::uint32_t>(32 * w + at / 2));
                list_.values.push_back(static_cast<std::uint8_t>(calls >> at & 3));
            }
        }
    };
    best_.assign(reinterpret_cast<const char*>(row.data()), row.size());
    std::uint8_t type = pgen_row;
    const std::uint8_t most = by_count[0];
    if (most != het && samples_ - n[most] <= longest_list(samples_)) {
        list_outside(most, most);
        trial_.clear();
        append_list(list_, true, trial_);
        if (trial_.size() < best_.size()) {
            best_.swap(trial_);
            type = static_cast<std::uint8_t>(pgen_around + most);
        }
    }
    const std::uint8_t low = std::min(most, by_count[1]), high = std::max(most, by_count[1]);
    const std::size_t rest = samples_ - n[low] - n[high], bits = (samples_ + 7) / 8;
    if (rest > longest_short_list(samples_) || 1 + bits + rest >= best_.size()) return type;
    trial_.assign(1, static_cast<char>(low << 2 | (high - low)));
    trial_.resize(1 + bits, '\0');
    for (std::size_t w = 0; 32 * w < samples_; ++w) {
        const std::uint64_t calls = word_of(row, w);
        std::uint64_t is_high = ~differing(calls, high * every_call) & present(samples_, w);
        for (; is_high != 0; is_high &= is_high - 1) {
            const std::size_t i = 32 * w + static_cast<unsigned>(std::countr_zero(is_high)) / 2;
            trial_[1 + i / 8] =
                static_cast<char>(static_cast<unsigned char>(trial_[1 + i / 8]) | 1U << i % 8);
        }
    }
    list_outside(low, high);
    append_list(list_, true, trial_);
    if (trial_.size() >= best_.size()) return type;
    best_.swap(trial_);
    return pgen_one_bit;
}

/// Puts the differences from the last record that stands alone into best_, if they are smaller.
/// The format compares the inverted row with that record, and inverts after the list is applied.
bool PgenEncoder::refer_to_base(std::span<const std::uint8_t> row, bool inverted) {
    // The row differs from the inverted base where the inverted row differs from the base.
    const std::span<const std::uint8_t> base = inverted ? inverted_ : base_;
    const std::size_t most = std::min(longest_list(samples_), best_.size());
    std::size_t count = 0;
    for (std::size_t w = 0; 32 * w < samples_; ++w) {
        count +=
            static_cast<std::size_t>(std::popcount(differing(word_of(row, w), word_of(base, w))));
        if (count > most) return false;
    }
    list_.clear();
    for (std::size_t w = 0; 32 * w < samples_; ++w) {
        const std::uint64_t calls = word_of(row, w);
        for (std::uint64_t left = differing(calls, word_of(base, w)); left != 0; left &= left - 1) {
            const auto at = static_cast<unsigned>(std::countr_zero(left));
            const auto call = static_cast<std::uint8_t>(calls >> at & 3);
            list_.samples.push_back(static_cast<std::uint32_t>(32 * w + at / 2));
            list_.values.push_back(inverted && (call & 1) == 0 ? call ^ 2 : call);
        }
    }
    trial_.clear();
    append_list(list_, true, trial_);
    if (trial_.size() >= best_.size()) return false;
    best_.swap(trial_);
    return true;
}

void PgenEncoder::append_list(const List& list, bool with_values, std::string& out) const {
    const auto& samples = list.samples;
    append_varint(static_cast<std::uint32_t>(samples.size()), out);
    if (samples.empty()) return;
    const unsigned width = pgen_index_bytes(samples_);
    for (std::size_t i = 0; i < samples.size(); i += pgen_group)
        append_number(samples[i], width, out);
    const std::size_t groups = (samples.size() + pgen_group - 1) / pgen_group, sizes = out.size();
    out.append(groups - 1, '\0');
    if (with_values)
        for (std::size_t i = 0; i < samples.size(); i += 4) {
            unsigned four = 0;
            for (std::size_t k = i; k < std::min(i + 4, samples.size()); ++k)
                four |= static_cast<unsigned>(list.values[k]) << 2 * (k - i);
            out += static_cast<char>(four);
        }
    std::size_t begin = out.size();
    for (std::size_t i = 0; i < samples.size(); ++i) {
        if (i % pgen_group != 0) {
            append_varint(samples[i] - samples[i - 1], out);
        } else if (i > 0) {
            out[sizes + i / pgen_group - 1] = static_cast<char>(out.size() - begin - 63);
            begin = out.size();
        }
    }
}

void PgenEncoder::append_phase(const PgenInput& input, std::string& out) {
    std::vector<std::uint32_t>& hets = list_.samples;
    list_.clear();
    for (const Carrier carrier : input.carriers)
        if (carrier_call(carrier) == het)
            hets.push_back(static_cast<std::uint32_t>(carrier_sample(carrier)));
    for (std::size_t w = 0; 8 * w < input.row.size(); ++w) {
        const std::uint64_t calls = word_of(input.row, w);
        for (std::uint64_t left = calls & ~(calls >> 1) & every_call; left != 0; left &= left - 1)
            hets.push_back(static_cast<std::uint32_t>(
                32 * w + static_cast<unsigned>(std::countr_zero(left)) / 2));
    }
    // Which of them are phased; 0 where they are not.
    std::size_t at = 0, phased = 0;
    for (const std::uint32_t sample : hets) {
        while (at < input.phased.size() && carrier_sample(input.phased[at]) < sample)
            ++at;
        const bool here = at < input.phased.size() && carrier_sample(input.phased[at]) == sample;
        list_.values.push_back(here ? carrier_call(input.phased[at]) : std::uint8_t{unphased});
        phased += list_.values.back() != unphased ? 1U : 0U;
    }
    BitWriter first(out);
    first.add(phased < hets.size());
    if (phased < hets.size()) {
        for (const std::uint8_t phase : list_.values)
            first.add(phase != unphased);
        BitWriter info(out);
        for (const std::uint8_t phase : list_.values)
            if (phase != unphased) info.add(phase == alt_first);
    } else {
        for (const std::uint8_t phase : list_.values)
            first.add(phase == alt_first);
    }
}

std::uint8_t PgenEncoder::append_dosages(std::span<const SampleDosage> dosages, std::string& out) {
    list_.clear();
    std::string values;
    for (const SampleDosage& one : dosages) {
        if (one.dosage == dosage_missing) continue; // the call is all there is
        list_.samples.push_back(one.sample);
        append_number(one.dosage, 2, values);
    }
    if (list_.samples.empty()) return 0;
    const bool as_list = list_.samples.size() <= longest_short_list(samples_);
    if (as_list) {
        append_list(list_, false, out);
    } else {
        const std::size_t begin = out.size();
        out.append((samples_ + 7) / 8, '\0');
        for (const std::uint32_t i : list_.samples)
            out[begin + i / 8] =
                static_cast<char>(static_cast<unsigned char>(out[begin + i / 8]) | 1U << i % 8);
    }
    out += values;
    return as_list ? pgen_dosage_list : pgen_dosage_bits;
}

void PgenIndexWriter::count(std::span<const std::uint8_t> types,
                            std::span<const std::uint32_t> lengths) {
    SALUS_ASSERT(types.size() == lengths.size());
    for (std::size_t r = 0; r < types.size(); ++r) {
        if (records_ % PgenHeader::block_records == 0) block_bytes_.push_back(0);
        ++records_;
        block_bytes_.back() += lengths[r];
        largest_type_ = std::max(largest_type_, types[r]);
        longest_ = std::max(longest_, lengths[r]);
    }
}

unsigned PgenIndexWriter::length_bytes() const noexcept {
    return std::max(1U, (static_cast<unsigned>(std::bit_width(longest_)) + 7) / 8);
}

std::uint64_t PgenIndexWriter::index_bytes(std::uint64_t records) const noexcept {
    return (records * type_bits() + 7) / 8 + records * length_bytes();
}

std::string PgenIndexWriter::head() const {
    constexpr std::uint64_t most = 0x7FFFFFFD;
    if (records_ > most || samples_ > most)
        throw DataError({.what = text(with_thousands(records_), " variants of ",
                                      with_thousands(samples_), " samples are too many for .pgen"),
                         .where = {},
                         .why = text("the format holds ", with_thousands(most), " of each"),
                         .help = "export by chromosome, with the parameter regions"});
    std::string out("\x6C\x1B\x10", 3);
    append_number(records_, 4, out);
    append_number(samples_, 4, out);
    constexpr unsigned ref_is_certain = 1;
    append_number((type_bits() == 8 ? 4 : 0) + length_bytes() - 1 + (ref_is_certain << 6), 1, out);
    std::uint64_t place = out.size() + 8 * block_bytes_.size();
    for (std::uint64_t left = records_; left > 0; left -= std::min(left, PgenHeader::block_records))
        place += index_bytes(std::min(left, PgenHeader::block_records));
    for (const std::uint64_t bytes : block_bytes_) {
        append_number(place, 8, out);
        place += bytes;
    }
    return out;
}

void PgenIndexWriter::index(std::span<const std::uint8_t> types,
                            std::span<const std::uint32_t> lengths, std::string& out) {
    while (!types.empty()) {
        const std::size_t taken =
            std::min<std::size_t>(types.size(), PgenHeader::block_records - types_.size());
        types_.insert(types_.end(), types.begin(),
                      types.begin() + static_cast<std::ptrdiff_t>(taken));
        lengths_.insert(lengths_.end(), lengths.begin(),
                        lengths.begin() + static_cast<std::ptrdiff_t>(taken));
        types = types.subspan(taken);
        lengths = lengths.subspan(taken);
        if (types_.size() == PgenHeader::block_records) finish(out);
    }
}

void PgenIndexWriter::finish(std::string& out) {
    for (std::size_t r = 0; r < types_.size(); ++r) {
        if (type_bits() == 8 || r % 2 == 0)
            out += static_cast<char>(types_[r]);
        else
            out.back() = static_cast<char>(static_cast<unsigned char>(out.back()) | types_[r] << 4);
    }
    for (const std::uint32_t length : lengths_)
        append_number(length, length_bytes(), out);
    types_.clear();
    lengths_.clear();
}

namespace {

std::string sample_lines(const SampleTable& samples, std::string out, std::string_view before,
                         std::string_view after, std::string_view unknown) {
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const std::string& id = samples.id[i];
        if (id == "0" || id.front() == '#' || id.find_first_of(" \t") != std::string::npos)
            throw DataError(
                {.what = "a sample name cannot stand in a PLINK file",
                 .where = text("sample ", i + 1),
                 .why = "names there hold no blanks, do not begin with '#', and are not 0",
                 .help = "export BCF or VCF, or rename the samples on ingest"});
        const Sex sex = samples.sex[i];
        out += text(before, id, after,
                    sex == Sex::unknown ? unknown
                    : sex == Sex::male  ? "1"
                                        : "2");
        out += before.empty() ? "\n" : "\t-9\n";
    }
    return out;
}

} // namespace

std::string psam_text(const SampleTable& samples) {
    return sample_lines(samples, "#IID\tSEX\n", "", "\t", "NA");
}

std::string fam_text(const SampleTable& samples) {
    return sample_lines(samples, {}, "0\t", "\t0\t0\t", "0");
}

} // namespace salus
