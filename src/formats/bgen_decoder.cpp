#include "formats/bgen_decoder.hpp"

#include "formats/site_reader.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace salus {
namespace {

constexpr std::size_t most_genotypes = std::size_t{1} << 29; // 1 GiB of dosages
constexpr std::uint8_t is_uncertain = 4;                     // in call_of_dosage_, beside the call
constexpr Dosage invalid_bytes = 0xFFFE;                     // probabilities above 1

[[noreturn]] void fail_sum() {
    throw RecordDefect{"the probabilities of a sample add up to more than 1",
                       "the record is damaged or was written wrongly"};
}

[[noreturn]] void fail_block(std::string what) {
    throw RecordDefect{std::move(what), "the genotypes are damaged"};
}

std::uint64_t load_u64(const std::uint8_t* bytes) noexcept {
    static_assert(std::endian::native == std::endian::little);
    std::uint64_t value = 0;
    std::memcpy(&value, bytes, sizeof value);
    return value;
}

/// Calls of samples of which bit 2i is set for two copies of the first allele and bit 2i + 1 for
/// one: 00 is 2 copies of the second, 10 is 1, 01 is 0.
/// \param flip  all ones for copies of the second allele, zero for copies of the first.
unsigned calls_of_certain(unsigned ones, unsigned flip) noexcept {
    const unsigned two = ones & 0x5555, one = ones >> 1 & 0x5555, none = ~(two | one) & 0x5555;
    return one | ((none & flip) | (two & ~flip)) << 1;
}

/// round(16384 x copies / whole) for an odd whole, where no tie is possible.
Dosage to_dosage(std::uint64_t copies, std::uint64_t whole) noexcept {
    return static_cast<Dosage>((copies * (2 * dosage_one) + whole) / (2 * whole));
}

/// The same for any whole, ties to even.
Dosage to_even_dosage(std::uint64_t copies, std::uint64_t whole) noexcept {
    const std::uint64_t twice = copies * (2 * dosage_one), up = (twice + whole) / (2 * whole);
    const bool tie = (twice + whole) % (2 * whole) == 0;
    return static_cast<Dosage>(tie ? up & ~std::uint64_t{1} : up);
}

/// Numbers of 1 to 32 bits, the lowest bits first.
class BitReader {
public:
    BitReader(const std::uint8_t* bytes, unsigned bits)
        : bytes_(bytes), bits_(bits), mask_((std::uint64_t{1} << bits) - 1) {}
    std::uint64_t next() noexcept { // up to padding bytes are touched behind the number
        const std::uint64_t value = load_u64(bytes_ + place_ / 8) >> (place_ % 8) & mask_;
        place_ += bits_;
        return value;
    }
    std::uint64_t mask() const noexcept { return mask_; }

private:
    const std::uint8_t* bytes_;
    std::uint64_t place_ = 0;
    unsigned bits_;
    std::uint64_t mask_;
};

/// Expected copies of each allele, in units of 1 / (2^bits - 1), from the probabilities of the
/// unordered genotypes 00, 01, 11, 02, 12, 22, ... of which the last is left out.
void read_unphased_diploid(BitReader& in, std::span<std::uint64_t> copies) {
    std::fill(copies.begin(), copies.end(), std::uint64_t{0});
    std::uint64_t rest = in.mask();
    for (std::size_t b = 0; b < copies.size(); ++b)
        for (std::size_t a = 0; a <= b; ++a) {
            const bool last = a + 1 == copies.size();
            const std::uint64_t p = last ? rest : in.next();
            if (p > rest) fail_sum();
            rest -= p;
            copies[a] += p;
            copies[b] += p;
        }
}

/// Probability of each allele on one haplotype (or in a haploid sample).
void read_haplotype(BitReader& in, std::span<std::uint64_t> allele) {
    std::uint64_t rest = in.mask();
    for (std::size_t a = 0; a + 1 < allele.size(); ++a) {
        allele[a] = in.next();
        if (allele[a] > rest) fail_sum();
        rest -= allele[a];
    }
    allele.back() = rest;
}

/// [first byte | second byte << 8] of an 8-bit diploid sample: dosage of the second allele.
const std::vector<Dosage>& dosage_of_bytes() {
    static const std::vector<Dosage> table = [] {
        std::vector<Dosage> dosages(std::size_t{1} << 16, invalid_bytes);
        for (unsigned first = 0; first < 256; ++first)
            for (unsigned second = 0; first + second < 256; ++second)
                dosages[first | second << 8] = to_dosage(510 - 2 * first - second, 255);
        return dosages;
    }();
    return table;
}

std::uint64_t values_of(unsigned ploidy, std::uint64_t alleles, bool phased) noexcept {
    if (ploidy == 0) return 0;
    if (phased || ploidy == 1) return ploidy * (alleles - 1);
    return alleles * (alleles + 1) / 2 - 1;
}

} // namespace

