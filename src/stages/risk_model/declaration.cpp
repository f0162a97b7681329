#include "stages/risk_model/declaration.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace salus::risk_models {
namespace {

constexpr std::array<std::pair<std::string_view, Kind>, 7> kinds{
    {{"logistic", Kind::logistic},
     {"firth", Kind::firth},
     {"linear", Kind::linear},
     {"cox", Kind::cox},
     {"cause_specific", Kind::cause_specific},
     {"fine_gray", Kind::fine_gray},
     {"equation", Kind::equation}}};

bool plain_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '_';
    });
}

bool set_option(Declaration& out, std::string_view name, std::string_view value, std::string& why) {
    if (value.empty()) {
        why = text("the option ", name, " has no value");
        return false;
    }
    if (name == "competing")
        out.competing = value;
    else if (name == "strata")
        out.strata = value;
    else if (name == "cluster")
        out.cluster = value;
    else if (name == "offset")
        out.offset = value;
    else if (name == "ties" && value == "efron")
        out.tied = Declaration::Tied::efron;
    else if (name == "ties" && value == "breslow")
        out.tied = Declaration::Tied::breslow;
    else if (name == "ties" && value == "exact")
        out.tied = Declaration::Tied::exact;
    else if (name == "net") {
        out.net = parse_double(value);
        if (out.net && *out.net >= 0.001 && *out.net <= 1) return true;
        why = "net is the share of the lasso, 0.001 to 1";
        return false;
    } else {
        why = text("there is no option ", name, " = ", value,
                   ": use competing, ties = efron, breslow or exact, strata, cluster, offset, net");
        return false;
    }
    return true;
}

// What does not go together.
std::optional<std::string> contradiction(const Declaration& d) {
    const bool competes = d.kind == Kind::cause_specific || d.kind == Kind::fine_gray;
    if (d.kind == Kind::equation && (d.net || d.tied != Declaration::Tied::efron ||
                                     !d.strata.empty() || !d.cluster.empty() || !d.offset.empty()))
        return "an equation is applied, not fitted: it takes the option competing alone";
    if (competes && d.competing.empty())
        return text(to_string(d.kind), " needs the option competing = TRAIT");
    if (!competes && d.kind != Kind::equation && !d.competing.empty())
        return text(to_string(d.kind),
                    " knows no competing event: use cause_specific or fine_gray");
    if (!is_survival(d.kind) && !(d.strata.empty() && d.tied == Declaration::Tied::efron))
        return text(to_string(d.kind), " has no strata and no tied times");
    if (!is_survival(d.kind) && !d.cluster.empty())
        return text(to_string(d.kind), " takes no clusters");
    if (!is_survival(d.kind) && !d.offset.empty())
        return text(to_string(d.kind), " takes no offset");
    if (d.net && d.kind == Kind::firth) return "net and Firth's prior are two penalties";
    if (d.net && d.formula.terms.empty()) return "net needs terms";
    if (d.tied == Declaration::Tied::exact && (d.net || d.kind == Kind::fine_gray))
        return "net and fine_gray have the ties of breslow";
    if (d.tied == Declaration::Tied::exact && !d.cluster.empty())
        return "exact ties have no robust errors, so no clusters";
    return std::nullopt;
}

} // namespace

std::string_view to_string(Kind kind) noexcept {
    return kinds[static_cast<std::size_t>(kind)].first;
}

std::vector<std::string> Declaration::columns() const {
    std::vector<std::string> names = formula.columns();
    for (const auto& column : {strata, cluster, offset})
        if (!column.empty()) names.push_back(column);
    return names;
}

std::optional<Declaration> parse_declaration(std::string_view written, std::string& why) {
    Declaration out{.written = std::string(trim(written))};
    const std::size_t colon = written.find(':'), tilde = written.find('~');
    const std::size_t open = written.find('(', colon == std::string_view::npos ? 0 : colon);
    const std::size_t close = written.rfind(')', tilde);
    if (colon == std::string_view::npos || tilde == std::string_view::npos || !(colon < open) ||
        !(open < close) || !(close < tilde)) {
        why = "a model is written as NAME: KIND(OUTCOME, option = value) ~ FORMULA";
        return std::nullopt;
    }
    out.name = trim(written.substr(0, colon));
    if (!plain_name(out.name)) {
        why = text("the name \"", out.name, "\" has other characters than letters, digits and _");
        return std::nullopt;
    }
    const auto kind_name = trim(written.substr(colon + 1, open - colon - 1));
    const auto kind = std::find_if(kinds.begin(), kinds.end(),
                                   [&](const auto& k) { return k.first == kind_name; });
    if (kind == kinds.end()) {
        why = text("there is no kind of model \"", kind_name,
                   "\": use logistic, firth, linear, cox, cause_specific, fine_gray or equation");
        return std::nullopt;
    }
    out.kind = kind->second;
    const auto arguments = split(written.substr(open + 1, close - open - 1), ',');
    out.outcome = trim(arguments.front());
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        const std::size_t equal = arguments[i].find('=');
        const auto name = trim(arguments[i].substr(0, equal));
        const auto value = equal == std::string_view::npos ? std::string_view{}
                                                           : trim(arguments[i].substr(equal + 1));
        if (!set_option(out, name, value, why)) return std::nullopt;
    }
    out.formula_text = trim(written.substr(tilde + 1));
    if (out.kind != Kind::equation) { // there it is a name
        auto formula = parse_formula(out.formula_text, why);
        if (!formula) return std::nullopt;
        out.formula = std::move(*formula);
    }
    if (const auto wrong = contradiction(out)) {
        why = *wrong;
        return std::nullopt;
    }
    return out;
}

