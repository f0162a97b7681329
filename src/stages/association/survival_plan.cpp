#include "stages/association/survival_plan.hpp"

#include <algorithm>
#include <cmath>

namespace salus::association {
namespace {

// Lower Cholesky factor in place. The matrix is that of orthonormal covariates, so it has one.
void factorise(std::span<double> matrix, std::size_t count) noexcept {
    for (std::size_t a = 0; a < count; ++a) {
        for (std::size_t b = 0; b <= a; ++b) {
            double sum = matrix[a * count + b];
            for (std::size_t c = 0; c < b; ++c)
                sum -= matrix[a * count + c] * matrix[b * count + c];
            matrix[a * count + b] = a == b ? std::sqrt(sum) : sum / matrix[b * count + b];
        }
    }
}

void fill_design(const SurvivalInput& input, SurvivalPlan& plan) {
    const std::size_t n = plan.sets.rows();
    const double scale = std::sqrt(static_cast<double>(n));
    for (const auto& column : input.basis) {
        auto& sorted = plan.design.emplace_back(plan.sets.sorted(column));
        for (double& value : sorted)
            value *= scale;
        sorted.resize(padded_samples(n), 0.0);
    }
    plan.offset = plan.sets.sorted(input.offset);
    plan.row_of.assign(input.samples, SurvivalPlan::no_row);
    for (std::uint32_t row = 0; row < n; ++row)
        plan.row_of[input.members[plan.sets.order()[row]]] = row;
}

// The weighted regression on [1, covariates, strata]. A stratum without expected events has weight
// 0 and no column.
void fill_projection(const SurvivalInput& input, SurvivalPlan& plan) {
    const std::size_t n = plan.sets.rows();
    const auto& weight = plan.score->state().expected;
    std::vector<double> expected; // [stratum]
    const auto stratum_of = [&](std::size_t row) {
        return input.stratum.empty() ? 0U : input.stratum[plan.sets.order()[row]];
    };
    for (std::size_t row = 0; row < n; ++row) {
        expected.resize(std::max<std::size_t>(expected.size(), stratum_of(row) + 1U), 0.0);
        expected[stratum_of(row)] += weight[row];
    }
    std::vector<std::size_t> column(expected.size(), 0); // 0: none
    std::size_t count = plan.design.size() + 1;
    bool first = true;
    for (std::size_t s = 0; s < expected.size(); ++s) {
        if (!(expected[s] > 0)) continue;
        if (!first) column[s] = count++;
        first = false;
    }
    plan.projected = count;
    plan.rows.assign(n * count, 0.0);
    for (std::size_t row = 0; row < n; ++row) {
        double* const x = plan.rows.data() + row * count;
        x[0] = 1;
        for (std::size_t c = 0; c < plan.design.size(); ++c)
            x[c + 1] = plan.design[c][row];
        if (const std::size_t c = column[stratum_of(row)]; c != 0) x[c] = 1;
    }
    plan.factor.assign(count * count, 0.0);
    for (std::size_t row = 0; row < n; ++row) {
        const double* const x = plan.rows.data() + row * count;
        for (std::size_t a = 0; a < count; ++a)
            for (std::size_t b = 0; b <= a; ++b)
                plan.factor[a * count + b] += weight[row] * x[a] * x[b];
    }
    factorise(plan.factor, count);
}

// Who leaves when, of each stratum; the hazard of an event time is told by one of its deaths.
void fill_follow_up(const SurvivalInput& input, SurvivalPlan& plan) {
    const auto order = plan.sets.order();
    const std::size_t n = plan.sets.rows();
    std::vector<double> hazard(n);
    for (std::size_t k = 0; k < plan.sets.events().size(); ++k)
        hazard[plan.sets.events()[k].deaths_begin] = plan.score->state().terms[k].hazard;
    std::vector<std::vector<LifeTable::Exit>> exits;
    for (std::size_t row = 0; row < n; ++row) {
        const std::size_t of = order[row];
        const std::size_t stratum = input.stratum.empty() ? 0 : input.stratum[of];
        if (exits.size() <= stratum) exits.resize(stratum + 1);
        exits[stratum].push_back({.time = input.time[of],
                                  .entry = input.entry.empty() ? -HUGE_VAL : input.entry[of],
                                  .event = input.event[of] == 1,
                                  .hazard = hazard[row]});
        if (!input.stratum.empty()) plan.stratum.push_back(static_cast<std::uint32_t>(stratum));
        if (!input.entry.empty()) plan.entry.push_back(input.entry[of]);
    }
    for (auto& of_stratum : exits)
        plan.follow_up.push_back(LifeTable::of(std::move(of_stratum)));
}

// Expected events, and the information's products with the covariates times the inverse of R',
// where R'R is the information of the covariates.
std::vector<std::vector<double>> weighted_columns(SurvivalPlan& plan) {
    const CoxState& state = plan.score->state();
    const std::size_t n = plan.sets.rows(), count = plan.design.size();
    std::vector<std::vector<double>> columns;
    double sum = 0;
    for (std::size_t row = 0; row < n; ++row)
        sum += state.expected[row];
    plan.root_weight = std::sqrt(sum);
    auto& first = columns.emplace_back(n);
    for (std::size_t row = 0; row < n; ++row)
        first[row] = state.expected[row] / plan.root_weight;
    std::vector<double> factor(count * count);
    for (std::size_t a = 0; a < count; ++a) {
        auto& column = columns.emplace_back(n);
        state.information_product(plan.sets, std::span(plan.design[a]).first(n), column);
        for (std::size_t b = 0; b <= a; ++b)
            for (std::size_t row = 0; row < n; ++row)
                factor[a * count + b] += column[row] * plan.design[b][row];
    }
    factorise(factor, count);
    for (std::size_t a = 0; a < count; ++a) {
        auto& column = columns[a + 1];
        for (std::size_t b = 0; b < a; ++b)
            for (std::size_t row = 0; row < n; ++row)
                column[row] -= factor[a * count + b] * columns[b + 1][row];
        for (double& value : column)
            value /= factor[a * count + a];
    }
    for (auto& column : columns)
        column = plan.sets.unsorted(column);
    return columns;
}

} // namespace

PoissonScore PoissonRegression::of(const SurvivalPlan& plan,
                                   std::span<const CoxScore::RowValue> rows, double score,
                                   double information) {
    const auto& expected = plan.score->state().expected;
    const std::size_t count = plan.projected;
    projection_.assign(count, 0.0);
    double variance = 0;
    for (const auto& [row, value] : rows) {
        const double weighted = expected[row] * value;
        variance += weighted * value;
        for (std::size_t c = 0; c < count; ++c)
            projection_[c] += weighted * plan.rows[row * count + c];
    }
    for (std::size_t a = 0; a < count; ++a) {
        for (std::size_t b = 0; b < a; ++b)
            projection_[a] -= plan.factor[a * count + b] * projection_[b];
        projection_[a] /= plan.factor[a * count + a];
        variance -= projection_[a] * projection_[a];
    }
    for (std::size_t a = count; a-- > 0;) {
        for (std::size_t b = a + 1; b < count; ++b)
            projection_[a] -= plan.factor[b * count + a] * projection_[b];
        projection_[a] /= plan.factor[a * count + a];
    }
    slope_.clear();
    mean_.clear();
    double listed = 0;
    for (const auto& [row, value] : rows) {
        double slope = value;
        for (std::size_t c = 0; c < count; ++c)
            slope -= projection_[c] * plan.rows[row * count + c];
        slope_.push_back(slope);
        mean_.push_back(expected[row]);
        listed += expected[row] * slope * slope;
    }
    return {.slope = slope_,
            .mean = mean_,
            .rest_variance = std::max(0.0, variance - listed),
            .score = score * std::sqrt(variance / information)};
}

SurvivalNull fit_survival_null(const SurvivalInput& input) {
    SurvivalNull null{.plan =
                          std::make_unique<SurvivalPlan>(SurvivalTimes{.exit = input.time,
                                                                       .event = input.event,
                                                                       .entry = input.entry,
                                                                       .stratum = input.stratum})};
    SurvivalPlan& plan = *null.plan;
    fill_design(input, plan);
    std::vector<const double*> pointers;
    for (const auto& column : plan.design)
        pointers.push_back(column.data());
    CoxSolver solver;
    const CoxFit fit = solver.fit({.risk = plan.sets,
                                   .design = {.columns = pointers, .samples = plan.sets.rows()},
                                   .offset = plan.offset});
    if (!fit.converged) {
        null.problem = plan.sets.total_events() == 0 ? "there are no events"
                       : fit.monotone
                           ? "the covariates separate those with the event from the others"
                           : "the Cox model of the covariates alone does not converge";
        null.plan.reset();
        return null;
    }
    plan.coefficients = fit.coefficients;
    null.columns.residual = plan.sets.unsorted(solver.martingale_residuals(plan.sets));
    plan.score = std::make_unique<CoxScore>(plan.sets, solver.state());
    plan.scan = plan.score->scan();
    for (std::uint32_t& sample : plan.scan.sample)
        sample = input.members[plan.sets.order()[sample]];
    fill_projection(input, plan);
    fill_follow_up(input, plan);
    null.columns.weighted = weighted_columns(plan);
    return null;
}

} // namespace salus::association
