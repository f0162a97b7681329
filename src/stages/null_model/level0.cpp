#include "stages/null_model/level0.hpp"

#include "models/ridge_systems.hpp"
#include "parallel/parallel_for.hpp"
#include "stages/null_model/leave_one_out.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

namespace salus::whole_genome {
namespace {

constexpr std::size_t tile_members = 4 * left_rows<float>;
constexpr std::size_t depth_at_once = 256;

/// Coefficients of predictions of one fold: [column][genotype in bytes, then basis of the base].
using Coefficients = std::vector<std::vector<float>>;

/// Turns solutions of one set into coefficients of genotypes and of the basis of the base.
struct SetCoefficients {
    const Base& base;
    const SampleSet& set;
    const SetSystem& system;

    std::vector<float> of(const std::vector<double>& solution) const {
        const std::size_t m = solution.size(), c = base.basis.size();
        std::vector<double> weight(m), along(c);
        for (std::size_t i = 0; i < m; ++i)
            weight[i] = solution[i] * system.scale[i];
        for (std::size_t b = 0; b < c; ++b)
            for (std::size_t i = 0; i < m; ++i)
                along[b] += system.covariates[b][i] * weight[i];
        std::vector<float> result(m + c);
        for (std::size_t i = 0; i < m; ++i)
            result[i] = static_cast<float>(weight[i] / BlockGenotypes::one_copy);
        for (std::size_t a = 0; a < c; ++a) {
            double sum = 0;
            for (std::size_t b = a; b < c; ++b)
                sum -= set.rotation[a][b] * along[b];
            result[m + a] = static_cast<float>(sum);
        }
        return result;
    }
};

} // namespace

/// Predictions of members [begin, end) of a base by the coefficients of one fold.
class Predictor {
public:
    Predictor(const BlockGenotypes& genotypes, const Base& base, const Coefficients& coefficients)
        : genotypes_(genotypes), base_(base), columns_(coefficients.size()),
          depth_(genotypes.size() + base.basis.size()) {
        for (std::size_t d = 0; d < depth_; d += depth_at_once) {
            const std::size_t count = std::min(depth_at_once, depth_ - d);
            std::vector<float> part(count * columns_);
            for (std::size_t k = 0; k < count; ++k)
                for (std::size_t c = 0; c < columns_; ++c)
                    part[k * columns_ + c] = -coefficients[c][d + k]; // products are subtracted
            auto& packed = right_.emplace_back(round_up(columns_, right_rows) * count);
            pack_right<float>(
                {.data = part.data(), .stride = columns_, .rows = columns_, .depth = count},
                packed.data());
        }
    }
    /// out[column * tile_members + member].
    void predict(std::size_t begin, std::size_t end, std::vector<float>& out) const {
        out.assign(columns_ * tile_members, 0.0F);
        const std::span<const std::uint32_t> samples(base_.samples.data() + begin, end - begin);
        std::vector<std::uint8_t> work, bytes(tile_members);
        std::vector<float> left(tile_members * depth_at_once);
        for (std::size_t d = 0, part = 0; d < depth_; d += depth_at_once, ++part) {
            const std::size_t count = std::min(depth_at_once, depth_ - d);
            for (std::size_t k = 0; k < count; ++k) {
                if (d + k >= genotypes_.size()) {
                    spread(base_.basis[d + k - genotypes_.size()].data() + begin, samples.size(), k,
                           count, left);
                    continue;
                }
                genotypes_.read(d + k, samples, work, bytes);
                spread(bytes.data(), samples.size(), k, count, left);
            }
            subtract_product<float>({.left = left.data(),
                                     .right = right_[part].data(),
                                     .rows = samples.size(),
                                     .columns = columns_,
                                     .depth = count,
                                     .out = out.data(),
                                     .stride = tile_members});
        }
    }

private:
    /// Row d of the packed left operand.
    template <class T>
    static void spread(const T* values, std::size_t size, std::size_t d, std::size_t depth,
                       std::vector<float>& left) {
        constexpr std::size_t rows = left_rows<float>;
        for (std::size_t p = 0; p * rows < size; ++p) {
            float* const to = left.data() + (p * depth + d) * rows;
            const T* const from = values + p * rows;
            const std::size_t count = std::min(rows, size - p * rows);
            if (count == rows)
                for (std::size_t i = 0; i < rows; ++i)
                    to[i] = static_cast<float>(from[i]);
            else
                for (std::size_t i = 0; i < rows; ++i)
                    to[i] = i < count ? static_cast<float>(from[i]) : 0.0F;
        }
    }
    const BlockGenotypes& genotypes_;
    const Base& base_;
    std::size_t columns_, depth_;
    std::vector<std::vector<float>> right_;
};

namespace {

/// Centres and scales each column over the members.
void standardise(std::vector<float>& values, std::size_t columns) {
    const std::size_t n = values.size() / columns;
    for (std::size_t c = 0; c < columns; ++c) {
        double sum = 0, squares = 0;
        for (std::size_t i = 0; i < n; ++i)
            sum += static_cast<double>(values[i * columns + c]);
        const double mean = sum / static_cast<double>(n);
        for (std::size_t i = 0; i < n; ++i) {
            const double d = static_cast<double>(values[i * columns + c]) - mean;
            squares += d * d;
        }
        const double sd = std::sqrt(squares / static_cast<double>(n - 1));
        const double factor = sd > 1e-12 ? 1 / sd : 0;
        for (std::size_t i = 0; i < n; ++i) {
            float& value = values[i * columns + c];
            value = static_cast<float>((static_cast<double>(value) - mean) * factor);
        }
    }
}

/// The absent samples of a set, fold by fold.
std::vector<FoldSums> absent_sums(const BlockGenotypes& genotypes, const Base& base,
                                  const DigitColumns& digits, const SampleSet& set) {
    if (set.absent.empty()) return {};
    std::vector<Fold> folds;
    for (const Fold& fold : base.folds) {
        const auto place = [&](std::size_t p) {
            return static_cast<std::size_t>(
                std::lower_bound(set.absent.begin(), set.absent.end(), p) - set.absent.begin());
        };
        folds.push_back({place(fold.begin), place(fold.end)});
    }
    return fold_sums(genotypes, base, digits, set.absent, folds);
}

} // namespace

/// One base on one block.
class LevelZero::BaseRun {
public:
    BaseRun(const Input& input, const BaseColumns& columns, const BlockGenotypes& genotypes)
        : input_(input), columns_(columns), genotypes_(genotypes),
          base_(input.cohort.bases[columns.base]),
          coefficients_(base_.folds.size(), Coefficients(columns.folded.size() * input.columns())) {
    }

