#pragma once

#include "formats/allele_calls.hpp"
#include "formats/genotype_reader.hpp"
#include "formats/vcf_header.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace salus {

/// What a record is read from, by place in its FORMAT; -1 where it is not to be read.
struct FormatLayout {
    int gt = -1, dosage = -1;
    bool probabilities = false; // the dosage field is GP, else DS
    int last() const noexcept { return std::max(gt, dosage); }
    bool empty() const noexcept { return last() < 0; } // nothing to read: all calls are missing
};

/// Chooses among the fields of a record.
class FormatChoice {
public:
    FormatChoice(const VcfHeader& header, DosageField field);
    /// \param gt, ds, gp  places in the record, -1 where absent.
    FormatLayout operator()(int gt, int ds, int gp) const noexcept;

private:
    DosageField field_;
};

/// DS or GP values of a site as dosages of each ALT allele.
class DosageValues {
public:
    /// Starts a site where nobody has a value.
    void begin(bool probabilities, std::size_t alleles, std::size_t samples);
    /// Values of one sample; none, or a NaN among them, is missing. DS of a haploid call is taken
    /// as copies of one, as in plink2, and doubled. Throws RecordDefect if the number of values or
    /// a value is not possible: DS outside [0, 2], GP outside [0, 1] or not summing to 1 within
    /// 0.02; each to half a unit of a Dosage.
    void take(std::size_t sample, std::span<const double> values, bool haploid);
    /// Moves the dosages into a record whose rows hold the calls of GT, which stand for samples
    /// without dosage; calls of all others are made of the dosages. False if nobody has any.
    bool finish(GenotypeRecord& record, double hard_call_threshold);
    std::size_t alleles() const noexcept { return alleles_; }

private:
    void take_dosages(std::size_t sample, std::span<const double> values, bool haploid);
    void take_probabilities(std::size_t sample, std::span<const double> values, bool haploid);

    bool probabilities_ = false, any_ = false;
    std::size_t alleles_ = 0, samples_ = 0;
    std::vector<Dosage> rows_;   // [ALT][sample]
    std::vector<double> copies_; // [ALT], scratch
};

/// The call that a dosage stands for: the nearest whole number of copies, or missing if that is
/// farther than `threshold` copies.
std::uint8_t hard_call(Dosage dosage, double threshold) noexcept;

/// Reads the sample columns of a VCF line: GT into `calls`, if the layout has it (else they are
/// missing), and dosages into `values`, which was begun. Throws RecordDefect.
void read_format_columns(std::string_view text, const FormatLayout& layout, AlleleCalls& calls,
                         DosageValues& values);

} // namespace salus
