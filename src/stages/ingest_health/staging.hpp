#pragma once

#include "formats/text_index.hpp"
#include "health/pseudonym.hpp"
#include "health/record_row.hpp"
#include "store/parts.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace salus::ingest_health {

/// A row on its way to the shard of its person. Codes, units and sites are known by their places
/// in the dictionaries of the piece until these are merged.
struct StagedRow {
    RecordKind kind = RecordKind::event;
    std::uint32_t person = 0; // among the persons of the shard in this piece
    std::uint64_t line = 0;   // in the piece, from 1
    Day day = 0, end = 0;
    EventKind event = EventKind::condition;
    EventSource source = EventSource::unknown;
    std::uint8_t flags = 0, comparator = 0, sex = 0;
    bool has_birth = true;
    std::uint32_t code = 0, unit = 0, site = 0;
    std::uint32_t value_code = no_code;
    std::uint64_t visit = 0, record = 0; // as in the column record; no_record = none
    double value = 0;                    // NaN = none; of a person: day of death
    std::string_view text;
};

/// Collects rows by shard, each as its differences from the row before, and writes them to a part
/// whenever 32 MiB have come together. Memory about 128 MiB and 60 bytes for each person of the
/// piece. Identifiers of persons are not written, only pseudonyms.
class StagedWriter {
public:
    StagedWriter(PartWriter& part, std::uint64_t shards, const Pseudonyms& pseudonyms);
    /// Sets row.person.
    void add(std::string_view person, StagedRow& row);
    /// Writes what is left, and the pseudonyms. Without it the part is incomplete.
    void finish();

private:
    struct Buffer {
        std::vector<std::uint8_t> bytes; // `size` of them are used
        std::size_t size = 0;
        StagedRow last; // rows are stored as differences
        std::uint64_t events = 0;
        /// Where `more` bytes can be written.
        std::uint8_t* room(std::size_t more);
    };
    struct Place {
        std::uint32_t shard = 0, number = 0;
    };
    void flush();

    PartWriter& part_;
    const Pseudonyms& pseudonyms_;
    std::uint64_t shards_, batches_ = 0;
    std::size_t bytes_ = 0;
    std::vector<Buffer> buffers_;                 // [shard]
    std::vector<std::vector<Pseudonym>> persons_; // [shard]
    TextIndex index_;
    std::vector<Place> places_; // [index in index_]
};

/// What one piece holds for one shard.
struct StagedPiece {
    std::vector<Pseudonym> persons;
    std::uint64_t events = 0;
    std::vector<std::vector<std::uint8_t>> batches; // padded for StagedReader
    bool empty() const noexcept { return batches.empty(); }
};
StagedPiece read_piece(const H5File& part, std::uint64_t shard);

/// The rows of a batch of a piece, in source order.
class StagedReader {
public:
    /// Bytes of rows, and `padding` more, so that a row can be read before its end is checked.
    static constexpr std::size_t padding = 192;
    explicit StagedReader(std::span<const std::uint8_t> bytes);
    /// InternalError if the bytes are not rows.
    bool next();
    const StagedRow& row() const noexcept { return row_; }

private:
    std::uint8_t byte() noexcept { return bytes_[at_++]; }
    std::uint64_t number();
    std::int64_t difference();
    double real();
    std::string_view words();
    void take_event(std::uint8_t has);
    void take_person();

    std::span<const std::uint8_t> bytes_;
    std::size_t at_ = 0, end_ = 0;
    StagedRow row_;
    std::uint64_t visit_ = 0, record_ = 0; // last ones
};

} // namespace salus::ingest_health
