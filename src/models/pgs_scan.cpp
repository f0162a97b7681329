#include "kernels/dosage_products.hpp"
#include "kernels/logistic_sums.hpp"
#include "kernels/products.hpp"
#include "models/linear.hpp"
#include "models/logistic.hpp"
#include "models/pgs.hpp"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

std::vector<double> pick(std::span<const double> values, std::span<const std::uint32_t> members) {
    std::vector<double> out(members.size());
    for (std::size_t i = 0; i < members.size(); ++i)
        out[i] = values[members[i]];
    return out;
}

/// Orthonormal basis of the covariates in the set; dependent ones are left out.
CovariateBasis basis_of(std::span<const std::vector<double>> covariates,
                        std::span<const std::uint32_t> members) {
    std::vector<std::vector<double>> chosen;
    for (const auto& column : covariates)
        chosen.push_back(pick(column, members));
    CovariateBasis basis = orthonormal_basis(chosen);
    while (basis.dependence) {
        chosen.erase(chosen.begin() + static_cast<std::ptrdiff_t>(basis.dependence->column));
        basis = orthonormal_basis(chosen);
    }
    return basis;
}

/// Probabilities of the null model at the members; empty if the fit failed.
std::vector<double> null_probabilities(std::span<const std::vector<double>> design,
                                       std::span<const double> outcome) {
    const std::size_t n = outcome.size(), padded = padded_samples(n);
    std::vector<std::vector<double>> columns(design.begin(), design.end());
    std::vector<const double*> pointers;
    for (auto& column : columns) {
        column.resize(padded, 0.0);
        pointers.push_back(column.data());
    }
    std::vector<double> y(outcome.begin(), outcome.end()), eta(padded);
    y.resize(padded, 0.0);
    const std::vector<double> start(columns.size(), 0.0);
    LogisticSolver solver;
    const LogisticFit fit =
        solver.fit({.design = {pointers, n}, .outcome = y, .start = start, .free = columns.size()});
    if (!fit.converged) return {};
    linear_predictor({pointers, n}, fit.coefficients, eta);
    eta.resize(n);
    for (double& x : eta)
        x = 1 / (1 + std::exp(-x));
    return eta;
}

/// Columns B with B'WB = I that span `design`; empty if it is singular under the weights.
std::vector<std::vector<double>> weighted_orthonormal(std::span<const std::vector<double>> design,
                                                      std::span<const double> weight) {
    const auto c = static_cast<Eigen::Index>(design.size());
    Eigen::MatrixXd gram(c, c);
    for (Eigen::Index a = 0; a < c; ++a)
        for (Eigen::Index b = 0; b <= a; ++b) {
            double sum = 0;
            const auto &x = design[static_cast<std::size_t>(a)],
                       &y = design[static_cast<std::size_t>(b)];
            for (std::size_t i = 0; i < weight.size(); ++i)
                sum += weight[i] * x[i] * y[i];
            gram(a, b) = gram(b, a) = sum;
        }
    const Eigen::LLT<Eigen::MatrixXd> factor(gram);
    if (factor.info() != Eigen::Success) return {};
    const Eigen::MatrixXd inverse = factor.matrixL().solve(Eigen::MatrixXd::Identity(c, c));
    std::vector<std::vector<double>> out(design.size(), std::vector<double>(weight.size(), 0.0));
    for (Eigen::Index a = 0; a < c; ++a)
        for (Eigen::Index b = 0; b <= a; ++b)
            for (std::size_t i = 0; i < weight.size(); ++i)
                out[static_cast<std::size_t>(a)][i] +=
                    inverse(a, b) * design[static_cast<std::size_t>(b)][i];
    return out;
}

} // namespace

void DiscoveryModel::set_columns(std::span<const std::uint32_t> members,
                                 std::span<const std::vector<double>> basis,
                                 std::span<const double> weight, std::span<const double> residual) {
    const std::size_t samples = mask_.samples();
    columns_ = FixedColumns(samples, basis.size() + 1);
    weight_ = FixedColumns(samples, 1);
    std::vector<double> column(samples, 0.0);
    for (std::size_t k = 0; k < basis.size(); ++k) {
        for (std::size_t i = 0; i < members.size(); ++i)
            column[members[i]] = weight[i] * basis[k][i];
        columns_.set(k, column);
    }
    for (std::size_t i = 0; i < members.size(); ++i)
        column[members[i]] = residual[i];
    columns_.set(basis.size(), column);
    for (std::size_t i = 0; i < members.size(); ++i)
        column[members[i]] = weight[i];
    weight_.set(0, column);
}

DiscoveryModel::DiscoveryModel(OutcomeKind kind, std::span<const std::uint8_t> members,
                               std::span<const std::vector<double>> covariates,
                               std::span<const double> outcome)
    : kind_(kind), mask_(members) {
    std::vector<std::uint32_t> who;
    for (std::size_t i = 0; i < members.size(); ++i)
        if (members[i] != 0) who.push_back(static_cast<std::uint32_t>(i));
    const std::vector<double> y = pick(outcome, who);
    const CovariateBasis basis = basis_of(covariates, who);
    residual_df_ = static_cast<double>(who.size()) - static_cast<double>(basis.columns.size()) - 2;
    if (residual_df_ < 1) return;
    std::vector<std::vector<double>> design{std::vector<double>(who.size(), 1.0)};
    design.insert(design.end(), basis.columns.begin(), basis.columns.end());
    std::vector<double> weight(who.size(), 1.0), residual;
    if (kind == OutcomeKind::binary) {
        const std::vector<double> p = null_probabilities(design, y);
        if (p.empty()) return;
        residual.resize(who.size());
        for (std::size_t i = 0; i < who.size(); ++i) {
            residual[i] = y[i] - p[i];
            weight[i] = p[i] * (1 - p[i]);
        }
    } else {
        residual = residuals(basis, y);
        for (const double r : residual)
            yy_ += r * r;
    }
    const auto weighted = weighted_orthonormal(design, weight);
    if (weighted.empty() || (kind == OutcomeKind::quantitative && !(yy_ > 0))) return;
    set_columns(who, weighted, weight, residual);
    usable_ = true;
}

