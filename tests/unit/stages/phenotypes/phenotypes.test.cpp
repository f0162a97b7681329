#include "stages/phenotypes/phenotypes.hpp"

#include "base/hash.hpp"
#include "genotype/store_writer.hpp"
#include "health/event_store.hpp"
#include "parallel/parallel_for.hpp"
#include "unit/stages/phenotypes/event_store_writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <unistd.h>

namespace salus {
namespace {

using ::testing::HasSubstr;

class PhenotypesStage : public ::testing::Test {
protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() /
                  ("salus-phenotypes-" + std::to_string(::getpid()));
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_ / "genotypes.store");
        genotypes({"S3", "S1", "S2", "S9"});
        file("traits.toml",
             "[[trait]]\nname = \"t2d\"\ncodes = [\"ICD10:E11\"]\nmin_dates = 2\n"
             "[[trait]]\nname = \"ldl\"\nkind = \"quantitative\"\ncodes = "
             "[\"LOINC:13457-7\"]\nunit = \"mg/dL\"\nconvert = [\"mmol/L * 38.67\"]\n"
             "[[trait]]\nname = \"t2d_date\"\nkind = \"first_date\"\ncodes = [\"ICD10:E11\"]\n");
        file("sheet.tsv",
             "sample_id\tsex\tgroup\nS1\t1\tEUR\nS2\t2\tAFR\nS9\tfemale\tEUR\nS7\t1\tEAS\n");
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    void file(const std::string& name, std::string_view content) const {
        std::ofstream(folder_ / name, std::ios::binary) << content;
    }
    void genotypes(const std::vector<std::string>& ids) const {
        const auto store = folder_ / "genotypes.store";
        H5File part = H5File::create(store / "part-0.h5");
        GenotypePartWriter writer(part, ids.size(), {});
        Variant variant;
        variant.chromosome = "1";
        variant.position = 5;
        variant.ref = "A";
        variant.alt = "C";
        const std::vector<std::uint8_t> row(packed_bytes(ids.size()), 0);
        writer.add(variant, {.calls = row, .dosages = {}, .phase = {}});
        writer.finish();
        part.close();
        StoreDescription about;
        about.samples.id = ids;
        about.samples.sex.assign(ids.size(), Sex::unknown);
        about.genome_build = "GRCh38";
        H5File index = H5File::create(store / "index.h5");
        const std::vector<StorePart> parts{{"part-0.h5", sha256_file(store / "part-0.h5")}};
        write_genotype_index(index, store, about, parts);
        index.attribute("/", "complete", std::int64_t{1});
        index.close();
    }
    RunContext context(const std::string& name, const Inputs& inputs,
                       const std::string& output) const {
        RunContext::Setup setup{.comm = {}, .log = Log("test", 1)};
        setup.stage = name;
        setup.inputs = inputs;
        setup.outputs = {{output, folder_ / name / (output + ".h5")}};
        setup.work = folder_ / name / "work";
        setup.fingerprint = name;
        return RunContext(std::move(setup));
    }
    static Day date(int year) { return day_from_civil(year, 1, 1); }
    static std::vector<TestPerson> persons() {
        return {{"S1",
                 1,
                 date(1950),
                 {{date(2000), date(2020)}},
                 {{date(2001), "ICD10:E11.9", ""}, {date(2002), "ICD10:E11.9", ""}}},
                {"S2",
                 2,
                 date(1960),
                 {{date(2000), date(2010)}},
                 {{date(2001), "LOINC:13457-7", "mmol/L", 3},
                  {date(2002), "LOINC:13457-7", "mg/dL", 120}}},
                {"S3",
                 1,
                 date(1970),
                 {},
                 {{date(2001), "ICD10:E11.9", ""}, {date(2002), "ICD10:E11.9", ""}}},
                {"S4", 1, date(1980), {{date(2000), date(2010)}}, {}}};
    }
    void events(std::size_t shards = 2, const std::vector<TestPerson>& people = persons(),
                bool has_periods = true) const {
        write_event_store(folder_ / "events.h5", people, shards, has_periods);
    }
    Inputs inputs(std::initializer_list<std::pair<const std::string, std::string>> files) const {
        Inputs out{{"genotypes", {folder_ / "genotypes.store"}}};
        for (const auto& [port, name] : files)
            out[port] = {folder_ / name};
        return out;
    }
    std::filesystem::path run(const PhenotypesParams& params, const Inputs& wires,
                              const std::string& name = "phenotypes") const {
        RunContext ctx = context(name, wires, "phenotypes");
        run_phenotypes(params, ctx);
        return folder_ / name / "phenotypes.h5";
    }
    std::string error(const PhenotypesParams& params, const Inputs& wires) const {
        std::filesystem::remove_all(folder_ / "error");
        try {
            run(params, wires, "error");
        } catch (const Error& e) {
            EXPECT_FALSE(std::filesystem::exists(folder_ / "error/phenotypes.h5"));
            return e.what();
        }
        return "no error";
    }
    std::filesystem::path folder_;
};

void expect_column(const H5File& file, const std::string& name,
                   const std::vector<double>& expected) {
    const auto found = file.read_array<double>(name);
    ASSERT_EQ(found.size(), expected.size()) << name;
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (std::isnan(expected[i]))
            EXPECT_TRUE(std::isnan(found[i])) << name << " " << i << ": " << found[i];
        else
            EXPECT_DOUBLE_EQ(found[i], expected[i]) << name << " " << i;
    }
}

