#include "formats/fhir.hpp"

#include "base/error.hpp"
#include "formats/delimited.hpp"
#include "formats/fhir_codes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <unistd.h>

namespace salus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A row with its own text, for comparisons.
struct Row {
    RecordRow row;
    std::string person, record, visit, text, site, code, unit, value_code;
};

struct Result {
    std::vector<Row> rows;
    std::vector<std::string> rejects; // in the order of the file
    std::vector<Problem> problems;
    std::vector<bool> left_out;
};

void take_row(const FhirReader& reader, Result& result) {
    const RecordRow& row = reader.row();
    Row out{.row = row,
            .person = std::string(row.person),
            .record = std::string(row.record),
            .visit = std::string(row.visit),
            .text = std::string(row.text),
            .site = std::string(row.site)};
    if (row.kind == RecordKind::event) {
        out.code = reader.codes().at(row.code).code;
        out.unit = reader.units().at(row.unit);
        if (row.value_code != no_code) out.value_code = reader.codes().at(row.value_code).code;
    }
    result.rows.push_back(out);
}

class Fhir : public ::testing::Test {
protected:
    void SetUp() override {
        folder_ =
            std::filesystem::temp_directory_path() / ("salus-fhir-" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder_);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    std::filesystem::path file(std::string_view content, const char* name = "t.ndjson") const {
        std::ofstream(folder_ / name, std::ios::binary) << content;
        return folder_ / name;
    }
    Result read(std::string_view content, const char* name = "t.ndjson") const {
        Result result;
        FhirReader reader(file(content, name), {}, options_, medications_);
        while (reader.next()) {
            if (reader.reject().empty()) {
                take_row(reader, result);
                continue;
            }
            result.rejects.emplace_back(reader.reject());
            result.problems.push_back(reader.problem());
            result.left_out.push_back(reader.left_out());
        }
        return result;
    }
    std::filesystem::path folder_;
    FhirOptions options_;
    FhirMedications medications_;
};

/// `more`: elements beside type, id and subject, each with a comma before it.
std::string resource(const std::string& type, const std::string& more,
                     const std::string& subject = "Patient/p1") {
    return R"({"resourceType":")" + type + R"(","id":"r1","subject":{"reference":")" + subject +
           "\"}" + more + "}\n";
}
const std::string icd =
    R"(,"code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"E11.9"}]})";
const std::string ldl =
    R"(,"status":"final","code":{"coding":[{"system":"http://loinc.org","code":"13457-7"}]})";
const std::string effective_day = R"(,"effectiveDateTime":"2020-05-06T23:30:00-05:00")";

TEST_F(Fhir, Persons) {
    options_.sample_system = "urn:biobank";
    const Result result = read(
        R"({"resourceType":"Patient","id":"a","gender":"male","birthDate":"1950-02-03","deceasedDateTime":"2020-01-02T10:00:00Z","managingOrganization":{"reference":"Organization/h1"},"identifier":[{"system":"x","value":"1"},{"system":"urn:biobank","value":"S7"}]})"
        "\n"
        R"({"resourceType":"Patient","id":"b","gender":"female","birthDate":"1950"})"
        "\n"
        R"({"resourceType":"Patient","id":"c","gender":"other","deceasedBoolean":true})"
        "\n");
    ASSERT_EQ(result.rows.size(), 4U);
    const Row &a = result.rows[0], &death = result.rows[1], &b = result.rows[2],
              &c = result.rows[3];
    EXPECT_EQ(death.row.kind, RecordKind::event);
    EXPECT_EQ(death.row.event, EventKind::death);
    EXPECT_EQ(format_date(death.row.day), "2020-01-02");
    EXPECT_EQ(death.code, "OMOP:0");
    EXPECT_EQ(a.row.kind, RecordKind::person);
    EXPECT_EQ(a.person, "a");
    EXPECT_EQ(a.record, "Patient/a");
    EXPECT_EQ(a.text, "S7");
    EXPECT_EQ(a.site, "h1");
    EXPECT_EQ(a.row.sex, 1);
    EXPECT_EQ(format_date(a.row.day), "1950-02-03");
    EXPECT_EQ(a.row.death, day_from_civil(2020, 1, 2));
    EXPECT_EQ(b.row.sex, 2);
    EXPECT_EQ(format_date(b.row.day), "1950-07-01");
    EXPECT_EQ(b.row.flags, year_precision);
    EXPECT_TRUE(std::isnan(b.row.death));
    EXPECT_EQ(c.row.sex, 0);
    EXPECT_FALSE(c.row.has_birth);
    EXPECT_TRUE(std::isnan(c.row.death));
}

