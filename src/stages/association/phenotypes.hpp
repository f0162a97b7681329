#pragma once

#include "genotype/genotype_source.hpp"
#include "stages/association/association.hpp"
#include "store/h5.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace salus::association {

struct Trait {
    std::string name;
    bool binary = false;
    std::vector<double> values;           // [sample], NaN = missing; 0 or 1 if binary or survival
    bool survival = false;                // time to event: 1 event, 0 censored
    std::vector<double> time, entry = {}; // [sample] time at risk; entry: empty if it begins at 0
    bool ordinal = false;                 // only the order of its values counts
    std::string_view kind() const noexcept {
        return survival  ? "time_to_event"
               : ordinal ? "ordinal"
               : binary  ? "binary"
                         : "quantitative";
    }
};

struct Covariate {
    std::string name;
    std::vector<double> values; // [sample], NaN = missing
    bool imputed = false;       // NaN leaves nobody out, but gets the mean of a trait's samples
};

/// A trait left out, and why.
struct SkippedTrait {
    std::string name, reason;
};

/// Traits and covariates in genotype order, as chosen by the parameters.
struct Phenotypes {
    std::vector<Trait> traits;
    std::vector<Covariate> covariates;
    std::vector<SkippedTrait> skipped;
    std::optional<Covariate> strata = {}; // every value is a stratum
};

/// Whether the stage can do something with time-to-event traits, and with ordinal ones as well.
/// Refused, they are skipped, or are an error where they are named.
enum class Times { refused, accepted, and_ordinal };
/// What association tests: the genotypic coding and known relatives leave no test of such traits.
Times tested_times(const AssociationParams& params, bool relatives) noexcept;

/// Names of the traits that the parameters choose. Adds a problem for each unknown name (with the
/// near miss), unusable kind and double mention; `where` is the phenotype file. Rows of the status
/// matrix are binary traits that must be named; `phecode_*` names all that begin so and have at
/// least 20 cases and 20 controls, the others are skipped.
struct Choice {
    std::vector<std::string> traits, covariates;
    std::vector<std::string> kinds; // of the traits
    std::vector<SkippedTrait> skipped;
};
Choice choose(const H5File& file, const AssociationParams& params, std::vector<Problem>& problems,
              Times times = Times::refused);

/// Whether values stay in memory, or are only checked: `load_values` brings those of a pass.
enum class Values { kept, checked };

/// Reads what `choose` chose. DataError if the samples are not those of the genotypes in the same
/// order; UsageError for wrong names. Traits with infinite values, and binary ones with others than
/// 0, 1 and missing, are skipped.
/// Memory: 8 bytes x samples x (traits + covariates), or without traits if these are only checked.
Phenotypes read_phenotypes(const std::filesystem::path& path, const SampleTable& samples,
                           const AssociationParams& params, Times times = Times::refused,
                           Values values = Values::kept);

/// Reads the values of traits [first, last) where they are absent, and drops those of all others.
void load_values(const std::filesystem::path& path, std::size_t first, std::size_t last,
                 Phenotypes& phenotypes);

} // namespace salus::association