TEST_F(PhenotypesStage, RecordsMeetGenotypesInSampleOrder) {
    events();
    const auto path = run({}, inputs({{"events", "events.h5"},
                                      {"definitions", "traits.toml"},
                                      {"sample_sheet", "sheet.tsv"}}));
    const H5File file = H5File::open(path);
    // S3 has events but no observation period, S9 has no person, S4 no genotypes.
    expect_column(file, "traits/t2d", {NAN, 1, 0, NAN});
    expect_column(file, "traits/ldl", {NAN, NAN, (3 * 38.67 + 120) / 2, NAN});
    expect_column(file, "traits/t2d_date",
                  {NAN, static_cast<double>(day_from_civil(2001, 1, 1)), NAN, NAN});
    const double day = 365.25;
    expect_column(file, "covariates/age",
                  {NAN, (day_from_civil(2020, 1, 1) - day_from_civil(1950, 1, 1)) / day,
                   (day_from_civil(2010, 1, 1) - day_from_civil(1960, 1, 1)) / day, NAN});
    expect_column(file, "covariates/sex_male", {1, 1, 0, 0});
    expect_column(file, "covariates/group_AFR", {NAN, 0, 1, 0});
    EXPECT_FALSE(file.exists("covariates/group_EUR")) << "the largest group is the reference";
    EXPECT_FALSE(file.exists("covariates/group_EAS")) << "no sample of this group has genotypes";
    const TableData samples = file.read("samples");
    EXPECT_EQ(samples.column<std::string>("sample_id"),
              (std::vector<std::string>{"S3", "S1", "S2", "S9"}));
    EXPECT_EQ(samples.column<std::uint8_t>("sex"), (std::vector<std::uint8_t>{1, 1, 2, 2}));
    EXPECT_EQ(samples.column<std::uint8_t>("has_record"), (std::vector<std::uint8_t>{0, 1, 1, 0}));
    EXPECT_EQ(samples.column<std::string>("group"),
              (std::vector<std::string>{"", "EUR", "AFR", "EUR"}));
    const TableData info = file.read("trait_info");
    EXPECT_EQ(info.column<std::string>("kind"),
              (std::vector<std::string>{"binary", "quantitative", "date"}));
    EXPECT_EQ(info.column<std::uint64_t>("n"), (std::vector<std::uint64_t>{2, 1, 1}));
    EXPECT_EQ(info.column<std::uint64_t>("cases"), (std::vector<std::uint64_t>{1, 0, 0}));
    EXPECT_EQ(file.integer_attribute("/", "links_without_genotypes"), 1);
}

