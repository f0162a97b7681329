#include "stages/ld/selection.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "genotype/call_counts.hpp"
#include "genotype/result_marks.hpp"
#include "store/packed_table.hpp"

#include <algorithm>

namespace salus::ld {
namespace {

TableSpec runs_table() {
    using enum ColumnType;
    return {.name = "runs",
            .row = "run",
            .doc = "Candidates of one chromosome in this part.",
            .columns = {{"chromosome", text, "", "Chromosome as written in the input"},
                        {"x_linked", u8, "0 or 1", "1 if it is X"},
                        {"count", u64, "variants", "Candidates"}}};
}

TableSpec candidates_table() {
    using enum ColumnType;
    return {.name = "candidates",
            .row = "candidate",
            .doc = "Candidates of this part, in store order.",
            .columns = {{"row", u64, "", "Row of the genotype store"},
                        {"position", u32, "bp", "Position, 1-based"},
                        {"major_frequency", f64, "proportion", "Of the more frequent allele"},
                        {"varies", u8, "0 or 1", "0 if all calls are the same"}}};
}

GenotypeCounts count(const VariantBlock& block, std::size_t v, const SampleMask& mask) {
    return block.is_carrier_list(v) ? count_genotypes(block.carriers(v), mask)
                                    : count_genotypes(block.row(v), mask);
}

// In half alleles: a heterozygous call of a male on X counts half an ALT.
struct HalfAlleles {
    std::uint64_t alt = 0, all = 0;
    std::uint64_t major() const noexcept { return std::max(alt, all - alt); }
    double major_frequency() const noexcept {
        return all == 0 ? 1 : static_cast<double>(major()) / static_cast<double>(all);
    }
};

struct Counted {
    HalfAlleles alleles;
    bool varies = false;
};

Counted count_autosomal(const GenotypeCounts& c) {
    return {.alleles = {.alt = 2 * c.alt_copies(), .all = 4 * c.called()},
            .varies = c.het != c.called() && c.hom_ref != c.called() && c.hom_alt != c.called()};
}

Counted count_x_linked(const GenotypeCounts& c, const GenotypeCounts& males) {
    const std::uint64_t called = c.called() - males.het; // as LD takes them
    return {.alleles = {.alt = 2 * c.alt_copies() - males.alt_copies(),
                        .all = 4 * c.called() - 2 * males.called()},
            .varies = c.het - males.het != called && c.hom_ref != called && c.hom_alt != called};
}

} // namespace

std::string_view to_string(Reason reason) noexcept {
    switch (reason) {
    case Reason::none:
        return "";
    case Reason::chromosome:
        return "chromosome";
    case Reason::quality:
        return "failed_quality";
    case Reason::frequency:
        return "low_minor_allele_frequency";
    case Reason::monomorphic:
        return "monomorphic";
    case Reason::in_ld:
        return "in_ld";
    }
    return "?";
}

LdSamples select_samples(const SampleTable& samples, std::uint64_t variants,
                         const H5File* quality) {
    LdSamples chosen{.all = samples.size(),
                     .members = std::vector<std::uint8_t>(samples.size(), 1),
                     .males = std::vector<std::uint8_t>(samples.size()),
                     .member_mask = {},
                     .male_mask = {}};
    if (quality != nullptr) {
        require_same_rows(*quality, samples, variants, "quality");
        chosen.members = sample_marks(*quality, "pass");
    }
    for (std::size_t i = 0; i < samples.size(); ++i)
        chosen.males[i] = chosen.members[i] != 0 && samples.sex[i] == Sex::male ? 1 : 0;
    chosen.member_mask = SampleMask(chosen.members);
    chosen.male_mask = SampleMask(chosen.males);
    if (chosen.count() < 3)
        throw DataError({.what = text(chosen.count(), " samples are left for LD"),
                         .where = "stage ld",
                         .why = "a correlation needs at least 3",
                         .help = "give more samples, or check the quality result"});
    return chosen;
}

struct VariantSelector::Found {
    std::vector<std::uint8_t> reason;
    TableData runs{runs_table()}, candidates{candidates_table()};
    VariantBlock block;
    void begin_run(const Variant& variant, bool x_linked) {
        auto& names = runs.column<std::string>("chromosome");
        if (!names.empty() && names.back() == variant.chromosome) return;
        names.push_back(variant.chromosome);
        runs.column<std::uint8_t>("x_linked").push_back(x_linked ? 1 : 0);
        runs.column<std::uint64_t>("count").push_back(0);
    }
};

/// Counts calls of the variants of a range: by what the source knows of all samples, or by reading
/// block by block, each of which is small enough for the cache.
class VariantSelector::Counter {
public:
    Counter(const VariantSelector& selector, VariantRange range, VariantBlock& block)
        : source_(selector.genotypes_), samples_(selector.samples_), range_(range), block_(block) {
        if (samples_.count() == samples_.all) known_ = known_call_counts(source_, range);
    }
    Counted operator()(std::size_t v, bool x_linked) {
        if (!x_linked && !known_.empty()) return count_autosomal(known_[v]);
        read(v);
        const std::size_t w = range_.begin + v - block_.first_variant();
        const GenotypeCounts people = count(block_, w, samples_.member_mask);
        return x_linked ? count_x_linked(people, count(block_, w, samples_.male_mask))
                        : count_autosomal(people);
    }

private:
    void read(std::size_t v) {
        const std::uint64_t row = range_.begin + v, end = block_.first_variant() + block_.size();
        if (have_ && row >= block_.first_variant() && row < end) return;
        const std::uint64_t length = std::max<std::uint64_t>(1, source_.block_variants());
        const std::uint64_t begin = range_.begin + v / length * length;
        source_.read({begin, std::min(range_.end, begin + length)}, block_);
        have_ = true;
    }
    const GenotypeSource& source_;
    const LdSamples& samples_;
    VariantRange range_;
    VariantBlock& block_;
    bool have_ = false;
    std::vector<GenotypeCounts> known_;
};

Reason VariantSelector::excluded(const Variant& variant, bool passes) const {
    const Inheritance inheritance = inheritance_of(variant.chromosome);
    if (inheritance != Inheritance::autosomal &&
        !(inheritance == Inheritance::x_linked && params_.include_x &&
          !is_pseudo_autosomal(genotypes_.genome_build(), variant.chromosome, variant.position)))
        return Reason::chromosome;
    return passes ? Reason::none : Reason::quality;
}

void VariantSelector::add(VariantRange range, Found& found) const {
    const std::vector<Variant> variants = genotypes_.variants(range);
    const std::vector<std::uint8_t> passes = quality_ == nullptr
                                                 ? std::vector<std::uint8_t>(range.size(), 1)
                                                 : variant_marks(*quality_, range, "pass");
    const double major_max = 1 - params_.minor_allele_frequency_min;
    Counter count_calls(*this, range, found.block);
    for (std::size_t v = 0; v < variants.size(); ++v) {
        const Variant& variant = variants[v];
        Reason reason = excluded(variant, passes[v] != 0);
        if (reason == Reason::none) {
            const bool x_linked = inheritance_of(variant.chromosome) == Inheritance::x_linked;
            const Counted counted = count_calls(v, x_linked);
            const double major = counted.alleles.major_frequency();
            if (major > major_max * (1 + 0x1p-44)) {
                reason = Reason::frequency;
            } else {
                found.begin_run(variant, x_linked);
                ++found.runs.column<std::uint64_t>("count").back();
                TableData& rows = found.candidates;
                rows.column<std::uint64_t>("row").push_back(range.begin + v);
                rows.column<std::uint32_t>("position").push_back(variant.position);
                rows.column<double>("major_frequency").push_back(major);
                rows.column<std::uint8_t>("varies").push_back(counted.varies ? 1 : 0);
            }
        }
        found.reason.push_back(static_cast<std::uint8_t>(reason));
    }
}

void VariantSelector::write_unit(VariantRange unit, PartWriter& part) const {
    Found found;
    const std::uint64_t block = std::max<std::uint64_t>(1, genotypes_.block_variants());
    const std::uint64_t bytes = std::max<std::uint64_t>(1, packed_bytes(samples_.all));
    const std::uint64_t step = std::max(
        block, std::min<std::uint64_t>(8192, (std::uint64_t{1} << 24) / bytes) / block * block);
    for (std::uint64_t begin = unit.begin; begin < unit.end; begin += step)
        add({begin, std::min(unit.end, begin + step)}, found);
    part.write_array<std::uint8_t>("reason", found.reason, {}, Compression::none);
    write_packed(part, found.runs);
    write_packed(part, found.candidates);
}

SelectedUnit read_selected(const H5File& part) {
    TableData candidates = read_packed(part, candidates_table());
    return {.reason = part.read_array<std::uint8_t>("reason"),
            .varies = std::move(candidates.column<std::uint8_t>("varies"))};
}

CandidateIndex::CandidateIndex(const Parts& parts) : parts_(&parts), slices_(parts.size()) {
    for (std::uint64_t p = 0; p < parts.size(); ++p) {
        const TableData runs = read_packed(parts.open(p), runs_table());
        const auto& names = runs.column<std::string>("chromosome");
        for (std::size_t r = 0; r < names.size(); ++r) {
            if (chromosomes_.empty() || chromosomes_.back().name != names[r]) {
                if (std::any_of(chromosomes_.begin(), chromosomes_.end(),
                                [&](const Chromosome& c) { return c.name == names[r]; }))
                    throw DataError({.what = text("chromosome ", names[r],
                                                  " appears again after another chromosome"),
                                     .where = "genotypes",
                                     .why = "LD needs all variants of a chromosome together",
                                     .help = "sort the genotype files before ingest"});
                chromosomes_.push_back({.name = names[r],
                                        .x_linked = runs.column<std::uint8_t>("x_linked")[r] != 0,
                                        .first_part = p});
            }
            Chromosome& chromosome = chromosomes_.back();
            const std::uint64_t count = runs.column<std::uint64_t>("count")[r];
            slices_[p].push_back({chromosomes_.size() - 1, chromosome.count, count});
            chromosome.count += count;
            chromosome.last_part = p;
        }
    }
}

Candidates CandidateIndex::read(std::size_t chromosome) const {
    const Chromosome& wanted = chromosomes_[chromosome];
    Candidates found{.chromosome = wanted.name, .x_linked = wanted.x_linked};
    for (std::uint64_t p = wanted.first_part; p <= wanted.last_part; ++p) {
        const TableData part = read_packed(parts_->open(p), candidates_table());
        std::uint64_t begin = 0;
        for (const Slice& slice : slices_[p]) {
            const auto append = [&]<class T>(std::vector<T>& all, std::string_view column) {
                const auto more = std::span(part.column<T>(column)).subspan(begin, slice.count);
                all.insert(all.end(), more.begin(), more.end());
            };
            if (slice.chromosome == chromosome) {
                append(found.row, "row");
                append(found.position, "position");
                append(found.major_frequency, "major_frequency");
                append(found.varies, "varies");
            }
            begin += slice.count;
        }
    }
    if (!std::is_sorted(found.position.begin(), found.position.end()))
        throw DataError({.what = text("positions on chromosome ", wanted.name, " do not ascend"),
                         .where = "genotypes",
                         .why = "windows are made of neighbouring variants",
                         .help = "sort the genotype files before ingest"});
    return found;
}

} // namespace salus::ld
