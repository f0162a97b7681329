#include "models/transition_model.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace salus {
namespace {

/// Time at risk and events of a transition, by band.
struct BandCounts {
    std::vector<double> years, events; // [band]
    double all_years = 0, all_events = 0;
};

bool at_risk(const Episode& episode, std::size_t transition, std::size_t conditions) noexcept {
    return transition == conditions || (episode.conditions >> transition & 1) == 0;
}

BandCounts count_bands(const TransitionData& data, std::size_t transition) {
    const std::size_t bands = data.sizes.bands, width = 2 * bands;
    std::vector<double> mine(data.blocks.size() * width, 0.0);
    data.each(data.blocks.size(), [&](std::size_t b) {
        const auto sums = std::span(mine).subspan(b * width, width);
        for (const Episode& episode : data.blocks[b].episodes) {
            if (!at_risk(episode, transition, data.sizes.conditions)) continue;
            sums[episode.band] += episode.years;
            sums[bands + episode.band] += episode.event == transition + 1 ? 1 : 0;
        }
    });
    const auto total = ordered_total(data.join, mine, width);
    BandCounts counts;
    counts.years.assign(total.begin(), total.begin() + static_cast<std::ptrdiff_t>(bands));
    counts.events.assign(total.begin() + static_cast<std::ptrdiff_t>(bands), total.end());
    for (std::size_t k = 0; k < bands; ++k) {
        counts.all_years += counts.years[k];
        counts.all_events += counts.events[k];
    }
    return counts;
}

/// Bands without events take the rate of the next younger one that has some, the first ones that of
/// the first.
std::vector<std::uint32_t> columns_of_bands(const BandCounts& counts) {
    std::vector<std::uint32_t> column(counts.events.size());
    std::uint32_t next = 0;
    for (std::size_t k = 0; k < column.size(); ++k) {
        if (counts.events[k] > 0) ++next;
        column[k] = next > 0 ? next - 1 : 0;
    }
    return column;
}

/// Poisson likelihood of the events of one transition, relative to one rate for all.
class TransitionLikelihood final : public Likelihood {
public:
    TransitionLikelihood(const TransitionData& data, std::size_t transition,
                         std::vector<std::uint32_t> column_of_band, double rate)
        : data_(data), transition_(transition), column_of_band_(std::move(column_of_band)),
          rate_(rate), columns_(data.sizes.columns()),
          sums_(data.blocks.size() * (columns_ * columns_ + columns_)) {}

    std::size_t columns() const override { return columns_; }

    double log_likelihood(std::span<const double> coefficients) override {
        std::vector<double> mine(data_.blocks.size());
        data_.each(data_.blocks.size(),
                   [&](std::size_t b) { mine[b] = Sums(*this, coefficients, b).run(); });
        return ordered_total(data_.join, mine, 1)[0];
    }

    void derivatives(std::span<double> score, std::span<double> information) override {
        const auto total = ordered_total(data_.join, sums_, columns_ * columns_ + columns_);
        std::copy_n(total.begin(), columns_, score.begin());
        for (std::size_t a = 0; a < columns_; ++a)
            for (std::size_t c = 0; c < columns_; ++c)
                information[a * columns_ + c] =
                    total[columns_ + std::max(a, c) * columns_ + std::min(a, c)];
    }

private:
    /// Sums of one block.
    class Sums {
    public:
        Sums(TransitionLikelihood& of, std::span<const double> coefficients, std::size_t block)
            : of_(of), block_(of.data_.blocks[block]), sizes_(of.data_.sizes),
              coefficients_(coefficients),
              conditions_(coefficients.subspan(sizes_.bands + sizes_.covariates)),
              columns_(of.columns_),
              score_(of.sums_.data() + block * (columns_ * columns_ + columns_)),
              information_(score_ + columns_), mass_(columns_) {
            std::fill_n(score_, columns_ * columns_ + columns_, 0.0);
        }

        double run() {
            double value = 0;
            for (std::size_t i = 0; i < block_.people; ++i)
                value += person(i);
            return value;
        }

    private:
        double person(std::size_t i) {
            const std::size_t bands = sizes_.bands, p = sizes_.covariates;
            const double* const x = block_.covariates.data() + i * p;
            double eta = std::log(of_.rate_);
            for (std::size_t c = 0; c < p; ++c)
                eta += coefficients_[bands + c] * x[c];
            const double factor = std::exp(eta);
            std::fill(mass_.begin(), mass_.end(), 0.0);
            double expected = 0, events = 0, value = 0;
            for (auto e = block_.episode_begin[i]; e < block_.episode_begin[i + 1]; ++e) {
                const Episode& episode = block_.episodes[e];
                if (!at_risk(episode, of_.transition_, sizes_.conditions)) continue;
                const std::size_t band = of_.column_of_band_[episode.band];
                double own = coefficients_[band];
                for (std::uint32_t set = episode.conditions; set != 0; set &= set - 1)
                    own += conditions_[static_cast<std::size_t>(std::countr_zero(set))];
                const double mean = episode.years * factor * std::exp(own);
                const double event = episode.event == of_.transition_ + 1 ? 1 : 0;
                value += event * (eta + own) - mean;
                expected += mean;
                events += event;
                score_[band] += event - mean;
                mass_[band] += mean;
                information_[band * columns_ + band] += mean;
                add_conditions(episode.conditions, band, event, mean);
            }
            add_covariates(x, expected, events);
            return value;
        }

