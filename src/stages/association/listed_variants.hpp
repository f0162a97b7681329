#pragma once

#include "genotype/genotype_source.hpp"
#include "parallel/communicator.hpp"

#include <span>
#include <string>
#include <vector>

namespace salus::association {

/// A variant that a job names, with its genotypes.
struct ListedVariant {
    std::string name;            // as the job names it
    std::vector<double> dosages; // [sample] ALT copies, coded as those that are tested; NaN missing
};

/// Reads variants by ID, or by chromosome:position:REF:ALT (a prefix "chr" does not matter).
/// UsageError, with all names that are wrong at once: unknown ones with what is near, names that
/// several variants have, names that are given twice. (all) Every rank looks through a share of the
/// variants; then each has all dosages: 8 bytes x N for each name.
std::vector<ListedVariant> read_listed_variants(const Communicator& comm,
                                                const GenotypeSource& genotypes,
                                                std::span<const std::string> names);

} // namespace salus::association
