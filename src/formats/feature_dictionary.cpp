#include "formats/feature_dictionary.hpp"

#include "base/date.hpp"
#include "base/text.hpp"
#include "formats/delimited.hpp"
#include "health/definition.hpp"
#include "health/unit_names.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <unordered_map>

namespace salus {
namespace {

constexpr std::array<const char*, 9> known_columns{
    "column", "type", "name", "unit", "missing", "levels", "minimum", "maximum", "description"};
constexpr std::string_view type_words =
    "number, integer, date, category, ordinal, person, visit, visit_date, text or ignore";

std::optional<ColumnRole> role_of(std::string_view type) {
    if (type == "person") return ColumnRole::person;
    if (type == "visit") return ColumnRole::visit;
    if (type == "visit_date") return ColumnRole::visit_date;
    if (type == "text" || type == "ignore") return ColumnRole::passed_over;
    for (const char* kind : {"number", "integer", "date", "category", "ordinal"})
        if (type == kind) return ColumnRole::feature;
    return std::nullopt;
}

FeatureKind kind_of(std::string_view type) {
    for (const FeatureKind kind :
         {FeatureKind::integer, FeatureKind::date, FeatureKind::category, FeatureKind::ordinal})
        if (type == to_string(kind)) return kind;
    return FeatureKind::number;
}

/// "0 = never | 1 = former" as pairs; what has no `=` has an empty second part.
std::vector<std::pair<std::string, std::string>> pairs_of(std::string_view written) {
    std::vector<std::pair<std::string, std::string>> out;
    if (trim(written).empty()) return out;
    for (const std::string_view item : split(written, '|')) {
        const std::size_t equals = item.find('=');
        const bool alone = equals == std::string_view::npos;
        out.emplace_back(trim(item.substr(0, equals)),
                         alone ? std::string_view{} : trim(item.substr(equals + 1)));
    }
    return out;
}

/// Reads the rows of one dictionary.
class Reader {
public:
    Reader(const std::filesystem::path& path, std::vector<Problem>& problems)
        : reader_(path), problems_(problems) {
        for (const char* name : known_columns)
            places_[name] = reader_.header().find(name);
        for (Problem& problem : reader_.header().missing({"column", "type"}))
            problems_.push_back(std::move(problem));
        for (const std::string& name : reader_.header().names)
            check_header(name);
    }

    void read(FeatureDictionary& out) {
        if (!places_["column"] || !places_["type"]) return;
        while (reader_.next_valid()) {
            DictionaryColumn column{.column = cell("column"),
                                    .role = ColumnRole::feature,
                                    .feature = {},
                                    .line = reader_.line()};
            if (column.column.empty()) {
                refuse("column", "the row names no column", "every row declares one column",
                       "fill it in or remove the row");
                continue;
            }
            const std::string type = lower(cell("type"));
            const auto role = role_of(type);
            if (!role) {
                refuse("type", text("\"", type, "\" is not a type"),
                       text("it is one of ", type_words), "correct the type");
                continue;
            }
            column.role = *role;
            if (!columns_.insert(lower(column.column)).second)
                refuse("column", text("column ", column.column, " is declared twice"),
                       "every column has one row", "remove one of them");
            if (*role == ColumnRole::feature) read_feature(column, kind_of(type));
            out.columns.push_back(std::move(column));
        }
    }

private:
    // A column nearly named as one that is known, which is not there, is a typing error.
    void check_header(const std::string& name) {
        const std::string key = lower(name);
        if (places_.contains(key)) return;
        std::vector<std::string> absent;
        for (const auto& [known, place] : places_)
            if (!place) absent.push_back(known);
        const auto near = nearest(key, absent);
        if (!near || key.size() < 3) return;
        problems_.push_back({.what = text("a dictionary has no column ", name),
                             .where = text(reader_.header().path.string(), ", line 1"),
                             .why = text("its columns are: ", join_known()),
                             .help = text("did you mean ", *near, "?")});
    }
    static std::string join_known() {
        std::string all;
        for (const char* name : known_columns)
            all += text(all.empty() ? "" : ", ", name);
        return all;
    }

    std::string cell(const char* name) const {
        const auto place = places_.at(name);
        return place ? std::string(trim(reader_[*place])) : std::string();
    }
    void refuse(const char* column, std::string what, std::string why, std::string help) {
        problems_.push_back({.what = std::move(what),
                             .where = reader_.where(column),
                             .why = std::move(why),
                             .help = std::move(help)});
    }

