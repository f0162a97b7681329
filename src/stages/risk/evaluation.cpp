#include "stages/risk/evaluation.hpp"

#include "base/text.hpp"
#include "models/calibration.hpp"
#include "models/discrimination.hpp"
#include "models/linear.hpp"
#include "models/pgs.hpp"
#include "stages/risk/tables.hpp"
#include "stages/risk/validation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace salus::risk {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t bins = 10;
constexpr std::size_t bin_people_min = 10;
constexpr std::size_t roc_points = 200;

std::vector<double> ascending(std::vector<double> thresholds) {
    std::sort(thresholds.begin(), thresholds.end());
    thresholds.erase(std::unique(thresholds.begin(), thresholds.end()), thresholds.end());
    return thresholds;
}

/// The strictest threshold that a variant meets; thresholds.size() if none.
std::size_t bin_of(const IndexVariant& v, const std::vector<double>& thresholds) {
    std::size_t t = 0;
    while (t < thresholds.size() && v.neg_log10_p < -std::log10(thresholds[t]))
        ++t;
    return t;
}

/// Scores of every phase, by the strictest threshold of the variants; a score at a threshold is the
/// sum up to its bin. Memory: (folds + 1) x thresholds x samples x 8 bytes.
class BinnedScores {
public:
    BinnedScores(const std::vector<std::vector<IndexVariant>>& phases,
                 const std::vector<double>& thresholds, const GenotypeSource& genotypes)
        : thresholds_(thresholds.size()) {
        struct Use {
            std::uint64_t variant;
            std::size_t phase, bin;
            const IndexVariant* index;
        };
        std::vector<Use> uses;
        for (std::size_t phase = 0; phase < phases.size(); ++phase) {
            double largest = 0;
            for (const IndexVariant& v : phases[phase]) {
                largest = std::max(largest, std::fabs(v.beta));
                if (const std::size_t bin = bin_of(v, thresholds); bin < thresholds_)
                    uses.push_back({v.variant, phase, bin, &v});
            }
            for (std::size_t t = 0; t < thresholds_; ++t)
                sums_.emplace_back(genotypes.samples().size(), largest, phases[phase].size());
        }
        std::sort(uses.begin(), uses.end(), [](const Use& a, const Use& b) {
            return a.variant != b.variant ? a.variant < b.variant : a.phase < b.phase;
        });
        std::vector<std::uint64_t> variants;
        for (const Use& use : uses)
            if (variants.empty() || variants.back() != use.variant) variants.push_back(use.variant);
        std::size_t next = 0;
        for_each_variant(
            genotypes, variants, [&](std::size_t i, std::span<const std::uint8_t> row) {
                for (; next < uses.size() && uses[next].variant == variants[i]; ++next) {
                    const Use& use = uses[next];
                    sums_[use.phase * thresholds_ + use.bin].add(row, use.index->beta,
                                                                 use.index->alt_frequency);
                }
            });
    }
    double score(std::size_t phase, std::size_t threshold, std::size_t sample) const {
        double sum = 0;
        for (std::size_t t = 0; t <= threshold; ++t)
            sum += sums_[phase * thresholds_ + t].score(sample);
        return sum;
    }

private:
    std::size_t thresholds_;
    std::vector<ScoreSum> sums_; // [phase][threshold]
};

/// People of a part of the samples with outcome and covariates.
std::vector<std::size_t> people(const Cohort& cohort, const std::vector<double>& outcome,
                                bool validation, std::optional<unsigned> fold = {}) {
    std::vector<std::size_t> who;
    for (std::size_t i = 0; i < cohort.size(); ++i)
        if (cohort.usable[i] != 0 && !std::isnan(outcome[i]) &&
            cohort.place[i].validation == validation &&
            (!fold || cohort.place[i].tuning_fold == *fold))
            who.push_back(i);
    return who;
}

std::vector<double> pick(const std::vector<double>& values, const std::vector<std::size_t>& who) {
    std::vector<double> out;
    for (const std::size_t i : who)
        out.push_back(values[i]);
    return out;
}

/// Why this trait cannot be scored; empty if it can.
std::string obstacle(const RiskParams& params, const Cohort& cohort,
                     const std::vector<double>& outcome, OutcomeKind kind) {
    for (const bool validation : {false, true}) {
        const auto who = people(cohort, outcome, validation);
        const auto part = validation ? "validation" : "discovery";
        if (who.size() < static_cast<std::size_t>(params.group_samples_min))
            return text("fewer than ", params.group_samples_min, " people in the ", part, " part");
        if (kind == OutcomeKind::quantitative) continue;
        const auto cases =
            std::count_if(who.begin(), who.end(), [&](std::size_t i) { return outcome[i] != 0; });
        if (std::min(static_cast<std::int64_t>(cases),
                     static_cast<std::int64_t>(who.size()) - cases) < params.cases_min)
            return text("fewer than ", params.cases_min, " cases or controls in the ", part,
                        " part");
    }
    return {};
}

