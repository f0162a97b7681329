#pragma once

#include "stages/ingest_genomes/cohort.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace salus {

/// Reads one unit of a cohort through everything that stands between a file and the store: checks
/// against the reference genome, normalisation, lists of variants and samples.
///
/// Normalised variants move, also over the end of a unit. So with a reference each unit owns the
/// variants that end up between two places: the first record of its range plus the window, and the
/// same of the next unit. It reads on behind its range as far as such variants may come from. The
/// units together give each variant once, sorted, whoever reads them.
class UnitReader {
public:
    UnitReader(const GenotypeCohort& cohort, std::size_t unit);
    bool next(GenotypeRecord& out) { return last_->next(out); }
    /// Records of the range of the unit; variants that were handed out.
    ReadCounters counters() const;
    /// Entries of the variant lists that were met.
    std::vector<std::uint64_t> included(), excluded();

private:
    class Stream;
    std::unique_ptr<ReferenceGenome> genome_;
    std::unique_ptr<GenotypeReader> range_; // the file, or Stream
    std::unique_ptr<GenotypeReader> normalized_;
    std::unique_ptr<SelectingReader> selected_;
    GenotypeReader* last_ = nullptr;
};

} // namespace salus
