#include "stages/allele_frequencies/populations.hpp"

#include "base/text.hpp"
#include "formats/delimited.hpp"
#include "genotype/result_marks.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace salus::frequencies {
namespace {

using Bytes = std::vector<std::uint8_t>;

bool is_no_group(std::string_view name) {
    return name.empty() || name == "NA" || name == "unassigned";
}

bool can_be_suffix(std::string_view name) {
    return name != "XX" && name != "XY" && name != "ALL" && !name.ends_with("_XX") &&
           !name.ends_with("_XY") && std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      c == '_' || c == '.';
           });
}

void check_name(std::string_view name, const std::string& where) {
    if (can_be_suffix(name)) return;
    throw DataError({.what = text("\"", name, "\" cannot be the name of a group here"),
                     .where = where,
                     .why = "it becomes part of VCF INFO keys: letters, digits, '_' and '.'; XX, "
                            "XY and ALL and endings _XX and _XY are taken",
                     .help = "rename the group"});
}

std::unordered_map<std::string_view, std::size_t> index_of(const SampleTable& samples) {
    std::unordered_map<std::string_view, std::size_t> index;
    for (std::size_t i = 0; i < samples.size(); ++i)
        index.emplace(samples.id[i], i);
    return index;
}

/// [sample] its group, empty if none.
std::vector<std::string> read_labels(const std::filesystem::path& path,
                                     const SampleTable& samples) {
    DelimitedReader reader(path);
    const std::size_t id = reader.header().require("sample_id");
    const std::size_t column = reader.header().require("group");
    const auto index = index_of(samples);
    std::vector<std::string> group(samples.size());
    Bytes seen(samples.size());
    while (reader.next_valid()) {
        const auto found = index.find(trim(reader[id]));
        if (found == index.end()) continue;
        if (seen[found->second]++ != 0)
            throw DataError({.what = "a sample comes twice",
                             .where = reader.where("sample_id"),
                             .why = "each sample is in one group",
                             .help = "remove one of the lines"});
        const std::string_view name = trim(reader[column]);
        if (is_no_group(name)) continue;
        check_name(name, reader.where("group"));
        group[found->second] = name;
    }
    return group;
}

std::vector<std::string> read_ancestry(const std::filesystem::path& path,
                                       const SampleTable& samples) {
    const TableData table = H5File::open(path).read("samples", {"sample_id", "group"});
    const auto& id = table.column<std::string>("sample_id");
    const auto index = index_of(samples);
    std::vector<std::string> group(samples.size());
    for (std::size_t k = 0; k < id.size(); ++k) {
        const std::string& name = table.column<std::string>("group")[k];
        const auto found = index.find(id[k]);
        if (found == index.end() || is_no_group(name)) continue;
        check_name(name, path.string());
        group[found->second] = name;
    }
    return group;
}

Population make_population(FrequencyHeader::Population name, const Bytes& members,
                           const SampleTable& samples) {
    Bytes males(members.size()), others(members.size());
    for (std::size_t i = 0; i < members.size(); ++i) {
        const bool male = samples.sex[i] == Sex::male;
        males[i] = members[i] != 0 && male ? 1 : 0;
        others[i] = members[i] != 0 && !male ? 1 : 0;
    }
    Population population{.name = std::move(name),
                          .all = SampleMask(members),
                          .males = SampleMask(males),
                          .others = SampleMask(others)};
    population.name.samples = population.all.count();
    return population;
}

Bytes members_with(const Bytes& members, const auto& condition) {
    Bytes chosen(members.size());
    for (std::size_t i = 0; i < members.size(); ++i)
        chosen[i] = members[i] != 0 && condition(i) ? 1 : 0;
    return chosen;
}

GenotypeCounts count(const VariantBlock& block, std::size_t v, const SampleMask& mask) {
    return block.is_carrier_list(v) ? count_genotypes(block.carriers(v), mask)
                                    : count_genotypes(block.row(v), mask);
}

} // namespace

SitePloidy ploidy_at(const Variant& variant, std::string_view genome_build) noexcept {
    if (is_pseudo_autosomal(genome_build, variant.chromosome, variant.position))
        return SitePloidy::two;
    switch (inheritance_of(variant.chromosome)) {
    case Inheritance::x_linked:
        return SitePloidy::one_in_males;
    case Inheritance::y_linked:
        return SitePloidy::only_males;
    case Inheritance::mitochondrial:
        return SitePloidy::one;
    case Inheritance::autosomal:
        break;
    }
    return SitePloidy::two;
}

std::vector<FrequencyHeader::Population> Populations::names() const {
    std::vector<FrequencyHeader::Population> names;
    for (const Population& population : list)
        names.push_back(population.name);
    return names;
}

