#include "health/definition.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "health/definition_check.hpp"

#include <algorithm>
#include <deque>

namespace salus {
namespace {

/// Files on the way to Definitions. Nodes and names stay where they are while problems are told.
struct ReadFiles {
    std::deque<Node> documents;
    std::deque<std::string> names;
    Definitions out;
    std::vector<RecordPlace> sets, traits;
};

void check_top(const Node& document, std::string_view file, std::vector<Problem>& problems) {
    for (const auto& [key, node] : document.table())
        if (key != "trait" && key != "code_set")
            problems.push_back(
                {.what = text("unknown key '", key, "'"),
                 .where = place(file, node),
                 .why = "a definitions file holds [[trait]] and [[code_set]] records only",
                 .help = "write the records under [[trait]]"});
}

const std::vector<Node>& records(const Node& document, std::string_view key, std::string_view file,
                                 std::vector<Problem>& problems) {
    static const std::vector<Node> none;
    const Node* found = document.find(key);
    if (found == nullptr) return none;
    if (found->is_list()) return found->list();
    problems.push_back({.what = text("'", key, "' is not a list of records"),
                        .where = place(file, *found),
                        .why = {},
                        .help = text("write [[", key, "]] above each record")});
    return none;
}

void take_file(std::string_view toml, std::string_view name, ReadFiles& files) {
    files.documents.push_back(parse_toml(toml, name));
    files.names.emplace_back(name);
    const Node& document = files.documents.back();
    const std::string_view file = files.names.back();
    std::vector<Problem>& problems = files.out.problems;
    check_top(document, file, problems);
    for (const Node& node : records(document, "code_set", file, problems)) {
        if (!node.is_table()) continue;
        files.out.code_sets.push_back(code_set_record().read(node, file, "code_set", problems));
        files.sets.push_back({&node, file});
        check_code_set(node, file, files.out.code_sets.back(), problems);
    }
    for (const Node& node : records(document, "trait", file, problems)) {
        if (!node.is_table()) continue;
        files.out.traits.push_back(trait_record().read(node, file, "trait", problems));
        files.traits.push_back({&node, file});
        check_trait(node, file, files.out.traits.back(), problems);
    }
}

Definitions finished(ReadFiles& files) {
    Definitions& out = files.out;
    if (out.traits.empty() && out.problems.empty())
        out.problems.push_back({.what = "the file defines no trait",
                                .where = files.names.empty() ? std::string{} : files.names.front(),
                                .why = {},
                                .help = "add a [[trait]] record; docs/phenotypes.md shows how"});
    check_names(out, files.sets, files.traits, out.problems);
    return std::move(out);
}

} // namespace

std::optional<UnitConversion> parse_conversion(std::string_view written) {
    const std::size_t star = written.rfind(" * ");
    if (star == std::string_view::npos) return std::nullopt;
    UnitConversion out{.unit = std::string(trim(written.substr(0, star)))};
    std::string_view rest = trim(written.substr(star + 3));
    const std::size_t sign = rest.find_first_of("+-", rest.empty() ? 0 : 1);
    // The sign of an exponent (1e-3) is not the sign of an offset: that stands behind a blank.
    if (sign != std::string_view::npos && rest[sign - 1] == ' ') {
        const auto offset = parse_double(trim(rest.substr(sign + 1)));
        if (!offset) return std::nullopt;
        out.offset = rest[sign] == '-' ? -*offset : *offset;
        rest = trim(rest.substr(0, sign));
    }
    const auto factor = parse_double(rest);
    if (!factor || *factor == 0 || out.unit.empty()) return std::nullopt;
    out.factor = *factor;
    return out;
}

std::optional<DayWindow> parse_window(std::string_view written) {
    const std::string_view window = trim(written);
    const std::size_t dots = window.find("..");
    if (dots == std::string_view::npos) return std::nullopt;
    DayWindow out;
    const auto side = [](std::string_view part, Day& day) {
        if (trim(part).empty()) return true;
        const auto number = parse_integer(trim(part));
        constexpr std::int64_t limit = 73050; // 200 years
        if (!number || *number < -limit || *number > limit) return false;
        day = static_cast<Day>(*number);
        return true;
    };
    if (!side(window.substr(0, dots), out.from) || !side(window.substr(dots + 2), out.to) ||
        out.from > out.to)
        return std::nullopt;
    return out;
}

std::optional<DateRelation> parse_relation(std::string_view written) {
    std::vector<std::string_view> words;
    for (const std::string_view word : split(written, ' '))
        if (!word.empty()) words.push_back(word);
    if (words.size() != 2 && words.size() != 4) return std::nullopt;
    const auto window = parse_window(words[1]);
    if (!is_trait_name(words[0]) || !window) return std::nullopt;
    DateRelation out{.name = std::string(words[0]), .window = *window};
    if (words.size() == 2) return out;
    const auto times = parse_integer(words[3]);
    if (words[2] != "times" || !times || *times < 1 || *times > 1000) return std::nullopt;
    out.times = *times;
    return out;
}

std::optional<ValueTest> parse_value_test(std::string_view written) {
    std::string_view rest = trim(written);
    if (rest.empty() || (rest[0] != '<' && rest[0] != '>')) return std::nullopt;
    ValueTest out{.above = rest[0] == '>', .inclusive = false};
    rest.remove_prefix(1);
    if (rest.starts_with('=')) {
        out.inclusive = true;
        rest.remove_prefix(1);
    }
    const auto limit = parse_double(trim(rest));
    if (!limit) return std::nullopt;
    out.limit = *limit;
    return out;
}

Definitions parse_definitions(std::string_view toml, std::string_view name) {
    ReadFiles files;
    take_file(toml, name, files);
    return finished(files);
}

Definitions read_definitions(std::span<const std::filesystem::path> paths) {
    ReadFiles files;
    for (const std::filesystem::path& path : paths)
        take_file(read_text_file(path), path.string(), files);
    Definitions read = finished(files);
    if (!read.problems.empty()) throw UsageError(std::move(read.problems));
    return read;
}

Definitions read_definitions(const std::filesystem::path& path) {
    return read_definitions(std::span(&path, 1));
}

bool is_trait_name(std::string_view name) noexcept {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    return !name.empty() && letter(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) {
        return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
    });
}

} // namespace salus