std::vector<std::string> whole_models(const std::vector<std::string>& pieces) {
    std::vector<std::string> out;
    std::ptrdiff_t open = 0;
    for (const std::string& piece : pieces) {
        if (open > 0)
            out.back() += "," + piece;
        else
            out.push_back(piece);
        open += std::count(piece.begin(), piece.end(), '(') -
                std::count(piece.begin(), piece.end(), ')');
    }
    return out;
}

Problem unknown_column(const std::string& name, const SampleColumns& columns,
                       std::string_view where) {
    const auto near = nearest(name, columns.names());
    return {.what = text("there is no column \"", name, "\""),
            .where = std::string(where),
            .why = text("it is neither a trait, covariate, sex or group of ",
                        columns.file().path().filename().string(), " nor a column of scores"),
            .help = near ? text("did you mean ", *near, "?")
                         : "salus show lists the columns of the file"};
}

namespace {

// What does not go together with episodes; empty if nothing.
std::string wrong_rows(const Declaration& model, const SampleColumns& columns,
                       std::span<const std::string> used) {
    const auto by_row = [&](const std::string& name) { return columns.of_episodes(name); };
    if (!by_row(model.outcome)) {
        const auto found = std::find_if(used.begin(), used.end(), by_row);
        return found == used.end() ? std::string{}
                                   : text(*found, " is a column of the episodes, but the outcome ",
                                          model.outcome, " is not");
    }
    if (model.kind == Kind::fine_gray)
        return "weights of fine_gray are for columns that do not change: use cause_specific";
    if (!model.competing.empty() && !by_row(model.competing))
        return text("the competing event ", model.competing, " is no column of the episodes");
    if (!model.cluster.empty() && by_row(model.cluster))
        return text("the cluster ", model.cluster, " would part the rows of a person");
    return {};
}

} // namespace

std::vector<Declaration> read_declarations(const std::vector<std::string>& written,
                                           const SampleColumns& columns,
                                           std::vector<Problem>& problems) {
    std::vector<Declaration> out;
    std::set<std::string> names;
    const auto refuse = [&](const std::string& what, const std::string& where,
                            const std::string& why) {
        problems.push_back({.what = what,
                            .where = text("parameter models, \"", where, "\""),
                            .why = why,
                            .help = "see salus help risk_model"});
    };
    for (const std::string& model : whole_models(written)) {
        std::string why;
        auto declaration = parse_declaration(model, why);
        if (!declaration) {
            refuse("a model cannot be read", model, why);
            continue;
        }
        const std::string where = text("parameter models, \"", declaration->name, "\"");
        if (!names.insert(declaration->name).second)
            refuse(text("two models are called ", declaration->name), model, "names are unique");
        std::vector<std::string> used = declaration->columns();
        used.push_back(declaration->outcome);
        if (!declaration->competing.empty()) used.push_back(declaration->competing);
        for (const std::string& name : used)
            if (!columns.has(name)) problems.push_back(unknown_column(name, columns, where));
        if (const auto why_not = wrong_rows(*declaration, columns, used); !why_not.empty())
            refuse("the model asks for rows of people in a way that it cannot have", model,
                   why_not);
        const std::string kind = columns.kind(declaration->outcome);
        const std::string wanted = is_survival(declaration->kind) ? "time_to_event"
                                   : is_binary(declaration->kind) ? "binary"
                                                                  : "quantitative";
        if (columns.has(declaration->outcome) && kind != wanted)
            refuse(text("the outcome ", declaration->outcome, " is of kind \"", kind, "\""), model,
                   text("a ", to_string(declaration->kind), " model is for ", wanted, " traits"));
        if (!declaration->competing.empty() && columns.has(declaration->competing) &&
            columns.kind(declaration->competing) != "time_to_event")
            refuse(text("the competing event ", declaration->competing, " is of kind \"",
                        columns.kind(declaration->competing), "\""),
                   model, "competing events are time_to_event traits");
        out.push_back(std::move(*declaration));
    }
    if (written.empty())
        problems.push_back({.what = "there is no model",
                            .where = "parameter models",
                            .why = "a risk model needs an outcome and a formula",
                            .help = "for example \"cvd: cox(stroke) ~ age + sex_male\""});
    return out;
}

} // namespace salus::risk_models