TEST_F(PhenotypesStage, ShardsAndThreadsDoNotChangeTheBytes) {
    const Inputs wires = inputs(
        {{"events", "events.h5"}, {"definitions", "traits.toml"}, {"sample_sheet", "sheet.tsv"}});
    events(1);
    const std::string one = sha256_file(run({}, wires, "one"));
    events(5);
    set_threads(2);
    EXPECT_EQ(sha256_file(run({}, wires, "five")), one);
    set_threads(1);
}

TEST_F(PhenotypesStage, AgeAtAnIndexDate) {
    events();
    PhenotypesParams params;
    params.index_date = "2000-01-01";
    params.age_squared = true;
    params.groups = false;
    const H5File file = H5File::open(
        run(params, inputs({{"events", "events.h5"}, {"definitions", "traits.toml"}})));
    const double age = (day_from_civil(2000, 1, 1) - day_from_civil(1970, 1, 1)) / 365.25;
    EXPECT_DOUBLE_EQ(file.read_array<double>("covariates/age")[0], age);
    EXPECT_DOUBLE_EQ(file.read_array<double>("covariates/age_squared")[0], age * age);
}

TEST_F(PhenotypesStage, TraitTableAlone) {
    file("t.csv", "\xEF\xBB\xBFsample_id,bmi,case,pc1\r\nS1,20.5,1,0.1\r\nS3,NA,0,-0.2\r\nS2,,1,."
                  "\r\nX,1,1,1\r\n");
    PhenotypesParams params;
    params.table_covariates = {"PC1"};
    const H5File file = H5File::open(run(params, inputs({{"table", "t.csv"}})));
    expect_column(file, "traits/bmi", {NAN, 20.5, NAN, NAN});
    expect_column(file, "traits/case", {0, 1, 1, NAN});
    expect_column(file, "covariates/pc1", {-0.2, 0.1, NAN, NAN});
    expect_column(file, "covariates/sex_male", {NAN, NAN, NAN, NAN});
    EXPECT_EQ(file.read("trait_info").column<std::string>("kind"),
              (std::vector<std::string>{"quantitative", "binary"}));
    EXPECT_FALSE(file.exists("covariates/age"));
}

TEST_F(PhenotypesStage, PlinkTables) {
    file("t.tsv", "#FID\tIID\tSEX\tdisease\theight\tcount\nf\tS1\t1\t2\t170\t3\nf\tS2\t2\t1\t-9\t-"
                  "9\nf\tS3\t1\t-9\t150\t2\nf\tS9\t1\t0\t160\t1\n");
    PhenotypesParams params;
    params.plink_binary = true;
    params.sex = false;
    const H5File file = H5File::open(run(params, inputs({{"table", "t.tsv"}})));
    expect_column(file, "traits/disease", {NAN, 1, 0, NAN});
    expect_column(file, "traits/height", {150, 170, NAN, 160});
    expect_column(file, "traits/count", {2, 3, NAN, 1});
    EXPECT_FALSE(file.exists("traits/SEX"));
    params.plink_binary = false;
    params.binary_traits = {"disease"};
    EXPECT_THAT(error(params, inputs({{"table", "t.tsv"}})), HasSubstr("plink_binary = true"));
}

