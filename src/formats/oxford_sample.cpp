#include "formats/oxford_sample.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/genotype_reader.hpp"

#include <algorithm>

namespace salus {
namespace {

std::vector<std::string_view> fields_of(std::string_view line) {
    std::vector<std::string_view> fields;
    for (std::size_t i = 0; (i = line.find_first_not_of(" \t\r", i)) < line.size();) {
        const std::size_t end = std::min(line.find_first_of(" \t\r", i), line.size());
        fields.push_back(line.substr(i, end - i));
        i = end;
    }
    return fields;
}

std::size_t column(std::span<const std::string_view> names, std::string_view wanted,
                   std::size_t otherwise) {
    const auto found = std::find_if(names.begin(), names.end(),
                                    [&](std::string_view name) { return lower(name) == wanted; });
    return found == names.end() ? otherwise : static_cast<std::size_t>(found - names.begin());
}

} // namespace

std::optional<std::filesystem::path> find_sample_file(const std::filesystem::path& bgen) {
    std::filesystem::path instead = bgen, behind = bgen;
    instead.replace_extension(".sample");
    behind += ".sample";
    std::error_code ignored;
    for (const auto& path : {instead, behind})
        if (std::filesystem::is_regular_file(path, ignored)) return path;
    return std::nullopt;
}

SampleTable read_sample_file(const std::filesystem::path& path) {
    const auto stream = open_stream(path);
    std::uint64_t number = 0;
    const auto fail = [&](std::string what) {
        throw DataError({.what = std::move(what),
                         .where = text(path.string(), ", line ", number),
                         .why = "a .sample file has a line of column names, a line of column types "
                                "that begins with 0, and one line with all columns per sample",
                         .help = "correct the .sample file"});
    };
    std::string_view line;
    if (!stream->next_line(line)) fail("the file has no lines");
    ++number;
    const std::string head(line);
    const std::vector<std::string_view> names = fields_of(head);
    if (names.empty()) fail("there are no column names");
    if (!stream->next_line(line)) fail("there is no line of column types");
    ++number;
    const auto types = fields_of(line);
    if (types.size() != names.size() || types.front() != "0") fail("the column types are wrong");
    const std::size_t id = column(names, "id_2", 0), none = names.size();
    const std::size_t sex = column(names, "sex", none);
    SampleTable samples;
    while (stream->next_line(line)) {
        ++number;
        const auto fields = fields_of(line);
        if (fields.empty()) continue;
        if (fields.size() != names.size()) fail("the line has another number of columns");
        samples.id.emplace_back(fields[id]);
        const std::string_view value = sex == none ? std::string_view{} : fields[sex];
        samples.sex.push_back(value == "1" ? Sex::male : value == "2" ? Sex::female : Sex::unknown);
    }
    return samples;
}

} // namespace salus
