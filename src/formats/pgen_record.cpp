#include "formats/pgen_record.hpp"

#include "formats/pgen_cursor.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace salus {
namespace {

/// Four bits spread to the lower bits of four calls.
constexpr std::array<std::uint8_t, 16> spread = [] {
    std::array<std::uint8_t, 16> table{};
    for (unsigned i = 0; i < 16; ++i)
        table[i] = static_cast<std::uint8_t>((i & 1) | (i & 2) << 1 | (i & 4) << 2 | (i & 8) << 3);
    return table;
}();

void clear_tail(std::span<std::uint8_t> row, std::size_t samples) {
    if (samples % 4 != 0)
        row.back() = static_cast<std::uint8_t>(row.back() & ((1U << 2 * (samples % 4)) - 1));
}

} // namespace

void PgenDecoder::read_one_bit(PgenCursor& in, std::span<std::uint8_t> row) const {
    const unsigned code = in.byte(), low = code >> 2, difference = code & 3;
    if (difference == 0 || low + difference > 3)
        throw RecordDefect{"the record names no pair of categories",
                           "the two most common ones are 0/1, 0/2, 0/3, 1/2, 1/3 or 2/3"};
    const auto bits = in.take((samples_ + 7) / 8);
    if (!bits.empty()) require_zero_tail(bits, samples_);
    for (std::size_t i = 0; i < row.size(); ++i) {
        const unsigned nibble = unsigned{bits[i / 2]} >> 4 * (i % 2) & 15U;
        row[i] = static_cast<std::uint8_t>(low * 0x55 + difference * spread[nibble]);
    }
    clear_tail(row, samples_);
    read_pgen_list(in, samples_, true, [&](std::uint32_t sample, std::uint8_t call) {
        if (call == low || call == low + difference)
            throw RecordDefect{"the list of rare categories holds a common one",
                               "the two common ones are stored as bits"};
        packed_set(row, sample, call);
    });
}

void PgenDecoder::read_main(PgenCursor& in, std::uint8_t type, std::span<const std::uint8_t> base,
                            std::span<std::uint8_t> row) const {
    const auto set = [&](std::uint32_t sample, std::uint8_t call) {
        packed_set(row, sample, call);
    };
    switch (type & 7) {
    case pgen_row: {
        const auto bytes = in.take(row.size());
        if (!bytes.empty()) require_zero_tail(bytes, 2 * samples_);
        std::copy(bytes.begin(), bytes.end(), row.begin());
        return;
    }
    case pgen_one_bit:
        return read_one_bit(in, row);
    case pgen_ld:
    case pgen_ld_inverted:
        std::copy(base.begin(), base.end(), row.begin());
        read_pgen_list(in, samples_, true, set);
        if ((type & 7) == pgen_ld_inverted) {
            for (std::uint8_t& byte : row) // 0 <-> 2; 1 and 3 stay
                byte = static_cast<std::uint8_t>(byte ^ (~byte & 0x55) << 1);
            clear_tail(row, samples_);
        }
        return;
    case pgen_around + 1:
        throw RecordDefect{"the record is of a type that is not defined",
                           "type 5 of the calls is reserved by the format"};
    default: {
        const auto common = static_cast<std::uint8_t>(type & 3);
        std::fill(row.begin(), row.end(), static_cast<std::uint8_t>(common * 0x55));
        clear_tail(row, samples_);
        read_pgen_list(in, samples_, true, [&](std::uint32_t sample, std::uint8_t call) {
            if (call == common)
                throw RecordDefect{"the list of rare categories holds the common one",
                                   "it lists the samples outside of it"};
            set(sample, call);
        });
    }
    }
}

void PgenDecoder::decode_calls(const PgenRecord& record, std::span<const std::uint8_t> base,
                               std::span<std::uint8_t> row) const {
    PgenCursor in(record.bytes);
    read_main(in, record.type, base, row);
}

void PgenDecoder::decode(const PgenRecord& record, std::span<const std::uint8_t> base,
                         GenotypeRecord& out) {
    PgenCursor in(record.bytes);
    read_main(in, record.type, base, calls_);
    const bool patched = (record.type & pgen_multiallelic) != 0;
    if (patched && record.alts < 2)
        throw RecordDefect{"the record holds calls of further ALT alleles",
                           "the .pvar file names one ALT allele at most: the files do not belong "
                           "together, or one is damaged"};
    if (record.alts > 1) {
        list_called(true);
        if (patched) read_patches(in, record.alts);
        split(record.alts, out);
    } else {
        out.rows.assign(calls_.begin(), calls_.end());
    }
    out.phase.clear();
    if ((record.type & pgen_phased) != 0) {
        if (record.alts <= 1) list_called(false);
        read_phase(in, out);
    }
    out.dosages.clear();
    if ((record.type & pgen_dosage_bits) != 0) {
        if (record.alts > 1)
            throw RecordDefect{"the record holds dosages of a site with several ALT alleles",
                               "the format does not define how they are shared by the alleles; "
                               "split the site before dosages are stored"};
        read_dosages(in, record.type, out);
    } else if ((record.type & pgen_dosage_phase) != 0) {
        throw RecordDefect{"the record says it holds phased dosages and no dosages",
                           "the one needs the other"};
    }
    if (in.left() != 0)
        throw RecordDefect{"the record is longer than its content",
                           "its length in the header is wrong, or it is damaged"};
}

