#pragma once

#include "models/exact_ties.hpp"
#include "stages/risk_model/fit.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace salus::risk_models {

/// One fit: rows of people on this rank, standardised, with the likelihood over them.
class Fitting {
public:
    /// `cause`: status that is the event.
    Fitting(const Declaration& model, const People& people, const SampleColumns& columns,
            std::span<const ModelTerm> terms, std::span<const std::uint32_t> rows, double cause,
            const FitRule& rule, const Communicator& comm);

    /// What is maximised.
    Likelihood& likelihood() { return exact_ ? *exact_ : *likelihood_; }
    std::size_t columns() const { return likelihood_->columns(); }
    std::size_t intercept() const { return intercept_; }
    const ColumnScales& scales() const { return scales_; }
    double rows() const { return static_cast<double>(rows_.size()); }
    double events() const { return sets_ ? sets_->total_events() : cases_; }

    void to_original(std::span<double> b, std::span<double> covariance) const;
    std::vector<double> to_standard(std::span<const double> original) const;

    /// `fit` is in units of the standardised columns; the likelihood is left at its coefficients.
    Estimates estimate(NewtonFit fit, bool penalised);

private:
    void load_hazard(std::span<const ModelTerm> terms, double cause);
    void weigh_competing();
    void load_outcome(std::span<const ModelTerm> terms);
    void standardise(std::size_t terms);
    void make_likelihood();
    void check_exact_cost(std::size_t terms) const;
    std::vector<double> robust(const NewtonFit& fit);
    std::vector<Baseline> baselines();
    ProportionalHazards test_proportionality(const NewtonFit& fit);
    std::vector<double> picked(const std::vector<double>& of_people) const {
        std::vector<double> out;
        for (const std::uint32_t row : rows_)
            out.push_back(of_people[row]);
        return out;
    }
    std::vector<double> values(const std::string& column) const;
    std::vector<std::uint32_t> numbered(const std::string& column, std::vector<double>* levels);
    /// Blocks of this rank. A single block is on every rank: then nothing is communicated.
    std::pair<std::size_t, std::size_t> share(std::size_t blocks);

    const Declaration& model_;
    const People& people_;
    const SampleColumns& columns_;
    std::span<const std::uint32_t> rows_;
    const FitRule& rule_;
    const Communicator& comm_;
    JoinBlocks join_;
    std::size_t intercept_, first_block_ = 0;
    double cases_ = 0;

    std::vector<double> exit_, status_, event_, entry_;
    std::vector<std::uint32_t> strata_, cluster_;
    std::vector<double> stratum_values_, offset_;
    std::optional<RiskSets> sets_;
    std::vector<HazardBlock> blocks_;
    std::optional<HazardDesign> hazard_;
    std::vector<DesignBlock> design_;
    std::vector<std::vector<double>> outcome_;
    ColumnScales scales_;
    std::optional<CompetingWeights> weights_;
    std::vector<WeightProcess> processes_;
    std::unique_ptr<Likelihood> likelihood_; // with Breslow's ties beside exact ones
    std::unique_ptr<ExactTies> exact_;
};

} // namespace salus::risk_models
