#include "stages/ingest_health/shard_rows.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <limits>

namespace salus::ingest_health {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

struct UnitPiece {
    std::uint64_t unit = 0;
    StagedPiece piece;
    std::vector<std::uint32_t> place; // [person of the piece] in ids
};

std::vector<UnitPiece> read_pieces(const ShardTask& task) {
    std::vector<UnitPiece> pieces;
    for (std::uint64_t unit = 0; unit < task.rows.size(); ++unit) {
        StagedPiece piece = read_piece(task.rows.open(unit), task.shard);
        if (!piece.empty()) pieces.push_back({unit, std::move(piece), {}});
    }
    return pieces;
}

/// All pseudonyms of the pieces, and where those of each piece stand among them.
std::vector<Pseudonym> place_persons(std::vector<UnitPiece>& pieces) {
    std::vector<Pseudonym> ids;
    for (const UnitPiece& p : pieces)
        ids.insert(ids.end(), p.piece.persons.begin(), p.piece.persons.end());
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    for (UnitPiece& p : pieces)
        for (const Pseudonym id : p.piece.persons)
            p.place.push_back(static_cast<std::uint32_t>(
                std::lower_bound(ids.begin(), ids.end(), id) - ids.begin()));
    return ids;
}

/// Takes the rows of one piece.
class Taker {
public:
    Taker(const ShardTask& task, const UnitPiece& piece, ShardRows& out)
        : piece_(piece), out_(out),
          file_(static_cast<std::uint32_t>(task.plan.units[piece.unit].file)),
          lines_before_(task.merged.lines_before[piece.unit]),
          codes_(task.merged.codes.of(piece.unit)), units_(task.merged.units.of(piece.unit)),
          sites_(task.merged.sites.of(piece.unit)) {}

    void take(const StagedRow& row) {
        const std::uint32_t person = piece_.place[row.person];
        const Origin from{file_, lines_before_ + row.line};
        switch (row.kind) {
        case RecordKind::event:
            return take_event(row, person, from);
        case RecordKind::observation_period:
            out_.periods.push_back({person, {row.day, row.end}, from});
            return;
        case RecordKind::person:
            out_.persons.push_back({.person = person,
                                    .sex = row.sex,
                                    .birth = row.has_birth ? row.day : unknown,
                                    .death = row.value,
                                    .site = sites_[row.site],
                                    .sample = std::string(row.text),
                                    .from = from});
            return;
        case RecordKind::link:
            out_.links.push_back({person, std::string(row.text), from});
            return;
        case RecordKind::deletion:
            return;
        }
    }

private:
    void take_event(const StagedRow& row, std::uint32_t person, Origin from) {
        out_.events.push_back(
            {.person = person,
             .code = codes_[row.code],
             .unit = units_[row.unit],
             .value_code = row.value_code == no_code ? no_code : codes_[row.value_code],
             .value = row.value,
             .line = from.line,
             .record = row.record,
             .visit = row.visit,
             .day = row.day,
             .end = row.end,
             .file = from.file,
             .kind = row.event,
             .source = row.source,
             .flags = row.flags,
             .comparator = row.comparator});
    }

    const UnitPiece& piece_;
    ShardRows& out_;
    std::uint32_t file_;
    std::uint64_t lines_before_;
    std::span<const std::uint32_t> codes_, units_, sites_;
};

std::string_view rule_of(std::string_view reason) {
    if (reason == duplicate_person) return "every person has one row in the person table";
    if (reason == duplicate_link) return "a person has at most one sample";
    if (reason == duplicate_record) return "a record of a table is there once";
    return "every row belongs to a person of the person table";
}

std::vector<Period> merged(std::vector<Period> periods) {
    std::sort(periods.begin(), periods.end(), [](Period a, Period b) { return a.start < b.start; });
    std::vector<Period> out;
    for (const Period p : periods) {
        if (!out.empty() && p.start <= out.back().end + 1)
            out.back().end = std::max(out.back().end, p.end);
        else
            out.push_back(p);
    }
    return out;
}

} // namespace

ShardRows read_shard_rows(const ShardTask& task) {
    std::vector<UnitPiece> pieces = read_pieces(task);
    ShardRows rows{
        .ids = place_persons(pieces), .persons = {}, .periods = {}, .links = {}, .events = {}};
    for (const UnitPiece& piece : pieces) {
        Taker taker(task, piece, rows);
        for (const auto& batch : piece.piece.batches)
            for (StagedReader reader(batch); reader.next();)
                taker.take(reader.row());
    }
    return rows;
}

void Refusals::refuse(Origin from, std::string_view reason) {
    const SourceFile& file = task_.plan.files[from.file];
    const bool link = file.link && reason == unknown_person;
    if ((link ? task_.params.unlinked : task_.params.on_bad_record) == "fail")
        throw DataError({.what = text("bad row: ", reason),
                         .where = text(file.path.string(), ", line ", from.line),
                         .why = std::string(rule_of(reason)),
                         .help = text("mend the row, or set ", link ? "unlinked" : "on_bad_record",
                                      " = \"skip\" to leave such rows out and count them")});
    counts_.refuse(from.file, reason, from.line);
}

ShardPersons settle_persons(const ShardTask& task, ShardRows& rows, Refusals& refusals) {
    ShardPersons out;
    out.number.assign(rows.ids.size(), ShardPersons::nobody);
    std::stable_sort(rows.persons.begin(), rows.persons.end(),
                     [](const PersonRow& a, const PersonRow& b) { return a.person < b.person; });
    for (PersonRow& row : rows.persons) {
        std::uint32_t& number = out.number[row.person];
        if (number != ShardPersons::nobody) {
            refusals.refuse(row.from, duplicate_person);
            continue;
        }
        number = static_cast<std::uint32_t>(out.rows.size());
        refusals.keep(row.from.file);
        out.ids.push_back(rows.ids[row.person]);
        out.sample.push_back(task.plan.has_links ? std::string() : row.sample);
        out.rows.push_back(std::move(row));
    }
    out.periods.resize(out.rows.size());
    for (const PeriodRow& row : rows.periods) {
        const std::uint32_t number = out.number[row.person];
        if (number == ShardPersons::nobody) {
            refusals.refuse(row.from, unknown_person);
            continue;
        }
        out.periods[number].push_back(row.period);
        refusals.keep(row.from.file);
    }
    for (auto& periods : out.periods)
        periods = merged(std::move(periods));
    for (LinkRow& row : rows.links) {
        const std::uint32_t number = out.number[row.person];
        if (number == ShardPersons::nobody || !out.sample[number].empty()) {
            refusals.refuse(row.from,
                            number == ShardPersons::nobody ? unknown_person : duplicate_link);
            continue;
        }
        out.sample[number] = std::move(row.sample);
        refusals.keep(row.from.file);
    }
    return out;
}

} // namespace salus::ingest_health
