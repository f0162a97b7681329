#include "formats/allele_calls.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace salus {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_phase(char c) noexcept { return c == '/' || c == '|'; }

std::uint64_t load_u64(const char* bytes) noexcept {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes, sizeof value);
    return value;
}

/// Call of "a/b" from its three characters; -1 if they are not 0, 1 or '.', with / or | between.
int simple_call(const char* text, std::uint64_t& half_missing) noexcept {
    if (!is_phase(text[1])) return -1;
    const bool no_first = text[0] == '.', no_second = text[2] == '.';
    const int first = text[0] - '0', second = text[2] - '0';
    if ((!no_first && (first & ~1) != 0) || (!no_second && (second & ~1) != 0)) return -1;
    if (no_first != no_second) ++half_missing;
    return no_first || no_second ? static_cast<int>(missing) : first + second;
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

GtError read_gt(const char*& p, const char* end, std::uint16_t& first,
                std::uint16_t& second) noexcept {
    if (p != end && is_phase(*p)) ++p; // VCF 4.4 allows a leading phase mark
    if (!read_allele(p, end, first)) return GtError::syntax;
    second = AlleleCalls::no_allele;
    if (p == end || *p == ':' || *p == '\t') return GtError::none;
    if (!is_phase(*p)) return GtError::syntax;
    if (!read_allele(++p, end, second)) return GtError::syntax;
    if (p == end || *p == ':' || *p == '\t') return GtError::none;
    return is_phase(*p) ? GtError::polyploid : GtError::syntax;
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

GtError read_gt_columns(std::string_view text, std::size_t alleles, AlleleCalls& calls) noexcept {
    const std::size_t samples = calls.first.size();
    const char* p = text.data();
    const char* const end = p + text.size();
    for (std::size_t i = 0; i < samples; ++i) {
        std::uint16_t &a = calls.first[i], &b = calls.second[i];
        if (const GtError error = read_gt(p, end, a, b); error != GtError::none) return error;
        const bool known = (a < alleles || a == AlleleCalls::missing_allele) &&
                           (b < alleles || b >= AlleleCalls::no_allele);
        if (!known) return GtError::allele_range;
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

bool read_simple_gt_columns(std::string_view text, std::size_t samples, std::span<std::uint8_t> row,
                            std::uint64_t& half_missing) noexcept {
    if (samples == 0 || text.size() != 4 * samples - 1) return false;
    const char* p = text.data();
    // The bytes of "0/0\t0/0\t" with the separator that this line uses.
    const std::uint64_t pattern = p[1] == '|' ? 0x0930'7C30'0930'7C30ULL : 0x0930'2F30'0930'2F30ULL;
    constexpr std::uint64_t alleles = 0x0001'0001'0001'0001ULL;
    const auto pair = [](std::uint64_t x) { // two sums of two bits -> 4 bits
        const std::uint64_t sums = x + (x >> 16);
        return static_cast<unsigned>(sums | sums >> 30) & 0xF;
    };
    const std::size_t whole = (samples - 1) / 4; // the last sample has no tab behind it
    for (std::size_t byte = 0; byte < whole; ++byte, p += 16) {
        const std::uint64_t low = load_u64(p) ^ pattern, high = load_u64(p + 8) ^ pattern;
        if (((low | high) & ~alleles) == 0) [[likely]] {
            row[byte] = static_cast<std::uint8_t>(pair(low) | pair(high) << 4);
            continue;
        }
        unsigned calls = 0;
        for (unsigned k = 0; k < 4; ++k) {
            const int call = simple_call(p + 4 * k, half_missing);
            if (call < 0 || p[4 * k + 3] != '\t') return false;
            calls |= static_cast<unsigned>(call) << (2 * k);
        }
        row[byte] = static_cast<std::uint8_t>(calls);
    }
    unsigned calls = 0;
    for (std::size_t i = 4 * whole; i < samples; ++i, p += 4) {
        const int call = simple_call(p, half_missing);
        if (call < 0 || (i + 1 < samples && p[3] != '\t')) return false;
        calls |= static_cast<unsigned>(call) << (2 * (i % 4));
    }
    row[whole] = static_cast<std::uint8_t>(calls);
    return true;
}

bool read_simple_bcf_calls(std::string_view bytes, std::size_t samples, std::span<std::uint8_t> row,
                           std::uint64_t& half_missing) noexcept {
    constexpr std::uint64_t ones = 0x0101'0101'0101'0101ULL;
    const auto one_call = [&](std::size_t i) -> unsigned { // 4 if it is not simple
        const unsigned a = static_cast<unsigned char>(bytes[2 * i]) >> 1;
        const unsigned b = static_cast<unsigned char>(bytes[2 * i + 1]) >> 1;
        if (a > 2 || b > 2) return 4;
        if ((a == 0) != (b == 0)) ++half_missing;
        return a == 0 || b == 0 ? unsigned{missing} : a + b - 2;
    };
    std::size_t i = 0;
    for (; i + 4 <= samples; i += 4) {
        // REF is 2 or 3, ALT 4 or 5: without the phase bit, halved and less 1, they are 0 and 1.
        const std::uint64_t alleles = (load_u64(bytes.data() + 2 * i) >> 1 & 0x7F * ones) - ones;
        if ((alleles & ~ones) == 0) [[likely]] {
            const std::uint64_t sums = alleles + (alleles >> 8);
            row[i / 4] = static_cast<std::uint8_t>((sums & 3) | (sums >> 14 & 12) |
                                                   (sums >> 28 & 48) | (sums >> 42 & 192));
            continue;
        }
        unsigned calls = 0;
        for (unsigned k = 0; k < 4; ++k) {
            const unsigned call = one_call(i + k);
            if (call > 3) return false;
            calls |= call << (2 * k);
        }
        row[i / 4] = static_cast<std::uint8_t>(calls);
    }
    if (i == samples) return true;
    unsigned calls = 0;
    for (unsigned shift = 0; i < samples; ++i, shift += 2) {
        const unsigned call = one_call(i);
        if (call > 3) return false;
        calls |= call << shift;
    }
    row.back() = static_cast<std::uint8_t>(calls);
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
