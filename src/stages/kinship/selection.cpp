#include "stages/kinship/selection.hpp"

#include "base/text.hpp"
#include "genotype/result_marks.hpp"
#include "parallel/parallel_for.hpp"
#include "parallel/read_once.hpp"

#include <algorithm>
#include <cmath>

namespace salus::relatedness {
namespace {

/// Work units of about 2^31 genotypes: at least 8, so that a few ranks share a small cohort.
std::vector<VariantRange> selection_units(const GenotypeSource& genotypes) {
    const double cells = static_cast<double>(genotypes.variant_count()) *
                         static_cast<double>(genotypes.samples().size());
    const auto wanted = static_cast<std::uint64_t>(std::clamp(cells * 0x1p-31, 8.0, 2048.0));
    const std::uint64_t block = std::max<std::uint64_t>(1, genotypes.block_variants());
    const std::uint64_t blocks = (genotypes.variant_count() + block - 1) / block;
    std::vector<VariantRange> units;
    for (std::uint64_t u = 0; u < wanted; ++u) {
        const VariantRange range{
            std::min(u * blocks / wanted * block, genotypes.variant_count()),
            std::min((u + 1) * blocks / wanted * block, genotypes.variant_count())};
        if (range.size() > 0) units.push_back(range);
    }
    return units;
}

/// Eligible variants of one unit.
struct Candidates {
    std::vector<std::uint64_t> variant;
    std::vector<std::uint32_t> het, alt, called; // of the samples of the cohort
};

class Selector {
public:
    Selector(const GenotypeSource& genotypes, const Cohort& cohort, const KinshipParams& params)
        : genotypes_(genotypes), cohort_(cohort), params_(params) {}

    void add(VariantRange range, Candidates& out) {
        const std::vector<std::uint8_t> allowed = allowed_in(range);
        const auto first = std::find(allowed.begin(), allowed.end(), 1);
        if (first == allowed.end()) return;
        const auto last = std::find(allowed.rbegin(), allowed.rend(), 1).base();
        const auto skipped = static_cast<std::uint64_t>(first - allowed.begin());
        genotypes_.read({range.begin + skipped,
                         range.begin + static_cast<std::uint64_t>(last - allowed.begin())},
                        block_);
        std::vector<GenotypeCounts> counts(block_.size());
        parallel_for(counts.size(), [&](std::size_t v) {
            if (allowed[skipped + v] != 0) counts[v] = count(v);
        });
        for (std::size_t v = 0; v < counts.size(); ++v)
            if (allowed[skipped + v] != 0 && common(counts[v]))
                append(range.begin + skipped + v, counts[v], out);
    }

private:
    GenotypeCounts count(std::size_t v) const {
        return block_.is_carrier_list(v) ? count_genotypes(block_.carriers(v), cohort_.mask)
                                         : count_genotypes(block_.row(v), cohort_.mask);
    }
    bool common(const GenotypeCounts& counts) const {
        if (counts.called() == 0) return false;
        const double alt =
            static_cast<double>(counts.alt_copies()) / (2 * static_cast<double>(counts.called()));
        return std::min(alt, 1 - alt) >= params_.minor_allele_frequency_min;
    }
    static void append(std::uint64_t variant, const GenotypeCounts& counts, Candidates& out) {
        out.variant.push_back(variant);
        out.het.push_back(static_cast<std::uint32_t>(counts.het));
        out.alt.push_back(static_cast<std::uint32_t>(counts.alt_copies()));
        out.called.push_back(static_cast<std::uint32_t>(counts.called()));
    }
    std::vector<std::uint8_t> allowed_in(VariantRange range) const {
        std::vector<std::uint8_t> allowed(range.size(), 1);
        if (cohort_.quality) leave_out(allowed, variant_marks(*cohort_.quality, range, "pass"));
        if (cohort_.ld) leave_out(allowed, variant_marks(*cohort_.ld, range, "kept"));
        const std::vector<Variant> variants = genotypes_.variants(range);
        for (std::size_t v = 0; v < allowed.size(); ++v)
            if (inheritance_of(variants[v].chromosome) != Inheritance::autosomal) allowed[v] = 0;
        return allowed;
    }

