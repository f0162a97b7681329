#include "schema/document.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "schema/suggest.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <sstream>

namespace salus {
namespace {

Node convert(const toml::node& from, const toml::source_position& where);

template <class T>
std::string printed(const T& value) {
    std::ostringstream out;
    out << value;
    return out.str();
}

Value convert_scalar(const toml::node& from) {
    if (const auto* v = from.as_boolean()) return v->get();
    if (const auto* v = from.as_integer()) return static_cast<std::int64_t>(v->get());
    if (const auto* v = from.as_floating_point()) return v->get();
    if (const auto* v = from.as_string()) return v->get();
    if (const auto* v = from.as_date()) return printed(v->get());
    if (const auto* v = from.as_time()) return printed(v->get());
    return printed(from.as_date_time()->get());
}

bool all_numbers(const toml::array& list) {
    return std::all_of(list.begin(), list.end(), [](const toml::node& n) { return n.is_number(); });
}

Node convert_list(const toml::array& list, const toml::source_position& where) {
    Node out{.content = {},
             .line = static_cast<int>(where.line),
             .column = static_cast<int>(where.column)};
    if (list.is_homogeneous(toml::node_type::string) || list.empty()) {
        std::vector<std::string> items;
        for (const auto& item : list)
            items.push_back(item.as_string()->get());
        out.content = Value(std::move(items));
    } else if (all_numbers(list)) {
        std::vector<double> items;
        for (const auto& item : list)
            items.push_back(item.value<double>().value());
        out.content = Value(std::move(items));
    } else {
        std::vector<Node> items;
        for (const auto& item : list)
            items.push_back(convert(item, item.source().begin));
        out.content = std::move(items);
    }
    return out;
}

Node convert(const toml::node& from, const toml::source_position& where) {
    if (const auto* list = from.as_array()) return convert_list(*list, where);
    Node out{.content = {},
             .line = static_cast<int>(where.line),
             .column = static_cast<int>(where.column)};
    if (const auto* table = from.as_table()) {
        std::map<std::string, Node> members;
        for (const auto& [key, value] : *table)
            members.emplace(std::string(key.str()), convert(value, key.source().begin));
        out.content = std::move(members);
    } else {
        out.content = convert_scalar(from);
    }
    return out;
}

/// "text \"high\"", "a table", for the found half of a type error.
std::string found_text(const Node& node) {
    if (node.is_table()) return "a table";
    if (node.is_list()) return "a list of mixed values";
    return text(type_name(node.value()), " ", to_toml(node.value()));
}

/// "a number", "text", "true or false".
std::string expected_text(const Value& like) {
    const bool plain =
        std::holds_alternative<bool>(like) || std::holds_alternative<std::string>(like);
    return text(plain ? "" : "a ", type_name(like));
}

Problem wrong_type(const Param& param, std::string_view found, std::string_view where) {
    return {.what = text("'", param.name, "' must be ", expected_text(param.standard),
                         ", but found ", found),
            .where = std::string(where),
            .why = param.about.doc,
            .help =
                param.required ? std::string{} : text("the default is ", to_toml(param.standard))};
}

std::string range_text(const ParamDoc& about) {
    const std::string unit = about.unit.empty() || about.unit == "1" ? "" : " " + about.unit;
    if (std::isinf(about.max)) return text("at least ", number_text(about.min), unit);
    if (std::isinf(about.min)) return text("at most ", number_text(about.max), unit);
    return text("between ", number_text(about.min), " and ", number_text(about.max), unit);
}

std::optional<Problem> check_number(const Param& param, double number, std::string_view where) {
    if (number >= param.about.min && number <= param.about.max) return std::nullopt;
    const bool bounded = !std::isinf(param.about.min) || !std::isinf(param.about.max);
    const std::string given = std::isnan(number) ? "NaN" : text(number);
    return Problem{.what = text("'", param.name, "' = ", given, " is out of range"),
                   .where = std::string(where),
                   .why = param.about.doc,
                   .help =
                       bounded ? text("give a value ", range_text(param.about)) : "give a number"};
}

std::optional<Problem> check_choice(const Param& param, const std::string& chosen,
                                    std::string_view where) {
    const auto& choices = param.about.choices;
    if (choices.empty() || std::find(choices.begin(), choices.end(), chosen) != choices.end())
        return std::nullopt;
    return Problem{.what = text("'", param.name, "' has no choice \"", chosen, "\""),
                   .where = std::string(where),
                   .why = param.about.doc,
                   .help = suggestion(chosen, choices)};
}

std::optional<Problem> check_limits(const Param& param, const Value& value,
                                    std::string_view where) {
    if (const auto* v = std::get_if<std::int64_t>(&value))
        return check_number(param, static_cast<double>(*v), where);
    if (const auto* v = std::get_if<double>(&value)) return check_number(param, *v, where);
    if (const auto* v = std::get_if<std::string>(&value)) return check_choice(param, *v, where);
    if (const auto* list = std::get_if<std::vector<double>>(&value)) {
        for (const double v : *list)
            if (auto problem = check_number(param, v, where)) return problem;
    }
    if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
        for (const std::string& v : *list)
            if (auto problem = check_choice(param, v, where)) return problem;
    }
    return std::nullopt;
}

std::optional<std::int64_t> as_whole(double number) {
    constexpr double exact = 9007199254740992.0; // 2^53
    if (!(std::abs(number) <= exact) || number != std::floor(number)) return std::nullopt;
    return static_cast<std::int64_t>(number);
}

/// `value` as the type of `like`, if nothing is lost by it.
std::optional<Value> coerce(const Value& like, const Value& value) {
    if (like.index() == value.index()) return value;
    const auto* whole = std::get_if<std::int64_t>(&value);
    const auto* real = std::get_if<double>(&value);
    if (std::holds_alternative<double>(like) && whole) return static_cast<double>(*whole);
    if (std::holds_alternative<std::int64_t>(like) && real) {
        const auto rounded = as_whole(*real);
        return rounded ? std::optional<Value>(*rounded) : std::nullopt;
    }
    if (std::holds_alternative<std::vector<double>>(like)) {
        if (whole) return std::vector<double>{static_cast<double>(*whole)};
        if (real) return std::vector<double>{*real};
        const auto* texts = std::get_if<std::vector<std::string>>(&value);
        if (texts && texts->empty()) return std::vector<double>{};
    }
    const auto* single = std::get_if<std::string>(&value);
    if (std::holds_alternative<std::vector<std::string>>(like) && single)
        return std::vector<std::string>{*single};
    return std::nullopt;
}

/// A TOML array, or nothing if `typed` is not one.
std::optional<Value> typed_array(std::string_view typed) {
    try {
        const Node root = parse_toml(text("list = ", typed), "command line");
        if (root.find("list")->is_value()) return root.find("list")->value();
    } catch (const UsageError&) {
        return std::nullopt; // the caller reports the wrong type
    }
    return std::nullopt;
}

/// What was typed, read as the type of `like`; nothing if it is not of that type.
std::optional<Value> typed_value(const Value& like, std::string_view typed) {
    if (std::holds_alternative<bool>(like)) {
        if (typed == "true") return true;
        if (typed == "false") return false;
        return std::nullopt;
    }
    if (std::holds_alternative<std::int64_t>(like))
        if (const auto whole = parse_integer(typed)) return *whole;
    if (std::holds_alternative<std::int64_t>(like) || std::holds_alternative<double>(like)) {
        const auto number = parse_double(typed);
        return number ? std::optional<Value>(*number) : std::nullopt;
    }
    if (typed.starts_with('[')) return typed_array(typed);
    const auto items = typed.empty() ? std::vector<std::string_view>{} : split(typed, ',');
    if (std::holds_alternative<std::vector<std::string>>(like))
        return std::vector<std::string>(items.begin(), items.end());
    std::vector<double> numbers;
    for (const auto item : items) {
        const auto number = parse_double(trim(item));
        if (!number) return std::nullopt;
        numbers.push_back(*number);
    }
    return numbers;
}

std::vector<std::string> names_of(const std::vector<Param>& params,
                                  const std::vector<std::string>& more) {
    std::vector<std::string> names;
    for (const Param& param : params)
        names.push_back(param.name);
    names.insert(names.end(), more.begin(), more.end());
    return names;
}

/// Members as they stand in the file, so that problems are told from top to bottom.
std::vector<const std::pair<const std::string, Node>*> in_line_order(const Node& table) {
    std::vector<const std::pair<const std::string, Node>*> members;
    for (const auto& member : table.table())
        members.push_back(&member);
    std::stable_sort(members.begin(), members.end(), [](const auto* a, const auto* b) {
        return std::pair(a->second.line, a->second.column) <
               std::pair(b->second.line, b->second.column);
    });
    return members;
}

} // namespace

