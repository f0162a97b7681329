#include "formats/vocabulary_files.hpp"

#include "base/text.hpp"
#include "formats/delimited.hpp"
#include "formats/omop_tables.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace salus {
namespace {

using Paths = std::map<std::string, std::filesystem::path>;

Paths tables_of(const std::filesystem::path& folder) {
    std::error_code code;
    std::filesystem::directory_iterator entries(folder, code);
    if (code)
        throw DataError({.what = "cannot read the folder of the vocabulary",
                         .where = folder.string(),
                         .why = code.message(),
                         .help = "give the folder that holds CONCEPT.csv"});
    Paths paths;
    for (const auto& entry : entries) {
        const std::string name = omop_table_name(entry.path());
        if (name.empty()) continue;
        if (!paths.emplace(name, entry.path()).second)
            throw DataError({.what = text("table ", name, " is there twice"),
                             .where = folder.string(),
                             .why = "one file holds a table",
                             .help = "remove all but one"});
    }
    if (!paths.contains("concept"))
        throw DataError({.what = "there is no table concept",
                         .where = folder.string(),
                         .why = "a vocabulary is read from its tables: concept, and if there "
                                "concept_ancestor, concept_relationship, source_to_concept_map",
                         .help = "give the folder that the vocabulary was unpacked in"});
    return paths;
}

using Columns = std::vector<std::string>;
const Columns source_columns{"concept_id", "vocabulary_id", "concept_code"},
    concept_columns{"concept_id",     "domain_id",     "standard_concept",
                    "invalid_reason", "vocabulary_id", "concept_code"},
    map_columns{"source_vocabulary_id", "source_code", "target_concept_id", "invalid_reason"},
    relation_columns{"concept_id_1", "concept_id_2", "relationship_id", "invalid_reason"},
    ancestor_columns{"ancestor_concept_id", "descendant_concept_id", "min_levels_of_separation"};

/// One table; fields are asked for by their place in `columns`. Of these the first `required` must
/// be there, all unless told; a field of another one is empty where it is not.
class Table {
public:
    Table(const std::filesystem::path& path, const Columns& columns,
          std::size_t required = std::numeric_limits<std::size_t>::max())
        : header_(read_delimited_header(path)),
          reader_(header_, {},
                  header_.separator == '\t' ? Quotes::ordinary : Quotes::around_fields) {
        const Columns wanted(columns.begin(),
                             columns.begin() +
                                 static_cast<std::ptrdiff_t>(std::min(required, columns.size())));
        if (auto problems = header_.missing(wanted); !problems.empty())
            throw DataError(std::move(problems));
        for (const std::string& name : columns)
            places_.push_back(header_.find(name));
    }
    bool next() { return reader_.next_valid(); }
    /// Passes over rows that cannot be read.
    bool next_readable() {
        while (reader_.next())
            if (reader_.defect() == RowDefect::none) return true;
        return false;
    }
    std::string_view operator[](std::size_t column) const {
        const auto place = places_[column];
        return place ? trim(reader_[*place]) : std::string_view{};
    }
    std::optional<std::uint32_t> find_number(std::size_t column) const {
        const auto value = parse_integer((*this)[column]);
        if (!value || *value < 0 || *value > std::numeric_limits<std::uint32_t>::max())
            return std::nullopt;
        return static_cast<std::uint32_t>(*value);
    }
    std::uint32_t number(std::size_t column) const {
        if (const auto value = find_number(column)) return *value;
        throw DataError({.what = "this is not a concept",
                         .where = reader_.where(header_.names[places_[column].value()]),
                         .why = "concepts and levels are whole numbers below 2^32",
                         .help = "unpack the vocabulary again"});
    }

private:
    DelimitedHeader header_;
    DelimitedReader reader_;
    std::vector<std::optional<std::size_t>> places_;
};

void for_rows(const Paths& paths, const std::string& table, const Columns& columns,
              const std::function<void(const Table&)>& take) {
    const auto found = paths.find(table);
    if (found == paths.end()) return;
    Table rows(found->second, columns);
    while (rows.next())
        take(rows);
}

/// Of a row of concept_columns.
Concept concept_of(const Table& row) {
    return {.code = row[4].empty() ? std::string() : vocabulary_code(row[4], row[5]),
            .domain = std::string(row[1]),
            .standard = row[2] == "S",
            .valid = row[3].empty()};
}

} // namespace

Vocabulary read_vocabulary(const std::filesystem::path& folder, std::span<const CodeEntry> in_use) {
    const Paths paths = tables_of(folder);
    VocabularyBuilder builder(in_use);
    for_rows(paths, "concept", source_columns,
             [&](const Table& row) { builder.find_source(row.number(0), row[1], row[2]); });
    for_rows(paths, "source_to_concept_map", map_columns, [&](const Table& row) {
        if (row[3].empty()) builder.add_source_map(row[0], row[1], row.number(2));
    });
    for_rows(paths, "concept_relationship", relation_columns, [&](const Table& row) {
        if (row[2] == "Maps to" && row[3].empty())
            builder.add_maps_to(row.number(0), row.number(1));
    });
    for_rows(paths, "concept_ancestor", ancestor_columns, [&](const Table& row) {
        builder.add_ancestor(row.number(0), row.number(1), row.number(2));
    });
    for_rows(paths, "concept", concept_columns,
             [&](const Table& row) { builder.add_concept(row.number(0), concept_of(row)); });
    return builder.finish();
}

std::unordered_map<std::uint32_t, Concept>
read_concepts(const std::filesystem::path& table, const std::unordered_set<std::uint32_t>& wanted) {
    constexpr std::size_t without_codes = 4;
    std::unordered_map<std::uint32_t, Concept> found;
    Table row(table, concept_columns, without_codes);
    while (row.next_readable())
        if (const auto id = row.find_number(0); id && wanted.contains(*id))
            found.insert_or_assign(*id, concept_of(row));
    return found;
}

void check_vocabulary(const std::filesystem::path& folder) {
    const Paths paths = tables_of(folder);
    for (const auto& [table, columns] :
         {std::pair{"concept", concept_columns}, std::pair{"source_to_concept_map", map_columns},
          std::pair{"concept_relationship", relation_columns},
          std::pair{"concept_ancestor", ancestor_columns}})
        if (const auto found = paths.find(table); found != paths.end())
            Table(found->second, columns);
}

} // namespace salus