/// Mean over the folds of the correlation of score and outcome, both without their covariate part.
double tuning_correlation(const RiskParams& params, const Cohort& cohort,
                          const std::vector<double>& outcome, const BinnedScores& scores,
                          std::size_t threshold) {
    double sum = 0;
    for (unsigned fold = 0; fold < static_cast<unsigned>(params.tuning_folds); ++fold) {
        const auto who = people(cohort, outcome, false, fold);
        std::vector<std::vector<double>> covariates;
        for (const auto& column : cohort.covariates)
            covariates.push_back(pick(column, who));
        CovariateBasis basis = orthonormal_basis(covariates);
        while (basis.dependence) {
            covariates.erase(covariates.begin() +
                             static_cast<std::ptrdiff_t>(basis.dependence->column));
            basis = orthonormal_basis(covariates);
        }
        std::vector<double> score;
        for (const std::size_t i : who)
            score.push_back(scores.score(fold, threshold, i));
        sum += correlation(residuals(basis, score), residuals(basis, pick(outcome, who)));
    }
    return sum / static_cast<double>(params.tuning_folds);
}

/// The threshold with the best correlation among those that leave a variant in the final score.
std::size_t tune(const RiskParams& params, const Cohort& cohort, const std::vector<double>& outcome,
                 const BinnedScores& scores, const std::vector<double>& thresholds,
                 const std::vector<IndexVariant>& whole, const std::string& trait,
                 TableData& table) {
    std::size_t best = thresholds.size();
    std::vector<double> correlations;
    for (std::size_t t = 0; t < thresholds.size(); ++t) {
        const auto variants = std::count_if(whole.begin(), whole.end(), [&](const IndexVariant& v) {
            return bin_of(v, thresholds) <= t;
        });
        correlations.push_back(tuning_correlation(params, cohort, outcome, scores, t));
        if (variants > 0 && (best == thresholds.size() || correlations[t] > correlations[best]))
            best = t;
        table.column<std::string>("trait").push_back(trait);
        table.column<double>("p_threshold").push_back(thresholds[t]);
        table.column<std::uint64_t>("variants").push_back(static_cast<std::uint64_t>(variants));
        table.column<double>("partial_correlation").push_back(correlations[t]);
        table.column<std::uint8_t>("chosen").push_back(0);
    }
    if (best < thresholds.size()) table.column<std::uint8_t>("chosen")[best] = 1;
    return best;
}

TableData weights_rows(const std::string& trait, const std::vector<IndexVariant>& whole,
                       const std::vector<double>& thresholds, std::size_t chosen,
                       const GenotypeSource& genotypes) {
    TableData table(weights_table(trait));
    for (const IndexVariant& v : whole) {
        if (bin_of(v, thresholds) > chosen) continue;
        const Variant variant = genotypes.variants({v.variant, v.variant + 1}).front();
        table.column<std::string>("chromosome").push_back(variant.chromosome);
        table.column<std::uint32_t>("base_pair_location").push_back(variant.position);
        table.column<std::string>("variant_id").push_back(variant.id);
        table.column<std::string>("other_allele").push_back(variant.ref);
        table.column<std::string>("effect_allele").push_back(variant.alt);
        table.column<double>("weight").push_back(v.beta);
        table.column<double>("effect_allele_frequency").push_back(v.alt_frequency);
        table.column<double>("neg_log10_p").push_back(v.neg_log10_p);
    }
    return table;
}

void append_bins(OutcomeKind kind, const char* mean_column, const std::vector<double>& predictor,
                 const std::vector<double>& outcome, TableData& table) {
    const std::size_t count = std::min(bins, outcome.size() / bin_people_min);
    std::uint32_t bin = 0;
    for (const CalibrationBin& b : calibration_bins(kind, predictor, outcome, count)) {
        table.column<std::uint32_t>("bin").push_back(++bin);
        table.column<std::uint64_t>("n").push_back(b.people);
        table.column<double>(mean_column).push_back(b.mean_prediction);
        table.column<double>("mean_observed").push_back(b.observed.estimate);
        table.column<double>("lower").push_back(b.observed.lower);
        table.column<double>("upper").push_back(b.observed.upper);
    }
}

