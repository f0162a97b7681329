#include "base/error.hpp"
#include "health/event_store.hpp"
#include "stages/ingest_health/ingest_health.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <tuple>
#include <unistd.h>

namespace salus {
namespace {

using ::testing::HasSubstr;

class IngestFhir : public ::testing::Test {
protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() /
                  ("salus-ingest-fhir-" + std::to_string(::getpid()));
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_ / "omop");
        std::filesystem::create_directories(folder_ / "fhir");
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    void put(const std::string& name, std::string_view content) const {
        std::ofstream(folder_ / name, std::ios::binary) << content;
    }
    std::filesystem::path run(const std::vector<std::string>& ports, IngestHealthParams params,
                              const std::string& name) const {
        RunContext::Setup setup{.comm = {}, .log = Log("ingest_health", 1)};
        setup.stage = "ingest_health";
        for (const std::string& port : ports)
            setup.inputs[port] = {folder_ / port};
        setup.outputs = {{"events", folder_ / name / "events.h5"}};
        setup.work = folder_ / name / "work";
        setup.fingerprint = name;
        RunContext context(std::move(setup));
        run_ingest_health(params, context);
        return folder_ / name / "events.h5";
    }
    void cohort_as_omop() const;
    void cohort_as_fhir() const;
    std::filesystem::path folder_;
};

void IngestFhir::cohort_as_omop() const {
    put("omop/person.csv", "person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth,"
                           "person_source_value\n"
                           "30,8507,1950,1,1,S30\n10,8532,1960,2,,S10\n20,8507,1970,,,\n");
    put("omop/condition_occurrence.csv",
        "person_id,condition_concept_id,condition_start_date,condition_end_date,condition_source_"
        "value\n30,0,2010-05-05,2010-06-01,e119\n10,0,2001-01-01,,I21.9\n30,0,2009-05-05,,E11.9\n");
    put("omop/measurement.csv",
        "person_id,measurement_concept_id,measurement_date,value_as_number,measurement_source_"
        "value,unit_source_value,operator_concept_id\n"
        "10,0,2001-01-01,3.5,13457-7,mmol/L,0\n20,0,2001-01-02,70,13457-7,mg/dL,4171756\n");
    put("omop/drug_exposure.csv",
        "person_id,drug_concept_id,drug_exposure_start_date,drug_exposure_end_date,drug_source_"
        "value\n20,0,2003-03-01,2003-03-30,C10AA01\n");
    put("omop/death.csv", "person_id,death_date\n30,2020-02-02\n");
}

std::string condition_line(const std::string& id, const std::string& person,
                           const std::string& more, const std::string& code) {
    return R"({"resourceType":"Condition","id":")" + id + R"(","subject":{"reference":"Patient/)" +
           person + R"("},)" + more +
           R"(,"code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":")" + code +
           "\"}]}}\n";
}
std::string ldl(const std::string& id, const std::string& person, const std::string& day,
                const std::string& quantity, const std::string& status = "final") {
    return R"({"resourceType":"Observation","id":")" + id + R"(","status":")" + status +
           R"(","subject":{"reference":"Patient/)" + person + R"("},"effectiveDateTime":")" + day +
           R"(","code":{"coding":[{"system":"http://loinc.org","code":"13457-7"}]},"valueQuantity":{)" +
           quantity + "}}\n";
}

void IngestFhir::cohort_as_fhir() const {
    const std::string sample = R"(,"identifier":[{"system":"urn:biobank","value":"S)";
    put("fhir/Patient.ndjson",
        R"({"resourceType":"Patient","id":"30","gender":"male","birthDate":"1950-01-01","deceasedDateTime":"2020-02-02T23:00:00-08:00")" +
            sample +
            "30\"}]}\n"
            R"({"resourceType":"Patient","id":"10","gender":"female","birthDate":"1960-02")" +
            sample +
            "10\"}]}\n"
            R"({"resourceType":"Patient","id":"20","gender":"male","birthDate":"1970"})"
            "\n");
    put("fhir/Condition.ndjson",
        condition_line("a", "30",
                       R"("onsetDateTime":"2010-05-05","abatementDateTime":"2010-06-01")", "e119") +
            condition_line("b", "10", R"("recordedDate":"2001-01-01")", "I21.9") +
            condition_line("c", "30", R"("onsetPeriod":{"start":"2009-05-05"})", "E11.9"));
    put("fhir/Observation.ndjson",
        ldl("a", "10", "2001-01-01T10:00:00Z", R"("value":3.5,"code":"mmol/L")") +
            ldl("b", "20", "2001-01-02T23:59:00-10:00",
                R"("value":70,"comparator":"<","unit":"mg/dL")") +
            ldl("c", "20", "2001-01-02", R"("value":71)", "preliminary"));
    put("fhir/MedicationRequest.ndjson",
        R"({"resourceType":"MedicationRequest","id":"a","status":"completed","intent":"order","subject":{"reference":"Patient/20"},"authoredOn":"2003-03-01","medicationReference":{"reference":"Medication/m"},"dispenseRequest":{"expectedSupplyDuration":{"value":30,"code":"d"}}})"
        "\n");
    put("fhir/Medication.ndjson",
        R"({"resourceType":"Medication","id":"m","code":{"coding":[{"system":"http://www.whocc.no/atc","code":"C10AA01"}]}})"
        "\n");
}

