#pragma once

#include "genotype/genotype_source.hpp"
#include "kernels/call_pairs.hpp"
#include "kernels/genotype_counts.hpp"
#include "stages/ld/ld.hpp"
#include "store/h5.hpp"
#include "store/parts.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace salus::ld {

/// Why a variant is not kept; `none` also means that it is a candidate before pruning.
enum class Reason : std::uint8_t { none, chromosome, quality, frequency, monomorphic, in_ld };
std::string_view to_string(Reason reason) noexcept;

/// Who enters: the samples that pass quality, and the recorded males among them.
struct LdSamples {
    std::size_t all = 0;
    std::vector<std::uint8_t> members, males; // [sample] 0 or 1
    SampleMask member_mask, male_mask;
    std::size_t count() const noexcept { return member_mask.count(); }
};
/// `quality`: the quality result, or null. DataError if it is of other samples or variants, or if
/// fewer than two samples are left.
LdSamples select_samples(const SampleTable& samples, std::uint64_t variants, const H5File* quality);

/// Candidate variants of one chromosome, in store order, which is by position.
struct Candidates {
    std::string chromosome;
    bool x_linked = false;
    std::vector<std::uint64_t> row; // in the store
    std::vector<std::uint32_t> position;
    std::vector<double> major_frequency;
    std::vector<std::uint8_t> varies; // 0 or 1
    std::size_t size() const noexcept { return row.size(); }
};

/// Looks at the variants of one unit and writes their reasons and candidates.
class VariantSelector {
public:
    VariantSelector(const GenotypeSource& genotypes, const LdSamples& samples,
                    const H5File* quality, const LdParams& params)
        : genotypes_(genotypes), samples_(samples), quality_(quality), params_(params) {}
    void write_unit(VariantRange unit, PartWriter& part) const;

private:
    struct Found;
    class Counter;
    Reason excluded(const Variant& variant, bool passes) const; // before looking at its calls
    void add(VariantRange range, Found& found) const;
    const GenotypeSource& genotypes_;
    const LdSamples& samples_;
    const H5File* quality_;
    const LdParams& params_;
};

/// What a part of the selection says about its variants.
struct SelectedUnit {
    std::vector<std::uint8_t> reason; // [variant] code of Reason
    std::vector<std::uint8_t> varies; // [candidate] 0 or 1
};
SelectedUnit read_selected(const H5File& part);

/// Where the candidates of each chromosome are in the parts of the selection: O(parts).
class CandidateIndex {
public:
    /// DataError if a chromosome appears again after another one.
    explicit CandidateIndex(const Parts& parts);
    std::size_t chromosomes() const noexcept { return chromosomes_.size(); }
    std::uint64_t size(std::size_t chromosome) const { return chromosomes_[chromosome].count; }
    bool x_linked(std::size_t chromosome) const { return chromosomes_[chromosome].x_linked; }
    /// All candidates of a chromosome; DataError if their positions do not ascend.
    Candidates read(std::size_t chromosome) const;
    /// Slices of a part: (chromosome, first ordinal in it, count), in order.
    struct Slice {
        std::size_t chromosome;
        std::uint64_t first, count;
    };
    const std::vector<Slice>& slices(std::uint64_t part) const { return slices_[part]; }

private:
    struct Chromosome {
        std::string name;
        bool x_linked = false;
        std::uint64_t count = 0;
        std::uint64_t first_part = 0, last_part = 0;
    };
    const Parts* parts_;
    std::vector<Chromosome> chromosomes_;
    std::vector<std::vector<Slice>> slices_; // [part]
};

} // namespace salus::ld
