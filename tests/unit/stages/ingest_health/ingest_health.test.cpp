#include "stages/ingest_health/ingest_health.hpp"
#include "support/reference_data.hpp"

#include "base/hash.hpp"
#include "health/event_store.hpp"
#include "health/pseudonym.hpp"
#include "health/vocabulary.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <unistd.h>

namespace salus {
namespace {

using ::testing::HasSubstr;

class IngestHealth : public ::testing::Test {
protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() /
                  ("salus-ingest-health-" + std::to_string(::getpid()));
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_ / "omop");
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    void table(const std::string& name, std::string_view content) const {
        std::ofstream(folder_ / "omop" / name, std::ios::binary) << content;
    }
    void small_cohort() const {
        table("person.csv", "person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth,"
                            "person_source_value\n"
                            "30,8507,1950,1,1,S30\n10,8532,1960,2,2,S10\n20,8507,1970,3,3,\n");
        table("observation_period.csv",
              "person_id,observation_period_start_date,observation_period_end_date\n"
              "10,2000-01-01,2005-12-31\n10,2006-01-01,2010-12-31\n10,2015-01-01,2016-01-01\n30,"
              "2000-01-01,2020-01-01\n");
        table("condition_occurrence.csv",
              "person_id,condition_concept_id,condition_start_date,condition_source_value\n"
              "30,1,2010-05-05,e119\n10,2,2001-01-01,I21.9\n30,1,2009-05-05,E11.9\n");
        table("measurement.csv", "person_id,measurement_concept_id,measurement_date,value_as_"
                                 "number,measurement_source_value,unit_source_value\n"
                                 "10,3028288,2001-01-01,3.5,13457-7,mmol/L\n");
        table("death.csv", "person_id,death_date\n30,2020-02-02\n");
    }
    /// Runs the stage and gives its result; `work` keeps its parts.
    std::filesystem::path run(const IngestHealthParams& params, bool links = false,
                              const std::string& name = "a") const {
        Inputs inputs{{"omop", {folder_ / "omop"}}};
        if (links) inputs["links"] = {folder_ / "links.csv"};
        return run(params, inputs, name);
    }
    std::filesystem::path run(const IngestHealthParams& params, const Inputs& inputs,
                              const std::string& name) const {
        RunContext::Setup setup{.comm = {}, .log = Log("ingest_health", 1)};
        setup.stage = "ingest_health";
        setup.inputs = inputs;
        setup.outputs = {{"events", folder_ / name / "events.h5"}};
        setup.work = folder_ / name / "work";
        setup.fingerprint = name;
        RunContext context(std::move(setup));
        run_ingest_health(params, context);
        return folder_ / name / "events.h5";
    }
    std::string error(const IngestHealthParams& params, bool links = false) const {
        try {
            run(params, links, "error");
        } catch (const DataError& e) {
            EXPECT_FALSE(std::filesystem::exists(folder_ / "error/events.h5"));
            return e.what();
        }
        return "no error";
    }
    std::filesystem::path folder_;
};

/// Row of a person in a store that was made without a key.
std::uint32_t row_of(const H5File& file, const std::string& identifier) {
    const Pseudonym wanted = Pseudonyms().of(identifier);
    const TableData persons = file.read("persons");
    for (std::uint32_t p = 0; p < persons.rows(); ++p)
        if (persons.column<std::uint64_t>("pseudonym_high")[p] == wanted.high &&
            persons.column<std::uint64_t>("pseudonym_low")[p] == wanted.low)
            return p;
    ADD_FAILURE() << "no such person";
    return 0;
}

/// An event as text, for comparisons.
struct SeenEvent {
    std::uint32_t person;
    EventKind kind;
    std::string code;
    std::uint64_t line;
    auto operator<=>(const SeenEvent&) const = default;
};
std::vector<SeenEvent> seen_events(const H5File& file) {
    const TableData events = file.read("events"), codes = file.read("codes");
    std::vector<SeenEvent> out;
    for (std::size_t i = 0; i < events.rows(); ++i)
        out.push_back({events.column<std::uint32_t>("person")[i],
                       static_cast<EventKind>(events.column<std::uint8_t>("kind")[i]),
                       codes.column<std::string>("code")[events.column<std::uint32_t>("code")[i]],
                       events.column<std::uint64_t>("line")[i]});
    return out;
}

std::uint64_t rejected(const H5File& file, std::string_view table, std::string_view reason) {
    const TableData rows = file.read("rejects");
    for (std::size_t i = 0; i < rows.rows(); ++i)
        if (rows.column<std::string>("table")[i] == table &&
            rows.column<std::string>("reason")[i] == reason)
            return rows.column<std::uint64_t>("rows")[i];
    return 0;
}

TEST_F(IngestHealth, SmallCohort) {
    small_cohort();
    const auto path = run({});
    const H5File file = H5File::open(path);
    const TableData persons = file.read("persons");
    ASSERT_EQ(persons.rows(), 3u);
    const std::uint32_t p10 = row_of(file, "10"), p20 = row_of(file, "20"),
                        p30 = row_of(file, "30");
    EXPECT_EQ(persons.column<std::uint8_t>("sex")[p10], 2);
    EXPECT_EQ(persons.column<std::uint8_t>("sex")[p20], 1);
    EXPECT_EQ(persons.column<double>("first_observation")[p10], day_from_civil(2000, 1, 1));
    EXPECT_EQ(persons.column<double>("last_observation")[p10], day_from_civil(2016, 1, 1));
    EXPECT_TRUE(std::isnan(persons.column<double>("first_observation")[p20]));
    EXPECT_EQ(persons.column<double>("death")[p30], day_from_civil(2020, 2, 2));
    EXPECT_EQ(file.rows("observation_periods"), 3u) << "periods that touch are merged";

    std::vector<SeenEvent> expected{{p10, EventKind::condition, "ICD10:I21.9", 3},
                                    {p10, EventKind::measurement, "LOINC:13457-7", 2},
                                    {p30, EventKind::condition, "ICD10:E11.9", 4},
                                    {p30, EventKind::condition, "ICD10:E11.9", 2},
                                    {p30, EventKind::death, "OMOP:0", 2}};
    std::stable_sort(expected.begin(), expected.end(),
                     [](const SeenEvent& a, const SeenEvent& b) { return a.person < b.person; });
    EXPECT_EQ(seen_events(file), expected);
    const std::uint32_t of_measurement =
        file.read("events").column<std::uint32_t>("file")[p10 < p30 ? 1 : 4];
    EXPECT_EQ(file.read("ingested").column<std::string>("file")[of_measurement], "measurement.csv");

    const EventStore store(path);
    EXPECT_EQ(store.codes(),
              (std::vector<std::string>{"ICD10:E11.9", "ICD10:I21.9", "LOINC:13457-7", "OMOP:0"}));
    const Shard shard = store.read_shard(0);
    ASSERT_EQ(shard.linked.size(), 2u);
    EXPECT_EQ(shard.sample_id[p10 < p30 ? 0 : 1], "S10");
    EXPECT_EQ(shard.linked[p10 < p30 ? 0 : 1], p10);
    EXPECT_EQ(shard.person(p10).events.size(), 2u);
    EXPECT_EQ(shard.person(p20).events.size(), 0u);
    EXPECT_EQ(shard.person(p30).events.front().day, day_from_civil(2009, 5, 5));
    EXPECT_EQ(shard.person(p10).events[1].value, 3.5);
    EXPECT_EQ(store.units()[shard.person(p10).events[1].unit], "mmol/L");
    EXPECT_EQ(shard.person(p10).events[1].end, shard.person(p10).events[1].day);
    EXPECT_EQ(shard.person(p10).events[1].value_code, no_code);
    EXPECT_EQ(store.sites(), (std::vector<std::string>{""}));
}

TEST_F(IngestHealth, IdentifiersAreNotWrittenAndTheKeyDecides) {
    small_cohort();
    std::string person = "person_id,gender_concept_id,year_of_birth,person_source_value\n",
                death = "person_id,death_date\n";
    for (const char* id : {"30", "10", "20"}) {
        person += std::string(id) + "8812345,8507,1950,\n";
        death += std::string(id) + "8812345,2001-01-01\n";
    }
    std::filesystem::remove_all(folder_ / "omop");
    std::filesystem::create_directories(folder_ / "omop");
    table("person.csv", person);
    table("death.csv", death);
    const auto key = folder_ / "key";
    std::ofstream(key) << "0123456789abcdef0123456789abcdef";
    std::filesystem::permissions(key, std::filesystem::perms::owner_read);
    IngestHealthParams keyed;
    keyed.pseudonym_key = key.string();
    const auto with = run(keyed, false, "with"), without = run({}, false, "without");
    EXPECT_NE(H5File::open(with).read("persons").column<std::uint64_t>("pseudonym_high"),
              H5File::open(without).read("persons").column<std::uint64_t>("pseudonym_high"));
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / "with")) {
        if (!entry.is_regular_file()) continue;
        std::ifstream in(entry.path(), std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(in), {}};
        EXPECT_EQ(bytes.find("8812345"), std::string::npos) << entry.path();
        for (const std::int64_t id : {std::int64_t{108812345}, std::int64_t{308812345}})
            EXPECT_EQ(bytes.find(std::string(reinterpret_cast<const char*>(&id), sizeof id)),
                      std::string::npos)
                << entry.path();
    }
    std::filesystem::permissions(key, std::filesystem::perms::group_read,
                                 std::filesystem::perm_options::add);
    EXPECT_THROW(run(keyed, false, "open"), UsageError);
}

