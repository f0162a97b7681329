#include "formats/psam_reader.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/bgzf_reader.hpp"
#include "formats/site_reader.hpp"

#include <algorithm>
#include <optional>

namespace salus {
namespace {

struct PsamColumns {
    std::size_t id = 1, fields = 5;
    std::optional<std::size_t> sex = 4;
};

[[noreturn]] void throw_bad_samples(const std::filesystem::path& path, std::uint64_t line,
                                    std::string what, std::string why) {
    throw DataError({.what = std::move(what),
                     .where = text(path.string(), ", line ", line),
                     .why = std::move(why),
                     .help = "correct the file of samples"});
}

bool is_header(std::string_view line) {
    return line.starts_with("#FID") || line.starts_with("#IID");
}

PsamColumns columns_of(std::vector<std::string_view> field, const std::filesystem::path& path,
                       std::uint64_t line) {
    field.front().remove_prefix(1);
    PsamColumns columns{.id = 0, .fields = field.size(), .sex = std::nullopt};
    const auto find = [&](std::string_view name) -> std::optional<std::size_t> {
        const auto at = std::find(field.begin(), field.end(), name);
        if (at == field.end()) return std::nullopt;
        return static_cast<std::size_t>(at - field.begin());
    };
    const auto id = find("IID");
    if (!id || *id > 1)
        throw_bad_samples(path, line, "the header has no column IID at its place",
                          "it begins with #IID, or with #FID and IID");
    auto sorted = field;
    std::sort(sorted.begin(), sorted.end());
    if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
        throw_bad_samples(path, line, "a column comes twice", "columns are found by name");
    columns.id = *id;
    columns.sex = find("SEX");
    return columns;
}

Sex sex_of(std::string_view code) {
    if (code == "1" || code == "M" || code == "m") return Sex::male;
    return code == "2" || code == "F" || code == "f" ? Sex::female : Sex::unknown;
}

} // namespace

SampleTable read_psam(const std::filesystem::path& path) {
    SampleTable samples;
    const auto stream = open_stream(path);
    PsamColumns columns;
    std::string_view line;
    std::vector<std::string_view> field;
    for (std::uint64_t number = 1; stream->next_line(line); ++number) {
        split_words(line, field);
        if (field.empty()) continue;
        if (line.starts_with('#')) {
            if (samples.size() > 0)
                throw_bad_samples(path, number, "a header line stands between samples",
                                  "lines that begin with '#' come first");
            if (is_header(line)) columns = columns_of(field, path, number);
            continue;
        }
        if (field.size() < columns.fields)
            throw_bad_samples(path, number,
                              text("the line has fewer than ", columns.fields, " columns"),
                              "without a header they are family, sample, father, mother, sex");
        samples.id.emplace_back(field[columns.id]);
        samples.sex.push_back(columns.sex ? sex_of(field[*columns.sex]) : Sex::unknown);
    }
    check_samples(samples.id, path);
    return samples;
}

} // namespace salus
