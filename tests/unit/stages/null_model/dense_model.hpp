#pragma once

#include "support/dense.hpp"

#include <cmath>
#include <numbers>
#include <vector>

namespace salus::test {

/// Stacked ridge regression the slow and obvious way, for one trait in its own samples.
struct DenseModel {
    Eigen::MatrixXd genotypes;      // [variant][sample], copies, nothing missing
    std::vector<int> chromosome;    // [variant], ascending
    Eigen::MatrixXd covariates;     // [sample][column], with the intercept
    Eigen::VectorXd trait;          // [sample]
    std::vector<Eigen::Index> ends; // of the folds
    std::vector<double> heritabilities;
    Eigen::Index block_size = 0;
    bool binary = false;

    static Eigen::MatrixXd without(const Eigen::MatrixXd& q, const Eigen::MatrixXd& columns) {
        return columns - q * (q.transpose() * columns);
    }
    Eigen::MatrixXd basis() const {
        return dense::orthonormal(covariates);
    }
    double residual_sd() const {
        const Eigen::VectorXd y = without(basis(), trait);
        return std::sqrt(y.squaredNorm() / static_cast<double>(y.size() - covariates.cols()));
    }

    /// [sample][block x heritability], standardised; `group`: chromosome of each column.
    Eigen::MatrixXd level0(std::vector<int>& group) const {
        const Eigen::Index n = trait.size();
        const auto df = static_cast<double>(n - covariates.cols());
        const Eigen::MatrixXd q = basis();
        const Eigen::VectorXd y = without(q, trait) / residual_sd();
        Eigen::MatrixXd all(n, 0);
        const auto m = static_cast<Eigen::Index>(chromosome.size());
        for (Eigen::Index first = 0; first < m;) {
            Eigen::Index end = first;
            while (end < m && chromosome[static_cast<std::size_t>(end)] ==
                                  chromosome[static_cast<std::size_t>(first)])
                ++end;
            const Eigen::Index of_chromosome = end - first,
                               blocks = (of_chromosome + block_size - 1) / block_size;
            for (Eigen::Index b = 0; b < blocks; ++b) {
                const Eigen::Index from = first + of_chromosome * b / blocks,
                                   to = first + of_chromosome * (b + 1) / blocks;
                Eigen::MatrixXd g = without(q, genotypes.middleRows(from, to - from).transpose());
                for (Eigen::Index v = 0; v < g.cols(); ++v) {
                    const double sd = std::sqrt(g.col(v).squaredNorm() / df);
                    g.col(v) *= sd > 1e-4 ? 1 / sd : 0;
                }
                all.conservativeResize(n, all.cols() + columns());
                all.rightCols(columns()) = block(g, y, m);
                group.insert(group.end(), heritabilities.size(),
                             chromosome[static_cast<std::size_t>(first)]);
            }
            first = end;
        }
        return all;
    }
    Eigen::Index columns() const { return static_cast<Eigen::Index>(heritabilities.size()); }

    Eigen::MatrixXd block(const Eigen::MatrixXd& g, const Eigen::VectorXd& y,
                          Eigen::Index variants) const {
        Eigen::MatrixXd w(g.rows(), columns());
        const Eigen::MatrixXd all = g.transpose() * g;
        const Eigen::VectorXd right = g.transpose() * y;
        Eigen::Index begin = 0;
        for (const Eigen::Index end : ends) {
            const Eigen::MatrixXd rows = g.middleRows(begin, end - begin);
            const Eigen::MatrixXd others = all - rows.transpose() * rows;
            const Eigen::VectorXd b = right - rows.transpose() * y.segment(begin, end - begin);
            for (Eigen::Index l = 0; l < columns(); ++l) {
                const double h = heritabilities[static_cast<std::size_t>(l)];
                Eigen::MatrixXd a = others;
                a.diagonal().array() += static_cast<double>(variants) * (1 - h) / h;
                w.block(begin, l, end - begin, 1) = rows * dense::solve(a, b);
            }
            begin = end;
        }
        for (Eigen::Index l = 0; l < columns(); ++l) {
            w.col(l).array() -= w.col(l).mean();
            const double sd = std::sqrt(w.col(l).squaredNorm() / static_cast<double>(w.rows() - 1));
            w.col(l) *= sd > 1e-12 ? 1 / sd : 0;
        }
        return w;
    }

