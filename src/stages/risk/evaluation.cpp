#include "stages/risk/evaluation.hpp"

#include "base/numbers.hpp"
#include "base/text.hpp"
#include "genotype/store_layout.hpp"
#include "models/calibration.hpp"
#include "models/discrimination.hpp"
#include "models/linear.hpp"
#include "models/pgs.hpp"
#include "stages/risk/tables.hpp"
#include "stages/risk/validation.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace salus::risk {
namespace {

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
        for_each_variant(genotypes, variants, [&](std::size_t i, const VisitedVariant& variant) {
            for (; next < uses.size() && uses[next].variant == variants[i]; ++next) {
                const Use& use = uses[next];
                ScoreSum& sum = sums_[use.phase * thresholds_ + use.bin];
                if (variant.dosages.empty())
                    sum.add(variant.calls, use.index->beta, use.index->alt_frequency);
                else
                    sum.add(variant.dosages, use.index->beta, use.index->alt_frequency);
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

/// One trait from its index variants to its tables.
class Evaluation {
public:
    Evaluation(const RiskParams& params, const Cohort& cohort, const GenotypeSource& genotypes,
               const RiskTrait& trait)
        : params_(params), cohort_(cohort), genotypes_(genotypes), trait_(trait),
          outcome_(cohort.outcome(trait)), thresholds_(ascending(params.p_thresholds)),
          folds_(static_cast<unsigned>(params.tuning_folds)) {}

    const std::vector<double>& thresholds() const noexcept { return thresholds_; }

    /// Why this trait cannot be scored; empty if it can.
    std::string obstacle() const {
        for (const bool validation : {false, true}) {
            const auto who = people(cohort_, outcome_, validation);
            const auto* part = validation ? "validation" : "discovery";
            const auto n = static_cast<std::int64_t>(who.size());
            if (n < params_.group_samples_min)
                return text("fewer than ", params_.group_samples_min, " people in the ", part,
                            " part");
            if (trait_.kind == OutcomeKind::quantitative) continue;
            const auto cases = static_cast<std::int64_t>(std::count_if(
                who.begin(), who.end(), [&](std::size_t i) { return outcome_[i] != 0; }));
            if (std::min(cases, n - cases) < params_.cases_min)
                return text("fewer than ", params_.cases_min, " cases or controls in the ", part,
                            " part");
        }
        return {};
    }

    /// The threshold with the best correlation among those that leave a variant in the final
    /// score; thresholds().size() if there is none.
    std::size_t tune(const BinnedScores& scores, const std::vector<IndexVariant>& whole,
                     TableData& table) const {
        std::size_t best = thresholds_.size();
        std::vector<double> correlations;
        for (std::size_t t = 0; t < thresholds_.size(); ++t) {
            const auto variants =
                std::count_if(whole.begin(), whole.end(),
                              [&](const IndexVariant& v) { return bin_of(v, thresholds_) <= t; });
            correlations.push_back(tuning_correlation(scores, t));
            if (variants > 0 &&
                (best == thresholds_.size() || correlations[t] > correlations[best]))
                best = t;
            table.column<std::string>("trait").push_back(trait_.name);
            table.column<double>("p_threshold").push_back(thresholds_[t]);
            table.column<std::uint64_t>("variants").push_back(static_cast<std::uint64_t>(variants));
            table.column<double>("partial_correlation").push_back(correlations[t]);
            table.column<std::uint8_t>("chosen").push_back(0);
        }
        if (best < thresholds_.size()) table.column<std::uint8_t>("chosen")[best] = 1;
        return best;
    }

    TableData weights(const std::vector<IndexVariant>& whole, std::size_t chosen) const {
        TableData table(weights_table(trait_.name));
        for (const IndexVariant& v : whole) {
            if (bin_of(v, thresholds_) > chosen) continue;
            const Variant variant = genotypes_.variants({v.variant, v.variant + 1}).front();
            table.column<std::string>("chromosome").push_back(variant.chromosome);
            table.column<std::uint32_t>("base_pair_location").push_back(variant.position);
            table.column<std::string>("variant_id").push_back(shown_text(variant.id));
            table.column<std::string>("other_allele").push_back(shown_text(variant.ref));
            table.column<std::string>("effect_allele").push_back(shown_text(variant.alt));
            table.column<double>("weight").push_back(v.beta);
            table.column<double>("effect_allele_frequency").push_back(v.alt_frequency);
            table.column<double>("neg_log10_p").push_back(v.neg_log10_p);
        }
        return table;
    }

    /// Validates a score [sample] and writes all tables that need its predictions.
    void validate(const std::vector<double>& score, TableData& measures, PartWriter& part) const {
        const auto who = people(cohort_, outcome_, true);
        const ValidationSet set = validation_set(score, who);
        const Predictions predictions = cross_predict(set, split_rule(params_).validation_folds);
        append_measures(
            set, predictions,
            {.group_samples_min = static_cast<std::size_t>(params_.group_samples_min),
             .cases_min = static_cast<std::size_t>(params_.cases_min),
             .bootstrap_replicates = static_cast<std::size_t>(params_.bootstrap_replicates),
             .seed = cohort_.seed},
            measures);
        TableData calibration(calibration_table(trait_.name));
        TableData quantiles(quantiles_table(trait_.name));
        std::vector<double> predicted(cohort_.size(), nan);
        if (!predictions.both.empty()) {
            for (std::size_t k = 0; k < who.size(); ++k)
                predicted[who[k]] = predictions.both[k];
            append_bins(trait_.kind, "mean_predicted", predictions.both, set.outcome, calibration);
        }
        append_bins(trait_.kind, "mean_score", set.score, set.outcome, quantiles);
        part.write(calibration);
        part.write(quantiles);
        if (trait_.kind == OutcomeKind::binary) part.write(roc(predictions.both, set.outcome));
        part.write(score_rows(score, predicted));
    }

private:
    /// Mean over the folds of the correlation of score and outcome, both without their covariate
    /// part.
    double tuning_correlation(const BinnedScores& scores, std::size_t threshold) const {
        double sum = 0;
        for (unsigned fold = 0; fold < folds_; ++fold) {
            const auto who = people(cohort_, outcome_, false, fold);
            std::vector<std::vector<double>> covariates;
            for (const auto& column : cohort_.covariates)
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
            sum += correlation(residuals(basis, score), residuals(basis, pick(outcome_, who)));
        }
        return sum / folds_;
    }
    ValidationSet validation_set(const std::vector<double>& score,
                                 const std::vector<std::size_t>& who) const {
        ValidationSet set{.trait = trait_.name,
                          .kind = trait_.kind,
                          .outcome = pick(outcome_, who),
                          .score = pick(score, who)};
        for (const auto& column : cohort_.covariates)
            set.covariates.push_back(pick(column, who));
        for (const std::size_t i : who) {
            set.group.push_back(cohort_.group[i]);
            set.fold.push_back(cohort_.place[i].validation_fold);
        }
        return set;
    }
    TableData roc(const std::vector<double>& prediction, const std::vector<double>& outcome) const {
        TableData table(roc_table(trait_.name));
        if (prediction.empty()) return table;
        for (const RocPoint& p : roc_curve(prediction, outcome, roc_points)) {
            table.column<double>("threshold").push_back(p.threshold);
            table.column<double>("false_positive_rate").push_back(p.false_positive_rate);
            table.column<double>("true_positive_rate").push_back(p.true_positive_rate);
        }
        return table;
    }
    TableData score_rows(const std::vector<double>& score,
                         const std::vector<double>& predicted) const {
        TableData table(scores_table(trait_.name));
        for (std::size_t i = 0; i < cohort_.size(); ++i) {
            const bool used = cohort_.usable[i] != 0 && !std::isnan(outcome_[i]);
            table.column<std::string>("sample_id").push_back(cohort_.id[i]);
            table.column<std::uint8_t>("half").push_back(cohort_.place[i].validation ? 1 : 0);
            table.column<std::uint8_t>("used").push_back(used ? 1 : 0);
            table.column<double>("score").push_back(score[i]);
            table.column<double>("predicted").push_back(predicted[i]);
        }
        return table;
    }

    const RiskParams& params_;
    const Cohort& cohort_;
    const GenotypeSource& genotypes_;
    const RiskTrait& trait_;
    std::vector<double> outcome_, thresholds_;
    unsigned folds_;
};

} // namespace

void evaluate_trait(const RiskParams& params, const Cohort& cohort, const GenotypeSource& genotypes,
                    const Discovery& discovery, std::size_t index, PartWriter& part) {
    const RiskTrait& trait = cohort.traits[index];
    const Evaluation evaluation(params, cohort, genotypes, trait);
    TableData measures(validation_table()), tuning(tuning_table());
    std::string reason = evaluation.obstacle();
    if (reason.empty()) {
        const auto folds = static_cast<unsigned>(params.tuning_folds);
        const auto phases = discovery.index_variants(index, folds);
        const BinnedScores scores(phases, evaluation.thresholds(), genotypes);
        const std::size_t chosen = evaluation.tune(scores, phases[folds], tuning);
        if (chosen < evaluation.thresholds().size()) {
            std::vector<double> score(cohort.size());
            for (std::size_t i = 0; i < score.size(); ++i)
                score[i] = scores.score(folds, chosen, i);
            evaluation.validate(score, measures, part);
            part.write(evaluation.weights(phases[folds], chosen));
        } else {
            reason = "no variant of the discovery part reached the loosest p-value threshold";
        }
    }
    if (!reason.empty()) append_skipped(trait.name, reason, measures);
    part.write(measures);
    part.write(tuning);
}

} // namespace salus::risk
