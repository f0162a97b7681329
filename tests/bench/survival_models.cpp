// CPU seconds of survival models: survival_models cox|fine_gray|concordance|auc N COLUMNS
// Synthetic times with censoring and a competing event, ties of one day.
#include "base/random.hpp"
#include "models/concordance.hpp"
#include "models/discrimination.hpp"
#include "models/hazard_likelihood.hpp"
#include "models/survival_curves.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <string>

using namespace salus;

namespace {

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

struct People {
    std::vector<double> exit, status, event, risk;
};

double covariate(std::size_t person, std::size_t column) {
    Rng rng(1, "bench.covariates", person * 64 + column);
    return rng.normal();
}

// Ten years of follow-up in days; about a tenth have the event and a tenth the competing one.
People simulate(std::size_t n, std::size_t columns) {
    People out;
    for (std::size_t i = 0; i < n; ++i) {
        double lp = 0;
        for (std::size_t c = 0; c < std::min<std::size_t>(columns, 5); ++c)
            lp += 0.2 * covariate(i, c);
        Rng rng(1, "bench.times", i);
        const double event = rng.exponential() / (3e-5 * std::exp(lp));
        const double other = rng.exponential() / 3e-5, end = 1 + 3650 * rng.uniform();
        const double exit = std::ceil(std::min({event, other, end}));
        out.exit.push_back(exit);
        out.status.push_back(event <= other && event <= end ? 1 : other <= end ? 2 : 0);
        out.event.push_back(out.status.back() == 1 ? 1 : 0);
        out.risk.push_back(lp + 0.3 * rng.normal());
    }
    return out;
}

void fit(const People& people, std::size_t columns, bool fine_gray) {
    const double begin = cpu_seconds();
    const RiskSets sets({.exit = people.exit, .event = people.event});
    const auto blocks = hazard_blocks(sets);
    HazardDesign design(sets, blocks, columns);
    const double sorted = cpu_seconds();
    std::vector<double> values(people.exit.size());
    for (std::size_t c = 0; c < columns; ++c) {
        for (std::size_t i = 0; i < values.size(); ++i)
            values[i] = covariate(i, c);
        design.fill(c, values);
    }
    values = {};
    const double filled = cpu_seconds();
    design.standardise(column_scales(design.rows, columns, sets.rows(), join_alone));
    HazardProblem problem{.sets = sets, .blocks = blocks, .design = design.rows};
    std::vector<WeightProcess> processes;
    if (fine_gray) {
        const auto exit = sets.sorted(people.exit), status = sets.sorted(people.status);
        auto found =
            subdistribution(sets, {.exit = exit, .status = status}, CensoringTies::events_first);
        problem.competing = std::move(found.weights);
        problem.ties = Ties::breslow;
        processes = std::move(found.processes);
    }
    HazardLikelihood likelihood(std::move(problem));
    const NewtonFit found = fit_newton(likelihood);
    const double fitted = cpu_seconds();
    const auto robust = robust_covariance(likelihood, found, {}, processes);
    const double end = cpu_seconds();
    std::printf(
        "n %zu columns %zu events %.0f state %d iterations %d b1 %.6f robust_se1 %.6g: risk "
        "sets %.2f s, fit %.2f s, robust %.2f s, together %.2f s\n",
        people.exit.size(), columns, sets.total_events(), static_cast<int>(found.state),
        found.iterations, found.coefficients[0], std::sqrt(robust[0]), sorted - begin,
        fitted - filled, end - fitted, sorted - begin + end - filled);
}

} // namespace

int main(int argc, char** argv) {
    const std::string what = argc > 1 ? argv[1] : "cox";
    const std::size_t n = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 100000;
    const std::size_t columns = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 50;
    const People people = simulate(n, columns);
    if (what == "cox" || what == "fine_gray") fit(people, columns, what == "fine_gray");
    const double begin = cpu_seconds();
    if (what == "concordance") {
        const auto c = concordance(people.exit, people.event, people.risk,
                                   std::numeric_limits<double>::infinity());
        std::printf("n %zu concordance %.6f (%.6f): %.2f s\n", n, c.estimate, c.standard_error,
                    cpu_seconds() - begin);
    }
    if (what == "auc") {
        const auto d = delong(std::vector<std::vector<double>>{people.risk}, people.event);
        std::printf("n %zu auc %.6f (%.6f): %.2f s\n", n, d.auc[0], std::sqrt(d.variance(0)),
                    cpu_seconds() - begin);
    }
    return 0;
}
