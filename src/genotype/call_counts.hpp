#pragma once

#include "genotype/genotype_source.hpp"
#include "kernels/genotype_counts.hpp"

#include <vector>

namespace salus {

/// A source that may know the counts of calls over all its samples without reading genotypes, as
/// genotype stores do that keep `call_counts`.
class CallCountSource {
public:
    virtual ~CallCountSource() = default;
    /// [variant of the range]; empty if they are not known.
    virtual std::vector<GenotypeCounts> known_counts(VariantRange range) const = 0;
};

/// What `source` knows; empty if it knows nothing.
inline std::vector<GenotypeCounts> known_call_counts(const GenotypeSource& source,
                                                     VariantRange range) {
    const auto* const counts = dynamic_cast<const CallCountSource*>(&source);
    return counts == nullptr ? std::vector<GenotypeCounts>() : counts->known_counts(range);
}

} // namespace salus