const Node* Node::find(std::string_view key) const {
    if (!is_table()) return nullptr;
    const auto found = table().find(std::string(key));
    return found == table().end() ? nullptr : &found->second;
}

Node read_toml(const std::filesystem::path& path) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored))
        throw UsageError({.what = text("there is no file ", path.string()),
                          .help =
                              "check the spelling of the path; relative paths in a TOML file start "
                              "at the folder of that file"});
    if (std::filesystem::is_directory(path, ignored))
        throw UsageError({.what = text(path.string(), " is a folder, not a TOML file")});
    return parse_toml(read_text_file(path), path.string());
}

Node parse_toml(std::string_view content, std::string_view name) {
    if (!is_utf8(content))
        throw UsageError({.what = "the file is not UTF-8 text",
                          .where = std::string(name),
                          .why = "TOML files are UTF-8",
                          .help = "save it as UTF-8, or convert it with iconv -t UTF-8"});
    try {
        const toml::table root = toml::parse(content, name);
        return convert(root, {1, 1});
    } catch (const toml::parse_error& error) {
        const auto& at = error.source().begin;
        throw UsageError(
            {.what = std::string(error.description()),
             .where = text(name, ", line ", at.line, ", column ", at.column),
             .why = "the file is not valid TOML",
             .help = "see https://toml.io for the syntax; text stands in double quotes"});
    }
}

