#include "formats/allele_calls.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace salus {
namespace {

bool is_phase(char c) noexcept { return c == '/' || c == '|'; }

std::uint64_t load_u64(const char* bytes) noexcept {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes, sizeof value);
    return value;
}

/// Call of "a/b" from its three characters; -1 if they are not 0, 1 or '.', with / or | between.
/// `phase` becomes that of the call.
int simple_call(const char* text, std::uint64_t& half_missing, unsigned& phase) noexcept {
    phase = unphased;
    if (!is_phase(text[1])) return -1;
    const bool no_first = text[0] == '.', no_second = text[2] == '.';
    const int first = text[0] - '0', second = text[2] - '0';
    if ((!no_first && (first & ~1) != 0) || (!no_second && (second & ~1) != 0)) return -1;
    if (no_first != no_second) ++half_missing;
    if (no_first || no_second) return missing;
    if (text[1] == '|' && first != second) phase = first == 1 ? alt_first : alt_second;
    return first + second;
}

/// One allele at *p; false if there is none.
bool read_allele(const char*& p, const char* end, std::uint16_t& allele) noexcept {
    if (p == end) return false;
    if (*p == '.') {
        ++p;
        allele = AlleleCalls::missing_allele;
        return true;
    }
    if (!is_digit(*p)) return false;
    std::uint32_t value = 0;
    for (; p != end && is_digit(*p); ++p)
        value = std::min<std::uint32_t>(value * 10 + static_cast<std::uint32_t>(*p - '0'), 0xFFFFF);
    allele = static_cast<std::uint16_t>(std::min<std::uint32_t>(value, AlleleCalls::largest));
    return true;
}

} // namespace

std::string_view explain(GtError error) noexcept {
    switch (error) {
    case GtError::none:
        break;
    case GtError::syntax:
        return "a GT value is not a genotype";
    case GtError::polyploid:
        return "a GT value has more than two alleles";
    case GtError::allele_range:
        return "a GT value names an allele that the site does not have";
    case GtError::too_few:
        return "the line has fewer columns than the header";
    case GtError::too_many:
        return "the line has more columns than the header";
    }
    return "";
}

std::string_view rule_of(GtError error) noexcept {
    return error == GtError::too_few || error == GtError::too_many
               ? "a record has a column for every sample of the header"
               : "calls are diploid or haploid: 0/1, 0|1, ./., 1";
}

GtError read_gt(const char*& p, const char* end, AlleleCalls& calls, std::size_t sample) noexcept {
    std::uint16_t &first = calls.first[sample], &second = calls.second[sample];
    calls.phased[sample] = 0;
    if (p != end && is_phase(*p)) ++p; // VCF 4.4 allows a leading phase mark
    if (!read_allele(p, end, first)) return GtError::syntax;
    second = AlleleCalls::no_allele;
    if (p == end || *p == ':' || *p == '\t') return GtError::none;
    if (!is_phase(*p)) return GtError::syntax;
    calls.phased[sample] = *p == '|' ? 1 : 0;
    if (!read_allele(++p, end, second)) return GtError::syntax;
    if (p == end || *p == ':' || *p == '\t') return GtError::none;
    return is_phase(*p) ? GtError::polyploid : GtError::syntax;
}

void pack_calls(const AlleleCalls& calls, std::uint16_t alt, std::span<std::uint8_t> row) noexcept {
    const std::size_t samples = calls.first.size();
    const auto call = [&](std::size_t i) -> unsigned {
        const std::uint16_t a = calls.first[i], b = calls.second[i];
        const unsigned copies =
            (a == alt ? 1U : 0U) + ((b == AlleleCalls::no_allele ? a : b) == alt ? 1U : 0U);
        const bool none = a == AlleleCalls::missing_allele || b == AlleleCalls::missing_allele;
        return none ? unsigned{missing} : copies;
    };
    std::size_t i = 0;
    for (; i + 4 <= samples; i += 4)
        row[i / 4] = static_cast<std::uint8_t>(call(i) | call(i + 1) << 2 | call(i + 2) << 4 |
                                               call(i + 3) << 6);
    if (i == samples) return;
    unsigned byte = 0;
    for (unsigned shift = 0; i < samples; ++i, shift += 2)
        byte |= call(i) << shift;
    row.back() = static_cast<std::uint8_t>(byte);
}

bool pack_phase(const AlleleCalls& calls, std::uint16_t alt, std::span<std::uint8_t> row) noexcept {
    std::fill(row.begin(), row.end(), std::uint8_t{0});
    bool any = false;
    for (std::size_t i = 0; i < calls.first.size(); ++i) {
        if (calls.phased[i] == 0) continue;
        const std::uint16_t a = calls.first[i], b = calls.second[i];
        const bool none = a == AlleleCalls::missing_allele || b >= AlleleCalls::no_allele;
        if (none || (a == alt) == (b == alt)) continue;
        packed_set(row, i, a == alt ? alt_first : alt_second);
        any = true;
    }
    return any;
}