TEST_F(IngestHealth, AnotherKeyDoesNotResumeARun) {
    small_cohort();
    for (const char* name : {"key_a", "key_b"}) {
        std::ofstream(folder_ / name) << "0123456789abcdef" << name;
        std::filesystem::permissions(folder_ / name, std::filesystem::perms::owner_read);
    }
    IngestHealthParams params;
    params.pseudonym_key = (folder_ / "key_a").string();
    run(params);
    params.pseudonym_key = (folder_ / "key_b").string();
    EXPECT_THROW(run(params), IntegrityError);
}

TEST_F(IngestHealth, StoresOfVersionOneAreRefused) {
    const auto path = folder_ / "old.h5";
    H5File file = H5File::create(path);
    file.write(TableData(events_table()));
    file.write(TableData(shards_table()));
    file.attribute("/", "event_store_version", std::int64_t{1});
    file.close();
    try {
        const EventStore store(path);
        ADD_FAILURE();
    } catch (const DataError& e) {
        EXPECT_THAT(e.what(), HasSubstr("version 1"));
        EXPECT_THAT(e.what(), HasSubstr("salus ingest_health --omop"));
    }
}

TEST_F(IngestHealth, OddRowsAreKeptAndCounted) {
    small_cohort();
    table("condition_occurrence.csv",
          "person_id,condition_concept_id,condition_start_date,condition_source_value\n"
          "30,1,2020-05-05,E11.9\n10,2,1959-01-01,I21.9\n20,1,2009-05-05,E11.9\n10,2,2001-01-01,"
          "I21.9\n");
    table("death.csv", "person_id,death_date\n30,2020-02-02\n20,1969-01-01\n");
    const H5File file = H5File::open(run({}));
    EXPECT_EQ(file.rows("rejects"), 0u);
    EXPECT_EQ(file.rows("events"), 7u);
    const TableData flagged = file.read("flagged");
    std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> found;
    for (std::size_t i = 0; i < flagged.rows(); ++i)
        found[flagged.column<std::string>("table")[i] + " " +
              flagged.column<std::string>("reason")[i]] = {
            flagged.column<std::uint64_t>("rows")[i],
            flagged.column<std::uint64_t>("first_line")[i]};
    const std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> expected{
        {"condition_occurrence outside_observation", {3, 2}},
        {"condition_occurrence before_birth", {1, 3}},
        {"condition_occurrence after_death", {2, 2}},
        {"death outside_observation", {2, 2}},
        {"death before_birth", {1, 3}},
        {"person death_before_birth", {1, 4}}};
    EXPECT_EQ(found, expected);
}

