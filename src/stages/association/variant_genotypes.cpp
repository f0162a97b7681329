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

void VariantGenotypes::assign(const VariantBlock& block, std::size_t v, Ploidy ploidy,
                              std::span<const Sex> sex) {
    list_ = block.is_carrier_list(v);
    ploidy_ = ploidy;
    if (list_)
        carriers_ = block.carriers(v);
    else
        row_ = block.row(v);
    if (ploidy != Ploidy::x && ploidy != Ploidy::y) return;
    const auto impossible = [&](std::size_t sample, std::uint8_t call) {
        return call == het && sex[sample] == Sex::male;
    };
    if (list_) {
        own_carriers_.assign(carriers_.begin(), carriers_.end());
        for (Carrier& carrier : own_carriers_) {
            const std::size_t sample = carrier_sample(carrier);
            if (impossible(sample, carrier_call(carrier))) carrier = make_carrier(sample, missing);
        }
        carriers_ = own_carriers_;
        return;
    }
    own_row_.assign(row_.data(), row_.data() + (block.sample_count() + 255) / 256 * 64);
    for (std::size_t i = 0; i < block.sample_count(); ++i) {
        if (impossible(i, packed_get(own_row_, i))) packed_set(own_row_, i, missing);
    }
    row_ = own_row_;
}

void VariantGenotypes::list_missing_calls(std::size_t samples, std::vector<Carrier>& out) const {
    out.clear();
    if (!list_) return list_missing(row_, samples, out);
    std::copy_if(carriers_.begin(), carriers_.end(), std::back_inserter(out),
                 [](Carrier carrier) { return carrier_call(carrier) == missing; });
}

void VariantGenotypes::expand(std::span<const std::uint32_t> samples, const double (&values)[4],
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
