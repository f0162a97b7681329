#include "stages/null_model/level1.hpp"

#include "base/text.hpp"
#include "kernels/logistic_sums.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>

namespace salus::whole_genome {
namespace {

constexpr double memory_max_bytes = 4.0 * (1U << 30);

/// Tiles of rows; kept once they were read, if they fit.
class Tiles {
public:
    Tiles(const LevelZeroParts& from, std::size_t members)
        : from_(from), members_(members), columns_(from.plan.blocks.size() * from.count) {
        tile_ = std::clamp<std::size_t>((std::size_t{1} << 26) / (4 * columns_), 4096, 65536);
        keep_ =
            4.0 * static_cast<double>(members) * static_cast<double>(columns_) <= memory_max_bytes;
    }
    std::size_t columns() const noexcept { return columns_; }
    void visit(const PredictorRows::Visit& visit) {
        for (std::size_t first = 0, k = 0; first < members_; first += tile_, ++k) {
            if (k < kept_.size()) {
                visit(first, kept_[k]);
                continue;
            }
            std::vector<float> rows = read(first, std::min(tile_, members_ - first));
            visit(first, rows);
            if (keep_) kept_.push_back(std::move(rows));
        }
    }

private:
    std::vector<float> read(std::size_t first, std::size_t count) const {
        std::vector<float> rows(count * columns_);
        const std::size_t width = from_.count;
        for (std::size_t b = 0; b < from_.plan.blocks.size(); ++b) {
            const auto part =
                from_.parts.open(b).read_rows<float>(level0_array(from_.number), first, count);
            const std::size_t stride = part.size() / count;
            for (std::size_t i = 0; i < count; ++i)
                std::copy_n(part.data() + i * stride + from_.first, width,
                            rows.data() + i * columns_ + b * width);
        }
        return rows;
    }
    LevelZeroParts from_;
    std::size_t members_, columns_, tile_ = 0;
    bool keep_ = true;
    std::vector<std::vector<float>> kept_;
};

/// Penalty of a coefficient among `columns` that stands for a heritability h. The variance of a
/// standard logistic variable is pi^2 / 3, that of the logarithm of an exponential one pi^2 / 6.
double penalty_of(double h, std::size_t columns, TraitKind kind) {
    constexpr double squared = std::numbers::pi * std::numbers::pi;
    const double penalty = static_cast<double>(columns) * (1 - h) / h;
    switch (kind) {
    case TraitKind::quantitative:
        break;
    case TraitKind::binary:
        return penalty * 3 / squared;
    case TraitKind::time_to_event:
        return penalty * 6 / squared;
    }
    return penalty;
}

StackedFit fit_stacked(const StackedProblem& problem, TraitKind kind) {
    switch (kind) {
    case TraitKind::quantitative:
        break;
    case TraitKind::binary:
        return fit_stacked_logistic(problem);
    case TraitKind::time_to_event:
        return fit_stacked_cox(problem);
    }
    return fit_stacked_linear(problem);
}

/// Log-likelihood of the covariates alone.
double null_likelihood(const TraitModel& trait) {
    const std::size_t n = trait.outcome.size();
    std::vector<double> eta = trait.offset, y = trait.outcome;
    eta.resize(padded_samples(n));
    y.resize(padded_samples(n));
    std::vector<double> residual(eta), weight(eta);
    return logistic_terms(eta, y, n, residual, weight);
}

} // namespace

std::string level0_array(std::size_t number) { return text("level0/", number); }

PredictorRows open_predictors(const LevelZeroParts& from, std::size_t members) {
    const auto tiles = std::make_shared<Tiles>(from, members); // the function must be copyable
    return {.samples = members,
            .columns = tiles->columns(),
            .for_each_tile = [tiles](const PredictorRows::Visit& visit) { tiles->visit(visit); }};
}

TraitPredictions predict_trait(const LevelZeroParts& from, const TraitModel& trait,
                               const SampleSet& set, std::span<const double> heritabilities) {
    const PredictorRows rows = open_predictors(from, set.members.size());
    TraitPredictions result;
    for (const double h : heritabilities)
        result.penalties.push_back(penalty_of(h, rows.columns, trait.kind));
    const bool quantitative = trait.kind == TraitKind::quantitative;
    std::vector<std::size_t> group, ends;
    for (const Block& block : from.plan.blocks)
        group.insert(group.end(), from.count, block.chromosome);
    for (const Fold& fold : set.folds)
        ends.push_back(fold.end);
    const StackedProblem problem{.rows = rows,
                                 .values = quantitative ? trait.values : trait.outcome,
                                 .offset = trait.offset,
                                 .fold_ends = ends,
                                 .penalties = result.penalties,
                                 .group = group,
                                 .groups = from.plan.chromosomes.size(),
                                 .time = trait.time,
                                 .entry = trait.entry};
    result.fit = fit_stacked(problem, trait.kind);
    result.null_score = quantitative                      ? 1
                        : trait.kind == TraitKind::binary ? null_likelihood(trait)
                                                          : result.fit.null_score;
    if (!result.fit.converged) return result;
    const double unit = quantitative ? trait.scale : 1;
    auto& parts = result.fit.contributions;
    std::vector<double> all(set.members.size());
    for (auto& part : parts)
        for (std::size_t i = 0; i < all.size(); ++i)
            all[i] += part[i] *= unit;
    for (const auto& part : parts) {
        auto& without = result.loco.emplace_back(all.size());
        for (std::size_t i = 0; i < all.size(); ++i)
            without[i] = all[i] - part[i];
    }
    result.loco.push_back(std::move(all));
    parts.clear();
    return result;
}

} // namespace salus::whole_genome
