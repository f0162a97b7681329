#include "base/text.hpp"

#include "stages/report/read_tables.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

namespace salus::report {
namespace {

constexpr double places_per_axis = 250; // places per axis that can be told apart in a picture
constexpr const char* unassigned = "unassigned";

/// Keeps one of all places that fall into one cell of the picture. \param width, height  of a cell.
class Thinner {
public:
    Thinner(double width, double height) : width_(width), height_(height) {}
    bool add(const Place& place_people) {
        return seen_
            .insert({std::llround(place_people.x / width_), std::llround(place_people.y / height_)})
            .second;
    }

private:
    double width_, height_;
    std::set<std::pair<long long, long long>> seen_;
};

double cell_of(const std::vector<double>& values) {
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    return values.empty() || *most <= *least ? 1 : (*most - *least) / places_per_axis;
}

/// Group of each sample of the components, by name; empty where ancestry does not know it.
std::vector<std::string> groups_of(const std::vector<std::string>& samples, const H5File* file) {
    std::vector<std::string> groups(samples.size());
    if (file == nullptr) return groups;
    const TableData rows = file->read("samples", {"sample_id", "group"});
    const auto id = words(rows, "sample_id"), group = words(rows, "group");
    if (id == samples) return group;
    std::unordered_map<std::string, std::size_t> at;
    for (std::size_t i = 0; i < id.size(); ++i)
        at.emplace(id[i], i);
    for (std::size_t i = 0; i < samples.size(); ++i)
        if (const auto found = at.find(samples[i]); found != at.end())
            groups[i] = group[found->second];
    return groups;
}

/// Largest first, by name on ties, unassigned last.
void sort_groups(std::vector<StructureGroup>& groups) {
    std::sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) {
        const bool last_a = a.name == unassigned, last_b = b.name == unassigned;
        if (last_a != last_b) return last_b;
        return a.count != b.count ? a.count > b.count : a.name < b.name;
    });
}

std::vector<StructureGroup> count_groups(const std::vector<std::string>& names) {
    std::map<std::string, std::uint64_t> sizes;
    for (const auto& name : names)
        ++sizes[name];
    std::vector<StructureGroup> groups;
    for (const auto& [name, size] : sizes)
        groups.push_back({.name = name, .count = size, .first = {}, .second = {}});
    sort_groups(groups);
    return groups;
}

/// Places of each group in the plane of two components.
void place_people(const std::vector<std::string>& names, const std::vector<double>& x,
                  const std::vector<double>& y, std::vector<Place> StructureGroup::*places,
                  std::vector<StructureGroup>& groups) {
    std::map<std::string, std::pair<std::size_t, Thinner>> by_name;
    for (std::size_t g = 0; g < groups.size(); ++g)
        by_name.emplace(groups[g].name, std::pair{g, Thinner(cell_of(x), cell_of(y))});
    for (std::size_t i = 0; i < names.size(); ++i) {
        auto& [g, thinner] = by_name.at(names[i]);
        const Place at{x[i], y[i]};
        if (thinner.add(at)) (groups[g].*places).push_back(at);
    }
}

void read_components(const H5File& file, const H5File* ancestry, std::uint64_t min_cell,
                     Structure& out) {
    out.has_components = true;
    const TableData values = file.read("eigenvalues");
    const auto eigenvalue = numbers(values, "eigenvalue"),
               share = numbers(values, "variance_share");
    for (std::size_t k = 0; k < eigenvalue.size(); ++k)
        out.eigenvalues.emplace_back(eigenvalue[k], share[k]);
    std::vector<std::string> columns{"sample_id", "used"};
    for (std::size_t k = 1; k <= std::min<std::size_t>(4, eigenvalue.size()); ++k)
        columns.push_back(text("pc", k));
    const TableData rows = file.read("samples", columns);
    out.samples = rows.rows();
    for (const auto used : counts(rows, "used"))
        out.used += used != 0;
    out.variants = file.rows("loadings");
    const auto names = groups_of(words(rows, "sample_id"), ancestry);
    out.groups = count_groups(names);
    if (eigenvalue.size() >= 2)
        place_people(names, numbers(rows, "pc1"), numbers(rows, "pc2"), &StructureGroup::first,
                     out.groups);
    if (eigenvalue.size() >= 4)
        place_people(names, numbers(rows, "pc3"), numbers(rows, "pc4"), &StructureGroup::second,
                     out.groups);
    for (auto& group : out.groups)
        if (group.count < min_cell) group.first.clear(), group.second.clear();
}

void read_ancestry(const H5File& file, Structure& out) {
    out.has_groups = true;
    if (!out.has_components)
        out.groups = count_groups(words(file.read("samples", {"group"}), "group"));
    if (!file.is_table("accuracy")) return;
    out.by_labels = true;
    const TableData rows = file.read("accuracy");
    const auto label = words(rows, "reference_group"), group = words(rows, "group");
    const auto count = counts(rows, "samples");
    for (std::size_t i = 0; i < count.size(); ++i) {
        out.labelled += count[i];
        if (label[i] == group[i]) out.recovered += count[i];
        if (group[i] == unassigned) out.unclear += count[i];
    }
}

void read_kinship(const H5File& file, Structure& out) {
    out.has_kinship = true;
    const std::vector<std::string> closest_first{"duplicate_or_twin", "parent_child",
                                                 "full_siblings",     "second_degree",
                                                 "third_degree",      "further"};
    for (const auto& relation : closest_first)
        out.relations.push_back({relation, 0});
    std::vector<Thinner> thin(out.pairs.size(),
                              Thinner(0.3 / places_per_axis, 0.5 / places_per_axis));
    const std::uint64_t rows = file.rows("pairs");
    for (const auto& range : row_slices(rows, slice_rows)) {
        const TableData pairs =
            file.read_rows("pairs", range.begin, range.end - range.begin,
                           {"variants", "ibs0", "kinship", "degree", "relation"});
        const auto variants = numbers(pairs, "variants"), ibs0 = numbers(pairs, "ibs0"),
                   kinship = numbers(pairs, "kinship");
        const auto degree = counts(pairs, "degree");
        const auto relation = words(pairs, "relation");
        for (std::size_t i = 0; i < kinship.size(); ++i) {
            for (auto& one : out.relations)
                if (one.name == relation[i]) ++one.count;
            const std::size_t d = std::min<std::uint64_t>(4, degree[i]);
            const Place at{variants[i] > 0 ? ibs0[i] / variants[i] : 0, kinship[i]};
            if (thin[d].add(at)) out.pairs[d].push_back(at);
        }
    }
    const TableData samples = file.read("samples", {"relatives", "unrelated"});
    for (const auto relatives : counts(samples, "relatives"))
        out.related_samples += relatives != 0;
    for (const auto unrelated : counts(samples, "unrelated"))
        out.unrelated += unrelated != 0;
}

} // namespace

Structure read_structure(const StructureFiles& files, std::uint64_t min_cell) {
    Structure out;
    if (files.components != nullptr)
        read_components(*files.components, files.ancestry, min_cell, out);
    if (files.ancestry != nullptr) read_ancestry(*files.ancestry, out);
    if (files.kinship != nullptr) read_kinship(*files.kinship, out);
    if (files.ld != nullptr) {
        out.has_ld = true;
        const auto whole = [&](const char* name) {
            return static_cast<std::uint64_t>(
                std::max<std::int64_t>(0, files.ld->integer_attribute("/", name).value_or(0)));
        };
        out.ld_candidates = whole("candidates");
        out.ld_kept = whole("kept");
    }
    return out;
}

} // namespace salus::report
