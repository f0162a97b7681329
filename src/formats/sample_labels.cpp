#include "formats/sample_labels.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "formats/delimited.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>

namespace salus {
namespace {

/// Adds rows and refuses those that cannot be.
class LabelRows {
public:
    struct Row {
        std::string_view id, batch, group, father, mother;
    };
    void add(const Row& row, const std::string& where) {
        const auto fail = [&](std::string what, std::string why, std::string help) {
            throw DataError({.what = std::move(what),
                             .where = where,
                             .why = std::move(why),
                             .help = std::move(help)});
        };
        if (row.id.empty())
            fail("a sample has no name", "the sheet is joined to genotypes by sample_id",
                 "fill it in or remove the line");
        if (!seen_.emplace(row.id).second)
            fail("a sample comes twice", "each sample has one line", "remove one of the lines");
        if (row.id == row.father || row.id == row.mother)
            fail("a sample is its own parent", "father and mother are other samples",
                 "correct the pedigree");
        labels.id.emplace_back(row.id);
        labels.batch.emplace_back(row.batch);
        labels.group.emplace_back(row.group);
        labels.father.emplace_back(row.father);
        labels.mother.emplace_back(row.mother);
    }
    SampleLabels labels;

private:
    std::unordered_set<std::string> seen_;
};

/// Row of every sample.
std::unordered_map<std::string_view, std::uint32_t> rows_of(const SampleLabels& labels) {
    std::unordered_map<std::string_view, std::uint32_t> row_of;
    for (std::uint32_t i = 0; i < labels.id.size(); ++i)
        row_of.emplace(labels.id[i], i);
    return row_of;
}

std::string_view known(std::string_view written) {
    const std::string_view word = trim(written);
    return word == "0" || word == "." || lower(word) == "na" ? std::string_view{} : word;
}

SampleLabels read_fam(const std::filesystem::path& path) {
    LabelRows rows;
    rows.labels.has_parents = true;
    const std::string bytes = read_text_file(path);
    std::uint64_t number = 0;
    for (const std::string_view line : split(bytes, '\n')) {
        ++number;
        const auto words = words_of(line);
        if (words.empty()) continue;
        const std::string where = text(path.string(), ", line ", number);
        if (words.size() < 4)
            throw DataError({.what = text("the line has ", words.size(), " fields"),
                             .where = where,
                             .why = "a .fam file names family, individual, father and mother",
                             .help = "use a complete .fam file"});
        rows.add({.id = words[1],
                  .batch = {},
                  .group = {},
                  .father = known(words[2]),
                  .mother = known(words[3])},
                 where);
    }
    return std::move(rows.labels);
}

} // namespace

SampleLabels read_sample_labels(const std::filesystem::path& path) {
    if (path.extension() == ".fam") return read_fam(path);
    DelimitedReader reader(path);
    const auto& header = reader.header();
    const std::size_t id = header.require("sample_id");
    const auto either = [&](std::string_view name, std::string_view other) {
        const auto found = header.find(name);
        return found ? found : header.find(other);
    };
    const auto batch = header.find("batch"), group = header.find("group"),
               father = either("father_id", "father"), mother = either("mother_id", "mother");
    LabelRows rows;
    rows.labels.has_batch = batch.has_value();
    rows.labels.has_group = group.has_value();
    rows.labels.has_parents = father || mother;
    const auto field = [&](const std::optional<std::size_t>& column) {
        return column ? known(reader[*column]) : std::string_view{};
    };
    while (reader.next_valid()) {
        rows.add({.id = trim(reader[id]),
                  .batch = field(batch),
                  .group = field(group),
                  .father = field(father),
                  .mother = field(mother)},
                 text(path.string(), ", line ", reader.line()));
    }
    return std::move(rows.labels);
}

SampleLabels labels_of(const SampleLabels& sheet, const std::vector<std::string>& ids) {
    const auto row_of = rows_of(sheet);
    SampleLabels labels{.id = ids,
                        .batch = std::vector<std::string>(ids.size()),
                        .group = std::vector<std::string>(ids.size()),
                        .father = std::vector<std::string>(ids.size()),
                        .mother = std::vector<std::string>(ids.size()),
                        .has_batch = sheet.has_batch,
                        .has_group = sheet.has_group,
                        .has_parents = sheet.has_parents};
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const auto found = row_of.find(ids[i]);
        if (found == row_of.end()) continue;
        labels.batch[i] = sheet.batch[found->second];
        labels.group[i] = sheet.group[found->second];
        labels.father[i] = sheet.father[found->second];
        labels.mother[i] = sheet.mother[found->second];
    }
    return labels;
}

std::vector<DeclaredParents> declared_parents(const SampleLabels& labels) {
    if (!labels.has_parents) return {};
    const auto row_of = rows_of(labels);
    const auto find = [&](std::string_view name) {
        const auto found = row_of.find(name);
        return found == row_of.end() ? no_parent : found->second;
    };
    std::vector<DeclaredParents> parents(labels.id.size());
    for (std::size_t i = 0; i < parents.size(); ++i)
        parents[i] = {.father = find(labels.father[i]), .mother = find(labels.mother[i])};
    return parents;
}

} // namespace salus
