#pragma once

#include "models/conditional.hpp"
#include "stages/loci/genotypes.hpp"
#include "stages/loci/loci.hpp"
#include "stages/loci/traits.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace salus::loci {

/// The tested variants of a locus. Genotypes stay in memory if all fit the limit of fine-mapping,
/// else they are read again, some at a time, for every step.
class LocusVariants {
public:
    LocusVariants(const GenotypeSource& source, const Members& members,
                  std::vector<std::uint64_t> rows, std::size_t kept_max);
    std::size_t size() const noexcept { return rows_.size(); }
    std::uint64_t row(std::size_t v) const { return rows_[v]; }
    /// All genotypes, or null if they are too many.
    const LocusGenotypes* kept() const noexcept { return kept_ ? &*kept_ : nullptr; }
    GenotypeSums sums(std::span<const std::vector<double>> columns,
                      std::span<const double> weights) const;
    CentredGenotypes genotypes(std::size_t v) const;

private:
    const GenotypeSource& source_;
    const Members& members_;
    std::vector<std::uint64_t> rows_;
    std::optional<LocusGenotypes> kept_;
};

struct Signal {
    std::size_t variant = 0; // of the locus
    ConditionalTest marginal, conditional;
    JointEffect joint; // NaN if the joint model does not converge
};

struct Stepwise {
    std::vector<Signal> signals;
    StepStatus status = StepStatus::done;
    std::optional<ConditionalModel> null_model; // covariates only; none if it does not converge
    GenotypeSums null_sums;                     // with its columns
};

/// Conditional stepwise selection: the index variant, then as long as there is one the variant with
/// the most significant test given those found so far, if that passes p_max; then all in one model.
Stepwise find_signals(const LocusVariants& variants, std::size_t index_variant,
                      const ConditionalTrait& trait, const LociParams& params);

} // namespace salus::loci