ValidationSet validation_set(const Cohort& cohort, const RiskTrait& trait,
                             const std::vector<double>& outcome, const std::vector<double>& score,
                             const std::vector<std::size_t>& who) {
    ValidationSet set{.trait = trait.name,
                      .kind = trait.kind,
                      .outcome = pick(outcome, who),
                      .score = pick(score, who)};
    for (const auto& column : cohort.covariates)
        set.covariates.push_back(pick(column, who));
    for (const std::size_t i : who) {
        set.group.push_back(cohort.group[i]);
        set.fold.push_back(cohort.place[i].validation_fold);
    }
    return set;
}

TableData score_rows(const std::string& trait, const Cohort& cohort,
                     const std::vector<double>& outcome, const std::vector<double>& score,
                     const std::vector<double>& predicted) {
    TableData table(scores_table(trait));
    for (std::size_t i = 0; i < cohort.size(); ++i) {
        table.column<std::string>("sample_id").push_back(cohort.id[i]);
        table.column<std::uint8_t>("half").push_back(cohort.place[i].validation ? 1 : 0);
        table.column<std::uint8_t>("used").push_back(
            cohort.usable[i] != 0 && !std::isnan(outcome[i]) ? 1 : 0);
        table.column<double>("score").push_back(score[i]);
        table.column<double>("predicted").push_back(predicted[i]);
    }
    return table;
}

/// Validates a score and writes all tables that need its predictions.
void validate(const RiskParams& params, const Cohort& cohort, const RiskTrait& trait,
              const std::vector<double>& outcome, const std::vector<double>& score,
              std::uint64_t seed, TableData& measures, PartWriter& part) {
    const auto who = people(cohort, outcome, true);
    const ValidationSet set = validation_set(cohort, trait, outcome, score, who);
    const Predictions predictions = cross_predict(set, split_rule(params).validation_folds);
    append_measures(set, predictions,
                    {.group_samples_min = static_cast<std::size_t>(params.group_samples_min),
                     .cases_min = static_cast<std::size_t>(params.cases_min),
                     .bootstrap_replicates = static_cast<std::size_t>(params.bootstrap_replicates),
                     .seed = seed},
                    measures);
    TableData calibration(calibration_table(trait.name)), quantiles(quantiles_table(trait.name)),
        roc(roc_table(trait.name));
    std::vector<double> predicted(cohort.size(), nan);
    if (!predictions.both.empty()) {
        for (std::size_t k = 0; k < who.size(); ++k)
            predicted[who[k]] = predictions.both[k];
        append_bins(trait.kind, "mean_predicted", predictions.both, set.outcome, calibration);
        if (trait.kind == OutcomeKind::binary) {
            for (const RocPoint& p : roc_curve(predictions.both, set.outcome, roc_points)) {
                roc.column<double>("threshold").push_back(p.threshold);
                roc.column<double>("false_positive_rate").push_back(p.false_positive_rate);
                roc.column<double>("true_positive_rate").push_back(p.true_positive_rate);
            }
        }
    }
    append_bins(trait.kind, "mean_score", set.score, set.outcome, quantiles);
    part.write(calibration);
    part.write(quantiles);
    if (trait.kind == OutcomeKind::binary) part.write(roc);
    part.write(score_rows(trait.name, cohort, outcome, score, predicted));
}

} // namespace

void evaluate_trait(const RiskParams& params, const Cohort& cohort, const GenotypeSource& genotypes,
                    const Discovery& discovery, std::size_t index, std::uint64_t seed,
                    PartWriter& part) {
    const RiskTrait& trait = cohort.traits[index];
    TableData measures(validation_table()), tuning(tuning_table());
    const auto outcome = cohort.outcome(trait);
    std::string reason = obstacle(params, cohort, outcome, trait.kind);
    if (reason.empty()) {
        const auto folds = static_cast<unsigned>(params.tuning_folds);
        const auto thresholds = ascending(params.p_thresholds);
        const auto phases = discovery.index_variants(index, folds);
        const BinnedScores scores(phases, thresholds, genotypes);
        const std::size_t chosen =
            tune(params, cohort, outcome, scores, thresholds, phases[folds], trait.name, tuning);
        if (chosen < thresholds.size()) {
            std::vector<double> score(cohort.size());
            for (std::size_t i = 0; i < score.size(); ++i)
                score[i] = scores.score(folds, chosen, i);
            validate(params, cohort, trait, outcome, score, seed, measures, part);
            part.write(weights_rows(trait.name, phases[folds], thresholds, chosen, genotypes));
        } else {
            reason = "no variant of the discovery part reached the loosest p-value threshold";
        }
    }
    if (!reason.empty()) append_skipped(trait.name, reason, measures);
    part.write(measures);
    part.write(tuning);
}

} // namespace salus::risk
