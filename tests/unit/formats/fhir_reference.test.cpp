#include "formats/byte_stream.hpp"
#include "formats/fhir.hpp"
#include "support/reference_data.hpp"

#include "base/text.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

// Every row of published sample exports and documents against an extraction by another program.
namespace salus {
namespace {

using reference::ehr;

using Fields = std::map<std::string, std::string>;

std::vector<Fields> read_table(const std::filesystem::path& path) {
    ByteStream stream(path);
    std::string content;
    std::vector<char> buffer(1 << 16);
    for (std::size_t got = 1; got > 0;) {
        got = stream.read(buffer);
        content.append(buffer.data(), got);
    }
    std::vector<Fields> rows;
    std::vector<std::string_view> names;
    for (const std::string_view line : split(content, '\n')) {
        const auto cells = split(line, '\t');
        if (names.empty()) {
            names = cells;
            continue;
        }
        if (cells.size() != names.size()) continue;
        Fields row;
        for (std::size_t c = 0; c < cells.size(); ++c)
            row[std::string(names[c])] = std::string(trim(cells[c]));
        rows.push_back(row);
    }
    return rows;
}

/// A row as text that can be compared.
struct Found {
    std::string person, visit, day, end, code, unit, value_code;
    double value = 0;
    RecordRow row;
};

/// Rows by record, in the order of the file.
std::map<std::string, std::vector<Found>> read_file(const std::filesystem::path& path) {
    std::map<std::string, std::vector<Found>> out;
    const FhirMedications none;
    for (FhirReader reader(path, {}, {}, none); reader.next();) {
        if (!reader.reject().empty()) continue;
        const RecordRow& row = reader.row();
        Found found{.person = std::string(row.person),
                    .visit = std::string(row.visit),
                    .day = format_date(row.day),
                    .end = format_date(row.end),
                    .value = row.value,
                    .row = row};
        if (row.kind == RecordKind::event) {
            found.code = reader.codes().at(row.code).code;
            found.unit = reader.units().at(row.unit);
            if (row.value_code != no_code)
                found.value_code = reader.codes().at(row.value_code).code;
        }
        out[std::string(row.record)].push_back(found);
    }
    return out;
}

std::string behind_slash(const std::string& reference) {
    return reference.substr(reference.find('/') + 1);
}

/// The systems of the samples by their names.
std::string code_of(const std::string& system, const std::string& code) {
    static const std::map<std::string, std::string> names{
        {"http://snomed.info/sct", "SNOMED"},
        {"http://loinc.org", "LOINC"},
        {"http://www.nlm.nih.gov/research/umls/rxnorm", "RXNORM"},
        {"http://hl7.org/fhir/sid/cvx", "CVX"}};
    const auto found = names.find(system);
    EXPECT_NE(found, names.end()) << system;
    if (found == names.end()) return code;
    const bool short_vaccine = found->second == "CVX" && code.size() == 1; // 8 is written 08
    return found->second + (short_vaccine ? ":0" : ":") + code;
}

class BulkExport : public ::testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        if (!std::filesystem::exists(ehr)) GTEST_SKIP() << "no shared data";
        folder_ = ehr / GetParam();
    }
    std::filesystem::path file(const std::string& type) const {
        for (const char* end : {".ndjson", ".000.ndjson"})
            if (std::filesystem::exists(folder_ / (type + end))) return folder_ / (type + end);
        return {};
    }
    std::vector<Fields> expected(const std::string& type) const {
        const auto path = folder_ / ("expected_" + type + ".tsv.gz");
        return std::filesystem::exists(path) ? read_table(path) : std::vector<Fields>{};
    }
    std::filesystem::path folder_;
};

TEST_P(BulkExport, Persons) {
    const auto found = read_file(file("Patient"));
    const auto rows = expected("Patient");
    ASSERT_EQ(found.size(), rows.size());
    for (Fields row : rows) {
        const Found& person = found.at("Patient/" + row["id"]).at(0);
        EXPECT_EQ(person.person, row["id"]);
        EXPECT_EQ(person.row.sex, row["gender"] == "male" ? 1 : 2);
        EXPECT_EQ(person.day, row["birth_date"]);
        if (row["deceased"].empty()) {
            EXPECT_TRUE(std::isnan(person.row.death));
        } else {
            EXPECT_EQ(person.row.death, *parse_date(row["deceased"].substr(0, 10)));
        }
    }
}

TEST_P(BulkExport, Conditions) {
    const auto found = read_file(file("Condition"));
    const auto rows = expected("Condition");
    ASSERT_EQ(found.size(), rows.size());
    for (Fields row : rows) {
        const auto& events = found.at("Condition/" + row["id"]);
        EXPECT_EQ(text(events.size()), row["n_codings"]);
        const Found& event = events.at(0);
        EXPECT_EQ(event.person, behind_slash(row["patient"]));
        EXPECT_EQ(event.visit, row["encounter"]);
        EXPECT_EQ(event.day, row["onset_date"].empty() ? row["recorded_date"] : row["onset_date"]);
        EXPECT_EQ(event.end, row["abatement_date"].empty() ? event.day : row["abatement_date"]);
        EXPECT_EQ(event.code, code_of(row["code_system"], row["code"]));
        EXPECT_EQ(event.row.event, EventKind::condition);
    }
}

