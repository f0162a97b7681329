#include "formats/bgen_index.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <memory>

namespace salus {
namespace {

struct CloseDatabase {
    void operator()(sqlite3* database) const noexcept { sqlite3_close(database); }
};
struct CloseStatement {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};

[[noreturn]] void throw_bad_index(const std::filesystem::path& index, std::string what,
                                  std::string why) {
    throw DataError({.what = std::move(what),
                     .where = index.string(),
                     .why = std::move(why),
                     .help = "make the index again with bgenix -index -clobber, or remove it: "
                             "without index the file is scanned"});
}

/// Path as a URI; `immutable` keeps SQLite from taking locks and looking for journals.
std::string uri_of(const std::filesystem::path& path) {
    std::string uri = "file:";
    for (const char c : std::filesystem::absolute(path).string()) {
        constexpr const char* digits = "0123456789ABCDEF";
        const auto byte = static_cast<unsigned char>(c);
        if (c == '%' || c == '?' || c == '#')
            uri += {'%', digits[byte >> 4], digits[byte & 15]};
        else
            uri += c;
    }
    return uri + "?mode=ro&immutable=1";
}

/// Rows of one query, one after the other.
class IndexRows {
public:
    IndexRows(const std::filesystem::path& path, const char* query) : path_(path) {
        sqlite3* opened = nullptr;
        const int code = sqlite3_open_v2(uri_of(path).c_str(), &opened,
                                         SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr);
        database_.reset(opened);
        sqlite3_stmt* prepared = nullptr;
        if (code != SQLITE_OK ||
            sqlite3_prepare_v2(opened, query, -1, &prepared, nullptr) != SQLITE_OK)
            throw_bad_index(
                path, "this is not a BGEN index",
                "an index of bgenix is an SQLite file with the tables Variant and Metadata");
        statement_.reset(prepared);
    }
    bool next() {
        const int code = sqlite3_step(statement_.get());
        if (code != SQLITE_ROW && code != SQLITE_DONE)
            throw_bad_index(path_, "the index is damaged", sqlite3_errmsg(database_.get()));
        return code == SQLITE_ROW;
    }
    std::uint64_t number(int column) const {
        return static_cast<std::uint64_t>(sqlite3_column_int64(statement_.get(), column));
    }
    std::string_view string(int column) const {
        const auto* const bytes = sqlite3_column_text(statement_.get(), column);
        if (bytes == nullptr) return {};
        return {reinterpret_cast<const char*>(bytes),
                static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
    }

private:
    std::filesystem::path path_;
    std::unique_ptr<sqlite3, CloseDatabase> database_;
    std::unique_ptr<sqlite3_stmt, CloseStatement> statement_;
};

struct RecordBytes {
    std::uint64_t begin, end;
};

/// Records in the order of the index (chromosome as text, position, name) -> ranges. Only records
/// at one position may stand in another order than in the file.
class IndexTiling {
public:
    explicit IndexTiling(RangeCutter& cutter) : cutter_(cutter) {}
    bool add(std::string_view chromosome, std::uint64_t position, RecordBytes place) {
        bool good = place.begin < place.end;
        if (chromosome != chromosome_ || position != position_) good &= finish_position();
        if (chromosome != chromosome_ || records_ == 0) {
            finish_chromosome();
            chromosome_ = chromosome;
        }
        position_ = position;
        same_position_.push_back(place);
        ++records_;
        return good;
    }
    /// True if the chromosomes' pieces cover all of `whole`.
    bool covers(FileRange whole) {
        if (!finish_position()) return false;
        finish_chromosome();
        std::sort(pieces_.begin(), pieces_.end(),
                  [](const RecordBytes& a, const RecordBytes& b) { return a.begin < b.begin; });
        std::uint64_t at = whole.begin;
        for (const RecordBytes& piece : pieces_) {
            if (piece.begin != at) return false;
            at = piece.end;
        }
        return at == whole.end;
    }
    std::uint64_t records() const noexcept { return records_; }

private:
    bool finish_position() {
        std::sort(same_position_.begin(), same_position_.end(),
                  [](const RecordBytes& a, const RecordBytes& b) { return a.begin < b.begin; });
        for (const RecordBytes& place : same_position_) {
            if (piece_.end == 0) piece_ = {place.begin, place.begin};
            if (place.begin != piece_.end) return false;
            piece_.end = place.end;
            cutter_.add(chromosome_, place.begin, place.end);
        }
        same_position_.clear();
        return true;
    }
    void finish_chromosome() {
        if (piece_.end != 0) pieces_.push_back(piece_);
        piece_ = {0, 0};
        cutter_.finish();
    }