/// Calls with an ALT allele in the order of the samples, the homozygous only if `all`.
void PgenDecoder::list_called(bool all) {
    called_.clear();
    for (std::size_t i = 0; i < calls_.size(); ++i) {
        const unsigned byte = calls_[i], low = byte & 0x55, high = byte >> 1 & 0x55;
        for (unsigned left = all ? low ^ high : low & ~high; left != 0; left &= left - 1) {
            const auto slot = static_cast<unsigned>(std::countr_zero(left)) / 2;
            const auto first = static_cast<std::uint16_t>(byte >> (2 * slot + 1) & 1);
            called_.push_back({static_cast<std::uint32_t>(4 * i + slot), first, 1});
        }
    }
}

/// The heterozygous (or homozygous) entries of called_ whose alleles follow, by index.
void PgenDecoder::choose(PgenCursor& in, unsigned format, bool homozygous) {
    chosen_.clear();
    if (format == 15) return;
    std::vector<std::uint32_t> open;
    for (std::uint32_t i = 0; i < called_.size(); ++i)
        if ((called_[i].low == called_[i].high) == homozygous) open.push_back(i);
    if (format == 0) {
        const auto bits = in.take((open.size() + 7) / 8);
        if (!bits.empty()) require_zero_tail(bits, open.size());
        for (std::size_t j = 0; j < open.size(); ++j)
            if (pgen_bit(bits, j)) chosen_.push_back(open[j]);
        return;
    }
    if (format != 1)
        throw RecordDefect{"the calls of further ALT alleles are in an unknown form",
                           "forms 0, 1 and 15 are defined"};
    std::size_t at = 0;
    read_pgen_list(in, samples_, false, [&](std::uint32_t sample, std::uint8_t) {
        while (at < open.size() && called_[open[at]].sample < sample)
            ++at;
        if (at == open.size() || called_[open[at]].sample != sample)
            throw RecordDefect{"a further ALT allele is given to a sample without ALT allele",
                               "the list must fit the calls"};
        chosen_.push_back(open[at]);
    });
}

namespace {

/// Numbers of `width` bits, one after the other.
class PackedNumbers {
public:
    PackedNumbers(PgenCursor& in, unsigned width, std::size_t count)
        : width_(width), bytes_(in.take((width * count + 7) / 8)) {
        if (!bytes_.empty()) require_zero_tail(bytes_, width * count);
    }
    std::uint32_t next() {
        std::uint32_t value = 0;
        for (unsigned bit = 0; bit < width_; ++bit, ++at_)
            value |= static_cast<std::uint32_t>(pgen_bit(bytes_, at_)) << bit;
        return value;
    }

private:
    unsigned width_;
    std::size_t at_ = 0;
    std::span<const std::uint8_t> bytes_;
};

/// Bits for a number below `values`: 0, 1, 2, 4, 8 or 16.
unsigned number_width(std::size_t values) {
    if (values <= 1) return 0;
    if (values <= 2) return 1;
    if (values <= 4) return 2;
    if (values <= 16) return 4;
    return values <= 256 ? 8 : 16;
}

} // namespace

void PgenDecoder::read_patches(PgenCursor& in, std::size_t alts) {
    const auto allele = [&](std::uint32_t number) {
        if (number > alts)
            throw RecordDefect{"a call has an allele that the site has not",
                               "the .pvar file names fewer ALT alleles"};
        return static_cast<std::uint16_t>(number);
    };
    const unsigned format = in.byte();
    choose(in, format & 15, false);
    const std::vector<std::uint32_t> heterozygous = chosen_;
    PackedNumbers seconds(in, number_width(alts - 1), heterozygous.size());
    std::vector<std::uint16_t> second;
    for (std::size_t k = 0; k < heterozygous.size(); ++k)
        second.push_back(allele(seconds.next() + 2));
    choose(in, format >> 4, true);
    const unsigned width = alts == 2 ? 1 : std::max(2U, number_width(alts));
    PackedNumbers pairs(in, width, alts == 2 ? chosen_.size() : 2 * chosen_.size());
    for (const std::uint32_t i : chosen_) {
        const std::uint32_t low = pairs.next() + 1;
        const std::uint32_t high = alts == 2 ? 2 : pairs.next() + 1;
        called_[i].low = allele(low);
        called_[i].high = allele(high);
        if (low > high || high == 1)
            throw RecordDefect{"two ALT alleles of a call are in the wrong order",
                               "the lower number comes first, and one of them is not the first "
                               "ALT"};
    }
    for (std::size_t k = 0; k < heterozygous.size(); ++k)
        called_[heterozygous[k]].high = second[k];
}