void keep_phase_of_hets(std::span<const std::uint8_t> calls,
                        std::span<std::uint8_t> phase) noexcept {
    for (std::size_t i = 0; i < phase.size(); ++i) {
        const unsigned het = calls[i] & ~(calls[i] >> 1U) & 0x55U;
        phase[i] = static_cast<std::uint8_t>(phase[i] & (het | het << 1));
    }
}

GtError read_gt_columns(std::string_view text, std::size_t alleles, AlleleCalls& calls) noexcept {
    const std::size_t samples = calls.first.size();
    const char* p = text.data();
    const char* const end = p + text.size();
    for (std::size_t i = 0; i < samples; ++i) {
        if (const GtError error = read_gt(p, end, calls, i); error != GtError::none) return error;
        if (!calls.within(i, alleles)) return GtError::allele_range;
        if (p != end && *p == ':') {
            const void* const tab = std::memchr(p, '\t', static_cast<std::size_t>(end - p));
            p = tab == nullptr ? end : static_cast<const char*>(tab);
        }
        const bool last = i + 1 == samples;
        if (p == end) return last ? GtError::none : GtError::too_few;
        if (last) return GtError::too_many;
        ++p;
    }
    return GtError::none;
}

namespace {

/// Two samples in the bits 0, 16 and 32, 48 of a word: their first and second alleles -> 4 bits of
/// calls.
unsigned pair_of_calls(std::uint64_t x) noexcept {
    const std::uint64_t sums = x + (x >> 16);
    return static_cast<unsigned>(sums | sums >> 30) & 0xF;
}

/// The same -> 4 bits of Phase.
unsigned pair_of_phases(std::uint64_t x) noexcept {
    constexpr std::uint64_t place = 0x0000'0001'0000'0001ULL;
    const std::uint64_t first = x & place, second = x >> 16 & place;
    const std::uint64_t phase = (second & ~first) | (first & ~second) << 1;
    return static_cast<unsigned>(phase | phase >> 30) & 0xF;
}

/// Up to four calls of three characters and a tab; the last of a line has no tab.
bool read_simple_calls(const char* p, std::size_t begin, std::size_t end, std::size_t samples,
                       SimpleRows& rows) noexcept {
    unsigned calls = 0, phases = 0;
    for (std::size_t i = begin; i < end; ++i, p += 4) {
        unsigned phase = unphased;
        const int call = simple_call(p, rows.half_missing, phase);
        if (call < 0 || (i + 1 < samples && p[3] != '\t')) return false;
        calls |= static_cast<unsigned>(call) << (2 * (i - begin));
        phases |= phase << (2 * (i - begin));
    }
    rows.calls[begin / 4] = static_cast<std::uint8_t>(calls);
    rows.phase[begin / 4] = static_cast<std::uint8_t>(phases);
    rows.any_phased = rows.any_phased || phases != 0;
    return true;
}

/// Whole bytes of calls that are all written with the same separator, or else one by one.
template <bool phased>
bool read_simple_line(const char* p, std::size_t samples, SimpleRows& rows) noexcept {
    // The bytes of "0/0\t0/0\t" with the separator that this line uses.
    constexpr std::uint64_t pattern = phased ? 0x0930'7C30'0930'7C30ULL : 0x0930'2F30'0930'2F30ULL;
    constexpr std::uint64_t alleles = 0x0001'0001'0001'0001ULL;
    const std::size_t whole = (samples - 1) / 4; // the last sample has no tab behind it
    unsigned any = 0;
    for (std::size_t byte = 0; byte < whole; ++byte, p += 16) {
        const std::uint64_t low = load_u64(p) ^ pattern, high = load_u64(p + 8) ^ pattern;
        if (((low | high) & ~alleles) != 0) [[unlikely]] {
            if (!read_simple_calls(p, 4 * byte, 4 * byte + 4, samples, rows)) return false;
            continue;
        }
        rows.calls[byte] = static_cast<std::uint8_t>(pair_of_calls(low) | pair_of_calls(high) << 4);
        if constexpr (phased) {
            const unsigned phases = pair_of_phases(low) | pair_of_phases(high) << 4;
            rows.phase[byte] = static_cast<std::uint8_t>(phases);
            any |= phases;
        }
    }
    rows.any_phased = rows.any_phased || any != 0;
    return read_simple_calls(p, 4 * whole, samples, samples, rows);
}

} // namespace

bool read_simple_gt_columns(std::string_view text, std::size_t samples, SimpleRows& rows) noexcept {
    if (samples == 0 || text.size() != 4 * samples - 1) return false;
    return text[1] == '|' ? read_simple_line<true>(text.data(), samples, rows)
                          : read_simple_line<false>(text.data(), samples, rows);
}