    void run(std::vector<BlockPredictions>& out) {
        sums_ =
            fold_sums(genotypes_, base_, columns_.digits[0], columns_.whole.members, base_.folds);
        SetSystem near = make_system({.base = base_,
                                      .set = columns_.whole,
                                      .sums = sums_,
                                      .absent = {},
                                      .columns = {},
                                      .along = {}});
        const bool shared = columns_.sets.size() > 1 && !columns_.folded.empty();
        factors_.resize(shared ? base_.folds.size() : 0);
        parallel_tasks(factors_.size(), [&](std::size_t k) {
            factors_[k] = std::make_unique<RidgeSystems>(near.without(k), input_.penalties);
        });
        if (shared) near = SetSystem();
        for (const std::size_t s : columns_.sets)
            solve_set(s, near, out);
        if (!columns_.folded.empty())
            for (std::size_t k = 0; k < base_.folds.size(); ++k)
                predict_fold(k, out);
        parallel_tasks(columns_.traits.size(), [&](std::size_t t) {
            standardise(result(t, out).values, input_.columns());
        });
    }

private:
    BlockPredictions& result(std::size_t t, std::vector<BlockPredictions>& out) const {
        return out[columns_.traits[t] - input_.first];
    }

    void solve_set(std::size_t s, const SetSystem& near, std::vector<BlockPredictions>& out) {
        const SampleSet& set = input_.cohort.sets[s];
        SetInput input{
            .base = base_, .set = set, .sums = sums_, .absent = {}, .columns = {}, .along = {}};
        for (std::size_t t = 0; t < columns_.traits.size(); ++t) {
            const TraitModel& trait = input_.cohort.traits[columns_.traits[t]];
            if (trait.set != s) continue;
            input.columns.push_back(t);
            input.along.push_back(&trait.along);
        }
        const auto absent = absent_sums(genotypes_, base_, columns_.digits[0], set);
        input.absent = absent;
        const SetSystem system = make_system(input);
        for (const std::size_t t : input.columns) {
            result(t, out).flat = system.flat();
            result(t, out).values.resize(set.members.size() * input_.columns());
        }
        solve_folds(input, system, near, out);
        predict_one_by_one(input, system, out);
    }
    bool is_left_out(std::size_t t) const {
        return input_.cohort.traits[columns_.traits[t]].leave_one_out;
    }

