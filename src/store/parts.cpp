#include "store/parts.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/temporaries.hpp"
#include "base/text.hpp"

#include <unistd.h>

namespace salus {
namespace {

/// First 16 digits of the digest of a journal line: tells a whole line from a torn or damaged one.
std::string line_check(std::string_view line) { return sha256(line).substr(0, 16); }

struct Entry {
    std::uint64_t unit, bytes;
    std::string sha256, fingerprint;
};

std::optional<Entry> parse_line(std::string_view line) {
    const auto fields = split(line, ' ');
    if (fields.size() != 5) return std::nullopt;
    const std::size_t checked = line.rfind(' ');
    if (line_check(line.substr(0, checked)) != fields[4]) return std::nullopt;
    const auto unit = parse_integer(fields[0]);
    const auto bytes = parse_integer(fields[1]);
    if (!unit || !bytes || *unit < 0 || *bytes < 0) return std::nullopt;
    return Entry{static_cast<std::uint64_t>(*unit), static_cast<std::uint64_t>(*bytes),
                 std::string(fields[2]), std::string(fields[3])};
}

} // namespace

PartWriter::PartWriter(std::filesystem::path path)
    : path_(std::move(path)), temporary_(temporary_name(path_)) {
    file_ = std::make_unique<H5File>(H5File::create(temporary_));
}

PartWriter::~PartWriter() {
    file_.reset();
    if (!committed_) ::unlink(temporary_.c_str());
}

std::string PartWriter::commit() {
    file_->close();
    std::string digest = sha256_file(temporary_);
    publish_file(temporary_, path_);
    committed_ = true;
    return digest;
}

H5File Parts::open(std::uint64_t unit) const {
    try {
        return H5File::open(parts_[unit].path);
    } catch (const DataError& error) {
        throw IntegrityError(
            {.what = "a finished part cannot be read any more",
             .where = parts_[unit].path.string(),
             .why = error.problems().front().why,
             .help = "run again: the part is made anew; check the file system if this repeats"});
    }
}

Journal::Journal(std::filesystem::path folder, std::string fingerprint, int rank)
    : folder_(std::move(folder)), fingerprint_(std::move(fingerprint)), rank_(rank) {}

std::filesystem::path Journal::part_path(std::uint64_t unit) const {
    std::string digits = text(unit);
    digits.insert(0, digits.size() < 6 ? 6 - digits.size() : 0, '0');
    return folder_ / text("part-", digits, ".h5");
}

void Journal::record(std::uint64_t unit, const std::filesystem::path& part,
                     const std::string& digest) const {
    const std::string line =
        text(unit, " ", std::filesystem::file_size(part), " ", digest, " ", fingerprint_);
    append_line(folder_ / text("journal-r", rank_, ".log"), text(line, " ", line_check(line)));
}

std::map<std::uint64_t, Parts::Part> Journal::read() const {
    std::map<std::uint64_t, Parts::Part> done;
    std::error_code code;
    for (const auto& file : std::filesystem::directory_iterator(folder_, code)) {
        if (!file.path().filename().string().starts_with("journal-r")) continue;
        const std::string bytes = read_text_file(file.path());
        for (const std::string_view line : split(bytes, '\n')) {
            const auto entry = parse_line(line);
            if (!entry) continue;
            if (entry->fingerprint != fingerprint_)
                throw IntegrityError(
                    {.what = "unfinished work of another configuration is in the way",
                     .where = folder_.string(),
                     .why = "parameters, inputs, seed or version changed since it was begun",
                     .help = "restore them to resume, or run with --fresh to begin anew"});
            done[entry->unit] = {
                .path = part_path(entry->unit), .sha256 = entry->sha256, .bytes = entry->bytes};
        }
    }
    return done;
}

} // namespace salus
