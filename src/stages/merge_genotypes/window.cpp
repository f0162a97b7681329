#include "stages/merge_genotypes/window.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace salus {
namespace {

/// A variant with the rows of one store; dosages and phase may be empty.
struct Held {
    Variant variant;
    std::vector<std::uint8_t> calls, phase;
    std::vector<Dosage> dosages;
};

/// Walks through the variants of a range, a block at a time.
class StoreCursor {
public:
    StoreCursor(const GenotypeSource& store, VariantRange range) : store_(store), left_(range) {}

    /// Position of the current variant; nothing at the end.
    std::optional<std::uint32_t> position() {
        if (at_ == variants_.size() && !load()) return std::nullopt;
        return variants_[at_].position;
    }
    Held take() {
        const std::size_t samples = block_.sample_count();
        Held held{.variant = std::move(variants_[at_]),
                  .calls = std::vector<std::uint8_t>(packed_bytes(samples))};
        block_.unpack(at_, held.calls);
        if (block_.has_dosages(at_)) {
            held.dosages.resize(samples);
            block_.unpack_dosages(at_, held.dosages);
        }
        if (const auto phased = block_.phased(at_); !phased.empty()) {
            held.phase.resize(packed_bytes(samples));
            for (const Carrier carrier : phased)
                packed_set(held.phase, carrier_sample(carrier), carrier_call(carrier));
        }
        ++at_;
        return held;
    }

private:
    bool load() {
        if (left_.size() == 0) return false;
        const std::uint64_t step = std::max<std::uint64_t>(1, store_.block_variants());
        const std::uint64_t end = std::min(left_.end, (left_.begin / step + 1) * step);
        variants_ = store_.variants({left_.begin, end});
        store_.read({left_.begin, end}, block_, WithPhase::yes);
        left_.begin = end;
        at_ = 0;
        return true;
    }