TEST_P(BulkExport, DrugsAndVaccines) {
    for (const char* type : {"MedicationRequest", "Immunization"}) {
        const auto found = read_file(file(type));
        const auto rows = expected(type);
        ASSERT_EQ(found.size(), rows.size()) << type;
        for (Fields row : rows) {
            const Found& event = found.at(text(type, "/", row["id"])).at(0);
            EXPECT_EQ(event.person, behind_slash(row["patient"]));
            EXPECT_EQ(event.day, row["date"]);
            EXPECT_EQ(event.code, code_of(row["code_system"], row["code"]));
            EXPECT_EQ(event.row.event, EventKind::drug);
        }
    }
}

void expect_observation(const Found& event, Fields row) {
    EXPECT_EQ(event.person, behind_slash(row["patient"]));
    EXPECT_EQ(event.visit, row["encounter"]);
    EXPECT_EQ(event.day, row["date_as_written"]);
    EXPECT_EQ(event.code, code_of(row["code_system"], row["code"]));
    if (row["value_type"] == "quantity") {
        EXPECT_EQ(event.value, *parse_double(row["value"]));
        EXPECT_EQ(event.unit, row["value_code"].empty() ? row["unit"] : row["value_code"]);
        EXPECT_EQ(event.row.event, EventKind::measurement);
    } else {
        EXPECT_TRUE(std::isnan(event.value));
    }
    EXPECT_EQ(event.value_code, row["value_type"] == "codeable"
                                    ? code_of(row["value_system"], row["value"])
                                    : std::string());
}

TEST_P(BulkExport, Observations) {
    const auto rows = expected("Observation");
    if (rows.empty()) GTEST_SKIP() << "no observations in this export";
    const auto found = read_file(file("Observation"));
    std::map<std::string, std::size_t> used;
    std::size_t total = 0;
    for (const auto& [record, events] : found)
        total += events.size();
    EXPECT_EQ(total, rows.size());
    for (Fields row : rows) {
        const std::string record = "Observation/" + row["id"];
        expect_observation(found.at(record).at(used[record]++), row);
    }
}

TEST_P(BulkExport, CountsOfResources) {
    for (Fields row : read_table(folder_ / "expected_counts.tsv")) {
        const FhirMedications none;
        std::set<std::string> records;
        std::size_t refused = 0;
        for (FhirReader reader(folder_ / row["file"], {}, {}, none); reader.next();) {
            if (reader.reject().empty())
                records.emplace(reader.row().record);
            else
                ++refused;
        }
        EXPECT_EQ(text(records.size() + refused), row["resources"]) << row["file"];
    }
}

INSTANTIATE_TEST_SUITE_P(Samples, BulkExport,
                         ::testing::Values("fhir_bulk_smart10", "fhir_bulk_hiv"));

/// First day of a date as written, which may be a year or a month.
std::string first_day(std::string written) {
    if (written.size() == 4) written += "-01";
    if (written.size() == 7) written += "-01";
    return written;
}

std::string behind_colon(const std::string& code) { return code.substr(code.find(':') + 1); }

// Codings of eight patient summaries, national code systems included: each is an event of its day,
// or stands for one where a Medication is referred to.
TEST(PatientSummaries, AllCodings) {
    const auto folder = ehr / "ips_bundles";
    if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no shared data";
    std::map<std::string, std::multiset<std::string>> medications, drugs;
    std::map<std::string, std::map<std::string, std::vector<Found>>> files;
    std::size_t checked = 0;
    for (Fields row : read_table(folder / "expected_codings.tsv.gz")) {
        const std::string& name = row["bundle"];
        if (!files.contains(name)) files[name] = read_file(folder / name);
        if (row["resource_type"] == "Medication") {
            if (!row["code"].empty()) medications[name].insert(row["code"]);
            continue;
        }
        if (row["code"].empty() || row["system"] == "(reference)") continue;
        const auto& events = files[name][row["resource_type"] + "/" + row["id"]];
        const auto same = std::find_if(events.begin(), events.end(), [&](const Found& e) {
            return behind_colon(e.code) == row["code"];
        });
        ASSERT_NE(same, events.end()) << name << " " << row["id"] << " " << row["code"];
        if (!row["date"].empty()) {
            EXPECT_EQ(same->day, first_day(row["date"])) << row["id"];
        }
        EXPECT_EQ((same->row.flags & negated) != 0,
                  row["code"] == "no-known-allergies" || row["code"] == "429625007");
        ++checked;
    }
    EXPECT_EQ(checked, 96U);
    for (const auto& [name, records] : files)
        for (const auto& [record, events] : records)
            if (record.starts_with("Medication"))
                for (const Found& event : events)
                    drugs[name].insert(behind_colon(event.code));
    EXPECT_EQ(drugs, medications);
}

} // namespace
} // namespace salus
