#include "stages/ingest_health/staging.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "health/event_store.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace salus::ingest_health {
namespace {

constexpr std::size_t batch_bytes = std::size_t{32} << 20;

/// What the first byte of an event says, or-ed to its kind of record.
constexpr unsigned has_value = 8, has_end = 16, has_value_code = 32, has_visit = 64,
                   has_record = 128;
/// What its second byte says, or-ed to its kind of event.
constexpr unsigned has_unit = 16, has_marks = 32;
constexpr std::uint8_t kind_bits = 7, event_bits = 15, sex_bits = 3, birth_bit = 4;

std::string name_of(std::uint64_t batch, std::string_view array) {
    return text("staged/", batch, "/", array);
}

constexpr std::size_t longest_row = 128; // bytes, without text

/// Numbers as bytes of 7 bits each, lowest first; differences by zigzag. There must be room.
class Bytes {
public:
    explicit Bytes(std::uint8_t* at) : at_(at) {}
    void byte(std::uint8_t b) { *at_++ = b; }
    void number(std::uint64_t n) {
        for (; n >= 0x80; n >>= 7)
            byte(static_cast<std::uint8_t>(n | 0x80));
        byte(static_cast<std::uint8_t>(n));
    }
    void difference(std::uint64_t now, std::uint64_t before) {
        const auto d = static_cast<std::int64_t>(now - before);
        number(static_cast<std::uint64_t>(d) << 1 ^ static_cast<std::uint64_t>(d >> 63));
    }
    void difference(Day now, Day before) {
        difference(static_cast<std::uint64_t>(std::int64_t{now}),
                   static_cast<std::uint64_t>(std::int64_t{before}));
    }
    void real(double x) {
        std::memcpy(at_, &x, sizeof x);
        at_ += sizeof x;
    }
    void words(std::string_view text) {
        number(text.size());
        if (!text.empty()) std::memcpy(at_, text.data(), text.size());
        at_ += text.size();
    }
    const std::uint8_t* end() const noexcept { return at_; }

private:
    std::uint8_t* at_;
};

void put_event(Bytes& out, const StagedRow& row, StagedRow& last) {
    const bool marked = row.source != EventSource::unknown || row.flags != 0 || row.comparator != 0;
    out.byte(static_cast<std::uint8_t>(static_cast<unsigned>(row.event) |
                                       (row.unit != 0 ? has_unit : 0U) |
                                       (marked ? has_marks : 0U)));
    out.difference(row.day, last.day);
    if (row.end != row.day) out.difference(row.end, row.day);
    out.number(row.code);
    if (row.unit != 0) out.number(row.unit);
    if (marked) {
        out.byte(static_cast<std::uint8_t>(row.source));
        out.byte(row.flags);
        out.byte(row.comparator);
    }
    if (!std::isnan(row.value)) out.real(row.value);
    if (row.value_code != no_code) out.number(row.value_code);
    if (row.visit != no_record) {
        out.difference(row.visit, last.visit);
        last.visit = row.visit;
    }
    if (row.record != no_record) {
        out.difference(row.record, last.record);
        last.record = row.record;
    }
}

std::uint8_t first_byte(const StagedRow& row) {
    unsigned byte = static_cast<unsigned>(row.kind);
    if (row.kind == RecordKind::event) {
        if (!std::isnan(row.value)) byte |= has_value;
        if (row.end != row.day) byte |= has_end;
        if (row.value_code != no_code) byte |= has_value_code;
        if (row.visit != no_record) byte |= has_visit;
        if (row.record != no_record) byte |= has_record;
    }
    return static_cast<std::uint8_t>(byte);
}

/// Returns the end of the row.
const std::uint8_t* put_row(std::uint8_t* to, const StagedRow& row, StagedRow& last) {
    Bytes out(to);
    out.byte(first_byte(row));
    out.difference(std::uint64_t{row.person}, std::uint64_t{last.person});
    out.number(row.line - last.line);
    switch (row.kind) {
    case RecordKind::event:
        put_event(out, row, last);
        break;
    case RecordKind::observation_period:
        out.difference(row.day, last.day);
        out.difference(row.end, row.day);
        break;
    case RecordKind::person:
        out.byte(static_cast<std::uint8_t>(row.sex | (row.has_birth ? birth_bit : 0)));
        out.difference(row.day, last.day);
        out.real(row.value);
        out.number(row.site);
        out.words(row.text);
        break;
    case RecordKind::link:
        out.words(row.text);
        break;
    case RecordKind::deletion:
        SALUS_ASSERT(false); // is not for one shard
    }
    last.person = row.person;
    last.line = row.line;
    if (row.kind != RecordKind::link) last.day = row.day;
    return out.end();
}

} // namespace

