#include "health/event_store.hpp"
#include "health/pseudonym.hpp"
#include "stages/ingest_health/ingest_health.hpp"
#include "support/reference_data.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <tuple>
#include <unistd.h>

namespace salus {
namespace {

using ::testing::HasSubstr;

class Records : public ::testing::Test {
protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() /
                  ("salus-records-" + std::to_string(::getpid()));
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    void write(const std::string& name, const std::vector<std::string>& lines) const {
        std::filesystem::create_directories((folder_ / name).parent_path());
        std::ofstream out(folder_ / name, std::ios::binary);
        for (const std::string& line : lines)
            out << line << '\n';
    }
    std::filesystem::path run(const std::string& name, std::map<std::string, std::string> inputs,
                              const IngestHealthParams& params = {}) const {
        RunContext::Setup setup{.comm = {}, .log = Log("ingest_health", 1)};
        setup.stage = "ingest_health";
        for (const auto& [port, path] : inputs)
            setup.inputs[port] = {folder_ / path};
        setup.outputs = {{"events", folder_ / name / "events.h5"}};
        setup.work = folder_ / name / "work";
        setup.fingerprint = name;
        RunContext context(std::move(setup));
        run_ingest_health(params, context);
        return folder_ / name / "events.h5";
    }
    std::filesystem::path folder_;
};

std::string patient(const std::string& id, const std::string& birth) {
    return R"({"resourceType":"Patient","id":")" + id + R"(","gender":"female","birthDate":")" +
           birth + "\"}";
}
std::string condition(const std::string& id, const std::string& person, const std::string& day,
                      const std::string& code, const std::string& encounter = "") {
    return R"({"resourceType":"Condition","id":")" + id + R"(","subject":{"reference":"Patient/)" +
           person + R"("},"onsetDateTime":")" + day +
           (encounter.empty() ? "\""
                              : R"(","encounter":{"reference":"Encounter/)" + encounter + "\"}") +
           R"(,"code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":")" + code +
           "\"}]}}";
}
std::string encounter(const std::string& id, const std::string& person, const std::string& type) {
    return R"({"resourceType":"Encounter","id":")" + id +
           R"(","status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/)" +
           R"(v3-ActCode","code":")" + type + R"("},"subject":{"reference":"Patient/)" + person +
           R"("},"period":{"start":"2001-01-01","end":"2001-01-05"}})";
}
std::string deletion(const std::string& reference) {
    return R"({"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":)"
           R"("DELETE","url":")" +
           reference + "\"}}]}";
}

/// What an event says, by pseudonym of its person.
using Seen = std::tuple<Pseudonym, std::string, Day, EventSource>;
std::vector<Seen> seen(const std::filesystem::path& path) {
    const H5File file = H5File::open(path);
    const TableData events = file.read("events"), codes = file.read("codes"),
                    persons = file.read("persons");
    std::vector<Seen> out;
    for (std::size_t i = 0; i < events.rows(); ++i) {
        const std::uint32_t p = events.column<std::uint32_t>("person")[i];
        out.emplace_back(Pseudonym{persons.column<std::uint64_t>("pseudonym_high")[p],
                                   persons.column<std::uint64_t>("pseudonym_low")[p]},
                         codes.column<std::string>("code")[events.column<std::uint32_t>("code")[i]],
                         events.column<std::int32_t>("day")[i],
                         static_cast<EventSource>(events.column<std::uint8_t>("source")[i]));
    }
    return out;
}
std::vector<std::string> codes_of(const std::filesystem::path& path, const std::string& person) {
    std::vector<std::string> out;
    for (const auto& [id, code, day, source] : seen(path))
        if (id == Pseudonyms().of(person)) out.push_back(code);
    return out;
}

