#include "stages/health_quality/genomes.hpp"

#include "base/text.hpp"
#include "formats/omop_tables.hpp"

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
        for (const auto& [table, tally] : kept_rows(events))
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

    /// Rows read and lost by table. Rows that a store never takes (specimens, notes) do not count.
    static std::map<std::string, Tally> kept_rows(const H5File& events) {
        const TableData rows = events.read("ingested", {"table", "rows_read", "rows_kept"}),
                        refused = events.read("rejects", {"table", "reason", "rows"});
        std::map<std::string, Tally> tables;
        for (std::size_t i = 0; i < rows.rows(); ++i) {
            const std::uint64_t read = rows.column<std::uint64_t>("rows_read")[i],
                                kept = rows.column<std::uint64_t>("rows_kept")[i];
            tables[rows.column<std::string>("table")[i]] +=
                {.examined = read, .violated = read - std::min(read, kept)};
        }
        for (std::size_t i = 0; i < refused.rows(); ++i) {
            if (refused.column<std::string>("reason")[i] != to_string(Reject::passed_over))
                continue;
            Tally& tally = tables[refused.column<std::string>("table")[i]];
            const std::uint64_t passed = refused.column<std::uint64_t>("rows")[i];
            tally.examined -= std::min(tally.examined, passed);
            tally.violated -= std::min(tally.violated, passed);
        }
        return tables;
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
            for_slices(H5File::open(*files_.quality), "samples",
                       {"sample_id", "sex_genetic", "duplicate_of"}, [&](const TableData& rows) {
                           for (std::size_t i = 0; i < rows.rows(); ++i) {
                               const std::string& id = rows.column<std::string>("sample_id")[i];
                               take_sample(id, rows.column<std::uint8_t>("sex_genetic")[i],
                                           samples.tally, sex.tally);
                               const std::string& other =
                                   rows.column<std::string>("duplicate_of")[i];
                               if (!other.empty()) twice_.insert({id, other});
                           }
                       });
        linkage_.samples = samples.tally.examined;
        linkage_.samples_linked = samples.tally.examined - samples.tally.violated;
        if (without.empty()) linkage_.linked = linkage_.samples_linked; // whose genome is there
        judge_links();
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
        const std::string_view without = files_.quality ? missing(files_.quality, "quality")
                                                        : missing(files_.kinship, "kinship");
        // Of two samples that are one genome only the better one passes quality, and kinship
        // compares those that pass: what quality says is needed too.
        if (without.empty() && files_.kinship)
            for_slices(H5File::open(*files_.kinship), "pairs", {"sample_1", "sample_2", "relation"},
                       [&](const TableData& rows) {
                           for (std::size_t i = 0; i < rows.rows(); ++i) {
                               if (rows.column<std::string>("relation")[i] != "duplicate_or_twin")
                                   continue;
                               twice_.insert({rows.column<std::string>("sample_1")[i],
                                              rows.column<std::string>("sample_2")[i]});
                           }
                       });
        if (without.empty()) {
            twice.tally.examined = linked_.size();
            for (const std::string& id : twice_)
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
            for_slices(H5File::open(*files_.kinship), "pedigree_checks",
                       {"declared", "found", "agrees"}, [&](const TableData& rows) {
                           for (std::size_t i = 0; i < rows.rows(); ++i)
                               if (says_of_family(rows.column<std::string>("declared")[i],
                                                  rows.column<std::string>("found")[i]))
                                   family.tally.count(rows.column<std::uint8_t>("agrees")[i] == 0);
                       });
        add(std::move(family), files_.kinship ? "" : "kinship");
    }

    /// Samples that failed quality say nothing, and one genome twice is another check, as identical
    /// twins are declared full siblings.
    static bool says_of_family(std::string_view declared, std::string_view found) {
        if (found == "not_compared") return false;
        return found != "duplicate_or_twin" || declared == "parent_child" ||
               declared == "half_siblings";
    }

    const OutsideFiles& files_;
    const HealthQualityParams& params_;
    std::vector<Finding>& findings_;
    SexBySample linked_;
    std::set<std::string> twice_; // samples whose genome another one has
    Linkage linkage_;
};

} // namespace

Linkage judge_outside(const OutsideFiles& files, const HealthQualityParams& params,
                      std::vector<Finding>& findings) {
    return Outside(files, params, findings).judge_all();
}

} // namespace salus::health_quality
