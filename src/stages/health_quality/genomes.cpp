#include "stages/health_quality/genomes.hpp"

#include "base/text.hpp"

#include <set>
#include <unordered_map>

namespace salus::health_quality {
namespace {

constexpr std::uint64_t rows_at_once = std::uint64_t{1} << 20;
constexpr double lost_rows_max = 1, wrong_sex_max = 1, wrong_family_max = 1;

template <class Take>
void for_slices(const H5File& file, const std::string& table,
                const std::vector<std::string>& columns, Take take) {
    for (std::uint64_t begin = 0, rows = file.rows(table); begin < rows; begin += rows_at_once)
        take(file.read_rows(table, begin, std::min(rows_at_once, rows - begin), columns));
}

/// Recorded sex by sample, of persons who gave one.
using SexBySample = std::unordered_map<std::string, std::uint8_t>;

SexBySample read_links(const H5File& events) {
    const auto sex = events.read("persons", {"sex"}).column<std::uint8_t>("sex");
    SexBySample linked;
    for_slices(events, "links", {"person", "sample_id"}, [&](const TableData& rows) {
        for (std::size_t i = 0; i < rows.rows(); ++i)
            linked.emplace(rows.column<std::string>("sample_id")[i],
                           sex.at(rows.column<std::uint32_t>("person")[i]));
    });
    return linked;
}

class Outside {
public:
    Outside(const OutsideFiles& files, const HealthQualityParams& params,
            std::vector<Finding>& findings)
        : files_(files), params_(params), findings_(findings) {}

    Linkage judge_all() {
        judge_store();
        judge_links();
        judge_samples();
        judge_duplicates();
        judge_family();
        return linkage_;
    }

private:
    void add(Finding finding, std::string_view missing) {
        if (!missing.empty()) finding.reason = text("the input ", missing, " is not given");
        judge(finding);
        findings_.push_back(std::move(finding));
    }

    void judge_store() {
        if (!files_.events)
            return add({.check = Check::store_keeps, .table = {}, .field = {}}, "events");
        const H5File events = H5File::open(*files_.events);
        const TableData rows = events.read("ingested", {"table", "rows_read", "rows_kept"});
        std::map<std::string, Tally> tables;
        for (std::size_t i = 0; i < rows.rows(); ++i) {
            const std::uint64_t read = rows.column<std::uint64_t>("rows_read")[i],
                                kept = rows.column<std::uint64_t>("rows_kept")[i];
            tables[rows.column<std::string>("table")[i]] +=
                {.examined = read, .violated = read - std::min(read, kept)};
        }
        for (const auto& [table, tally] : tables)
            add({.check = Check::store_keeps,
                 .table = table,
                 .field = {},
                 .tally = tally,
                 .threshold = lost_rows_max},
                "");
        linked_ = read_links(events);
        linkage_.known = true;
        linkage_.persons = events.rows("persons");
        linkage_.linked = linked_.size();
    }

    void judge_links() {
        add({.check = Check::linked_persons,
             .table = "person",
             .field = {},
             .tally = {.examined = linkage_.persons,
                       .violated = linkage_.persons - linkage_.linked},
             .threshold = 100 - params_.linked_min},
            files_.events ? "" : "events");
    }

    std::string_view missing(const std::optional<std::filesystem::path>& file,
                             std::string_view name) const {
        return !files_.events ? "events" : !file ? name : std::string_view{};
    }

    void judge_samples() {
        Finding samples{.check = Check::linked_samples,
                        .table = {},
                        .field = {},
                        .threshold = 100 - params_.linked_min};
        Finding sex{.check = Check::genotype_sex,
                    .table = "person",
                    .field = "gender_concept_id",
                    .threshold = wrong_sex_max};
        const std::string_view without = missing(files_.quality, "quality");
        if (without.empty())
            for_slices(H5File::open(*files_.quality), "samples", {"sample_id", "sex_genetic"},
                       [&](const TableData& rows) {
                           for (std::size_t i = 0; i < rows.rows(); ++i)
                               take_sample(rows.column<std::string>("sample_id")[i],
                                           rows.column<std::uint8_t>("sex_genetic")[i],
                                           samples.tally, sex.tally);
                       });
        linkage_.samples = samples.tally.examined;
        linkage_.samples_linked = samples.tally.examined - samples.tally.violated;
        add(std::move(samples), without);
        add(std::move(sex), without);
    }

    void take_sample(const std::string& id, std::uint8_t genetic, Tally& samples,
                     Tally& sex) const {
        const auto linked = linked_.find(id);
        samples.count(linked == linked_.end());
        if (linked != linked_.end() && linked->second != 0 && genetic != 0)
            sex.count(linked->second != genetic);
    }

    void judge_duplicates() {
        Finding twice{.check = Check::genotype_duplicates, .table = {}, .field = {}};
        const std::string_view without = missing(files_.kinship, "kinship");
        if (without.empty()) {
            std::set<std::string> samples;
            for_slices(H5File::open(*files_.kinship), "pairs", {"sample_1", "sample_2", "relation"},
                       [&](const TableData& rows) {
                           for (std::size_t i = 0; i < rows.rows(); ++i) {
                               if (rows.column<std::string>("relation")[i] != "duplicate_or_twin")
                                   continue;
                               samples.insert(rows.column<std::string>("sample_1")[i]);
                               samples.insert(rows.column<std::string>("sample_2")[i]);
                           }
                       });
            twice.tally.examined = linked_.size();
            for (const std::string& id : samples)
                twice.tally.violated += linked_.contains(id) ? 1U : 0U;
            if (twice.tally.violated > 0) twice.reason = "one person twice, or identical twins";
        }
        add(std::move(twice), without);
    }

    void judge_family() {
        Finding family{.check = Check::genotype_family,
                       .table = {},
                       .field = {},
                       .threshold = wrong_family_max};
        const bool known =
            files_.kinship && H5File::open(*files_.kinship).is_table("pedigree_checks");
        if (known)
            for_slices(H5File::open(*files_.kinship), "pedigree_checks", {"agrees"},
                       [&](const TableData& rows) {
                           for (const std::uint8_t agrees : rows.column<std::uint8_t>("agrees"))
                               family.tally.count(agrees == 0);
                       });
        add(std::move(family), files_.kinship ? "" : "kinship");
    }

    const OutsideFiles& files_;
    const HealthQualityParams& params_;
    std::vector<Finding>& findings_;
    SexBySample linked_;
    Linkage linkage_;
};

} // namespace

Linkage judge_outside(const OutsideFiles& files, const HealthQualityParams& params,
                      std::vector<Finding>& findings) {
    return Outside(files, params, findings).judge_all();
}

} // namespace salus::health_quality
