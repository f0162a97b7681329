#pragma once

#include "run/context.hpp"
#include "stages/risk_model/saved.hpp"

namespace salus::risk_models {

std::size_t horizon_count(const RiskModelParams& params, const Declaration& model);

/// What the parameters and the declared models say against each other, whatever the inputs hold.
void check_parameters(const RiskModelParams& params, const std::vector<Declaration>& models,
                      std::vector<Problem>& problems);
/// What parameters and files contradict beyond single declarations.
void check_inputs(const RiskModelParams& params, const std::vector<Declaration>& models,
                  const SampleColumns& columns, const std::vector<EquationRow>& equations,
                  std::vector<Problem>& problems);

/// Optimism by Harrell's bootstrap of the whole fit (terms as expanded, so knots stay): of
/// concordance, AUC or R2, of the Brier score (at a horizon) or mean squared error, and of the
/// calibration slope. People who lack a column do not judge.
/// doi:10.1002/(sici)1097-0258(19960229)15:4<361::aid-sim168>3.0.co;2-4
struct Optimism {
    std::string metric;
    double apparent = 0;
    std::vector<double> differences; // [replicate that could be judged]
};
struct OptimismRule {
    std::size_t replicates = 0;
    double horizon = 0; // of the Brier score of times
    std::uint64_t seed = 1;
};
std::vector<Optimism> bootstrap_optimism(const FittedModel& model, const People& people,
                                         const SampleColumns& columns,
                                         std::span<const std::uint32_t> training,
                                         const FitRule& rule, const OptimismRule& bootstrap,
                                         const Communicator& comm);
void append_optimism(const std::string& model, const std::vector<Optimism>& optimism,
                     TableData& table);

/// Rows of absolute_risk and curves from the predictions in parts: of people held out, or of the
/// training people if nobody is. Root only; memory 40 B a person.
void append_judged(const RiskModelParams& params, const FittedModel& model, const People& people,
                   const Parts& parts, const std::string& table, TableData& risks,
                   TableData& curves);

} // namespace salus::risk_models