    const GenotypeSource& genotypes_;
    const Cohort& cohort_;
    const KinshipParams& params_;
    VariantBlock block_;
};

void write_candidates(PartWriter& part, const Candidates& found) {
    part.write_array<std::uint64_t>("variant", found.variant);
    part.write_array<std::uint32_t>("het", found.het);
    part.write_array<std::uint32_t>("alt", found.alt);
    part.write_array<std::uint32_t>("called", found.called);
}

/// Whether the r-th of `all` is one of `wanted` taken evenly.
bool is_taken(std::uint64_t r, std::uint64_t all, std::uint64_t wanted) noexcept {
    return all <= wanted || r * wanted / all != (r + 1) * wanted / all;
}

ChosenVariants thin(const Parts& parts, std::uint64_t wanted) {
    ChosenVariants chosen;
    for (std::uint64_t u = 0; u < parts.size(); ++u)
        chosen.eligible += parts.open(u).shape("variant")[0];
    double expected = 0;
    std::uint64_t r = 0;
    for (std::uint64_t u = 0; u < parts.size(); ++u) {
        const H5File part = parts.open(u);
        const auto variant = part.read_array<std::uint64_t>("variant");
        const auto het = part.read_array<std::uint32_t>("het");
        const auto alt = part.read_array<std::uint32_t>("alt");
        const auto called = part.read_array<std::uint32_t>("called");
        for (std::size_t k = 0; k < variant.size(); ++k, ++r) {
            if (!is_taken(r, chosen.eligible, wanted)) continue;
            const double p = alt[k] / (2.0 * called[k]);
            expected += 2 * p * p * (1 - p) * (1 - p);
            chosen.variant.push_back(variant[k]);
            chosen.het.push_back(het[k]);
        }
    }
    if (!chosen.variant.empty())
        chosen.ibs0_expected = expected / static_cast<double>(chosen.variant.size());
    return chosen;
}

} // namespace

Cohort open_cohort(const RunContext& context, const GenotypeSource& genotypes) {
    const SampleTable& samples = genotypes.samples();
    Cohort cohort;
    std::vector<std::uint8_t> members(samples.size(), 1);
    if (context.has_input("quality")) {
        cohort.quality = H5File::open(context.input("quality"));
        require_same_rows(*cohort.quality, samples, genotypes.variant_count(), "quality");
        members = sample_marks(*cohort.quality, "pass");
    }
    if (context.has_input("ld")) {
        cohort.ld = H5File::open(context.input("ld"));
        require_same_rows(*cohort.ld, samples, genotypes.variant_count(), "ld");
    }
    for (std::size_t i = 0; i < members.size(); ++i)
        if (members[i] != 0) cohort.samples.push_back(static_cast<std::uint32_t>(i));
    cohort.mask = SampleMask(members);
    return cohort;
}

ChosenVariants choose_variants(RunContext& context, const GenotypeSource& genotypes,
                               const Cohort& cohort, const KinshipParams& params) {
    const auto units = selection_units(genotypes);
    const std::uint64_t row = std::max<std::uint64_t>(1, packed_bytes(genotypes.samples().size()));
    const std::uint64_t block = std::max<std::uint64_t>(1, genotypes.block_variants());
    const std::uint64_t step = std::max(
        block, std::min<std::uint64_t>(65536, (std::uint64_t{1} << 26) / row) / block * block);
    const Parts parts =
        context.for_each_unit("select", units.size(), [&](std::uint64_t u, PartWriter& part) {
            Selector selector(genotypes, cohort, params);
            Candidates found;
            for (std::uint64_t begin = units[u].begin; begin < units[u].end; begin += step)
                selector.add({begin, std::min(units[u].end, begin + step)}, found);
            write_candidates(part, found);
        });
    return read_once(context.comm(), "choosing the variants",
                     [&] { return thin(parts, static_cast<std::uint64_t>(params.variants_max)); });
}

} // namespace salus::relatedness
