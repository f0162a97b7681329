#include "stages/merge_genotypes/plan.hpp"

#include "base/error.hpp"
#include "base/problems.hpp"
#include "base/text.hpp"
#include "store/h5.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
#include <unordered_map>

namespace salus {
namespace {

Variant variant_at(const GenotypeSource& store, std::uint64_t v) {
    return std::move(store.variants({v, v + 1}).front());
}

/// Chromosomes of a store with their ranges, in its order. They do not come back, so "still on this
/// one" is true up to a place and false from there on.
std::vector<std::pair<std::string, VariantRange>> chromosomes_of(const GenotypeSource& store) {
    std::vector<std::pair<std::string, VariantRange>> runs;
    const std::uint64_t all = store.variant_count();
    for (std::uint64_t begin = 0; begin < all;) {
        const std::string name = variant_at(store, begin).chromosome;
        std::uint64_t inside = begin, outside = begin + 1;
        for (std::uint64_t step = 1; outside < all; step *= 2) {
            if (variant_at(store, outside).chromosome != name) break;
            inside = outside;
            outside = std::min(all, outside + step);
        }
        while (outside - inside > 1) {
            const std::uint64_t middle = inside + (outside - inside) / 2;
            (variant_at(store, middle).chromosome == name ? inside : outside) = middle;
        }
        runs.emplace_back(name, VariantRange{begin, outside});
        begin = outside;
    }
    return runs;
}

/// Puts the chromosomes of all stores into one order that contradicts none of them; where they
/// leave a choice, the store given first goes first.
std::vector<MergeChromosome> order_chromosomes(const GenotypeStores& stores,
                                               std::span<const std::filesystem::path> paths) {
    std::vector<std::vector<std::pair<std::string, VariantRange>>> runs;
    for (const auto& store : stores)
        runs.push_back(chromosomes_of(*store));
    std::vector<std::size_t> next(stores.size(), 0);
    const auto is_free = [&](const std::string& name) {
        for (std::size_t s = 0; s < runs.size(); ++s)
            for (std::size_t k = next[s] + 1; k < runs[s].size(); ++k)
                if (runs[s][k].first == name) return false;
        return true;
    };
    std::vector<MergeChromosome> ordered;
    for (;;) {
        std::optional<std::string> name;
        bool left = false;
        for (std::size_t s = 0; s < runs.size() && !name; ++s) {
            if (next[s] == runs[s].size()) continue;
            left = true;
            if (is_free(runs[s][next[s]].first)) name = runs[s][next[s]].first;
        }
        if (!left) return ordered;
        if (!name)
            throw DataError({.what = "the stores hold their chromosomes in different orders",
                             .where = text(paths.front().string(), " and others"),
                             .why = "a store is sorted, and no order fits all of them",
                             .help = "ingest the files again in the same order of chromosomes"});
        MergeChromosome& chromosome = ordered.emplace_back();
        chromosome.name = *name;
        for (std::size_t s = 0; s < runs.size(); ++s) {
            const bool here = next[s] < runs[s].size() && runs[s][next[s]].first == *name;
            chromosome.ranges.push_back(here ? runs[s][next[s]].second : VariantRange{});
            next[s] += here ? 1 : 0;
        }
    }
}

[[noreturn]] void fail(std::string what, std::string why, std::string help,
                       const std::filesystem::path& path) {
    throw DataError({.what = std::move(what),
                     .where = path.string(),
                     .why = std::move(why),
                     .help = std::move(help)});
}

/// Same samples in all stores: their order in each, and what is known of their sex.
void join_samples(const GenotypeStores& stores, std::span<const std::filesystem::path> paths,
                  const std::unordered_map<std::string_view, std::size_t>& row, MergePlan& plan) {
    plan.kind = MergeKind::variants;
    plan.result.samples = stores.front()->samples();
    plan.order.resize(stores.size());
    for (std::size_t s = 1; s < stores.size(); ++s) {
        const SampleTable& samples = stores[s]->samples();
        std::uint64_t contradictions = 0;
        auto& order = plan.order[s];
        order.resize(samples.size());
        for (std::size_t i = 0; i < samples.size(); ++i) {
            const std::size_t to = row.at(samples.id[i]);
            order[to] = static_cast<std::uint32_t>(i);
            Sex& sex = plan.result.samples.sex[to];
            if (sex == Sex::unknown)
                sex = samples.sex[i];
            else if (samples.sex[i] != Sex::unknown && samples.sex[i] != sex)
                ++contradictions;
        }
        if (contradictions > 0)
            fail(text("the recorded sex of ", with_thousands(contradictions),
                      " samples differs between the stores"),
                 "calls on X and Y depend on it", "ingest with one sample sheet for all files",
                 paths[s]);
        if (std::is_sorted(order.begin(), order.end())) order.clear();
    }
}

/// Other samples in each store: one after the other.
void append_samples(const GenotypeStores& stores, MergePlan& plan) {
    plan.kind = MergeKind::samples;
    for (const auto& store : stores) {
        const SampleTable& samples = store->samples();
        auto& all = plan.result.samples;
        all.id.insert(all.id.end(), samples.id.begin(), samples.id.end());
        all.sex.insert(all.sex.end(), samples.sex.begin(), samples.sex.end());
    }
}

void match_samples(const GenotypeStores& stores, std::span<const std::filesystem::path> paths,
                   MergePlan& plan) {
    std::unordered_map<std::string_view, std::size_t> first; // of the first store
    const auto& ids = stores.front()->samples().id;
    for (std::size_t i = 0; i < ids.size(); ++i)
        first.emplace(ids[i], i);
    const bool same = std::all_of(stores.begin(), stores.end(), [&](const auto& store) {
        const auto& other = store->samples().id;
        return other.size() == ids.size() &&
               std::all_of(other.begin(), other.end(),
                           [&](const std::string& id) { return first.contains(id); });
    });
    if (same) return join_samples(stores, paths, first, plan);
    std::unordered_map<std::string_view, std::size_t> seen;
    for (std::size_t s = 0; s < stores.size(); ++s) {
        std::uint64_t twice = 0;
        for (const std::string& id : stores[s]->samples().id)
            twice += seen.emplace(id, s).second ? 0U : 1U;
        if (twice > 0)
            fail(text(with_thousands(twice), " samples are in another store already"),
                 "stores are merged that hold the same samples, or no sample in common",
                 "leave the samples out of one of them with a sample list when it is ingested",
                 paths[s]);
    }
    append_samples(stores, plan);
}

/// INFO fields are kept where all stores have the same and their values stay true.
void match_info(std::span<const std::filesystem::path> paths, MergePlan& plan) {
    std::vector<std::string> info;
    for (const auto& path : paths)
        info.push_back(H5File::open(path / "index.h5").text_attribute("/", "info").value_or(""));
    const bool same = std::equal(info.begin() + 1, info.end(), info.begin());
    if (plan.kind == MergeKind::variants && same && !info.front().empty())
        for (const std::string_view key : split(info.front(), ','))
            plan.result.info.emplace_back(key);
    else if (std::any_of(info.begin(), info.end(), [](const auto& keys) { return !keys.empty(); }))
        plan.warnings.push_back(plan.kind == MergeKind::samples
                                    ? "INFO fields are left out: they speak of one batch of samples"
                                    : "INFO fields are left out: the stores hold different ones");
}

/// Cuts each chromosome at positions of the store that has most variants there.
void cut_units(const GenotypeStores& stores, MergePlan& plan) {
    const auto total = [&](const MergeChromosome& c) {
        return std::accumulate(c.ranges.begin(), c.ranges.end(), std::uint64_t{0},
                               [](std::uint64_t sum, VariantRange r) { return sum + r.size(); });
    };
    std::uint64_t all = 0;
    for (const MergeChromosome& c : plan.chromosomes)
        all += total(c);
    if (all == 0) return;
    const std::uint64_t target =
        variant_units(all, plan.result.samples.size(), stores.front()->block_variants())
            .front()
            .size();
    for (std::size_t c = 0; c < plan.chromosomes.size(); ++c) {
        const auto& ranges = plan.chromosomes[c].ranges;
        const auto largest =
            std::max_element(ranges.begin(), ranges.end(),
                             [](VariantRange a, VariantRange b) { return a.size() < b.size(); });
        const GenotypeSource& store = *stores[static_cast<std::size_t>(largest - ranges.begin())];
        const std::uint64_t pieces =
            std::max<std::uint64_t>(1, total(plan.chromosomes[c]) / target);
        std::uint64_t begin = 0;
        for (std::uint64_t k = 1; k < pieces; ++k) {
            const std::uint64_t cut =
                variant_at(store, largest->begin + largest->size() * k / pieces).position;
            if (cut <= begin) continue;
            plan.units.push_back({c, begin, cut});
            begin = cut;
        }
        plan.units.push_back({c, begin, std::numeric_limits<std::uint64_t>::max()});
    }
}

} // namespace

std::uint64_t first_at(const GenotypeSource& store, VariantRange range, std::uint64_t position) {
    while (range.begin < range.end) {
        const std::uint64_t middle = range.begin + range.size() / 2;
        if (variant_at(store, middle).position < position)
            range.begin = middle + 1;
        else
            range.end = middle;
    }
    return range.begin;
}

GenotypeStores open_stores(std::span<const std::filesystem::path> paths) {
    GenotypeStores stores;
    std::vector<Problem> problems;
    for (const auto& path : paths) {
        try {
            stores.push_back(open_genotypes(path));
        } catch (const DataError& error) {
            keep_problems(error, problems);
        }
    }
    if (!problems.empty()) throw_error(ErrorKind::data, std::move(problems));
    return stores;
}

MergePlan plan_merge(const GenotypeStores& stores, std::span<const std::filesystem::path> paths) {
    MergePlan plan;
    plan.result.genome_build = stores.front()->genome_build();
    for (std::size_t s = 1; s < stores.size(); ++s)
        if (stores[s]->genome_build() != plan.result.genome_build)
            fail(text("the store is of genome build ", stores[s]->genome_build(), ", the first of ",
                      plan.result.genome_build),
                 "positions of different builds cannot be joined", "lift one of them over",
                 paths[s]);
    match_samples(stores, paths, plan);
    match_info(paths, plan);
    plan.chromosomes = order_chromosomes(stores, paths);
    cut_units(stores, plan);
    return plan;
}

} // namespace salus