std::string place(std::string_view file, const Node& node) {
    return text(file, ", line ", node.line, ", column ", node.column);
}

std::optional<Problem> assign(const Param& param, void* record, const Value& value,
                              std::string_view where) {
    const auto fitting = coerce(param.standard, value);
    if (!fitting) return wrong_type(param, text(type_name(value), " ", to_toml(value)), where);
    if (auto problem = check_limits(param, *fitting, where)) return problem;
    const Value before = param.get(record);
    param.set(record, *fitting);
    const auto* whole = std::get_if<std::int64_t>(&*fitting);
    if (whole && param.get(record) != *fitting) {
        param.set(record, before);
        return Problem{.what = text("'", param.name, "' = ", *whole, " is out of range"),
                       .where = std::string(where),
                       .why = param.about.doc,
                       .help = "give a smaller number"};
    }
    return std::nullopt;
}

std::optional<Problem> assign_text(const Param& param, void* record, std::string_view typed,
                                   std::string_view where) {
    if (std::holds_alternative<std::string>(param.standard))
        return assign(param, record, std::string(typed), where);
    if (auto value = typed_value(param.standard, typed))
        return assign(param, record, *value, where);
    return wrong_type(param, text("'", typed, "'"), where);
}

const Param* find_param(const std::vector<Param>& params, std::string_view name) {
    const auto found =
        std::find_if(params.begin(), params.end(), [&](const Param& p) { return p.name == name; });
    return found == params.end() ? nullptr : &*found;
}

void read_params(const Node& table, std::string_view file, std::string_view owner,
                 const std::vector<Param>& params, void* record, std::vector<Problem>& problems,
                 const std::vector<std::string>& ignored) {
    if (!table.is_table()) {
        problems.push_back({.what = text(owner, " must be a table, but found ", found_text(table)),
                            .where = place(file, table)});
        return;
    }
    for (const auto& member : in_line_order(table)) {
        const auto& [key, node] = *member;
        if (std::find(ignored.begin(), ignored.end(), key) != ignored.end()) continue;
        const Param* param = find_param(params, key);
        if (param == nullptr)
            problems.push_back({.what = text("no parameter '", key, "' in ", owner),
                                .where = place(file, node),
                                .help = suggestion(key, names_of(params, ignored))});
        else if (!node.is_value())
            problems.push_back(wrong_type(*param, found_text(node), place(file, node)));
        else if (auto problem = assign(*param, record, node.value(), place(file, node)))
            problems.push_back(std::move(*problem));
    }
    for (const Param& param : params)
        if (param.required && !table.find(param.name))
            problems.push_back({.what = text(owner, " needs the parameter '", param.name, "'"),
                                .where = place(file, table),
                                .why = param.about.doc,
                                .help = text("add: ", param.name, " = ", to_toml(param.standard))});
}

} // namespace salus