TEST_F(IngestHealth, PiecesAndShardsDoNotChangeTheResult) {
    small_cohort();
    const auto whole_path = run({}, false, "whole");
    const std::string whole = sha256_file(whole_path);
    IngestHealthParams cut;
    cut.unit_bytes = 50;
    EXPECT_EQ(sha256_file(run(cut, false, "cut")), whole);
    cut.shards = 3;
    const EventStore store(run(cut, false, "shards"));
    EXPECT_EQ(seen_events(store.file()), seen_events(H5File::open(whole_path)))
        << "shards are ranges of persons";
    EXPECT_EQ(store.shard_count(), 3u);
    EXPECT_EQ(store.person_count(), 3u);
    EXPECT_EQ(store.event_count(), 5u);
    std::size_t events = 0, linked = 0;
    for (std::uint64_t s = 0; s < 3; ++s) {
        events += store.read_shard(s).events.size();
        linked += store.read_shard(s).linked.size();
    }
    EXPECT_EQ(events, 5u);
    EXPECT_EQ(linked, 2u);
}

TEST_F(IngestHealth, LinkTable) {
    small_cohort();
    std::ofstream(folder_ / "links.csv") << "person_id,sample_id\n20,G20\n10,G10\n99,G99\n10,G11\n";
    EXPECT_THAT(error({}, true), HasSubstr("duplicate_link"));
    IngestHealthParams skip;
    skip.on_bad_record = "skip";
    const auto path = run(skip, true);
    EXPECT_THAT(EventStore(path).read_shard(0).sample_id,
                ::testing::UnorderedElementsAre("G10", "G20"));
    EXPECT_EQ(rejected(H5File::open(path), "link", "unknown_person"), 1u);
    EXPECT_EQ(rejected(H5File::open(path), "link", "duplicate_link"), 1u);
    skip.unlinked = "fail";
    const std::string text = error(skip, true);
    EXPECT_THAT(text, HasSubstr("unknown_person"));
    EXPECT_THAT(text, HasSubstr("links.csv, line 4"));
    EXPECT_THAT(text, HasSubstr("unlinked = \"skip\""));
}