TEST_F(Fhir, EveryCodingIsAnEventOfOneDay) {
    const Result result = read(resource(
        "Condition",
        R"(,"code":{"coding":[{"system":"http://snomed.info/sct","code":"44054006"},{"system":"urn:oid:2.16.840.1.113883.6.3","code":"e119"},{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"E11.9"},{"system":"http://hl7.org/fhir/sid/icd-10","code":"E11.9"},{"system":"http://snomed.info/sct"}]},"encounter":{"reference":"Encounter/v1"},"onsetDateTime":"2001-02","abatementDateTime":"2001-02","recordedDate":"2009-01-01")"));
    ASSERT_EQ(result.rows.size(), 3U); // the same code by two names is one
    EXPECT_EQ(result.rows[0].code, "SNOMED:44054006");
    EXPECT_EQ(result.rows[1].code, "ICD10:E11.9");
    EXPECT_EQ(result.rows[2].code, "ICD10CM:E11.9");
    for (const Row& row : result.rows) {
        EXPECT_EQ(row.row.event, EventKind::condition);
        EXPECT_EQ(row.person, "p1");
        EXPECT_EQ(row.record, "Condition/r1");
        EXPECT_EQ(row.visit, "Encounter/v1");
        EXPECT_EQ(format_date(row.row.day), "2001-02-01");
        EXPECT_EQ(format_date(row.row.end), "2001-02-28");
        EXPECT_EQ(row.row.flags, month_precision);
    }
}

TEST_F(Fhir, StatusDecides) {
    const auto verified = [&](const std::string& status) {
        return resource(
            "Condition",
            icd + R"(,"recordedDate":"2001-01-01","verificationStatus":{"coding":[{"code":")" +
                status + "\"}]}");
    };
    const auto with = [](const std::string& type, const std::string& status,
                         const std::string& more) {
        return resource(type, ",\"status\":\"" + status + "\"" + more);
    };
    const std::string drug =
        R"(,"medicationCodeableConcept":{"coding":[{"system":"http://www.whocc.no/atc","code":"A10BA02"}]})";
    const std::string performed = icd + R"(,"performedDateTime":"2001-01-01")";
    const Result result =
        read(verified("confirmed") + verified("entered-in-error") + verified("refuted") +
             with("Observation", "preliminary", effective_day) +
             with("Observation", "cancelled", effective_day) +
             with("Procedure", "completed", performed) + with("Procedure", "not-done", performed) +
             with("Procedure", "in-progress", performed) +
             with("MedicationRequest", "active",
                  drug + R"(,"intent":"plan","authoredOn":"2001-01-01")") +
             with("MedicationRequest", "stopped",
                  drug + R"(,"intent":"order","authoredOn":"2001-01-01")") +
             with("MedicationStatement", "not-taken", drug + effective_day) +
             with("MedicationAdministration", "completed", drug + effective_day) +
             with("Encounter", "planned", "") + with("Immunization", "entered-in-error", ""));
    EXPECT_THAT(result.rejects, ElementsAre("entered_in_error", "refuted", "not_final", "not_done",
                                            "not_done", "not_final", "not_an_order", "not_done",
                                            "not_done", "entered_in_error"));
    for (const bool out : result.left_out)
        EXPECT_TRUE(out);
    EXPECT_EQ(result.rows.size(), 4U);
}

TEST_F(Fhir, Quantities) {
    const auto quantity = [&](const std::string& members) {
        return resource("Observation",
                        ldl + effective_day + ",\"valueQuantity\":{" + members + "}");
    };
    const Result result = read(
        quantity(
            R"("value":3.5,"unit":"mmol per l","system":"http://unitsofmeasure.org","code":"mmol/L")") +
        quantity(R"("value":7,"comparator":"<","unit":"mg/dL")") +
        quantity(R"("value":7,"comparator":">=","unit":"mg","system":"urn:local","code":"17")") +
        quantity(R"("value":1,"comparator":"~")") + quantity(R"("value":"3.5")"));
    ASSERT_EQ(result.rows.size(), 3U);
    EXPECT_EQ(result.rows[0].row.event, EventKind::measurement);
    EXPECT_EQ(result.rows[0].code, "LOINC:13457-7");
    EXPECT_EQ(result.rows[0].row.value, 3.5);
    EXPECT_EQ(result.rows[0].unit, "mmol/L");
    EXPECT_EQ(format_date(result.rows[0].row.day), "2020-05-06");
    EXPECT_EQ(result.rows[1].row.comparator, 1);
    EXPECT_EQ(result.rows[1].unit, "mg/dL");
    EXPECT_EQ(result.rows[2].row.comparator, 3);
    EXPECT_EQ(result.rows[2].unit, "mg"); // a code of another system is no unit
    EXPECT_THAT(result.rejects, ElementsAre("bad_comparator", "wrong_type"));
    EXPECT_THAT(result.problems[0].where, HasSubstr("t.ndjson, line 4, Observation.valueQuantity"));
    EXPECT_FALSE(result.left_out[0]);
}

TEST_F(Fhir, ComponentsAndOtherValues) {
    const Result result = read(
        resource(
            "Observation",
            R"(,"status":"amended","code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},"category":[{"coding":[{"code":"vital-signs"}]}])" +
                effective_day +
                R"(,"component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":120,"code":"mm[Hg]"}},{"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"dataAbsentReason":{"text":"x"}}])") +
        resource(
            "Observation",
            R"(,"status":"final","code":{"coding":[{"system":"http://loinc.org","code":"72166-2"}]},"valueCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":"8517006"},{"system":"http://loinc.org","code":"LA1-1"}]})" +
                effective_day) +
        resource("Observation", ldl + effective_day + R"(,"valueInteger":3)") +
        resource("Observation", ldl + effective_day + R"(,"valueBoolean":true)"));
    ASSERT_EQ(result.rows.size(), 6U);
    EXPECT_EQ(result.rows[0].code, "LOINC:85354-9");
    EXPECT_TRUE(std::isnan(result.rows[0].row.value));
    EXPECT_EQ(result.rows[1].code, "LOINC:8480-6");
    EXPECT_EQ(result.rows[1].row.value, 120);
    EXPECT_EQ(result.rows[1].unit, "mm[Hg]");
    EXPECT_EQ(result.rows[1].record, "Observation/r1");
    EXPECT_EQ(result.rows[1].row.event, EventKind::measurement);
    EXPECT_TRUE(std::isnan(result.rows[2].row.value));
    EXPECT_EQ(result.rows[2].unit, "");
    EXPECT_EQ(result.rows[3].row.event, EventKind::observation);
    EXPECT_EQ(result.rows[3].value_code, "SNOMED:8517006");
    EXPECT_EQ(result.rows[4].row.value, 3);
    EXPECT_EQ(result.rows[5].row.value, 1);
}

