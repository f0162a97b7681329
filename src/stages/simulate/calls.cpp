#include "stages/simulate/calls.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

CallCode lost(CallCode code) noexcept {
    return call_code(missing_code, second_allele(code) == absent_code ? absent_code : missing_code);
}

void call_hets_homozygous(Rng& rng, std::span<CallCode> out) {
    for (CallCode& code : out) {
        const unsigned a = first_allele(code), b = second_allele(code);
        if (b >= missing_code || a == b || !rng.bernoulli(0.5)) continue;
        code = rng.bernoulli(0.5) ? call_code(a, a) : call_code(b, b);
    }
}

} // namespace

void Caller::call(const SimulatedSite& site, Transmission transmission, VariantFault fault,
                  std::span<const std::uint8_t> alleles, std::span<CallCode> out) const {
    for (std::uint64_t sample = 0; sample < out.size(); ++sample) {
        const std::uint64_t slot = pedigree_->slot_of_sample(sample);
        const bool male = pedigree_->male(slot);
        const bool paternal = carries(transmission, male, 0),
                   maternal = carries(transmission, male, 1);
        const unsigned a = alleles[2 * slot], b = alleles[2 * slot + 1];
        if (paternal && maternal)
            out[sample] = call_code(std::min(a, b), std::max(a, b));
        else if (paternal || maternal)
            out[sample] = call_code(paternal ? a : b, absent_code);
        else
            out[sample] = call_code(missing_code, absent_code);
    }
    Rng rng(noise_.seed, "simulate.calls", site.id);
    contaminate(alleles, rng, out);
    if (fault == VariantFault::hardy_weinberg) call_hets_homozygous(rng, out);
    lose(fault, rng, out);
}

void Caller::contaminate(std::span<const std::uint8_t> alleles, Rng& rng,
                         std::span<CallCode> out) const {
    for (std::uint64_t i = 0; i < pedigree_->plan().contaminated; ++i) {
        const std::uint64_t slot = pedigree_->contaminated(i), donor = pedigree_->donor(slot);
        CallCode& code = out[pedigree_->sample_of_slot(slot)];
        const unsigned own = first_allele(code);
        if (own != second_allele(code)) continue;
        for (const unsigned side : {0U, 1U}) {
            const unsigned other = alleles[2 * donor + side];
            if (other != own && rng.bernoulli(noise_.contamination_het))
                code = call_code(std::min(own, other), std::max(own, other));
        }
    }
}

void Caller::lose(VariantFault fault, Rng& rng, std::span<CallCode> out) const {
    const double rate = fault == VariantFault::low_call_rate
                            ? 0.08 + 0.12 * rng.uniform()
                            : std::min(0.05, noise_.missing_rate * rng.exponential());
    if (rate > 0) {
        const double log_keep = std::log1p(-rate);
        const auto skip = [&] { return std::floor(std::log(rng.uniform()) / log_keep); };
        for (double sample = skip(); sample < static_cast<double>(out.size());
             sample += 1 + skip()) {
            CallCode& code = out[static_cast<std::size_t>(sample)];
            code = lost(code);
        }
    }
    for (std::uint64_t i = 0; i < pedigree_->plan().low_call; ++i) {
        CallCode& code = out[pedigree_->sample_of_slot(pedigree_->low_call(i))];
        if (rng.bernoulli(noise_.low_sample_missing)) code = lost(code);
    }
}

} // namespace salus