TEST_F(PhenotypesStage, TraitTableMistakes) {
    file("t.csv", "sample_id,bmi\nS1,20.5\nS1,21\n");
    EXPECT_THAT(error({}, inputs({{"table", "t.csv"}})),
                HasSubstr("stands twice in the trait table"));
    file("t.csv", "sample_id,bmi\nS1,high\n");
    EXPECT_THAT(error({}, inputs({{"table", "t.csv"}})), HasSubstr("line 2, column bmi"));
    file("t.csv", "sample_id,bmi\nX1,3\n");
    EXPECT_THAT(error({}, inputs({{"table", "t.csv"}})),
                HasSubstr("no sample of the genotypes stands in the trait table"));
    file("t.csv", "sampleid,bmi\nX1,3\n");
    EXPECT_THAT(error({}, inputs({{"table", "t.csv"}})), HasSubstr("no column sample_id"));
    file("t.csv", "sample_id,b/i\nS1,3\n");
    EXPECT_THAT(error({}, inputs({{"table", "t.csv"}})), HasSubstr("cannot be used"));
    PhenotypesParams params;
    params.table_covariates = {"bmy"};
    file("t.csv", "sample_id,bmi\nS1,3\n");
    EXPECT_THAT(error(params, inputs({{"table", "t.csv"}})), HasSubstr("rename the column bmi"));
    params.table_covariates = {"bmi"};
    EXPECT_THAT(error(params, inputs({{"table", "t.csv"}})), HasSubstr("there is no trait"));
    params.table_covariates = {};
    params.binary_traits = {"bmj"};
    EXPECT_THAT(error(params, inputs({{"table", "t.csv"}})),
                HasSubstr("column bmj of binary_traits is not read"));
    params.binary_traits = {};
    params.ordinal_traits = {"bmj"};
    EXPECT_THAT(error(params, inputs({{"table", "t.csv"}})),
                HasSubstr("column bmj of ordinal_traits is not read as a trait"));
}

TEST_F(PhenotypesStage, TimeToEventOfTheTraitTable) {
    file("t.csv", "sample_id,bmi,stroke,years,from\nS1,20.5,1,3.5,1\nS3,22,0,8,0\nS2,23,1,,2\n"
                  "S9,24,NA,4,\n");
    PhenotypesParams params;
    params.time_to_event = {"stroke_time = stroke : years", "late=STROKE:years : from"};
    const H5File file = H5File::open(run(params, inputs({{"table", "t.csv"}})));
    expect_column(file, "traits/bmi", {22, 20.5, 23, 24});
    EXPECT_FALSE(file.exists("traits/stroke")) << "used by time_to_event";
    expect_column(file, "traits/stroke_time", {0, 1, NAN, NAN});
    expect_column(file, "times/stroke_time", {8, 3.5, NAN, NAN});
    EXPECT_FALSE(file.exists("times/stroke_time.entry"));
    expect_column(file, "times/late", {8, 3.5, NAN, NAN});
    expect_column(file, "times/late.entry", {0, 1, NAN, NAN});
    const TableData info = file.read("trait_info");
    EXPECT_EQ(info.column<std::string>("kind"),
              (std::vector<std::string>{"quantitative", "time_to_event", "time_to_event"}));
    EXPECT_EQ(info.column<std::uint64_t>("n"), (std::vector<std::uint64_t>{4, 2, 2}));
    EXPECT_EQ(info.column<std::uint64_t>("cases"), (std::vector<std::uint64_t>{0, 1, 1}));
}

TEST_F(PhenotypesStage, TimeToEventAsPlinkCodesIt) {
    file("t.tsv", "#IID\te\tt\nS1\t2\t5\nS2\t1\t6\nS3\t-9\t7\nS9\t2\t-9\n");
    PhenotypesParams params;
    params.time_to_event = {"x = e : t"};
    params.plink_binary = true;
    const H5File file = H5File::open(run(params, inputs({{"table", "t.tsv"}})));
    expect_column(file, "traits/x", {NAN, 1, 0, NAN});
    expect_column(file, "times/x", {NAN, 5, 6, NAN});
}

TEST_F(PhenotypesStage, TimeToEventMistakes) {
    const auto mistake = [&](const std::string& table, const std::string& declared) {
        file("t.csv", table);
        PhenotypesParams params;
        params.time_to_event = {declared};
        return error(params, inputs({{"table", "t.csv"}}));
    };
    const std::string head = "sample_id,e,t,from\n";
    EXPECT_THAT(mistake(head + "S1,1,0,\n", "x = e : t"),
                ::testing::AllOf(HasSubstr("not positive"), HasSubstr("line 2, column t"),
                                 Not(HasSubstr("S1"))));
    EXPECT_THAT(mistake(head + "S1,1,3,3\n", "x = e : t : from"), HasSubstr("line 2, column from"));
    EXPECT_THAT(mistake(head + "S1,1,3,-1\n", "x = e : t : from"), HasSubstr("begins before 0"));
    EXPECT_THAT(mistake(head + "S1,2,3,\n", "x = e : t"), HasSubstr("holds events but"));
    EXPECT_THAT(mistake(head + "S1,1,3,\n", "x = e : tt"), HasSubstr("tt"));
    for (const char* written : {"x", "x = e", "x = e :", "x = e : t : from : e", "1x = e : t", ""})
        EXPECT_THAT(mistake(head + "S1,1,3,\n", written), HasSubstr("cannot read")) << written;
    EXPECT_THAT(mistake("sample_id,e,t,x\nS1,1,3,4\n", "x = e : t"), HasSubstr("is there twice"));
}