TEST_F(Fhir, SubjectsOfAllKinds) {
    std::string lines;
    for (const char* subject : {"Patient/p1", "https://host/fhir/Patient/p1", "urn:uuid:p1",
                                "Patient/p1/_history/4", "#p1", "Group/g", "p1", ""})
        lines += resource("Condition", icd + R"(,"recordedDate":"2001-01-01")", subject);
    lines += R"({"resourceType":"Condition","recordedDate":"2001-01-01")" + icd + "}\n";
    const Result result = read(lines);
    ASSERT_EQ(result.rows.size(), 4U);
    for (const Row& row : result.rows)
        EXPECT_EQ(row.person, "p1");
    EXPECT_THAT(result.rejects, ElementsAre("bad_person", "not_about_a_person", "bad_person",
                                            "bad_person", "bad_person"));
}

TEST_F(Fhir, Medications) {
    const auto path = file(
        R"({"resourceType":"Medication","id":"m1","code":{"coding":[{"system":"http://www.whocc.no/atc","code":"c10aa01"},{"system":"http://snomed.info/sct","code":"1"}]}})"
        "\n"
        R"({"resourceType":"Medication","id":"m2","code":{"text":"drops"}})"
        "\n",
        "Medication.ndjson");
    read_fhir_medications(path, {}, false, medications_);
    EXPECT_EQ(medications_.entries().size(), 3U);
    EXPECT_EQ(FhirMedications(medications_.entries()).entries(), medications_.entries());
    const auto order = [](const std::string& reference, const std::string& more = {}) {
        return resource(
            "MedicationRequest",
            R"(,"status":"active","intent":"order","authoredOn":"2001-01-01","medicationReference":{"reference":")" +
                reference + "\"}" + more);
    };
    const Result result = read(
        order("Medication/m1",
              R"(,"dispenseRequest":{"expectedSupplyDuration":{"value":30,"code":"d"}})") +
        order("urn:uuid:m1") + order("Medication/m2") + order("Medication/m3") +
        order(
            "#in",
            R"(,"contained":[{"resourceType":"Medication","id":"in","code":{"coding":[{"system":"http://www.whocc.no/atc","code":"A10BA02"}]}}])") +
        order("Medication/m1", R"(,"doNotPerform":true)"));
    ASSERT_EQ(result.rows.size(), 7U);
    EXPECT_EQ(result.rows[0].code, "ATC:C10AA01");
    EXPECT_EQ(result.rows[1].code, "SNOMED:1");
    EXPECT_EQ(result.rows[0].row.event, EventKind::drug);
    EXPECT_EQ(result.rows[0].row.end - result.rows[0].row.day, 29);
    EXPECT_EQ(result.rows[2].code, "ATC:C10AA01");
    EXPECT_EQ(result.rows[4].code, "ATC:A10BA02");
    EXPECT_EQ(result.rows[5].row.flags, negated);
    EXPECT_THAT(result.rejects, ElementsAre("no_code", "unresolved_medication"));
    EXPECT_THAT(result.problems[1].help, HasSubstr("Medication file"));
}

