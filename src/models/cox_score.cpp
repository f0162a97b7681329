#include "models/cox_score.hpp"

#include <algorithm>
#include <numeric>

namespace salus {

CoxScore::CoxScore(const RiskSets& sets, CoxState state)
    : sets_(sets), state_(std::move(state)), squares_{0} {
    for (const HazardTerms& terms : state_.terms)
        squares_.push_back(squares_.back() + terms.squares);
}

RiskScan CoxScore::scan() const {
    RiskScan scan;
    scan.sample.resize(sets_.rows());
    std::iota(scan.sample.begin(), scan.sample.end(), std::uint32_t{0});
    scan.risk.assign(state_.risk.begin(),
                     state_.risk.begin() + static_cast<std::ptrdiff_t>(sets_.rows()));
    scan.leaving.assign(sets_.entries().begin(), sets_.entries().end());
    std::uint32_t stratum = RiskSets::never;
    for (std::size_t k = 0; k < state_.terms.size(); ++k) {
        const RiskSets::EventTime& event = sets_.events()[k];
        const HazardTerms& terms = state_.terms[k];
        scan.steps.push_back({.begin = event.stratum_begin,
                              .enter_end = event.end,
                              .leave_end = event.gone,
                              .deaths_begin = event.deaths_begin,
                              .fresh = event.stratum_begin != stratum,
                              .squares = terms.squares,
                              .mixed = terms.mixed,
                              .death_squares = terms.death_squares});
        stratum = event.stratum_begin;
    }
    return scan;
}

double CoxScore::Carriers::squared_means(std::span<const RowValue> rows) {
    const RiskSets& sets = score_.sets_;
    const auto& terms = score_.state_.terms;
    changes_.clear();
    deaths_.clear();
    for (const RowValue& carrier : rows) {
        const std::uint32_t from = sets.from()[carrier.row];
        if (from == RiskSets::never) continue;
        const double amount = score_.state_.risk[carrier.row] * carrier.value;
        changes_.push_back({from, amount});
        changes_.push_back({sets.until(carrier.row), -amount});
        if (sets.event()[carrier.row] != 0 && terms[from].mixed != 0)
            deaths_.push_back({from, amount});
    }
    // Equal changes in the order of rows: the sums have one order.
    const auto earlier = [](const Change& a, const Change& b) { return a.event < b.event; };
    std::stable_sort(changes_.begin(), changes_.end(), earlier);
    std::stable_sort(deaths_.begin(), deaths_.end(), earlier);
    double sum = 0, total = 0;
    auto death = deaths_.begin();
    for (auto change = changes_.begin(); change != changes_.end();) {
        const std::uint32_t event = change->event;
        for (; change != changes_.end() && change->event == event; ++change)
            sum += change->amount;
        const std::uint32_t next =
            change != changes_.end() ? change->event : static_cast<std::uint32_t>(terms.size());
        total += sum * sum * (score_.squares_[next] - score_.squares_[event]);
        while (death != deaths_.end() && death->event < next) {
            const HazardTerms& at = terms[death->event];
            const std::uint32_t here = death->event;
            double deaths = 0;
            for (; death != deaths_.end() && death->event == here; ++death)
                deaths += death->amount;
            total += (at.death_squares * deaths - 2 * at.mixed * sum) * deaths;
        }
    }
    return total;
}

} // namespace salus
