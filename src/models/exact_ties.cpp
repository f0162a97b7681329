#include "models/exact_ties.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

constexpr std::size_t most_pieces = 64, batch_rows = 512;

bool at_risk_at(const RiskSets& sets, std::uint32_t row, std::uint32_t k) {
    return sets.from()[row] != RiskSets::never && sets.from()[row] <= k && k < sets.until(row);
}

double steps_of(const RiskSets& sets, std::uint32_t k) {
    const auto& event = sets.events()[k];
    const auto people = static_cast<double>(event.end - event.stratum_begin);
    return event.deaths > 1 ? event.deaths * people : 0;
}

/// Chances w(j, k) that person j is in the set, if k of the people up to j are: j from 1, k from 1
/// to d. Fills log_total.
std::vector<double> forward(std::span<const double> eta, std::size_t d, double& log_total) {
    const std::size_t n = eta.size();
    const double shift = *std::max_element(eta.begin(), eta.end());
    std::vector<double> w(n * d, 0.0), q(d + 1, 0.0); // q[k]: total of k - 1 people over that of k
    log_total = 0;
    for (std::size_t j = 1; j <= n; ++j) {
        const double r = std::exp(eta[j - 1] - shift);
        const std::size_t low = d > n - j ? d - (n - j) : 1, high = std::min(j, d);
        if (j <= d) log_total += eta[j - 1];
        for (std::size_t k = high; k >= low; --k) { // with fewer, d cannot be reached
            const double less = k == 1 ? 1 : 1 + r * q[k - 1];
            const double grown = 1 + r * q[k];
            w[(j - 1) * d + k - 1] = k == j ? 1 : r * q[k] / grown;
            if (k == d && k < j) log_total += std::log1p(r * q[k]);
            q[k] = k == j ? less / r : q[k] * less / grown;
        }
    }
    return w;
}

/// Chances that k of the people up to j are in the set, from the end.
std::vector<double> backward(std::span<const double> w, std::size_t n, std::size_t d) {
    std::vector<double> visited(n * d, 0.0);
    visited[(n - 1) * d + d - 1] = 1;
    for (std::size_t j = n - 1; j >= 1; --j)
        for (std::size_t k = 1; k <= d; ++k) {
            const double here = visited[j * d + k - 1], in = w[j * d + k - 1];
            visited[(j - 1) * d + k - 1] += here * (1 - in);
            if (k > 1) visited[(j - 1) * d + k - 2] += here * in;
        }
    return visited;
}

/// Grams of many rows, a batch at a time.
class BatchedGram {
public:
    BatchedGram(std::size_t columns, std::span<double> sum)
        : rows_(columns, batch_rows), weight_(rows_.padded(), 0.0), gram_(columns * columns),
          sum_(sum) {}
    std::size_t place() const { return used_; }
    DesignBlock& rows() { return rows_; }
    void take(double weight) {
        weight_[used_++] = weight;
        if (used_ == batch_rows) flush();
    }
    void flush() {
        std::fill(weight_.begin() + static_cast<std::ptrdiff_t>(used_), weight_.end(), 0.0);
        weighted_gram(rows_.design(), weight_, gram_);
        for (std::size_t i = 0; i < gram_.size(); ++i)
            sum_[i] += gram_[i];
        used_ = 0;
    }

private:
    DesignBlock rows_;
    std::vector<double> weight_, gram_;
    std::span<double> sum_;
    std::size_t used_ = 0;
};

// A set up to person j is one with him, or one without: its sum has the mean of that mixture, and
// w (1 - w) of the squared difference of the two adds to the variance.
void add_covariance(std::span<const double> w, std::span<const double> visited, std::size_t d,
                    std::span<const std::span<const double>> columns, std::span<double> sum) {
    const std::size_t n = columns[0].size(), p = columns.size();
    std::vector<double> mean((d + 1) * p, 0.0);
    BatchedGram gram(p, sum);
    for (std::size_t j = 1; j <= n; ++j) {
        const std::size_t low = d > n - j ? d - (n - j) : 1, high = std::min(j, d);
        for (std::size_t k = high; k >= low; --k) {
            const double in = w[(j - 1) * d + k - 1];
            const double weight = visited[(j - 1) * d + k - 1] * in * (1 - in);
            const std::size_t place = gram.place();
            for (std::size_t c = 0; c < p; ++c) {
                const double apart = mean[(k - 1) * p + c] + columns[c][j - 1] - mean[k * p + c];
                gram.rows().column(c)[place] = apart;
                mean[k * p + c] += in * apart;
            }
            if (weight > 0) gram.take(weight);
        }
    }
    gram.flush();
}

} // namespace

ExactTiesCost exact_ties_cost(const RiskSets& sets) {
    ExactTiesCost cost;
    for (std::uint32_t k = 0; k < sets.events().size(); ++k) {
        const double steps = steps_of(sets, k);
        cost.steps += steps;
        cost.largest = std::max(cost.largest, steps);
    }
    return cost;
}