    const GenotypeSource& store_;
    VariantRange left_;
    std::vector<Variant> variants_;
    VariantBlock block_;
    std::size_t at_ = 0;
};

std::vector<std::uint8_t> reordered(const std::vector<std::uint8_t>& row,
                                    const std::vector<std::uint32_t>& order) {
    if (row.empty()) return {};
    std::vector<std::uint8_t> out(row.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        packed_set(out, i, packed_get(row, order[i]));
    return out;
}

void reorder(Held& held, const std::vector<std::uint32_t>& order) {
    if (order.empty()) return;
    held.calls = reordered(held.calls, order);
    held.phase = reordered(held.phase, order);
    if (held.dosages.empty()) return;
    std::vector<Dosage> dosages(held.dosages.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        dosages[i] = held.dosages[order[i]];
    held.dosages = std::move(dosages);
}

using Alleles = std::pair<std::string, std::string>;

/// The variants that stores have at one position: [store][number there].
using Position = std::vector<std::vector<Held>>;

/// Stores of the same samples: one after the other.
void take_in_turn(const MergePlan& plan, Position& here, const TakeVariant& take) {
    std::map<Alleles, std::size_t> seen; // store
    for (std::size_t s = 0; s < here.size(); ++s)
        for (Held& held : here[s]) {
            const auto [found, fresh] =
                seen.emplace(Alleles{held.variant.ref, held.variant.alt}, s);
            if (!fresh && found->second != s)
                throw DataError(
                    {.what = "two stores of the same samples hold the same variant",
                     .where = text("variant ", held.variant.chromosome, ":", held.variant.position,
                                   ", stores ", found->second + 1, " and ", s + 1),
                     .why = "it cannot be told which calls are right",
                     .help =
                         "leave it out of one of them with a variant list when it is ingested"});
            reorder(held, plan.order[s]);
            take(held.variant, {.calls = held.calls, .dosages = held.dosages, .phase = held.phase});
        }
}

/// FILTER of a variant that several batches judged: what any of them found against it.
std::string joined_filter(const std::vector<const Held*>& batches) {
    std::set<std::string> failed;
    bool passed = false;
    for (const Held* held : batches) {
        if (held == nullptr || held->variant.filter.empty()) continue;
        for (const std::string_view name : split(held->variant.filter, ';'))
            if (name == "PASS")
                passed = true;
            else
                failed.emplace(name);
    }
    if (failed.empty()) return passed ? "PASS" : "";
    return join(std::vector<std::string>(failed.begin(), failed.end()), ";");
}

/// Rows of all samples of all stores, one behind the other.
class Joiner {
public:
    Joiner(const GenotypeStores& stores, std::size_t samples)
        : samples_(samples), calls_(packed_bytes(samples)) {
        for (const auto& store : stores)
            sizes_.push_back(store->samples().size());
    }

    void hand_out(const std::vector<const Held*>& batches, const TakeVariant& take) {
        const auto any = [&](auto member) {
            return std::any_of(batches.begin(), batches.end(), [&](const Held* held) {
                return held != nullptr && !(held->*member).empty();
            });
        };
        const bool dosages = any(&Held::dosages), phase = any(&Held::phase);
        std::fill(calls_.begin(), calls_.end(), std::uint8_t{0});
        phase_.assign(phase ? calls_.size() : 0, 0);
        dosages_.assign(dosages ? samples_ : 0, dosage_missing);
        std::size_t at = 0;
        const Variant* variant = nullptr;
        for (std::size_t s = 0; s < batches.size(); at += sizes_[s++]) {
            add(batches[s], at, sizes_[s]);
            if (variant == nullptr && batches[s] != nullptr) variant = &batches[s]->variant;
        }
        Variant joined = *variant;
        for (const Held* held : batches)
            if (joined.id.empty() && held != nullptr) joined.id = held->variant.id;
        joined.filter = joined_filter(batches);
        joined.info.clear();
        take(joined, {.calls = calls_, .dosages = dosages_, .phase = phase_});
    }

private:
    void add(const Held* held, std::size_t at, std::size_t samples) {
        if (held == nullptr) {
            for (std::size_t i = at; i < at + samples; ++i)
                packed_set(calls_, i, missing);
            return;
        }
        append_calls_at(calls_, at, held->calls, samples);
        if (!held->phase.empty()) append_calls_at(phase_, at, held->phase, samples);
        if (dosages_.empty()) return;
        for (std::size_t i = 0; i < samples; ++i)
            dosages_[at + i] = held->dosages.empty() ? dosage_of_call(packed_get(held->calls, i))
                                                     : held->dosages[i];
    }

    std::size_t samples_;
    std::vector<std::size_t> sizes_;
    std::vector<std::uint8_t> calls_, phase_;
    std::vector<Dosage> dosages_;
};

/// Stores of different samples: the same alleles are one variant; where a store has them more than
/// once, the first goes with the first of the others, and so on.
void take_joined(Joiner& joiner, const Position& here, MergeSites sites, const TakeVariant& take,
                 MergeCounters& counters) {
    std::map<std::pair<Alleles, std::size_t>, std::size_t> place; // with the number of repetition
    std::vector<std::vector<const Held*>> variants;
    for (std::size_t s = 0; s < here.size(); ++s) {
        std::map<Alleles, std::size_t> repeated;
        for (const Held& held : here[s]) {
            const Alleles alleles{held.variant.ref, held.variant.alt};
            const auto [found, fresh] =
                place.emplace(std::pair{alleles, repeated[alleles]++}, variants.size());
            if (fresh) variants.emplace_back(here.size(), nullptr);
            variants[found->second][s] = &held;
        }
    }
    for (const auto& batches : variants) {
        const bool whole = std::find(batches.begin(), batches.end(), nullptr) == batches.end();
        if (!whole && sites == MergeSites::intersection) {
            ++counters.left_out;
            continue;
        }
        counters.filled += whole ? 0 : 1;
        joiner.hand_out(batches, take);
    }
}

} // namespace

void append_calls_at(std::span<std::uint8_t> out, std::size_t at, std::span<const std::uint8_t> row,
                     std::size_t samples) noexcept {
    const auto shift = static_cast<unsigned>(2 * (at % 4));
    std::size_t to = at / 4;
    for (std::size_t byte = 0; byte < packed_bytes(samples); ++byte, ++to) {
        const unsigned calls = unsigned{row[byte]} << shift;
        out[to] = static_cast<std::uint8_t>(out[to] | (calls & 0xFF));
        if (calls > 0xFF) out[to + 1] = static_cast<std::uint8_t>(out[to + 1] | calls >> 8);
    }
}

MergeCounters merge_unit(const GenotypeStores& stores, const MergePlan& plan, const MergeUnit& unit,
                         MergeSites sites, const TakeVariant& take) {
    std::vector<StoreCursor> cursors;
    for (std::size_t s = 0; s < stores.size(); ++s) {
        const VariantRange all = plan.chromosomes[unit.chromosome].ranges[s];
        cursors.emplace_back(*stores[s], VariantRange{first_at(*stores[s], all, unit.begin),
                                                      first_at(*stores[s], all, unit.end)});
    }
    MergeCounters counters;
    const TakeVariant count = [&](const Variant& variant, const GenotypeView& view) {
        ++counters.variants;
        take(variant, view);
    };
    Joiner joiner(stores, plan.kind == MergeKind::samples ? plan.result.samples.size() : 0);
    Position here(stores.size());
    for (;;) {
        std::optional<std::uint32_t> next;
        for (StoreCursor& cursor : cursors)
            if (const auto position = cursor.position(); position && (!next || *position < *next))
                next = position;
        if (!next) return counters;
        for (std::size_t s = 0; s < cursors.size(); ++s) {
            here[s].clear();
            while (cursors[s].position() == next)
                here[s].push_back(cursors[s].take());
        }
        if (plan.kind == MergeKind::variants)
            take_in_turn(plan, here, count);
        else
            take_joined(joiner, here, sites, count, counters);
    }
}

} // namespace salus
