#include "base/text.hpp"
#include "formats/vocabulary_files.hpp"
#include "stages/health_quality/phases.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace salus::health_quality {
namespace {

void write_concepts(const std::unordered_map<std::uint32_t, Concept>& known, PartWriter& part) {
    TableData table(TableSpec{.name = "vocabulary",
                              .row = "concept",
                              .doc = "Concepts in use",
                              .columns = {{"concept_id", ColumnType::u32, "", "concept"},
                                          {"code", ColumnType::text, "", "code"},
                                          {"domain", ColumnType::text, "", "domain"},
                                          {"standard", ColumnType::u8, "0 or 1", "standard"},
                                          {"valid", ColumnType::u8, "0 or 1", "valid"}}});
    std::vector<std::uint32_t> ids;
    for (const auto& [id, about] : known)
        ids.push_back(id);
    std::sort(ids.begin(), ids.end());
    for (const std::uint32_t id : ids) {
        const Concept& about = known.at(id);
        table.column<std::uint32_t>("concept_id").push_back(id);
        table.column<std::string>("code").push_back(about.code);
        table.column<std::string>("domain").push_back(about.domain);
        table.column<std::uint8_t>("standard").push_back(about.standard ? 1 : 0);
        table.column<std::uint8_t>("valid").push_back(about.valid ? 1 : 0);
    }
    part.write(table);
}

/// What the vocabulary says of the concepts in use.
std::unordered_map<std::uint32_t, Concept> look_up(const std::filesystem::path& table,
                                                   const Contents& used) {
    if (table.empty()) return {};
    std::unordered_set<std::uint32_t> wanted;
    for (const auto& [where, rows] : used.concepts)
        wanted.insert(where.second);
    return read_concepts(table, wanted);
}

} // namespace

std::unordered_map<std::uint32_t, Concept> known_concepts(const H5File& contents) {
    std::unordered_map<std::uint32_t, Concept> known;
    const TableData rows = contents.read("vocabulary");
    for (std::size_t i = 0; i < rows.rows(); ++i)
        known[rows.column<std::uint32_t>("concept_id")[i]] = {
            .code = rows.column<std::string>("code")[i],
            .domain = rows.column<std::string>("domain")[i],
            .standard = rows.column<std::uint8_t>("standard")[i] != 0,
            .valid = rows.column<std::uint8_t>("valid")[i] != 0};
    return known;
}

void sum_contents(const Plan& plan, const Parts& rows, PartWriter& part) {
    Contents contents;
    std::uint64_t end = 0;
    for (std::uint64_t unit = 0; unit < rows.size(); ++unit) {
        const H5File piece = rows.open(unit);
        const auto span = piece.read_array<std::uint64_t>("span");
        if (!plan.units[unit].first)
            check_seam(plan.tables[plan.units[unit].table].path, end, span.at(0));
        end = span.at(1);
        contents.add(piece);
    }
    contents.write(part);
    write_concepts(look_up(plan.concepts, contents), part);
}

} // namespace salus::health_quality
