#include "stages/association/variant_genotypes.hpp"

#include <algorithm>

namespace salus::association {

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
                              std::span<const Sex> sex) {
    list_ = block.is_carrier_list(v);
    ploidy_ = ploidy;
    if (list_)
        carriers_ = block.carriers(v);
    else
        row_ = block.row(v);
    dosages_.clear();
    if (block.has_dosages(v)) {
        dosages_.resize(block.sample_count());
        block.unpack_dosages(v, dosages_);
    }
    if (ploidy != Ploidy::x && ploidy != Ploidy::y) return;
    const auto impossible = [&](std::size_t sample, std::uint8_t call) {
        return call == het && sex[sample] == Sex::male;
    };
    if (list_) {
        own_carriers_.assign(carriers_.begin(), carriers_.end());
        for (Carrier& carrier : own_carriers_) {
            const std::size_t sample = carrier_sample(carrier);
            if (!impossible(sample, carrier_call(carrier))) continue;
            carrier = make_carrier(sample, missing);
            if (has_dosages()) dosages_[sample] = dosage_missing;
        }
        carriers_ = own_carriers_;
        return;
    }
    own_row_.assign(row_.data(), row_.data() + (block.sample_count() + 255) / 256 * 64);
    for (std::size_t i = 0; i < block.sample_count(); ++i) {
        if (!impossible(i, packed_get(own_row_, i))) continue;
        packed_set(own_row_, i, missing);
        if (has_dosages()) dosages_[i] = dosage_missing;
    }
    row_ = own_row_;
}

AlleleMoments VariantGenotypes::moments(const SampleMask& mask) const noexcept {
    if (has_dosages()) {
        const DosageMoments m = dosage_moments(dosages_, mask);
        return {.called = m.called, .copies = m.sum, .squares = m.squares, .shift = dosage_shift};
    }
    const GenotypeCounts c = list_ ? count_genotypes(carriers_, mask) : count_genotypes(row_, mask);
    return {.called = c.called(), .copies = c.alt_copies(), .squares = c.het + 4 * c.hom_alt};
}

void VariantGenotypes::list_missing_calls(std::size_t samples, std::vector<Carrier>& out) const {
    out.clear();
    if (has_dosages()) {
        for (std::size_t i = 0; i < samples; ++i)
            if (dosages_[i] == dosage_missing) out.push_back(make_carrier(i, missing));
        return;
    }
    if (!list_) return list_missing(row_, samples, out);
    std::copy_if(carriers_.begin(), carriers_.end(), std::back_inserter(out),
                 [](Carrier carrier) { return carrier_call(carrier) == missing; });
}

void VariantGenotypes::expand(std::span<const std::uint32_t> samples, bool flipped, double absent,
                              std::span<double> out) const noexcept {
    if (!has_dosages()) {
        const double plain[4] = {0, 1, 2, absent}, turned[4] = {2, 1, 0, absent};
        return expand_calls(samples, flipped ? turned : plain, out);
    }
    for (std::size_t k = 0; k < samples.size(); ++k) {
        const Dosage dosage = dosages_[samples[k]];
        const double copies = dosage * (1.0 / dosage_one);
        out[k] = dosage == dosage_missing ? absent : flipped ? 2 - copies : copies;
    }
}

void VariantGenotypes::expand_calls(std::span<const std::uint32_t> samples,
                                    const double (&values)[4],
                                    std::span<double> out) const noexcept {
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
