#pragma once

#include "base/cache_lines.hpp"
#include "genotype/packed.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

enum class Sex : std::uint8_t { unknown = 0, male = 1, female = 2 }; // as in a PLINK .fam file

struct SampleTable {
    std::vector<std::string> id; // unique, in genotype order
    std::vector<Sex> sex;        // as recorded with the genotypes, same length
    std::size_t size() const noexcept { return id.size(); }
};

/// How many copies a sample carries of a chromosome; decided by chromosome name and recorded sex.
enum class Inheritance : std::uint8_t { autosomal, x_linked, y_linked, mitochondrial };

/// `chr22`, `22`, `X`, `chrX`, `23` ... -> how it is inherited. Pseudo-autosomal regions count as X
/// here; see is_pseudo_autosomal.
Inheritance inheritance_of(std::string_view chromosome) noexcept;
/// PAR1 and PAR2 of X and Y by genome build ("GRCh37" or "GRCh38"); `position` is 1-based.
bool is_pseudo_autosomal(std::string_view build, std::string_view chromosome,
                         std::uint32_t position) noexcept;

/// One ALT allele of one site.
struct Variant {
    std::string chromosome;     // as written in the input
    std::uint32_t position = 0; // 1-based
    std::string id;             // may be empty ('.' in the input)
    std::string ref, alt;
    std::string filter;            // FILTER as written, "PASS" or "" where absent
    std::uint32_t alt_index = 1;   // which ALT of its site, 1-based
    std::uint32_t alt_count = 1;   // how many ALT alleles the site had
    std::vector<std::string> info; // chosen INFO values as text, in the order chosen
};

/// Half-open range of variants, in store order.
struct VariantRange {
    std::uint64_t begin = 0, end = 0;
    std::uint64_t size() const noexcept { return end - begin; }
};

/// Genotypes of consecutive variants for all samples: hard calls of each variant in the smaller of
/// two forms, dosages where they say more than the calls, and phase if it was asked for.
/// Reused from read to read; spans live until the next read into the same block.
class VariantBlock {
public:
    std::size_t size() const noexcept { return entries_.size(); }
    std::size_t sample_count() const noexcept { return samples_; }
    std::uint64_t first_variant() const noexcept { return first_; }

    bool is_carrier_list(std::size_t v) const noexcept { return entries_[v].carriers; }
    /// 2-bit row, packed_bytes(sample_count()) long, 64-byte aligned and padded with zero bytes to
    /// a multiple of 64; only if not a carrier list.
    std::span<const std::uint8_t> row(std::size_t v) const noexcept;
    /// Ascending carriers; only if a carrier list.
    std::span<const Carrier> carriers(std::size_t v) const noexcept;
    /// The calls of variant v as a 2-bit row, whatever its form. `out`:
    /// packed_bytes(sample_count()).
    void unpack(std::size_t v, std::span<std::uint8_t> out) const noexcept;

    /// Whether some sample's dosage differs from its hard call.
    bool has_dosages(std::size_t v) const noexcept;
    /// Dosages of all samples, if many differ from the calls; else empty.
    std::span<const Dosage> dosage_row(std::size_t v) const noexcept;
    /// Dosages that differ from the calls, ascending by sample, if they are few; else empty.
    std::span<const SampleDosage> dosage_list(std::size_t v) const noexcept;
    /// The dosages of variant v in whatever form, hard calls where it has none. `out`:
    /// [sample_count()].
    void unpack_dosages(std::size_t v, std::span<Dosage> out) const noexcept;
    /// Phased heterozygous calls, ascending: the call of an entry is its Phase. Empty if nothing is
    /// phased or phase was not read.
    std::span<const Carrier> phased(std::size_t v) const noexcept;

    // For those who fill blocks (sources, tests). Dosages and phase belong to the variant added
    // last.
    /// \param most  variants to come, if that is known: their dosages then do not move as they
    /// grow.
    void reset(std::uint64_t first_variant, std::size_t samples, std::uint64_t most = 0);
    void add_row(std::span<const std::uint8_t> row);
    /// Adds a variant whose row the caller writes: whole 64-byte lines, the last of them zero.
    std::span<std::uint8_t> append_row();
    void add_carriers(std::span<const Carrier> carriers);
    void set_dosage_row(std::span<const Dosage> row);
    void set_dosage_list(std::span<const SampleDosage> list);
    void set_phased(std::span<const Carrier> phased);
    /// Adds one variant from rows: its calls as the smaller form, its dosages as list or row.
    void add(const GenotypeView& view);

private:
    struct Slice {
        std::size_t begin = 0, length = 0;
    };
    struct Entry {
        bool carriers;
        std::size_t begin, length; // into rows_ (bytes) or carriers_
        Slice dosage_row = {}, dosage_list = {}, phased = {};
    };
    std::uint64_t first_ = 0;
    std::size_t samples_ = 0;
    std::uint64_t most_ = 0;
    std::vector<Entry> entries_;
    CacheLines<std::uint8_t> rows_; // the first used_ are; memory is kept from read to read
    std::size_t used_ = 0;
    std::vector<Carrier> carriers_, phased_;
    std::vector<Dosage> dosage_rows_;
    std::vector<SampleDosage> dosage_lists_;
};

/// Whether a read also fetches phase.
enum class WithPhase : bool { no, yes };

/// Random access to genotypes. Rank-local; never communicates. One object per thread.
class GenotypeSource {
public:
    virtual ~GenotypeSource() = default;
    virtual const SampleTable& samples() const = 0;
    virtual std::uint64_t variant_count() const = 0;
    virtual const std::string& genome_build() const = 0;
    /// Whether some variant may have dosages. Told by no genotype store of before they were
    /// counted.
    virtual bool may_have_dosages() const { return false; }
    /// Paged, because 10^9 variants never sit on one rank.
    virtual std::vector<Variant> variants(VariantRange range) const = 0;
    virtual void read(VariantRange range, VariantBlock& out,
                      WithPhase phase = WithPhase::no) const = 0;
    /// Number of variants after which the cost of a read is well spread; reads best start at
    /// multiples.
    virtual std::uint64_t block_variants() const = 0;
};

/// Opens a genotype store folder. DataError or IntegrityError with path and reason if it is not one
/// or is damaged.
std::unique_ptr<GenotypeSource> open_genotypes(const std::filesystem::path& path);

/// Cuts M variants of N samples into work units: a function of the data alone, aligned to
/// `block_variants`, about 2^31 genotypes each, at least 64 units where M allows, at most 16,384.
std::vector<VariantRange> variant_units(std::uint64_t variants, std::uint64_t samples,
                                        std::uint64_t block_variants);

} // namespace salus
