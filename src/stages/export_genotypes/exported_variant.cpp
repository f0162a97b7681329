#include "stages/export_genotypes/exported_variant.hpp"

#include <algorithm>
#include <array>

namespace salus {
namespace {

constexpr std::array<CallCode, 4> diploid_codes{call_code(0, 0), call_code(0, 1), call_code(1, 1),
                                                call_code(missing_code, missing_code)};
constexpr std::array<CallCode, 4> haploid_codes{call_code(0, absent_code), call_code(0, 1),
                                                call_code(1, absent_code),
                                                call_code(missing_code, absent_code)};

} // namespace

ExportedVariant::ExportedVariant(const ExportSamples& samples, std::string genome_build)
    : samples_(samples), ploidy_(std::move(genome_build), samples.table.sex),
      row_(packed_bytes(samples.count())), codes_(samples.count()) {}

void ExportedVariant::load(const VariantBlock& block, std::size_t v) {
    sparse_ = block.is_carrier_list(v);
    row_made_ = !sparse_;
    if (sparse_)
        load_carriers(block.carriers(v));
    else
        load_row(block.row(v));
    phased_.clear();
    for (const Carrier carrier : block.phased(v))
        if (const auto place = samples_.place[carrier_sample(carrier)];
            place != ExportSamples::left_out)
            phased_.push_back(make_carrier(place, carrier_call(carrier)));
    load_dosages(block, v);
}

void ExportedVariant::load_carriers(std::span<const Carrier> carriers) {
    carriers_.clear();
    for (const Carrier carrier : carriers)
        if (const auto place = samples_.place[carrier_sample(carrier)];
            place != ExportSamples::left_out)
            carriers_.push_back(make_carrier(place, carrier_call(carrier)));
}

void ExportedVariant::load_row(std::span<const std::uint8_t> row) {
    if (samples_.all()) {
        std::copy(row.begin(), row.end(), row_.begin());
        return;
    }
    for (std::size_t byte = 0; byte < row_.size(); ++byte) {
        unsigned four = 0;
        const std::size_t end = std::min(4 * byte + 4, samples_.count());
        for (std::size_t i = 4 * byte; i < end; ++i)
            four |= static_cast<unsigned>(packed_get(row, samples_.kept[i])) << 2 * (i % 4);
        row_[byte] = static_cast<std::uint8_t>(four);
    }
}

void ExportedVariant::load_dosages(const VariantBlock& block, std::size_t v) {
    dosages_.clear();
    for (const SampleDosage& one : block.dosage_list(v))
        if (const auto place = samples_.place[one.sample]; place != ExportSamples::left_out)
            dosages_.push_back({place, one.dosage});
    const auto all = block.dosage_row(v);
    if (all.empty()) return;
    const auto calls = row();
    for (std::uint32_t i = 0; i < samples_.count(); ++i)
        if (const Dosage dosage = all[samples_.kept[i]];
            dosage != dosage_of_call(packed_get(calls, i)))
            dosages_.push_back({i, dosage});
}

PgenInput ExportedVariant::pgen() const noexcept {
    PgenInput input{.dosages = dosages_, .phased = phased_};
    if (sparse_)
        input.carriers = carriers_;
    else
        input.row = row_;
    return input;
}

std::span<const std::uint8_t> ExportedVariant::row() {
    if (!row_made_) {
        std::fill(row_.begin(), row_.end(), std::uint8_t{0});
        for (const Carrier carrier : carriers_)
            packed_set(row_, carrier_sample(carrier), carrier_call(carrier));
        row_made_ = true;
    }
    return row_;
}

std::span<const CallCode> ExportedVariant::codes(const Variant& variant) {
    const auto calls = row();
    std::size_t hets = 0;
    for (std::size_t i = 0; i < codes_.size(); ++i) {
        const std::uint8_t call = packed_get(calls, i);
        hets += call == het ? 1U : 0U;
        codes_[i] = diploid_codes[call];
    }
    if (inheritance_of(variant.chromosome) != Inheritance::autosomal) {
        ploidy_.move_to(variant.chromosome, variant.position);
        for (std::size_t i = 0; i < codes_.size(); ++i)
            if (!ploidy_.expects_two(i)) codes_[i] = haploid_codes[packed_get(calls, i)];
    }
    if (!phased_.empty() && phased_.size() == hets)
        for (CallCode& code : codes_)
            if (code == diploid_codes[hom_ref] || code == diploid_codes[hom_alt])
                code = static_cast<CallCode>(code + phased_code);
    for (const Carrier carrier : phased_)
        codes_[carrier_sample(carrier)] = static_cast<CallCode>(
            phased_code + (carrier_call(carrier) == alt_first ? call_code(1, 0) : call_code(0, 1)));
    return codes_;
}

std::span<const Dosage> ExportedVariant::dosages() {
    if (dosages_.empty()) return {};
    const auto calls = row();
    all_dosages_.resize(samples_.count());
    for (std::size_t i = 0; i < all_dosages_.size(); ++i)
        all_dosages_[i] = dosage_of_call(packed_get(calls, i));
    for (const SampleDosage& one : dosages_)
        all_dosages_[one.sample] = one.dosage;
    return all_dosages_;
}

} // namespace salus