void PgenDecoder::split(std::size_t alts, GenotypeRecord& out) const {
    const std::size_t bytes = calls_.size();
    out.rows.resize(alts * bytes);
    for (std::size_t i = 0; i < bytes; ++i) {
        const unsigned missing_bits = calls_[i] & calls_[i] >> 1 & 0x55;
        for (std::size_t v = 0; v < alts; ++v)
            out.rows[v * bytes + i] = static_cast<std::uint8_t>(missing_bits * 3);
    }
    const auto set = [&](std::uint16_t alt, std::uint32_t sample, std::uint8_t call) {
        if (alt > 0) packed_set(std::span(out.rows).subspan((alt - 1U) * bytes), sample, call);
    };
    for (const Called& call : called_) {
        set(call.low, call.sample, het);
        set(call.high, call.sample, call.low == call.high ? hom_alt : het);
    }
}

void PgenDecoder::read_phase(PgenCursor& in, GenotypeRecord& out) {
    std::erase_if(called_, [](const Called& call) { return call.low == call.high; });
    const std::size_t hets = called_.size(), bytes = calls_.size();
    auto info = in.take((1 + hets + 7) / 8);
    require_zero_tail(info, 1 + hets);
    std::size_t at = 1;
    if (pgen_bit(info, 0)) { // which of them are phased comes first
        std::size_t kept = 0;
        for (std::size_t i = 0; i < hets; ++i)
            if (pgen_bit(info, 1 + i)) called_[kept++] = called_[i];
        called_.resize(kept);
        info = in.take((kept + 7) / 8);
        if (!info.empty()) require_zero_tail(info, kept);
        at = 0;
    }
    out.phase.assign(out.rows.size(), 0);
    const auto set = [&](std::uint16_t alt, std::uint32_t sample, bool first) {
        if (alt > 0)
            packed_set(std::span(out.phase).subspan((alt - 1U) * bytes), sample,
                       first ? alt_first : alt_second);
    };
    for (const Called& call : called_) {
        const bool swapped = pgen_bit(info, at++);
        set(call.low, call.sample, !swapped);
        set(call.high, call.sample, swapped);
    }
}

void PgenDecoder::choose_dosages(PgenCursor& in, std::uint8_t kind) {
    chosen_.clear();
    if (kind == pgen_dosage_list) {
        read_pgen_list(in, samples_, false,
                       [&](std::uint32_t sample, std::uint8_t) { chosen_.push_back(sample); });
        return;
    }
    std::span<const std::uint8_t> bits;
    if (kind == pgen_dosage_bits) {
        bits = in.take((samples_ + 7) / 8);
        if (!bits.empty()) require_zero_tail(bits, samples_);
    }
    for (std::uint32_t i = 0; i < samples_; ++i)
        if (bits.empty() || pgen_bit(bits, i)) chosen_.push_back(i);
}

void PgenDecoder::read_dosages(PgenCursor& in, std::uint8_t type, GenotypeRecord& out) {
    const auto kind = static_cast<std::uint8_t>(type & pgen_dosage_bits);
    choose_dosages(in, kind);
    out.dosages.resize(samples_);
    for (std::size_t i = 0; i < samples_; ++i)
        out.dosages[i] = dosage_of_call(packed_get(calls_, i));
    const auto values = in.take(2 * std::uint64_t{chosen_.size()});
    for (std::size_t k = 0; k < chosen_.size(); ++k) {
        const auto value = static_cast<Dosage>(values[2 * k] | values[2 * k + 1] << 8);
        if (value == dosage_missing && kind == pgen_dosage_row) continue; // as the hard call says
        if (value > 2 * dosage_one)
            throw RecordDefect{"a dosage is greater than two copies",
                               "values are 0 to 32,768 in units of 1/16,384"};
        out.dosages[chosen_[k]] = value;
    }
    if ((type & pgen_dosage_phase) != 0) check_dosage_phase(in, kind);
}

void PgenDecoder::check_dosage_phase(PgenCursor& in, std::uint8_t kind) const {
    std::size_t count = chosen_.size();
    if (kind != pgen_dosage_row) {
        const auto bits = in.take((count + 7) / 8);
        if (!bits.empty()) require_zero_tail(bits, count);
        std::size_t set = 0;
        for (const std::uint8_t byte : bits)
            set += static_cast<std::size_t>(std::popcount(byte));
        count = set;
    }
    const auto values = in.take(2 * std::uint64_t{count});
    for (std::size_t k = 0; k < count; ++k) {
        const auto value = static_cast<std::int16_t>(values[2 * k] | values[2 * k + 1] << 8);
        if ((value < -dosage_one || value > dosage_one) && value != -32768)
            throw RecordDefect{"the difference of two haplotype dosages is greater than one copy",
                               "values are -16,384 to 16,384"};
    }
}

} // namespace salus
