#include "stages/quality/cohort.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/sample_labels.hpp"
#include "store/h5.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace salus {
namespace {

[[noreturn]] void other_samples(const std::filesystem::path& path) {
    throw DataError({.what = "the samples differ from those of the genotypes",
                     .where = path.string(),
                     .why = "its rows are samples in the order of the genotype store",
                     .help = "make it from the same genotype store"});
}

/// Sex masks are kept per label, so that X and Y count as elsewhere.
SampleMask mask_of(const std::vector<std::uint32_t>& label, std::uint32_t wanted,
                   const std::vector<Sex>& sex, std::optional<Sex> only) {
    std::vector<std::uint8_t> members(label.size());
    for (std::size_t i = 0; i < label.size(); ++i)
        members[i] = label[i] == wanted && (!only || sex[i] == *only);
    return SampleMask(members);
}

/// Column `group` of the samples of an ancestry result, matched by name.
std::vector<std::string> ancestry_groups(const std::filesystem::path& path,
                                         const SampleTable& samples) {
    const TableData table = H5File::open(path).read("samples", {"sample_id", "group"});
    std::unordered_map<std::string_view, std::size_t> row_of;
    const auto& ids = table.column<std::string>("sample_id");
    const auto& groups = table.column<std::string>("group");
    for (std::size_t i = 0; i < ids.size(); ++i)
        row_of.emplace(ids[i], i);
    std::vector<std::string> label(samples.size());
    std::size_t found = 0;
    for (std::size_t i = 0; i < samples.size(); ++i)
        if (const auto at = row_of.find(samples.id[i]); at != row_of.end()) {
            if (groups[at->second] != "unassigned") label[i] = groups[at->second];
            ++found;
        }
    if (found == 0 && samples.size() > 0) other_samples(path);
    return label;
}

/// 0 control, 1 case, none where the trait is missing.
std::vector<std::uint32_t> case_status(const std::filesystem::path& path, const std::string& trait,
                                       const SampleTable& samples) {
    const H5File file = H5File::open(path);
    if (file.read("samples", {"sample_id"}).column<std::string>("sample_id") != samples.id)
        other_samples(path);
    const TableData values = file.read("traits", {trait});
    std::vector<std::uint32_t> status(samples.size(), Partition::none);
    const auto take = [&](const auto& column) {
        for (std::size_t i = 0; i < status.size(); ++i) {
            const auto value = static_cast<double>(column[i]);
            if (std::isnan(value)) continue;
            if (value != 0 && value != 1)
                throw DataError({.what = text("trait \"", trait, "\" is not binary"),
                                 .where = text(path.string(), ", table traits"),
                                 .why = "controls are 0 and cases 1",
                                 .help = "name a binary trait in hwe_trait"});
            status[i] = static_cast<std::uint32_t>(value);
        }
    };
    std::visit(
        [&](const auto& column) {
            using T = typename std::decay_t<decltype(column)>::value_type;
            if constexpr (!std::is_same_v<T, std::string>) take(column);
        },
        values.columns().front());
    return status;
}

void find_trios(const SampleLabels& labels, QualityCohort& cohort) {
    const std::vector<DeclaredParents> parents = declared_parents(labels);
    cohort.trios_of.resize(parents.size());
    for (std::uint32_t i = 0; i < parents.size(); ++i) {
        const auto [father, mother] = parents[i];
        if (father == no_parent || mother == no_parent) continue;
        const auto trio = static_cast<std::uint32_t>(cohort.trios.size());
        cohort.trios.push_back({i, father, mother});
        for (const std::uint32_t member : {i, father, mother})
            cohort.trios_of[member].push_back(trio);
    }
}

void check_wishes(const QualityCohort& cohort, const QualityParams& params,
                  const CohortFiles& files) {
    std::vector<Problem> problems;
    if ((params.hwe_within == "groups" || params.heterozygosity_within == "groups") &&
        cohort.groups.empty())
        problems.push_back({.what = "groups are asked for, but no sample has one",
                            .where = "stage quality, hwe_within or heterozygosity_within",
                            .why = "groups come from the input ancestry, or from the column group "
                                   "of the sample sheet",
                            .help = "give one of them, or use \"all\""});
    if (!params.hwe_trait.empty() && !files.phenotypes)
        problems.push_back({.what = "hwe_trait names a trait, but there are no phenotypes",
                            .where = "stage quality, hwe_trait",
                            .why = "cases and controls come from the input phenotypes",
                            .help = "give the phenotype table, or leave hwe_trait empty"});
    if (!problems.empty()) throw UsageError(std::move(problems));
}

} // namespace

Partition divide(std::vector<std::string> names, std::vector<std::uint32_t> label,
                 const std::vector<Sex>& sex) {
    Partition parts{.names = std::move(names),
                    .label = std::move(label),
                    .everybody = {},
                    .males = {},
                    .females = {}};
    for (std::uint32_t l = 0; l < parts.names.size(); ++l) {
        parts.everybody.push_back(mask_of(parts.label, l, sex, std::nullopt));
        parts.males.push_back(mask_of(parts.label, l, sex, Sex::male));
        parts.females.push_back(mask_of(parts.label, l, sex, Sex::female));
    }
    return parts;
}

Partition divide(const std::vector<std::string>& label, const std::vector<Sex>& sex) {
    std::vector<std::string> names = label;
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    if (!names.empty() && names.front().empty()) names.erase(names.begin());
    std::vector<std::uint32_t> indices(label.size(), Partition::none);
    for (std::size_t i = 0; i < label.size(); ++i)
        if (!label[i].empty())
            indices[i] = static_cast<std::uint32_t>(
                std::lower_bound(names.begin(), names.end(), label[i]) - names.begin());
    return divide(std::move(names), std::move(indices), sex);
}

QualityCohort read_cohort(const CohortFiles& files, const QualityParams& params,
                          const SampleTable& samples) {
    QualityCohort cohort;
    if (files.sheet) {
        const SampleLabels labels = labels_of(read_sample_labels(*files.sheet), samples.id);
        cohort.batches = divide(labels.batch, samples.sex);
        cohort.groups = divide(labels.group, samples.sex);
        if (labels.has_parents) find_trios(labels, cohort);
    }
    if (files.ancestry)
        cohort.groups = divide(ancestry_groups(*files.ancestry, samples), samples.sex);
    check_wishes(cohort, params, files);
    if (params.hwe_trait.empty()) return cohort;
    cohort.status = divide({"control", "case"},
                           case_status(*files.phenotypes, params.hwe_trait, samples), samples.sex);
    if (cohort.groups.empty()) return cohort;
    std::vector<std::uint32_t> label = cohort.groups.label;
    for (std::size_t i = 0; i < label.size(); ++i)
        if (cohort.status.label[i] != 0) label[i] = Partition::none;
    cohort.group_controls = divide(cohort.groups.names, std::move(label), samples.sex);
    return cohort;
}

} // namespace salus
