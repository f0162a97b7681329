#include "stages/trajectories/request.hpp"

#include "base/text.hpp"
#include "models/life_episodes.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace salus::trajectories {
namespace {

std::vector<std::string> columns_of(const H5File& file, const std::string& table) {
    std::vector<std::string> names;
    if (file.is_table(table))
        for (const ColumnSpec& column : file.table_spec(table).columns)
            names.push_back(column.name);
    return names;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

class Finder {
public:
    Finder(const TrajectoriesParams& params, const risk_models::SampleColumns& columns,
           std::vector<Problem>& problems)
        : params_(params), columns_(columns), file_(columns.file()), problems_(problems) {}

    Request find() {
        if (!file_.is_table("lives")) {
            add("the phenotypes do not tell birth, observation and death", "input phenotypes",
                "intensities are events over time under observation",
                "make them by the stage phenotypes with health records (input events)");
            return {};
        }
        check_numbers();
        conditions();
        covariates();
        scenarios();
        return std::move(request_);
    }

private:
    void add(std::string what, std::string_view where, std::string why, std::string help) {
        problems_.push_back({.what = std::move(what),
                             .where = text(file_.path().string(), ", ", where),
                             .why = std::move(why),
                             .help = std::move(help)});
    }
    void unknown(const std::string& name, const std::vector<std::string>& names,
                 std::string_view parameter, std::string why) {
        const auto near = nearest(name, names);
        add(text("there is no column \"", name, "\""), text("parameter ", parameter),
            std::move(why),
            near ? text("did you mean ", *near, "?") : "salus show lists the columns of the file");
    }

    void check_numbers() {
        const auto ascending = [&](const std::vector<double>& values, std::string_view parameter,
                                   double high) {
            const bool good = std::is_sorted(values.begin(), values.end(), std::less_equal<>()) &&
                              std::all_of(values.begin(), values.end(),
                                          [&](double v) { return v > 0 && v <= high; });
            if (!good)
                add(text(parameter, " do not ascend from above 0 to at most ", high),
                    text("parameter ", parameter), "they are ages or years, each once",
                    "sort them");
        };
        ascending(params_.age_bands, "age_bands", 120);
        ascending(params_.checked_years, "checked_years", 100);
    }

    void conditions() {
        const auto dated = columns_of(file_, "case_dates");
        const auto followed = columns_of(file_, "follow_up_start");
        std::set<std::string> seen;
        for (const std::string& name : params_.conditions) {
            if (name == "death" || !seen.insert(name).second)
                add(text(name, " is ", name == "death" ? "a state already" : "there twice"),
                    "parameter conditions", "every condition is one state", "name it once");
            else if (!contains(dated, name))
                unknown(name, dated, "conditions", "it is no definition with dates of cases");
            else
                request_.conditions.push_back({name, contains(followed, name)});
        }
        if (params_.conditions.empty() || params_.conditions.size() > most_conditions)
            add(text(params_.conditions.size(), " conditions"), "parameter conditions",
                text("a model has 1 to ", most_conditions, " of them"), "choose others");
    }

    void covariates() {
        const auto all = columns_.names();
        std::set<std::string> seen;
        for (const std::string& name : params_.covariates) {
            if (name == "age" || name == "age_squared")
                add(text(name, " is no covariate here"), "parameter covariates",
                    "age is the time scale: rates are by age band", "leave it out");
            else if (contains(params_.conditions, name) || !seen.insert(name).second)
                add(text(name, " is there twice"), "parameter covariates",
                    "conditions act on each other anyway", "name each column once");
            else if (!columns_.has(name))
                unknown(name, all, "covariates", "it is no trait, covariate or score");
            else
                request_.covariates.push_back(name);
        }
    }

    void scenarios() {
        for (const std::string& written : params_.what_if) {
            const auto change = parse_change(written);
            if (!change) {
                add(text("cannot read \"", written, "\""), "parameter what_if",
                    "it names a covariate and how it changes",
                    "write \"smoker = 0\", \"ldl - 38.7\", \"ldl + 10\" or \"bmi * 0.9\"");
                continue;
            }
            const auto found =
                std::find(request_.covariates.begin(), request_.covariates.end(), change->column);
            if (found == request_.covariates.end())
                unknown(change->column, params_.covariates, "what_if",
                        "only covariates of the model can change");
            else
                request_.scenarios.push_back(
                    {written, static_cast<std::size_t>(found - request_.covariates.begin()),
                     *change});
        }
    }

    const TrajectoriesParams& params_;
    const risk_models::SampleColumns& columns_;
    const H5File& file_;
    std::vector<Problem>& problems_;
    Request request_;
};

} // namespace

double Change::of(double before) const noexcept {
    switch (sign) {
    case '+':
        return before + value;
    case '-':
        return before - value;
    case '*':
        return before * value;
    default:
        return value;
    }
}

std::optional<Change> parse_change(std::string_view written) {
    for (const std::string_view sign : {" = ", " + ", " - ", " * "}) {
        const std::size_t at = written.find(sign);
        if (at == std::string_view::npos) continue;
        const auto value = parse_double(trim(written.substr(at + sign.size())));
        const std::string_view column = trim(written.substr(0, at));
        if (!value || !std::isfinite(*value) || column.empty()) return std::nullopt;
        return Change{std::string(column), sign[1], *value};
    }
    return std::nullopt;
}

std::vector<std::string> Request::transitions() const {
    std::vector<std::string> names;
    for (const Condition& condition : conditions)
        names.push_back(condition.name);
    names.emplace_back("death");
    return names;
}

Request make_request(const TrajectoriesParams& params, const risk_models::SampleColumns& columns,
                     std::vector<Problem>& problems) {
    return Finder(params, columns, problems).find();
}

} // namespace salus::trajectories