using SeenFhir =
    std::tuple<std::uint32_t, Day, Day, int, std::string, std::string, std::string, int, int, int>;
/// All that definitions can ask of the events, in the order of the store.
std::vector<SeenFhir> seen_fhir(const H5File& file) {
    const TableData events = file.read("events"), codes = file.read("codes"),
                    units = file.read("units");
    std::vector<SeenFhir> out;
    for (std::size_t i = 0; i < events.rows(); ++i) {
        const double value = events.column<double>("value")[i];
        out.emplace_back(
            events.column<std::uint32_t>("person")[i], events.column<std::int32_t>("day")[i],
            events.column<std::int32_t>("end")[i], events.column<std::uint8_t>("kind")[i],
            codes.column<std::string>("code")[events.column<std::uint32_t>("code")[i]],
            units.column<std::string>("unit")[events.column<std::uint32_t>("unit")[i]],
            std::isnan(value) ? "" : std::to_string(value),
            events.column<std::uint8_t>("comparator")[i], events.column<std::uint8_t>("source")[i],
            events.column<std::uint8_t>("flags")[i]);
    }
    return out;
}

TEST_F(IngestFhir, TheSameCohortAsOmopAndAsFhir) {
    cohort_as_omop();
    cohort_as_fhir();
    const H5File omop = H5File::open(run({"omop"}, {}, "a"));
    const H5File fhir = H5File::open(run({"fhir"}, {.sample_system = "urn:biobank"}, "b"));
    EXPECT_EQ(seen_fhir(fhir), seen_fhir(omop));
    EXPECT_EQ(seen_fhir(fhir).size(), 7U);
    for (const char* column : {"birth", "death"}) {
        const auto left = omop.read("persons").column<double>(column);
        const auto right = fhir.read("persons").column<double>(column);
        ASSERT_EQ(left.size(), right.size());
        for (std::size_t p = 0; p < left.size(); ++p)
            EXPECT_TRUE(left[p] == right[p] || (std::isnan(left[p]) && std::isnan(right[p])));
    }
    EXPECT_EQ(omop.read("persons").column<std::uint8_t>("sex"),
              fhir.read("persons").column<std::uint8_t>("sex"));
    EXPECT_EQ(omop.read("links").column<std::string>("sample_id"),
              fhir.read("links").column<std::string>("sample_id"));
    const TableData rejects = fhir.read("rejects");
    ASSERT_EQ(rejects.rows(), 1U);
    EXPECT_EQ(rejects.column<std::string>("reason")[0], "not_final");
    EXPECT_EQ(rejects.column<std::string>("table")[0], "Observation");
    EXPECT_EQ(rejects.column<std::uint64_t>("first_line")[0], 3U);
}

TEST_F(IngestFhir, PiecesAndShardsMakeNoDifference) {
    cohort_as_fhir();
    const auto whole = seen_fhir(H5File::open(run({"fhir"}, {}, "a")));
    EXPECT_EQ(seen_fhir(H5File::open(run({"fhir"}, {.unit_bytes = 100, .shards = 3}, "b"))), whole);
}

TEST_F(IngestFhir, EventsTakeTheSourceOfTheirEncounter) {
    cohort_as_fhir();
    put("fhir/Encounter.ndjson",
        R"({"resourceType":"Encounter","id":"v","status":"finished","class":{"code":"IMP"},"subject":{"reference":"Patient/30"},"period":{"start":"2010-05-05","end":"2010-05-07"}})"
        "\n");
    put("fhir/Condition.ndjson",
        condition_line(
            "a", "30",
            R"("onsetDateTime":"2010-05-05","encounter":{"reference":"https://h/fhir/Encounter/v"})",
            "E11"));
    const auto events = seen_fhir(H5File::open(run({"fhir"}, {}, "a")));
    std::size_t inside = 0;
    for (const SeenFhir& event : events)
        inside += static_cast<std::size_t>(std::get<8>(event) ==
                                           static_cast<int>(EventSource::inpatient));
    EXPECT_EQ(inside, 2U); // the encounter and the condition
}

TEST_F(IngestFhir, BadLinesEndTheJobOrAreCounted) {
    cohort_as_fhir();
    put("fhir/Condition.ndjson",
        condition_line("a", "30", R"("onsetDateTime":"2010-05-05")", "E11") +
            "{\"resourceType\":\"Condition\",\"secret\n");
    try {
        run({"fhir"}, {}, "a");
        FAIL() << "no error";
    } catch (const DataError& e) {
        EXPECT_THAT(e.what(), HasSubstr("Condition.ndjson, line 2"));
        EXPECT_THAT(e.what(), HasSubstr("not_json"));
        EXPECT_EQ(std::string(e.what()).find("secret"), std::string::npos);
    }
    EXPECT_FALSE(std::filesystem::exists(folder_ / "a/events.h5"));
    const H5File file = H5File::open(run({"fhir"}, {.on_bad_record = "skip"}, "b"));
    const auto reasons = file.read("rejects").column<std::string>("reason");
    EXPECT_NE(std::find(reasons.begin(), reasons.end(), "not_json"), reasons.end());
}

} // namespace
} // namespace salus