Populations make_populations(const RunContext& context, const SampleTable& samples,
                             const std::optional<H5File>& quality,
                             const AlleleFrequenciesParams& params) {
    Bytes members(samples.size(), 1);
    if (quality) members = sample_marks(*quality, "pass");
    Populations populations;
    const auto add = [&](FrequencyHeader::Population name, const auto& condition) {
        populations.list.push_back(
            make_population(std::move(name), members_with(members, condition), samples));
    };
    add({.suffix = "", .words = "all samples"}, [](std::size_t) { return true; });
    add({.suffix = "_XX", .words = "samples recorded as female"},
        [&](std::size_t i) { return samples.sex[i] == Sex::female; });
    add({.suffix = "_XY", .words = "samples recorded as male"},
        [&](std::size_t i) { return samples.sex[i] == Sex::male; });
    std::vector<std::string> group(samples.size());
    if (context.has_input("groups")) group = read_labels(context.input("groups"), samples);
    if (context.has_input("ancestry")) group = read_ancestry(context.input("ancestry"), samples);
    std::map<std::string, std::uint64_t> sizes;
    for (std::size_t i = 0; i < samples.size(); ++i)
        if (members[i] != 0 && !group[i].empty()) ++sizes[group[i]];
    for (const auto& [name, size] : sizes) {
        if (size < static_cast<std::uint64_t>(params.group_size_min)) {
            ++populations.small_groups;
            continue;
        }
        add({.suffix = text("_", name), .words = text("group ", name)},
            [&, wanted = name](std::size_t i) { return group[i] == wanted; });
        ++populations.groups;
    }
    if (!params.sex_within_groups) return populations;
    for (std::size_t g = 0; g < populations.groups; ++g) {
        const std::string suffix = populations.list[Populations::first_group + g].name.suffix;
        const auto of = [&](Sex sex) {
            return [&, sex](std::size_t i) {
                return group[i] == suffix.substr(1) && samples.sex[i] == sex;
            };
        };
        const auto fits = [&](Sex sex) {
            const Bytes chosen = members_with(members, of(sex));
            const auto size = std::count(chosen.begin(), chosen.end(), 1);
            return size == 0 || size >= params.group_size_min;
        };
        if (!fits(Sex::female) || !fits(Sex::male) || !fits(Sex::unknown)) continue;
        populations.divided.push_back(g);
        const std::string words = text("group ", suffix.substr(1), ", samples recorded as ");
        add({.suffix = suffix + "_XX", .words = words + "female"}, of(Sex::female));
        add({.suffix = suffix + "_XY", .words = words + "male"}, of(Sex::male));
    }
    return populations;
}

PopulationCounts count_population(const VariantBlock& block, std::size_t v,
                                  const Population& population, SitePloidy ploidy) {
    GenotypeCounts diploid, haploid;
    switch (ploidy) {
    case SitePloidy::two:
        diploid = count(block, v, population.all);
        break;
    case SitePloidy::one_in_males:
        diploid = count(block, v, population.others);
        haploid = count(block, v, population.males);
        break;
    case SitePloidy::only_males:
        haploid = count(block, v, population.males);
        break;
    case SitePloidy::one:
        haploid = count(block, v, population.all);
        break;
    }
    return {.carriers = {.het = diploid.het, .hom = diploid.hom_alt, .hemi = haploid.hom_alt},
            .alleles = 2 * diploid.called() + haploid.hom_ref + haploid.hom_alt};
}

namespace {

std::vector<CarrierCounts> carriers_of(std::span<const PopulationCounts> counts) {
    std::vector<CarrierCounts> carriers;
    for (const PopulationCounts& population : counts)
        carriers.push_back(population.carriers);
    return carriers;
}

Division division_of(const CarrierCounts& total, std::span<const CarrierCounts> parts) {
    Division d{.parts = parts, .rest = total};
    for (const CarrierCounts& part : parts)
        d.rest.het -= part.het, d.rest.hom -= part.hom, d.rest.hemi -= part.hemi;
    return d;
}

/// Whether both sexes of the divided groups are published.
bool sexes_of_groups_are_large(const Populations& populations,
                               std::span<const CarrierCounts> carriers, std::uint64_t minimum) {
    std::vector<CarrierCounts> divided;
    for (const std::size_t g : populations.divided)
        divided.push_back(carriers[Populations::first_group + g]);
    return whole_table_is_large(
        carriers[0], division_of(carriers[0], divided),
        division_of(carriers[0], carriers.subspan(1, Populations::first_group - 1)),
        carriers.subspan(populations.first_divided()), minimum);
}

} // namespace

HiddenCells fill_cells(const Populations& populations, std::span<const PopulationCounts> counts,
                       std::uint64_t minimum, std::span<FrequencyCell> cells) {
    const std::vector<CarrierCounts> all = carriers_of(counts);
    const std::span carriers(all);
    std::vector<Division> divisions{
        division_of(carriers[0], carriers.subspan(1, Populations::first_group - 1))};
    if (populations.groups > 0)
        divisions.push_back(division_of(
            carriers[0], carriers.subspan(Populations::first_group, populations.groups)));
    const Suppression hidden = suppress_small_counts(carriers[0], divisions, minimum);
    std::vector<Published> published{hidden.total};
    for (const auto& parts : hidden.parts)
        published.insert(published.end(), parts.begin(), parts.end());
    HiddenCells found{.small = hidden.small, .secondary = hidden.secondary};
    if (!populations.divided.empty()) {
        // A hidden margin would follow from its cells.
        const bool whole = std::count(published.begin(), published.end(), Published{}) ==
                               static_cast<std::ptrdiff_t>(published.size()) &&
                           sexes_of_groups_are_large(populations, carriers, minimum);
        published.resize(counts.size(), {.alleles = whole, .genotypes = whole});
        found.secondary += whole ? 0 : counts.size() - populations.first_divided();
    }
    for (std::size_t p = 0; p < counts.size(); ++p)
        cells[p] = {.an = counts[p].alleles,
                    .het = carriers[p].het,
                    .hom = 2 * carriers[p].hom,
                    .hemi = carriers[p].hemi,
                    .alleles = published[p].alleles,
                    .genotypes = published[p].genotypes};
    return found;
}

} // namespace salus::frequencies
