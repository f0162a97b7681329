#pragma once

#include "models/conditional.hpp"
#include "stages/association/phenotypes.hpp"
#include "stages/loci/clusters.hpp"
#include "stages/loci/genotypes.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace salus::loci {

/// A trait in the samples that its association was tested in.
struct LocusTrait {
    Members members;
    ConditionalTrait model;
};

/// Traits, covariates and samples of all loci, as the association had them.
class TraitModels {
public:
    /// \param marks  [sample] 0: failed quality
    TraitModels(association::Phenotypes phenotypes, std::vector<std::uint8_t> marks,
                std::vector<TestedTrait> traits);
    /// DataError if a trait has other samples than the association tested, or its covariates are
    /// collinear. O(N x traits x covariates).
    void check(const std::filesystem::path& association) const;
    /// The model of a trait; kept until another is asked for.
    const LocusTrait& of(std::size_t trait);

private:
    std::vector<std::uint8_t> members(std::size_t trait) const;
    const association::Trait& values(std::size_t trait) const;

    association::Phenotypes phenotypes_;
    std::vector<std::uint8_t> marks_;
    std::vector<TestedTrait> traits_;
    std::optional<std::size_t> current_;
    LocusTrait model_;
};

} // namespace salus::loci
