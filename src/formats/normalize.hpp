#pragma once

#include "formats/genotype_reader.hpp"
#include "formats/reference_genome.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace salus {

/// What is done with a variant whose REF is not what the reference genome has there.
enum class OnMismatch : std::uint8_t { fail, skip, swap };

/// A place on a chromosome.
struct Place {
    std::string chromosome;
    std::uint64_t position = 0;
};

struct NormalizeOptions {
    OnMismatch on_mismatch = OnMismatch::fail;
    bool align = true;           // move indels as far left as they go, with the fewest bases
    std::uint32_t window = 1000; // bases; a variant moves by fewer
    /// Variants that end up before `from` on its chromosome, or at `to` or behind it on that one,
    /// are left to others and not counted.
    std::optional<Place> from, to;
};

/// Where a variant is written at the leftmost place with the fewest bases (Tan, Abecasis & Kang
/// 2015, doi:10.1093/bioinformatics/btv112), as `bcftools norm -f` does: equal last bases are cut
/// off, alleles that become empty get the base before, then equal first bases are cut off.
/// REF and ALT must be sequences that differ. Cost O(bases moved x allele length / 64 KiB reads).
void left_align(ReferenceGenome& genome, Variant& variant);

/// Whether ALT and REF are sequences of A, C, G, T, N that differ: others keep their place.
bool is_alignable(const Variant& variant) noexcept;

/// Exchanges REF and ALT of a variant of one site, and what its rows count. INFO is emptied, for
/// its values may be those of the other allele.
void swap_alleles(Variant& variant, std::span<std::uint8_t> calls, std::span<Dosage> dosages,
                  std::span<std::uint8_t> phase, std::size_t samples);

/// Reads through another reader and hands on one variant at a time, checked against the reference
/// genome, left-aligned and sorted again. Memory: the variants of twice the window.
class NormalizingReader final : public GenotypeReader {
public:
    NormalizingReader(GenotypeReader& from, ReferenceGenome& genome,
                      const NormalizeOptions& options, std::size_t samples);
    bool next(GenotypeRecord& out) override;

private:
    struct Entry {
        Variant variant;
        std::vector<std::uint8_t> calls, phase;
        std::vector<Dosage> dosages;
        std::vector<HetDepth> depths;
        bool swapped = false, normalized = false;
    };
    using Key = std::pair<std::uint32_t, std::uint64_t>; // position, number of arrival

    bool is_ours(const Variant& variant) const noexcept;
    bool read_more();
    void take(GenotypeRecord& record);
    /// False if the variant is left out.
    bool check_reference(Entry& entry);
    void align(Entry& entry);
    static Entry entry_of(GenotypeRecord& record, std::size_t v);
    void hand_out(Entry entry, GenotypeRecord& out);

    GenotypeReader& from_;
    ReferenceGenome& genome_;
    NormalizeOptions options_;
    std::size_t samples_;
    std::map<Key, Entry> waiting_; // of one chromosome
    GenotypeRecord ahead_;         // first record of the next chromosome
    bool has_ahead_ = false, finished_ = false;
    std::string chromosome_;
    std::uint32_t reached_ = 0; // position of the input
    std::uint64_t arrivals_ = 0;
};

} // namespace salus
