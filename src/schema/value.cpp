#include "schema/value.hpp"

#include "base/text.hpp"

#include <cmath>

namespace salus {
namespace {

std::string quoted_toml(const std::string& value) {
    std::string out;
    for (const char c : json_quote(value)) {
        if (c == '\x7f')
            out += "\\u007f";
        else
            out += c;
    }
    return out;
}

std::string toml_number(double value) {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
    std::string digits = text(value);
    if (digits.find_first_of(".e") == std::string::npos) digits += ".0";
    return digits;
}

std::string json_number(double value) { return std::isfinite(value) ? number_text(value) : "null"; }

template <class List, class F>
std::string bracketed(const List& list, F&& one) {
    std::string out = "[";
    for (const auto& item : list) {
        if (out.size() > 1) out += ", ";
        out += one(item);
    }
    return out + "]";
}

struct TypeName {
    std::string operator()(bool) const { return "true or false"; }
    std::string operator()(std::int64_t) const { return "whole number"; }
    std::string operator()(double) const { return "number"; }
    std::string operator()(const std::string&) const { return "text"; }
    std::string operator()(const std::vector<std::string>&) const { return "list of text"; }
    std::string operator()(const std::vector<double>&) const { return "list of numbers"; }
};

struct Toml {
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(std::int64_t v) const { return text(v); }
    std::string operator()(double v) const { return toml_number(v); }
    std::string operator()(const std::string& v) const { return quoted_toml(v); }
    std::string operator()(const std::vector<std::string>& v) const {
        return bracketed(v, quoted_toml);
    }
    std::string operator()(const std::vector<double>& v) const { return bracketed(v, toml_number); }
};

struct Json {
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(std::int64_t v) const { return text(v); }
    std::string operator()(double v) const { return json_number(v); }
    std::string operator()(const std::string& v) const { return json_quote(v); }
    std::string operator()(const std::vector<std::string>& v) const {
        return bracketed(v, [](const std::string& s) { return json_quote(s); });
    }
    std::string operator()(const std::vector<double>& v) const { return bracketed(v, json_number); }
};

} // namespace

std::string number_text(double value) {
    const bool plain = value == std::floor(value) && std::abs(value) < 1e15;
    return plain ? fixed(value, 0) : text(value);
}

std::string type_name(const Value& value) { return std::visit(TypeName{}, value); }
std::string to_toml(const Value& value) { return std::visit(Toml{}, value); }
std::string to_json(const Value& value) { return std::visit(Json{}, value); }

} // namespace salus
