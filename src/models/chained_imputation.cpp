#include "models/chained_imputation.hpp"

#include "base/random.hpp"
#include "base/text.hpp"
#include "models/block_likelihood.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

constexpr double scaled_alias_tolerance = 1e-8; // of scaled columns

// Gamma(shape, 1) for shape >= 1/2. Marsaglia & Tsang 2000, doi:10.1145/358407.358414.
double draw_gamma(double shape, Rng& rng) {
    if (shape < 1) return draw_gamma(shape + 1, rng) * std::pow(rng.uniform(), 1 / shape);
    const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
    for (;;) {
        const double x = rng.normal(), v = std::pow(1 + c * x, 3);
        if (v > 0 && std::log(rng.uniform()) < 0.5 * x * x + d - d * v + d * std::log(v))
            return d * v;
    }
}

/// A column in the design: its cells, what is missing, and its place.
struct Link {
    std::size_t first = 0, count = 1; // columns of the design
    double mean = 0, deviation = 1;   // of the known values
    std::vector<std::uint32_t> known, missing;
};

class Chain {
public:
    Chain(const ChainInput& input, const ChainRule& rule, std::uint64_t imputation)
        : input_(input), rule_(rule), imputation_(imputation),
          design_(width(input), people(input)) {
        std::fill(design_.column(0).begin(), design_.column(0).end(), 1.0);
        std::size_t next = 1;
        for (const auto& values : input.known)
            place_scaled(values, next++);
        for (const ChainColumn& column : input.columns) {
            Link link{.first = next, .count = column.levels.empty() ? 1 : column.levels.size() - 1};
            next += link.count;
            for (std::uint32_t i = 0; i < column.values.size(); ++i)
                (std::isfinite(column.values[i]) ? link.known : link.missing).push_back(i);
            scale(column.values, link);
            links_.push_back(std::move(link));
            values_.push_back(column.values);
        }
    }

    std::vector<std::vector<double>> run() {
        for (std::size_t j = 0; j < links_.size(); ++j)
            begin(j);
        for (std::size_t cycle = 1; cycle <= rule_.cycles; ++cycle)
            for (std::size_t j = 0; j < links_.size(); ++j)
                if (!links_[j].missing.empty()) fill(j, cycle);
        std::vector<std::vector<double>> out(links_.size());
        for (std::size_t j = 0; j < links_.size(); ++j)
            for (const std::uint32_t i : links_[j].missing)
                out[j].push_back(values_[j][i]);
        return out;
    }

private:
    static std::size_t people(const ChainInput& input) { return input.person_key.size(); }
    static std::size_t width(const ChainInput& input) {
        std::size_t n = 1 + input.known.size();
        for (const ChainColumn& column : input.columns)
            n += column.levels.empty() ? 1 : column.levels.size() - 1;
        return n;
    }

    void place_scaled(std::span<const double> values, std::size_t c) {
        double mean = 0, squares = 0;
        const auto n = static_cast<double>(values.size());
        for (const double v : values)
            mean += v / n;
        for (const double v : values)
            squares += (v - mean) * (v - mean) / n;
        const double deviation = squares > 0 ? std::sqrt(squares) : 1;
        const auto column = design_.column(c);
        for (std::size_t i = 0; i < values.size(); ++i)
            column[i] = (values[i] - mean) / deviation;
    }

    static void scale(std::span<const double> values, Link& link) {
        const auto n = static_cast<double>(link.known.size());
        double squares = 0;
        for (const std::uint32_t i : link.known)
            link.mean += values[i] / n;
        for (const std::uint32_t i : link.known)
            squares += (values[i] - link.mean) * (values[i] - link.mean) / n;
        if (squares > 0) link.deviation = std::sqrt(squares);
    }

    // Puts a value of a person into the design.
    void put(std::size_t j, std::uint32_t person, double value) {
        const Link& link = links_[j];
        values_[j][person] = value;
        const auto& levels = input_.columns[j].levels;
        if (levels.empty())
            design_.column(link.first)[person] = (value - link.mean) / link.deviation;
        for (std::size_t l = 1; l < levels.size(); ++l)
            design_.column(link.first + l - 1)[person] = value == levels[l] ? 1 : 0;
    }

    Rng person_random(std::size_t j, std::size_t cycle, std::uint32_t person) const {
        return {rule_.seed,
                text("impute.", rule_.stream, ".", input_.columns[j].name, ".", imputation_, ".",
                     cycle),
                input_.person_key[person]};
    }

    // Known cells, and any known value for the others.
    void begin(std::size_t j) {
        const Link& link = links_[j];
        for (const std::uint32_t i : link.known)
            put(j, i, input_.columns[j].values[i]);
        for (const std::uint32_t i : link.missing) {
            Rng rng = person_random(j, 0, i);
            put(j, i, input_.columns[j].values[link.known[rng.below(link.known.size())]]);
        }
    }