TEST_F(Fhir, EncountersGiveThePlaceOfCare) {
    const auto visit = [](const std::string& code) {
        return resource(
            "Encounter",
            R"(,"status":"finished","class":)" + code +
                R"(,"period":{"start":"2001-01-02T23:00:00+02:00","end":"2001-01-05"},"reasonCode":[{"coding":[{"system":"http://snomed.info/sct","code":"7"}]}])");
    };
    const Result result = read(
        visit(R"({"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"})") +
        visit(R"({"code":"EMER"})") + visit(R"([{"coding":[{"code":"AMB"}]}])"));
    ASSERT_EQ(result.rows.size(), 6U);
    EXPECT_EQ(result.rows[0].row.event, EventKind::visit);
    EXPECT_EQ(result.rows[0].row.source, EventSource::inpatient);
    EXPECT_EQ(result.rows[0].visit, "Encounter/r1");
    EXPECT_EQ(result.rows[0].record, "Encounter/r1");
    EXPECT_EQ(format_date(result.rows[0].row.day), "2001-01-02");
    EXPECT_EQ(format_date(result.rows[0].row.end), "2001-01-05");
    EXPECT_EQ(result.rows[1].row.event, EventKind::observation);
    EXPECT_EQ(result.rows[1].code, "SNOMED:7");
    EXPECT_EQ(result.rows[2].row.source, EventSource::emergency);
    EXPECT_EQ(result.rows[4].row.source, EventSource::outpatient);
}

TEST_F(Fhir, OtherClinicalResources) {
    const Result result = read(
        R"({"resourceType":"Immunization","id":"r1","status":"completed","patient":{"reference":"Patient/p1"},"occurrenceDateTime":"2020","vaccineCode":{"coding":[{"system":"http://hl7.org/fhir/sid/cvx","code":"141"}]}})"
        "\n" +
        resource(
            "DiagnosticReport",
            ldl +
                R"(,"effectivePeriod":{"start":"2020-01-01","end":"2020-01-03"},"conclusionCode":[{"coding":[{"system":"http://snomed.info/sct","code":"9"}]}])") +
        R"({"resourceType":"AllergyIntolerance","id":"r1","patient":{"reference":"Patient/p1"},"recordedDate":"2020-01-01","code":{"coding":[{"system":"http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips","code":"no-known-allergies"}]}})"
        "\n" +
        R"({"resourceType":"Procedure","id":"r1","status":"completed","subject":{"reference":"Patient/p1"},"performedPeriod":{"start":"2020-01-01","end":"2019-12-31"},"code":{"coding":[{"code":"1"}]}})"
        "\n");
    ASSERT_EQ(result.rows.size(), 4U);
    EXPECT_EQ(result.rows[0].row.event, EventKind::drug);
    EXPECT_EQ(result.rows[0].row.flags, year_precision);
    EXPECT_EQ(result.rows[1].code, "LOINC:13457-7");
    EXPECT_EQ(result.rows[2].code, "SNOMED:9");
    EXPECT_EQ(format_date(result.rows[2].row.end), "2020-01-03");
    EXPECT_EQ(result.rows[3].row.event, EventKind::observation);
    EXPECT_EQ(result.rows[3].row.flags, negated);
    EXPECT_THAT(result.rejects, ElementsAre("end_before_start"));
}

TEST_F(Fhir, NegativeInformation) {
    const auto allergy = [](const std::string& coding) {
        return R"({"resourceType":"AllergyIntolerance","id":"r1","patient":{"reference":"Patient/p1"},"recordedDate":"2020-01-01","code":{"coding":[{)" +
               coding + "}]}}\n";
    };
    const Result result = read(
        allergy(
            R"("system":"http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips","code":"no-allergy-info")") +
        allergy(R"("system":"http://snomed.info/sct","code":"716186003")") +
        allergy(R"("system":"urn:oid:1.2.3","code":"17","display":"No known food allergy")") +
        allergy(R"("system":"http://snomed.info/sct","code":"91936005","display":"Allergy")"));
    ASSERT_EQ(result.rows.size(), 4U);
    for (std::size_t i = 0; i < 4; ++i)
        EXPECT_EQ(result.rows[i].row.flags, i < 3 ? negated : 0) << i;
    EXPECT_EQ(result.rows[2].code, "1.2.3:17");
}

TEST_F(Fhir, AliasesOfTheUser) {
    options_.aliases = CodeSystemAliases::parse("alias\tsystem\nurn:oid:1.2.3\tICD10GM\n", "a.tsv");
    const Result result = read(resource(
        "Condition",
        R"(,"recordedDate":"2001-01-01","code":{"coding":[{"system":"urn:oid:1.2.3","code":"e119"}]})"));
    ASSERT_EQ(result.rows.size(), 1U);
    EXPECT_EQ(result.rows[0].code, "ICD10GM:E11.9");
}

TEST_F(Fhir, FaultsStayInTheirLine) {
    const std::string good = resource("Condition", icd + R"(,"recordedDate":"2001-01-01")");
    const std::string bad_date = resource("Condition", icd + R"(,"recordedDate":"2001-02-30")");
    const std::string deep = R"({"resourceType":"Condition","x":)" + std::string(300, '[') +
                             std::string(300, ']') + "}\n";
    const Result result =
        read(good + "{\"a\":1,}\n" + good + "{\"resourceType\":\"Condition\n" + good + "[]\n" +
             "7\n" + "{\"id\":\"x\"}\n" + "{\"resourceType\":\"Condition\",\"id\":\"\xFF\"}\n" +
             deep + good + resource("Condition", icd + icd) +
             resource("Condition", R"(,"code":[1],"recordedDate":"2001-01-01")") + bad_date +
             resource("Basic", "") + good);
    EXPECT_EQ(result.rows.size(), 5U);
    EXPECT_THAT(result.rejects,
                ElementsAre("not_json", "not_json", "not_a_resource", "not_a_resource",
                            "not_a_resource", "not_utf8", "too_deep", "duplicate_key", "wrong_type",
                            "bad_date", "other_resource"));
    EXPECT_THAT(result.problems[0].where, HasSubstr("line 2"));
    EXPECT_THAT(result.problems[9].where, HasSubstr("line 14, Condition.recordedDate"));
    EXPECT_EQ(result.problems[9].what.find("2001"), std::string::npos);
}

TEST_F(Fhir, LinesBeyondTheLimit) {
    options_.line_bytes = 1000;
    const std::string good = resource("Condition", icd + R"(,"recordedDate":"2001-01-01")");
    const Result result =
        read(good + resource("Condition", ",\"x\":\"" + std::string(400000, 'a') + "\"") + good);
    EXPECT_EQ(result.rows.size(), 2U);
    EXPECT_THAT(result.rejects, ElementsAre("line_too_long"));
    EXPECT_THAT(result.problems[0].where, HasSubstr("line 2"));
}

TEST_F(Fhir, LongLines) {
    std::string lines;
    for (const std::size_t bytes : {70000U, 10U, 300000U, 90000U, 1000000U})
        lines += resource("Condition", icd + R"(,"recordedDate":"2001-01-01","note":")" +
                                           std::string(bytes, 'a') + "\"");
    const Result result = read(lines);
    EXPECT_EQ(result.rows.size(), 5U);
    EXPECT_TRUE(result.rejects.empty());
}

TEST_F(Fhir, DocumentsResolveTheirReferences) {
    const std::string document =
        R"({"resourceType":"Bundle","type":"document","timestamp":"2022-02-02","entry":[
 {"fullUrl":"urn:uuid:c","resource":{"resourceType":"Composition","date":"2021-12-31T23:59:59+01:00","subject":{"reference":"urn:uuid:p"}}},
 {"fullUrl":"urn:uuid:p","resource":{"resourceType":"Patient","id":"anna","gender":"female"}},
 {"fullUrl":"urn:uuid:e","resource":{"resourceType":"Encounter","status":"finished","class":{"code":"IMP"},"subject":{"reference":"urn:uuid:p"},"period":{"start":"2021-01-01"}}},
 {"fullUrl":"urn:uuid:1","resource":{"resourceType":"Condition","subject":{"reference":"Patient/anna"},"encounter":{"reference":"urn:uuid:e"},"onsetDateTime":"1999")" +
        icd + R"(}},
 {"fullUrl":"urn:uuid:2","resource":{"resourceType":"MedicationStatement","id":"s","status":"active","medicationReference":{"reference":"urn:uuid:m"}}},
 {"fullUrl":"urn:uuid:m","resource":{"resourceType":"Medication","code":{"coding":[{"system":"http://www.whocc.no/atc","code":"L02BG03"}]}}},
 {"fullUrl":"urn:uuid:3","resource":{"resourceType":"Condition","subject":{"reference":"urn:uuid:e"})" +
        icd + R"(}},
 {"fullUrl":"urn:uuid:4"}
]})";
    const Result result = read(document, "summary.json");
    ASSERT_EQ(result.rows.size(), 4U);
    for (const Row& row : result.rows)
        EXPECT_EQ(row.person, "anna");
    EXPECT_EQ(result.rows[1].visit, "Encounter/e");
    EXPECT_EQ(result.rows[2].visit, "Encounter/e");
    EXPECT_EQ(result.rows[2].record, "Condition/1");
    EXPECT_EQ(result.rows[2].row.flags, year_precision);
    EXPECT_EQ(result.rows[3].code, "ATC:L02BG03");
    EXPECT_EQ(format_date(result.rows[3].row.day), "2021-12-31"); // known when it was written
    EXPECT_THAT(result.rejects, ElementsAre("not_about_a_person", "not_a_resource"));
    EXPECT_THAT(result.problems[0].where, HasSubstr("summary.json, line 1, entry 7, Condition"));
}

TEST_F(Fhir, DeletedResources) {
    const Result result = read(
        R"({"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Patient/p9"}},{"request":{"method":"DELETE","url":"Observation/o1"}},{"request":{"method":"DELETE","url":"nothing"}}]})"
        "\n");
    ASSERT_EQ(result.rows.size(), 2U);
    EXPECT_EQ(result.rows[0].row.kind, RecordKind::deletion);
    EXPECT_EQ(result.rows[0].record, "Patient/p9");
    EXPECT_EQ(result.rows[0].person, "p9");
    EXPECT_EQ(result.rows[1].record, "Observation/o1");
    EXPECT_EQ(result.rows[1].person, "");
    EXPECT_THAT(result.rejects, ElementsAre("not_a_resource"));
}

TEST_F(Fhir, RangesGiveEachResourceOnce) {
    std::string content;
    for (int i = 0; i < 40; ++i)
        content += resource("Condition",
                            icd + ",\"recordedDate\":\"20" + std::to_string(10 + i) + "-01-01\"");
    const auto path = file(content);
    for (const std::uint64_t bytes : {100U, 333U, 1000U, 100000U}) {
        std::vector<Day> days;
        for (const ByteRange range : delimited_ranges(path, bytes))
            for (FhirReader reader(path, range, {}, medications_); reader.next();)
                days.push_back(reader.row().day);
        ASSERT_EQ(days.size(), 40U);
        EXPECT_TRUE(std::is_sorted(days.begin(), days.end()));
    }
}

TEST_F(Fhir, DictionaryGrows) {
    FhirCodes codes;
    for (int i = 0; i < 5000; ++i) {
        const std::string code = std::to_string(i * 7919 % 5000);
        const std::uint32_t index = codes.code_of(EventKind::drug, "http://x.org", code);
        EXPECT_EQ(index, static_cast<std::uint32_t>(i));
        EXPECT_EQ(codes.code_of(EventKind::drug, "http://x.org", code), index);
    }
    EXPECT_EQ(codes.unit_of(""), 0U);
    EXPECT_EQ(codes.unit_of("mg"), codes.unit_of("mg"));
    EXPECT_NE(codes.unit_of("mg"), codes.unit_of("Mg"));
}

} // namespace
} // namespace salus