namespace {

/// Calls and phases of four samples as one byte each.
struct FourCalls {
    std::uint8_t calls, phases;
    bool simple; // no allele beyond 1, no end of a call
};

/// From the two bytes of each sample, (allele + 1) << 1 | phased, where 0 is missing.
FourCalls four_bcf_calls(std::uint64_t codes, std::uint64_t& half_missing) noexcept {
    constexpr std::uint64_t ones = 0x0101'0101'0101'0101ULL, firsts = 0x0001'0001'0001'0001ULL,
                            seconds = firsts << 8;
    const std::uint64_t numbers = codes >> 1 & 0x7F * ones;          // 0 missing, 1 REF, 2 ALT
    const std::uint64_t none = ~(numbers + 0x7F * ones) >> 7 & ones; // 1 where missing
    const std::uint64_t alleles = numbers - ones + none;             // 0 REF or missing, 1 ALT
    const std::uint64_t no_call = (none | none >> 8) & firsts;
    const std::uint64_t calls = ((alleles + (alleles >> 8)) & 3 * firsts) | no_call | no_call << 1;
    half_missing += static_cast<unsigned>(std::popcount((none ^ none >> 8) & firsts));
    const std::uint64_t hets =
        (alleles ^ alleles << 8) & codes & seconds & ~(no_call << 8); // phased ones
    const std::uint64_t alt_firsts = alleles << 8 & hets;
    const std::uint64_t phases = ((hets ^ alt_firsts) | alt_firsts << 1) >> 8;
    const auto gathered = [](std::uint64_t x) { // bits 0, 16, 32, 48 -> 0, 2, 4, 6
        return static_cast<std::uint8_t>((x & 3) | (x >> 14 & 12) | (x >> 28 & 48) |
                                         (x >> 42 & 192));
    };
    return {gathered(calls), gathered(phases),
            ((numbers + 0x7D * ones) & 0x80 * ones) == 0}; // none is 3 or more
}

} // namespace

bool read_simple_bcf_calls(std::string_view bytes, std::size_t samples, SimpleRows& rows) noexcept {
    constexpr std::uint64_t ones = 0x0101'0101'0101'0101ULL;
    std::uint8_t *const calls = rows.calls.data(), *const phase = rows.phase.data();
    unsigned phased = 0;
    std::uint64_t half_missing = 0;
    for (std::size_t i = 0; i < samples; i += 4) {
        std::uint64_t codes = 2 * ones; // REF for samples that are not there
        if (i + 4 <= samples)
            codes = load_u64(bytes.data() + 2 * i);
        else
            std::memcpy(&codes, bytes.data() + 2 * i, 2 * (samples - i));
        // REF is 2 or 3, ALT 4 or 5: without the phase bit, halved and less 1, they are 0 and 1.
        const std::uint64_t alleles = (codes >> 1 & 0x7F * ones) - ones;
        if (((alleles & ~ones) | (codes & ones)) == 0) [[likely]] { // none missing or phased
            const std::uint64_t sums = alleles + (alleles >> 8);
            calls[i / 4] = static_cast<std::uint8_t>((sums & 3) | (sums >> 14 & 12) |
                                                     (sums >> 28 & 48) | (sums >> 42 & 192));
            continue;
        }
        const FourCalls four = four_bcf_calls(codes, half_missing);
        if (!four.simple) return false;
        calls[i / 4] = four.calls;
        phase[i / 4] = four.phases;
        phased |= four.phases;
    }
    rows.half_missing += half_missing;
    rows.any_phased = phased != 0;
    return true;
}

PloidyRule::PloidyRule(std::string genome_build, std::span<const Sex> sex)
    : build_(std::move(genome_build)), sex_(sex.begin(), sex.end()),
      males_(packed_bytes(sex.size())) {
    for (std::size_t i = 0; i < sex.size(); ++i)
        if (sex[i] == Sex::male) packed_set(males_, i, 1);
}

void PloidyRule::move_to(std::string_view chromosome, std::uint32_t position) noexcept {
    if (chromosome != chromosome_) {
        chromosome_ = chromosome;
        inheritance_ = inheritance_of(chromosome);
    }
    copies_ = Copies::two;
    if (inheritance_ == Inheritance::mitochondrial) copies_ = Copies::one;
    const bool sex_linked =
        inheritance_ == Inheritance::x_linked || inheritance_ == Inheritance::y_linked;
    if (sex_linked && !is_pseudo_autosomal(build_, chromosome, position))
        copies_ = inheritance_ == Inheritance::x_linked ? Copies::one_in_males : Copies::one;
}

std::uint64_t PloidyRule::apply(std::span<std::uint8_t> row) const noexcept {
    if (copies_ == Copies::two) return 0;
    std::uint64_t changed = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
        const unsigned one = copies_ == Copies::one ? 0x55U : males_[i];
        const unsigned call = row[i], heterozygous = call & ~(call >> 1) & one;
        changed += static_cast<unsigned>(std::popcount(heterozygous));
        row[i] = static_cast<std::uint8_t>(call | heterozygous << 1);
    }
    return changed;
}

} // namespace salus