ScanTest DiscoveryModel::finish(const Sums& sums) const {
    ScanTest test;
    if (sums.called == 0) return test;
    const double mean = sums.copies / sums.called;
    test.alt_frequency = mean / 2;
    std::vector<std::int64_t> lost(columns_.columns(), 0);
    std::int64_t lost_weight = 0;
    if (!sums.lost.empty()) {
        carrier_products(sums.lost, columns_, missing_weights, lost);
        carrier_products(sums.lost, weight_, missing_weights, std::span(&lost_weight, 1));
    }
    const std::size_t last = columns_.columns() - 1;
    const auto sum = [&](std::size_t k) {
        return sums.along[k] + mean * columns_.real(k, lost[k]);
    };
    const double whole = sums.square + mean * mean * weight_.real(0, lost_weight);
    double variance = whole;
    for (std::size_t k = 0; k < last; ++k)
        variance -= sum(k) * sum(k);
    if (!(variance > 1e-8 * whole)) return test;
    test.tested = true;
    if (kind_ == OutcomeKind::binary) {
        const ScoreTest score = score_test(sum(last), variance);
        test.beta = score.beta;
        test.neg_log10_p = score.neg_log10_p;
    } else {
        const LinearFit fit =
            fit_linear({.gg = variance, .gy = sum(last), .yy = yy_, .residual_df = residual_df_});
        test.beta = fit.beta;
        test.neg_log10_p = fit.neg_log10_p;
    }
    return test;
}

ScanTest DiscoveryModel::finish(const GenotypeCounts& counts, std::span<const std::int64_t> dosage,
                                std::int64_t square, std::span<const Carrier> missing_calls) const {
    std::vector<double> along(dosage.size());
    for (std::size_t k = 0; k < along.size(); ++k)
        along[k] = columns_.real(k, dosage[k]);
    return finish({.called = static_cast<double>(counts.called()),
                   .copies = static_cast<double>(counts.alt_copies()),
                   .along = along,
                   .square = weight_.real(0, square),
                   .lost = counts.missing > 0 ? missing_calls : std::span<const Carrier>()});
}

ScanTest DiscoveryModel::test_dosages(std::span<const Dosage> dosages) const {
    constexpr int shift = 14; // dosages count 2^-14 copies
    const std::size_t samples = dosages.size();
    std::vector<std::uint16_t> values(dosages.begin(), dosages.end()), high(samples), low(samples);
    std::vector<Carrier> lost;
    for (std::size_t i = 0; i < samples; ++i) {
        if (values[i] == dosage_missing) {
            lost.push_back(make_carrier(i, missing));
            values[i] = 0;
        }
        const std::uint32_t square = std::uint32_t{values[i]} * values[i];
        high[i] = static_cast<std::uint16_t>(square >> 15);
        low[i] = static_cast<std::uint16_t>(square & 0x7FFF);
    }
    const std::uint16_t* const row = values.data();
    const std::uint16_t* const halves[2] = {high.data(), low.data()};
    std::vector<WideSum> sums(columns_.columns()), squares(2);
    value_products(std::span(&row, 1), columns_, sums);
    value_products(halves, weight_, squares);
    std::vector<double> along(sums.size());
    for (std::size_t k = 0; k < along.size(); ++k)
        along[k] = wide_real(sums[k], columns_.exponent(k) - shift);
    const DosageMoments moments = dosage_moments(dosages, mask_);
    return finish(
        {.called = static_cast<double>(moments.called),
         .copies = std::ldexp(static_cast<double>(moments.sum), -shift),
         .along = along,
         .square = wide_real(squares[0] * (1 << 15) + squares[1], weight_.exponent(0) - 2 * shift),
         .lost = lost});
}

void DiscoveryModel::test_rows(std::span<const std::uint8_t* const> rows,
                               std::span<ScanTest> out) const {
    const std::size_t c = columns_.columns(), samples = mask_.samples();
    std::vector<std::int64_t> dosage(rows.size() * c), square(rows.size());
    row_products(rows, columns_, dosage_weights, dosage);
    row_products(rows, weight_, square_weights, square);
    std::vector<Carrier> lost;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        const GenotypeCounts counts =
            count_genotypes(std::span(rows[r], packed_bytes(samples)), mask_);
        lost.clear();
        if (counts.missing > 0)
            list_missing(std::span(rows[r], packed_bytes(samples)), samples, lost);
        out[r] = finish(counts, std::span(dosage).subspan(r * c, c), square[r], lost);
    }
}

ScanTest DiscoveryModel::test_carriers(std::span<const Carrier> carriers) const {
    std::vector<std::int64_t> dosage(columns_.columns());
    std::int64_t square = 0;
    carrier_products(carriers, columns_, dosage_weights, dosage);
    carrier_products(carriers, weight_, square_weights, std::span(&square, 1));
    return finish(count_genotypes(carriers, mask_), dosage, square, carriers);
}

} // namespace salus
