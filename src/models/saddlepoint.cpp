#include "models/saddlepoint.hpp"

namespace salus {
namespace {

class Score {
public:
    explicit Score(const SaddlepointProblem& problem) noexcept
        : problem_(problem), at_zero_(slope_sums(problem.exact, 0)) {}
    Cumulants at(double t) const noexcept {
        const SlopeSums s = slope_sums(problem_.exact, t);
        const double rest = t * problem_.rest_variance;
        return {.k = at_zero_.log_likelihood - s.log_likelihood + t * at_zero_.score +
                     0.5 * t * rest,
                .first = at_zero_.score - s.score + rest,
                .second = s.information + problem_.rest_variance};
    }

private:
    const SaddlepointProblem& problem_;
    SlopeSums at_zero_;
};

} // namespace

SaddlepointTest saddlepoint_test(const SaddlepointProblem& problem) noexcept {
    return saddlepoint_tails(Score(problem), problem.score, problem.variance);
}

} // namespace salus