        void add_conditions(std::uint32_t set, std::size_t band, double event, double mean) {
            const std::size_t first = sizes_.bands + sizes_.covariates;
            for (std::uint32_t a = set; a != 0; a &= a - 1) {
                const std::size_t row = first + static_cast<std::size_t>(std::countr_zero(a));
                score_[row] += event - mean;
                mass_[row] += mean;
                information_[row * columns_ + band] += mean;
                for (std::uint32_t c = set; c != 0; c &= c - 1) {
                    const std::size_t column =
                        first + static_cast<std::size_t>(std::countr_zero(c));
                    if (column <= row) information_[row * columns_ + column] += mean;
                }
            }
        }

        void add_covariates(const double* x, double expected, double events) {
            if (expected == 0 && events == 0) return;
            const std::size_t bands = sizes_.bands, p = sizes_.covariates;
            for (std::size_t a = 0; a < p; ++a) {
                double* const row = information_ + (bands + a) * columns_;
                score_[bands + a] += (events - expected) * x[a];
                for (std::size_t band = 0; band < bands; ++band)
                    row[band] += mass_[band] * x[a];
                for (std::size_t c = 0; c <= a; ++c)
                    row[bands + c] += expected * x[a] * x[c];
            }
            for (std::size_t k = bands + p; k < columns_; ++k)
                if (mass_[k] != 0)
                    for (std::size_t a = 0; a < p; ++a)
                        information_[k * columns_ + bands + a] += mass_[k] * x[a];
        }

        TransitionLikelihood& of_;
        const LifeBlock& block_;
        const TransitionSizes& sizes_;
        std::span<const double> coefficients_, conditions_;
        std::size_t columns_;
        double *score_, *information_; // lower triangle
        std::vector<double> mass_;     // expected events of the person, by column
    };

    const TransitionData& data_;
    std::size_t transition_;
    std::vector<std::uint32_t> column_of_band_;
    double rate_;
    std::size_t columns_;
    std::vector<double> sums_; // [block] score, information
};

/// One rate for all ages and people.
void take_one_rate(const BandCounts& counts, const TransitionSizes& sizes, TransitionFit& fit) {
    fit.state = TransitionState::no_covariates;
    fit.column_of_band.assign(sizes.bands, 0);
    fit.coefficients.assign(sizes.columns(), 0.0);
    fit.covariance.assign(sizes.columns() * sizes.columns(), 0.0);
    fit.aliased.assign(sizes.columns(), 1);
    fit.coefficients[0] = std::log(counts.all_events / counts.all_years);
    fit.covariance[0] = 1 / counts.all_events;
    fit.aliased[0] = 0;
    fit.log_likelihood = counts.all_events * fit.coefficients[0] - counts.all_events;
}

/// The condition itself is no column of its own onset; columns behind the last band are not used.
std::vector<std::uint8_t> unused_columns(const TransitionSizes& sizes, std::size_t transition,
                                         std::span<const std::uint32_t> column_of_band) {
    std::vector<std::uint8_t> unused(sizes.columns(), 0);
    for (std::size_t k = column_of_band.back() + std::size_t{1}; k < sizes.bands; ++k)
        unused[k] = 1;
    if (transition < sizes.conditions) unused[sizes.bands + sizes.covariates + transition] = 1;
    return unused;
}

} // namespace

void one_after_the_other(std::size_t n, const std::function<void(std::size_t)>& body) {
    for (std::size_t i = 0; i < n; ++i)
        body(i);
}

std::string_view to_string(TransitionState state) noexcept {
    switch (state) {
    case TransitionState::fitted:
        return "fitted";
    case TransitionState::no_covariates:
        return "no_covariates";
    case TransitionState::no_events:
        break;
    }
    return "no_events";
}

TransitionFit fit_transition(const TransitionData& data, std::size_t transition,
                             double events_min) {
    const BandCounts counts = count_bands(data, transition);
    TransitionFit fit;
    fit.years = counts.all_years;
    fit.events = static_cast<std::uint64_t>(counts.all_events);
    if (fit.events == 0 || !(fit.years > 0)) {
        fit.column_of_band.assign(data.sizes.bands, 0);
        fit.coefficients.assign(data.sizes.columns(), 0.0);
        fit.covariance.assign(data.sizes.columns() * data.sizes.columns(), 0.0);
        fit.aliased.assign(data.sizes.columns(), 1);
        return fit;
    }
    if (counts.all_events < events_min) {
        take_one_rate(counts, data.sizes, fit);
        return fit;
    }
    fit.column_of_band = columns_of_bands(counts);
    const double rate = counts.all_events / counts.all_years;
    TransitionLikelihood likelihood(data, transition, fit.column_of_band, rate);
    const auto unused = unused_columns(data.sizes, transition, fit.column_of_band);
    const NewtonFit newton = fit_newton(likelihood, unused);
    fit.newton = newton.state;
    if (newton.state != FitState::converged) {
        take_one_rate(counts, data.sizes, fit);
        return fit;
    }
    fit.state = TransitionState::fitted;
    fit.coefficients = newton.coefficients;
    for (std::size_t k = 0; k <= fit.column_of_band.back(); ++k)
        fit.coefficients[k] += std::log(rate);
    fit.covariance = newton.covariance;
    fit.aliased = newton.aliased;
    for (std::size_t k = 0; k < unused.size(); ++k)
        if (unused[k] != 0) fit.aliased[k] = 1;
    fit.log_likelihood = newton.log_likelihood;
    return fit;
}

} // namespace salus
