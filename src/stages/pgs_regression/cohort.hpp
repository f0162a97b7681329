#pragma once

#include "genotype/genotype_source.hpp"
#include "models/profile_likelihood.hpp"
#include "run/context.hpp"
#include "stages/pgs_regression/pgs_regression.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace salus::pgs_regression {

/// People of one part of a trait.
struct PartData {
    std::vector<std::uint32_t> samples;          // of the genotypes, ascending
    RegressedOutcome outcome;                    // quantitative: centred, over TraitData::scale
    std::vector<std::vector<double>> covariates; // [column][row], mean 0 and SD 1 in training
};

struct TraitData {
    std::string name;
    RegressedKind kind = RegressedKind::quantitative;
    std::string problem; // reason code; empty: can be fitted
    PartData training, validation;
    double scale = 1;          // trait units of 1: SD of the training people
    std::string no_validation; // reason code why validation cannot judge; empty: it can
    std::uint64_t events(const PartData& part) const noexcept;
};

/// A trait that was not even read.
struct LeftOut {
    std::string name, reason;
};

struct Cohort {
    std::vector<std::uint8_t> eligible;  // [sample] passes, has all covariates, is listed
    std::vector<std::uint8_t> validates; // [sample] only chooses among models
    std::vector<TraitData> traits;
    std::vector<LeftOut> left_out;
};

/// Samples and traits that the parameters choose; the same on every rank. DataError if samples are
/// not those of the genotypes, covariates are collinear or nobody is left; UsageError for names.
/// Memory: 16 bytes x samples x (traits + covariates).
Cohort make_cohort(const PgsRegressionParams& params, const RunContext& context,
                   const GenotypeSource& genotypes);

} // namespace salus::pgs_regression