TEST_F(IngestHealth, BadRowsFailOrAreCounted) {
    small_cohort();
    table("person.csv",
          "person_id,gender_concept_id,year_of_birth\n10,8532,1960\n20,8507,1970\n10,8532,1961\n");
    EXPECT_THAT(error({}), HasSubstr("duplicate_person"));
    EXPECT_THAT(error({}), HasSubstr("person.csv, line 4"));
    IngestHealthParams skip;
    skip.on_bad_record = "skip";
    table("measurement.csv", "person_id,measurement_concept_id,measurement_date,value_as_"
                             "number\n10,1,2001-13-01,1\n10,1,2001-12-01,x\n10,1,2001-12-01,2\n");
    const H5File file = H5File::open(run(skip));
    EXPECT_EQ(rejected(file, "person", "duplicate_person"), 1u);
    EXPECT_EQ(rejected(file, "condition_occurrence", "unknown_person"), 2u);
    EXPECT_EQ(rejected(file, "observation_period", "unknown_person"), 1u);
    EXPECT_EQ(rejected(file, "death", "unknown_person"), 1u);
    EXPECT_EQ(rejected(file, "measurement", "bad_date"), 1u);
    EXPECT_EQ(rejected(file, "measurement", "bad_number"), 1u);
    const TableData ingested = file.read("ingested");
    EXPECT_EQ(ingested.column<std::uint64_t>("rows_read"),
              (std::vector<std::uint64_t>{3, 4, 3, 3, 1}));
    EXPECT_EQ(ingested.column<std::uint64_t>("rows_kept"),
              (std::vector<std::uint64_t>{2, 3, 1, 1, 0}));
}

TEST_F(IngestHealth, EmptyCohortIsRefused) {
    small_cohort();
    table("person.csv", "person_id,gender_concept_id,year_of_birth\n");
    IngestHealthParams skip;
    skip.on_bad_record = "skip";
    EXPECT_THAT(error(skip), HasSubstr("cohort is empty"));
}

TEST_F(IngestHealth, SomeSourceIsNeeded) {
    std::vector<Problem> problems;
    Workload sizes;
    const Stage stage = ingest_health_stage();
    const IngestHealthParams params;
    stage.examine(&params, {}, sizes, problems);
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_THAT(problems[0].what, HasSubstr("no health records"));
}

TEST_F(IngestHealth, DeclarationFindsAllMistakesAtOnce) {
    small_cohort();
    table("measurement.csv", "person_id,measurment_date,measurement_concept_id\n");
    table("person.csv", "id,gender_concept_id,year_of_birth\n");
    std::vector<Problem> problems;
    Workload sizes;
    const Stage stage = ingest_health_stage();
    const IngestHealthParams params;
    stage.examine(&params, {{"omop", {folder_ / "omop"}}}, sizes, problems);
    EXPECT_EQ(problems.size(), 3u);
}

using reference::ehr;

