#include "base/text.hpp"
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
        table.column<std::string>("domain").push_back(about.domain);
        table.column<std::uint8_t>("standard").push_back(about.standard ? 1 : 0);
        table.column<std::uint8_t>("valid").push_back(about.valid ? 1 : 0);
    }
    part.write(table);
}

struct ConceptColumns {
    std::size_t id, domain, standard, invalid;
};

/// Lines of a vocabulary table as it is distributed: separated by tabs, quotes are characters.
template <class Take>
void for_plain_lines(const std::filesystem::path& path, Take take) {
    ByteStream stream(path);
    std::string waiting;
    std::vector<char> buffer(std::size_t{1} << 20);
    while (const std::size_t got = stream.read(buffer)) {
        waiting.append(buffer.data(), got);
        std::size_t begin = 0;
        for (std::size_t end; (end = waiting.find('\n', begin)) != std::string::npos;
             begin = end + 1)
            take(std::string_view(waiting).substr(begin, end - begin));
        waiting.erase(0, begin);
    }
    if (!waiting.empty()) take(std::string_view(waiting));
}

} // namespace

std::unordered_map<std::uint32_t, Concept> read_concepts(const std::filesystem::path& path,
                                                         const Contents& used) {
    std::unordered_set<std::uint32_t> wanted;
    for (const auto& [where, rows] : used.concepts)
        wanted.insert(where.second);
    const DelimitedHeader header = read_delimited_header(path);
    const ConceptColumns columns{header.require("concept_id"), header.require("domain_id"),
                                 header.require("standard_concept"),
                                 header.require("invalid_reason")};
    std::unordered_map<std::uint32_t, Concept> found;
    const auto take = [&](auto&& field) {
        const auto number = parse_integer(trim(field(columns.id)));
        if (!number || *number < 0 || *number > 0xFFFFFFFFLL) return;
        const auto key = static_cast<std::uint32_t>(*number);
        if (!wanted.contains(key)) return;
        found[key] = {.domain = std::string(trim(field(columns.domain))),
                      .standard = trim(field(columns.standard)) == "S",
                      .valid = trim(field(columns.invalid)).empty()};
    };
    if (header.separator == '\t') {
        for_plain_lines(path, [&](std::string_view line) {
            const auto fields = split(line, '\t');
            if (fields.size() == header.names.size())
                take([&](std::size_t c) { return fields[c]; });
        });
        return found;
    }
    DelimitedReader reader(path);
    while (reader.next())
        if (reader.defect() == RowDefect::none) take([&](std::size_t c) { return reader[c]; });
    return found;
}

std::unordered_map<std::uint32_t, Concept> known_concepts(const H5File& contents) {
    std::unordered_map<std::uint32_t, Concept> known;
    const TableData rows = contents.read("vocabulary");
    for (std::size_t i = 0; i < rows.rows(); ++i)
        known[rows.column<std::uint32_t>("concept_id")[i]] = {
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
    write_concepts(plan.concepts.empty() ? std::unordered_map<std::uint32_t, Concept>{}
                                         : read_concepts(plan.concepts, contents),
                   part);
}

} // namespace salus::health_quality
