#include "app/commands.hpp"
#include "base/text.hpp"
#include "health/attrition.hpp"
#include "health/explain.hpp"
#include "health/vocabulary_tree.hpp"
#include "parallel/parallel_for.hpp"
#include "schema/describe.hpp"

#include <algorithm>

namespace salus {
namespace {

std::vector<RecordList> record_lists() {
    return {{"code_set", &code_set_record().params()}, {"trait", &trait_record().params()}};
}

/// "FILE:NAME", where FILE may have colons itself.
struct Chosen {
    std::filesystem::path file;
    std::string name;
};
Chosen chosen_definitions(const std::string& written) {
    std::error_code ignored;
    const std::size_t colon = written.rfind(':');
    if (colon == std::string::npos || std::filesystem::exists(written, ignored))
        return {written, ""};
    return {written.substr(0, colon), written.substr(colon + 1)};
}

/// How far the persons of a store get in each definition.
std::vector<AttritionCounts> count_persons(const Definitions& definitions,
                                           const std::filesystem::path& path) {
    const EventStore store(path);
    const DictionaryOfStore of(store);
    const TraitPanel panel(definitions, of.dictionary());
    std::vector<TraitPanel::Scratch> scratch(thread_count());
    std::vector<std::vector<AttritionCounts>> counts(thread_count(),
                                                     std::vector<AttritionCounts>(panel.size()));
    for (std::uint64_t s = 0; s < store.shard_count(); ++s) {
        const Shard shard = store.read_shard(s);
        parallel_for(shard.size(), [&](std::size_t p) {
            const auto outcomes = panel.evaluate(shard.person(p), scratch[thread_index()]);
            for (std::size_t t = 0; t < outcomes.size(); ++t)
                counts[thread_index()][t].add(outcomes[t]);
        });
    }
    std::vector<std::uint64_t> numbers(AttritionCounts::size);
    for (std::size_t thread = 1; thread < counts.size(); ++thread)
        for (std::size_t t = 0; t < panel.size(); ++t) {
            counts[thread][t].write(numbers);
            counts[0][t].add(numbers);
        }
    return std::move(counts[0]);
}

std::string attrition_text(const TraitDefinition& trait, const AttritionCounts& counts,
                           std::uint64_t threshold) {
    const std::vector<AttritionRow> rows = attrition_rows(trait, counts);
    const std::vector<SuppressedRow> cells = suppress_small(rows, threshold);
    std::string out = "\n     persons        lost  step\n";
    for (std::size_t r = 0; r < rows.size(); ++r) {
        if (r > 0 && rows[r].path != rows[r - 1].path) out += "\n";
        const auto right = [](const std::string& cell) {
            return std::string(cell.size() < 12 ? 12 - cell.size() : 0, ' ') + cell;
        };
        out += text(right(cells[r].left), right(cells[r].lost), "  ", rows[r].step, "\n");
    }
    return out;
}

} // namespace

std::string describe_phenotypes(const std::string& format, const std::string& version) {
    if (format == "json-schema")
        return records_json_schema("Salus phenotype definitions", record_lists());
    if (format == "template") return records_template(record_lists());
    Manual manual{
        .name = "Phenotype definitions",
        .summary = "A definitions file turns events of health records into traits.",
        .sections = {
            {.title = "Description",
             .paragraphs = {"A TOML file with one table [[trait]] per definition, and [[code_set]] "
                            "for code lists with a name. Unknown keys are errors. It is the input "
                            "'definitions' of the stage phenotypes. docs/phenotypes.md explains "
                            "the language.",
                            "salus describe phenotype FILE tells what a file says in words, and "
                            "with --events EVENTS.h5 how many persons each step loses."}}}};
    manual.sections.push_back(params_section("Keys of a trait", trait_record().params()));
    manual.sections.push_back(params_section("Keys of a code set", code_set_record().params()));
    manual.sections.push_back({.title = "Template", .code = records_template(record_lists())});
    return in_format(manual, format, version);
}

std::string describe_definitions(const CommandLine& line) {
    const Chosen chosen = chosen_definitions(line.path.string());
    const Definitions definitions = read_definitions(chosen.file);
    std::vector<std::string> names;
    for (const TraitDefinition& trait : definitions.traits)
        names.push_back(trait.name);
    if (!chosen.name.empty() && std::find(names.begin(), names.end(), chosen.name) == names.end()) {
        const auto near = nearest(chosen.name, names);
        throw UsageError({.what = text("there is no definition '", chosen.name, "'"),
                          .where = chosen.file.string(),
                          .why = text("it defines ", join(names, ", ")),
                          .help = near ? text("did you mean ", *near, "?") : std::string{}});
    }
    std::vector<AttritionCounts> counts;
    if (!line.events.empty()) counts = count_persons(definitions, line.events);
    std::string out;
    for (std::size_t t = 0; t < names.size(); ++t) {
        if (!chosen.name.empty() && names[t] != chosen.name) continue;
        out += text(out.empty() ? "" : "\n", explain(definitions, definitions.traits[t]));
        if (!counts.empty())
            out += attrition_text(definitions.traits[t], counts[t], line.threshold);
    }
    return out;
}

} // namespace salus
