#include "formats/normalize.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <deque>

namespace salus {
namespace {

char capital(char c) noexcept {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

bool is_sequence(std::string_view allele) noexcept {
    return !allele.empty() && allele.find_first_not_of("ACGTNacgtn") == std::string_view::npos;
}

bool same_bases(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return capital(x) == capital(y); });
}

} // namespace

bool is_alignable(const Variant& variant) noexcept {
    return is_sequence(variant.ref) && is_sequence(variant.alt) &&
           !same_bases(variant.ref, variant.alt);
}

void left_align(ReferenceGenome& genome, Variant& variant) {
    const bool trims = capital(variant.ref.back()) == capital(variant.alt.back()) ||
                       (variant.ref.size() > 1 && variant.alt.size() > 1 &&
                        capital(variant.ref.front()) == capital(variant.alt.front()));
    if (!trims) return;
    std::deque<char> ref, alt;
    std::transform(variant.ref.begin(), variant.ref.end(), std::back_inserter(ref), capital);
    std::transform(variant.alt.begin(), variant.alt.end(), std::back_inserter(alt), capital);
    std::uint32_t position = variant.position;
    while (ref.back() == alt.back()) {
        const bool empties = ref.size() == 1 || alt.size() == 1;
        if (empties && position <= 1) break; // nothing lies before the first base
        ref.pop_back();
        alt.pop_back();
        if (!empties) continue;
        const char before = genome.base(variant.chromosome, --position);
        ref.push_front(before);
        alt.push_front(before);
    }
    while (ref.size() > 1 && alt.size() > 1 && ref.front() == alt.front()) {
        ref.pop_front();
        alt.pop_front();
        ++position;
    }
    variant.position = position;
    variant.ref.assign(ref.begin(), ref.end());
    variant.alt.assign(alt.begin(), alt.end());
}

void swap_alleles(Variant& variant, std::span<std::uint8_t> calls, std::span<Dosage> dosages,
                  std::span<std::uint8_t> phase, std::size_t samples) {
    std::swap(variant.ref, variant.alt);
    for (std::string& value : variant.info)
        value.clear();
    for (std::uint8_t& byte : calls) // 0 <-> 2: the high bit changes where the low one is 0
        byte = static_cast<std::uint8_t>(byte ^ (~byte & 0x55U) << 1);
    if (samples % 4 != 0)
        calls.back() = static_cast<std::uint8_t>(calls.back() & ((1U << 2 * (samples % 4)) - 1));
    for (Dosage& dosage : dosages)
        if (dosage != dosage_missing) dosage = static_cast<Dosage>(2 * dosage_one - dosage);
    for (std::uint8_t& byte : phase) // 1 <-> 2: the two bits change places
        byte = static_cast<std::uint8_t>((byte & 0x55U) << 1 | (byte >> 1 & 0x55U));
}

NormalizingReader::NormalizingReader(GenotypeReader& from, ReferenceGenome& genome,
                                     const NormalizeOptions& options, std::size_t samples)
    : from_(from), genome_(genome), options_(options), samples_(samples) {}

bool NormalizingReader::next(GenotypeRecord& out) {
    for (;;) {
        const bool flush = finished_ || has_ahead_;
        if (!waiting_.empty()) {
            const auto first = waiting_.begin();
            // What comes later may move left, but by less than the window.
            if (flush || std::uint64_t{first->first.first} + options_.window <= reached_) {
                Entry entry = std::move(first->second);
                waiting_.erase(first);
                if (!is_ours(entry.variant)) continue;
                hand_out(std::move(entry), out);
                return true;
            }
        } else if (has_ahead_) {
            has_ahead_ = false;
            chromosome_ = ahead_.variants.front().chromosome;
            take(ahead_);
            continue;
        } else if (finished_) {
            return false;
        }
        if (!read_more()) finished_ = true;
    }
}