/// A block of layout 2 whose lengths were checked.
struct BgenDecoder::Block {
    std::span<const std::uint8_t> ploidy; // [sample]: copies, bit 7 if missing
    const std::uint8_t* values;
    bool phased, diploid, complete; // all samples have two copies; none is missing
    unsigned bits;

    Block(std::span<const std::uint8_t> bytes, std::size_t samples, std::size_t alleles);

    template <class F>
    void for_each_missing(F&& f) const {
        std::size_t i = 0;
        for (; i + 8 <= ploidy.size(); i += 8)
            for (std::uint64_t marks = load_u64(ploidy.data() + i) & 0x8080'8080'8080'8080ULL;
                 marks != 0; marks &= marks - 1)
                f(i + static_cast<std::size_t>(std::countr_zero(marks)) / 8);
        for (; i < ploidy.size(); ++i)
            if (ploidy[i] >> 7 != 0) f(i);
    }
};

BgenDecoder::Block::Block(std::span<const std::uint8_t> bytes, std::size_t samples,
                          std::size_t alleles) {
    if (bytes.size() < 10 + samples) fail_block("the genotypes are cut");
    std::uint32_t count = 0;
    std::memcpy(&count, bytes.data(), 4);
    if (count != samples) fail_block("the record has another number of samples than the header");
    if (static_cast<std::size_t>(bytes[4] | bytes[5] << 8) != alleles)
        fail_block("the genotypes have another number of alleles than the record");
    const unsigned least = bytes[6], most = bytes[7];
    ploidy = bytes.subspan(8, samples);
    const std::uint8_t form = bytes[8 + samples];
    bits = bytes[9 + samples];
    values = bytes.data() + 10 + samples;
    if (form > 1) fail_block("the genotypes are neither phased nor unphased");
    phased = form == 1;
    if (bits < 1 || bits > 32) fail_block("probabilities have not 1 to 32 bits");
    if (least > most || most > 63) fail_block("the range of copies is wrong");
    std::uint64_t with[3] = {0, 0, 0}, gone = 0;
    std::size_t diploids = 0; // at the beginning, as a rule all
    constexpr std::uint64_t all = 0x0101'0101'0101'0101ULL;
    for (; diploids + 8 <= samples; diploids += 8) {
        const std::uint64_t eight = load_u64(ploidy.data() + diploids);
        if ((eight & 0x7F * all) != 2 * all || least > 2 || most < 2) break;
        gone |= eight & 0x80 * all;
    }
    with[2] = diploids;
    for (const std::uint8_t byte : ploidy.subspan(diploids)) {
        const unsigned copies = byte & 0x7FU;
        if (copies > 2)
            throw RecordDefect{"a sample has more than two copies", "copies are one or two"};
        if (copies < least || copies > most)
            fail_block("a sample has other copies than the record says");
        ++with[copies];
        gone |= byte & 0x80U;
    }
    diploid = with[2] == samples;
    complete = gone == 0;
    const std::uint64_t total =
        with[1] * values_of(1, alleles, phased) + with[2] * values_of(2, alleles, phased);
    if (bytes.size() - 10 - samples != (total * bits + 7) / 8)
        fail_block("the genotypes have another length than their samples and alleles need");
}

BgenDecoder::BgenDecoder(std::size_t samples, double threshold)
    : samples_(samples),
      tolerance_(static_cast<unsigned>(threshold * (1 + 1e-11) * double{dosage_one})),
      call_of_dosage_(std::size_t{1} << 16, missing | is_uncertain) {
    SALUS_ASSERT(tolerance_ <= dosage_one / 2);
    for (unsigned call = 0; call <= 2; ++call) {
        const unsigned whole = call * dosage_one;
        for (unsigned d = whole - std::min(whole, tolerance_); d <= whole + tolerance_; ++d)
            call_of_dosage_[d] = static_cast<std::uint8_t>(call | (d != whole ? is_uncertain : 0U));
    }
    call_of_dosage_[dosage_missing] = missing;
}

std::uint64_t BgenDecoder::most_bytes(std::uint64_t samples, std::uint64_t alleles) noexcept {
    const std::uint64_t values =
        std::max(values_of(2, alleles, true), values_of(2, alleles, false));
    return 10 + samples + samples * values * 4;
}

