#include "stages/health_quality/health_quality.hpp"
#include "support/reference_data.hpp"

#include "base/text.hpp"
#include "formats/delimited.hpp"
#include "stages/health_quality/counts.hpp"
#include "stages/health_quality/fields.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <unistd.h>

namespace salus {
namespace {

using health_quality::sex_of_icd10;
using ::testing::HasSubstr;

using reference::ehr;

std::string slurp(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

struct Row {
    std::uint64_t examined = 0, violated = 0;
    std::string verdict, reason;
    friend bool operator==(const Row&, const Row&) = default;
};
/// check, table, field, concept, unit
using Key = std::tuple<std::string, std::string, std::string, std::uint32_t, std::uint32_t>;
using Rows = std::map<Key, Row>;

Rows rows_of(const std::filesystem::path& path) {
    const TableData table = H5File::open(path).read("checks");
    Rows rows;
    for (std::size_t i = 0; i < table.rows(); ++i)
        rows[{table.column<std::string>("check")[i], table.column<std::string>("table")[i],
              table.column<std::string>("field")[i], table.column<std::uint32_t>("concept_id")[i],
              table.column<std::uint32_t>("unit_concept_id")[i]}] = {
            table.column<std::uint64_t>("examined")[i], table.column<std::uint64_t>("violated")[i],
            table.column<std::string>("verdict")[i], table.column<std::string>("reason")[i]};
    return rows;
}

class HealthQuality : public ::testing::Test {
protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() /
                  ("salus-health-quality-" + std::to_string(::getpid()));
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_ / "omop");
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    void table(const std::string& name, std::string_view content) const {
        std::ofstream(folder_ / "omop" / name, std::ios::binary) << content;
    }
    /// Runs the stage on a folder and gives the folder of its results.
    std::filesystem::path run(const HealthQualityParams& params, const std::filesystem::path& omop,
                              const std::string& name = "a", const Inputs& more = {}) const {
        RunContext::Setup setup{.comm = {}, .log = Log("health_quality", 1)};
        setup.stage = "health_quality";
        setup.inputs = more;
        setup.inputs["omop"] = {omop};
        setup.outputs = {{"health_quality", folder_ / name / "health_quality.h5"},
                         {"label", folder_ / name / "label.json"}};
        setup.work = folder_ / name / "work";
        setup.fingerprint = name;
        RunContext context(std::move(setup));
        run_health_quality(params, context);
        return folder_ / name;
    }
    Rows check(const HealthQualityParams& params = {}, const std::string& name = "a",
               const Inputs& more = {}) const {
        return rows_of(run(params, folder_ / "omop", name, more) / "health_quality.h5");
    }

    void two_persons() const {
        table("person.csv",
              "person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth,care_site_id\n"
              "1,8507,1950,1,1,\n2,8532,1960,2,2,\n");
        table("observation_period.csv", "observation_period_id,person_id,observation_period_start_"
                                        "date,observation_period_end_date\n"
                                        "1,1,2000-01-01,2010-12-31\n2,2,2000-01-01,2010-12-31\n");
        table("death.csv", "person_id,death_date\n2,2009-06-01\n");
        table("visit_occurrence.csv",
              "visit_occurrence_id,person_id,visit_start_date,visit_end_date\n"
              "5,1,2005-03-01,2005-03-03\n");
    }
    std::filesystem::path folder_;
};

Row at(const Rows& rows, const std::string& check, const std::string& table,
       const std::string& field = "", std::uint32_t concept_id = 0, std::uint32_t unit = 0) {
    const auto found = rows.find({check, table, field, concept_id, unit});
    return found == rows.end() ? Row{.verdict = "no such row", .reason = ""} : found->second;
}
std::pair<std::uint64_t, std::uint64_t> counts(const Row& row) {
    return {row.examined, row.violated};
}
using Pair = std::pair<std::uint64_t, std::uint64_t>;

TEST_F(HealthQuality, TimesOfRowsAgainstLifeVisitAndObservation) {
    two_persons();
    table("condition_occurrence.csv",
          "condition_occurrence_id,person_id,condition_concept_id,condition_start_date,condition_"
          "end_date,visit_occurrence_id\n"
          "1,1,10,2005-03-10,2005-03-10,5\n" // seven days behind the visit
          "2,1,10,2005-03-11,2005-03-01,5\n" // eight days; ends before it starts
          "3,1,0,1949-12-31,,77\n"           // before birth; unobserved; no such visit
          "4,2,10,2009-07-31,,\n"            // 60 days after death
          "5,2,10,2009-08-01,,\n"            // 61 days
          "6,9,10,2001-01-01,,\n"            // nobody
          "6,1,10,,,\n"                      // same key; no date
          "7,1,10,31/12/2001,,\n"            // no date either
          "8,1,10,2001-02-30\n");            // too few fields
    const Rows rows = check();
    const std::string t = "condition_occurrence", d = "condition_start_date";
    EXPECT_EQ(counts(at(rows, "readableRows", t)), Pair(9, 1));
    EXPECT_EQ(counts(at(rows, "isRequired", t, d)), Pair(8, 1));
    EXPECT_EQ(counts(at(rows, "cdmDatatype", t, d)), Pair(7, 1));
    EXPECT_EQ(counts(at(rows, "isPrimaryKey", t, "condition_occurrence_id")), Pair(8, 2));
    EXPECT_EQ(counts(at(rows, "isForeignKey", t, "person_id")), Pair(8, 1));
    EXPECT_EQ(counts(at(rows, "isForeignKey", t, "visit_occurrence_id")), Pair(3, 1));
    EXPECT_EQ(counts(at(rows, "plausibleStartBeforeEnd", t, d)), Pair(2, 1));
    EXPECT_EQ(counts(at(rows, "plausibleAfterBirth", t, d)), Pair(5, 1));
    EXPECT_EQ(counts(at(rows, "plausibleBeforeDeath", t, d)), Pair(2, 1));
    EXPECT_EQ(counts(at(rows, "withinVisitDates", t, d)), Pair(2, 1));
    EXPECT_EQ(counts(at(rows, "withinObservation", t, d)), Pair(5, 1));
    EXPECT_EQ(counts(at(rows, "plausibleValueLow", t, d)), Pair(6, 1));
    EXPECT_EQ(counts(at(rows, "standardConceptRecordCompleteness", t, "condition_concept_id")),
              Pair(8, 1));
    EXPECT_EQ(counts(at(rows, "measurePersonCompleteness", t)), Pair(2, 0));
    EXPECT_EQ(at(rows, "plausibleStartBeforeEnd", t, d).verdict, "FAIL");
    EXPECT_EQ(at(rows, "plausibleValueHigh", t, d).verdict, "NOT_APPLICABLE");
    EXPECT_THAT(at(rows, "plausibleValueHigh", t, d).reason, HasSubstr("latest_date"));
    EXPECT_EQ(at(rows, "cdmTable", "person").verdict, "PASS");
    EXPECT_EQ(at(rows, "readableRows", "drug_exposure").reason, "there is no such table");
    EXPECT_EQ(at(rows, "isRequired", "drug_exposure", "person_id").verdict, "no such row");
}

TEST_F(HealthQuality, SexUnitsAndValues) {
    two_persons();
    table("condition_occurrence.csv",
          "condition_occurrence_id,person_id,condition_concept_id,condition_start_date,condition_"
          "source_value\n1,1,10,2005-01-02,C61.9\n2,2,10,2005-01-02,C61.9\n3,2,0,2005-01-02,O24.4\n"
          "4,1,10,2005-01-02,W78\n");
    table("measurement.csv",
          "measurement_id,person_id,measurement_concept_id,measurement_date,value_as_number,unit_"
          "concept_id,unit_source_value\n"
          "1,1,3025315,2005-01-02,80,9529,kg\n2,1,3025315,2005-01-02,9999,9529,kg\n"
          "3,1,3025315,2005-01-02,80,8840,kg\n4,1,3025315,2005-01-02,>80,9529,kg\n"
          "5,1,3025315,2005-01-02,,0,\n");
    const Rows rows = check();
    EXPECT_EQ(counts(at(rows, "plausibleGender", "condition_occurrence", "condition_source_value")),
              Pair(3, 1));
    EXPECT_EQ(counts(at(rows, "sourceValueCompleteness", "condition_occurrence",
                        "condition_source_value")),
              Pair(3, 1));
    const auto value = [&](const std::string& name, std::uint32_t unit) {
        return counts(at(rows, name, "measurement", "value_as_number", 3025315, unit));
    };
    EXPECT_EQ(value("plausibleValueHigh", 9529), Pair(2, 1));
    EXPECT_EQ(value("plausibleValueLow", 9529), Pair(2, 0));
    EXPECT_EQ(value("plausibleUnitConceptIds", 0), Pair(4, 1));
    EXPECT_EQ(counts(at(rows, "unitAgreesWithSource", "measurement", "unit_concept_id")),
              Pair(4, 1));
    EXPECT_EQ(
        counts(at(rows, "standardConceptRecordCompleteness", "measurement", "unit_concept_id")),
        Pair(4, 0));
    EXPECT_EQ(counts(at(rows, "cdmDatatype", "measurement", "value_as_number")), Pair(4, 1));
}

TEST_F(HealthQuality, PersonsWhoAreThereTwiceAndPeriodsThatTouch) {
    two_persons();
    table("person.csv",
          "person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth\n"
          "1,8507,1950,1,1\n2,8532,1960,2,2\n3,8507,1950,1,1\n4,8507,1951,1,1\n4,8507,"
          "1951,1,1\n");
    table("observation_period.csv", "observation_period_id,person_id,observation_period_start_"
                                    "date,observation_period_end_date\n"
                                    "1,1,2000-01-01,2001-12-31\n2,1,2002-01-01,2010-12-31\n"
                                    "3,2,2000-01-01,2001-12-31\n4,2,2003-01-01,2010-12-31\n");
    table("visit_occurrence.csv", "visit_occurrence_id,person_id,visit_start_date\n");
    std::string conditions = "condition_occurrence_id,person_id,condition_concept_id,condition_"
                             "start_date,condition_source_value\n";
    int id = 0;
    for (const int person : {1, 3, 4})
        for (int day = 1; day <= 5; ++day)
            conditions += text(++id, ",", person, ",", 10 + day, ",2005-01-0", day, ",X\n");
    table("condition_occurrence.csv", conditions);
    const Rows rows = check();
    EXPECT_EQ(counts(at(rows, "isPrimaryKey", "person", "person_id")), Pair(5, 2));
    EXPECT_EQ(counts(at(rows, "measureObservationPeriodOverlap", "observation_period")),
              Pair(4, 1));
    EXPECT_EQ(counts(at(rows, "duplicatePersons", "person")), Pair(3, 2));
    EXPECT_EQ(at(rows, "duplicatePersons", "person").verdict, "WARN");
    EXPECT_EQ(counts(at(rows, "measurePersonCompleteness", "observation_period")), Pair(4, 2));
}

TEST_F(HealthQuality, UserTablesReplaceTheBuiltInChecks) {
    two_persons();
    table(
        "condition_occurrence.csv",
        "condition_occurrence_id,person_id,condition_concept_id,condition_start_date,stop_reason\n"
        "1,1,10,2005-03-10,\n2,2,11,2005-03-10,\n");
    std::ofstream(folder_ / "fields.csv")
        << "cdmTableName,cdmFieldName,isRequired,isRequiredThreshold,cdmDatatype,fkTableName,"
           "fkDomain\n"
           "CONDITION_OCCURRENCE,stop_reason,Yes,10,varchar(20),,\n";
    std::ofstream(folder_ / "concepts.csv")
        << "cdmTableName,cdmFieldName,conceptId,plausibleGender,plausibleGenderThreshold,"
           "unitConceptId,plausibleUnitConceptIds,plausibleValueLow,plausibleValueHigh\n"
           "CONDITION_OCCURRENCE,CONDITION_CONCEPT_ID,11,Male,5,,,,\n";
    const Rows rows =
        check({}, "a", {{"checks", {folder_ / "fields.csv", folder_ / "concepts.csv"}}});
    EXPECT_EQ(counts(at(rows, "isRequired", "condition_occurrence", "stop_reason")), Pair(2, 2));
    EXPECT_EQ(
        counts(at(rows, "plausibleGender", "condition_occurrence", "condition_concept_id", 11)),
        Pair(1, 1));
    std::ofstream(folder_ / "below.csv")
        << "cdmTableName,cdmFieldName,conceptId,plausibleGender,plausibleGenderUseDescendants,"
           "plausibleGenderUseDescendantsThreshold\n"
           "CONDITION_OCCURRENCE,CONDITION_CONCEPT_ID,\"7, 8\",,Male,2\n";
    const Inputs below{{"checks", {folder_ / "below.csv"}}};
    const std::string name = "plausibleGenderUseDescendants", t = "condition_occurrence",
                      f = "condition_concept_id";
    EXPECT_EQ(at(check({}, "c", below), name, t, f, 7).reason,
              "there is no table concept_ancestor");
    table("concept_ancestor.csv", "ancestor_concept_id,descendant_concept_id\n8,11\n7,10\n9,12\n");
    EXPECT_EQ(counts(at(check({}, "d", below), name, t, f, 7)), Pair(2, 1));
    std::ofstream(folder_ / "bad.csv")
        << "cdmTableName,cdmFieldName,isRequired,isRequiredThreshold,"
           "cdmDatatype\nPERSON,person_id,Yes,many,integer\n";
    try {
        check({}, "b", {{"checks", {folder_ / "bad.csv"}}});
        FAIL() << "a threshold that is no number was taken";
    } catch (const DataError& e) {
        EXPECT_THAT(e.what(), HasSubstr("line 2"));
        EXPECT_THAT(e.what(), HasSubstr("isRequiredThreshold"));
    }
    EXPECT_FALSE(std::filesystem::exists(folder_ / "b/health_quality.h5"));
}

TEST_F(HealthQuality, VocabularyAsDistributedOrAsCsv) {
    two_persons();
    table("condition_occurrence.csv",
          "condition_occurrence_id,person_id,condition_concept_id,condition_start_date\n"
          "1,1,10,2005-03-10\n2,2,11,2005-03-10\n3,2,12,2005-03-10\n4,2,13,2005-03-10\n5,2,0,"
          "2005-03-10\n6,2,99,2005-03-10\n");
    std::string csv =
        "concept_id,concept_name,domain_id,standard_concept,invalid_reason\n"
        "10,good,Condition,S,\n11,drug,Drug,S,\n12,old,Condition,,\n13,gone,Condition,"
        "S,D\n";
    std::string tabs = csv;
    std::replace(tabs.begin(), tabs.end(), ',', '\t');
    tabs.replace(tabs.find("good"), 4, "\"Good\" in name only");
    const std::string t = "condition_occurrence", f = "condition_concept_id";
    for (const std::string& content : {csv, tabs}) {
        table("CONCEPT.csv", content);
        const Rows rows = check({}, content == csv ? "a" : "b");
        EXPECT_EQ(counts(at(rows, "isForeignKey", t, f)), Pair(6, 1));
        EXPECT_EQ(counts(at(rows, "fkDomain", t, f)), Pair(4, 1));
        EXPECT_EQ(counts(at(rows, "isStandardValidConcept", t, f)), Pair(4, 2));
    }
}

TEST_F(HealthQuality, WithoutPersonsIsAnError) {
    table("death.csv", "person_id,death_date\n2,2009-06-01\n");
    EXPECT_THROW(check(), DataError);
    table("person.csv", "id,gender_concept_id\n1,8507\n");
    EXPECT_THROW(check(), DataError);
}

TEST_F(HealthQuality, CutsAndShardsChangeNothing) {
    if (!std::filesystem::exists(ehr)) GTEST_SKIP() << "no shared data";
    const auto digest = [&](std::int64_t bytes, std::int64_t shards, const std::string& name) {
        const auto folder = run({.unit_bytes = bytes, .shards = shards}, ehr / "omop_dirty", name);
        return std::pair(rows_of(folder / "health_quality.h5"), slurp(folder / "label.json"));
    };
    const auto whole = digest(0, 1, "whole");
    EXPECT_EQ(whole, digest(20000, 1, "pieces"));
    EXPECT_EQ(whole, digest(100000, 7, "shards"));
}

// expected_dq.csv was counted by brute force over the same tables.
TEST_F(HealthQuality, FindsWhatWasInjected) {
    if (!std::filesystem::exists(ehr)) GTEST_SKIP() << "no shared data";
    HealthQualityParams params;
    params.latest_date = "2030-01-01";
    const Rows rows = rows_of(run(params, ehr / "omop_dirty") / "health_quality.h5");
    DelimitedReader expected(ehr / "omop_dirty/expected_dq.csv");
    int compared = 0;
    while (expected.next_valid()) {
        std::string check(expected[0]), field = lower(expected[2]);
        const std::string table = lower(expected[1]);
        std::uint32_t concept_id = 0, unit = 0;
        if (check.starts_with("cdmDatatype")) check = "cdmDatatype";
        if (check == "plausibleBeforeDeath60d") check = "plausibleBeforeDeath";
        if (check == "plausibleValueHigh_date_2030") check = "plausibleValueHigh";
        if (check.starts_with("measure")) field = "";
        if (check.starts_with("plausibleUnitConceptIds")) {
            check = "plausibleUnitConceptIds", field = "value_as_number", concept_id = 3025315;
        }
        if (check == "plausibleValueHigh_weight_kg_300")
            check = "plausibleValueHigh", concept_id = 3025315, unit = 9529;
        const Row found = at(rows, check, table, field, concept_id, unit);
        EXPECT_EQ(text(found.violated), expected[3]) << check << " " << table << " " << field;
        // Types are asked of values here, and of all rows there.
        if (check != "cdmDatatype") {
            EXPECT_EQ(text(found.examined), expected[4]) << check << " " << table << " " << field;
        }
        ++compared;
    }
    EXPECT_EQ(compared, 40);
    EXPECT_EQ(counts(at(rows, "unitAgreesWithSource", "measurement", "unit_concept_id")).second,
              68u);
}

TEST(SexOfIcd10, WholeRubrics) {
    EXPECT_EQ(sex_of_icd10("C61.9"), 1);
    EXPECT_EQ(sex_of_icd10("n401"), 1);
    EXPECT_EQ(sex_of_icd10("O99.8"), 2);
    EXPECT_EQ(sex_of_icd10("N98.9"), 2);
    EXPECT_EQ(sex_of_icd10("N99.2"), 2);
    EXPECT_EQ(sex_of_icd10("N99.1"), 0);
    EXPECT_EQ(sex_of_icd10("D29"), 0) << "three characters could be of another system";
    EXPECT_EQ(sex_of_icd10("E11.9"), 0);
    EXPECT_EQ(sex_of_icd10("372328"), 0);
}

TEST(ValueBin, EightPerDoubling) {
    using health_quality::bin_start;
    using health_quality::value_bin;
    for (const double value : {1e-9, 0.003, 0.5, 0.75, 1.0, 1.1, 99.9, 1e12}) {
        EXPECT_EQ(value_bin(2 * value) - value_bin(value), 8);
        EXPECT_LE(bin_start(value_bin(value)), value);
        EXPECT_GT(bin_start(value_bin(value) + 1), value);
    }
}

TEST(Digits, LastPlaces) {
    health_quality::Digits digits;
    for (const char* written : {"120", "125.0", "36.6", "-7", ".5", "1e3"})
        digits.add(written, 1);
    EXPECT_EQ(digits.needed[0], 3u);
    EXPECT_EQ(digits.needed[1], 2u);
    EXPECT_EQ(digits.needed[4], 1u);
    EXPECT_EQ(digits.at[0][0], 1u);
    EXPECT_EQ(digits.at[0][5], 1u);
    EXPECT_EQ(digits.at[0][7], 1u);
    EXPECT_EQ(digits.at[1][6], 1u);
    EXPECT_EQ(digits.at[1][0], 3u);
}

} // namespace
} // namespace salus