/// added, replaced, removed, unchanged by what changed
std::map<std::string, std::array<std::uint64_t, 4>> changes(const std::filesystem::path& path) {
    const TableData rows = H5File::open(path).read("changes");
    std::map<std::string, std::array<std::uint64_t, 4>> out;
    for (std::size_t i = 0; i < rows.rows(); ++i)
        out[rows.column<std::string>("what")[i]] = {
            rows.column<std::uint64_t>("added")[i], rows.column<std::uint64_t>("replaced")[i],
            rows.column<std::uint64_t>("removed")[i], rows.column<std::uint64_t>("unchanged")[i]};
    return out;
}

TEST_F(Records, EventsHaveTheSourceOfTheirEncounter) {
    write("fhir/Patient.ndjson", {patient("p1", "1960-02-02"), patient("p2", "1970-02-02")});
    write("fhir/Condition.ndjson", {condition("c1", "p1", "2001-01-02", "E11.9", "e1"),
                                    condition("c2", "p1", "2001-01-03", "I21.9", "e2"),
                                    condition("c3", "p2", "2001-01-03", "I10", "e1"),
                                    condition("c4", "p2", "2001-01-04", "J45")});
    write("fhir/Encounter.ndjson", {encounter("e1", "p1", "IMP"), encounter("e2", "p1", "EMER")});
    const auto path = run("a", {{"fhir", "fhir"}});
    std::map<std::string, EventSource> source;
    for (const auto& [id, code, day, from] : seen(path))
        source[code] = from;
    EXPECT_EQ(source["ICD10:E11.9"], EventSource::inpatient);
    EXPECT_EQ(source["ICD10:I21.9"], EventSource::emergency);
    EXPECT_EQ(source["ICD10:I10"], EventSource::unknown) << "the encounter of another person";
    EXPECT_EQ(source["ICD10:J45"], EventSource::unknown);
    IngestHealthParams cut;
    cut.unit_bytes = 100;
    cut.shards = 3;
    EXPECT_EQ(seen(run("b", {{"fhir", "fhir"}}, cut)), seen(path));
}

TEST_F(Records, OmopAndFhirMeetInOnePerson) {
    write("omop/person.csv", {"person_id,gender_concept_id,year_of_birth", "1,8532,1960"});
    write("omop/death.csv", {"person_id,death_date", "1,2010-01-01"});
    write("fhir/Patient.ndjson", {patient("1", "1960-02-02"), patient("2", "1970-02-02")});
    write("fhir/Condition.ndjson", {condition("c1", "1", "2001-01-02", "E11.9")});
    write("links.csv", {"person_id,sample_id", "2,S2", "1,S1"});
    const auto path = run("a", {{"omop", "omop"}, {"fhir", "fhir"}, {"links", "links.csv"}});
    EXPECT_EQ(H5File::open(path).rows("persons"), 2u);
    EXPECT_EQ(H5File::open(path).rows("links"), 2u);
    EXPECT_EQ(codes_of(path, "1").size(), 2u);
}

TEST_F(Records, ARecordThatIsThereTwiceIsRefused) {
    write("fhir/Patient.ndjson", {patient("p1", "1960-02-02")});
    write("fhir/Condition.ndjson",
          {condition("c2", "p1", "2001-01-02", "E11.9"), condition("c1", "p1", "2001-01-02", "I10"),
           condition("c2", "p1", "2001-01-03", "I21.9")});
    try {
        run("a", {{"fhir", "fhir"}});
        ADD_FAILURE();
    } catch (const DataError& e) {
        EXPECT_THAT(e.what(), HasSubstr("duplicate_record"));
        EXPECT_THAT(e.what(), HasSubstr("Condition.ndjson, line 3"));
    }
    IngestHealthParams skip;
    skip.on_bad_record = "skip";
    const auto path = run("b", {{"fhir", "fhir"}}, skip);
    EXPECT_EQ(codes_of(path, "p1"), (std::vector<std::string>{"ICD10:E11.9", "ICD10:I10"}));
}