std::uint64_t BgenDecoder::decode(std::span<const std::uint8_t> bytes, Alleles alleles,
                                  const PloidyRule& ploidy, GenotypeRecord& out) {
    const Block block(bytes, samples_, alleles.count);
    const std::size_t alts = alleles.count - 1;
    if (alts * samples_ > most_genotypes)
        throw RecordDefect{"the record has too many alleles",
                           "samples x ALT alleles of one record are at most 536,870,912"};
    out.rows.resize(std::max<std::size_t>(1, alts) * packed_bytes(samples_));
    out.phase.clear();
    const bool simple = alts == 1 && block.diploid && !block.phased;
    if (simple && (block.bits == 8 || block.bits == 16)) {
        const bool ref_first = alleles.ref == 0;
        if (block.bits == 8 && decode_certain_8_bit(block, ref_first, out)) return 0;
        out.dosages.resize(samples_);
        if (block.bits == 8)
            decode_8_bit(block, ref_first, out);
        else
            decode_16_bit(block, ref_first, out);
        if (!block.complete) set_missing(block, out);
        finish(out);
        return 0;
    }
    const std::uint64_t haploid = decode_any(block, alleles, ploidy, out);
    finish(out);
    return haploid;
}

bool BgenDecoder::decode_certain_8_bit(const Block& block, bool ref_first,
                                       GenotypeRecord& out) const {
    const unsigned flip = ref_first ? ~0U : 0U;
    std::size_t i = 0;
#if defined(__SSE2__)
    for (; i + 8 <= samples_; i += 8) {
        const __m128i bytes =
            _mm_loadu_si128(reinterpret_cast<const __m128i*>(block.values + 2 * i));
        const __m128i signs = _mm_cmpgt_epi8(_mm_setzero_si128(), bytes); // FF where the top bit is
        const auto same = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(signs, bytes)));
        const auto ones = static_cast<unsigned>(_mm_movemask_epi8(bytes));
        if (same != 0xFFFF || (ones & ones >> 1 & 0x5555) != 0) return false;
        const unsigned calls = calls_of_certain(ones, flip);
        out.rows[i / 4] = static_cast<std::uint8_t>(calls);
        out.rows[i / 4 + 1] = static_cast<std::uint8_t>(calls >> 8);
    }
#endif
    for (; i < samples_; i += 4) {
        const auto used = static_cast<unsigned>(std::min<std::size_t>(4, samples_ - i));
        std::uint64_t bytes = load_u64(block.values + 2 * i);
        if (used < 4) bytes &= (std::uint64_t{1} << 16 * used) - 1;
        constexpr std::uint64_t low = 0x0101'0101'0101'0101ULL;
        const std::uint64_t tops = bytes >> 7 & low;
        const auto ones = static_cast<unsigned>(tops * 0x0102'0408'1020'4080ULL >> 56);
        if (tops * 0xFF != bytes || (ones & ones >> 1 & 0x55) != 0) return false;
        out.rows[i / 4] =
            static_cast<std::uint8_t>(calls_of_certain(ones, flip) & ((1U << 2 * used) - 1));
    }
    out.dosages.clear();
    if (!block.complete)
        block.for_each_missing([&](std::size_t sample) { packed_set(out.rows, sample, missing); });
    return true;
}

void BgenDecoder::decode_8_bit(const Block& block, bool ref_first, GenotypeRecord& out) const {
    // No valid dosage has the highest bit and another one set.
    const Dosage* const table = dosage_of_bytes().data();
    unsigned seen = 0;
    const unsigned flip = ref_first ? 0 : 2 * dosage_one;
    for (std::size_t i = 0; i < samples_; ++i) {
        std::uint16_t pair = 0;
        std::memcpy(&pair, block.values + 2 * i, sizeof pair);
        const unsigned of_second = table[pair];
        seen |= of_second == invalid_bytes ? 1U : 0U;
        out.dosages[i] = static_cast<Dosage>(ref_first ? of_second : flip - of_second);
    }
    if (seen != 0) fail_sum();
}

void BgenDecoder::decode_16_bit(const Block& block, bool ref_first, GenotypeRecord& out) const {
    constexpr std::uint32_t whole = 0xFFFF;
    bool above = false;
    for (std::size_t i = 0; i < samples_; ++i) {
        std::uint16_t pair[2] = {0, 0};
        std::memcpy(pair, block.values + 4 * i, sizeof pair);
        above |= std::uint32_t{pair[0]} + pair[1] > whole;
        const std::uint32_t of_first = 2 * std::uint32_t{pair[0]} + pair[1];
        const std::uint32_t copies = ref_first ? 2 * whole - of_first : of_first;
        out.dosages[i] = to_dosage(copies, whole);
    }
    if (above) fail_sum();
}

