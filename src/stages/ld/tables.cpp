#include "stages/ld/tables.hpp"

#include "base/error.hpp"
#include "genotype/store_layout.hpp"
#include "store/packed_table.hpp"

#include <algorithm>
#include <limits>

namespace salus::ld {
namespace {

constexpr std::uint64_t rows_at_once = 65536;

void append(TableData& table, const Variant& variant, Reason reason, double score) {
    const auto words = [&](const char* name, std::string value) {
        table.column<std::string>(name).push_back(std::move(value));
    };
    words("chromosome", variant.chromosome);
    table.column<std::uint32_t>("base_pair_location").push_back(variant.position);
    words("variant_id", shown_text(variant.id));
    words("other_allele", shown_text(variant.ref));
    words("effect_allele", shown_text(variant.alt));
    table.column<std::uint8_t>("kept").push_back(reason == Reason::none ? 1 : 0);
    words("reason", std::string(to_string(reason)));
    table.column<double>("ld_score").push_back(score);
}

struct Outcome {
    std::vector<Reason> reason;
    std::vector<double> score;
};

// Reason and score of each variant of a unit, candidates resolved.
Outcome outcome_of(const RowSources& sources, std::uint64_t unit_index) {
    const SelectedUnit selected = read_selected(sources.selection.open(unit_index));
    const auto &codes = selected.reason, &varies = selected.varies;
    std::vector<std::uint8_t> removed;
    std::vector<double> scores;
    for (const auto& slice : sources.index.slices(unit_index)) {
        const auto flags = sources.chromosomes.open(slice.chromosome)
                               .read_rows<std::uint8_t>("removed", slice.first, slice.count);
        removed.insert(removed.end(), flags.begin(), flags.end());
        if (sources.scores == nullptr) continue;
        const auto some = sources.scores->read(slice.chromosome, slice.first, slice.count);
        scores.insert(scores.end(), some.begin(), some.end());
    }
    scores.resize(varies.size(), std::numeric_limits<double>::quiet_NaN());
    SALUS_ASSERT(removed.size() == varies.size());
    Outcome outcome{
        .reason = std::vector<Reason>(codes.size()),
        .score = std::vector<double>(codes.size(), std::numeric_limits<double>::quiet_NaN())};
    std::size_t candidate = 0;
    for (std::size_t v = 0; v < codes.size(); ++v) {
        outcome.reason[v] = static_cast<Reason>(codes[v]);
        if (outcome.reason[v] != Reason::none) continue;
        if (varies[candidate] == 0)
            outcome.reason[v] = Reason::monomorphic;
        else if (removed[candidate] != 0)
            outcome.reason[v] = Reason::in_ld;
        outcome.score[v] = scores[candidate++];
    }
    return outcome;
}

} // namespace

void write_rows(const RowSources& sources, VariantRange unit, std::uint64_t unit_index,
                PartWriter& part) {
    const Outcome outcome = outcome_of(sources, unit_index);
    SALUS_ASSERT(outcome.reason.size() == unit.size());
    TableData table(ld_variants_table());
    for (std::uint64_t begin = unit.begin; begin < unit.end; begin += rows_at_once) {
        const auto variants =
            sources.genotypes.variants({begin, std::min(unit.end, begin + rows_at_once)});
        for (std::size_t v = 0; v < variants.size(); ++v) {
            const std::size_t row = begin - unit.begin + v;
            append(table, variants[v], outcome.reason[row], outcome.score[row]);
        }
    }
    std::vector<std::uint64_t> counts(static_cast<std::size_t>(Reason::in_ld) + 1);
    for (const Reason reason : outcome.reason)
        ++counts[static_cast<std::size_t>(reason)];
    write_unit_table(part, table);
    part.write_array<std::uint64_t>("counts", counts, {}, Compression::none);
}

LdTally tally(const Parts& rows, const Parts& chromosomes) {
    LdTally sum;
    for (std::uint64_t u = 0; u < rows.size(); ++u) {
        const auto counts = rows.open(u).read_array<std::uint64_t>("counts");
        const auto of = [&](Reason reason) { return counts[static_cast<std::size_t>(reason)]; };
        for (const std::uint64_t count : counts)
            sum.variants += count;
        sum.kept += of(Reason::none);
        sum.in_ld += of(Reason::in_ld);
        sum.monomorphic += of(Reason::monomorphic);
    }
    sum.candidates = sum.kept + sum.in_ld + sum.monomorphic;
    for (std::uint64_t c = 0; c < chromosomes.size(); ++c) {
        const auto counts = chromosomes.open(c).read_array<std::uint64_t>("segments");
        sum.segments += counts[0];
        sum.redone += counts[1];
    }
    return sum;
}

} // namespace salus::ld
