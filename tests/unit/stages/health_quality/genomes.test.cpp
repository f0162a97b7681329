#include "stages/health_quality/genomes.hpp"

#include "store/h5.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

namespace salus::health_quality {
namespace {

using ::testing::HasSubstr;
using Texts = std::vector<std::string>;
using Sexes = std::vector<std::uint8_t>;
using Pair = std::pair<std::uint64_t, std::uint64_t>;

ColumnSpec text_column(const std::string& name) { return {name, ColumnType::text, "", "text"}; }

TableData table_of(const std::string& name, const std::vector<ColumnSpec>& columns) {
    return TableData(TableSpec{.name = name, .row = "row", .doc = "test", .columns = columns});
}

class Genomes : public ::testing::Test {
protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() /
                  ("salus-genomes-" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder_);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    /// Persons by their recorded sex; the first of them are linked to `samples`.
    std::filesystem::path events(const Sexes& sexes, const Texts& samples) const {
        const auto path = folder_ / "events.h5";
        H5File file = H5File::create(path);
        TableData persons = table_of("persons", {{"sex", ColumnType::u8, "code", "sex"}});
        persons.column<std::uint8_t>("sex") = sexes;
        file.write(persons);
        TableData links =
            table_of("links", {{"person", ColumnType::u32, "1", "row"}, text_column("sample_id")});
        for (std::uint32_t p = 0; p < samples.size(); ++p)
            links.column<std::uint32_t>("person").push_back(p);
        links.column<std::string>("sample_id") = samples;
        file.write(links);
        write_counts(file);
        file.close();
        return path;
    }
    /// Two updates of one table, and notes, which no store keeps.
    static void write_counts(H5File& file) {
        TableData ingested = table_of("ingested", {text_column("table"),
                                                   {"rows_read", ColumnType::u64, "rows", "read"},
                                                   {"rows_kept", ColumnType::u64, "rows", "kept"}});
        ingested.column<std::string>("table") = {"condition_occurrence", "condition_occurrence",
                                                 "note"};
        ingested.column<std::uint64_t>("rows_read") = {900, 100, 50};
        ingested.column<std::uint64_t>("rows_kept") = {897, 98, 0};
        file.write(ingested);
        TableData rejects = table_of("rejects", {text_column("table"),
                                                 text_column("reason"),
                                                 {"rows", ColumnType::u64, "rows", "rows"}});
        rejects.column<std::string>("table") = {"condition_occurrence", "note", "note"};
        rejects.column<std::string>("reason") = {"missing_date", "passed_over", "quoting"};
        rejects.column<std::uint64_t>("rows") = {5, 49, 1};
        file.write(rejects);
    }
    std::filesystem::path quality(const Texts& samples, const Sexes& sexes,
                                  const Texts& duplicate_of) const {
        const auto path = folder_ / "quality.h5";
        H5File file = H5File::create(path);
        TableData table = table_of("samples", {text_column("sample_id"),
                                               {"sex_genetic", ColumnType::u8, "code", "sex"},
                                               text_column("duplicate_of")});
        table.column<std::string>("sample_id") = samples;
        table.column<std::uint8_t>("sex_genetic") = sexes;
        table.column<std::string>("duplicate_of") = duplicate_of;
        file.write(table);
        file.close();
        return path;
    }
    struct Family {
        std::string declared, found;
        bool agrees;
    };
    std::filesystem::path kinship(const Texts& twice, const std::vector<Family>& families) const {
        const auto path = folder_ / "kinship.h5";
        H5File file = H5File::create(path);
        TableData pairs = table_of(
            "pairs", {text_column("sample_1"), text_column("sample_2"), text_column("relation")});
        pairs.column<std::string>("sample_1") = {twice.at(0), "b"};
        pairs.column<std::string>("sample_2") = {twice.at(1), "c"};
        pairs.column<std::string>("relation") = {"duplicate_or_twin", "parent_child"};
        file.write(pairs);
        TableData checks =
            table_of("pedigree_checks", {text_column("declared"),
                                         text_column("found"),
                                         {"agrees", ColumnType::u8, "0 or 1", "agrees"}});
        for (const Family& family : families) {
            checks.column<std::string>("declared").push_back(family.declared);
            checks.column<std::string>("found").push_back(family.found);
            checks.column<std::uint8_t>("agrees").push_back(family.agrees ? 1 : 0);
        }
        file.write(checks);
        file.close();
        return path;
    }