bool NormalizingReader::is_ours(const Variant& variant) const noexcept {
    const auto &from = options_.from, &to = options_.to;
    const bool before =
        from && variant.chromosome == from->chromosome && variant.position < from->position;
    const bool behind =
        to && variant.chromosome == to->chromosome && variant.position >= to->position;
    return !before && !behind;
}

bool NormalizingReader::read_more() {
    if (!from_.next(ahead_)) return false;
    if (ahead_.variants.front().chromosome != chromosome_) {
        has_ahead_ = true;
        return true;
    }
    take(ahead_);
    return true;
}

NormalizingReader::Entry NormalizingReader::entry_of(GenotypeRecord& record, std::size_t v) {
    const GenotypeView view = record.view(v);
    return {.variant = record.variants[v],
            .calls = {view.calls.begin(), view.calls.end()},
            .phase = {view.phase.begin(), view.phase.end()},
            .dosages = {view.dosages.begin(), view.dosages.end()},
            .depths = record.depths};
}

void NormalizingReader::take(GenotypeRecord& record) {
    reached_ = record.variants.front().position;
    for (std::size_t v = 0; v < record.variants.size(); ++v) {
        Entry entry = entry_of(record, v);
        if (!check_reference(entry)) continue;
        if (options_.align) align(entry);
        const Key key{entry.variant.position, arrivals_++};
        waiting_.emplace(key, std::move(entry));
    }
}

bool NormalizingReader::check_reference(Entry& entry) {
    Variant& variant = entry.variant;
    const auto genome_has = [&](const std::string& allele) {
        return is_sequence(allele) &&
               same_bases(allele,
                          genome_.bases(variant.chromosome, variant.position, allele.size()));
    };
    if (genome_has(variant.ref)) return true;
    if (options_.on_mismatch == OnMismatch::fail)
        throw DataError(
            {.what = "REF is not what the reference genome has",
             .where = text("variant ", variant.chromosome, ":", variant.position),
             .why = "the genotypes were called on another reference, or the alleles are exchanged",
             .help = "give the right reference, or set on_reference_mismatch = \"skip\" or "
                     "\"swap\""});
    if (options_.on_mismatch == OnMismatch::swap && variant.alt_count <= 1 &&
        genome_has(variant.alt)) {
        swap_alleles(variant, entry.calls, entry.dosages, entry.phase, samples_);
        for (HetDepth& depth : entry.depths)
            depth.alt = depth.total - depth.alt;
        entry.swapped = true;
        return true;
    }
    if (is_ours(variant)) ++counters_.mismatched;
    return false;
}

void NormalizingReader::align(Entry& entry) {
    Variant& variant = entry.variant;
    if (!is_alignable(variant)) return;
    const std::uint32_t before = variant.position;
    const std::size_t bases = variant.ref.size() + variant.alt.size();
    left_align(genome_, variant);
    if (variant.position == before && variant.ref.size() + variant.alt.size() == bases) return;
    entry.normalized = true;
    const std::uint32_t moved =
        variant.position > before ? variant.position - before : before - variant.position;
    if (moved < options_.window) return;
    throw DataError({.what = text("a variant moves by ", moved, " bases when it is normalised"),
                     .where = text("variant ", variant.chromosome, ":", before),
                     .why = text("variants are sorted again within ", options_.window, " bases"),
                     .help = text("set normalize_window to more than ", moved)});
}

void NormalizingReader::hand_out(Entry entry, GenotypeRecord& out) {
    ++counters_.variants;
    counters_.swapped += entry.swapped ? 1 : 0;
    counters_.normalized += entry.normalized ? 1 : 0;
    out.variants.resize(1);
    out.variants.front() = std::move(entry.variant);
    out.rows = std::move(entry.calls);
    out.phase = std::move(entry.phase);
    out.dosages = std::move(entry.dosages);
    out.depths = std::move(entry.depths);
}

} // namespace salus
