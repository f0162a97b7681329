#pragma once

#include "schema/stage.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace salus {

/// A parsed TOML file as plain values that know their line; toml++ stays in one .cpp file.
struct Node {
    struct Table;
    std::variant<Value, std::vector<Node>, std::map<std::string, Node>> content;
    int line = 0, column = 0;

    bool is_value() const { return content.index() == 0; }
    bool is_list() const { return content.index() == 1; }
    bool is_table() const { return content.index() == 2; }
    const Value& value() const { return std::get<0>(content); }
    const std::vector<Node>& list() const {
        return std::get<1>(content);
    } // tables, or mixed values
    const std::map<std::string, Node>& table() const { return std::get<2>(content); }
    /// Member of a table, or null.
    const Node* find(std::string_view key) const;
};

/// Parses a TOML file. UsageError with line and column if it is not TOML or not UTF-8.
/// Homogeneous arrays of text or numbers become Value lists; [] is an empty list of text.
Node read_toml(const std::filesystem::path& path);
Node parse_toml(std::string_view text, std::string_view name);

/// Where a node stands: "jobs/demo.toml, line 12, column 1".
std::string place(std::string_view file, const Node& node);

/// Reads the keys of `table` into the parameters of a record; every unknown key (with the near
/// miss), wrong type, value out of range and missing required key becomes a problem. `ignored`:
/// keys that are handled elsewhere.
void read_params(const Node& table, std::string_view file, std::string_view owner,
                 const std::vector<Param>& params, void* record, std::vector<Problem>& problems,
                 const std::vector<std::string>& ignored = {});

/// Converts `value` to the type of `param` (whole numbers may stand for reals, a single text for a
/// list) and checks its range; the problem if that fails.
std::optional<Problem> assign(const Param& param, void* record, const Value& value,
                              std::string_view where);

/// The same for a value typed on the command line: lists are separated by commas, or written as in
/// TOML.
std::optional<Problem> assign_text(const Param& param, void* record, std::string_view typed,
                                   std::string_view where);

/// The parameter named so, or null.
const Param* find_param(const std::vector<Param>& params, std::string_view name);

/// Declaration of a record read from an array of tables, e.g. [[trait]] in a definitions file.
template <class P>
class RecordOf {
public:
    template <class T>
    RecordOf& param(std::string name, T P::*member, ParamDoc about) {
        params_.push_back(detail::make_param(std::move(name), member, std::move(about), false));
        return *this;
    }
    template <class T>
    RecordOf& required(std::string name, T P::*member, ParamDoc about) {
        params_.push_back(detail::make_param(std::move(name), member, std::move(about), true));
        return *this;
    }
    const std::vector<Param>& params() const { return params_; }
    P read(const Node& table, std::string_view file, std::string_view owner,
           std::vector<Problem>& problems) const {
        P record{};
        read_params(table, file, owner, params_, &record, problems);
        return record;
    }

private:
    std::vector<Param> params_;
};

} // namespace salus
