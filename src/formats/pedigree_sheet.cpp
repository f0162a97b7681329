#include "formats/pedigree_sheet.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/delimited.hpp"

#include <unordered_map>

namespace salus {

std::vector<DeclaredParents> read_pedigree(const std::filesystem::path& path,
                                           std::span<const std::string> samples) {
    DelimitedReader reader(path);
    const std::size_t id = reader.header().require("sample_id");
    const auto father = reader.header().find("father_id"),
               mother = reader.header().find("mother_id");
    if (!father && !mother) return {};
    std::unordered_map<std::string_view, std::uint32_t> index;
    for (std::uint32_t i = 0; i < samples.size(); ++i)
        index.emplace(samples[i], i);
    const auto find = [&](std::string_view name) {
        const auto found = index.find(trim(name));
        return found == index.end() ? no_parent : found->second;
    };
    std::vector<DeclaredParents> parents(samples.size());
    while (reader.next_valid()) {
        const std::uint32_t sample = find(reader[id]);
        if (sample == no_parent) continue;
        const DeclaredParents declared{.father = father ? find(reader[*father]) : no_parent,
                                       .mother = mother ? find(reader[*mother]) : no_parent};
        if (declared.father == sample || declared.mother == sample)
            throw DataError(
                {.what = "a sample is its own parent",
                 .where = reader.where(declared.father == sample ? "father_id" : "mother_id"),
                 .why = "father_id and mother_id name other samples",
                 .help = "correct the line"});
        parents[sample] = declared;
    }
    return parents;
}

} // namespace salus