StagedWriter::StagedWriter(PartWriter& part, std::uint64_t shards, const Pseudonyms& pseudonyms)
    : part_(part), pseudonyms_(pseudonyms), shards_(shards), buffers_(shards), persons_(shards) {}

void StagedWriter::add(std::string_view person, StagedRow& row) {
    const auto found = index_.add(person);
    if (found.fresh) {
        const Pseudonym pseudonym = pseudonyms_.of(person);
        const auto shard = static_cast<std::uint32_t>(shard_of(pseudonym, shards_));
        places_.push_back({shard, static_cast<std::uint32_t>(persons_[shard].size())});
        persons_[shard].push_back(pseudonym);
    }
    const Place place = places_[found.index];
    row.person = place.number;
    Buffer& buffer = buffers_[place.shard];
    if (row.kind == RecordKind::event) ++buffer.events;
    std::uint8_t* const begin = buffer.room(longest_row + row.text.size());
    const auto size = static_cast<std::size_t>(put_row(begin, row, buffer.last) - begin);
    buffer.size += size;
    bytes_ += size;
    if (bytes_ >= batch_bytes) flush();
}

std::uint8_t* StagedWriter::Buffer::room(std::size_t more) {
    if (bytes.size() - size < more) bytes.resize(std::max(bytes.size() * 2, size + more));
    return bytes.data() + size;
}

void StagedWriter::flush() {
    std::vector<std::uint8_t> all;
    std::vector<std::uint64_t> begin{0};
    all.reserve(bytes_);
    for (Buffer& buffer : buffers_) {
        all.insert(all.end(), buffer.bytes.begin(),
                   buffer.bytes.begin() + static_cast<std::ptrdiff_t>(buffer.size));
        begin.push_back(all.size());
        buffer.size = 0;
        buffer.last = {};
    }
    part_.write_array<std::uint8_t>(name_of(batches_, "rows"), all, {}, Compression::none);
    part_.write_array<std::uint64_t>(name_of(batches_, "begin"), begin, {}, Compression::none);
    ++batches_;
    bytes_ = 0;
}

void StagedWriter::finish() {
    if (bytes_ > 0) flush();
    std::vector<std::uint64_t> keys, begin{0}, events;
    for (const Buffer& buffer : buffers_)
        events.push_back(buffer.events);
    keys.reserve(places_.size() * 2);
    for (const auto& persons : persons_) {
        for (const Pseudonym p : persons) {
            keys.push_back(p.high);
            keys.push_back(p.low);
        }
        begin.push_back(keys.size() / 2);
    }
    if (keys.empty()) return;
    const std::uint64_t count = places_.size();
    part_.write_array<std::uint64_t>("staged/persons", keys, {count, 2}, Compression::none);
    part_.write_array<std::uint64_t>("staged/person_begin", begin, {}, Compression::none);
    part_.write_array<std::uint64_t>("staged/events", events, {}, Compression::none);
}

StagedPiece read_piece(const H5File& part, std::uint64_t shard) {
    StagedPiece piece;
    if (!part.exists("staged/persons")) return piece;
    const auto at = part.read_rows<std::uint64_t>("staged/person_begin", shard, 2);
    if (at[0] == at[1]) return piece;
    const auto keys = part.read_rows<std::uint64_t>("staged/persons", at[0], at[1] - at[0]);
    for (std::size_t i = 0; i < keys.size(); i += 2)
        piece.persons.push_back({.high = keys[i], .low = keys[i + 1]});
    piece.events = part.read_rows<std::uint64_t>("staged/events", shard, 1).at(0);
    for (std::uint64_t batch = 0; part.exists(name_of(batch, "rows")); ++batch) {
        const auto span = part.read_rows<std::uint64_t>(name_of(batch, "begin"), shard, 2);
        if (span[0] == span[1]) continue;
        auto& bytes = piece.batches.emplace_back(
            part.read_rows<std::uint8_t>(name_of(batch, "rows"), span[0], span[1] - span[0]));
        bytes.resize(bytes.size() + StagedReader::padding);
    }
    return piece;
}