    void fill(std::size_t j, std::size_t cycle) {
        const Link& link = links_[j];
        const std::size_t c = design_.columns(), padded = design_.padded();
        std::vector<double> weight(padded, 0.0), outcome(padded, 0.0), gram(c * c), factor(c * c),
            right(c);
        for (const std::uint32_t i : link.known)
            weight[i] = 1, outcome[i] = (values_[j][i] - link.mean) / link.deviation;
        weighted_gram(design_.design(), weight, gram);
        column_products(design_.design(), outcome, right);
        std::vector<std::uint8_t> left_out(c, 0);
        std::fill_n(left_out.begin() + static_cast<std::ptrdiff_t>(link.first), link.count, 1);
        left_out = aliased_cholesky(gram, c, scaled_alias_tolerance, factor, left_out);
        const auto inverse = inverse_of(factor, c, left_out);
        std::vector<double> best(c, 0.0);
        for (std::size_t a = 0; a < c; ++a)
            for (std::size_t b = 0; b < c; ++b)
                best[a] += inverse[a * c + b] * right[b];
        std::vector<double> fitted(padded, 0.0), predicted(padded, 0.0);
        linear_predictor(design_.design(), best, fitted);
        double squares = 0;
        for (const std::uint32_t i : link.known)
            squares += (outcome[i] - fitted[i]) * (outcome[i] - fitted[i]);
        const auto rank = static_cast<double>(std::count(left_out.begin(), left_out.end(), 0));
        Rng rng(rule_.seed, text("impute.", rule_.stream, ".", input_.columns[j].name),
                imputation_ * 1'000'000 + cycle);
        const double df = std::max(1.0, static_cast<double>(link.known.size()) - rank);
        const double deviation = std::sqrt(squares / (2 * draw_gamma(df / 2, rng)));
        const auto drawn = draw(best, factor, left_out, deviation, rng);
        linear_predictor(design_.design(), drawn, predicted);
        match(j, cycle, fitted, predicted);
    }

    // best + deviation x L'^-1 z.
    static std::vector<double> draw(std::span<const double> best, std::span<const double> factor,
                                    std::span<const std::uint8_t> left_out, double deviation,
                                    Rng& rng) {
        const std::size_t c = best.size();
        std::vector<double> out(best.begin(), best.end()), u(c, 0.0);
        for (std::size_t a = c; a-- > 0;) {
            if (left_out[a] != 0) continue;
            double sum = rng.normal();
            for (std::size_t b = a + 1; b < c; ++b)
                if (left_out[b] == 0) sum -= factor[b * c + a] * u[b];
            u[a] = sum / factor[a * c + a];
            out[a] += deviation * u[a];
        }
        return out;
    }

    void match(std::size_t j, std::size_t cycle, std::span<const double> fitted,
               std::span<const double> predicted) {
        std::vector<std::uint32_t> order = links_[j].known;
        std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
            return fitted[a] != fitted[b] ? fitted[a] < fitted[b] : a < b;
        });
        const std::vector<double> values = values_[j];
        const auto below = [&](std::uint32_t a, double v) { return fitted[a] < v; };
        const auto above = [&](double v, std::uint32_t a) { return v < fitted[a]; };
        for (const std::uint32_t i : links_[j].missing) {
            Rng rng = person_random(j, cycle, i);
            const double wanted = predicted[i];
            auto high = std::lower_bound(order.begin(), order.end(), wanted, below), low = high;
            std::uint32_t chosen = order.front();
            const std::size_t steps = 1 + rng.below(std::min(rule_.donors, order.size()));
            for (std::size_t step = 0; step < steps; ++step) {
                const bool up =
                    low == order.begin() ||
                    (high != order.end() && fitted[*high] - wanted < wanted - fitted[*(low - 1)]);
                chosen = up ? *high++ : *--low;
            }
            const double same = fitted[chosen];
            const auto first = std::lower_bound(order.begin(), order.end(), same, below),
                       last = std::upper_bound(first, order.end(), same, above);
            const auto among = static_cast<std::uint64_t>(last - first);
            put(j, i, values[*(first + static_cast<std::ptrdiff_t>(rng.below(among)))]);
        }
    }

    const ChainInput& input_;
    const ChainRule& rule_;
    std::uint64_t imputation_;
    DesignBlock design_;
    std::vector<Link> links_;
    std::vector<std::vector<double>> values_; // [column][person]
};

} // namespace

std::vector<std::vector<double>> impute_chained(const ChainInput& input, const ChainRule& rule,
                                                std::uint64_t imputation) {
    return Chain(input, rule, imputation).run();
}

} // namespace salus
