#pragma once

#include "base/error.hpp"
#include "formats/bgzf_reader.hpp"
#include "genotype/genotype_source.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace salus {

/// Part of a chromosome, both ends included; a variant lies in it if its POS does.
struct Region {
    std::string chromosome;
    std::uint32_t first = 0, last = 0xFFFFFFFF;
};
/// `chr20`, `chr20:1000-2000` (thousands separators allowed), `chr20:1000-`. UsageError otherwise.
/// A name that holds ':' is taken whole if no numbers follow.
Region parse_region(std::string_view text);

enum class BadRecord : std::uint8_t { fail, skip };
/// Which allele of a BGEN record is REF.
enum class BgenRef : std::uint8_t { first, last };
enum class BedAlleles : std::uint8_t { a2_is_ref, a1_is_ref };

/// Which FORMAT field of a VCF or BCF says how many ALT copies a sample has: `automatic` takes DS
/// where the header declares it, else GT, and GP in records that have neither.
enum class DosageField : std::uint8_t { automatic, gt, ds, gp };

/// How genotype files are read; the same for all files of a cohort.
struct ReadOptions {
    std::string genome_build = "GRCh38";
    std::vector<std::string> info;        // INFO keys to keep
    std::vector<std::string> keep_filter; // FILTER values to keep; empty keeps all
    std::vector<Region> regions;          // empty keeps all
    BadRecord on_bad_record = BadRecord::fail;
    BedAlleles bed_alleles = BedAlleles::a2_is_ref;
    BgenRef bgen_alleles = BgenRef::first;
    /// Where a record has dosages or probabilities: a dosage farther than this from a whole number
    /// has no hard call (plink2's --hard-call-threshold).
    double hard_call_threshold = 0.1;
    DosageField dosage_field = DosageField::automatic;
    bool allele_depths = false; // read FORMAT/AD of VCF and BCF
};

/// What happened while reading; all counts can be added up.
struct ReadCounters {
    std::uint64_t records = 0;              // sites read, those left out included
    std::uint64_t variants = 0;             // ALT alleles kept
    std::uint64_t split_sites = 0;          // sites with several ALT alleles
    std::uint64_t outside = 0;              // sites outside the regions
    std::uint64_t filtered = 0;             // sites whose FILTER is not to be kept
    std::uint64_t skipped = 0;              // malformed records left out
    std::uint64_t heterozygous_haploid = 0; // calls set missing: two alleles where one is expected
    std::uint64_t haploid_on_diploid = 0;   // single-allele calls taken as homozygous
    std::uint64_t half_missing = 0;         // calls like ./1, set missing
    std::uint64_t dosage_variants = 0;      // variants read from DS, GP or other dosages
    std::uint64_t without_genotypes = 0; // records with none of the fields asked for: all missing
    std::uint64_t unlisted = 0;          // variants left out by a variant list
    std::uint64_t mismatched = 0;        // variants left out: REF is not in the reference genome
    std::uint64_t swapped = 0;           // variants whose REF and ALT were exchanged
    std::uint64_t normalized = 0;        // variants that were moved or shortened
    ReadCounters& operator+=(const ReadCounters& other) noexcept;
};

/// Reads of a heterozygous call.
struct HetDepth {
    std::uint32_t sample, alt, total;
};

/// One site, split into one variant per ALT allele.
struct GenotypeRecord {
    std::vector<Variant> variants;
    std::vector<std::uint8_t> rows;  // variants.size() rows of packed_bytes(samples)
    std::vector<Dosage> dosages;     // variants.size() rows of samples, or empty
    std::vector<std::uint8_t> phase; // as rows: Phase of each call; or empty
    /// Ascending by sample, if read: heterozygous calls of at least het_depth_min reads, at sites
    /// with one variant, an autosomal SNV.
    std::vector<HetDepth> depths;
    std::span<const std::uint8_t> row(std::size_t v) const noexcept { return slice(rows, v); }
    GenotypeView view(std::size_t v) const noexcept {
        return {.calls = slice(rows, v), .dosages = slice(dosages, v), .phase = slice(phase, v)};
    }

private:
    template <class T>
    std::span<const T> slice(const std::vector<T>& all, std::size_t v) const noexcept {
        const std::size_t length = all.size() / variants.size();
        return std::span(all).subspan(v * length, length);
    }
};

/// Reads the sites of one range of a file in order.
///
/// Calls are copies of the ALT allele in question: calls of another ALT count as 0 copies of this
/// one (as in `bcftools norm -m -`), so 1/2 is het for both. A call with any allele missing is
/// missing. A haploid call is hom_ref or hom_alt. Where one copy is expected (Y and MT; X outside
/// the pseudo-autosomal regions in males) a heterozygous call is set missing. More than two alleles
/// are a bad record. Positions must not fall, and a chromosome must not come back.
class GenotypeReader {
public:
    virtual ~GenotypeReader() = default;
    /// The next site that is kept, into `out`, which is reused; false at the end.
    virtual bool next(GenotypeRecord& out) = 0;
    /// Where the record after the last one begins, as FileRange has it; 0 if that is not known.
    /// What `next` gave stays as it is.
    virtual std::uint64_t next_record() { return 0; }
    const ReadCounters& counters() const noexcept { return counters_; }

protected:
    ReadCounters counters_;
};

/// A file of genotypes, opened for its header.
class GenotypeFile {
public:
    virtual ~GenotypeFile() = default;
    const std::filesystem::path& path() const noexcept { return path_; }
    /// Unique, not empty; sex where the format holds it (.fam).
    const SampleTable& samples() const noexcept { return samples_; }
    /// Hands the samples out; the file keeps none, so that many files do not hold many lists.
    SampleTable take_samples() noexcept { return std::exchange(samples_, {}); }
    /// Bytes that a pass over the file reads.
    std::uint64_t bytes() const noexcept { return bytes_; }
    /// Number of records if that is known without reading them all, else 0.
    virtual std::uint64_t records() const = 0;
    /// Whether a FileRange counts variants, from 0 to records(), and none are left out by default.
    virtual bool counts_variants() const { return false; }
    /// Whether records may have dosages, as far as the head of the file tells.
    virtual bool may_have_dosages(const ReadOptions&) const { return false; }
    /// False if the file has to be read in one piece for want of an index.
    virtual bool divisible() const = 0;
    /// Cuts the records into ranges of about `target` bytes; regions outside `options.regions` are
    /// left out where the index tells. A function of the file and the arguments alone.
    virtual std::vector<FileRange> ranges(std::uint64_t target,
                                          const ReadOptions& options) const = 0;
    /// \param sex  as it applies to this run, one per sample.
    virtual std::unique_ptr<GenotypeReader> read(FileRange range, const ReadOptions& options,
                                                 std::span<const Sex> sex) const = 0;
    /// What in `options` this file cannot serve (INFO keys that its header does not declare).
    virtual std::vector<Problem> problems(const ReadOptions& options) const = 0;

protected:
    explicit GenotypeFile(std::filesystem::path path) : path_(std::move(path)) {}
    std::filesystem::path path_;
    SampleTable samples_;
    std::uint64_t bytes_ = 0;
};

/// Opens VCF (bgzip or uncompressed), BCF, BGEN or PLINK 1 .bed by content, PLINK 2 .pgen by its
/// ending. DataError with the reason if it is none.
std::unique_ptr<GenotypeFile> open_genotype_file(const std::filesystem::path& path);

/// DataError if a name is empty or comes twice (named by its column, never by itself).
void check_samples(std::span<const std::string> ids, const std::filesystem::path& path);

} // namespace salus
