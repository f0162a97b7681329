#include "base/text.hpp"
#include "formats/file_genotypes.hpp"
#include "parallel/parallel_for.hpp"
#include "parallel/read_once.hpp"
#include "run/context.hpp"
#include "run/unit_tables.hpp"
#include "stages/ld/ld.hpp"
#include "stages/ld/pair_phases.hpp"
#include "stages/ld/pruning.hpp"
#include "stages/ld/selection.hpp"
#include "stages/ld/tables.hpp"

#include <algorithm>
#include <memory>
#include <optional>

namespace salus {
namespace {

using namespace ld;

/// All segments of the genome, in order, and the units that they make.
struct SegmentPlan {
    struct Entry {
        std::size_t chromosome;
        std::size_t number; // within the chromosome
    };
    std::vector<std::vector<Segment>> of_chromosome;
    std::vector<Entry> all;
    std::size_t per_unit = 1; // so many run on the threads of a rank

    std::size_t units() const { return (all.size() + per_unit - 1) / per_unit; }
    std::size_t first_of(std::size_t chromosome) const {
        std::size_t first = 0;
        for (std::size_t c = 0; c < chromosome; ++c)
            first += of_chromosome[c].size();
        return first;
    }
};

constexpr std::uint64_t unit_genotypes_min = std::uint64_t{1} << 27; // about 20 ms of counting
constexpr std::uint64_t units_wanted = 16; // also of small data, so that ranks share them

/// Units of variants, joined so that what a part costs beside its variants does not count.
std::vector<VariantRange> joined_units(const GenotypeSource& genotypes) {
    const std::uint64_t samples = genotypes.samples().size();
    const auto fine = variant_units(genotypes.variant_count(), samples, genotypes.block_variants());
    if (fine.empty()) return {};
    const std::uint64_t small =
        unit_genotypes_min / std::max<std::uint64_t>(1, fine.front().size() * samples);
    const std::uint64_t join =
        std::clamp<std::uint64_t>(small, 1, std::max<std::uint64_t>(1, fine.size() / units_wanted));
    std::vector<VariantRange> units;
    for (std::uint64_t u = 0; u < fine.size(); u += join)
        units.push_back(
            {fine[u].begin, fine[std::min<std::uint64_t>(u + join, fine.size()) - 1].end});
    return units;
}

SegmentPlan plan_segments(const CandidateIndex& index, const LdParams& params) {
    SegmentPlan plan;
    for (std::size_t c = 0; c < index.chromosomes(); ++c) {
        plan.of_chromosome.push_back(segments_of(prune_windows(index.read(c), params)));
        for (std::size_t s = 0; s < plan.of_chromosome[c].size(); ++s)
            plan.all.push_back({c, s});
    }
    plan.per_unit = std::clamp<std::size_t>(plan.all.size() / 32, 1, 8);
    return plan;
}

/// Candidates and windows of the chromosome that is worked on; read again when it changes.
class CurrentChromosome {
public:
    CurrentChromosome(const CandidateIndex& index, const LdParams& params)
        : index_(index), params_(params) {}
    void load(std::size_t chromosome) {
        if (chromosome_ == chromosome) return;
        candidates = index_.read(chromosome);
        windows = prune_windows(candidates, params_);
        chromosome_ = chromosome;
    }
    Candidates candidates;
    std::vector<LdWindow> windows;

private:
    const CandidateIndex& index_;
    const LdParams& params_;
    std::optional<std::size_t> chromosome_;
};

/// What all phases look at.
struct Work {
    const LdParams& params;
    const GenotypeSource& genotypes;
    const LdSamples& samples;
    SharedGenotypes shared;
    Work(const LdParams& p, const GenotypeSource& g, const LdSamples& s)
        : params(p), genotypes(g), samples(s), shared(g) {}
};

void prune_unit(const Work& work, const SegmentPlan& plan, std::size_t unit,
                CurrentChromosome& current, PartWriter& part) {
    const std::size_t first = unit * plan.per_unit,
                      last = std::min(plan.all.size(), first + plan.per_unit);
    std::vector<SegmentResult> results(last - first);
    for (std::size_t begin = first; begin < last;) { // stretches of one chromosome
        const std::size_t chromosome = plan.all[begin].chromosome;
        std::size_t end = begin;
        while (end < last && plan.all[end].chromosome == chromosome)
            ++end;
        current.load(chromosome);
        const ChromosomePruner pruner(work.shared, current.candidates, current.windows,
                                      work.samples, work.params);
        parallel_tasks(end - begin, [&](std::size_t i) {
            const auto& entry = plan.all[begin + i];
            results[begin + i - first] =
                pruner.prune(plan.of_chromosome[entry.chromosome][entry.number]);
        });
        begin = end;
    }
    const auto write = [&](std::size_t i, const char* name,
                           const std::vector<std::uint8_t>& flags) {
        part.write_array<std::uint8_t>(text("segments/", i, name), flags, {}, Compression::none);
    };
    for (std::size_t i = 0; i < results.size(); ++i) {
        write(i, "/entry", results[i].entry);
        write(i, "/removed", results[i].removed);
    }
}

void join_chromosome(const Work& work, const SegmentPlan& plan, std::size_t chromosome,
                     const Parts& parts, CurrentChromosome& current, PartWriter& part) {
    current.load(chromosome);
    const ChromosomePruner pruner(work.shared, current.candidates, current.windows, work.samples,
                                  work.params);
    const std::size_t first = plan.first_of(chromosome);
    const auto result_of = [&](std::size_t s) {
        const H5File file = parts.open((first + s) / plan.per_unit);
        const std::string group = text("segments/", (first + s) % plan.per_unit);
        return SegmentResult{.entry = file.read_array<std::uint8_t>(group + "/entry"),
                             .removed = file.read_array<std::uint8_t>(group + "/removed")};
    };
    const auto& segments = plan.of_chromosome[chromosome];
    const Joined joined =
        join_segments(current.candidates, current.windows, segments, result_of, pruner);
    part.write_array<std::uint8_t>("removed", joined.removed, {}, Compression::none);
    const std::uint64_t counts[2] = {segments.size(), joined.redone};
    part.write_array<std::uint64_t>("segments", counts, {}, Compression::none);
}

void report(const Log& log, const LdTally& sum) {
    log.info(text(with_thousands(sum.kept), " of ", with_thousands(sum.candidates),
                  " candidates are kept, of ", with_thousands(sum.variants), " variants; ",
                  sum.redone, " of ", sum.segments, " segments were pruned twice"));
    if (sum.candidates == 0)
        log.warning("no variant is a candidate: check minor_allele_frequency_min and the quality "
                    "result");
}

void write_facts(ResultWriter& out, const LdTally& sum, const LdSamples& samples) {
    const auto fact = [&](const char* name, std::uint64_t value) {
        out.fact(name, static_cast<std::int64_t>(value));
    };
    fact("samples", samples.count());
    fact("candidates", sum.candidates);
    fact("monomorphic", sum.monomorphic);
    fact("removed", sum.in_ld);
    fact("kept", sum.kept);
}

} // namespace

void run_ld(const LdParams& params, RunContext& context) {
    const auto genotypes = read_once(context.comm(), "opening the genotypes", [&] {
        return open_any_genotypes(context.input("genotypes"));
    });
    const auto quality = read_once(context.comm(), "opening the quality result", [&] {
        return context.has_input("quality")
                   ? std::make_unique<H5File>(H5File::open(context.input("quality")))
                   : nullptr;
    });
    const LdSamples samples = read_once(context.comm(), "choosing samples", [&] {
        return select_samples(genotypes->samples(), genotypes->variant_count(), quality.get());
    });
    const auto units = joined_units(*genotypes);
    const VariantSelector selector(*genotypes, samples, quality.get(), params);
    const Parts selection =
        context.for_each_unit("selection", units.size(), [&](std::uint64_t u, PartWriter& part) {
            selector.write_unit(units[u], part);
        });
    const CandidateIndex index =
        read_once(context.comm(), "listing candidates", [&] { return CandidateIndex(selection); });
    const SegmentPlan plan = collectively(context.comm(), "cutting chromosomes",
                                          [&] { return plan_segments(index, params); });
    const Work work(params, *genotypes, samples);
    CurrentChromosome current(index, params);
    const Parts pruned =
        context.for_each_unit("pruning", plan.units(), [&](std::uint64_t u, PartWriter& part) {
            prune_unit(work, plan, u, current, part);
        });
    const Parts joined = context.for_each_unit(
        "chromosomes", index.chromosomes(), [&](std::uint64_t c, PartWriter& part) {
            join_chromosome(work, plan, c, pruned, current, part);
        });
    const PairWork pairs{params, work.shared, samples, index};
    std::optional<LdScores> scores;
    if (params.ld_scores || params.write_blocks) scores.emplace(context, pairs);
    const Parts blocks = params.write_blocks ? make_blocks(context, pairs, *scores) : Parts();
    const RowSources sources{*genotypes, selection, index, joined, scores ? &*scores : nullptr};
    const Parts rows =
        context.for_each_unit("rows", units.size(), [&](std::uint64_t u, PartWriter& part) {
            write_rows(sources, units[u], u, part);
        });
    const UnitTables tables(context, rows, {ld_variants_table()});
    context.publish("ld", [&](ResultWriter& out) {
        const LdTally sum = tally(rows, joined);
        tables.write(out);
        publish_blocks(out, blocks);
        write_facts(out, sum, samples);
        report(context.log(), sum);
    });
}

} // namespace salus
