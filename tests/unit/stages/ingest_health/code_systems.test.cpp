// Names of code systems that a user adds, in every form of records.
#include "stages/ingest_health/sources.hpp"

#include "base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include <unistd.h>

namespace salus::ingest_health {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

class CodeSystemAliasesPort : public ::testing::Test {
protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() /
                  ("salus_code_systems_" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder_ / "omop");
        std::filesystem::create_directories(folder_ / "fhir");
        file("omop/person.csv", "person_id,gender_concept_id,year_of_birth\n1,8507,1950\n");
        file("omop/condition_occurrence.csv",
             "person_id,condition_concept_id,condition_start_date,condition_source_value\n"
             "1,0,2020-01-02,e119\n");
        file("fhir/Condition.ndjson",
             "{\"resourceType\":\"Condition\",\"id\":\"c\",\"subject\":{\"reference\":"
             "\"Patient/1\"},\"onsetDateTime\":\"2020-01-02\",\"code\":{\"coding\":[{\"system\":"
             "\"urn:oid:1.2.3.4\",\"code\":\"E11.9\"}]}}\n");
        file("aliases.tsv", "alias\tsystem\nurn:oid:1.2.3.4\tICD-10-GM\nHouse list\tICD-10-GM\n");
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    void file(const std::string& name, std::string_view content) const {
        std::ofstream(folder_ / name, std::ios::binary) << content;
    }
    std::vector<std::string> codes(const std::string& form, bool with_aliases) const {
        Inputs inputs{{form, {folder_ / form}}};
        if (with_aliases) inputs["code_systems"] = {folder_ / "aliases.tsv"};
        const IngestHealthParams params{.condition_codes = "House list"};
        const Plan plan = make_plan(params, inputs);
        std::vector<std::string> out;
        for (const SourceUnit& unit : plan.units) {
            const auto reader = open_source(plan, unit, params, {});
            while (reader->next()) {
            }
            for (const CodeEntry& entry : reader->codes())
                out.push_back(entry.code);
        }
        return out;
    }
    std::filesystem::path folder_;
};

TEST_F(CodeSystemAliasesPort, NamesOfFhirAndOfOmop) {
    EXPECT_THAT(codes("fhir", false), Contains("1.2.3.4:E11.9"));
    EXPECT_THAT(codes("fhir", true), Contains("ICD10GM:E11.9"));
    EXPECT_THAT(codes("omop", false), Contains("HOUSELIST:e119"));
    EXPECT_THAT(codes("omop", true), Contains("ICD10GM:E11.9"));
}

TEST_F(CodeSystemAliasesPort, UnknownSystemsOfParametersAreTold) {
    const IngestHealthParams params{.condition_codes = "House list",
                                    .measurement_codes = "LONIC",
                                    .drug_codes = "atc",
                                    .procedure_codes = "http://snomed.info/sct"};
    const Inputs inputs{{"omop", {folder_ / "omop"}}};
    const auto told = unknown_code_systems(make_plan(params, inputs), params);
    ASSERT_EQ(told.size(), 2U);
    EXPECT_THAT(told[0],
                HasSubstr("condition_codes = \"House list\": this code system is not known;"));
    EXPECT_THAT(told[1], HasSubstr("did you mean LOINC?"));
    Inputs aliased = inputs;
    aliased["code_systems"] = {folder_ / "aliases.tsv"};
    EXPECT_EQ(unknown_code_systems(make_plan(params, aliased), params).size(), 1U);
}

TEST_F(CodeSystemAliasesPort, ABadFileIsTold) {
    file("aliases.tsv", "alias\tsystem\nno system\n");
    EXPECT_THROW(codes("fhir", true), UsageError);
}

} // namespace
} // namespace salus::ingest_health
