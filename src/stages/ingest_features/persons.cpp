#include "base/text.hpp"
#include "formats/delimited.hpp"
#include "health/event_store.hpp"
#include "health/feature_store.hpp"
#include "stages/ingest_features/phases.hpp"
#include "store/packed_table.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace salus::ingest_features {
namespace {

constexpr Day no_day = std::numeric_limits<Day>::min();

struct Row {
    Pseudonym id;
    Day day = 0;
    std::uint32_t visit = 0;  // rank of the visit
    std::uint32_t source = 0; // row of the pieces
    auto key() const { return std::tuple(id, day, visit); }
};

/// All rows of the pieces of a table.
struct Rows {
    std::vector<Row> rows;
    std::vector<std::string> visits;       // by rank
    std::vector<std::uint64_t> line;       // [source] in the file
    std::vector<std::uint64_t> lines_left; // [piece] lines of the file before it
    Tallies left_out;
};

/// Numbers before words, and numbers by their size: visit 2 before visit 10.
struct VisitOrder {
    bool operator()(const std::string& a, const std::string& b) const {
        const auto x = parse_integer(a), y = parse_integer(b);
        if (x && y && *x != *y) return *x < *y;
        if (x.has_value() != y.has_value()) return x.has_value();
        return a < b;
    }
};

std::vector<std::string> words_of(const H5File& part) {
    const TableSpec spec{.name = "visits",
                         .row = "visit",
                         .doc = "",
                         .columns = {{"visit", ColumnType::text, "", ""}}};
    return read_packed(part, spec).column<std::string>("visit");
}

Rows read_rows(const FeatureTable& table, const Parts& parts) {
    Rows all;
    std::set<std::string, VisitOrder> visits;
    for (std::uint64_t u = 0; u < table.units; ++u)
        for (const std::string& word : words_of(parts.open(table.first_unit + u)))
            visits.insert(word);
    all.visits.assign(visits.begin(), visits.end());
    std::uint64_t lines = 0, end = 0;
    for (std::uint64_t u = 0; u < table.units; ++u) {
        const H5File part = parts.open(table.first_unit + u);
        const auto span = part.read_array<std::uint64_t>("span");
        if (u > 0) check_seam(table.path, end, span.at(0));
        end = span.at(1);
        add_tallies(all.left_out, part, lines);
        std::vector<std::uint32_t> rank;
        for (const std::string& word : words_of(part))
            rank.push_back(
                static_cast<std::uint32_t>(std::distance(visits.begin(), visits.find(word))));
        const auto high = part.read_array<std::uint64_t>("high"),
                   low = part.read_array<std::uint64_t>("low"),
                   line = part.read_array<std::uint64_t>("line");
        const auto day = part.read_array<std::int32_t>("day");
        const auto visit = part.read_array<std::uint32_t>("visit");
        SALUS_ASSERT(all.rows.size() + high.size() < Places::left_out);
        for (std::size_t i = 0; i < high.size(); ++i) {
            all.line.push_back(lines + line[i]);
            all.rows.push_back({{high[i], low[i]},
                                day[i],
                                rank[visit[i]],
                                static_cast<std::uint32_t>(all.rows.size())});
        }
        lines += span.at(2);
    }
    return all;
}

/// Persons of the health records, ascending, read piece by piece.
class KnownPersons {
public:
    explicit KnownPersons(const EventStore& store) : store_(store) {}
    /// Row of a person; calls come in ascending order. Nothing if there is none.
    std::optional<std::uint64_t> find(Pseudonym id) {
        for (;;) {
            while (at_ < ids_.size() && ids_[at_] < id)
                ++at_;
            if (at_ < ids_.size()) break;
            if (!read_more()) return std::nullopt;
        }
        return ids_[at_] == id ? std::optional(begin_ + at_) : std::nullopt;
    }

private:
    bool read_more() {
        constexpr std::uint64_t piece = std::uint64_t{1} << 20;
        begin_ += ids_.size();
        at_ = 0;
        ids_.clear();
        const std::uint64_t count = std::min(piece, store_.person_count() - begin_);
        if (count == 0) return false;
        const TableData rows =
            store_.file().read_rows("persons", begin_, count, {"pseudonym_high", "pseudonym_low"});
        for (std::size_t i = 0; i < count; ++i)
            ids_.push_back({rows.column<std::uint64_t>("pseudonym_high")[i],
                            rows.column<std::uint64_t>("pseudonym_low")[i]});
        return true;
    }

    const EventStore& store_;
    std::vector<Pseudonym> ids_;
    std::uint64_t begin_ = 0;
    std::size_t at_ = 0;
};

/// Samples of persons: of the link table, else of the event store.
class Samples {
public:
    Samples(const Plan& plan, const Pseudonyms& pseudonyms) {
        if (plan.events) {
            store_ = std::make_unique<EventStore>(*plan.events);
            check_key(*store_, pseudonyms);
            known_ = std::make_unique<KnownPersons>(*store_);
            if (!plan.links) read_store();
        }
        if (plan.links) read_links(*plan.links, pseudonyms);
    }

    struct Found {
        bool known = true;
        std::string_view sample;
    };
    /// Calls come in ascending order.
    Found find(Pseudonym id) {
        Found found;
        if (known_) {
            const auto row = known_->find(id);
            found.known = row.has_value();
            if (row && linked()) found.sample = sample_of(by_row_, *row);
        }
        if (!by_id_.empty()) found.sample = sample_of(by_id_, id);
        return found;
    }

private:
    template <class Key>
    using Links = std::vector<std::pair<Key, std::string>>; // ascending