TEST_F(IngestHealth, AVocabularyGivesConceptsAndWhatTheyLieBelow) {
    small_cohort();
    table("condition_occurrence.csv",
          "person_id,condition_concept_id,condition_start_date,condition_source_value\n"
          "30,0,2010-05-05,e119\n10,2,2001-01-01,I21.9\n10,0,2001-01-01,Z99.9\n");
    const auto folder = folder_ / "vocabulary";
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "CONCEPT.csv")
        << "concept_id\tdomain_id\tvocabulary_id\tstandard_concept\tconcept_code\t"
           "invalid_reason\n7\tCondition\tICD10\t\tE11.9\t\n"
           "201826\tCondition\tSNOMED\tS\t44054006\t\n201820\tCondition\tSNOMED\tS\t73211009\t\n";
    std::ofstream(folder / "CONCEPT_RELATIONSHIP.csv")
        << "concept_id_1\tconcept_id_2\trelationship_id\tinvalid_reason\n7\t201826\tMaps to\t\n";
    std::ofstream(folder / "CONCEPT_ANCESTOR.csv")
        << "ancestor_concept_id\tdescendant_concept_id\tmin_levels_of_separation\n"
           "201820\t201826\t1\n201820\t5\t1\n";
    const auto path = run({}, {{"omop", {folder_ / "omop"}}, {"vocabulary", {folder}}}, "a");
    const Vocabulary vocabulary = Vocabulary::read_from(H5File::open(path));
    EXPECT_EQ(vocabulary.maps_to("ICD10:E11.9"), (CodeMap{.concept_id = 201826}));
    EXPECT_EQ(vocabulary.descendants(201820), (std::vector<std::uint32_t>{201826}));
    const EventStore store(path);
    const auto concept_of = [&](std::string_view code) {
        for (std::size_t c = 0; c < store.codes().size(); ++c)
            if (store.codes()[c] == code) return store.concepts()[c];
        return std::uint32_t{99};
    };
    EXPECT_EQ(concept_of("ICD10:E11.9"), 201826u);
    EXPECT_EQ(concept_of("ICD10:Z99.9"), 0u) << "the vocabulary does not know it";
    EXPECT_EQ(H5File::open(run({}, false, "b")).rows("concepts"), 0u);
}

TEST_F(IngestHealth, SyntheaTables) {
    if (!std::filesystem::exists(ehr)) GTEST_SKIP() << "no shared data";
    std::filesystem::remove_all(folder_ / "omop");
    std::filesystem::create_directory_symlink(ehr / "omop54_synthea27", folder_ / "omop");
    IngestHealthParams params;
    params.condition_codes = "SNOMED";
    params.drug_codes = "RxNorm";
    params.shards = 4;
    params.unit_bytes = 100000;
    const auto path = run(params);
    const EventStore store(path);
    EXPECT_EQ(store.person_count(), 20u);
    EXPECT_EQ(store.event_count(), 344u + 6848u + 521u + 1124u + 5386u + 2u + 1287u);
    EXPECT_EQ(H5File::open(path).rows("rejects"), 0u);
    EXPECT_NE(std::find(store.codes().begin(), store.codes().end(), "RXNORM:308182"),
              store.codes().end());
    EXPECT_NE(std::find(store.codes().begin(), store.codes().end(), "LOINC:4548-4"),
              store.codes().end());
}

TEST_F(IngestHealth, DirtyTables) {
    if (!std::filesystem::exists(ehr)) GTEST_SKIP() << "no shared data";
    std::filesystem::remove_all(folder_ / "omop");
    std::filesystem::create_directory_symlink(ehr / "omop_dirty", folder_ / "omop");
    EXPECT_THAT(error({}), HasSubstr("on_bad_record"));
    IngestHealthParams skip;
    skip.on_bad_record = "skip";
    const H5File file = H5File::open(run(skip));
    EXPECT_EQ(rejected(file, "condition_occurrence", "missing_date"), 6u);
    EXPECT_EQ(rejected(file, "condition_occurrence", "unknown_person"), 6u);
    EXPECT_EQ(rejected(file, "condition_occurrence", "end_before_start"), 6u);
    EXPECT_EQ(rejected(file, "measurement", "bad_date"), 27u);
    EXPECT_EQ(rejected(file, "drug_exposure", "end_before_start"), 10u);
    EXPECT_EQ(file.rows("observation_periods"), 20u) << "the overlapping period is merged";
}

} // namespace
} // namespace salus
