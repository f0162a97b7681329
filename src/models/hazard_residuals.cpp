#include "kernels/radix_order.hpp"
#include "models/hazard_likelihood.hpp"
#include "models/hazard_terms.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace salus {

using namespace hazard;

namespace {

/// How the score changes with the log weight at each time of a process: sums over the rows whose
/// weights depend on it, of risk / (G H), plain and times a column (`base`, `values`: by row).
std::vector<double> weight_terms(const WeightProcess& process, std::span<const double> base,
                                 std::span<const double> values, std::span<const double> hazards,
                                 std::span<const double> hazard_means) {
    const std::size_t times = process.count.size();
    std::vector<double> risk(times + 1, 0.0), value(times + 1, 0.0), q(times);
    for (std::size_t row = 0; row < base.size(); ++row) {
        if (base[row] == 0 || process.weighted_from[row] == WeightProcess::none) continue;
        risk[process.weighted_from[row]] += base[row];
        value[process.weighted_from[row]] += values[row];
    }
    double r = 0, v = 0;
    for (std::size_t u = 0; u < times; ++u) {
        if (process.begins[u] != 0) r = v = 0;
        r += risk[u], v += value[u];
        const std::size_t first = process.first[u], behind = process.behind[u];
        q[u] = v * (hazards[behind] - hazards[first]) -
               r * (hazard_means[behind] - hazard_means[first]);
    }
    return q;
}

} // namespace

std::vector<double> HazardLikelihood::score_residuals(std::size_t column,
                                                      std::span<const WeightProcess> processes) {
    const RiskSets& sets = problem_.sets;
    const Starts& starts = this->starts();
    std::vector<double> mine;
    std::size_t held = 0;
    for (std::size_t b = 0; b < problem_.design.size(); ++b)
        held += problem_.blocks[problem_.first_block + b].events();
    std::vector<double> sums(held), dying(held);
    std::size_t at = 0;
    for (std::size_t b = 0; b < problem_.design.size(); ++b) {
        const std::size_t events = problem_.blocks[problem_.first_block + b].events();
        event_sums(b, column, starts, std::span(sums).subspan(at, events),
                   std::span(dying).subspan(at, events));
        at += events;
    }
    const auto s1 = problem_.join(sums), d1 = problem_.join(dying);
    const std::size_t events = terms_.size();
    std::vector<double> means(events), of_deaths(events), mean(events), hazards(events);
    for (std::size_t k = 0; k < events; ++k) {
        const HazardTerms& t = terms_[k];
        means[k] = s1[k] * t.squares - d1[k] * t.mixed;
        of_deaths[k] = s1[k] * t.mixed - d1[k] * t.death_squares;
        mean[k] = (s1[k] * t.hazard - d1[k] * (t.hazard - t.death_hazard)) /
                  sets.events()[k].death_weight;
        hazards[k] = t.hazard;
    }
    std::vector<double> weighted_hazard, weighted_mean;
    if (problem_.competing) {
        weighted_hazard = sum_before(problem_.competing->at_event, hazards);
        weighted_mean = sum_before(problem_.competing->at_event, means);
    }
    accumulate(sets, means);
    mine.clear();
    for (std::size_t b = 0; b < problem_.design.size(); ++b) {
        const HazardBlock& block = problem_.blocks[problem_.first_block + b];
        const auto x = problem_.design[b].column(column);
        const std::size_t begin = mine.size();
        for (std::uint32_t row = block.row_begin; row < block.row_end; ++row) {
            double r = risk_[row] * over_risk(sets, means, row) -
                       expected_[row] * x[row - block.row_begin];
            if (problem_.competing && problem_.competing->inverse[row] > 0)
                r += risk_[row] * problem_.competing->inverse[row] *
                     over_later(*problem_.competing, weighted_mean, row);
            mine.push_back(r);
        }
        for (std::uint32_t k = block.event_begin; k < block.event_end; ++k) {
            const auto& event = sets.events()[k];
            for (std::uint32_t row = event.deaths_begin; row < event.end; ++row)
                mine[begin + row - block.row_begin] +=
                    (x[row - block.row_begin] - mean[k]) * weight_of(sets, row) -
                    risk_[row] * of_deaths[k];
        }
    }
    if (processes.empty() || !problem_.competing) return mine;
    std::vector<double> base(sets.rows()), own;
    for (std::size_t row = 0; row < base.size(); ++row)
        base[row] = risk_[row] * problem_.competing->inverse[row];
    for (const DesignBlock& block : problem_.design)
        own.insert(own.end(), block.column(column).begin(), block.column(column).end());
    std::vector<double> values = problem_.join(own);
    for (std::size_t row = 0; row < base.size(); ++row)
        values[row] *= base[row];
    for (const WeightProcess& process : processes) {
        const auto q = weight_terms(process, base, values, weighted_hazard, weighted_mean);
        std::vector<double> drift(q.size() + 1, 0.0);
        for (std::size_t u = 0; u < q.size(); ++u)
            drift[u + 1] =
                drift[u] + q[u] * process.count[u] / (process.at_risk[u] * process.at_risk[u]);
        std::size_t out = 0;
        for (std::size_t b = 0; b < problem_.design.size(); ++b) {
            const HazardBlock& block = problem_.blocks[problem_.first_block + b];
            for (std::uint32_t row = block.row_begin; row < block.row_end; ++row, ++out) {
                double change = drift[process.risk_begin[row]] - drift[process.risk_end[row]];
                if (const std::uint32_t u = process.jump[row]; u != WeightProcess::none)
                    change += q[u] / process.at_risk[u];
                mine[out] += process.sign * change;
            }
        }
    }
    return mine;
}