    bool linked() const noexcept { return !by_row_.empty(); }
    template <class Key>
    static std::string_view sample_of(const Links<Key>& links, const Key& key) {
        const auto at =
            std::lower_bound(links.begin(), links.end(), key,
                             [](const auto& link, const Key& k) { return link.first < k; });
        return at != links.end() && at->first == key ? std::string_view(at->second)
                                                     : std::string_view{};
    }

    static void check_key(const EventStore& store, const Pseudonyms& pseudonyms) {
        if (store.file().text_attribute("/", "pseudonym_key_mark") == pseudonyms.key_mark()) return;
        throw DataError({.what = "the event store was made with another pseudonym key",
                         .where = store.file().path().string(),
                         .why = "persons meet by their pseudonyms, so none would be known",
                         .help = "give the pseudonym_key that the store was made with"});
    }

    void read_store() {
        TableData links = store_->file().read("links");
        for (std::size_t i = 0; i < links.rows(); ++i)
            by_row_.emplace_back(links.column<std::uint32_t>("person")[i],
                                 std::move(links.column<std::string>("sample_id")[i]));
        std::sort(by_row_.begin(), by_row_.end());
    }

    void read_links(const std::filesystem::path& path, const Pseudonyms& pseudonyms) {
        DelimitedReader reader(path);
        const std::size_t person = reader.header().require("person_id"),
                          sample = reader.header().require("sample_id");
        while (reader.next_valid())
            by_id_.emplace_back(pseudonyms.of(trim(reader[person])),
                                std::string(trim(reader[sample])));
        std::sort(by_id_.begin(), by_id_.end());
        const auto twice =
            std::adjacent_find(by_id_.begin(), by_id_.end(),
                               [](const auto& a, const auto& b) { return a.first == b.first; });
        if (twice != by_id_.end())
            throw DataError({.what = "a person stands twice in the link table",
                             .where = path.string(),
                             .why = "a person has at most one sample",
                             .help = "remove one of the lines"});
    }

    std::unique_ptr<EventStore> store_;
    std::unique_ptr<KnownPersons> known_;
    Links<std::uint64_t> by_row_; // of the event store
    Links<Pseudonym> by_id_;
};

/// The rows that are kept, and what was left out.
class Settled {
public:
    Settled(const FeatureTable& table, const IngestFeaturesParams& params, Rows& rows)
        : table_(table), params_(params), all_(rows), out_(feature_rows_table(table.name)),
          place_(rows.rows.size(), Places::left_out) {}

    void settle(Samples& samples) {
        std::sort(all_.rows.begin(), all_.rows.end(), [](const Row& a, const Row& b) {
            return std::tuple(a.key(), a.source) < std::tuple(b.key(), b.source);
        });
        const Row* last = nullptr;
        Samples::Found found;
        for (const Row& row : all_.rows) {
            const bool fresh = last == nullptr || last->id != row.id;
            if (fresh) found = samples.find(row.id);
            if (!found.known)
                refuse(row, unknown_person);
            else if (!fresh && last->key() == row.key())
                refuse(row, duplicate_person);
            else
                keep(row, found.sample, fresh);
            last = &row;
        }
    }

    void write(PartWriter& part) const {
        write_unit_table(part, out_);
        part.write_array<std::uint32_t>("place", place_, {}, Compression::none);
        part.write_array<std::uint64_t>("sizes",
                                        std::vector<std::uint64_t>{out_.rows(), persons_, linked_},
                                        {}, Compression::none);
        write_tallies(part, all_.left_out);
    }

private:
    void keep(const Row& row, std::string_view sample, bool fresh) {
        place_[row.source] = static_cast<std::uint32_t>(out_.rows());
        out_.column<std::uint64_t>("pseudonym_high").push_back(row.id.high);
        out_.column<std::uint64_t>("pseudonym_low").push_back(row.id.low);
        out_.column<double>("day").push_back(
            row.day == no_day ? std::numeric_limits<double>::quiet_NaN() : row.day);
        out_.column<std::string>("visit").push_back(all_.visits[row.visit]);
        out_.column<std::string>("sample_id").emplace_back(sample);
        if (fresh) ++persons_;
        if (fresh && !sample.empty()) ++linked_;
    }

    void refuse(const Row& row, std::string_view reason) {
        const std::uint64_t line = all_.line[row.source];
        refuse_row(params_, reason, text(table_.path.string(), ", line ", line));
        all_.left_out[std::string(reason)].add(line);
    }

    const FeatureTable& table_;
    const IngestFeaturesParams& params_;
    Rows& all_;
    TableData out_;
    std::vector<std::uint32_t> place_;
    std::uint64_t persons_ = 0, linked_ = 0;
};

} // namespace

void settle_rows(const Plan& plan, std::uint64_t table, const IngestFeaturesParams& params,
                 const Pseudonyms& pseudonyms, const Parts& rows, PartWriter& part) {
    const FeatureTable& of = plan.tables[table];
    Rows all = read_rows(of, rows);
    Samples samples(plan, pseudonyms);
    Settled settled(of, params, all);
    settled.settle(samples);
    settled.write(part);
}

Places Places::read_from(const H5File& part) {
    return {.place = part.read_array<std::uint32_t>("place"),
            .rows = part.read_array<std::uint64_t>("sizes").at(0)};
}

} // namespace salus::ingest_features