DrawnSet draw_deaths(std::span<const double> eta, std::size_t deaths,
                     std::span<const std::span<const double>> columns, std::span<double> mean,
                     std::span<double> covariance) {
    const std::size_t n = eta.size(), d = deaths;
    DrawnSet out;
    const auto w = forward(eta, d, out.log_total);
    if (columns.empty()) return out;
    const auto visited = backward(w, n, d);
    out.probability.assign(n, 0.0);
    for (std::size_t j = 0; j < n; ++j)
        for (std::size_t k = 0; k < d; ++k)
            out.probability[j] += visited[j * d + k] * w[j * d + k];
    for (std::size_t c = 0; c < columns.size(); ++c)
        for (std::size_t j = 0; j < n; ++j)
            mean[c] += out.probability[j] * columns[c][j];
    add_covariance(w, visited, d, columns, covariance);
    return out;
}

ExactTies::ExactTies(HazardLikelihood& breslow, std::size_t part, std::size_t parts,
                     JoinBlocks join)
    : breslow_(breslow), join_(std::move(join)) {
    const HazardProblem& problem = breslow.problem();
    for (std::size_t c = 0; c < columns(); ++c) {
        std::vector<double> mine;
        for (const DesignBlock& block : problem.design)
            mine.insert(mine.end(), block.column(c).begin(), block.column(c).end());
        design_.push_back(problem.join(mine));
    }
    const double whole = exact_ties_cost(problem.sets).steps;
    std::vector<std::vector<std::uint32_t>> all(most_pieces);
    double before = 0;
    for (std::uint32_t k = 0; k < problem.sets.events().size(); ++k) {
        const double steps = steps_of(problem.sets, k);
        untied_.push_back(steps > 0 ? 0 : 1);
        if (steps == 0) continue;
        const auto place = static_cast<std::size_t>(before / whole * most_pieces);
        all[std::min(place, most_pieces - 1)].push_back(k);
        before += steps;
    }
    pieces_.assign(all.begin() + static_cast<std::ptrdiff_t>(most_pieces * part / parts),
                   all.begin() + static_cast<std::ptrdiff_t>(most_pieces * (part + 1) / parts));
}

std::vector<std::uint32_t> ExactTies::at_risk(std::uint32_t event_time) const {
    const RiskSets& sets = breslow_.problem().sets;
    const auto& event = sets.events()[event_time];
    std::vector<std::uint32_t> out;
    for (std::uint32_t row = event.stratum_begin; row < event.end; ++row)
        if (at_risk_at(sets, row, event_time)) out.push_back(row);
    return out;
}

double ExactTies::log_likelihood(std::span<const double> coefficients) {
    double out = breslow_.log_likelihood(coefficients);
    const auto eta = breslow_.linear_predictor();
    std::vector<double> mine, own;
    for (const auto& piece : pieces_) {
        double more = 0; // than Breslow's likelihood
        for (const std::uint32_t k : piece) {
            own.clear();
            for (const std::uint32_t row : at_risk(k))
                own.push_back(eta[row]);
            const double deaths = breslow_.problem().sets.events()[k].deaths;
            const double total = deaths / breslow_.terms()[k].hazard; // up to e^-shift
            more += deaths * (std::log(total) + breslow_.shift()) -
                    draw_deaths(own, static_cast<std::size_t>(deaths)).log_total;
        }
        mine.push_back(more);
    }
    for (const double more : join_(mine))
        out += more;
    return out;
}

// Score and information of one time with ties.
void ExactTies::add_set(std::uint32_t event_time, std::span<double> score,
                        std::span<double> information) const {
    const RiskSets& sets = breslow_.problem().sets;
    const auto& event = sets.events()[event_time];
    const auto rows = at_risk(event_time);
    std::vector<double> eta;
    std::vector<std::vector<double>> values(columns());
    for (const std::uint32_t row : rows)
        eta.push_back(breslow_.linear_predictor()[row]);
    std::vector<std::span<const double>> spans;
    for (std::size_t c = 0; c < columns(); ++c) {
        for (const std::uint32_t row : rows)
            values[c].push_back(design_[c][row]);
        spans.emplace_back(values[c]);
    }
    std::vector<double> mean(columns(), 0.0);
    draw_deaths(eta, static_cast<std::size_t>(event.deaths), spans, mean, information);
    for (std::size_t c = 0; c < columns(); ++c) {
        for (std::uint32_t row = event.deaths_begin; row < event.end; ++row)
            score[c] += design_[c][row];
        score[c] -= mean[c];
    }
}

void ExactTies::derivatives(std::span<double> score, std::span<double> information) {
    breslow_.weighted_derivatives(untied_, score, information);
    const std::size_t p = columns(), width = p + p * p;
    if (p == 0) return;
    std::vector<double> mine(pieces_.size() * width, 0.0);
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
        const auto out = std::span(mine).subspan(i * width, width);
        for (const std::uint32_t k : pieces_[i])
            add_set(k, out.first(p), out.subspan(p));
    }
    const auto total = ordered_total(join_, mine, width);
    for (std::size_t i = 0; i < p; ++i)
        score[i] += total[i];
    for (std::size_t i = 0; i < p * p; ++i)
        information[i] += total[p + i];
}

} // namespace salus