StagedReader::StagedReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {
    SALUS_ASSERT(bytes.size() >= padding);
    end_ = bytes.size() - padding;
}

std::uint64_t StagedReader::number() {
    std::uint64_t n = byte();
    if (n < 0x80) return n;
    n &= 0x7F;
    for (unsigned shift = 7; shift < 64; shift += 7) {
        const std::uint8_t b = byte();
        n |= std::uint64_t{b & 0x7FU} << shift;
        if (b < 0x80) break;
    }
    return n;
}

std::int64_t StagedReader::difference() {
    const std::uint64_t n = number();
    return static_cast<std::int64_t>(n >> 1) ^ -static_cast<std::int64_t>(n & 1);
}

double StagedReader::real() {
    double x = 0;
    std::memcpy(&x, bytes_.data() + at_, sizeof x);
    at_ += sizeof x;
    return x;
}

std::string_view StagedReader::words() {
    const std::uint64_t length = number();
    SALUS_ASSERT(at_ <= end_ && end_ - at_ >= length);
    const auto* const begin = reinterpret_cast<const char*>(bytes_.data()) + at_;
    at_ += length;
    return {begin, length};
}

void StagedReader::take_event(std::uint8_t has) {
    const std::uint8_t too = byte();
    row_.event = static_cast<EventKind>(too & event_bits);
    row_.day += static_cast<Day>(difference());
    row_.end = row_.day;
    if ((has & has_end) != 0) row_.end += static_cast<Day>(difference());
    row_.code = static_cast<std::uint32_t>(number());
    row_.unit = (too & has_unit) != 0 ? static_cast<std::uint32_t>(number()) : 0;
    const bool marked = (too & has_marks) != 0;
    row_.source = marked ? static_cast<EventSource>(byte()) : EventSource::unknown;
    row_.flags = marked ? byte() : std::uint8_t{0};
    row_.comparator = marked ? byte() : std::uint8_t{0};
    row_.value = (has & has_value) != 0 ? real() : std::numeric_limits<double>::quiet_NaN();
    row_.value_code = (has & has_value_code) != 0 ? static_cast<std::uint32_t>(number()) : no_code;
    row_.visit = row_.record = no_record;
    if ((has & has_visit) != 0) row_.visit = visit_ += static_cast<std::uint64_t>(difference());
    if ((has & has_record) != 0) row_.record = record_ += static_cast<std::uint64_t>(difference());
}

void StagedReader::take_person() {
    const std::uint8_t first = byte();
    row_.sex = first & sex_bits;
    row_.has_birth = (first & birth_bit) != 0;
    row_.day += static_cast<Day>(difference());
    row_.end = row_.day;
    row_.value = real();
    row_.site = static_cast<std::uint32_t>(number());
    row_.text = words();
}

bool StagedReader::next() {
    if (at_ == end_) return false;
    const std::uint8_t has = byte();
    row_.kind = static_cast<RecordKind>(has & kind_bits);
    row_.person += static_cast<std::uint32_t>(difference());
    row_.line += number();
    row_.text = {};
    switch (row_.kind) {
    case RecordKind::event:
        take_event(has);
        break;
    case RecordKind::observation_period:
        row_.day += static_cast<Day>(difference());
        row_.end = row_.day + static_cast<Day>(difference());
        break;
    case RecordKind::person:
        take_person();
        break;
    case RecordKind::link:
        row_.text = words();
        break;
    case RecordKind::deletion:
        SALUS_ASSERT(false);
    }
    SALUS_ASSERT(at_ <= end_);
    return true;
}

} // namespace salus::ingest_health
