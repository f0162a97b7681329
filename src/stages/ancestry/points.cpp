#include "stages/ancestry/points.hpp"

#include "base/text.hpp"
#include "formats/delimited.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace salus::ancestry {
namespace {

using Eigen::Index;

void append(Points& points, const H5File& file, std::size_t components) {
    std::vector<std::string> names{"sample_id", "used"};
    for (std::size_t k = 1; k <= components; ++k)
        names.push_back(text("pc", k));
    const TableData rows = file.read("samples", names);
    const auto& id = rows.column<std::string>("sample_id");
    const auto& used = rows.column<std::uint8_t>("used");
    points.id.insert(points.id.end(), id.begin(), id.end());
    points.used.insert(points.used.end(), used.begin(), used.end());
    const Index before = points.coordinates.rows(), count = static_cast<Index>(id.size());
    points.coordinates.conservativeResize(before + count, static_cast<Index>(components));
    for (std::size_t k = 0; k < components; ++k) {
        const auto& column = rows.column<double>(names[k + 2]);
        for (Index i = 0; i < count; ++i)
            points.coordinates(before + i, static_cast<Index>(k)) =
                column[static_cast<std::size_t>(i)] * points.scale[k];
    }
}

void require_same(const std::vector<double>& values, const std::vector<double>& first,
                  const std::filesystem::path& path) {
    if (values == first) return;
    throw DataError(
        {.what = "these components are not those of the first result",
         .where = path.string(),
         .why = "only samples projected onto one set of loadings lie in one space",
         .help = "project the samples with the input loadings of principal_components"});
}

} // namespace

Points read_points(const std::vector<std::filesystem::path>& files, std::size_t components) {
    Points points;
    std::vector<double> first;
    for (const auto& path : files) {
        const H5File file = H5File::open(path);
        const auto values = file.read("eigenvalues", {"eigenvalue"}).column<double>("eigenvalue");
        if (points.scale.empty()) {
            first = values;
            for (std::size_t k = 0; k < std::min(components, values.size()); ++k)
                points.scale.push_back(std::sqrt(values[k]));
        }
        require_same(values, first, path);
        append(points, file, points.scale.size());
    }
    const std::unordered_set<std::string> distinct(points.id.begin(), points.id.end());
    if (distinct.size() != points.id.size())
        throw DataError({.what = text(points.id.size() - distinct.size(),
                                      " samples are in the components more than once"),
                         .where = "input components",
                         .why = "a sample has one place",
                         .help = "give each sample in one result only"});
    return points;
}

Labels read_labels(const std::filesystem::path& path, const Points& points, std::size_t size_min) {
    DelimitedReader reader(path);
    const std::size_t id = reader.header().require("sample_id");
    const std::size_t group = reader.header().require("group");
    std::unordered_map<std::string, std::string> label;
    while (reader.next_valid()) {
        const std::string name(trim(reader[id])), value(trim(reader[group]));
        if (!label.emplace(name, lower(value) == "na" ? "" : value).second)
            throw DataError({.what = "a sample comes twice",
                             .where = reader.where("sample_id"),
                             .why = "each sample has one line",
                             .help = "remove one of the lines"});
    }
    Labels out;
    std::map<std::string, std::size_t> sizes;
    std::uint64_t labelled = 0, found = 0;
    for (const auto& [name, value] : label)
        labelled += value.empty() ? 0u : 1u;
    for (const std::string& name : points.id)
        if (const auto at = label.find(name); at != label.end() && !at->second.empty())
            ++sizes[at->second], ++found;
    out.without_sample = labelled - found;
    std::vector<Problem> problems;
    if (sizes.empty())
        problems.push_back({.what = "no labelled sample is among the components",
                            .where = path.string(),
                            .why = "groups are learnt from labelled samples",
                            .help = "merge the reference panel with the genotypes, or give its own "
                                    "component result as well"});
    for (const auto& [name, size] : sizes) {
        out.names.push_back(name);
        if (size < size_min)
            problems.push_back(
                {.what = text("group \"", name, "\" has ", size, " samples, fewer than ", size_min),
                 .where = path.string(),
                 .why = "its spread cannot be told (group_size_min)",
                 .help = "join it with a similar group, or leave its label empty"});
    }
    if (!problems.empty()) throw Error(ErrorKind::data, std::move(problems));
    for (const std::string& name : points.id) {
        const auto at = label.find(name);
        const bool has = at != label.end() && !at->second.empty();
        const auto place = has ? std::lower_bound(out.names.begin(), out.names.end(), at->second)
                               : out.names.begin();
        out.group.push_back(has ? static_cast<int>(place - out.names.begin()) : -1);
    }
    return out;
}

} // namespace salus::ancestry
