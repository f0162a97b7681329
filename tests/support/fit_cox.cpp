// Fits Cox models for scripts that compare them with other programs.
// fit_cox TIES < rows: "exit event entry stratum weight offset cluster x..." with `-` for a column
// that is not used; prints lines "coef", "covariance", "robust" (of HazardLikelihood, without
// penalty), "residual" and "facts" with 17 digits.
#include "models/cox.hpp"
#include "models/hazard_likelihood.hpp"

#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace {

using namespace salus;

struct Table {
    std::vector<double> exit, event, entry, weight, offset;
    std::vector<std::uint32_t> stratum, cluster;
    std::vector<std::vector<double>> x;
};

Table read(std::istream& in) {
    Table table;
    std::string line, word;
    while (std::getline(in, line)) {
        std::istringstream words(line);
        std::vector<std::string> w;
        while (words >> word)
            w.push_back(word);
        table.exit.push_back(std::stod(w[0]));
        table.event.push_back(std::stod(w[1]));
        if (w[2] != "-") table.entry.push_back(std::stod(w[2]));
        if (w[3] != "-") table.stratum.push_back(static_cast<std::uint32_t>(std::stoul(w[3])));
        if (w[4] != "-") table.weight.push_back(std::stod(w[4]));
        if (w[5] != "-") table.offset.push_back(std::stod(w[5]));
        if (w[6] != "-") table.cluster.push_back(static_cast<std::uint32_t>(std::stoul(w[6])));
        table.x.resize(w.size() - 7);
        for (std::size_t c = 7; c < w.size(); ++c)
            table.x[c - 7].push_back(std::stod(w[c]));
    }
    return table;
}

void print(const char* what, std::span<const double> values) {
    std::printf("%s", what);
    for (const double value : values)
        std::printf(" %.17g", value);
    std::printf("\n");
}

std::vector<double> robust(const RiskSets& risk, const Table& table, std::span<const double> offset,
                           Ties ties) {
    const auto blocks = hazard_blocks(risk);
    const std::size_t columns = table.x.size();
    HazardDesign design(risk, blocks, columns);
    for (std::size_t c = 0; c < columns; ++c)
        design.fill(c, table.x[c]);
    const auto scales = column_scales(design.rows, columns, risk.rows(), join_alone);
    design.standardise(scales);
    HazardLikelihood likelihood({.sets = risk,
                                 .blocks = blocks,
                                 .design = design.rows,
                                 .leaving = design.leaving,
                                 .offset = offset,
                                 .ties = ties});
    NewtonFit fit = fit_newton(likelihood);
    std::vector<std::uint32_t> cluster;
    if (!table.cluster.empty())
        for (const std::uint32_t row : risk.order())
            cluster.push_back(table.cluster[row]);
    auto covariance = robust_covariance(likelihood, fit, cluster);
    restore_units(scales, fit.coefficients, covariance);
    return covariance;
}

} // namespace

int main(int argc, char** argv) {
    const Table table = read(std::cin);
    const RiskSets risk({.exit = table.exit,
                         .event = table.event,
                         .entry = table.entry,
                         .stratum = table.stratum,
                         .weight = table.weight});
    std::vector<std::vector<double>> x;
    for (const auto& column : table.x)
        x.push_back(risk.sorted(column));
    const StandardColumns columns(x);
    const std::vector<double> offset = risk.sorted(table.offset);
    std::vector<double> penalty;
    if (argc > 2) penalty.assign(x.size(), std::stod(argv[2]));
    const bool breslow = argc > 1 && std::string(argv[1]) == "breslow";
    const CoxProblem problem{.risk = risk,
                             .design = columns.design(risk.rows()),
                             .offset = offset,
                             .penalty = penalty,
                             .ties = breslow ? Ties::breslow : Ties::efron};
    CoxSolver solver;
    CoxFit fit = solver.fit(problem);
    if (penalty.empty()) print("robust", robust(risk, table, offset, problem.ties));
    columns.restore(fit);
    print("coef", fit.coefficients);
    print("covariance", fit.covariance);
    print("residual", risk.unsorted(solver.martingale_residuals(risk)));
    std::printf("facts %.17g %.17g %.17g %d %d %d\n", fit.log_likelihood_start, fit.log_likelihood,
                fit.score_chi_square, fit.iterations, fit.converged ? 1 : 0, fit.monotone ? 1 : 0);
}
