#include "formats/dosage_values.hpp"

#include "base/text.hpp"
#include "formats/site_reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

namespace salus {
namespace {

constexpr double not_there = std::numeric_limits<double>::quiet_NaN();
constexpr double half_unit = 0.5 / dosage_one;
constexpr double sum_tolerance = 0.02; // three values of two digits miss 1 by up to 0.015

Dosage dosage_of(double copies) noexcept { return static_cast<Dosage>(copies * dosage_one + 0.5); }

bool ends_value(const char* p, const char* end) noexcept {
    return p == end || *p == ',' || *p == ':' || *p == '\t';
}

/// A number before ',', ':', a tab or the end; '.' is NaN. Up to 15 digits without exponent take
/// the quick way, which is exact: both the digits and the power of ten are doubles.
double read_number(const char*& p, const char* end) {
    static constexpr std::array<double, 16> powers{1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                   1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char* const begin = p;
    std::uint64_t digits = 0;
    unsigned count = 0, decimals = 0;
    bool point = false;
    for (; p != end; ++p) {
        if (*p >= '0' && *p <= '9') {
            digits = digits * 10 + static_cast<std::uint64_t>(*p - '0');
            decimals += point ? 1U : 0U;
            if (++count > 15) break;
        } else if (*p == '.' && !point) {
            point = true;
        } else {
            break;
        }
    }
    if (ends_value(p, end) && count > 0) return static_cast<double>(digits) / powers[decimals];
    if (ends_value(p, end) && p == begin + 1) return not_there; // '.'
    double value = 0;
    const auto [stop, error] = std::from_chars(begin, end, value);
    if (error != std::errc{} || !ends_value(stop, end) || !std::isfinite(value))
        throw RecordDefect{"a DS or GP value is not a number",
                           "it must be a decimal number, or '.' where it is missing"};
    p = stop;
    return value;
}

void read_numbers(const char*& p, const char* end, std::vector<double>& out) {
    out.clear();
    out.push_back(read_number(p, end));
    while (p != end && *p == ',')
        out.push_back(read_number(++p, end));
}

[[noreturn]] void fail_gt(GtError error) {
    throw RecordDefect{std::string(explain(error)), std::string(rule_of(error))};
}

} // namespace

std::uint8_t hard_call(Dosage dosage, double threshold) noexcept {
    if (dosage == dosage_missing) return missing;
    const unsigned nearest = (dosage + dosage_one / 2U) / dosage_one;
    const int distance = static_cast<int>(dosage) - static_cast<int>(nearest * dosage_one);
    return std::abs(distance) <= threshold * dosage_one ? static_cast<std::uint8_t>(nearest)
                                                        : std::uint8_t{missing};
}

FormatChoice::FormatChoice(const VcfHeader& header, DosageField field) : field_(field) {
    const auto& names = header.strings;
    if (field == DosageField::automatic &&
        std::find(names.begin(), names.end(), "DS") != names.end())
        field_ = DosageField::ds;
}

FormatLayout FormatChoice::operator()(int gt, int ds, int gp) const noexcept {
    FormatLayout layout{.gt = gt};
    const bool automatic = field_ == DosageField::automatic;
    if (field_ == DosageField::ds) layout.dosage = ds;
    if (field_ == DosageField::gp) layout.dosage = gp;
    if (automatic && gt < 0) layout.dosage = ds >= 0 ? ds : gp;
    layout.probabilities = layout.dosage >= 0 && layout.dosage == gp && layout.dosage != ds;
    return layout;
}

void DosageValues::begin(bool probabilities, std::size_t alleles, std::size_t samples) {
    probabilities_ = probabilities;
    any_ = false;
    alleles_ = alleles;
    samples_ = samples;
    rows_.assign(std::max<std::size_t>(1, alleles - 1) * samples, dosage_missing);
    copies_.resize(std::max<std::size_t>(1, alleles - 1));
}

void DosageValues::take(std::size_t sample, std::span<const double> values, bool haploid) {
    if (values.empty() || (values.size() == 1 && std::isnan(values.front()))) return;
    if (probabilities_)
        take_probabilities(sample, values, haploid);
    else
        take_dosages(sample, values, haploid);
}

void DosageValues::take_dosages(std::size_t sample, std::span<const double> values, bool haploid) {
    if (alleles_ > 1 && values.size() != alleles_ - 1)
        throw RecordDefect{"a sample has not one DS value per ALT allele",
                           "DS is read as Number=A, so that each ALT has its dosage"};
    for (std::size_t v = 0; v + 1 < alleles_; ++v) {
        if (std::isnan(values[v])) continue;
        const double copies = haploid ? 2 * values[v] : values[v];
        if (!(copies >= -half_unit && copies < 2 + half_unit))
            throw RecordDefect{haploid ? "a DS value of a haploid call is outside [0, 1]"
                                       : "a DS value is outside [0, 2]",
                               "DS is the expected number of ALT copies; set dosage_field = \"GT\" "
                               "to read hard calls instead"};
        rows_[v * samples_ + sample] = dosage_of(std::clamp(copies, 0.0, 2.0));
        any_ = true;
    }
}

void DosageValues::take_probabilities(std::size_t sample, std::span<const double> values,
                                      bool haploid) {
    const std::size_t diploid = alleles_ * (alleles_ + 1) / 2;
    const bool one_copy = haploid || (values.size() == alleles_ && alleles_ > 1);
    if (values.size() != (one_copy ? alleles_ : diploid))
        throw RecordDefect{"a sample has not one GP value per genotype",
                           "GP is read as Number=G: all genotypes of the alleles of the site"};
    double sum = 0;
    std::fill(copies_.begin(), copies_.end(), 0);
    const auto add = [&](std::size_t allele, double weight) {
        if (allele > 0) copies_[allele - 1] += weight;
    };
    std::size_t at = 0;
    for (std::size_t b = 0; b < alleles_; ++b)
        for (std::size_t a = one_copy ? b : 0; a <= b; ++a, ++at) {
            if (std::isnan(values[at])) return;
            if (!(values[at] >= -half_unit && values[at] <= 1 + half_unit))
                throw RecordDefect{"a GP value is outside [0, 1]",
                                   "GP is read as probabilities; before VCF 4.3 some programs "
                                   "wrote it on the Phred scale"};
            sum += values[at];
            add(a, values[at]);
            add(b, values[at]);
        }
    if (!(std::abs(sum - 1) <= sum_tolerance))
        throw RecordDefect{"GP values of a sample do not add up to 1",
                           "they are the probabilities of all genotypes; a difference of 0.02 is "
                           "taken as rounding"};
    for (std::size_t v = 0; v + 1 < alleles_; ++v)
        rows_[v * samples_ + sample] = dosage_of(std::clamp(copies_[v] / sum, 0.0, 2.0));
    any_ = true;
}

bool DosageValues::finish(GenotypeRecord& record, double hard_call_threshold) {
    record.dosages.clear();
    if (!any_) return false;
    const std::size_t bytes = packed_bytes(samples_);
    for (std::size_t v = 0; v < record.variants.size(); ++v) {
        const auto calls = std::span(record.rows).subspan(v * bytes, bytes);
        const auto dosages = std::span(rows_).subspan(v * samples_, samples_);
        for (std::size_t i = 0; i < samples_; ++i) {
            if (dosages[i] == dosage_missing)
                dosages[i] = dosage_of_call(packed_get(calls, i));
            else
                packed_set(calls, i, hard_call(dosages[i], hard_call_threshold));
        }
        if (!record.phase.empty())
            keep_phase_of_hets(calls, std::span(record.phase).subspan(v * bytes, bytes));
    }
    record.dosages.swap(rows_);
    return true;
}

void read_format_columns(std::string_view text, const FormatLayout& layout, AlleleCalls& calls,
                         DosageValues& values) {
    const std::size_t samples = calls.first.size();
    const char* p = text.data();
    const char* const end = p + text.size();
    std::vector<double> numbers;
    for (std::size_t i = 0; i < samples; ++i) {
        calls.first[i] = calls.second[i] = AlleleCalls::missing_allele;
        calls.phased[i] = 0;
        for (int field = 0;; ++field) {
            if (field == layout.gt) {
                if (const GtError error = read_gt(p, end, calls, i); error != GtError::none)
                    fail_gt(error);
                if (!calls.within(i, values.alleles())) fail_gt(GtError::allele_range);
            } else if (field == layout.dosage) {
                read_numbers(p, end, numbers);
                values.take(i, numbers, calls.second[i] == AlleleCalls::no_allele);
            }
            while (p != end && *p != ':' && *p != '\t')
                ++p;
            if (p == end || *p == '\t' || field >= layout.last()) break;
            ++p;
        }
        if (p != end && *p == ':') {
            const void* const tab = std::memchr(p, '\t', static_cast<std::size_t>(end - p));
            p = tab == nullptr ? end : static_cast<const char*>(tab);
        }
        if (p == end && i + 1 < samples) fail_gt(GtError::too_few);
        if (p != end && i + 1 == samples) fail_gt(GtError::too_many);
        if (p != end) ++p;
    }
}

} // namespace salus
