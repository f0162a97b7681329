#pragma once

#include "formats/genotype_selection.hpp"
#include "formats/normalize.hpp"
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

/// What an ingest reads.
struct IngestInputs {
    std::vector<std::filesystem::path> genotypes;
    std::optional<std::filesystem::path> sample_sheet, sample_list, sample_names, region_list,
        variant_list, variant_exclusions, reference;
};
IngestInputs ingest_inputs(const Inputs& inputs);

/// The files of a cohort, opened; all hold the same samples in the same order.
struct GenotypeCohort {
    ReadOptions options; // with the regions of the list
    std::vector<std::unique_ptr<GenotypeFile>> files;
    std::vector<Sex> file_sex;   // of all samples of the files
    SampleTable samples;         // those that are kept, under their new names
    GenotypeSelection selection; // samples and variants that are kept
    std::uint64_t samples_left_out = 0, samples_not_found = 0, names_not_found = 0;
    std::optional<std::filesystem::path> reference;
    NormalizeOptions normalize;
    std::vector<IngestUnit> units;     // in the order of the variants
    std::vector<std::string> warnings; // for the log
};

/// Parameters as the readers take them. UsageError for a region that is none.
ReadOptions read_options(const IngestGenomesParams& params);

/// Opens all files, joins the sample sheet and lists and cuts the work: a function of the inputs
/// and parameters alone. DataError with all problems at once.
GenotypeCohort open_cohort(const IngestGenomesParams& params, const IngestInputs& inputs);

/// Bytes of input per unit: 1/8 of all, within 256 KiB and 8 MiB, and at most 16,384 units.
std::uint64_t unit_bytes(std::uint64_t total_bytes) noexcept;

/// Sex by the sheet where it knows the sample, else as in `samples`. Counts what does not fit into
/// `warnings`.
void apply_sheet(const SampleTable& sheet, SampleTable& samples,
                 std::vector<std::string>& warnings);

} // namespace salus
