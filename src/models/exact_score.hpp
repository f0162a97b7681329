#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// Carriers of one family, whose outcomes are correlated: a case is who is beyond a threshold of a
/// normal liability, of which the family shares the part `correlation` (0: independent outcomes).
struct CarrierFamily {
    std::size_t end = 0; // one behind its last carrier; it begins where the one before ends
    double correlation = 0;
};

/// The count T = sum of steps x outcome over the carriers of an allele, given a logistic null
/// model.
struct ExactScoreProblem {
    std::span<const std::uint32_t> steps; // [carrier] copies in units of the lattice
    std::span<const double> fitted;       // [carrier] mu of the null model
    std::span<const double> probability;  // [carrier] of being a case: mu, or nearer to unbiased
    std::span<const CarrierFamily> families;
    /// [carrier][covariates + 1] x of the null model times the inverse of R, R'R = X'WX of
    /// everybody: conditions on the sufficient statistics of the null model. Empty: does not.
    std::span<const double> design;
    std::size_t columns = 0;
    std::uint64_t observed = 0; // T
};

struct ExactScoreTest {
    double neg_log10_p = 0;     // P(|T - E| >= |t - E|), E = sum of steps x mu
    double neg_log10_mid_p = 0; // the same with half of the probability of equality
    bool usable = false;        // false: the carriers leave nothing to condition on
};

/// The test of the score's exact distribution over outcomes y of the carriers: independent with
/// their probabilities, or correlated within families, and conditional on X'y. What the carriers
/// take from X'y, d = sum x (y - mu), all others must make up for, which has the probability
/// exp(-d'A^-1 d / 2) with A the information of the others, taken at the mean of d'A^-1 d of the
/// outcomes with the same T. With an intercept alone this is Fisher's exact test, to a few
/// thousandths of p where there are tens of cases (with the probabilities of Firth's null model,
/// which have the third order of the others' distribution). Convolution over the carriers:
/// O(carriers x sum of steps x columns), families 25 times that in their own carriers. One object
/// per thread.
class ExactScore {
public:
    ExactScoreTest test(const ExactScoreProblem& problem);

    /// Masses by T, and sums over outcomes of e and |e|^2, e = sum z y, for columns z.
    class Counts {
    public:
        void reset(std::size_t columns);
        void add(std::size_t steps, double probability, const double* z);
        void add_scaled(const Counts& other, double factor);
        void convolve(const Counts& other);
        std::size_t size() const noexcept { return cells_.size() / stride_; }
        const double* at(std::size_t t) const noexcept { return cells_.data() + t * stride_; }

    private:
        std::size_t stride_ = 2;
        std::vector<double> cells_, next_; // [t][mass, sum |e|^2, sum e]
    };

private:
    bool condition(const ExactScoreProblem& problem);
    void add_family(const ExactScoreProblem& problem, std::size_t begin,
                    const CarrierFamily& family);
    double weight(const ExactScoreProblem& problem, std::size_t t) const noexcept;

    Counts total_, family_, at_node_;
    std::vector<double> z_, factor_, centre_; // z_: [carrier][column]
};

} // namespace salus
