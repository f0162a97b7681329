#include "stages/ingest_health/staging.hpp"

#include "health/event_store.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <unistd.h>

namespace salus::ingest_health {
namespace {

/// A row with everything that is written for rows of its kind.
struct Written {
    Pseudonym person;
    StagedRow row;
    std::string text;
};

StagedRow random_row(std::mt19937_64& random) {
    const auto one_of = [&](auto... values) {
        const std::array all{values...};
        return all[random() % all.size()];
    };
    StagedRow row;
    row.kind = one_of(RecordKind::event, RecordKind::event, RecordKind::person, RecordKind::link,
                      RecordKind::observation_period);
    row.day = one_of(Day{0}, Day{-40000}, static_cast<Day>(random() % 30000),
                     std::numeric_limits<Day>::max() / 4);
    row.end = row.day;
    row.value = one_of(std::numeric_limits<double>::quiet_NaN(), 0.0, -3.25, 1e300);
    row.record = row.visit = no_record;
    if (row.kind == RecordKind::observation_period || random() % 2 == 0)
        row.end += static_cast<Day>(random() % 500);
    if (row.kind == RecordKind::person) {
        row.sex = static_cast<std::uint8_t>(random() % 3);
        row.has_birth = random() % 2 == 0;
        row.site = static_cast<std::uint32_t>(random() % 1000);
        row.end = row.day;
    }
    if (row.kind != RecordKind::event) return row;
    row.event = static_cast<EventKind>(1 + random() % 8);
    row.source = static_cast<EventSource>(random() % 9);
    row.flags = static_cast<std::uint8_t>(random() % 16);
    row.comparator = static_cast<std::uint8_t>(random() % 5);
    row.code = static_cast<std::uint32_t>(random());
    row.unit = one_of(0U, 1U, 200U);
    row.value_code = one_of(no_code, 0U, 77777U);
    row.visit = one_of(no_record, std::uint64_t{5}, hashed_record | random());
    row.record = one_of(no_record, std::uint64_t{0}, hashed_record | random());
    return row;
}

void expect_same(const StagedRow& a, const StagedRow& b) {
    EXPECT_EQ(a.line, b.line);
    ASSERT_EQ(a.kind, b.kind);
    if (a.kind == RecordKind::link) return;
    EXPECT_EQ(a.day, b.day);
    EXPECT_EQ(a.end, b.end);
    if (a.kind == RecordKind::observation_period) return;
    EXPECT_TRUE(a.value == b.value || (std::isnan(a.value) && std::isnan(b.value)));
    if (a.kind == RecordKind::person) {
        EXPECT_EQ(a.sex, b.sex);
        EXPECT_EQ(a.has_birth, b.has_birth);
        EXPECT_EQ(a.site, b.site);
        return;
    }
    EXPECT_EQ(a.event, b.event);
    EXPECT_EQ(a.source, b.source);
    EXPECT_EQ(a.flags, b.flags);
    EXPECT_EQ(a.comparator, b.comparator);
    EXPECT_EQ(a.code, b.code);
    EXPECT_EQ(a.unit, b.unit);
    EXPECT_EQ(a.value_code, b.value_code);
    EXPECT_EQ(a.visit, b.visit);
    EXPECT_EQ(a.record, b.record);
}

TEST(Staging, GivesBackWhatWasWritten) {
    const auto path = std::filesystem::temp_directory_path() /
                      ("salus-staging-" + std::to_string(::getpid()) + ".h5");
    constexpr std::uint64_t shards = 5;
    const Pseudonyms pseudonyms("0123456789abcdef");
    std::vector<std::vector<Written>> written(shards);
    {
        PartWriter part(path);
        StagedWriter writer(part, shards, pseudonyms);
        std::mt19937_64 random(7);
        std::uint64_t line = 0;
        for (int i = 0; i < 3000; ++i) {
            const std::string person = std::to_string(random() % 100);
            StagedRow row = random_row(random);
            row.line = line += random() % 3;
            const std::string text(row.kind == RecordKind::event ? 0 : random() % 300, 't');
            const bool has_text = row.kind == RecordKind::person || row.kind == RecordKind::link;
            if (has_text) row.text = text;
            writer.add(person, row);
            const Pseudonym id = pseudonyms.of(person);
            written[shard_of(id, shards)].push_back({id, row, std::string(row.text)});
        }
        writer.finish();
        part.commit();
    }
    const H5File part = H5File::open(path);
    for (std::uint64_t shard = 0; shard < shards; ++shard) {
        const StagedPiece piece = read_piece(part, shard);
        std::size_t i = 0;
        for (const auto& batch : piece.batches)
            for (StagedReader reader(batch); reader.next(); ++i) {
                ASSERT_LT(i, written[shard].size());
                EXPECT_EQ(piece.persons.at(reader.row().person), written[shard][i].person);
                EXPECT_EQ(reader.row().text, written[shard][i].text);
                expect_same(reader.row(), written[shard][i].row);
            }
        EXPECT_EQ(i, written[shard].size());
    }
    std::filesystem::remove(path);
}

TEST(Staging, BytesThatEndInARowAreOurBug) {
    std::vector<std::uint8_t> bytes{static_cast<std::uint8_t>(RecordKind::link), 0, 0, 9, 'x'};
    bytes.resize(bytes.size() + StagedReader::padding);
    StagedReader reader(bytes);
    EXPECT_THROW(reader.next(), InternalError);
}

} // namespace
} // namespace salus::ingest_health
