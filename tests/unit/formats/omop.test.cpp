#include "formats/omop.hpp"
#include "support/reference_data.hpp"

#include "base/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <unistd.h>

namespace salus {
namespace {

using ::testing::HasSubstr;

class Omop : public ::testing::Test {
protected:
    void SetUp() override {
        folder_ =
            std::filesystem::temp_directory_path() / ("salus-omop-" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder_);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path file(std::string_view content, const std::string& name = "t.csv") const {
        std::ofstream(folder_ / name, std::ios::binary) << content;
        return folder_ / name;
    }
    std::filesystem::path folder_;
};

using Reasons = std::vector<std::string>;

Reasons rejects(OmopTable table, const std::filesystem::path& path) {
    Reasons out;
    for (OmopReader reader(table, path, {}); reader.next();)
        out.emplace_back(reader.reject());
    return out;
}

TEST_F(Omop, PersonDates) {
    const auto path = file("person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth,"
                           "birth_datetime,person_source_value,gender_source_value\n"
                           "1,8507,1980,2,29,,S1,\n2,8532,1980,2,,,S2,\n3,0,1980,,,,S3,F\n4,0,1980,"
                           "1,1,1979-12-31T00:00:00,,x\n");
    OmopReader reader(OmopTable::person, path, {});
    std::vector<Day> births;
    std::vector<std::uint8_t> sexes;
    std::vector<std::string> samples;
    while (reader.next()) {
        ASSERT_EQ(reader.reject(), "");
        births.push_back(reader.row().day);
        sexes.push_back(reader.row().sex);
        samples.emplace_back(reader.row().text);
    }
    EXPECT_EQ(births, (std::vector<Day>{day_from_civil(1980, 2, 29), day_from_civil(1980, 2, 15),
                                        day_from_civil(1980, 7, 1), day_from_civil(1979, 12, 31)}));
    EXPECT_EQ(sexes, (std::vector<std::uint8_t>{1, 2, 2, 0}));
    EXPECT_EQ(samples, (std::vector<std::string>{"S1", "S2", "S3", ""}));
}

TEST_F(Omop, PersonRejects) {
    const auto path =
        file("person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth\n"
             "x,8507,1980,1,1\n1,8507,,1,1\n1,8507,1981,2,29\n1,8507,19x0,1,1\n1,M,1980,1,1\n");
    EXPECT_EQ(rejects(OmopTable::person, path),
              (Reasons{"bad_person_id", "missing_date", "bad_date", "bad_date", "bad_number"}));
}

TEST_F(Omop, MeasurementsAreTyped) {
    const auto path = file("Value_As_Number,PERSON_ID,measurement_date,measurement_concept_id,"
                           "measurement_source_value,"
                           "unit_concept_id,unit_source_value,operator_concept_id,extra\n"
                           "3.5,7,2020-01-31 10:00:00,3028288,13457-7,8753,mmol/L,4172703,x\n"
                           ",7,2020-02-01,3028288,LOINC:13457-7,0,,,\n"
                           "-1e2,7,2020-02-01,0,local test,8840,mmol/L,4171756,\n");
    OmopReader reader(OmopTable::measurement, path, {});
    ASSERT_TRUE(reader.next());
    ASSERT_EQ(reader.reject(), "");
    EXPECT_EQ(reader.row().person, "7");
    EXPECT_EQ(reader.row().day, day_from_civil(2020, 1, 31));
    EXPECT_EQ(reader.row().value, 3.5);
    EXPECT_EQ(reader.codes()[reader.row().code], (CodeEntry{"LOINC:13457-7", 3028288}));
    EXPECT_EQ(reader.units()[reader.row().unit], "mmol/L");
    ASSERT_TRUE(reader.next());
    EXPECT_TRUE(std::isnan(reader.row().value));
    EXPECT_EQ(reader.units()[reader.row().unit], "");
    EXPECT_EQ(reader.codes()[reader.row().code].code, "LOINC:13457-7");
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.row().comparator, 1);
    EXPECT_EQ(reader.codes()[reader.row().code].code, "LOCAL:local test");
    EXPECT_EQ(reader.units()[reader.row().unit], "mmol/L?")
        << "unit and concept contradict each other";
    EXPECT_FALSE(reader.next());
}

TEST_F(Omop, PersonsAreNumbersWrittenInOneWay) {
    OmopReader reader(OmopTable::death,
                      file("person_id,death_date\n007,2020-01-01\n7,2020-01-01\n"), {});
    while (reader.next())
        EXPECT_EQ(reader.row().person, "7");
    OmopReader link(OmopTable::link, file("person_id,sample_id\npat-1,S1\n"), {});
    ASSERT_TRUE(link.next());
    EXPECT_EQ(link.row().person, "pat-1");
    EXPECT_EQ(link.row().kind, RecordKind::link);
}

TEST_F(Omop, EventRejects) {
    const auto path =
        file("person_id,condition_concept_id,condition_start_date,condition_end_date,condition_"
             "source_value\n"
             "1,1,2020-01-01,2020-01-01,E11\n1,1,,,E11\n1,1,01/02/2020,,E11\n1,1,2020-02-30,,E11\n"
             "1,1,2020-01-02,2020-01-01,E11\n1,1,2020-01-02,never,E11\n,1,2020-01-02,,E11\n1,a,"
             "2020-01-02,,E11\n"
             "1,1,2020-01-02\n1,1,2020-01-02,,\xE4\n");
    EXPECT_EQ(rejects(OmopTable::condition_occurrence, path),
              (Reasons{"", "missing_date", "bad_date", "bad_date", "end_before_start", "bad_date",
                       "bad_person_id", "bad_number", "field_count", "not_utf8"}));
}

TEST_F(Omop, NumbersMustBeFiniteNumbers) {
    const auto path =
        file("person_id,measurement_date,measurement_concept_id,value_as_number\n"
             "1,2020-01-01,1,>5\n1,2020-01-01,1,nan\n1,2020-01-01,1,\"1,5\"\n1,2020-01-01,1,1.5\n");
    EXPECT_EQ(rejects(OmopTable::measurement, path),
              (Reasons{"bad_number", "bad_number", "bad_number", ""}));
}

TEST_F(Omop, ProblemNamesFileLineAndColumnButNoValue) {
    const auto path =
        file("person_id,measurement_date,measurement_concept_id,value_as_number\n1,2020-01-01,1,2\n"
             "8812,2020-01-01,1,secret\n",
             "MEASUREMENT.csv");
    OmopReader reader(OmopTable::measurement, path, {});
    reader.next();
    reader.next();
    const std::string text = DataError(reader.problem()).what();
    EXPECT_THAT(text, HasSubstr("MEASUREMENT.csv, line 3, column value_as_number"));
    EXPECT_THAT(text, HasSubstr("on_bad_record"));
    EXPECT_THAT(text, Not(HasSubstr("secret")));
    EXPECT_THAT(text, Not(HasSubstr("8812")));
}

TEST_F(Omop, MissingColumnsAreToldTogether) {
    const auto path = file("person_id,measurement_dat,value\n");
    const auto problems = check_omop_header(OmopTable::measurement, path);
    ASSERT_EQ(problems.size(), 3u);
    EXPECT_THROW(OmopReader(OmopTable::measurement, path, {}), DataError);
}

TEST_F(Omop, FolderMustHoldPersonsAndEvents) {
    EXPECT_THROW(find_omop_files(folder_ / "none"), DataError);
    EXPECT_THROW(find_omop_files(folder_), DataError);
    file("person_id\n", "PERSON.csv");
    EXPECT_THROW(find_omop_files(folder_), DataError);
    file("person_id\n", "Measurement.CSV");
    file("x\n", "notes.txt");
    const OmopFiles files = find_omop_files(folder_);
    EXPECT_EQ(files.paths.size(), 2u);
    EXPECT_EQ(files.paths.at(OmopTable::person).filename(), "PERSON.csv");
    file("person_id\n", "person.csv");
    EXPECT_THROW(find_omop_files(folder_), DataError) << "two person tables";
}

TEST_F(Omop, LinkTable) {
    EXPECT_EQ(rejects(OmopTable::link, file("sample_id,person_id\nS1,1\n,2\nS3,\n")),
              (Reasons{"", "missing_sample_id", "bad_person_id"}));
}

/// Row by row what a table says, as text.
std::vector<std::string> said(OmopTable table, const std::filesystem::path& path, auto say) {
    std::vector<std::string> out;
    for (OmopReader reader(table, path, {}); reader.next();)
        out.push_back(reader.reject().empty() ? say(reader) : std::string(reader.reject()));
    return out;
}

TEST_F(Omop, DrugsEndAsWrittenAsPrescribedOrWithTheirSupply) {
    const auto path =
        file("drug_exposure_id,person_id,drug_concept_id,drug_exposure_start_date,drug_exposure_"
             "end_date,"
             "drug_exposure_end_datetime,verbatim_end_date,days_supply,drug_source_value\n"
             "1,1,1,2020-01-01,2020-01-05,2020-01-06 10:00:00,2020-01-07,30,C10AA01\n"
             "2,1,1,2020-01-01,,2020-01-06 10:00:00,2020-01-07,30,C10AA01\n"
             "3,1,1,2020-01-01,,,2020-01-07,30,C10AA01\n4,1,1,2020-01-01,,,,30,C10AA01\n"
             "5,1,1,2020-01-01,,,,0,C10AA01\n6,1,1,2020-01-01,,,,,C10AA01\n"
             "7,1,1,2020-01-01,,,2019-12-31,,C10AA01\n8,1,1,2020-01-01,,,,-3,C10AA01\n"
             "9,1,1,2020-01-01,,,,99999,C10AA01\n10,1,1,2020-01-01,,,,x,C10AA01\n");
    EXPECT_EQ(said(OmopTable::drug_exposure, path,
                   [](const OmopReader& r) {
                       return std::string(r.row().record) + " " + format_date(r.row().end);
                   }),
              (std::vector<std::string>{
                  "1 2020-01-05", "2 2020-01-06", "3 2020-01-07", "4 2020-01-30", "5 2020-01-01",
                  "6 2020-01-01", "end_before_start", "bad_number", "bad_number", "bad_number"}));
}

TEST_F(Omop, DatetimesStandForDatesThatHaveNoColumn) {
    const auto path = file("person_id\tcondition_concept_id\tcondition_start_datetime\n"
                           "1\t1\t2020-01-02T10:00:00Z\n1\t1\t\n");
    EXPECT_TRUE(check_omop_header(OmopTable::condition_occurrence, path).empty());
    EXPECT_EQ(said(OmopTable::condition_occurrence, path,
                   [](const OmopReader& r) { return format_date(r.row().day); }),
              (std::vector<std::string>{"2020-01-02", "missing_date"}));
    const auto both = file("person_id,condition_concept_id,condition_start_date,"
                           "condition_start_datetime\n1,1,,2020-01-02 10:00:00\n");
    EXPECT_EQ(rejects(OmopTable::condition_occurrence, both),
              (std::vector<std::string>{"missing_date"}))
        << "the date is required";
}

TEST_F(Omop, ConditionsCarryRecordVisitPlaceAndPosition) {
    const auto path =
        file("condition_occurrence_id,person_id,condition_concept_id,condition_start_date,"
             "condition_type_concept_id,condition_status_concept_id,visit_occurrence_id\n"
             "11,1,1,2020-01-01,32829,32902,5\n12,1,1,2020-01-01,32834,32908,\n"
             "13,1,1,2020-01-01,44786627,,6\n14,1,1,2020-01-01,?,32817,7\n");
    EXPECT_EQ(
        said(OmopTable::condition_occurrence, path,
             [](const OmopReader& r) {
                 return text(r.row().record, " visit ", r.row().visit, " source ",
                             static_cast<int>(r.row().source), " flags ",
                             static_cast<int>(r.row().flags));
             }),
        (std::vector<std::string>{"11 visit 5 source 1 flags 1", "12 visit  source 2 flags 0",
                                  "13 visit 6 source 0 flags 1", "14 visit 7 source 0 flags 0"}));
}

TEST_F(Omop, VisitsAndDevicesAreEvents) {
    const auto visits =
        file("visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_end_date,"
             "visit_source_value\n5,1,9201,2020-01-01,2020-01-09,a4f\n6,1,0,2020-02-01,,b5e\n"
             "7,1,9203,2020-03-01,,\n");
    const auto say = [](const OmopReader& r) {
        EXPECT_EQ(r.row().kind, RecordKind::event);
        return text(r.codes()[r.row().code].code, " ", r.row().end - r.row().day, " visit ",
                    r.row().visit, " source ", static_cast<int>(r.row().source));
    };
    EXPECT_EQ(said(OmopTable::visit_occurrence, visits, say),
              (std::vector<std::string>{"OMOP:9201 8 visit 5 source 1", "OMOP:0 0 visit 6 source 0",
                                        "OMOP:9203 0 visit 7 source 3"}));
    const auto details =
        file("visit_detail_id,visit_occurrence_id,person_id,visit_detail_concept_id,"
             "visit_detail_start_date\n50,5,1,9203,2020-01-01\n");
    EXPECT_EQ(said(OmopTable::visit_detail, details, say),
              (std::vector<std::string>{"OMOP:9203 0 visit 5 source 3"}));
    EXPECT_EQ(said(OmopTable::visit_detail, details,
                   [](const OmopReader& r) { return std::string(r.row().record); }),
              (std::vector<std::string>{"detail 50"}))
        << "never taken for visit 50";
    const auto devices = file("person_id,device_concept_id,device_exposure_start_date\n"
                              "1,45757813,2020-01-01\n");
    EXPECT_EQ(said(OmopTable::device_exposure, devices, say),
              (std::vector<std::string>{"OMOP:45757813 0 visit  source 0"}));
}

TEST_F(Omop, ValuesMayBeConcepts) {
    const auto path = file("person_id,observation_date,observation_concept_id,"
                           "observation_source_value,value_as_concept_id\n"
                           "1,2020-01-01,4275495,72166-2,45879404\n1,2020-01-01,1,72166-2,0\n");
    EXPECT_EQ(said(OmopTable::observation, path,
                   [](const OmopReader& r) {
                       const std::uint32_t value = r.row().value_code;
                       if (value == no_code) return std::string("none");
                       return text(r.codes()[value].code, " ", r.codes()[value].concept_id);
                   }),
              (std::vector<std::string>{"OMOP:45879404 45879404", "none"}));
}

TEST_F(Omop, SpecimensAndNotesAreCountedAndLeftOut) {
    OmopReader reader(OmopTable::note, file("note_id,person_id,note_text\n1,1,\"a\nb\"\n"), {});
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.reject(), "passed_over");
    EXPECT_TRUE(reader.left_out());
    EXPECT_FALSE(reader.next());
}

TEST_F(Omop, PersonsBelongToACareSiteOrALocation) {
    file("care_site_id,care_site_name,care_site_source_value\n3,North Hospital,NH\n4,,W4\n",
         "CARE_SITE.csv");
    file("location_id,state,location_source_value\n8,Bavaria,\n", "location.csv");
    const auto path = file("person_id,gender_concept_id,year_of_birth,care_site_id,location_id\n"
                           "1,8507,1980,3,8\n2,8507,1980,4,\n3,8507,1980,0,8\n4,8507,1980,99,\n"
                           "5,8507,1980,,\n",
                           "person.csv");
    EXPECT_EQ(said(OmopTable::person, path,
                   [](const OmopReader& r) { return std::string(r.row().site); }),
              (std::vector<std::string>{"North Hospital", "W4", "Bavaria", "99", ""}));
}

TEST_F(Omop, WhatIsNotKnownToBeThereIsNegated) {
    const auto path = file("person_id,observation_date,observation_concept_id,"
                           "observation_source_value\n"
                           "1,2020-01-01,0,SNOMED:716186003\n1,2020-01-01,7,716186003\n"
                           "1,2020-01-01,0,no-known-medications\n"
                           "1,2020-01-01,0,No known problems\n1,2020-01-01,0,unknown problems\n"
                           "1,2020-01-01,0,SNOMED:73211009\n1,2020-01-01,7,\n");
    EXPECT_EQ(
        said(OmopTable::observation, path,
             [](const OmopReader& r) { return text((r.row().flags & negated) != 0); }),
        (std::vector<std::string>{"true", "true", "true", "true", "false", "false", "false"}));
}

TEST_F(Omop, AMainDiagnosisMayBeNegated) {
    const auto path = file("person_id,condition_start_date,condition_concept_id,"
                           "condition_source_value,condition_status_concept_id\n"
                           "1,2020-01-01,0,SNOMED:160245001,32902\n");
    EXPECT_EQ(said(OmopTable::condition_occurrence, path,
                   [](const OmopReader& r) { return text(int{r.row().flags}); }),
              (std::vector<std::string>{text(primary_position | negated)}));
}

TEST_F(Omop, TablesAreFoundCompressedAndErasArePassedOver) {
    file("person_id\n", "person.csv.zst");
    file("person_id\n", "Visit_Occurrence.TSV");
    file("x\n", "CONDITION_ERA.csv.gz");
    file("x\n", "concept.csv");
    file("x\n", "Measurment.csv");
    file("x\n", "README.txt");
    const OmopFiles files = find_omop_files(folder_);
    ASSERT_EQ(files.unknown.size(), 1u);
    EXPECT_EQ(files.unknown.front().filename(), "Measurment.csv");
    EXPECT_EQ(files.paths.size(), 2u);
    EXPECT_TRUE(files.paths.contains(OmopTable::visit_occurrence));
    ASSERT_EQ(files.passed_over.size(), 1u);
    EXPECT_EQ(files.passed_over.front().filename(), "CONDITION_ERA.csv.gz");
}

using reference::ehr;

TEST(OmopData, SyntheaTablesAreReadWithoutRejects) {
    if (!std::filesystem::exists(ehr)) GTEST_SKIP() << "no shared data";
    const std::map<std::string, std::size_t> rows{{"person", 20},
                                                  {"observation_period", 20},
                                                  {"condition_occurrence", 344},
                                                  {"measurement", 6848},
                                                  {"drug_exposure", 521},
                                                  {"procedure_occurrence", 1124},
                                                  {"observation", 5386},
                                                  {"death", 2},
                                                  {"device_exposure", 0},
                                                  {"visit_occurrence", 1287}};
    const OmopFiles files = find_omop_files(ehr / "omop54_synthea27");
    ASSERT_EQ(files.paths.size(), rows.size());
    for (const auto& [table, path] : files.paths) {
        const auto found = rejects(table, path);
        EXPECT_EQ(found.size(), rows.at(std::string(to_string(table)))) << to_string(table);
        EXPECT_EQ(std::count(found.begin(), found.end(), ""),
                  static_cast<std::ptrdiff_t>(found.size()))
            << to_string(table);
    }
}

/// Injected defects that a reader sees, by table: record_id -> defect.
std::map<std::string, std::string> injected(const std::string& table) {
    std::map<std::string, std::string> out;
    DelimitedReader reader(ehr / "omop_dirty/injected_truth.csv");
    while (reader.next_valid())
        if (reader[0] == table) out[std::string(reader[1])] += std::string(reader[2]) + " ";
    return out;
}

TEST(OmopData, DirtyRowsAreRefusedForTheInjectedReason) {
    if (!std::filesystem::exists(ehr)) GTEST_SKIP() << "no shared data";
    for (const auto& [table, file, id] :
         {std::tuple{OmopTable::measurement, "MEASUREMENT", "measurement_id"},
          std::tuple{OmopTable::condition_occurrence, "CONDITION_OCCURRENCE",
                     "condition_occurrence_id"},
          std::tuple{OmopTable::drug_exposure, "DRUG_EXPOSURE", "drug_exposure_id"}}) {
        const auto truth = injected(file);
        OmopReader reader(table, ehr / "omop_dirty" / (std::string(file) + ".csv"), {});
        const std::size_t column = reader.lines().header().require(id);
        std::map<std::string, int> count;
        while (reader.next()) {
            const auto found = truth.find(std::string(reader.lines()[column]));
            const std::string defects = found == truth.end() ? "" : found->second;
            ++count[std::string(reader.reject())];
            std::string expected;
            if (defects.find("nonnumeric") != std::string::npos) expected = "bad_number";
            if (defects.find("end_before_start") != std::string::npos)
                expected = "end_before_start";
            if (defects.find("bad_date_format") != std::string::npos) expected = "bad_date";
            if (defects.find("required_null") != std::string::npos) expected = "missing_date";
            if (table == OmopTable::drug_exposure && reader.reject() == "end_before_start")
                continue; // start was moved to the future
            EXPECT_EQ(reader.reject(), expected) << reader.lines().where() << " " << defects;
        }
        if (table == OmopTable::measurement) {
            EXPECT_EQ(count["bad_date"], 27);
            EXPECT_GE(count["bad_number"], 26);
        }
        if (table == OmopTable::drug_exposure) {
            EXPECT_EQ(count["end_before_start"], 10);
        }
    }
}

} // namespace
} // namespace salus
