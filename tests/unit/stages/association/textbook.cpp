#include "unit/stages/association/textbook.hpp"

#include "models/firth.hpp"

#include <algorithm>
#include <cmath>

namespace salus {

namespace dense = test::dense;

Textbook Association::textbook(std::size_t v, const std::string& trait, bool drop_sex) const {
    const Variant& variant = parts_[0].variants[v];
    const auto& row = parts_[0].rows[v];
    const std::string& chromosome = variant.chromosome;
    Textbook t;
    std::vector<double> g;
    double sum = 0, called = 0;
    const auto& y = column(trait).values;
    for (std::size_t i = 0; i < samples; ++i) {
        const bool male = store_.samples.sex[i] == Sex::male;
        if (std::isnan(y[i]) || std::isnan(covariates_[0].values[i])) continue;
        if (chromosome == "Y" && !male) continue;
        std::uint8_t call = packed_get(row, i);
        if ((chromosome == "X" || chromosome == "Y") && male && call == het) call = missing;
        t.samples.push_back(i);
        const bool impossible = call == missing && packed_get(row, i) != missing;
        const Dosage dosage = parts_[0].dosages.empty() || impossible ? dosage_of_call(call)
                                                                      : parts_[0].dosages[v][i];
        const double copies = dosage == dosage_missing ? -1 : dosage / 16384.0;
        g.push_back(copies);
        if (copies < 0) continue;
        sum += copies;
        ++called;
        const bool haploid = chromosome == "MT" || (chromosome != "1" && male);
        t.alleles += haploid ? 1 : 2;
        t.alt += haploid ? 0.5 * copies : copies;
    }
    t.frequency = t.alt / t.alleles;
    const auto n = static_cast<Eigen::Index>(t.samples.size());
    t.x = Matrix::Ones(n, drop_sex ? 4 : 5);
    t.y = Vector(n);
    for (Eigen::Index k = 0; k < n; ++k) {
        const std::size_t i = t.samples[static_cast<std::size_t>(k)];
        t.y[k] = y[i];
        t.x(k, 1) = covariates_[0].values[i] - 1970;
        t.x(k, 2) = 1000 * covariates_[2].values[i];
        if (!drop_sex) t.x(k, 3) = covariates_[1].values[i];
        const double copies = g[static_cast<std::size_t>(k)];
        t.x(k, t.x.cols() - 1) = copies < 0 ? sum / called : copies;
    }
    t.usable = std::min(t.alt, t.alleles - t.alt) >= 20;
    return t;
}

TextbookFit Association::linear(const Textbook& t) {
    const Matrix inverse = dense::inverse(dense::gram(t.x));
    const Vector b = dense::least_squares(t.x, t.y);
    const double df = static_cast<double>(t.x.rows() - t.x.cols());
    const Eigen::Index last = t.x.cols() - 1;
    const double se = std::sqrt((t.y - t.x * b).squaredNorm() / df * inverse(last, last));
    return {b[last], se, student_t_neg_log10_p(b[last] / se, df)};
}

TextbookFit Association::score(const Textbook& t) {
    const Eigen::Index c = t.x.cols() - 1;
    const Matrix x = t.x.leftCols(c);
    Vector b = Vector::Zero(c), mu, w;
    for (int step = 0; step < 30; ++step) {
        mu = (1 / (1 + (-(x * b)).array().exp())).matrix();
        w = (mu.array() * (1 - mu.array())).matrix();
        b += dense::solve(dense::gram(x, w), Vector(x.transpose() * (t.y - mu)));
    }
    const Vector g = t.x.col(c);
    const Vector xwg = x.transpose() * w.asDiagonal() * g;
    const double s = g.dot(t.y - mu);
    const double var = g.dot(w.asDiagonal() * g) - xwg.dot(dense::solve(dense::gram(x, w), xwg));
    return {s / var, 1 / std::sqrt(var), chi_square_neg_log10_p(s * s / var)};
}

TextbookFit Association::fitted(const Textbook& t, bool firth) {
    const auto n = static_cast<std::size_t>(t.x.rows());
    std::vector<std::vector<double>> columns;
    std::vector<const double*> pointers;
    for (Eigen::Index c = 0; c < t.x.cols(); ++c) {
        columns.emplace_back(padded_samples(n), 0.0);
        for (std::size_t i = 0; i < n; ++i)
            columns.back()[i] = t.x(static_cast<Eigen::Index>(i), c);
    }
    for (const auto& c : columns)
        pointers.push_back(c.data());
    std::vector<double> y(padded_samples(n), 0.0), start(pointers.size(), 0.0);
    for (std::size_t i = 0; i < n; ++i)
        y[i] = t.y[static_cast<Eigen::Index>(i)];
    const DesignColumns design{.columns = pointers, .samples = n};
    LogisticSolver solver;
    if (firth) {
        const FirthTest test = firth_test(solver, design, y, start);
        return {test.beta, test.standard_error, test.neg_log10_p};
    }
    const LogisticFit fit =
        solver.fit({.design = design, .outcome = y, .start = start, .free = start.size()});
    const double b = fit.coefficients.back(), se = std::sqrt(fit.variances.back());
    return {b, se, wald_neg_log10_p(b, se)};
}

void Association::expect_fit(const TableData& table, std::size_t v, const TextbookFit& fit,
                             double relative) {
    const double error = fit.standard_error;
    EXPECT_NEAR(table.column<double>("beta")[v], fit.beta, relative * (error + std::fabs(fit.beta)))
        << v;
    EXPECT_NEAR(table.column<double>("standard_error")[v], error, relative * error) << v;
    EXPECT_NEAR(table.column<double>("neg_log10_p")[v], fit.neg_log10_p,
                10 * relative * (1 + fit.neg_log10_p))
        << v;
}

} // namespace salus