TEST_F(PhenotypesStage, TimeToEventOfRecords) {
    file("times.toml", "[[trait]]\nname = \"t2d\"\nkind = \"time_to_event\"\ncodes = "
                       "[\"ICD10:E11\"]\n[[trait]]\nname = \"by_age\"\nkind = "
                       "\"time_to_event\"\ncodes = [\"ICD10:E11\"]\ntime_scale = \"age\"\n");
    events();
    const H5File file =
        H5File::open(run({}, inputs({{"events", "events.h5"}, {"definitions", "times.toml"}})));
    const auto years = [](int from, int to) { return (date(to) - date(from)) / 365.25; };
    expect_column(file, "traits/t2d", {NAN, 1, 0, NAN});
    expect_column(file, "times/t2d", {NAN, years(2000, 2001), years(2000, 2010), NAN});
    EXPECT_FALSE(file.exists("times/t2d.entry"));
    expect_column(file, "traits/by_age", {NAN, 1, 0, NAN});
    expect_column(file, "times/by_age", {NAN, years(1950, 2001), years(1960, 2010), NAN});
    expect_column(file, "times/by_age.entry", {NAN, years(1950, 2000), years(1960, 2000), NAN});
    expect_column(file, "covariates/age", {NAN, years(1950, 2020), years(1960, 2010), NAN});
}

TEST_F(PhenotypesStage, SamplesThatDoNotMeetTheLinks) {
    events();
    PhenotypesParams params;
    const Inputs wires = inputs({{"events", "events.h5"}, {"definitions", "traits.toml"}});
    params.unlinked = "fail";
    EXPECT_THAT(error(params, wires), HasSubstr("1 of 4 samples are not linked"));
    genotypes({"A", "B"});
    EXPECT_THAT(error({}, wires), HasSubstr("no sample of the genotypes is linked"));
}

TEST_F(PhenotypesStage, OneSampleOfTwoPersons) {
    auto people = persons();
    people[1].sample = "S1";
    events(2, people);
    EXPECT_THAT(error({}, inputs({{"events", "events.h5"}, {"definitions", "traits.toml"}})),
                HasSubstr("linked to two persons"));
}

TEST_F(PhenotypesStage, WithoutObservationPeriodsEventsTellWhoWasObserved) {
    auto people = persons();
    for (TestPerson& p : people)
        p.periods.clear();
    events(2, people, false);
    const H5File file =
        H5File::open(run({}, inputs({{"events", "events.h5"}, {"definitions", "traits.toml"}})));
    expect_column(file, "traits/t2d", {1, 1, 0, NAN});
}

TEST_F(PhenotypesStage, DeclarationFindsAllMistakesAtOnce) {
    file("bad.toml", "[[trait]]\nname = \"x\"\ncode = [\"ICD10:E11\"]\n[[trait]]\nname = "
                     "\"y\"\ncodes = [\"E11\"]\n");
    file("t.csv", "sampleid,bmi\nX1,3\n");
    PhenotypesParams params;
    params.index_date = "today";
    std::vector<Problem> problems;
    Workload sizes;
    phenotypes_stage().examine(&params, inputs({{"definitions", "bad.toml"}, {"table", "t.csv"}}),
                               sizes, problems);
    EXPECT_EQ(sizes.samples, 4);
    EXPECT_GE(problems.size(), 5u); // index_date, no events, two traits, no sample column
}

} // namespace
} // namespace salus
