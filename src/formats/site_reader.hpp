#pragma once

#include "formats/allele_calls.hpp"
#include "formats/dosage_values.hpp"
#include "formats/genotype_reader.hpp"
#include "formats/regions.hpp"
#include "formats/vcf_header.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// A record that breaks its format; caught in SiteReader, which fails or skips as asked.
struct RecordDefect {
    std::string what, why;
};

/// The site columns of a record; views live until the next record.
struct Site {
    std::string_view chromosome, id, ref, filter;
    std::uint32_t position = 0;
    std::vector<std::string_view> alts;         // empty if the record names none
    std::vector<std::vector<std::string>> info; // [kept key][value]; one value holds for all ALTs
};

/// What VCF and BCF have in common: order, regions, filters, splitting, ploidy, skipping.
class SiteReader : public GenotypeReader {
public:
    bool next(GenotypeRecord& out) final;

protected:
    SiteReader(const VcfHeader& header, const ReadOptions& options, std::span<const Sex> sex);
    /// Goes to the next record; false at the end of the range. Errors here are not skipped.
    virtual bool advance() = 0;
    /// Reads the site columns of the current record. Throws RecordDefect.
    virtual void read_site(Site& site) = 0;
    /// Fills out.rows (sized: one row per variant), and phase and dosages (empty before) where the
    /// record has them. Throws RecordDefect.
    virtual void read_calls(const Site& site, GenotypeRecord& out) = 0;
    /// Fills out.depths (empty before) from FORMAT/AD, beside the calls just read, of a site where
    /// reads are counted; formats without it have none. Throws RecordDefect.
    virtual void read_depths(GenotypeRecord&) {}
    virtual std::string where() const = 0;

    /// Keeps the value of the k-th INFO key, split where the header declares one per ALT. Throws
    /// RecordDefect.
    void set_info(Site& site, std::size_t k, std::string_view value) const;
    /// Rows of a site with one ALT for the quick ways of reading.
    static SimpleRows simple_rows(GenotypeRecord& out);
    /// Counts, and keeps the phase if there is any.
    void take_simple_rows(const SimpleRows& rows, GenotypeRecord& out);
    /// Packs `calls_` into rows and phase of `out` and counts oddities.
    void pack_rows(GenotypeRecord& out);
    /// The same with the dosages of `dosages_` on top.
    void pack_dosages(GenotypeRecord& out);

    const ReadOptions& options() const noexcept { return options_; }
    std::size_t samples() const noexcept { return samples_; }
    /// Copies that people carry at the current site.
    const PloidyRule& ploidy() const noexcept { return ploidy_; }

    AlleleCalls calls_; // [sample], scratch
    DosageValues dosages_;
    FormatChoice choose_format_;

private:
    enum class Fate : std::uint8_t { keep, pass_over, finished };
    Fate judge();
    void take_variants(GenotypeRecord& out) const;
    void apply_ploidy(GenotypeRecord& out);
    std::string place() const;

    ReadOptions options_;
    RegionSet regions_;
    std::size_t samples_;
    std::vector<bool> per_alt_; // [kept INFO key] declared Number=A
    PloidyRule ploidy_;
    Site site_;
    std::set<std::string, std::less<>> left_; // chromosomes that are behind us
    std::string chromosome_;
    std::uint32_t position_ = 0;
};

/// Replaces `out` by the words of `line`, which blanks and tabs separate (PLINK files).
void split_words(std::string_view line, std::vector<std::string_view>& out);
/// Throws RecordDefect unless `text` may stand in a text column: UTF-8 without control characters.
void require_text(std::string_view text, std::string_view column);
/// Throws RecordDefect unless CHROM is a name, ID and FILTER are lists of names, REF is a string of
/// ACGTN, and each ALT such a string, '*', `<ID>` or a breakend.
void require_site(const Site& site);

} // namespace salus