TEST_F(Records, AnUpdateAddsReplacesAndRemoves) {
    write("old/Patient.ndjson", {patient("p1", "1960-02-02"), patient("p2", "1970-02-02")});
    write("old/Condition.ndjson",
          {condition("c1", "p1", "2001-01-02", "E11.9"), condition("c2", "p1", "2002-01-02", "I10"),
           condition("c3", "p2", "2003-01-02", "J45"), condition("c4", "p2", "2003-01-02", "J46")});
    write("old/Encounter.ndjson", {encounter("e1", "p1", "IMP")});
    const auto old = run("old_store", {{"fhir", "old"}});
    write("new/Patient.ndjson", {patient("p2", "1971-02-02"), patient("p3", "1980-01-01")});
    write("new/Condition.ndjson",
          {condition("c1", "p1", "2001-01-02", "E11.9"), condition("c2", "p1", "2002-01-02", "I11"),
           condition("c5", "p3", "2004-01-02", "K50"),
           condition("c6", "p1", "2001-01-03", "I21.9", "e1")});
    write("new/deleted.ndjson", {deletion("Condition/c3"), deletion("Condition/none")});
    const auto path = run("updated", {{"fhir", "new"}, {"previous", "old_store/events.h5"}});
    const auto without_visits = [&](const std::string& person) {
        auto codes = codes_of(path, person);
        std::erase_if(codes, [](const std::string& c) { return !c.starts_with("ICD10"); });
        return codes;
    };
    EXPECT_EQ(without_visits("p1"),
              (std::vector<std::string>{"ICD10:E11.9", "ICD10:I21.9", "ICD10:I11"}));
    EXPECT_EQ(without_visits("p2"), (std::vector<std::string>{"ICD10:J46"}));
    EXPECT_EQ(without_visits("p3"), (std::vector<std::string>{"ICD10:K50"}));
    auto found = changes(path);
    EXPECT_EQ(found["condition"], (std::array<std::uint64_t, 4>{2, 1, 2, 2}));
    EXPECT_EQ(found["person"], (std::array<std::uint64_t, 4>{1, 1, 1, 1}));
    EXPECT_EQ(found["visit"], (std::array<std::uint64_t, 4>{0, 0, 0, 1}));
    for (const auto& [id, code, day, source] : seen(path))
        if (code == "ICD10:I21.9") {
            EXPECT_EQ(source, EventSource::inpatient) << "the encounter came with the first run";
        }
    const TableData files = H5File::open(path).read("ingested");
    EXPECT_EQ(files.column<std::uint32_t>("update"),
              (std::vector<std::uint32_t>{0, 0, 0, 1, 1, 1}));
    IngestHealthParams cut;
    cut.unit_bytes = 150;
    cut.shards = 5;
    EXPECT_EQ(seen(run("cut", {{"fhir", "new"}, {"previous", "old_store/events.h5"}}, cut)),
              seen(path));
    EXPECT_EQ(seen(run("again", {{"fhir", "new"}, {"previous", "updated/events.h5"}})), seen(path))
        << "an update that comes twice changes nothing the second time";
    EXPECT_EQ(changes(folder_ / "again/events.h5")["condition"],
              (std::array<std::uint64_t, 4>{0, 0, 0, 5}));
}

