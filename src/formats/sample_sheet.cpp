#include "formats/sample_sheet.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/delimited.hpp"

#include <optional>
#include <unordered_set>

namespace salus {
namespace {

std::optional<Sex> parse_sex(std::string_view written) {
    const std::string word = lower(trim(written));
    if (word == "1" || word == "male" || word == "m") return Sex::male;
    if (word == "2" || word == "female" || word == "f") return Sex::female;
    if (word.empty() || word == "0" || word == "unknown" || word == "na") return Sex::unknown;
    return std::nullopt;
}

} // namespace

SampleTable read_sample_sheet(const std::filesystem::path& path) {
    DelimitedReader reader(path);
    const std::size_t id = reader.header().require("sample_id");
    const auto sex = reader.header().find("sex");
    SampleTable sheet;
    std::unordered_set<std::string> seen;
    const auto fail = [&](std::string what, std::string_view column, std::string why,
                          std::string help) {
        throw DataError({.what = std::move(what),
                         .where = reader.where(column),
                         .why = std::move(why),
                         .help = std::move(help)});
    };
    while (reader.next_valid()) {
        std::string name(trim(reader[id]));
        if (name.empty())
            fail("a sample has no name", "sample_id",
                 "the sheet is joined to genotypes by sample_id", "fill it in or remove the line");
        if (!seen.insert(name).second)
            fail("a sample comes twice", "sample_id", "each sample has one line",
                 "remove one of the lines");
        const auto code = sex ? parse_sex(reader[*sex]) : Sex::unknown;
        if (!code)
            fail("this is not a sex", "sex", "it must be 1 or male, 2 or female, 0 or unknown",
                 "correct the value");
        sheet.id.push_back(std::move(name));
        sheet.sex.push_back(*code);
    }
    return sheet;
}

} // namespace salus
