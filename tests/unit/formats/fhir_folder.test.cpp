#include "formats/fhir_folder.hpp"

#include "base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <unistd.h>

namespace salus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FhirFolders : public ::testing::Test {
protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() /
                  ("salus-fhir-folder-" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder_);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    std::filesystem::path put(const std::string& name, std::string_view content) const {
        std::filesystem::create_directories((folder_ / name).parent_path());
        std::ofstream(folder_ / name, std::ios::binary) << content;
        return folder_;
    }
    std::vector<std::string> names() const {
        std::vector<std::string> out;
        for (const FhirFile& file : find_fhir_files(folder_).files)
            out.push_back(file.name + " " + file.label);
        return out;
    }
    std::filesystem::path folder_;
};

TEST_F(FhirFolders, FilesByTheirFirstResource) {
    put("b.ndjson", R"({"resourceType":"Medication","id":"m"})");
    put("a/Patient.000.ndjson", "\n"
                                R"({"resourceType":"Patient","id":"m"})");
    put("summary.JSON", R"({"resourceType":"Bundle","type":"document"})");
    put("empty.ndjson", "");
    put("log.ndjson", R"({"exportId":"x","eventId":"kickoff"})");
    put("errors.ndjson", "{\"resourceType\":\"OperationOutcome\"}\n{}\n");
    put("notes.txt", "x");
    EXPECT_THAT(names(), ElementsAre("a/Patient.000.ndjson Patient", "b.ndjson Medication",
                                     "empty.ndjson unknown", "summary.JSON document"));
    EXPECT_EQ(find_fhir_files(folder_).export_errors, 2U);
    EXPECT_TRUE(find_fhir_files(folder_).files[1].medications);
    EXPECT_EQ(fhir_ranges(folder_ / "summary.JSON", 1).size(), 1U);
    EXPECT_EQ(fhir_ranges(folder_ / "b.ndjson", 10).size(), 4U);
}

TEST_F(FhirFolders, TheManifestSaysWhatBelongsToAnExport) {
    put("manifest.json",
        R"({"transactionTime":"2024-08-06T18:12:57Z","output":[{"type":"Patient","url":"https://h/x/Patient.ndjson?a=b"}],"deleted":[{"type":"Bundle","url":"https://h/gone.ndjson"}],"error":[{"url":"https://h/e.ndjson"}]})");
    put("Patient.ndjson", R"({"resourceType":"Patient","id":"m"})");
    put("gone.ndjson", R"({"resourceType":"Bundle"})");
    put("e.ndjson", "{\"resourceType\":\"OperationOutcome\"}\n");
    put("old.ndjson", R"({"resourceType":"Patient","id":"m"})");
    EXPECT_THAT(names(), ElementsAre("Patient.ndjson Patient", "gone.ndjson Bundle"));
    const FhirFolder found = find_fhir_files(folder_);
    EXPECT_EQ(found.export_errors, 1U);
    EXPECT_THAT(found.not_listed, ElementsAre("old.ndjson"));
    std::filesystem::remove(folder_ / "gone.ndjson");
    try {
        find_fhir_files(folder_);
        FAIL() << "no error";
    } catch (const DataError& e) {
        EXPECT_THAT(e.what(), HasSubstr("lacks the file gone.ndjson"));
    }
}

TEST_F(FhirFolders, NothingToRead) {
    put("a.txt", "");
    EXPECT_THROW(find_fhir_files(folder_), DataError);
    EXPECT_THROW(find_fhir_files(folder_ / "none"), DataError);
}

} // namespace
} // namespace salus