    void read_feature(DictionaryColumn& column, FeatureKind kind) {
        Feature& f = column.feature;
        f.column = column.column;
        f.name = cell("name").empty() ? column.column : cell("name");
        f.kind = kind;
        f.doc = cell("description");
        if (!is_trait_name(f.name))
            refuse(cell("name").empty() ? "column" : "name",
                   text("the name of column ", f.column, " cannot be used in results"),
                   "names are letters, digits, _, - and ., beginning with a letter",
                   "give the feature another one in the column name of the dictionary");
        read_unit(f);
        read_missing(f);
        read_levels(f);
        read_limit("minimum", f.kind, f.low);
        read_limit("maximum", f.kind, f.high);
        if (f.low > f.high)
            refuse("minimum", text("the minimum of ", f.column, " is above its maximum"),
                   "no value would be left", "exchange them");
        check_codes(f);
    }

    void read_unit(Feature& f) {
        const std::string written = cell("unit");
        const bool measured = f.kind == FeatureKind::number || f.kind == FeatureKind::integer;
        if (written.empty() || written == "1") return;
        if (!measured)
            return refuse("unit", text("column ", f.column, " of this type has a unit"),
                          "categories are in no unit, and dates in days", "leave the unit empty");
        const auto meanings = unit_meanings(written);
        if (meanings.empty())
            return refuse("unit", text("\"", written, "\" is not a unit"),
                          "units are written in UCUM, for example mg/dL, kg/m2, mm[Hg], {score}",
                          "correct the unit, or leave it empty for numbers without one");
        f.unit = meanings.front().ucum;
    }

    void read_missing(Feature& f) {
        for (auto& [code, reason] : pairs_of(cell("missing"))) {
            if (code.empty()) {
                refuse("missing", text("a missing code of ", f.column, " is empty"),
                       "it is written CODE = REASON | CODE = REASON; an empty cell is missing "
                       "without being declared",
                       "remove the bar, or fill in the code");
                continue;
            }
            f.missing.push_back({code, reason.empty() ? "missing" : reason});
        }
    }

    void read_levels(Feature& f) {
        for (auto& [code, label] : pairs_of(cell("levels")))
            f.levels.push_back({code, label.empty() ? code : label});
        if (f.has_levels() && f.levels.size() < 2)
            refuse("levels", text("column ", f.column, " has fewer than two levels"),
                   "a category is one of several: CODE = LABEL | CODE = LABEL",
                   "declare the levels, or another type");
        if (!f.has_levels() && !f.levels.empty())
            refuse("levels", text("column ", f.column, " of this type has levels"),
                   "levels are of types category and ordinal", "correct the type");
        std::set<std::string> labels;
        for (const FeatureLevel& level : f.levels)
            if (!labels.insert(level.label).second)
                refuse("levels", text("column ", f.column, " has two levels of one label"),
                       "levels are told apart by their labels", "rename one of them");
    }

    void read_limit(const char* name, FeatureKind kind, double& limit) {
        const std::string written = cell(name);
        if (written.empty()) return;
        std::optional<double> number;
        if (kind == FeatureKind::date) {
            if (const auto day = parse_date(written)) number = *day;
        } else if (kind == FeatureKind::number || kind == FeatureKind::integer) {
            number = parse_double(written);
        }
        if (!number)
            return refuse(name, text("\"", written, "\" is not a limit of this type"),
                          "limits are numbers, of dates dates, and categories have none",
                          "correct it or leave it empty");
        limit = *number;
    }

    // A code means one thing.
    void check_codes(const Feature& f) {
        std::set<std::string> seen;
        const auto take = [&](const std::string& code) {
            const auto number = parse_double(code);
            if (!seen.insert(number ? text(*number) : code).second)
                refuse("missing", text("a code of column ", f.column, " is declared twice"),
                       "a code is one level or one reason", "remove one of them");
        };
        for (const MissingCode& code : f.missing)
            take(code.code);
        for (const FeatureLevel& level : f.levels)
            take(level.code);
    }

    DelimitedReader reader_;
    std::vector<Problem>& problems_;
    std::map<std::string, std::optional<std::size_t>> places_;
    std::set<std::string> columns_;
};

void check_reasons(const FeatureDictionary& dictionary, std::vector<Problem>& problems) {
    std::vector<Feature> features;
    for (const DictionaryColumn& column : dictionary.columns)
        features.push_back(column.feature);
    const std::size_t most = cell_reason::most;
    if (reasons_of(features).size() > most + 1)
        problems.push_back({.what = "a dictionary has too many reasons for missing values",
                            .where = dictionary.path.string(),
                            .why = text("there can be ", most - cell_reason::declared + 1),
                            .help = "give codes that say the same the same words"});
}

/// Takes the columns of a table one by one.
class Matcher {
public:
    Matcher(const FeatureDictionary& dictionary, const std::filesystem::path& table,
            std::vector<Problem>& problems)
        : dictionary_(dictionary), table_(table), problems_(problems) {
        for (const DictionaryColumn& column : dictionary.columns)
            declared_.emplace(lower(column.column), &column);
        for (const DictionaryColumn& column : dictionary.columns)
            declares_person_ = declares_person_ || column.role == ColumnRole::person;
    }

