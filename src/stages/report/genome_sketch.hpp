#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace salus::report {

/// Consecutive variants of one chromosome in a result table.
struct ChromosomeRun {
    std::string name;
    std::uint64_t begin = 0, end = 0;  // rows, half-open
    std::uint32_t first = 0, last = 0; // smallest and largest 1-based position
    std::uint64_t variants() const noexcept { return end - begin; }
};

/// A value of -log10 p in one of 4,096 bins: steps of 0.02 up to 20, then of 0.5 %. The bins do not
/// depend on the data, so one pass is enough; bin 0 starts at 0.
std::size_t significance_bin(double neg_log10_p) noexcept;
/// Middle of a bin.
double significance_of(std::size_t bin) noexcept;
inline constexpr std::size_t significance_bins = 4096;

/// A variant that is the best of its stretch of the genome.
struct Hit {
    std::size_t run = 0;        // index of the ChromosomeRun
    std::uint64_t row = 0;      // row of the result table
    std::uint32_t position = 0; // 1-based
    double neg_log10_p = 0;
};

/// What a report needs of all tests of one trait, in bounded memory (about 0.5 MiB and 16 bytes per
/// stretch of `distance` / 10 with a suggestive hit) however many variants there are.
class GenomeSketch {
public:
    static constexpr std::size_t columns = 640; // of the Manhattan plot
    /// Minor allele frequency below 1 %, below 5 %, and above.
    static constexpr std::size_t frequency_classes = 3;

    /// `suggestive`: least -log10 p of a hit that is kept; `distance` between independent loci,
    /// base pairs.
    GenomeSketch(const std::vector<ChromosomeRun>& runs, double suggestive, std::uint32_t distance);

    /// Adds one test; rows must come in table order. NaN (not tested) is ignored. A frequency of
    /// NaN is in no class.
    void add(std::size_t run, std::uint64_t row, std::uint32_t position, double neg_log10_p,
             double allele_frequency = std::numeric_limits<double>::quiet_NaN());

    std::uint64_t tested() const noexcept { return tested_; }
    double largest() const noexcept { return largest_; }
    /// Tests per significance_bin.
    const std::vector<std::uint64_t>& counts() const noexcept { return counts_; }
    /// The same of the tests of one frequency class.
    const std::vector<std::uint64_t>& counts_of(std::size_t frequency_class) const {
        return class_counts_[frequency_class];
    }
    /// Whether any test of the column fell into the bin.
    bool occupied(std::size_t column, std::size_t bin) const {
        return cells_[column * significance_bins + bin];
    }
    /// Columns [first, second) of a run.
    struct Span {
        std::size_t begin = 0, end = 0;
    };
    const std::vector<Span>& spans() const noexcept { return spans_; }
    /// Column, as a real number, of a place on the genome.
    double column_of(std::size_t run, std::uint32_t position) const;
    /// The best hits that are at least `distance` apart, best first; ties go to the earlier row.
    std::vector<Hit> independent_hits() const;

private:
    const std::vector<ChromosomeRun>& runs_;
    double suggestive_;
    std::uint32_t distance_, stretch_;
    std::uint64_t tested_ = 0;
    double largest_ = 0;
    std::vector<std::uint64_t> counts_;
    std::array<std::vector<std::uint64_t>, frequency_classes> class_counts_;
    std::vector<bool> cells_;
    std::vector<Span> spans_;
    std::vector<Hit> hits_;
};

} // namespace salus::report
