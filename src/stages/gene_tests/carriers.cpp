#include "stages/gene_tests/carriers.hpp"

#include "base/numbers.hpp"

#include <algorithm>
#include <cmath>

namespace salus::gene_tests {
namespace {

using association::AlleleMoments;
using association::Ploidy;
using association::VariantGenotypes;

// Copies of the counted allele by sample, 0 left out.
void list_copies(const VariantGenotypes& genotypes, std::size_t samples, bool flipped,
                 SparseColumn& out) {
    if (genotypes.is_list() && !genotypes.has_dosages() && !flipped) {
        for (const Carrier carrier : genotypes.carriers()) {
            const std::uint8_t call = carrier_call(carrier);
            out.add(static_cast<std::uint32_t>(carrier_sample(carrier)),
                    call == missing ? nan : static_cast<double>(call));
        }
        return;
    }
    if (genotypes.has_dosage_list() && !flipped) {
        for (const auto& [sample, dosage] : genotypes.dosage_list())
            out.add(sample, dosage == dosage_missing ? nan : dosage * (1.0 / dosage_one));
        return;
    }
    std::vector<std::uint32_t> all(samples);
    for (std::size_t i = 0; i < samples; ++i)
        all[i] = static_cast<std::uint32_t>(i);
    std::vector<double> copies(samples);
    genotypes.expand(all, flipped, nan, copies);
    for (std::size_t i = 0; i < samples; ++i)
        if (copies[i] != 0) out.add(static_cast<std::uint32_t>(i), copies[i]);
}

} // namespace

CarrierColumn carriers_of(const VariantBlock& block, std::size_t v, Ploidy ploidy,
                          std::span<const Sex> sex, const SampleMask& eligible,
                          const SampleMask& eligible_males, bool minor) {
    VariantGenotypes genotypes;
    genotypes.assign(block, v, ploidy, sex);
    const AlleleMoments all = genotypes.moments(eligible);
    const double unit = std::ldexp(1.0, -static_cast<int>(all.shift));
    double copies = static_cast<double>(all.copies) * unit;
    double alleles = 2 * static_cast<double>(all.called);
    if (ploidy == Ploidy::x) {
        const AlleleMoments males = genotypes.moments(eligible_males);
        copies -= 0.5 * static_cast<double>(males.copies) * unit;
        alleles -= static_cast<double>(males.called);
    }
    CarrierColumn column;
    column.flipped = minor && 2 * copies > alleles;
    column.allele_count = column.flipped ? alleles - copies : copies;
    column.frequency = alleles > 0 ? column.allele_count / alleles : nan;
    list_copies(genotypes, block.sample_count(), column.flipped, column.copies);
    return column;
}

SetColumn restrict_to(const CarrierColumn& column, const SampleMask& members,
                      std::span<const Sex> sex, Ploidy ploidy) {
    SetColumn result;
    result.called = members.count();
    double sum = 0;
    for (std::size_t k = 0; k < column.copies.size(); ++k) {
        const std::uint32_t sample = column.copies.sample[k];
        if (!members.contains(sample)) continue;
        const double copies = column.copies.value[k];
        result.copies.add(sample, copies);
        if (std::isnan(copies)) {
            --result.called;
            continue;
        }
        sum += copies;
        const bool one = ploidy == Ploidy::x && sex[sample] == Sex::male;
        result.allele_count += one ? 0.5 * copies : copies;
        result.carriers.push_back(sample);
    }
    if (result.called == 0) return {};
    result.mean = sum / static_cast<double>(result.called);
    for (double& value : result.copies.value)
        if (std::isnan(value)) value = result.mean;
    return result;
}

SparseColumn Merger::merge(std::span<const SparseColumn* const> columns, BurdenCoding coding) {
    touched_.clear();
    for (const SparseColumn* column : columns) {
        for (std::size_t k = 0; k < column->size(); ++k) {
            double& value = dense_[column->sample[k]];
            if (value == 0) touched_.push_back(column->sample[k]);
            value = coding == BurdenCoding::max ? std::max(value, column->value[k])
                                                : value + column->value[k];
        }
    }
    std::sort(touched_.begin(), touched_.end());
    SparseColumn result;
    std::uint32_t last = UINT32_MAX;
    for (const std::uint32_t sample : touched_) {
        double& value = dense_[sample];
        if (sample != last && value != 0)
            result.add(sample, coding == BurdenCoding::comphet ? std::min(2.0, value) : value);
        last = sample;
        value = 0;
    }
    return result;
}

void Merger::products(const SparseColumn& column, std::span<const double> weights,
                      std::span<const SparseColumn* const> others, std::span<double> out) {
    for (std::size_t k = 0; k < column.size(); ++k)
        dense_[column.sample[k]] = column.value[k] * weights[k];
    for (std::size_t o = 0; o < others.size(); ++o) {
        const SparseColumn& other = *others[o];
        double sum = 0;
        for (std::size_t k = 0; k < other.size(); ++k)
            sum += other.value[k] * dense_[other.sample[k]];
        out[o] = sum;
    }
    for (const std::uint32_t sample : column.sample)
        dense_[sample] = 0;
}

} // namespace salus::gene_tests