TEST_F(Records, RowsWithoutRecordsComeTogetherAsOneRun) {
    const std::vector<std::string> head{"person_id,condition_concept_id,condition_start_date,"
                                        "condition_source_value"};
    std::vector<std::string> first = head, second = head, all = head,
                             persons{"person_id,gender_concept_id,year_of_birth"};
    for (int i = 0; i < 200; ++i) {
        const int person = i * 7 % 20 + 1;
        std::string row = std::to_string(person) + ",1,20" + std::to_string(10 + i % 10) +
                          "-01-01,E1" + std::to_string(i % 4);
        (i % 3 == 0 ? first : second).push_back(row);
        if (i % 11 == 0) second.push_back(row); // comes twice, or again
    }
    for (int p = 1; p <= 20; ++p)
        persons.push_back(std::to_string(p) + ",8507,1950");
    std::multiset<std::string> expected(first.begin() + 1, first.end());
    std::map<std::string, int> extra;
    for (std::size_t i = 1; i < second.size(); ++i)
        ++extra[second[i]];
    for (const auto& [row, times] : extra)
        for (int n = static_cast<int>(expected.count(row)); n < times; ++n)
            expected.insert(row);
    all.insert(all.end(), expected.begin(), expected.end());
    for (const auto& [folder, rows] : {std::pair{"one", &first}, {"two", &second}, {"all", &all}}) {
        write(std::string(folder) + "/person.csv", persons);
        write(std::string(folder) + "/condition_occurrence.csv", *rows);
    }
    IngestHealthParams cut;
    cut.shards = 4;
    run("first", {{"omop", "one"}}, cut);
    const auto updated = run("updated", {{"omop", "two"}, {"previous", "first/events.h5"}});
    EXPECT_EQ(seen(updated), seen(run("whole", {{"omop", "all"}})));
}

TEST_F(Records, AStoreOfAnotherKeyIsNotUpdated) {
    write("fhir/Patient.ndjson", {patient("p1", "1960-02-02")});
    write("fhir/Condition.ndjson", {condition("c1", "p1", "2001-01-02", "E11.9")});
    run("a", {{"fhir", "fhir"}});
    write("key", {"0123456789abcdef"});
    std::filesystem::permissions(folder_ / "key", std::filesystem::perms::owner_read);
    IngestHealthParams keyed;
    keyed.pseudonym_key = (folder_ / "key").string();
    EXPECT_THROW(run("b", {{"fhir", "fhir"}, {"previous", "a/events.h5"}}, keyed), DataError);
}

TEST_F(Records, DocumentsAreCountedAndNotNamed) {
    write("fhir/Aaron_Secret.json",
          {R"({"resourceType":"Bundle","type":"document","entry":[{"resource":)" +
           patient("p1", "1960-02-02") + R"(},{"resource":)" +
           condition("c1", "p1", "2001-01-02", "E11.9") + "}]}"});
    write("fhir/Berta_Secret.json", {"{ \"resourceType\": \"Bundle\""});
    try {
        run("a", {{"fhir", "fhir"}});
        ADD_FAILURE();
    } catch (const DataError& e) {
        EXPECT_THAT(e.what(), HasSubstr("document 2"));
        EXPECT_THAT(e.what(), Not(HasSubstr("Secret")));
    }
    IngestHealthParams skip;
    skip.on_bad_record = "skip";
    const H5File file = H5File::open(run("b", {{"fhir", "fhir"}}, skip));
    EXPECT_EQ(file.rows("events"), 1u);
    EXPECT_EQ(file.read("ingested").column<std::string>("file")[0], "2 documents");
    EXPECT_EQ(file.read("rejects").column<std::uint64_t>("first_line")[0], 2u);
}

using reference::ehr;

TEST_F(Records, ExportsAndSummariesOfTheSharedDataAreRead) {
    if (!std::filesystem::exists(ehr)) GTEST_SKIP() << "no shared data";
    IngestHealthParams skip;
    skip.on_bad_record = "skip";
    for (const char* name : {"fhir_bulk_hiv", "ips_bundles", "fhir_bulk_smart10"}) {
        std::filesystem::create_directory_symlink(ehr / name, folder_ / name);
        const auto path = run(std::string("of_") + name, {{"fhir", name}}, skip);
        const EventStore store(path);
        EXPECT_GE(store.person_count(), 8u) << name;
        EXPECT_GT(store.event_count(), 50u) << name;
        IngestHealthParams cut = skip;
        cut.unit_bytes = 50000;
        cut.shards = 6;
        EXPECT_EQ(seen(run(std::string("cut_") + name, {{"fhir", name}}, cut)), seen(path)) << name;
    }
}

} // namespace
} // namespace salus