    void solve_folds(const SetInput& input, const SetSystem& system, const SetSystem& near,
                     std::vector<BlockPredictions>& out) {
        std::vector<std::size_t> places; // in input.columns
        for (std::size_t c = 0; c < input.columns.size(); ++c)
            if (!is_left_out(input.columns[c])) places.push_back(c);
        if (places.empty()) return;
        std::vector<std::uint8_t> converged(base_.folds.size());
        parallel_tasks(base_.folds.size(), [&](std::size_t k) {
            converged[k] = solve_fold(k, places, input, system, near) ? 1 : 0;
        });
        for (const std::size_t c : places)
            result(input.columns[c], out).converged =
                std::find(converged.begin(), converged.end(), 0) == converged.end();
    }
    bool solve_fold(std::size_t k, const std::vector<std::size_t>& places, const SetInput& input,
                    const SetSystem& system, const SetSystem& near) {
        std::vector<std::vector<double>> right;
        for (const std::size_t c : places)
            right.push_back(system.right_without(k, c));
        const SquareMatrix matrix = system.without(k);
        const RidgeSolutions found =
            factors_.empty() ? RidgeSystems(near.without(k), input_.penalties).solve(matrix, right)
                             : factors_[k]->solve(matrix, right);
        const auto mixed = mixture_effects(matrix, right, input_.mixtures);
        const SetCoefficients turn{.base = base_, .set = input.set, .system = system};
        const std::size_t penalties = input_.penalties.size(), mixtures = input_.mixtures.size();
        for (std::size_t p = 0; p < places.size(); ++p) {
            const std::size_t first = columns_.slot[input.columns[places[p]]] * input_.columns();
            for (std::size_t l = 0; l < penalties; ++l)
                coefficients_[k][first + l] = turn.of(found.values[p * penalties + l]);
            for (std::size_t l = 0; l < mixtures; ++l)
                coefficients_[k][first + penalties + l] = turn.of(mixed[p * mixtures + l]);
        }
        return found.converged;
    }

    void predict_one_by_one(const SetInput& input, const SetSystem& system,
                            std::vector<BlockPredictions>& out) const {
        std::vector<std::size_t> traits;
        std::vector<const std::vector<double>*> values;
        std::vector<std::vector<double>> right;
        for (std::size_t c = 0; c < input.columns.size(); ++c) {
            if (!is_left_out(input.columns[c])) continue;
            traits.push_back(input.columns[c]);
            values.push_back(&input_.cohort.traits[columns_.traits[input.columns[c]]].values);
            right.push_back(system.right_without(base_.folds.size(), c));
        }
        if (traits.empty()) return;
        SquareMatrix matrix = system.total;
        matrix.mirror();
        const LeftOutPredictions found =
            leave_one_out(standard_genotypes(genotypes_, base_, input.set, system), matrix,
                          input_.penalties, values, right);
        const std::size_t penalties = input_.penalties.size();
        for (std::size_t t = 0; t < traits.size(); ++t) {
            BlockPredictions& trait = result(traits[t], out);
            trait.converged = found.converged;
            for (std::size_t l = 0; l < penalties; ++l)
                for (std::size_t i = 0; i < input.set.members.size(); ++i)
                    trait.values[i * penalties + l] =
                        static_cast<float>(found.values[t * penalties + l][i]);
        }
    }

