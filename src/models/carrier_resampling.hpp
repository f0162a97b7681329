#pragma once

#include "base/random.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace salus {

/// What the null model knows of those who carry a variant of a set.
struct CarrierProblem {
    enum class Outcome { binary, count };
    Outcome outcome = Outcome::binary;
    std::size_t elements = 0;      // scores, each of a variant or of several that count as one
    std::vector<double> mean;      // [carrier] probability of being a case, or expected events
    std::vector<double> observed;  // [carrier] 0 or 1; or number of events
    std::vector<std::size_t> from; // [carrier + 1] into element and copies
    std::vector<std::uint32_t> element;
    std::vector<double> copies; // weighted
    std::vector<double> score;  // [element] as observed, weighted
    std::size_t covariates = 0; // the intercept among them
    std::vector<double>
        standardised; // [carrier][covariate]: their information over all samples is 1
};

/// A combination of scores, and how far the tail that is sought is in its direction.
struct ScoreDirection {
    std::vector<double> coefficient; // [element]
    double target = 0;               // of the sum of coefficient x score
};

/// 1 if the scores exceed what was observed, 0.5 if they equal it, else 0; one for each statistic.
using Exceedance = std::function<void(std::span<const double> scores, std::span<double> exceeds)>;

struct ResampledTails {
    enum class Method : std::uint8_t {
        none,       // the covariates leave nothing to be redistributed
        exact,      // all outcomes of the carriers
        resampled,  // relative standard error of each p at most that asked for
        unresolved, // more draws than allowed would be needed; p is what they gave
    };
    Method method = Method::none;
    std::vector<double> p, standard_error; // [statistic] mid-p
    std::uint64_t draws = 0;
};

/// Null distribution of statistics of the scores S_j = sum copies (y - mean) by redistributing the
/// outcome among carriers, in the manner of Lee et al. 2016, doi:10.1093/biostatistics/kxv033.
/// Given the sufficient statistics of the covariates, as an exact test would have it: a
/// configuration of outcomes has the probability of independent ones (Bernoulli or Poisson) times
/// that of all other samples making up for what it changes in X'y, which is normal.
class CarrierResampler {
public:
    explicit CarrierResampler(const CarrierProblem& problem);

    struct Limits {
        std::size_t exact_carriers = 12; // binary outcomes of so many are all gone through
        std::uint64_t first_draws = 1024, draws_max = 1 << 18;
        double relative_error = 0.05; // standard error over p that is enough: twice that
                                      // for p above 0.001, three times above 0.05
    };
    /// Two-sided or not as `exceeds` says. Without directions outcomes are drawn from the null
    /// distribution; with them a quarter are, and the others from null distributions that are
    /// tilted so that their mean is the target of a direction, in turn; weights of a draw are at
    /// most 4, and make up for it. Draws grow by a
    /// quarter until the relative error is reached. Cost of a
    /// draw: about 4 ns x carriers, or where outcomes are rare 20 ns x carriers x the largest mean;
    /// and directions x elements.
    ResampledTails tails(Rng random, std::span<const ScoreDirection> directions,
                         const Exceedance& exceeds, std::size_t statistics,
                         const Limits& limits) const;

private:
    struct Tilt;
    struct Draw;
    struct Sums;
    Tilt tilt_towards(const ScoreDirection& direction) const;
    Tilt untilted() const;
    bool condition_on_covariates();
    void draw(const Tilt& tilt, Rng& random, Draw& out) const;
    void draw_rare(const Tilt& tilt, Rng& random, Draw& out) const;
    void add_outcome(std::size_t carrier, double count, Draw& out) const;
    void start(Draw& out) const;
    double conditional_weight(const Draw& draw) const;
    double mixture_weight(std::span<const Tilt> tilts, const Draw& draw) const;
    ResampledTails enumerate(const Exceedance& exceeds, std::size_t statistics) const;

    const CarrierProblem& problem_;
    bool usable_ = false;
    std::vector<double> base_;        // [element] score if no carrier had the outcome
    std::vector<double> conditioned_; // [carrier][covariate], for the information of the others
    std::vector<double> base_shift_;  // [covariate] if no carrier had the outcome
};

} // namespace salus