    void take(const std::string& name, std::size_t place, bool pass_over, FeatureColumns& out) {
        const std::string key = lower(name);
        const auto found = declared_.find(key);
        if (found == declared_.end()) {
            if (key == "person_id" && !declares_person_)
                take_one(person_, place, "person");
            else if (!pass_over)
                undeclared_.push_back(name);
            return;
        }
        found_.insert(key);
        switch (found->second->role) {
        case ColumnRole::person:
            return take_one(person_, place, "person");
        case ColumnRole::visit:
            return take_one(out.visit, place, "visit");
        case ColumnRole::visit_date:
            return take_one(out.visit_date, place, "visit_date");
        case ColumnRole::feature:
            out.features.push_back(found->second->feature);
            out.columns.push_back(place);
            return;
        case ColumnRole::passed_over:
            return;
        }
    }

    void finish(const std::vector<std::string>& names, FeatureColumns& out) {
        out.person = person_.value_or(0);
        report_undeclared();
        report_absent(names);
        if (!person_)
            problem("no column tells the person of a row",
                    "rows are joined to health records and samples by person",
                    "name the column person_id, or declare it with type = person");
        if (out.features.empty())
            problem("the table has no feature", "no column of a type with values is declared",
                    "declare the columns that are to be read");
    }

private:
    void take_one(std::optional<std::size_t>& place, std::size_t column, const char* type) {
        if (place)
            problem(text("two columns are of type ", type), "a table has one at most",
                    "declare the other one with type = ignore");
        place = column;
    }
    void report_absent(const std::vector<std::string>& names) {
        constexpr std::size_t most = 10;
        std::size_t absent = 0;
        for (const DictionaryColumn& column : dictionary_.columns) {
            if (found_.contains(lower(column.column)) || ++absent > most) continue;
            const auto near = nearest(lower(column.column), names);
            problems_.push_back(
                {.what = text("the table has no column ", column.column),
                 .where = text(dictionary_.path.string(), ", line ", column.line),
                 .why = text("the dictionary declares it for ", table_.string()),
                 .help = near ? text("did you mean ", *near, "?")
                              : "dictionaries belong to tables in the order in which they are "
                                "given; remove the row if the table lacks the column"});
        }
        if (absent > most)
            problem(text("the table lacks ", absent - most, " more columns of its dictionary"),
                    text("the dictionary is ", dictionary_.path.string()),
                    "see whether it is the dictionary of another table");
    }
    void report_undeclared() {
        if (undeclared_.empty()) return;
        constexpr std::size_t shown = 5;
        std::string names;
        for (std::size_t i = 0; i < std::min(shown, undeclared_.size()); ++i)
            names += text(i == 0 ? "" : ", ", undeclared_[i]);
        if (undeclared_.size() > shown) names += text(" and ", undeclared_.size() - shown, " more");
        problem(text("columns without a row in the dictionary: ", names),
                text("a column means nothing without its type; the dictionary is ",
                     dictionary_.path.string()),
                "declare them, with type = ignore if they are not wanted, or set undeclared = "
                "\"skip\"");
    }
    void problem(std::string what, std::string why, std::string help) {
        problems_.push_back({.what = std::move(what),
                             .where = table_.string(),
                             .why = std::move(why),
                             .help = std::move(help)});
    }

    const FeatureDictionary& dictionary_;
    const std::filesystem::path& table_;
    std::vector<Problem>& problems_;
    std::unordered_map<std::string, const DictionaryColumn*> declared_;
    bool declares_person_ = false;
    std::optional<std::size_t> person_;
    std::set<std::string> found_;
    std::vector<std::string> undeclared_;
};

} // namespace

FeatureDictionary read_feature_dictionary(const std::filesystem::path& path,
                                          std::vector<Problem>& problems) {
    FeatureDictionary out{.path = path, .columns = {}};
    Reader(path, problems).read(out);
    check_reasons(out, problems);
    return out;
}

FeatureColumns match_columns(const FeatureDictionary& dictionary,
                             const std::filesystem::path& table,
                             const std::vector<std::string>& names, bool pass_over_undeclared,
                             std::vector<Problem>& problems) {
    FeatureColumns out;
    Matcher matcher(dictionary, table, problems);
    for (std::size_t c = 0; c < names.size(); ++c)
        matcher.take(names[c], c, pass_over_undeclared, out);
    matcher.finish(names, out);
    return out;
}

} // namespace salus
