#include "stages/report/genome_sketch.hpp"

#include <algorithm>
#include <cmath>

namespace salus::report {
namespace {

constexpr double linear_step = 0.02, linear_end = 20.0;
constexpr std::size_t linear_bins = 1000;
const double log_step = std::log(1.005);

double length_of(const ChromosomeRun& run) {
    return 1.0 + static_cast<double>(run.last - run.first);
}

/// Columns in proportion to the covered length, at least `least` for each run, `columns` in all.
std::vector<GenomeSketch::Span> share_columns(const std::vector<ChromosomeRun>& runs) {
    constexpr double least = 6;
    double total = 0;
    for (const auto& run : runs)
        total += length_of(run);
    const double free =
        static_cast<double>(GenomeSketch::columns) - least * static_cast<double>(runs.size());
    std::vector<GenomeSketch::Span> spans;
    double at = 0;
    for (const auto& run : runs) {
        const auto begin = static_cast<std::size_t>(std::llround(at));
        at += least + std::max(0.0, free) * length_of(run) / total;
        spans.push_back({begin, static_cast<std::size_t>(std::llround(at))});
    }
    return spans;
}

} // namespace

std::size_t significance_bin(double neg_log10_p) noexcept {
    if (neg_log10_p < linear_end)
        return static_cast<std::size_t>(std::max(0.0, neg_log10_p) / linear_step);
    const double above = std::log(neg_log10_p / linear_end) / log_step;
    const double last = static_cast<double>(significance_bins - 1);
    return static_cast<std::size_t>(std::min(last, static_cast<double>(linear_bins) + above));
}

double significance_of(std::size_t bin) noexcept {
    if (bin < linear_bins) return (static_cast<double>(bin) + 0.5) * linear_step;
    return linear_end * std::exp((static_cast<double>(bin - linear_bins) + 0.5) * log_step);
}

GenomeSketch::GenomeSketch(const std::vector<ChromosomeRun>& runs, double suggestive,
                           std::uint32_t distance)
    : runs_(runs), suggestive_(suggestive), distance_(distance),
      stretch_(std::max(1u, distance / 10)), counts_(significance_bins),
      spans_(share_columns(runs)) {
    const std::size_t used = spans_.empty() ? 0 : std::max(columns, spans_.back().end);
    cells_.assign(used * significance_bins, false);
    class_counts_.fill(std::vector<std::uint64_t>(significance_bins));
}

double GenomeSketch::column_of(std::size_t run, std::uint32_t position) const {
    const Span span = spans_[run];
    const double share = static_cast<double>(position - runs_[run].first) / length_of(runs_[run]);
    return static_cast<double>(span.begin) + share * static_cast<double>(span.end - span.begin);
}

void GenomeSketch::add(std::size_t run, std::uint64_t row, std::uint32_t position,
                       double neg_log10_p, double allele_frequency) {
    if (std::isnan(neg_log10_p)) return;
    ++tested_;
    largest_ = std::max(largest_, neg_log10_p);
    const std::size_t bin = significance_bin(neg_log10_p);
    ++counts_[bin];
    const double minor = std::min(allele_frequency, 1 - allele_frequency);
    if (!std::isnan(minor)) ++class_counts_[minor < 0.01 ? 0 : minor < 0.05 ? 1 : 2][bin];
    cells_[static_cast<std::size_t>(column_of(run, position)) * significance_bins + bin] = true;
    if (neg_log10_p < suggestive_) return;
    if (!hits_.empty() && hits_.back().run == run &&
        hits_.back().position / stretch_ == position / stretch_) {
        if (neg_log10_p > hits_.back().neg_log10_p)
            hits_.back() = {run, row, position, neg_log10_p};
        return;
    }
    hits_.push_back({run, row, position, neg_log10_p});
}

std::vector<Hit> GenomeSketch::independent_hits() const {
    std::vector<Hit> order = hits_;
    std::stable_sort(order.begin(), order.end(),
                     [](const Hit& a, const Hit& b) { return a.neg_log10_p > b.neg_log10_p; });
    std::vector<std::vector<std::uint32_t>> taken(runs_.size()); // per run, ascending
    std::vector<Hit> leads;
    for (const Hit& hit : order) {
        auto& near = taken[hit.run];
        const auto next = std::lower_bound(near.begin(), near.end(), hit.position);
        if (next != near.end() && *next - hit.position < distance_) continue;
        if (next != near.begin() && hit.position - *(next - 1) < distance_) continue;
        near.insert(next, hit.position);
        leads.push_back(hit);
    }
    return leads;
}

} // namespace salus::report
