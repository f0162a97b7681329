#pragma once

#include "formats/genotype_reader.hpp"
#include "stages/ingest_genomes/ingest_genomes.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace salus {

/// One piece of work: a range of one file.
struct IngestUnit {
    std::size_t file;
    FileRange range;
};

/// The files of a cohort, opened; all hold the same samples in the same order.
struct GenotypeCohort {
    std::vector<std::unique_ptr<GenotypeFile>> files;
    SampleTable samples;
    std::vector<IngestUnit> units;     // in the order of the variants
    std::vector<std::string> warnings; // for the log
};

/// Parameters as the readers take them. UsageError for a region that is none.
ReadOptions read_options(const IngestGenomesParams& params);

/// Opens all files, joins the sample sheet and cuts the work: a function of the inputs and
/// parameters alone. DataError with all problems at once.
GenotypeCohort open_cohort(const IngestGenomesParams& params,
                           std::span<const std::filesystem::path> files,
                           const std::optional<std::filesystem::path>& sheet);

/// Bytes of input per unit: 1/32 of all, within 256 KiB and 8 MiB, and at most 16,384 units.
std::uint64_t unit_bytes(std::uint64_t total_bytes) noexcept;

/// Sex by the sheet where it knows the sample, else as in `samples`. Counts what does not fit into
/// `warnings`.
void apply_sheet(const SampleTable& sheet, SampleTable& samples,
                 std::vector<std::string>& warnings);

} // namespace salus
