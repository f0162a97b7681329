#include "models/summary_quality.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

bool has_effect(const SummaryVariant& v) noexcept {
    return std::isfinite(v.beta) && v.standard_error > 0 && std::isfinite(v.standard_error) &&
           v.n > 0 && std::isfinite(v.n);
}

/// SD of the trait that makes the 1st percentile of SDs of genotypes that of a frequency of a half.
double trait_sd(std::span<const SummaryVariant> variants) {
    std::vector<double> scale;
    for (const SummaryVariant& v : variants)
        if (has_effect(v)) scale.push_back(std::sqrt(0.5) * effect_scale(v));
    if (scale.empty()) return 1;
    const auto place = scale.begin() + static_cast<std::ptrdiff_t>(scale.size() / 100);
    std::nth_element(scale.begin(), place, scale.end());
    return *place;
}

struct Sizes {
    double mean = 0, sd = 0;
};
Sizes sample_sizes(std::span<const SummaryVariant> variants) {
    double count = 0, sum = 0, squares = 0;
    for (const SummaryVariant& v : variants) {
        if (!has_effect(v)) continue;
        ++count;
        sum += v.n;
    }
    const double mean = sum / std::max(1.0, count);
    for (const SummaryVariant& v : variants)
        if (has_effect(v)) squares += (v.n - mean) * (v.n - mean);
    return {mean, std::sqrt(squares / std::max(1.0, count - 1))};
}

SummaryDefect defect_of(const SummaryVariant& v, double sd_y, const Sizes& sizes, bool binary) {
    if (!has_effect(v)) return SummaryDefect::no_effect;
    const double sd_ld = std::sqrt(2 * v.ld_frequency * (1 - v.ld_frequency));
    if (!(sd_ld >= 0.05)) return SummaryDefect::low_frequency;
    const double sd = (binary ? 2 : sd_y) / effect_scale(v);
    if (sd < 0.5 * sd_ld || sd > sd_ld + 0.1 || sd < 0.1) return SummaryDefect::spread;
    if (std::fabs(v.frequency - v.ld_frequency) > 0.2) return SummaryDefect::frequency;
    if (std::fabs(v.n - sizes.mean) > 3 * sizes.sd && sizes.sd > 0.01 * sizes.mean)
        return SummaryDefect::sample_size;
    if (v.palindromic && v.ld_frequency > 0.4 && v.ld_frequency < 0.6)
        return SummaryDefect::ambiguous;
    return SummaryDefect::none;
}

} // namespace

std::string_view to_string(SummaryDefect defect) noexcept {
    constexpr std::string_view names[summary_defects] = {
        "used", "no_effect", "low_frequency", "spread", "frequency", "sample_size", "ambiguous"};
    return names[static_cast<std::size_t>(defect)];
}

double effect_scale(const SummaryVariant& v) noexcept {
    return std::sqrt(v.n * v.standard_error * v.standard_error + v.beta * v.beta);
}

std::vector<SummaryDefect> summary_defects_of(std::span<const SummaryVariant> variants,
                                              bool binary) {
    const double sd_y = trait_sd(variants);
    const Sizes sizes = sample_sizes(variants);
    std::vector<SummaryDefect> out;
    for (const SummaryVariant& v : variants)
        out.push_back(defect_of(v, sd_y, sizes, binary));
    return out;
}

} // namespace salus