std::uint64_t BgenDecoder::decode_any(const Block& block, Alleles alleles, const PloidyRule& ploidy,
                                      GenotypeRecord& out) {
    const std::size_t bytes = packed_bytes(samples_), alts = alleles.count - 1;
    std::uint64_t haploid = 0;
    if (alts == 0) {
        out.dosages.assign(samples_, 0);
        set_missing(block, out);
        return 0;
    }
    out.dosages.resize(alts * samples_);
    if (block.phased) out.phase.assign(alts * bytes, 0);
    copies_.resize(alleles.count);
    haplotypes_[0].resize(alleles.count);
    haplotypes_[1].resize(alleles.count);
    BitReader in(block.values, block.bits);
    const std::uint64_t whole = in.mask();
    for (std::size_t i = 0; i < samples_; ++i) {
        const unsigned copies = block.ploidy[i] & 3U;
        const bool gone = block.ploidy[i] >> 7 != 0 || copies == 0;
        if (copies == 2 && !block.phased) {
            read_unphased_diploid(in, copies_);
        } else if (copies > 0) {
            read_haplotype(in, haplotypes_[0]);
            if (copies == 2) read_haplotype(in, haplotypes_[1]);
            if (copies == 1 && !gone && ploidy.expects_two(i)) ++haploid;
            const auto& other = haplotypes_[copies == 2 ? 1 : 0];
            std::transform(other.begin(), other.end(), haplotypes_[0].begin(), copies_.begin(),
                           std::plus<>());
        }
        for (std::size_t v = 0; v < alts; ++v) {
            const std::size_t allele = v < alleles.ref ? v : v + 1;
            out.dosages[v * samples_ + i] =
                gone ? dosage_missing : to_dosage(copies_[allele], whole);
            if (!gone && copies == 2 && block.phased)
                packed_set(std::span(out.phase).subspan(v * bytes, bytes), i,
                           phase_of(to_dosage(haplotypes_[0][allele], whole),
                                    to_dosage(haplotypes_[1][allele], whole),
                                    out.dosages[v * samples_ + i]));
        }
    }
    return haploid;
}

Phase BgenDecoder::phase_of(unsigned first, unsigned second, unsigned both) const noexcept {
    const unsigned holds = dosage_one - tolerance_;
    // The dosage was rounded by itself, so the call can be missing in spite of the haplotypes.
    if (both < holds || both > dosage_one + tolerance_) return unphased;
    if (first >= holds && second <= tolerance_) return alt_first;
    return second >= holds && first <= tolerance_ ? alt_second : unphased;
}

void BgenDecoder::decode_layout_1(std::span<const std::uint8_t> block, Alleles alleles,
                                  GenotypeRecord& out) {
    if (block.size() != 6 * samples_)
        fail_block("the genotypes have another length than their samples need");
    // Written probabilities are rounded, in text files often to three digits.
    constexpr std::uint32_t most = 32768 + 32768 / 100;
    out.rows.resize(packed_bytes(samples_));
    out.phase.clear();
    out.dosages.resize(samples_);
    for (std::size_t i = 0; i < samples_; ++i) {
        std::uint16_t p[3] = {0, 0, 0};
        std::memcpy(p, block.data() + 6 * i, sizeof p);
        const std::uint32_t sum = std::uint32_t{p[0]} + p[1] + p[2];
        if (sum > most) fail_sum();
        const std::uint32_t two = alleles.ref == 0 ? p[2] : p[0];
        out.dosages[i] =
            sum == 0 ? dosage_missing : to_even_dosage(p[1] + std::uint64_t{2} * two, sum);
    }
    finish(out);
}

void BgenDecoder::set_missing(const Block& block, GenotypeRecord& out) const {
    for (std::size_t i = 0; !block.diploid && i < samples_; ++i)
        if (block.ploidy[i] == 0) out.dosages[i] = dosage_missing;
    block.for_each_missing([&](std::size_t sample) { out.dosages[sample] = dosage_missing; });
}

void BgenDecoder::finish(GenotypeRecord& out) const {
    const std::size_t bytes = packed_bytes(samples_), rows = out.dosages.size() / samples_;
    const std::uint8_t* const call_of = call_of_dosage_.data();
    unsigned uncertain = 0;
    const auto call = [&](Dosage dosage) -> unsigned {
        const unsigned entry = call_of[dosage];
        uncertain |= entry;
        return entry & 3;
    };
    for (std::size_t v = 0; v < rows; ++v) {
        const Dosage* const from = out.dosages.data() + v * samples_;
        std::uint8_t* const row = out.rows.data() + v * bytes;
        std::size_t i = 0;
        for (; i + 4 <= samples_; i += 4)
            row[i / 4] = static_cast<std::uint8_t>(call(from[i]) | call(from[i + 1]) << 2 |
                                                   call(from[i + 2]) << 4 | call(from[i + 3]) << 6);
        unsigned last = 0;
        for (unsigned shift = 0; i < samples_; ++i, shift += 2)
            last |= call(from[i]) << shift;
        if (samples_ % 4 != 0) row[bytes - 1] = static_cast<std::uint8_t>(last);
    }
    if ((uncertain & is_uncertain) == 0) out.dosages.clear();
}

} // namespace salus
