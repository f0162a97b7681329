#include "stages/ingest_health/shard_rows.hpp"

#include "base/numbers.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cmath>

namespace salus::ingest_health {
namespace {

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

/// `ids` and all pseudonyms of the pieces, and where those of each piece stand among them.
std::vector<Pseudonym> place_persons(std::vector<UnitPiece>& pieces, std::vector<Pseudonym> ids) {
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

/// Persons of the rows, which are places in `before`, become places in rows.ids.
void renumber(ShardRows& rows, const std::vector<Pseudonym>& before) {
    std::vector<std::uint32_t> place;
    for (const Pseudonym id : before)
        place.push_back(static_cast<std::uint32_t>(
            std::lower_bound(rows.ids.begin(), rows.ids.end(), id) - rows.ids.begin()));
    const auto all = [&](auto& list) {
        for (auto& row : list)
            row.person = place[row.person];
    };
    all(rows.persons);
    all(rows.periods);
    all(rows.events);
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
                                    .birth = row.has_birth ? row.day : nan,
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
    if (reason == withdrawn) return "a record that its source withdrew is not there";
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

ShardRows read_shard_rows(const ShardTask& task, std::vector<EventRow> memory) {
    std::vector<UnitPiece> pieces = read_pieces(task);
    ShardRows rows = read_previous(task, std::move(memory));
    std::uint64_t events = rows.events.size();
    for (const UnitPiece& piece : pieces)
        events += piece.piece.events;
    rows.events.reserve(events);
    const std::vector<Pseudonym> before = std::move(rows.ids);
    rows.ids = place_persons(pieces, before);
    renumber(rows, before);
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
    const bool link = file.form == SourceForm::link && reason == unknown_person;
    if ((link ? task_.params.unlinked : task_.params.on_bad_record) == "fail")
        throw DataError({.what = text("bad row: ", reason),
                         .where = text(file.path.string(), ", line ", from.line),
                         .why = std::string(rule_of(reason)),
                         .help = text("mend the row, or set ", link ? "unlinked" : "on_bad_record",
                                      " = \"skip\" to leave such rows out and count them")});
    counts_.refuse(from.file, reason, from.line);
}

namespace {

/// NaN is equal to NaN.
bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

bool same_person(const PersonRow& a, const PersonRow& b) {
    return a.sex == b.sex && a.site == b.site && same(a.birth, b.birth);
}

SourceForm form_of(const ShardTask& task, const PersonRow& row) {
    return task.plan.files[row.from.file].form;
}

/// What one source does not know of a person, another may.
void fill_in(PersonRow& person, const PersonRow& more) {
    if (person.sex == 0) person.sex = more.sex;
    if (std::isnan(person.birth)) person.birth = more.birth;
    if (!(person.death <= more.death)) person.death = more.death;
    if (person.site == 0) person.site = more.site;
    if (person.sample.empty()) person.sample = more.sample;
}

/// One row for each person: the first of the new ones, else the old one.
void choose_persons(const ShardTask& task, ShardRows& rows, ShardPersons& out, Refusals& refusals,
                    Changes& changes) {
    std::stable_sort(rows.persons.begin(), rows.persons.end(),
                     [](const PersonRow& a, const PersonRow& b) { return a.person < b.person; });
    for (PersonRow& row : rows.persons) {
        std::uint32_t& number = out.number[row.person];
        const bool first = number == ShardPersons::nobody;
        if (!first && !out.rows[number].old &&
            form_of(task, row) != form_of(task, out.rows[number])) {
            fill_in(out.rows[number], row); // known to OMOP and to FHIR
            refusals.keep(row.from.file);
            continue;
        }
        if (!first && !out.rows[number].old) {
            refusals.refuse(row.from, duplicate_person);
            continue;
        }
        if (!row.old) refusals.keep(row.from.file);
        if (!row.old && task.plan.has_links) row.sample.clear();
        if (first) {
            number = static_cast<std::uint32_t>(out.rows.size());
            out.ids.push_back(rows.ids[row.person]);
            out.rows.push_back(std::move(row));
            continue;
        }
        PersonRow& old = out.rows[number];
        changes.person(same_person(old, row) ? Changes::unchanged : Changes::replaced);
        if (!same_person(old, row)) changes.person(Changes::removed);
        if (row.sample.empty()) row.sample = std::move(old.sample);
        old = std::move(row);
    }
}

void count_persons(const ShardTask& task, const ShardRows& rows, const ShardPersons& out,
                   Changes& changes) {
    if (task.previous == nullptr) return;
    std::vector<bool> was(out.rows.size());
    for (const PersonRow& row : rows.persons)
        if (row.old) was[out.number[row.person]] = true;
    for (std::size_t p = 0; p < out.rows.size(); ++p)
        if (!was[p])
            changes.person(Changes::added);
        else if (out.rows[p].old)
            changes.person(Changes::unchanged);
}

void settle_periods(const ShardRows& rows, ShardPersons& out, Refusals& refusals) {
    out.periods.resize(out.rows.size());
    std::vector<bool> replaced(out.rows.size());
    for (const PeriodRow& row : rows.periods) { // old ones come first
        const std::uint32_t number = out.number[row.person];
        if (number == ShardPersons::nobody) {
            refusals.refuse(row.from, unknown_person);
            continue;
        }
        if (!row.old && !replaced[number]) {
            out.periods[number].clear();
            replaced[number] = true;
        }
        out.periods[number].push_back(row.period);
        if (!row.old) refusals.keep(row.from.file);
    }
    for (auto& periods : out.periods)
        periods = merged(std::move(periods));
}

void settle_links(ShardRows& rows, ShardPersons& out, Refusals& refusals) {
    for (PersonRow& person : out.rows)
        out.sample.push_back(std::move(person.sample));
    std::vector<bool> linked(out.rows.size());
    for (LinkRow& row : rows.links) {
        const std::uint32_t number = out.number[row.person];
        if (number == ShardPersons::nobody || linked[number]) {
            refusals.refuse(row.from,
                            number == ShardPersons::nobody ? unknown_person : duplicate_link);
            continue;
        }
        out.sample[number] = std::move(row.sample);
        linked[number] = true;
        refusals.keep(row.from.file);
    }
}

} // namespace

ShardPersons settle_persons(const ShardTask& task, ShardRows& rows, Refusals& refusals,
                            Changes& changes) {
    ShardPersons out;
    out.number.assign(rows.ids.size(), ShardPersons::nobody);
    choose_persons(task, rows, out, refusals, changes);
    count_persons(task, rows, out, changes);
    settle_periods(rows, out, refusals);
    settle_links(rows, out, refusals);
    return out;
}

} // namespace salus::ingest_health
