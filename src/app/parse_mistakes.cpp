#include "app/parse_mistakes.hpp"

#include "app/option_manual.hpp"
#include "base/text.hpp"
#include "schema/suggest.hpp"

#include <optional>

namespace salus {
namespace {

/// What stands in `said` between two marks.
std::optional<std::string> between(std::string_view said, std::string_view begin,
                                   std::string_view end) {
    const std::size_t from = said.find(begin);
    if (from == std::string_view::npos) return std::nullopt;
    const std::size_t to = said.find(end, from + begin.size());
    if (to == std::string_view::npos) return std::nullopt;
    return std::string(said.substr(from + begin.size(), to - from - begin.size()));
}

std::vector<std::string> comma_list(std::string_view words) {
    std::vector<std::string> out;
    for (const std::string_view word : split(words, ','))
        out.emplace_back(trim(word));
    return out;
}

} // namespace

Problem parse_mistake(const CLI::ParseError& error, const CLI::App& sub, const std::string& help) {
    const std::string owner = text("salus ", sub.get_name());
    const std::string said = error.what();
    Problem problem{.what = said, .where = owner, .why = {}, .help = help};
    if (const auto both = between(said, "Requires at most 1 options be given from [", "]")) {
        problem.what = text(join(comma_list(*both), " and "), " exclude each other");
        return problem;
    }
    const bool lacking = said.ends_with(" is required");
    const std::string name = said.substr(0, lacking ? said.size() - 12 : said.find(':'));
    const CLI::Option* option = sub.get_option_no_throw(name);
    if (option == nullptr) return problem;
    if (lacking) {
        problem.what = text(owner, " needs ", shown_name(*option));
        problem.why = option->get_description();
    } else if (said.find(" At Most 1 ") != std::string::npos) {
        problem.what = text(name, " is given more than once");
    } else if (said.find(" required ") != std::string::npos && said.ends_with(" missing")) {
        problem.what = text(name, " needs a value: ", value_name(*option));
        problem.why = option->get_description();
    } else if (const auto choices = between(said, " not in {", "}")) {
        const auto value = between(said, ": ", " not in {").value_or("");
        problem.what = text(shown_name(*option), " has no choice '", value, "'");
        problem.help = suggestion(value, comma_list(*choices));
    }
    return problem;
}

} // namespace salus
