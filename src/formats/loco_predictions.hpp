#pragma once

#include "genotype/genotype_source.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// How the samples of a file of predictions meet those of the genotypes.
struct LocoLedger {
    std::size_t matched = 0;            // samples of the genotypes that the file knows
    std::size_t without_prediction = 0; // samples of the genotypes that it does not know
    std::size_t unknown = 0;            // samples of the file that the genotypes do not have
};

/// Predictions of traits from the whole genome without one chromosome (LOCO): the offset of tests
/// on that chromosome, covariates not included. Binary traits: log odds. Quantitative ones: units
/// of the trait, but see in_standard_deviations. One object per thread; rank-local.
class LocoPredictions {
public:
    /// Opens null_model.h5 of the stage null_model, or the `_pred.list` of regenie, whose `.loco`
    /// files may be gzipped.
    ///
    /// null_model.h5 holds table `samples` (sample_id), which must be `samples` in order, table
    /// `traits` (name), table `chromosomes` (chromosome) and the arrays `loco/NAME`, [row of
    /// chromosomes][sample], NaN where the trait has no prediction. The last chromosome is `other`:
    /// the prediction from all chromosomes, for those that are not listed.
    ///
    /// Samples of a .loco file (FID_IID) are joined by name: equal to the identifier, or ending
    /// with it after an underscore; 1_1 is preferred for 1. DataError where two of them are the
    /// same sample, or none is in the genotypes.
    static LocoPredictions open(const std::filesystem::path& path, const SampleTable& samples);

    /// In the order of the file.
    const std::vector<std::string>& traits() const noexcept;
    bool has(std::string_view trait) const noexcept;
    /// [sample of the genotypes], NaN where there is no prediction. "chr" does not matter; 23 is X.
    /// DataError for a trait or chromosome that is not there, with the near miss, and for a damaged
    /// file. Reads one row of an HDF5 file; of a .loco file all that comes before the row.
    std::vector<double> offset(std::string_view trait, std::string_view chromosome) const;
    LocoLedger ledger(std::string_view trait) const;
    /// Whether predictions of quantitative traits are in standard deviations of the trait after
    /// covariates, sqrt(|residual|^2 / (n - covariates - 1)), as regenie writes them: multiply by
    /// that. False for null_model.h5: they are in units of the trait.
    bool in_standard_deviations() const noexcept;
    const std::filesystem::path& path() const noexcept { return path_; }

    ~LocoPredictions();
    LocoPredictions(LocoPredictions&&) noexcept;
    LocoPredictions& operator=(LocoPredictions&&) noexcept;

    /// What the two kinds of files have in common.
    class Source {
    public:
        virtual ~Source() = default;
        virtual const std::vector<std::string>& traits() const = 0;
        /// `chromosome` without chr; `trait` is its place in traits().
        virtual std::vector<double> offset(std::size_t trait,
                                           const std::string& chromosome) const = 0;
        virtual LocoLedger ledger(std::size_t trait) const = 0;
        virtual bool in_standard_deviations() const noexcept = 0;
    };

private:
    LocoPredictions(std::filesystem::path path, std::unique_ptr<Source> source);
    std::size_t place(std::string_view trait) const;
    std::filesystem::path path_;
    std::unique_ptr<Source> source_;
};

/// `chr1` -> `1`, `chrX`, `23` -> `X`, `24` -> `Y`, `25` -> `XY`, `26`, `M`, `MT` -> `MT`.
std::string loco_chromosome(std::string_view chromosome);

} // namespace salus
