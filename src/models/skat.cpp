#include "models/skat.hpp"

#include "base/numbers.hpp"
#include "models/chi_square_mixture.hpp"
#include "models/tails.hpp"

#include <Eigen/Dense>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace salus {
namespace {

constexpr std::array rhos{0.0, 0.01, 0.04, 0.09, 0.25, 0.5, 0.999};

using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;

// A symmetric tridiagonal matrix.
struct Tridiagonal {
    Vector diagonal, beside;
};

std::vector<double> eigenvalues(const Tridiagonal& matrix) {
    const auto n = matrix.diagonal.size();
    if (n == 0) return {};
    if (n == 1) return {matrix.diagonal[0]};
    Eigen::SelfAdjointEigenSolver<Matrix> solver;
    solver.computeFromTridiagonal(matrix.diagonal, matrix.beside, Eigen::EigenvaluesOnly);
    const Vector& values = solver.eigenvalues();
    return {values.data(), values.data() + n};
}

// The covariance on axes of which the first is the burden direction 1 / sqrt(m): a reflection
// brings it there, and tridiagonalisation leaves the first axis where it is.
Tridiagonal reduce(std::span<const double> covariance, std::size_t size) {
    const auto m = static_cast<Eigen::Index>(size);
    Matrix a = Eigen::Map<const Matrix>(covariance.data(), m, m);
    if (m == 1) return {.diagonal = a.diagonal(), .beside = Vector()};
    Vector v = Vector::Constant(m, 1 / std::sqrt(static_cast<double>(m)));
    v[0] += 1;
    const double two_over_vv = 2 / v.squaredNorm();
    const Vector av = a * v;
    const double vav = v.dot(av);
    // H a H with H = I - 2 v v' / v'v; H e1 = -1 / sqrt(m)
    const Vector w = two_over_vv * (av - 0.5 * two_over_vv * vav * v);
    a -= v * w.transpose() + w * v.transpose();
    if (m == 2) return {.diagonal = a.diagonal(), .beside = Vector::Constant(1, a(1, 0))};
    const Eigen::Tridiagonalization<Matrix> form(a);
    return {.diagonal = form.diagonal(), .beside = form.subDiagonal()};
}

// R^1/2 T R^1/2 with R = (1 - rho) I + rho 1 1', diagonal on these axes.
Tridiagonal mixed(const Tridiagonal& form, double rho) {
    const auto m = static_cast<double>(form.diagonal.size());
    const double first = 1 - rho + rho * m, other = 1 - rho;
    Tridiagonal result{.diagonal = other * form.diagonal, .beside = other * form.beside};
    result.diagonal[0] = first * form.diagonal[0];
    if (form.beside.size() > 0) result.beside[0] = std::sqrt(first * other) * form.beside[0];
    return result;
}

// What is known of the mixtures before their joint distribution: Q_rho > quantile has the least p.
struct MixtureQuantile {
    double quantile, tau, rest; // rest = 1 - rho
};

// The part of the joint null distribution that all mixtures share: the burden direction apart, the
// scores are a mixture of chi-squares, to which the products of both add variance.
class Remainder {
public:
    explicit Remainder(const Tridiagonal& form) {
        const auto m = form.diagonal.size();
        first_ = form.diagonal[0];
        const double off = form.beside[0];
        Tridiagonal rest{.diagonal = form.diagonal.tail(m - 1), .beside = form.beside.tail(m - 2)};
        rest.diagonal[0] -= off * off / first_;
        across_ = off * off / first_;
        auto weights = eigenvalues(rest);
        for (double& weight : weights) {
            if (weight < 1e-10 * first_) weight = 0; // rounding
        }
        mixture_ = ChiSquareMixture(weights);
        const double products = 4 * off * off * std::max(0.0, rest.diagonal[0]) / first_;
        shrink_ = std::sqrt(mixture_.variance() / (mixture_.variance() + products));
        variants_ = static_cast<double>(m);
    }
    const ChiSquareMixture& mixture() const { return mixture_; }
    double tau(double rho) const {
        return variants_ * rho * first_ + (1 - rho) * (first_ + across_);
    }
    /// The value of the mixture that belongs to a remainder of Q.
    double argument(double remainder) const {
        return (remainder - mixture_.mean()) * shrink_ + mixture_.mean();
    }
    /// Where argument() is 0.
    double zero() const { return mixture_.mean() * (1 - 1 / shrink_); }

private:
    double first_ = 0, across_ = 0, shrink_ = 1, variants_ = 0;
    ChiSquareMixture mixture_;
};

constexpr std::array gauss_nodes{0.0950125098376374, 0.2816035507792589, 0.4580167776572274,
                                 0.6178762444026438, 0.7554044083550030, 0.8656312023878318,
                                 0.9445750230732326, 0.9894009349916499};
constexpr std::array gauss_weights{0.1894506104550685, 0.1826034150449236, 0.1691565193950025,
                                   0.1495959888165767, 0.1246289712555339, 0.0951585116824928,
                                   0.0622535239386479, 0.0271524594117541};

double least_remainder(std::span<const MixtureQuantile> lines, double x) {
    double least = infinity;
    for (const MixtureQuantile& line : lines)
        least = std::min(least, (line.quantile - line.tau * x) / line.rest);
    return least;
}

// z >= 0 between which the least line does not change, up to where the remainder is `zero`.
std::vector<double> breaks_of(std::span<const MixtureQuantile> lines, double zero) {
    double end = infinity;
    for (const MixtureQuantile& line : lines)
        end = std::min(end, (line.quantile - line.rest * zero) / line.tau);
    std::vector<double> breaks{0};
    if (!(end > 0)) return breaks;
    for (std::size_t a = 0; a < lines.size(); ++a) {
        for (std::size_t b = 0; b < a; ++b) {
            const double slopes = lines[a].tau / lines[a].rest - lines[b].tau / lines[b].rest;
            const double x =
                (lines[a].quantile / lines[a].rest - lines[b].quantile / lines[b].rest) / slopes;
            if (x > 0 && x < end) breaks.push_back(std::sqrt(x));
        }
    }
    breaks.push_back(std::sqrt(end));
    std::sort(breaks.begin(), breaks.end());
    return breaks;
}

// log P(least p over the mixtures <= its observed value): the integral over the burden direction x
// = z^2 of the tail of the remainder; beyond the last break that is 1.
double log_joint_tail(std::span<const MixtureQuantile> lines, const Remainder& remainder) {
    const auto breaks = breaks_of(lines, remainder.zero());
    const double start = remainder.argument(least_remainder(lines, 0));
    const double rest = -normal_neg_log10_p(breaks.back()) * std::numbers::ln10;
    if (breaks.size() == 1) return rest;
    const MixtureTable table(remainder.mixture(), start);
    std::vector<double> terms{rest}; // logarithms
    const auto add = [&](double z, double weight) {
        const double argument = std::min(remainder.argument(least_remainder(lines, z * z)), start);
        const double density = 0.5 * std::log(2 / std::numbers::pi) - 0.5 * z * z;
        terms.push_back(table.log_tail(argument) + density + std::log(weight));
    };
    for (std::size_t b = 0; b + 1 < breaks.size(); ++b) {
        const double length = breaks[b + 1] - breaks[b];
        if (!(length > 0)) continue;
        const int pieces = static_cast<int>(std::ceil(length));
        const double half = 0.5 * length / pieces;
        for (int piece = 0; piece < pieces; ++piece) {
            const double middle = breaks[b] + half * (2 * piece + 1);
            for (std::size_t k = 0; k < gauss_nodes.size(); ++k) {
                add(middle - half * gauss_nodes[k], half * gauss_weights[k]);
                add(middle + half * gauss_nodes[k], half * gauss_weights[k]);
            }
        }
    }
    const double largest = *std::max_element(terms.begin(), terms.end());
    double sum = 0;
    for (const double term : terms)
        sum += std::exp(term - largest);
    return std::min(0.0, largest + std::log(sum));
}

void test_mixtures(const Tridiagonal& form, double squares, double burden, bool matched,
                   SetTests& result) {
    std::array<ChiSquareMixture, rhos.size()> mixtures;
    std::array<double, rhos.size()> statistics{}, log_tails{};
    double least = 0;
    for (std::size_t r = 0; r < rhos.size(); ++r) {
        mixtures[r] = ChiSquareMixture(eigenvalues(mixed(form, rhos[r])));
        statistics[r] = (1 - rhos[r]) * squares + rhos[r] * burden * burden;
        log_tails[r] = mixtures[r].log_tail(statistics[r]);
        if (log_tails[r] >= least) continue;
        least = log_tails[r];
        result.rho = rhos[r] > 0.99 ? 1 : rhos[r];
    }
    if (!(least < 0)) {
        result.skat_o = 0;
        return;
    }
    const Remainder remainder(form);
    const double bound = std::min(0.0, least + std::log(static_cast<double>(rhos.size())));
    double log_p = bound; // if nothing remains beside the burden direction all tests are the same
    if (remainder.mixture().empty()) {
        log_p = least;
    } else {
        std::array<MixtureQuantile, rhos.size()> lines{};
        for (std::size_t r = 0; r < rhos.size(); ++r)
            lines[r] = {.quantile = matched ? mixtures[r].matched_quantile(least)
                                            : mixtures[r].quantile(least, statistics[r]),
                        .tau = remainder.tau(rhos[r]),
                        .rest = 1 - rhos[r]};
        for (std::size_t r = 0; r < rhos.size(); ++r)
            result.mixtures.push_back({rhos[r], lines[r].quantile});
        log_p = std::min(bound, log_joint_tail(lines, remainder));
    }
    result.skat_o = -log_p / std::numbers::ln10;
}

} // namespace

SetTests test_set(std::span<const double> score, std::span<const double> covariance,
                  SetTestKind kind) {
    SetTests result{.skat = nan, .burden = nan, .skat_o = nan, .rho = nan};
    if (score.empty()) return result;
    double squares = 0, burden = 0, variance = 0;
    for (const double s : score) {
        squares += s * s;
        burden += s;
    }
    for (const double c : covariance)
        variance += c;
    const Tridiagonal form = reduce(covariance, score.size());
    const ChiSquareMixture mixture(eigenvalues(form));
    if (mixture.empty()) return result;
    result.skat = mixture.neg_log10_p(squares);
    if (variance > 1e-12 * mixture.mean())
        result.burden = chi_square_neg_log10_p(burden * burden / variance);
    if (kind == SetTestKind::skat) return result;
    if (std::isnan(result.burden)) {
        result.skat_o = result.skat; // nothing in the burden direction
        result.rho = 0;
    } else if (score.size() == 1) {
        result.skat_o = result.skat;
        result.rho = 0;
    } else {
        test_mixtures(form, squares, burden, kind == SetTestKind::skat_o_matched, result);
    }
    return result;
}

} // namespace salus
