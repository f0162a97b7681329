#include "formats/phecode_tables.hpp"

#include "base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include <unistd.h>

namespace salus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PhecodeFilesTest : public ::testing::Test {
protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() /
                  ("salus_phecode_" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder_);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    std::filesystem::path file(const std::string& name, std::string_view content) const {
        std::ofstream(folder_ / name, std::ios::binary) << content;
        return folder_ / name;
    }
    void refused(const PhecodeFiles& files, const char* what) const {
        try {
            read_phecode_tables(files);
            ADD_FAILURE() << "accepted, expected: " << what;
        } catch (const DataError& e) {
            EXPECT_THAT(e.problems().front().what, HasSubstr(what));
        }
    }
    std::filesystem::path folder_;
};

TEST_F(PhecodeFilesTest, MapsOfAllMakes) {
    const PhecodeMap map = read_phecode_tables(
        {.map = {file("r.csv", "\"vocabulary_id\",\"code\",\"phecode\"\n\"ICD10\",\"E11\","
                               "\"250.2\"\n\"ICD10\",\"Z99\",NA\n"),
                 file("x.csv", "phecode,ICD,vocabulary_id\nEM_202.2,E11.9,ICD10CM\n"),
                 file("cm.csv", "ICD10CM,phecode\nE119,250.2\n"),
                 file("flag.csv", "code\tflag\tphecode\n250.00\t9\t250.2\nE11.8\t10\t250.2\n")}});
    EXPECT_THAT(map.names, ElementsAre("250.2", "EM_202.2"));
    EXPECT_THAT(map.codes,
                ElementsAre("ICD10:E11", "ICD10CM:E11.8", "ICD10CM:E11.9", "ICD9CM:250.00"));
    EXPECT_THAT(map.of(2), ElementsAre(0, 1)) << "two maps name the same code";
}

TEST_F(PhecodeFilesTest, RollupExclusionsAndInfo) {
    const PhecodeMap map = read_phecode_tables(
        {.map = {file("m.csv", "icd10,phecode\nE11,250.2\nC61,185\n")},
         .rollup = {file("r.csv", "code,phecode_unrolled\n250.2,250.2\n250.2,250\n")},
         .exclusions = {file("e.csv", "code,exclusion_criteria\n250.2,249\n")},
         .info = {file("i.csv", "phecode,description\n250.2,\"Diabetes, type 2\"\n"),
                  file("s.csv", "phecode,male_only,female_only\n185,TRUE,FALSE\n250,FALSE,NA\n"),
                  file("x.csv", "phecode,phecode_string,sex\n250,Diabetes,Both\n")}});
    EXPECT_THAT(map.names, ElementsAre("185", "249", "250", "250.2"));
    EXPECT_THAT(map.docs, ElementsAre("", "", "Diabetes", "Diabetes, type 2"));
    EXPECT_THAT(map.sex, ElementsAre(1, 0, 0, 0));
    EXPECT_THAT(map.of(1), ElementsAre(2, 3));
    EXPECT_THAT(map.exclusions, ElementsAre(std::pair<std::uint16_t, std::uint16_t>(1, 3)));
}

TEST_F(PhecodeFilesTest, CodesKeepTheirWritingOnRequest) {
    const PhecodeFiles files{.map = {file("m.csv", "icd10,phecode\ne119,250.2\n")}};
    EXPECT_THAT(read_phecode_tables(files).codes, ElementsAre("ICD10:E11.9"));
    EXPECT_THAT(read_phecode_tables(files, CodeWriting::as_written).codes,
                ElementsAre("ICD10:e119"));
}

TEST_F(PhecodeFilesTest, WhatIsMissingIsTold) {
    refused({.map = {file("a.csv", "code,phecode\nE11,250.2\n")}}, "vocabulary_id");
    refused({.map = {file("b.csv", "vocabulary_id,phecode\nICD10,250.2\n")}}, "code, icd");
    refused({.map = {file("c.csv", "icd10,name\nE11,250.2\n")}}, "phecode");
    refused({.map = {file("d.csv", "code,vocabulary_id,phecode\nE11,,250.2\n")}}, "no system");
    refused({.rollup = {file("e.csv", "code,above\n")}}, "phecode_unrolled");
    refused({.exclusions = {file("f.csv", "phecode,exclude\n")}}, "code");
    refused({.info = {file("g.csv", "phecode,male_only,female_only\n1,maybe,FALSE\n")}},
            "neither TRUE nor FALSE");
    refused({.info = {file("h.csv", "phecode,male_only,female_only\n1,TRUE,TRUE\n")}},
            "males only and of females only");
    refused({.info = {file("i.csv", "phecode,sex\n1,X\n")}}, "not a sex");
    std::vector<Problem> problems;
    check_phecode_tables(
        {.map = {folder_ / "a.csv", folder_ / "absent.csv"}, .rollup = {folder_ / "e.csv"}},
        problems);
    EXPECT_EQ(problems.size(), 2U) << "both headers, and nothing of files yet to be made";
}

} // namespace
} // namespace salus
