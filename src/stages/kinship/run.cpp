#include "base/text.hpp"
#include "formats/file_genotypes.hpp"
#include "formats/sample_labels.hpp"
#include "models/kinship.hpp"
#include "models/relatives.hpp"
#include "parallel/read_once.hpp"
#include "stages/kinship/kinship.hpp"
#include "stages/kinship/pairs.hpp"
#include "stages/kinship/pedigree.hpp"

#include <algorithm>
#include <optional>

namespace salus {
namespace {

using namespace relatedness;

std::vector<RelatedPair> pairs_up_to(std::span<const PairFact> pairs, std::int64_t degree) {
    std::vector<RelatedPair> related;
    related.reserve(static_cast<std::size_t>(std::count_if(
        pairs.begin(), pairs.end(), [&](const PairFact& pair) { return pair.degree <= degree; })));
    for (const PairFact& pair : pairs)
        if (pair.degree <= degree) related.push_back({pair.first, pair.second});
    return related;
}

std::vector<std::uint8_t> marks_of(const Cohort& cohort, std::size_t samples) {
    std::vector<std::uint8_t> members(samples);
    for (const std::uint32_t i : cohort.samples)
        members[i] = 1;
    return members;
}

/// The rows of all samples of the store.
TableData samples_rows(const SampleTable& samples, const std::vector<std::uint8_t>& members,
                       const Findings& findings, const KinshipParams& params) {
    TableData table(kinship_samples_table());
    const auto close = pairs_up_to(findings.pairs, params.unrelated_degree);
    std::vector<std::uint32_t> relatives(samples.size());
    for (const auto& [a, b] : pairs_up_to(findings.pairs, beyond_third_degree - 1))
        ++relatives[a], ++relatives[b];
    table.column<std::string>("sample_id") = samples.id;
    table.column<std::uint8_t>("compared") = members;
    table.column<double>("call_rate") = findings.call_rate;
    table.column<std::uint32_t>("family") =
        find_families(samples.size(), pairs_up_to(findings.pairs, params.family_degree));
    table.column<std::uint32_t>("relatives") = std::move(relatives);
    table.column<std::uint8_t>("unrelated") =
        unrelated_set({.pairs = close, .call_rate = findings.call_rate, .eligible = members});
    return table;
}

void write_facts(ResultWriter& out, const ChosenVariants& chosen, const Findings& findings,
                 const TableData& samples) {
    const auto count = [&](const auto& condition) {
        return std::count_if(findings.pairs.begin(), findings.pairs.end(), condition);
    };
    for (const char* relation :
         {"duplicate_or_twin", "parent_child", "full_siblings", "second_degree", "third_degree"})
        out.fact(text("pairs_", relation), static_cast<std::int64_t>(count([&](const PairFact& p) {
                     return p.relation() == relation;
                 })));
    const auto& family = samples.column<std::uint32_t>("family");
    const auto& kept = samples.column<std::uint8_t>("unrelated");
    const auto fact = [&](const char* name, auto value) {
        out.fact(name, static_cast<std::int64_t>(value));
    };
    fact("families", family.empty() ? 0 : *std::max_element(family.begin(), family.end()));
    fact("unrelated_samples", std::count(kept.begin(), kept.end(), 1));
    fact("variants_eligible", chosen.eligible);
    fact("variants_used", chosen.variant.size());
    fact("pairs_compared", findings.compared);
    fact("pairs_counted_in_full", findings.evaluated);
}

void report(const Log& log, const ChosenVariants& chosen, const Findings& findings,
            const TableData& samples) {
    const auto& kept = samples.column<std::uint8_t>("unrelated");
    log.info(
        text(with_thousands(findings.compared), " pairs on ", with_thousands(chosen.variant.size()),
             " variants: ", with_thousands(findings.pairs.size()), " reach the cut-off (",
             with_thousands(findings.evaluated), " counted in full); ",
             with_thousands(static_cast<std::uint64_t>(std::count(kept.begin(), kept.end(), 1))),
             " samples are unrelated"));
}

} // namespace

void run_kinship(const KinshipParams& params, RunContext& context) {
    const auto genotypes = read_once(context.comm(), "opening the genotypes", [&] {
        return open_any_genotypes(context.input("genotypes"));
    });
    const SampleTable& samples = genotypes->samples();
    const Cohort cohort = read_once(context.comm(), "choosing the samples",
                                    [&] { return open_cohort(context, *genotypes); });
    const auto parents = read_once(context.comm(), "reading the pedigree", [&] {
        if (!context.has_input("sample_sheet")) return std::vector<DeclaredParents>();
        return declared_parents(
            labels_of(read_sample_labels(context.input("sample_sheet")), samples.id));
    });
    const ChosenVariants chosen = choose_variants(context, *genotypes, cohort, params);
    const Parts planes = write_planes(context, *genotypes, cohort, chosen);
    const Parts parts = compare_pairs(context, samples, cohort, chosen, planes, params);
    context.publish("kinship", [&](ResultWriter& out) {
        const Findings findings = collect(parts, cohort, samples.size(), chosen.variant.size());
        const std::vector<std::uint8_t> members = marks_of(cohort, samples.size());
        const TableData rows = samples_rows(samples, members, findings, params);
        out.assemble(kinship_pairs_table(), parts);
        out.write(rows);
        out.write(check_pedigree(parents, members, findings.pairs, samples.id));
        write_facts(out, chosen, findings, rows);
        report(context.log(), chosen, findings, rows);
    });
}

} // namespace salus
