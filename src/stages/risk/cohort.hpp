#pragma once

#include "base/error.hpp"
#include "genotype/genotype_source.hpp"
#include "models/pgs.hpp"
#include "stages/risk/risk.hpp"
#include "store/h5.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace salus::risk {

struct RiskTrait {
    std::string name;
    OutcomeKind kind;
};

/// The samples with everything but their genotypes and outcomes; the same on every rank.
/// Memory: 8 bytes x samples x covariates, and identifiers.
struct Cohort {
    std::filesystem::path phenotypes;
    std::vector<std::string> id, group;          // [sample]
    std::vector<SamplePlace> place;              // [sample]
    std::vector<std::uint8_t> usable;            // [sample] passed quality, has all covariates
    std::vector<std::vector<double>> covariates; // [covariate][sample]
    std::vector<RiskTrait> traits;
    std::uint64_t seed = 1; // of the job, for resampling

    std::size_t size() const noexcept { return id.size(); }
    /// [sample], NaN = missing. DataError if a binary trait has other values than 0 and 1.
    std::vector<double> outcome(const RiskTrait& trait) const;
    /// Members of a model: phase k < folds trains without fold k of the discovery part, phase =
    /// folds with all of it.
    std::vector<std::uint8_t> training(const std::vector<double>& outcome, unsigned phase,
                                       unsigned folds) const;
};

SplitRule split_rule(const RiskParams& params);

/// Traits and covariates that the parameters choose from a phenotype file. Adds a problem for each
/// name that is not there and for each kind that cannot be scored.
struct Choice {
    std::vector<RiskTrait> traits;
    std::vector<std::string> covariates;
};
Choice choose(const H5File& phenotypes, const RiskParams& params, std::vector<Problem>& problems);

/// DataError if samples differ from the genotypes', UsageError for wrong names.
/// \param quality  marks of samples are applied where given.
Cohort read_cohort(const std::filesystem::path& phenotypes,
                   const std::optional<std::filesystem::path>& quality, const SampleTable& samples,
                   const RiskParams& params);

} // namespace salus::risk
