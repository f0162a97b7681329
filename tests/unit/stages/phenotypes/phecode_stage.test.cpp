// Phecodes through the stage phenotypes: ports, status matrix in genotype order, messages.
#include "base/hash.hpp"
#include "health/status_matrix.hpp"
#include "parallel/parallel_for.hpp"
#include "stages/phenotypes/phenotypes.hpp"
#include "support/genotype_store.hpp"
#include "unit/stages/phenotypes/event_store_writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <unistd.h>

namespace salus {
namespace {

using ::testing::HasSubstr;
using enum TraitStatus;

class PhecodeStage : public ::testing::Test {
protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() /
                  ("salus-phecodes-" + std::to_string(::getpid()));
        std::filesystem::remove_all(folder_);
        StoreDescription about;
        about.samples.id = {"S3", "S1", "S2", "S9"};
        about.samples.sex.assign(4, Sex::unknown);
        about.genome_build = "GRCh38";
        Variant variant;
        variant.chromosome = "1";
        variant.position = 5;
        variant.ref = "A";
        variant.alt = "C";
        test::write_small_store(folder_ / "genotypes.store", about,
                                {{.variants = {variant}, .rows = {test::packed_row("0120")}}});
        file("map.csv", "vocabulary_id,code,phecode\nICD10,E11.9,250.2\nICD10,C61,185\n"
                        "ICD10,R73.9,249\nICD9CM,250.00,250.2\n");
        file("rollup.csv", "code,phecode_unrolled\n250.2,250.2\n250.2,250\n");
        file("exclude.csv", "code,exclusion_criteria\n250.2,249\n");
        file("info.csv", "phecode,description,male_only,female_only\n185,Cancer of "
                         "prostate,TRUE,FALSE\n");
        events(2);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    void file(const std::string& name, std::string_view content) const {
        std::ofstream(folder_ / name, std::ios::binary) << content;
    }
    void events(std::size_t shards) const {
        const auto day = [](int year) { return day_from_civil(year, 1, 1); };
        const std::vector<Period> seen{{day(2000), day(2020)}};
        write_event_store(folder_ / "events.h5",
                          {{"S1",
                            1,
                            day(1950),
                            seen,
                            {{day(2001), "ICD10:E11.9", ""}, {day(2002), "ICD10:E11.9", ""}}},
                           {"S2", 2, day(1960), seen, {{day(2001), "ICD10:R73.9", ""}}},
                           {"S3", 1, day(1970), {}, {{day(2001), "ICD10:C61", ""}}},
                           {"S4", 1, day(1980), seen, {}}},
                          shards);
    }
    Inputs inputs() const {
        return {{"genotypes", {folder_ / "genotypes.store"}},
                {"events", {folder_ / "events.h5"}},
                {"phecode_map", {folder_ / "map.csv"}},
                {"phecode_rollup", {folder_ / "rollup.csv"}},
                {"phecode_exclusions", {folder_ / "exclude.csv"}},
                {"phecode_info", {folder_ / "info.csv"}}};
    }
    std::filesystem::path run(const PhenotypesParams& params, const Inputs& wires,
                              const std::string& name = "run") const {
        RunContext::Setup setup{.comm = {}, .log = Log("test", 1)};
        setup.stage = name;
        setup.inputs = wires;
        setup.outputs = {{"phenotypes", folder_ / name / "phenotypes.h5"}};
        setup.work = folder_ / name / "work";
        setup.fingerprint = name;
        RunContext context(std::move(setup));
        run_phenotypes(params, context);
        return folder_ / name / "phenotypes.h5";
    }
    std::vector<Problem> problems(const Inputs& wires) const {
        std::vector<Problem> found;
        Workload sizes;
        const Stage stage = phenotypes_stage();
        stage.examine(stage.defaults().get(), wires, sizes, found);
        return found;
    }
    std::filesystem::path folder_;
};

TEST_F(PhecodeStage, StatusesStandInGenotypeOrder) {
    const H5File file = H5File::open(run({}, inputs()));
    const auto matrix = StatusMatrix::open(file);
    ASSERT_TRUE(matrix);
    ASSERT_EQ(matrix->size(), 4U);
    ASSERT_EQ(matrix->samples(), 4U);
    const std::map<std::string, std::vector<TraitStatus>> expected{
        // S3 has no observation period, S9 no person; S2 is a woman.
        {"phecode_185", {not_applicable, control, not_applicable, not_applicable}},
        {"phecode_249", {not_applicable, control, excluded, not_applicable}},
        {"phecode_250", {not_applicable, event_case, control, not_applicable}},
        {"phecode_250.2", {not_applicable, event_case, excluded, not_applicable}}};
    for (const auto& [name, statuses] : expected) {
        const auto row = matrix->find(name);
        ASSERT_TRUE(row) << name;
        const auto packed = matrix->packed(*row, 1);
        for (std::size_t s = 0; s < 4; ++s)
            EXPECT_EQ(status_get(packed, s), statuses[s]) << name << " " << s;
    }
    EXPECT_EQ(matrix->traits()[0].doc, "Cancer of prostate");
    EXPECT_EQ(matrix->traits()[2].samples, (std::array<std::uint64_t, 4>{1, 1, 0, 2}));
    EXPECT_FALSE(file.is_table("traits")) << "phecodes are no columns";
    EXPECT_TRUE(file.is_table("covariates"));
}

TEST_F(PhecodeStage, TheyStandBesideOtherTraits) {
    file("traits.toml", "[[trait]]\nname = \"t2d\"\ncodes = [\"ICD10:E11\"]\n");
    Inputs wires = inputs();
    wires["definitions"] = {folder_ / "traits.toml"};
    const H5File file = H5File::open(run({.phecode_min_dates = 1}, wires));
    EXPECT_TRUE(file.exists("traits/t2d"));
    const auto matrix = StatusMatrix::open(file);
    ASSERT_TRUE(matrix);
    EXPECT_EQ(matrix->traits()[matrix->find("phecode_249").value()].samples[1], 1U)
        << "one date is enough";
}

TEST_F(PhecodeStage, ShardsAndThreadsDoNotChangeTheBytes) {
    const std::string once = sha256_file(run({}, inputs(), "a"));
    set_threads(3);
    EXPECT_EQ(sha256_file(run({}, inputs(), "b")), once);
    set_threads(1);
    events(3);
    EXPECT_EQ(sha256_file(run({}, inputs(), "c")), once);
}

TEST_F(PhecodeStage, WiringIsChecked) {
    EXPECT_TRUE(problems(inputs()).empty());
    Inputs wires = inputs();
    wires.erase("events");
    ASSERT_EQ(problems(wires).size(), 1U);
    EXPECT_THAT(problems(wires)[0].what, HasSubstr("phecodes need events"));
    wires = inputs();
    wires.erase("phecode_map");
    EXPECT_EQ(problems(wires).size(), 4U) << "no trait, and three tables without a map";
    file("map.csv", "code,phecode\nE11,250\n");
    ASSERT_EQ(problems(inputs()).size(), 1U);
    EXPECT_THAT(problems(inputs())[0].what, HasSubstr("vocabulary_id"));
}

} // namespace
} // namespace salus
