#include "stages/ancestry/ancestry.hpp"

#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/random.hpp"
#include "run/context.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

namespace salus {
namespace {

using testing::HasSubstr;

// 90 samples in three clouds of two components, and one far away from all.
class AncestryStage : public testing::Test {
protected:
    static constexpr std::size_t samples = 91;

    AncestryStage() {
        folder_ = std::filesystem::path(testing::TempDir()) /
                  (std::string("ancestry-") +
                   testing::UnitTest::GetInstance()->current_test_info()->name());
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
        write_components("pc.h5", "s", {20, 5});
        write_labels(samples);
    }
    ~AncestryStage() override { std::filesystem::remove_all(folder_); }

    void write_components(const std::string& name, const std::string& prefix,
                          const std::vector<double>& eigenvalues) {
        using enum ColumnType;
        TableData values({.name = "eigenvalues",
                          .row = "component",
                          .doc = "eigenvalues",
                          .columns = {{"eigenvalue", f64, "1", "eigenvalue"}}});
        TableData rows({.name = "samples",
                        .row = "sample",
                        .doc = "coordinates",
                        .columns = {{"sample_id", text, "", "sample"},
                                    {"used", u8, "0 or 1", "used"},
                                    {"pc1", f64, "1", "coordinate"},
                                    {"pc2", f64, "1", "coordinate"}}});
        values.column<double>("eigenvalue") = eigenvalues;
        Rng rng(6, "clouds", 0);
        for (std::size_t i = 0; i < samples; ++i) {
            const double x = i + 1 == samples ? 3
                             : i % 3 == 1     ? 0.3
                                              : 0,
                         y = i + 1 == samples ? 3
                             : i % 3 == 2     ? 0.4
                                              : 0;
            rows.column<std::string>("sample_id").push_back(prefix + std::to_string(i));
            rows.column<std::uint8_t>("used").push_back(1);
            rows.column<double>("pc1").push_back(x + 0.02 * rng.normal());
            rows.column<double>("pc2").push_back(y + 0.02 * rng.normal());
        }
        H5File file = H5File::create(folder_ / name);
        file.write(values);
        file.write(rows);
        file.close();
    }
    void write_labels(std::size_t count) {
        std::ofstream out(folder_ / "labels.tsv");
        out << "sample_id\tgroup\nelsewhere\tB\n";
        for (std::size_t i = 0; i < count; ++i)
            out << "s" << i << '\t' << (i % 2 == 1 || i > 84 ? "NA" : "ABC"[i % 3] + std::string())
                << '\n';
    }
    std::filesystem::path run(const std::string& name, const AncestryParams& params,
                              bool with_labels, std::vector<std::string> files = {"pc.h5"}) {
        Inputs inputs;
        for (const auto& file : files)
            inputs["components"].push_back(folder_ / file);
        if (with_labels) inputs["labels"] = {folder_ / "labels.tsv"};
        RunContext context({.comm = {},
                            .log = Log("test", 0, LogLevel::error),
                            .stage = "ancestry",
                            .inputs = inputs,
                            .outputs = {{"ancestry", folder_ / (name + ".h5")}},
                            .work = folder_ / "work",
                            .fingerprint = "f",
                            .provenance = {{"program", "salus"}}});
        run_ancestry(params, context);
        return folder_ / (name + ".h5");
    }

    std::filesystem::path folder_;
};

TEST_F(AncestryStage, LabelsReachTheUnlabelledAndNobodyFarAway) {
    const H5File file = H5File::open(run("a", {}, true));
    const TableData rows = file.read("samples");
    const auto& group = rows.column<std::string>("group");
    for (std::size_t i = 0; i + 1 < samples; ++i)
        EXPECT_EQ(group[i], std::string(1, "ABC"[i % 3])) << i;
    EXPECT_EQ(group.back(), unassigned_group);
    EXPECT_NE(rows.column<std::string>("best_group").back(), unassigned_group);
    EXPECT_EQ(file.integer_attribute("/", "labels_without_sample"), 1);
    const TableData accuracy = file.read("accuracy");
    EXPECT_EQ(accuracy.rows(), 3u); // nobody is classified wrongly
    EXPECT_EQ(accuracy.column<std::uint64_t>("samples")[0], 15u);
    EXPECT_FALSE(file.exists("mixtures"));
    const TableData groups = file.read("groups");
    EXPECT_NEAR(groups.column<double>("pc1")[1], 0.3, 0.02);
    EXPECT_EQ(groups.column<std::uint64_t>("samples")[2], 30u);
}

TEST_F(AncestryStage, ClustersAreThePlantedClouds) {
    const AncestryParams params{.groups_max = 5};
    const H5File file = H5File::open(run("a", params, false));
    const auto group = file.read("samples").column<std::string>("group");
    for (std::size_t i = 3; i + 1 < samples; ++i)
        EXPECT_EQ(group[i], group[i % 3]);
    EXPECT_NE(group[0], group[1]);
    EXPECT_NE(group[1], group[2]);
    const TableData mixtures = file.read("mixtures");
    EXPECT_EQ(mixtures.rows(), 5u);
    EXPECT_EQ(sha256_file(run("b", params, false)), sha256_file(folder_ / "a.h5"));
}

TEST_F(AncestryStage, SeveralResultsOfOneSpaceAreTakenTogether) {
    write_components("projected.h5", "t", {20, 5});
    const TableData rows =
        H5File::open(run("a", {}, true, {"pc.h5", "projected.h5"})).read("samples");
    ASSERT_EQ(rows.rows(), 2 * samples);
    EXPECT_EQ(rows.column<std::string>("group")[samples + 4], "B");
    write_components("other.h5", "u", {21, 5});
    EXPECT_THROW(run("b", {}, true, {"pc.h5", "other.h5"}), DataError);
    write_components("again.h5", "s", {20, 5});
    EXPECT_THROW(run("c", {}, true, {"pc.h5", "again.h5"}), DataError);
}

TEST_F(AncestryStage, SmallGroupsAndStrangersAreErrors) {
    try {
        run("a", {.group_size_min = 16}, true);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::data);
        EXPECT_THAT(error.what(), HasSubstr("group_size_min"));
    }
    write_labels(0);
    EXPECT_THROW(run("b", {}, true), Error);
}

} // namespace
} // namespace salus