    RangeCutter& cutter_;
    std::string chromosome_;
    std::uint64_t position_ = 0, records_ = 0;
    std::vector<RecordBytes> same_position_, pieces_;
    RecordBytes piece_{0, 0}; // of the chromosome, as far as it is known
};

} // namespace

void RangeCutter::add(std::string_view chromosome, std::uint64_t begin, std::uint64_t end) {
    if (open_.begin == open_.end) open_ = {begin, begin};
    open_.end = end;
    wanted_ |= regions_.empty() ||
               std::any_of(regions_.begin(), regions_.end(),
                           [&](const Region& region) { return region.chromosome == chromosome; });
    if (open_.end - open_.begin >= target_) finish();
}

void RangeCutter::finish() {
    if (wanted_ && open_.begin != open_.end) ranges_.push_back(open_);
    open_ = {0, 0};
    wanted_ = false;
}

std::optional<std::filesystem::path> find_bgen_index(const std::filesystem::path& bgen) {
    std::filesystem::path index = bgen;
    index += ".bgi";
    std::error_code ignored;
    if (std::filesystem::is_regular_file(index, ignored)) return index;
    return std::nullopt;
}

std::optional<std::vector<FileRange>>
cut_by_bgen_index(const std::filesystem::path& index, const InputFile& bgen,
                  const BgenHeader& header, std::uint64_t target, std::span<const Region> regions) {
    {
        IndexRows metadata(index, "SELECT file_size FROM Metadata");
        if (metadata.next() && metadata.number(0) != bgen.size())
            throw_bad_index(index, "the index belongs to another file",
                            text("it was made for a file of ", metadata.number(0), " bytes, and ",
                                 bgen.path().string(), " has ", bgen.size()));
    }
    IndexRows rows(index, "SELECT chromosome, position, file_start_position, size_in_bytes "
                          "FROM Variant ORDER BY chromosome, position");
    RangeCutter cutter(target, regions);
    IndexTiling tiling(cutter);
    while (rows.next()) {
        const std::uint64_t begin = rows.number(2), bytes = rows.number(3);
        if (begin > bgen.size() || bytes > bgen.size() - begin) return std::nullopt;
        if (!tiling.add(rows.string(0), rows.number(1), {begin, begin + bytes}))
            return std::nullopt;
    }
    if (tiling.records() != header.records || !tiling.covers({header.first_record, bgen.size()}))
        return std::nullopt;
    std::vector<FileRange> ranges = cutter.take();
    std::sort(ranges.begin(), ranges.end(),
              [](const FileRange& a, const FileRange& b) { return a.begin < b.begin; });
    return ranges;
}

std::vector<FileRange> cut_by_scan(const std::filesystem::path& bgen, const BgenHeader& header,
                                   std::uint64_t target, std::span<const Region> regions) {
    FileWindow window(bgen, 4096);
    const std::uint64_t size = window.file().size();
    RangeCutter cutter(target, regions);
    BgenRecord record;
    std::uint64_t place = header.first_record;
    for (std::uint32_t r = 0; r < header.records; ++r) {
        read_bgen_record(window, header, place, size, BgenAlleles::pass_over, record);
        cutter.add(record.chromosome, record.begin, record.end);
        place = record.end;
    }
    if (place != size)
        throw DataError({.what = text("bytes follow the last of ", header.records, " records"),
                         .where = text(bgen.string(), ", at byte ", place),
                         .why = "the header is damaged, or two files were joined",
                         .help = "copy or make the file again"});
    return cutter.take();
}

} // namespace salus