    /// Contribution of each column to each sample in units of the trait, or log odds.
    Eigen::MatrixXd contributions(std::vector<int>& group) const {
        const Eigen::MatrixXd w = level0(group);
        const Eigen::MatrixXd parts = w.cwiseProduct(binary ? logistic(w) : linear(w));
        return binary ? parts : Eigen::MatrixXd(parts * residual_sd());
    }

    /// [sample][column] coefficients that predict the sample: of the best penalty.
    Eigen::MatrixXd linear(const Eigen::MatrixXd& w) const {
        const Eigen::VectorXd y = without(basis(), trait) / residual_sd();
        Eigen::MatrixXd best;
        double least = 1e300;
        for (const double h : heritabilities) {
            Eigen::MatrixXd a(w.rows(), w.cols());
            Eigen::Index begin = 0;
            for (const Eigen::Index end : ends) {
                Eigen::MatrixXd others = w;
                others.middleRows(begin, end - begin).setZero();
                Eigen::MatrixXd information = others.transpose() * others;
                information.diagonal().array() += static_cast<double>(w.cols()) * (1 - h) / h;
                const Eigen::VectorXd fit =
                    dense::solve(information, Eigen::VectorXd(others.transpose() * y));
                a.middleRows(begin, end - begin).rowwise() = fit.transpose();
                begin = end;
            }
            const double error = (y - w.cwiseProduct(a).rowwise().sum()).squaredNorm();
            if (error >= least) continue;
            least = error;
            best = a;
        }
        return best;
    }

    /// Plain Newton, from zero, of y on x with an offset and a ridge on all columns.
    static Eigen::VectorXd newton(const Eigen::MatrixXd& x, const Eigen::VectorXd& y,
                                  const Eigen::VectorXd& offset, double penalty) {
        Eigen::VectorXd a = Eigen::VectorXd::Zero(x.cols());
        for (int k = 0; k < 20; ++k) {
            const Eigen::ArrayXd p = 1 / (1 + (-(offset + x * a).array()).exp());
            const Eigen::ArrayXd v = p * (1 - p);
            Eigen::MatrixXd h = x.transpose() * (x.array().colwise() * v).matrix();
            h.diagonal().array() += penalty;
            a += dense::solve(
                h, Eigen::VectorXd(x.transpose() * (y.array() - p).matrix() - penalty * a));
        }
        return a;
    }
    Eigen::MatrixXd logistic(const Eigen::MatrixXd& w) const {
        const Eigen::VectorXd none = Eigen::VectorXd::Zero(trait.size());
        const Eigen::VectorXd offset = covariates * newton(covariates, trait, none, 0);
        Eigen::MatrixXd best;
        double most = -1e300;
        for (const double h : heritabilities) {
            const double penalty = static_cast<double>(w.cols()) * (1 - h) / h * 3 /
                                   (std::numbers::pi * std::numbers::pi);
            const Eigen::VectorXd a = newton(w, trait, offset, penalty);
            const Eigen::ArrayXd p = 1 / (1 + (-(offset + w * a).array()).exp());
            const Eigen::ArrayXd v = p * (1 - p);
            Eigen::MatrixXd information = w.transpose() * (w.array().colwise() * v).matrix();
            information.diagonal().array() += penalty;
            const Eigen::MatrixXd inverse = dense::inverse(information);
            Eigen::MatrixXd left_out(w.rows(), w.cols());
            double likelihood = 0;
            for (Eigen::Index i = 0; i < w.rows(); ++i) {
                const Eigen::VectorXd z = inverse * w.row(i).transpose();
                const Eigen::VectorXd without_i =
                    a - z * (trait[i] - p[i]) / (1 - v[i] * w.row(i).dot(z));
                left_out.row(i) = without_i.transpose();
                const double eta = offset[i] + w.row(i).dot(without_i);
                likelihood += trait[i] * eta - std::log1p(std::exp(eta));
            }
            if (likelihood <= most) continue;
            most = likelihood;
            best = left_out;
        }
        return best;
    }
};

} // namespace salus::test