    std::filesystem::path folder_;
};

/// The finding of a check; of `table` where there are several.
Finding find(const std::vector<Finding>& findings, Check check, const std::string& table = "") {
    for (const Finding& finding : findings)
        if (finding.check == check && (table.empty() || finding.table == table)) return finding;
    return {.table = "no such finding"};
}
Pair tally_of(const Finding& finding) { return {finding.tally.examined, finding.tally.violated}; }

TEST_F(Genomes, NothingIsSaidWithoutFiles) {
    std::vector<Finding> findings;
    const Linkage linkage = judge_outside({}, {}, findings);
    EXPECT_FALSE(linkage.known);
    ASSERT_EQ(findings.size(), 6u);
    for (const Finding& finding : findings) {
        EXPECT_EQ(finding.verdict, "NOT_APPLICABLE");
        EXPECT_THAT(finding.reason, HasSubstr("is not given"));
    }
}

TEST_F(Genomes, RowsThatAStoreNeverKeepsAreNotLost) {
    std::vector<Finding> findings;
    judge_outside({.events = events({1}, {"a"}), .quality = {}, .kinship = {}}, {}, findings);
    const Finding kept = find(findings, Check::store_keeps, "condition_occurrence");
    EXPECT_EQ(tally_of(kept), Pair(1000, 5));
    EXPECT_EQ(kept.verdict, "WARN") << "within 1%";
    EXPECT_EQ(tally_of(find(findings, Check::store_keeps, "note")), Pair(1, 1));
}

TEST_F(Genomes, LinkageCountsGenomesThatAreThere) {
    std::vector<Finding> findings;
    const auto store = events({1, 2, 1, 2}, {"a", "b", "gone"});
    Linkage linkage = judge_outside({.events = store, .quality = {}, .kinship = {}}, {}, findings);
    EXPECT_EQ(linkage.linked, 3u);
    EXPECT_EQ(tally_of(find(findings, Check::linked_persons)), Pair(4, 1));
    EXPECT_EQ(find(findings, Check::linked_persons).verdict, "WARN");
    findings.clear();
    const auto genomes = quality({"a", "b", "x"}, {1, 2, 1}, {"", "", ""});
    linkage = judge_outside({.events = store, .quality = genomes, .kinship = {}}, {}, findings);
    EXPECT_EQ(tally_of(find(findings, Check::linked_persons)), Pair(4, 2)) << "one has no genome";
    EXPECT_EQ(tally_of(find(findings, Check::linked_samples)), Pair(3, 1));
    EXPECT_EQ(linkage.linked, 2u);
    EXPECT_EQ(linkage.samples, 3u);
    EXPECT_EQ(linkage.samples_linked, 2u);
}

TEST_F(Genomes, SexOfKnownSexesOnly) {
    std::vector<Finding> findings;
    const auto store = events({1, 2, 0, 1, 2}, {"a", "b", "c", "d", "e"});
    const auto genomes =
        quality({"a", "b", "c", "d", "e", "f"}, {2, 2, 1, 0, 1, 1}, {"", "", "", "", "", ""});
    judge_outside({.events = store, .quality = genomes, .kinship = {}}, {}, findings);
    const Finding sex = find(findings, Check::genotype_sex);
    EXPECT_EQ(tally_of(sex), Pair(3, 2)) << "a and e of a, b and e";
    EXPECT_EQ(sex.verdict, "FAIL");
    EXPECT_EQ(tally_of(find(findings, Check::genotype_duplicates)), Pair(5, 0));
}

TEST_F(Genomes, DuplicatesOfQualityAndOfKinshipAreASign) {
    std::vector<Finding> findings;
    const auto store = events({1, 2, 1, 2}, {"a", "b", "c", "d"});
    const auto genomes = quality({"a", "b", "c", "d", "e"}, {1, 2, 1, 2, 1}, {"e", "", "", "", ""});
    const auto relatives = kinship({"c", "d"}, {});
    const auto count = [&](const OutsideFiles& files) {
        findings.clear();
        judge_outside(files, {}, findings);
        return tally_of(find(findings, Check::genotype_duplicates));
    };
    EXPECT_EQ(count({store, genomes, {}}), Pair(4, 1)) << "a; e is linked to nobody";
    EXPECT_EQ(count({store, {}, relatives}), Pair(4, 2));
    EXPECT_EQ(count({store, genomes, relatives}), Pair(4, 3));
    EXPECT_EQ(find(findings, Check::genotype_duplicates).verdict, "WARN") << "twins exist";
    EXPECT_EQ(count({store, {}, {}}), Pair(0, 0));
}

TEST_F(Genomes, FamiliesOfPairsThatWereCompared) {
    std::vector<Finding> findings;
    const auto relatives = kinship({"a", "b"}, {{"parent_child", "parent_child", true},
                                                {"parent_child", "below_kinship_min", false},
                                                {"parent_child", "not_compared", false},
                                                {"full_siblings", "duplicate_or_twin", false},
                                                {"none", "duplicate_or_twin", false},
                                                {"parent_child", "duplicate_or_twin", false},
                                                {"none", "full_siblings", false}});
    judge_outside({.events = {}, .quality = {}, .kinship = relatives}, {}, findings);
    const Finding family = find(findings, Check::genotype_family);
    EXPECT_EQ(tally_of(family), Pair(4, 3));
    EXPECT_EQ(family.verdict, "FAIL");
}

} // namespace
} // namespace salus::health_quality
