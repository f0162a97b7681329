#include "kernels/pair_form.hpp"

namespace salus {

PairForm::PairForm(std::size_t samples, std::span<const Entry> entries) {
    if (entries.empty()) return;
    place_.assign(samples, none);
    for (const Entry& entry : entries)
        place_[entry.first] = place_[entry.second] = 0;
    for (std::size_t i = 0; i < samples; ++i) {
        if (place_[i] == none) continue;
        place_[i] = static_cast<std::uint32_t>(samples_.size());
        samples_.push_back(static_cast<std::uint32_t>(i));
    }
    begin_.assign(samples_.size() + 1, 0);
    for (const Entry& entry : entries)
        ++begin_[place_[entry.first] + 1];
    for (std::size_t k = 0; k < samples_.size(); ++k)
        begin_[k + 1] += begin_[k];
    for (const Entry& entry : entries) {
        second_.push_back(place_[entry.second]);
        weight_.push_back(entry.weight);
    }
}

double PairForm::along(std::span<const double> values, std::size_t place) const noexcept {
    double sum = 0;
    for (std::size_t k = begin_[place]; k < begin_[place + 1]; ++k)
        sum += weight_[k] * values[second_[k]];
    return sum;
}

double PairForm::value(std::span<const double> values) const noexcept {
    double sum = 0;
    for (std::size_t p = 0; p < samples_.size(); ++p)
        sum += values[p] * along(values, p);
    return 2 * sum;
}

double PairForm::value(std::span<const double> values,
                       std::span<const std::uint32_t> places) const noexcept {
    double sum = 0;
    for (const std::uint32_t p : places)
        sum += values[p] * along(values, p);
    return 2 * sum;
}

} // namespace salus