HazardDesign::HazardDesign(const RiskSets& sets, std::span<const HazardBlock> blocks,
                           std::size_t columns)
    : sets_(sets), blocks_(blocks) {
    for (const HazardBlock& block : blocks) {
        rows.emplace_back(columns, block.rows());
        if (!sets.entries().empty()) leaving.emplace_back(columns, block.leaving());
    }
}

void HazardDesign::fill(std::size_t column, std::span<const double> values) {
    const auto order = sets_.order();
    for (std::size_t b = 0; b < blocks_.size(); ++b) {
        const HazardBlock& block = blocks_[b];
        const auto own = rows[b].column(column);
        for (std::size_t i = 0; i < own.size(); ++i)
            own[i] = values[order[block.row_begin + i]];
        if (leaving.empty()) continue;
        const auto gone = leaving[b].column(column);
        for (std::size_t i = 0; i < gone.size(); ++i)
            gone[i] = values[order[sets_.entries()[block.leaving_begin + i]]];
    }
}

void HazardDesign::standardise(const ColumnScales& scales) {
    salus::standardise(rows, scales);
    salus::standardise(leaving, scales);
}

void restore_units(const ColumnScales& scales, std::span<double> coefficients,
                   std::span<double> covariance) {
    const std::size_t columns = coefficients.size();
    const auto scale = [&](std::size_t c) {
        return scales.deviation[c] > 0 ? scales.deviation[c] : 1;
    };
    for (std::size_t a = 0; a < columns; ++a) {
        coefficients[a] /= scale(a);
        for (std::size_t b = 0; b < columns && !covariance.empty(); ++b)
            covariance[a * columns + b] /= scale(a) * scale(b);
    }
}

namespace {

// Sum of squares of residuals, block by block.
std::vector<double> squared_sum(const HazardProblem& problem,
                                std::span<const std::vector<double>> residuals) {
    const std::size_t columns = residuals.size();
    std::vector<double> mine;
    std::size_t at = 0;
    for (const DesignBlock& block : problem.design) {
        DesignBlock own(columns, block.rows());
        for (std::size_t c = 0; c < columns; ++c)
            std::copy_n(residuals[c].begin() + static_cast<std::ptrdiff_t>(at), block.rows(),
                        own.column(c).begin());
        at += block.rows();
        std::vector<double> gram(columns * columns), ones(own.padded(), 1.0);
        weighted_gram(own.design(), ones, gram);
        mine.insert(mine.end(), gram.begin(), gram.end());
    }
    return ordered_total(problem.join, mine, columns * columns);
}

// Clusters as numbers in the order of their first rows.
std::vector<std::uint32_t> numbered(std::span<const std::uint32_t> cluster, std::size_t& count) {
    std::vector<std::uint64_t> keys(cluster.begin(), cluster.end());
    const auto order = radix_order(std::move(keys)); // by cluster, then row
    std::vector<std::uint32_t> first(cluster.size()), of(cluster.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        first[order[i]] =
            i > 0 && cluster[order[i]] == cluster[order[i - 1]] ? first[order[i - 1]] : order[i];
    count = 0;
    for (std::size_t row = 0; row < of.size(); ++row)
        of[row] = first[row] == row ? static_cast<std::uint32_t>(count++) : of[first[row]];
    return of;
}

// The same of sums over clusters: these are summed on every rank, a column at a time.
std::vector<double> clustered_sum(const HazardProblem& problem,
                                  std::span<const std::vector<double>> residuals,
                                  std::span<const std::uint32_t> cluster) {
    const std::size_t columns = residuals.size();
    std::size_t clusters = 0;
    const auto of = numbered(cluster, clusters);
    DesignBlock sums(columns, clusters);
    for (std::size_t c = 0; c < columns; ++c) {
        const std::vector<double> all = problem.join(residuals[c]);
        const auto column = sums.column(c);
        for (std::size_t row = 0; row < all.size(); ++row)
            column[of[row]] += all[row];
    }
    std::vector<double> gram(columns * columns), ones(sums.padded(), 1.0);
    weighted_gram(sums.design(), ones, gram);
    return gram;
}

std::vector<double> product(std::span<const double> a, std::span<const double> b, std::size_t n) {
    std::vector<double> out(n * n, 0.0);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t k = 0; k < n; ++k)
            for (std::size_t j = 0; j < n; ++j)
                out[i * n + j] += a[i * n + k] * b[k * n + j];
    return out;
}

} // namespace

