#include "stages/ingest_health/phases.hpp"

#include "base/hash.hpp"
#include "base/text.hpp"
#include "formats/vocabulary_files.hpp"
#include "store/packed_table.hpp"

#include <algorithm>
#include <numeric>
#include <unordered_map>

namespace salus::ingest_health {
namespace {

struct EntryHash {
    std::size_t operator()(const CodeEntry& e) const noexcept {
        return hash64(e.code, e.concept_id);
    }
    std::size_t operator()(const std::string& s) const noexcept { return hash64(s); }
};

/// Entries of all pieces in one ascending dictionary.
template <class Entry>
class Dictionary {
public:
    /// Entries of the next piece.
    void add_piece(const std::vector<Entry>& entries) {
        for (const Entry& entry : entries) {
            const auto [place, fresh] =
                known_.try_emplace(entry, static_cast<std::uint32_t>(entries_.size()));
            if (fresh) entries_.push_back(entry);
            number_.push_back(place->second);
        }
        begin_.push_back(number_.size());
    }
    /// Every entry once, in the order of their first appearance until sorted().
    const std::vector<Entry>& entries() const noexcept { return entries_; }
    /// Changes entries, which may make some of them the same.
    template <class Change>
    void change(Change work) {
        known_.clear();
        for (Entry& entry : entries_)
            work(entry);
    }
    /// The last step: the dictionary, ascending.
    std::vector<Entry> sorted() {
        known_.clear();
        std::vector<std::uint32_t> order(entries_.size()), place(entries_.size());
        std::iota(order.begin(), order.end(), 0U);
        std::sort(order.begin(), order.end(),
                  [&](std::uint32_t a, std::uint32_t b) { return entries_[a] < entries_[b]; });
        std::vector<Entry> out;
        for (const std::uint32_t i : order) {
            if (out.empty() || out.back() != entries_[i]) out.push_back(std::move(entries_[i]));
            place[i] = static_cast<std::uint32_t>(out.size() - 1);
        }
        entries_.clear();
        for (std::uint32_t& number : number_)
            number = place[number];
        return out;
    }
    /// After sorted().
    void write_places(PartWriter& part, std::string_view name) const {
        part.write_array<std::uint32_t>(text("places/", name), number_, {}, Compression::none);
        part.write_array<std::uint64_t>(text("places/", name, "_begin"), begin_, {},
                                        Compression::none);
    }

private:
    std::unordered_map<Entry, std::uint32_t, EntryHash> known_;
    std::vector<Entry> entries_;
    std::vector<std::uint32_t> number_;
    std::vector<std::uint64_t> begin_{0};
};

std::vector<CodeEntry> codes_of(const H5File& piece) {
    TableData rows = read_packed(piece, codes_table());
    std::vector<CodeEntry> out;
    for (std::size_t i = 0; i < rows.rows(); ++i)
        out.push_back({std::move(rows.column<std::string>("code")[i]),
                       rows.column<std::uint32_t>("concept_id")[i]});
    return out;
}

std::vector<CodeEntry> codes_of(const EventStore& store) {
    std::vector<CodeEntry> out;
    for (std::size_t i = 0; i < store.codes().size(); ++i)
        out.push_back({store.codes()[i], store.concepts()[i]});
    return out;
}

Merged::Places read_places(const H5File& part, std::string_view name) {
    return {.place = part.read_array<std::uint32_t>(text("places/", name)),
            .begin = part.read_array<std::uint64_t>(text("places/", name, "_begin"))};
}

/// Where the pieces lie in their files.
class Seams {
public:
    explicit Seams(const Plan& plan) : plan_(plan) {}
    void add(std::uint64_t unit, const std::vector<std::uint64_t>& span) {
        if (plan_.units[unit].first)
            lines_ = 0;
        else
            check_seam(plan_.files[plan_.units[unit].file].path, end_, span.at(0));
        lines_before_.push_back(lines_);
        end_ = span.at(1);
        lines_ += span.at(2);
    }
    const std::vector<std::uint64_t>& lines_before() const noexcept { return lines_before_; }

private:
    const Plan& plan_;
    std::vector<std::uint64_t> lines_before_;
    std::uint64_t end_ = 0, lines_ = 0;
};

/// Gives concepts to codes that have none, where there is a vocabulary.
Vocabulary map_codes(const Plan& plan, Dictionary<CodeEntry>& codes) {
    if (!plan.vocabulary) return {};
    std::vector<CodeEntry> used = codes.entries();
    std::sort(used.begin(), used.end());
    Vocabulary vocabulary = read_vocabulary(*plan.vocabulary, used);
    codes.change([&](CodeEntry& entry) {
        if (entry.concept_id != 0) return;
        if (const auto map = vocabulary.maps_to(entry.code)) entry.concept_id = map->concept_id;
    });
    return vocabulary;
}

[[noreturn]] void refuse_key(const H5File& part) {
    throw IntegrityError({.what = "parts of this run were made with different pseudonym keys",
                          .where = part.path().string(),
                          .why = "the key changed while the run was interrupted",
                          .help = "give the key that the run began with, or run with --fresh"});
}

} // namespace

void merge_codes(const Plan& plan, const Parts& rows, const EventStore* previous,
                 PartWriter& part) {
    Dictionary<CodeEntry> codes;
    Dictionary<std::string> units, sites;
    units.add_piece({""}); // there is always an empty one, and it is the first
    Counts counts(plan.files.size());
    Seams seams(plan);
    std::vector<std::uint64_t> deletions;
    std::string key_mark;
    for (std::uint64_t u = 0; u < rows.size(); ++u) {
        const H5File piece = rows.open(u);
        seams.add(u, piece.read_array<std::uint64_t>("span"));
        counts.add(piece, seams.lines_before().back());
        codes.add_piece(codes_of(piece));
        units.add_piece(read_packed(piece, units_table()).column<std::string>("unit"));
        sites.add_piece(read_packed(piece, sites_table()).column<std::string>("site"));
        const auto more = piece.read_array<std::uint64_t>("deletions");
        deletions.insert(deletions.end(), more.begin(), more.end());
        const std::string mark = piece.text_attribute("/", "key_mark").value_or("");
        if (u == 0) key_mark = mark;
        if (mark != key_mark) refuse_key(piece);
    }
    if (previous != nullptr) {
        codes.add_piece(codes_of(*previous));
        units.add_piece(previous->units());
        sites.add_piece(previous->sites());
    }
    const Vocabulary vocabulary = map_codes(plan, codes);
    TableData code_rows(codes_table()), unit_rows(units_table()), site_rows(sites_table());
    std::vector<CodeEntry> all_codes = codes.sorted();
    SALUS_ASSERT(all_codes.size() < std::size_t{1} << 28); // see the sort keys of events
    for (CodeEntry& entry : all_codes) {
        code_rows.column<std::string>("code").push_back(std::move(entry.code));
        code_rows.column<std::uint32_t>("concept_id").push_back(entry.concept_id);
    }
    unit_rows.column<std::string>("unit") = units.sorted();
    site_rows.column<std::string>("site") = sites.sorted();
    for (const TableData* table : {&code_rows, &unit_rows, &site_rows})
        part.write(*table);
    for (const TableData& table : vocabulary.tables())
        part.write(table);
    codes.write_places(part, "codes");
    units.write_places(part, "units");
    sites.write_places(part, "sites");
    counts.write(part);
    std::sort(deletions.begin(), deletions.end());
    part.write_array<std::uint64_t>("deletions", deletions, {}, Compression::none);
    part.write_array<std::uint64_t>("lines_before", seams.lines_before(), {}, Compression::none);
    part.file().attribute("/", "key_mark", key_mark);
}

Merged Merged::read_from(const H5File& part) {
    Places units = read_places(part, "units");
    units.begin.erase(units.begin.begin()); // of no piece
    return {.codes = read_places(part, "codes"),
            .units = std::move(units),
            .sites = read_places(part, "sites"),
            .lines_before = part.read_array<std::uint64_t>("lines_before"),
            .deletions = part.read_array<std::uint64_t>("deletions"),
            .key_mark = part.text_attribute("/", "key_mark").value_or("")};
}

} // namespace salus::ingest_health
