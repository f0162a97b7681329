#include "stages/association/variant_genotypes.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <numeric>

namespace salus::association {
namespace {

// Dosages are a list where carriers and listed dosages are at most samples / 16: a product with a
// listed one costs about as much as with 10 in a row.
constexpr std::size_t dosage_list_share = 16;

/// Dosages of carriers, of whom some have their own; those with 0 copies are left out.
void merge_dosages(std::span<const Carrier> carriers, std::span<const SampleDosage> own,
                   std::vector<SampleDosage>& out) {
    const auto add = [&](std::size_t sample, Dosage dosage) {
        if (dosage != 0) out.push_back({static_cast<std::uint32_t>(sample), dosage});
    };
    auto next = own.begin();
    for (const Carrier carrier : carriers) {
        const std::size_t sample = carrier_sample(carrier);
        for (; next != own.end() && next->sample < sample; ++next)
            add(next->sample, next->dosage);
        const bool has_own = next != own.end() && next->sample == sample;
        add(sample, has_own ? next->dosage : dosage_of_call(carrier_call(carrier)));
        if (has_own) ++next;
    }
    for (; next != own.end(); ++next)
        add(next->sample, next->dosage);
}

double counted_copies(Dosage dosage, bool flipped, double absent) noexcept {
    if (dosage == dosage_missing) return absent;
    const double copies = dosage * (1.0 / dosage_one);
    return flipped ? 2 - copies : copies;
}

} // namespace

Ploidy ploidy_of(const Variant& variant, std::string_view genome_build) noexcept {
    const Inheritance inheritance = inheritance_of(variant.chromosome);
    if (inheritance == Inheritance::autosomal ||
        is_pseudo_autosomal(genome_build, variant.chromosome, variant.position)) {
        return Ploidy::diploid;
    }
    if (inheritance == Inheritance::x_linked) return Ploidy::x;
    return inheritance == Inheritance::y_linked ? Ploidy::y : Ploidy::mitochondrial;
}

std::uint64_t AlleleMoments::counted_squares(bool flipped) const noexcept {
    // Sum of (2 - x)^2. Wraps below zero on the way, but not in the end.
    return flipped ? (called << (2 * shift + 2)) - (copies << (shift + 2)) + squares : squares;
}

bool AlleleMoments::constant() const noexcept {
    return WideSum{called} * WideSum{squares} == WideSum{copies} * WideSum{copies};
}

void VariantGenotypes::assign(const VariantBlock& block, std::size_t v, Ploidy ploidy,
                              std::span<const Sex> sex, Coding coding) {
    coding_ = coding;
    list_ = block.is_carrier_list(v);
    ploidy_ = ploidy;
    if (list_)
        carriers_ = block.carriers(v);
    else
        row_ = block.row(v);
    if (coding == Coding::additive) {
        assign_dosages(block, v);
    } else {
        dosages_.clear();
        dosage_list_.clear();
        has_dosage_list_ = false;
    }
    if (ploidy == Ploidy::x || ploidy == Ploidy::y) remove_impossible(block.sample_count(), sex);
    if (coding != Coding::additive) recode(block.sample_count());
}

// One copy stands for the coded genotype, none for the others.
void VariantGenotypes::recode(std::size_t samples) {
    const auto coded = [&](std::uint8_t call) {
        if (call == missing) return missing;
        const bool has = coding_ == Coding::dominant ? call != hom_ref : call == hom_alt;
        return has ? het : hom_ref;
    };
    allele_row_ = row_;
    allele_carriers_ = carriers_;
    if (list_) {
        coded_carriers_.clear();
        for (const Carrier carrier : carriers_) {
            const auto call = coded(carrier_call(carrier));
            if (call != hom_ref)
                coded_carriers_.push_back(make_carrier(carrier_sample(carrier), call));
        }
        carriers_ = coded_carriers_;
        return;
    }
    coded_row_.assign((samples + 255) / 256 * 64, 0);
    for (std::size_t i = 0; i < samples; ++i)
        packed_set(coded_row_, i, coded(packed_get(row_, i)));
    row_ = coded_row_;
}

void VariantGenotypes::assign_dosages(const VariantBlock& block, std::size_t v) {
    dosages_.clear();
    dosage_list_.clear();
    const std::span<const SampleDosage> own = block.dosage_list(v);
    has_dosage_list_ = list_ && !own.empty() &&
                       (carriers_.size() + own.size()) * dosage_list_share <= block.sample_count();
    if (has_dosage_list_) {
        merge_dosages(carriers_, own, dosage_list_);
    } else if (block.has_dosages(v)) {
        dosages_.resize(block.sample_count());
        block.unpack_dosages(v, dosages_);
    }
}

// Of males' heterozygous calls.
void VariantGenotypes::remove_impossible(std::size_t samples, std::span<const Sex> sex) {
    const auto impossible = [&](std::size_t sample, std::uint8_t call) {
        return call == het && sex[sample] == Sex::male;
    };
    if (list_) {
        own_carriers_.assign(carriers_.begin(), carriers_.end());
        std::vector<SampleDosage> lost;
        for (Carrier& carrier : own_carriers_) {
            const std::size_t sample = carrier_sample(carrier);
            if (!impossible(sample, carrier_call(carrier))) continue;
            carrier = make_carrier(sample, missing);
            if (!dosages_.empty()) dosages_[sample] = dosage_missing;
            lost.push_back({static_cast<std::uint32_t>(sample), dosage_missing});
        }
        carriers_ = own_carriers_;
        if (!has_dosage_list_ || lost.empty()) return;
        std::vector<SampleDosage> left;
        std::ranges::set_union(lost, dosage_list_, std::back_inserter(left), {},
                               &SampleDosage::sample, &SampleDosage::sample);
        dosage_list_.swap(left);
        return;
    }
    own_row_.assign(row_.data(), row_.data() + (samples + 255) / 256 * 64);
    for (std::size_t i = 0; i < samples; ++i) {
        if (!impossible(i, packed_get(own_row_, i))) continue;
        packed_set(own_row_, i, missing);
        if (has_dosages()) dosages_[i] = dosage_missing;
    }
    row_ = own_row_;
}

DosageMoments VariantGenotypes::list_moments(const SampleMask& mask) const noexcept {
    DosageMoments m{.called = mask.count()};
    for (const auto& [sample, dosage] : dosage_list_) {
        if (!mask.contains(sample)) continue;
        if (dosage == dosage_missing) {
            --m.called;
            continue;
        }
        m.sum += dosage;
        m.squares += std::uint64_t{dosage} * dosage;
    }
    return m;
}

AlleleMoments VariantGenotypes::moments(const SampleMask& mask) const noexcept {
    if (has_dosages()) {
        const DosageMoments m =
            has_dosage_list_ ? list_moments(mask) : dosage_moments(dosages_, mask);
        return {.called = m.called, .copies = m.sum, .squares = m.squares, .shift = dosage_shift};
    }
    const GenotypeCounts c = list_ ? count_genotypes(carriers_, mask) : count_genotypes(row_, mask);
    return {.called = c.called(), .copies = c.alt_copies(), .squares = c.het + 4 * c.hom_alt};
}

AlleleMoments VariantGenotypes::allele_moments(const SampleMask& mask) const noexcept {
    if (coding_ == Coding::additive) return moments(mask);
    const GenotypeCounts c =
        list_ ? count_genotypes(allele_carriers_, mask) : count_genotypes(allele_row_, mask);
    return {.called = c.called(), .copies = c.alt_copies(), .squares = c.het + 4 * c.hom_alt};
}

void VariantGenotypes::list_missing_calls(std::size_t samples, std::vector<Carrier>& out) const {
    out.clear();
    if (has_dosage_list_) {
        for (const auto& [sample, dosage] : dosage_list_)
            if (dosage == dosage_missing) out.push_back(make_carrier(sample, missing));
        return;
    }
    if (has_dosages()) {
        for (std::size_t i = 0; i < samples; ++i)
            if (dosages_[i] == dosage_missing) out.push_back(make_carrier(i, missing));
        return;
    }
    if (!list_) return list_missing(row_, samples, out);
    std::copy_if(carriers_.begin(), carriers_.end(), std::back_inserter(out),
                 [](Carrier carrier) { return carrier_call(carrier) == missing; });
}

void VariantGenotypes::list_copies(std::size_t samples, bool flipped, double absent,
                                   std::vector<SampleCopies>& out) const {
    out.clear();
    const double plain[4] = {0, 1, 2, absent}, turned[4] = {2, 1, 0, absent};
    const auto& copies = flipped ? turned : plain;
    if (has_dosage_list_ && !flipped) {
        for (const auto& [sample, dosage] : dosage_list_)
            out.push_back({sample, counted_copies(dosage, false, absent)});
    } else if (list_ && !has_dosages() && !flipped) {
        for (const Carrier carrier : carriers_)
            out.push_back({carrier_sample(carrier), copies[carrier_call(carrier)]});
    } else if (has_dosages() || list_) {
        std::vector<std::uint32_t> everybody(samples);
        std::iota(everybody.begin(), everybody.end(), 0U);
        std::vector<double> all(samples);
        expand(everybody, flipped, std::nan(""), all);
        for (std::size_t i = 0; i < samples; ++i)
            if (all[i] != 0) out.push_back({i, std::isnan(all[i]) ? absent : all[i]});
    } else {
        const std::uint8_t skipped = flipped ? hom_alt * 0x55 : 0; // four calls of no copies
        for (std::size_t byte = 0; byte < packed_bytes(samples); ++byte) {
            if (row_[byte] == skipped) continue;
            for (std::size_t i = 4 * byte; i < std::min(samples, 4 * byte + 4); ++i) {
                const std::uint8_t call = packed_get(row_, i);
                if (call != (flipped ? hom_alt : hom_ref)) out.push_back({i, copies[call]});
            }
        }
    }
}

void VariantGenotypes::expand(std::span<const std::uint32_t> samples, bool flipped, double absent,
                              std::span<double> out) const noexcept {
    if (!has_dosages()) {
        const double plain[4] = {0, 1, 2, absent}, turned[4] = {2, 1, 0, absent};
        return expand_calls(samples, flipped ? turned : plain, out);
    }
    if (has_dosage_list_) return expand_list(samples, flipped, absent, out);
    for (std::size_t k = 0; k < samples.size(); ++k)
        out[k] = counted_copies(dosages_[samples[k]], flipped, absent);
}

void VariantGenotypes::expand_list(std::span<const std::uint32_t> samples, bool flipped,
                                   double absent, std::span<double> out) const noexcept {
    std::fill_n(out.begin(), samples.size(), counted_copies(0, flipped, absent));
    auto at = samples.begin();
    for (const auto& [sample, dosage] : dosage_list_) {
        at = std::lower_bound(at, samples.end(), sample);
        if (at == samples.end()) return;
        if (*at != sample) continue;
        out[static_cast<std::size_t>(at - samples.begin())] =
            counted_copies(dosage, flipped, absent);
    }
}

// Four calls of a byte at once.
void VariantGenotypes::expand_row(std::size_t samples, const double (&values)[4],
                                  std::span<double> out) const noexcept {
    double table[256][4];
    for (std::size_t byte = 0; byte < 256; ++byte)
        for (std::size_t k = 0; k < 4; ++k)
            table[byte][k] = values[byte >> (2 * k) & 3];
    for (std::size_t byte = 0; byte < samples / 4; ++byte)
        std::copy_n(table[row_[byte]], 4, out.begin() + static_cast<std::ptrdiff_t>(4 * byte));
    for (std::size_t i = samples / 4 * 4; i < samples; ++i)
        out[i] = values[packed_get(row_, i)];
}

void VariantGenotypes::expand_calls(std::span<const std::uint32_t> samples,
                                    const double (&values)[4],
                                    std::span<double> out) const noexcept {
    if (!list_ && !samples.empty() && samples.back() + 1 == samples.size())
        return expand_row(samples.size(), values, out); // all from the first on
    if (!list_) {
        for (std::size_t k = 0; k < samples.size(); ++k)
            out[k] = values[packed_get(row_, samples[k])];
        return;
    }
    std::fill_n(out.begin(), samples.size(), values[hom_ref]);
    auto at = samples.begin();
    for (const Carrier carrier : carriers_) {
        at = std::lower_bound(at, samples.end(), carrier_sample(carrier));
        if (at == samples.end()) return;
        if (*at != carrier_sample(carrier)) continue;
        out[static_cast<std::size_t>(at - samples.begin())] = values[carrier_call(carrier)];
    }
}

} // namespace salus::association