std::vector<double> robust_covariance(HazardLikelihood& likelihood, const NewtonFit& fit,
                                      std::span<const std::uint32_t> cluster,
                                      std::span<const WeightProcess> processes) {
    const std::size_t columns = likelihood.columns();
    std::vector<std::vector<double>> residuals;
    for (std::size_t c = 0; c < columns; ++c)
        residuals.push_back(likelihood.score_residuals(c, processes));
    const auto middle = cluster.empty() ? squared_sum(likelihood.problem(), residuals)
                                        : clustered_sum(likelihood.problem(), residuals, cluster);
    return product(product(fit.covariance, middle, columns), fit.covariance, columns);
}

ProportionalHazards proportional_hazards(HazardLikelihood& likelihood, const NewtonFit& fit,
                                         std::span<const double> g) {
    const std::size_t p = likelihood.columns();
    std::vector<double> shifted, squared, score(p), unused(p), cross(p * p), own(p * p);
    for (const double value : g) // above 0; the columns themselves are in the model
        shifted.push_back(1 + value), squared.push_back((1 + value) * (1 + value));
    likelihood.weighted_derivatives(shifted, score, cross);
    likelihood.weighted_derivatives(squared, unused, own);
    // Of the time-dependent columns, given the others: own - cross' covariance cross.
    const auto half = product(cross, fit.covariance, p);
    const auto taken = product(half, cross, p);
    std::vector<double> variance(p * p), factor(p * p);
    for (std::size_t i = 0; i < p * p; ++i)
        variance[i] = own[i] - taken[i];
    ProportionalHazards out;
    for (std::size_t c = 0; c < p; ++c)
        out.chi_square.push_back(fit.aliased[c] != 0 ? std::numeric_limits<double>::quiet_NaN()
                                                     : score[c] * score[c] / variance[c * (p + 1)]);
    const auto left_out = aliased_cholesky(variance, p, 1e-10, factor, fit.aliased);
    const auto inverse = inverse_of(factor, p, left_out);
    for (std::size_t a = 0; a < p; ++a) {
        out.global_df += left_out[a] == 0 ? 1U : 0U;
        for (std::size_t b = 0; b < p; ++b)
            out.global += score[a] * inverse[a * p + b] * score[b];
    }
    return out;
}

std::vector<BaselineHazard> baseline_hazards(const HazardLikelihood& likelihood) {
    const RiskSets& sets = likelihood.problem().sets;
    const auto events = sets.events();
    std::vector<BaselineHazard> out;
    const double scale = std::exp(-likelihood.shift());
    for (std::size_t end = events.size(); end > 0;) {
        BaselineHazard baseline{.stratum_row = events[end - 1].stratum_begin};
        double cumulative = 0, variance = 0;
        std::size_t k = end;
        for (; k > 0 && same_stratum(events, k - 1, end - 1); --k) {
            const HazardTerms& terms = likelihood.terms()[k - 1];
            cumulative += terms.hazard * scale;
            variance += terms.squares * scale * scale;
            baseline.time.push_back(events[k - 1].time);
            baseline.cumulative.push_back(cumulative);
            baseline.variance.push_back(variance);
        }
        end = k;
        out.push_back(std::move(baseline));
    }
    std::reverse(out.begin(), out.end());
    return out;
}

} // namespace salus