    void predict_fold(std::size_t k, std::vector<BlockPredictions>& out) const {
        const Fold fold = base_.folds[k];
        const Predictor predictor(genotypes_, base_, coefficients_[k]);
        parallel_tasks((fold.size() + tile_members - 1) / tile_members, [&](std::size_t tile) {
            const std::size_t begin = fold.begin + tile * tile_members;
            const std::size_t end = std::min(fold.end, begin + tile_members);
            std::vector<float> predictions;
            predictor.predict(begin, end, predictions);
            for (const std::size_t t : columns_.folded)
                place(t, begin, end, predictions, result(t, out));
        });
    }
    /// Copies what the members of the trait's set got.
    void place(std::size_t t, std::size_t begin, std::size_t end,
               const std::vector<float>& predictions, BlockPredictions& trait) const {
        const auto& members =
            input_.cohort.sets[input_.cohort.traits[columns_.traits[t]].set].members;
        const std::size_t columns = input_.columns(), first = columns_.slot[t] * columns;
        auto at = static_cast<std::size_t>(std::lower_bound(members.begin(), members.end(), begin) -
                                           members.begin());
        for (; at < members.size() && members[at] < end; ++at)
            for (std::size_t l = 0; l < columns; ++l)
                trait.values[at * columns + l] =
                    predictions[(first + l) * tile_members + members[at] - begin];
    }

    const Input& input_;
    const BaseColumns& columns_;
    const BlockGenotypes& genotypes_;
    const Base& base_;
    std::vector<FoldSums> sums_;
    std::vector<std::unique_ptr<RidgeSystems>> factors_; // [fold], if several sets need them
    std::vector<Coefficients> coefficients_;             // [fold][trait x penalty]
};

LevelZero::LevelZero(const Input& input) : input_(input) {
    const TraitCohort& cohort = input.cohort;
    for (std::size_t b = 0; b < cohort.bases.size(); ++b) {
        BaseColumns columns{.base = b};
        std::vector<std::vector<double>> spread; // traits over members of the base
        for (std::size_t t = input.first; t < input.last; ++t) {
            const std::size_t s = cohort.traits[t].set;
            const SampleSet& set = cohort.sets[s];
            if (set.base != b) continue;
            if (std::find(columns.sets.begin(), columns.sets.end(), s) == columns.sets.end())
                columns.sets.push_back(s);
            columns.slot.push_back(columns.folded.size());
            if (!cohort.traits[t].leave_one_out) columns.folded.push_back(columns.traits.size());
            columns.traits.push_back(t);
            auto& column = spread.emplace_back(cohort.bases[b].samples.size());
            for (std::size_t i = 0; i < set.members.size(); ++i)
                column[set.members[i]] = cohort.traits[t].values[i];
        }
        if (columns.traits.empty()) continue;
        std::vector<const std::vector<double>*> all;
        for (const auto& column : cohort.bases[b].basis)
            all.push_back(&column);
        for (const auto& column : spread)
            all.push_back(&column);
        columns.digits.emplace_back(all);
        columns.whole = whole_set(cohort.bases, b);
        bases_.push_back(std::move(columns));
    }
}

std::vector<BlockPredictions> LevelZero::predict(const BlockGenotypes& genotypes) const {
    std::vector<BlockPredictions> out(input_.last - input_.first);
    for (const BaseColumns& columns : bases_)
        BaseRun(input_, columns, genotypes).run(out);
    return out;
}

} // namespace salus::whole_genome
