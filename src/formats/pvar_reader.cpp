#include "formats/pvar_reader.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/site_reader.hpp"
#include "formats/zstd_stream.hpp"

#include <algorithm>

namespace salus {

PvarFile::PvarFile(std::filesystem::path path)
    : path_(std::move(path)), zstd_(path_.extension() == ".zst"), bytes_(InputFile(path_).size()) {
    const auto stream = open(0);
    std::string_view line;
    bool named = false;
    while (stream->next_line(line)) {
        if (line.starts_with('#')) {
            if (variants_ > 0 || named)
                fail("a header line stands behind the #CHROM line or between variants",
                     "lines that begin with '#' come first");
            ++head_lines_;
            named = line.starts_with("#CHROM");
            if (named)
                read_columns(line);
            else
                read_meta(line);
            continue;
        }
        if (variants_ == 0 && !named) use_bare_columns(line);
        if (!zstd_ && variants_ % stride == 0) places_.push_back(stream->place());
        ++variants_;
    }
}

void PvarFile::fail(std::string what, std::string why) const {
    throw DataError(
        {.what = std::move(what),
         .where = text(path_.string(), ", line ", head_lines_ + variants_ + 1),
         .why = std::move(why),
         .help = "correct the file, or make the file set again with plink2 --make-pgen"});
}

std::unique_ptr<RecordStream> PvarFile::open(std::uint64_t place) const {
    return zstd_ ? open_zstd_stream(path_) : open_stream(path_, {place, end_of_file});
}

void PvarFile::read_columns(std::string_view line) {
    std::vector<std::string_view> field;
    split_words(line, field);
    // Behind FORMAT stand the samples of a VCF file, which are not looked at.
    field.erase(std::find(field.begin(), field.end(), "FORMAT"), field.end());
    const auto find = [&](std::string_view name) -> std::optional<std::size_t> {
        const auto at = std::find(field.begin(), field.end(), name);
        if (at == field.end()) return std::nullopt;
        if (std::find(at + 1, field.end(), name) != field.end())
            fail(text("the column ", name, " comes twice"), "columns are found by name");
        return static_cast<std::size_t>(at - field.begin());
    };
    const auto needed = [&](std::string_view name) {
        const auto at = find(name);
        if (!at)
            fail(text("the column ", name, " is missing"),
                 "a .pvar file has #CHROM, POS, ID, REF and ALT");
        return *at;
    };
    columns_ = {.chromosome = 0,
                .id = needed("ID"),
                .position = needed("POS"),
                .alt = needed("ALT"),
                .ref = needed("REF"),
                .filter = find("FILTER"),
                .info = find("INFO"),
                .fields = field.size()};
}

void PvarFile::read_meta(std::string_view line) {
    constexpr std::string_view begin = "##INFO=<";
    if (!line.starts_with(begin)) return;
    const auto value = [&](std::string_view key) -> std::string {
        const std::size_t at = line.find(key);
        if (at == std::string_view::npos) return {};
        const std::size_t first = at + key.size();
        return std::string(line.substr(first, line.find_first_of(",>", first) - first));
    };
    const std::string id = value("<ID=");
    if (id.empty()) fail("an INFO line has no ID", "it must be ##INFO=<ID=...>");
    const std::string number = value(",Number=");
    header_.info_number.emplace(id, number.empty() ? "." : number);
}

void PvarFile::use_bare_columns(std::string_view line) {
    std::vector<std::string_view> field;
    split_words(line, field);
    if (field.size() < 5)
        fail("the line has fewer than 5 columns",
             "without a header they are chromosome, id, centimorgan (may be absent), position, "
             "ALT, REF");
    if (field.size() == 5)
        columns_ = {.chromosome = 0, .id = 1, .position = 2, .alt = 3, .ref = 4, .fields = 5};
}

PvarFile::Cursor PvarFile::at(std::uint64_t variant) const {
    Cursor cursor;
    if (kept_.stream && kept_.next <= variant) {
        cursor = std::move(kept_);
    } else if (zstd_) {
        cursor = {.stream = open(0), .next = 0};
        std::string_view line;
        for (std::uint64_t i = 0; i < head_lines_; ++i)
            cursor.stream->next_line(line);
    } else {
        const std::uint64_t known = variant / stride;
        cursor = {.stream = open(places_.at(known)), .next = known * stride};
    }
    std::string_view line;
    for (; cursor.next < variant; ++cursor.next)
        cursor.stream->next_line(line);
    return cursor;
}

void PvarFile::give_back(Cursor cursor) const {
    if (!zstd_) return;
    cursor.stream->finish_line();
    kept_ = std::move(cursor);
}

} // namespace salus
