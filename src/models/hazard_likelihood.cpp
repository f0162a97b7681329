#include "models/hazard_likelihood.hpp"

#include "models/hazard_terms.hpp"

#include <algorithm>
#include <cmath>

namespace salus {

using namespace hazard;

std::vector<HazardBlock> hazard_blocks(const RiskSets& sets, std::size_t rows) {
    std::vector<HazardBlock> out;
    HazardBlock open;
    const auto events = sets.events();
    const auto begin_events = [&](std::uint32_t k) {
        open.event_begin = k;
        if (k < events.size())
            open.leaving_begin = k == 0 || !same_stratum(events, k, k - 1) ? events[k].stratum_begin
                                                                           : events[k - 1].gone;
    };
    begin_events(0);
    for (std::uint32_t k = 0; k < events.size(); ++k) {
        if (events[k].end - open.row_begin < rows) continue;
        open.row_end = events[k].end;
        open.event_end = k + 1;
        open.leaving_end = std::max(open.leaving_begin, events[k].gone);
        out.push_back(open);
        open.row_begin = open.row_end;
        begin_events(k + 1);
    }
    open.row_end = static_cast<std::uint32_t>(sets.rows());
    open.event_end = static_cast<std::uint32_t>(events.size());
    open.leaving_end =
        open.events() > 0 ? std::max(open.leaving_begin, events.back().gone) : open.leaving_begin;
    if (open.rows() > 0 || out.empty()) out.push_back(open);
    return out;
}

namespace {

// Where the rows of a block end that may be of the stratum of the block before it; rows of strata
// without events have no weight.
std::uint32_t open_end(const HazardBlock& block, std::span<const RiskSets::EventTime> events) {
    for (std::uint32_t k = block.event_begin; k < block.event_end; ++k)
        if (events[k].stratum_begin >= block.row_begin) return events[k].stratum_begin;
    return block.row_end;
}

} // namespace

HazardLikelihood::HazardLikelihood(HazardProblem problem)
    : problem_(std::move(problem)), columns_(problem_.columns > 0 || problem_.design.empty()
                                                 ? problem_.columns
                                                 : problem_.design.front().columns()) {
    const std::size_t rows = problem_.sets.rows();
    risk_.resize(rows);
    expected_.resize(rows);
    terms_.resize(problem_.sets.events().size());
}

// Sum over later rows (earlier times) of the stratum of competing risk / (G H), for every event
// time.
void HazardLikelihood::competing_totals() {
    const auto events = problem_.sets.events();
    const auto& inverse = problem_.competing->inverse;
    later_.assign(events.size(), 0.0);
    double sum = 0;
    std::size_t row = problem_.sets.rows();
    for (std::size_t k = events.size(); k-- > 0;) {
        if (k + 1 < events.size() && !same_stratum(events, k, k + 1))
            row = events[k + 1].stratum_begin, sum = 0;
        for (; row > events[k].end; --row)
            sum += risk_[row - 1] * inverse[row - 1];
        later_[k] = sum;
    }
}

void HazardLikelihood::weigh_events() {
    const RiskSets& sets = problem_.sets;
    log_likelihood_ = 0;
    double sum = 0;
    sets.sweep([&] { sum = 0; }, [&](std::uint32_t row) { sum += risk_[row]; },
               [&](std::uint32_t row) { sum -= risk_[row]; },
               [&](std::uint32_t k) {
                   const auto& event = sets.events()[k];
                   EventSums sums{.risk = sum, .count = event.deaths, .weight = event.death_weight};
                   if (problem_.competing) sums.risk += problem_.competing->at_event[k] * later_[k];
                   double own = 0;
                   for (std::uint32_t row = event.deaths_begin; row < event.end; ++row) {
                       sums.deaths += risk_[row];
                       own += weight_of(sets, row) * (eta_[row] - shift_);
                   }
                   double log_sum = 0;
                   terms_[k] = terms_of(sums, problem_.ties, log_sum);
                   log_likelihood_ += own - log_sum;
               });
}

void HazardLikelihood::expect() {
    const RiskSets& sets = problem_.sets;
    const std::size_t events = terms_.size();
    cumulative_.resize(events);
    for (std::size_t k = 0; k < events; ++k)
        cumulative_[k] = terms_[k].hazard;
    if (problem_.competing) weighted_ = sum_before(problem_.competing->at_event, cumulative_);
    accumulate(sets, cumulative_);
    for (std::size_t row = 0; row < sets.rows(); ++row) {
        expected_[row] = risk_[row] * over_risk(sets, cumulative_, row);
        if (problem_.competing && problem_.competing->inverse[row] > 0)
            expected_[row] += risk_[row] * problem_.competing->inverse[row] *
                              over_later(*problem_.competing, weighted_, row);
    }
    for (std::size_t k = 0; k < events; ++k) {
        const auto& event = sets.events()[k];
        const double less = terms_[k].hazard - terms_[k].death_hazard;
        if (less == 0) continue;
        for (std::uint32_t row = event.deaths_begin; row < event.end; ++row)
            expected_[row] -= risk_[row] * less;
    }
}

double HazardLikelihood::log_likelihood(std::span<const double> coefficients) {
    const RiskSets& sets = problem_.sets;
    std::vector<double> mine;
    for (const DesignBlock& block : problem_.design) {
        const std::size_t begin = mine.size();
        mine.resize(begin + block.padded(), 0.0);
        salus::linear_predictor(block.design(), coefficients,
                                std::span(mine).subspan(begin, block.padded()));
        mine.resize(begin + block.rows());
    }
    eta_ = columns_ == 0 ? std::vector<double>(sets.rows(), 0.0) : problem_.join(mine);
    for (std::size_t row = 0; row < problem_.offset.size(); ++row)
        eta_[row] += problem_.offset[row];
    shift_ = eta_.empty() ? 0 : *std::max_element(eta_.begin(), eta_.end());
    for (std::size_t row = 0; row < eta_.size(); ++row)
        risk_[row] = std::exp(eta_[row] - shift_) * weight_of(sets, row);
    starts_.reset();
    if (problem_.competing) competing_totals();
    weigh_events();
    return log_likelihood_;
}

// What each block adds to the running sums, joined and added in block order.
HazardLikelihood::Starts HazardLikelihood::block_starts() const {
    const RiskSets& sets = problem_.sets;
    const auto events = sets.events();
    const std::size_t parts = problem_.competing ? 3 : 2, width = parts * columns_;
    std::vector<double> mine;
    std::vector<double> weight, out(columns_);
    for (std::size_t b = 0; b < problem_.design.size(); ++b) {
        const HazardBlock& block = problem_.blocks[problem_.first_block + b];
        const DesignBlock& design = problem_.design[b];
        std::uint32_t begin = block.row_begin, end = block.row_begin;
        std::uint32_t gone_begin = block.leaving_begin, gone_end = block.leaving_begin;
        if (block.events() > 0) {
            const auto& last = events[block.event_end - 1];
            begin = std::max(begin, last.stratum_begin);
            end = std::max(begin, last.end);
            gone_begin = std::max(gone_begin, last.stratum_begin);
            gone_end = std::max(gone_begin, last.gone);
        }
        weight.assign(design.padded(), 0.0);
        std::copy(risk_.begin() + begin, risk_.begin() + end,
                  weight.begin() + (begin - block.row_begin));
        column_products(design.design(), weight, out);
        mine.insert(mine.end(), out.begin(), out.end());
        std::fill(out.begin(), out.end(), 0.0);
        if (!problem_.leaving.empty() && gone_end > gone_begin) {
            const DesignBlock& leaving = problem_.leaving[b];
            weight.assign(leaving.padded(), 0.0);
            for (std::uint32_t g = gone_begin; g < gone_end; ++g)
                weight[g - block.leaving_begin] = risk_[sets.entries()[g]];
            column_products(leaving.design(), weight, out);
        }
        mine.insert(mine.end(), out.begin(), out.end());
        if (!problem_.competing) continue;
        weight.assign(design.padded(), 0.0);
        for (std::uint32_t row = block.row_begin; row < open_end(block, events); ++row)
            weight[row - block.row_begin] = risk_[row] * problem_.competing->inverse[row];
        column_products(design.design(), weight, out);
        mine.insert(mine.end(), out.begin(), out.end());
    }
    const std::vector<double> all = problem_.join(mine);
    Starts starts;
    std::vector<double> at_risk(columns_, 0.0), later(columns_, 0.0);
    std::uint32_t stratum = RiskSets::never;
    const std::size_t mine_end = problem_.first_block + problem_.design.size();
    for (std::size_t b = 0; b < problem_.blocks.size(); ++b) {
        const HazardBlock& block = problem_.blocks[b];
        const bool mine_too = b >= problem_.first_block && b < mine_end;
        const bool goes_on =
            block.events() > 0 && events[block.event_begin].stratum_begin == stratum;
        if (!goes_on) std::fill(at_risk.begin(), at_risk.end(), 0.0);
        if (mine_too) starts.at_risk.insert(starts.at_risk.end(), at_risk.begin(), at_risk.end());
        if (block.events() == 0) continue;
        const std::uint32_t last = events[block.event_end - 1].stratum_begin;
        if (last != events[block.event_begin].stratum_begin)
            std::fill(at_risk.begin(), at_risk.end(), 0.0);
        for (std::size_t c = 0; c < columns_; ++c)
            at_risk[c] += all[b * width + c] - all[b * width + columns_ + c];
        stratum = last;
    }
    if (!problem_.competing) return starts;
    starts.later.assign(problem_.design.size() * columns_, 0.0);
    for (std::size_t b = problem_.blocks.size(); b-- > problem_.first_block;) {
        if (b < mine_end)
            std::copy(later.begin(), later.end(),
                      starts.later.begin() +
                          static_cast<std::ptrdiff_t>((b - problem_.first_block) * columns_));
        const HazardBlock& block = problem_.blocks[b];
        const bool whole = open_end(block, events) == block.row_end;
        for (std::size_t c = 0; c < columns_; ++c)
            later[c] = (whole ? later[c] : 0) + all[b * width + 2 * columns_ + c];
    }
    return starts;
}

const HazardLikelihood::Starts& HazardLikelihood::starts() {
    if (!starts_) starts_ = block_starts();
    return *starts_;
}

// Of one column: sums of risk x value over the risk set and over the deaths of the event times of a
// block.
void HazardLikelihood::event_sums(std::size_t b, std::size_t column, const Starts& starts,
                                  std::span<double> at_risk, std::span<double> deaths) const {
    const RiskSets& sets = problem_.sets;
    const HazardBlock& block = problem_.blocks[problem_.first_block + b];
    const auto values = problem_.design[b].column(column);
    const double* leaving =
        problem_.leaving.empty() ? nullptr : problem_.leaving[b].column(column).data();
    double sum = starts.at_risk[b * columns_ + column];
    std::uint32_t row = block.row_begin, gone = block.leaving_begin, stratum = RiskSets::never;
    for (std::uint32_t k = block.event_begin; k < block.event_end; ++k) {
        const auto& event = sets.events()[k];
        if (stratum != RiskSets::never && event.stratum_begin != stratum) sum = 0;
        if (event.stratum_begin != stratum) {
            row = std::max(row, event.stratum_begin);
            gone = std::max(gone, event.stratum_begin);
            stratum = event.stratum_begin;
        }
        for (; row < event.end; ++row)
            sum += risk_[row] * values[row - block.row_begin];
        if (leaving != nullptr)
            for (; gone < event.gone; ++gone)
                sum -= risk_[sets.entries()[gone]] * leaving[gone - block.leaving_begin];
        double dying = 0;
        for (std::uint32_t d = event.deaths_begin; d < event.end; ++d)
            dying += risk_[d] * values[d - block.row_begin];
        at_risk[k - block.event_begin] = sum;
        deaths[k - block.event_begin] = dying;
    }
    if (!problem_.competing) return;
    sum = starts.later[b * columns_ + column];
    row = block.row_end;
    for (std::uint32_t k = block.event_end; k-- > block.event_begin;) {
        if (k + 1 < block.event_end && !same_stratum(sets.events(), k, k + 1))
            row = sets.events()[k + 1].stratum_begin, sum = 0;
        for (; row > sets.events()[k].end; --row)
            sum += risk_[row - 1] * problem_.competing->inverse[row - 1] *
                   values[row - 1 - block.row_begin];
        at_risk[k - block.event_begin] += problem_.competing->at_event[k] * sum;
    }
}

// Information of a block: gram of the expected events, less the squared means of its risk sets.
// With ties, sum c (S1 - f D1)(S1 - f D1)' / (S - f D)^2 is split into two squares.
void HazardLikelihood::block_information(std::size_t b, const Starts& starts,
                                         std::span<double> gram) const {
    const HazardBlock& block = problem_.blocks[problem_.first_block + b];
    const DesignBlock& design = problem_.design[b];
    std::vector<double> weight(design.padded(), 0.0);
    std::copy(expected_.begin() + block.row_begin, expected_.begin() + block.row_end,
              weight.begin());
    weighted_gram(design.design(), weight, gram);
    const std::size_t events = block.events();
    if (events == 0) return;
    DesignBlock means(columns_, events), dying(columns_, events);
    std::vector<double> first(means.padded(), 0.0), second(means.padded(), 0.0);
    bool tied = false;
    for (std::size_t k = 0; k < events; ++k) {
        const HazardTerms& t = terms_[block.event_begin + k];
        first[k] = t.squares;
        second[k] = t.death_squares - t.mixed * t.mixed / t.squares;
        tied = tied || t.mixed != 0;
    }
    for (std::size_t c = 0; c < columns_; ++c) {
        event_sums(b, c, starts, means.column(c), dying.column(c));
        if (!tied) continue;
        for (std::size_t k = 0; k < events; ++k) {
            const HazardTerms& t = terms_[block.event_begin + k];
            means.column(c)[k] -= t.mixed / t.squares * dying.column(c)[k];
        }
    }
    std::vector<double> less(columns_ * columns_);
    const auto subtract = [&] {
        for (std::size_t i = 0; i < less.size(); ++i)
            gram[i] -= less[i];
    };
    weighted_gram(means.design(), first, less);
    subtract();
    if (!tied) return;
    weighted_gram(dying.design(), second, less);
    subtract();
}

void HazardLikelihood::derivatives(std::span<double> score, std::span<double> information) {
    expect();
    sum_derivatives({}, score, information);
}

void HazardLikelihood::weighted_derivatives(std::span<const double> by_event,
                                            std::span<double> score,
                                            std::span<double> information) {
    const std::vector<HazardTerms> terms = terms_;
    for (std::size_t k = 0; k < terms_.size(); ++k) {
        HazardTerms& t = terms_[k];
        for (double* value : {&t.hazard, &t.death_hazard, &t.squares, &t.mixed, &t.death_squares})
            *value *= by_event[k];
    }
    expect();
    sum_derivatives(by_event, score, information);
    terms_ = terms;
    expect();
}

// From the events expected of every row.
void HazardLikelihood::sum_derivatives(std::span<const double> by_event, std::span<double> score,
                                       std::span<double> information) {
    if (columns_ == 0) return;
    const RiskSets& sets = problem_.sets;
    const Starts& starts = this->starts();
    const std::size_t width = columns_ + columns_ * columns_;
    std::vector<double> mine(problem_.design.size() * width, 0.0), residual;
    for (std::size_t b = 0; b < problem_.design.size(); ++b) {
        const HazardBlock& block = problem_.blocks[problem_.first_block + b];
        residual.assign(problem_.design[b].padded(), 0.0);
        for (std::uint32_t row = block.row_begin; row < block.row_end; ++row) {
            const bool event = sets.event()[row] != 0;
            const double count = event && !by_event.empty() ? by_event[sets.from()[row]] : 1;
            residual[row - block.row_begin] =
                sets.event()[row] * count * weight_of(sets, row) - expected_[row];
        }
        const auto out = std::span(mine).subspan(b * width, width);
        column_products(problem_.design[b].design(), residual, out.first(columns_));
        block_information(b, starts, out.subspan(columns_));
    }
    const auto total = ordered_total(problem_.join, mine, width);
    const auto split = total.begin() + static_cast<std::ptrdiff_t>(columns_);
    std::copy(total.begin(), split, score.begin());
    std::copy(split, total.end(), information.begin());
}

} // namespace salus
