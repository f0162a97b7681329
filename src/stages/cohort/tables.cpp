#include "stages/cohort/tables.hpp"

#include "stages/cohort/balance.hpp"

#include <cmath>
#include <limits>

namespace salus::matching {

TableSpec members_table() {
    using enum ColumnType;
    return {
        .name = "members",
        .row = "member",
        .doc = "Eligible people, in the order of the samples.",
        .columns = {{"sample_id", text, "", "Sample identifier"},
                    {"case", u8, "0 or 1", "1 if a case, 0 if a possible control"},
                    {"stratum", u32, "", "People with the same number may be matched"},
                    {"matched", u8, "0 or 1", "1 if in the matched cohort"},
                    {"weight", f64, "1",
                     "Of a case 1; of a control the sum of 1 / controls over its sets; 0 if not "
                     "matched"}}};
}

TableSpec matched_sets_table() {
    using enum ColumnType;
    return {.name = "matched_sets",
            .row = "pair",
            .doc = "One row per case and control, sets together.",
            .columns = {{"set", u32, "", "Number of the set, from 1, one case each"},
                        {"case_id", text, "", "Sample identifier of the case"},
                        {"control_id", text, "", "Sample identifier of the control"},
                        {"distance", f64, "of the column",
                         "Absolute difference of the two in the column nearest"}}};
}

TableSpec table_1_table() {
    using enum ColumnType;
    return {.name = "table_1",
            .row = "comparison",
            .doc = "Cases and controls before and after matching.",
            .columns = {{"variable", text, "", "Trait or covariate"},
                        {"stage", text, "", "before (all eligible) or after (matched, weighted)"},
                        {"cases", u64, "people", "Cases with a value"},
                        {"controls", u64, "people", "Controls with a value"},
                        {"cases_positive", u64, "people",
                         "Of the cases those with 1; 0 for variables with other values"},
                        {"controls_positive", u64, "people", "The same of the controls"},
                        {"mean_cases", f64, "of the variable", "Mean"},
                        {"mean_controls", f64, "of the variable", "Mean, weighted after matching"},
                        {"sd_cases", f64, "of the variable", "Standard deviation"},
                        {"sd_controls", f64, "of the variable",
                         "Standard deviation, weighted after matching"},
                        {"standardised_difference", f64, "1",
                         "Difference of the means over a standard deviation before matching "
                         "(parameter standardise)"}}};
}

TableSpec attrition_table() {
    using enum ColumnType;
    return {.name = "attrition",
            .row = "step",
            .doc = "People left behind each rule, in the order of the rules.",
            .columns = {{"rule", text, "", "Rule, as written"},
                        {"cases", u64, "people", "Cases left"},
                        {"controls", u64, "people", "Possible controls left"}}};
}

Members members_of(std::span<const SamplePair> pairs, std::size_t samples) {
    Members members{.weight = std::vector<double>(samples, 0),
                    .sets = std::vector<std::uint32_t>(samples, 0)};
    std::vector<std::uint32_t> controls(samples, 0); // [case]
    for (const SamplePair& pair : pairs)
        ++controls[pair.case_sample];
    for (std::size_t i = 0; i < samples; ++i) {
        if (controls[i] == 0) continue;
        members.sets[i] = static_cast<std::uint32_t>(++members.cases);
        members.weight[i] = 1;
    }
    for (const SamplePair& pair : pairs) {
        double& weight = members.weight[pair.control_sample];
        members.controls += weight == 0 ? 1U : 0U;
        weight += 1.0 / controls[pair.case_sample];
    }
    return members;
}

TableData members_data(const Eligible& eligible, const Members& members,
                       std::span<const std::string> ids) {
    TableData table(members_table());
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (eligible.role[i] == Role::out) continue;
        table.column<std::string>("sample_id").push_back(ids[i]);
        table.column<std::uint8_t>("case").push_back(eligible.role[i] == Role::case_ ? 1 : 0);
        table.column<std::uint32_t>("stratum").push_back(eligible.stratum[i] + 1);
        table.column<std::uint8_t>("matched").push_back(members.weight[i] > 0 ? 1 : 0);
        table.column<double>("weight").push_back(members.weight[i]);
    }
    return table;
}

TableData matched_sets_data(const Members& members, std::span<const SamplePair> pairs,
                            std::span<const std::string> ids) {
    TableData table(matched_sets_table());
    for (const SamplePair& pair : pairs) {
        table.column<std::uint32_t>("set").push_back(members.sets[pair.case_sample]);
        table.column<std::string>("case_id").push_back(ids[pair.case_sample]);
        table.column<std::string>("control_id").push_back(ids[pair.control_sample]);
        table.column<double>("distance").push_back(pair.distance);
    }
    return table;
}

TableData attrition_data(std::span<const AttritionStep> steps, const Members& members) {
    TableData table(attrition_table());
    const auto add = [&](const std::string& rule, std::uint64_t cases, std::uint64_t controls) {
        table.column<std::string>("rule").push_back(rule);
        table.column<std::uint64_t>("cases").push_back(cases);
        table.column<std::uint64_t>("controls").push_back(controls);
    };
    for (const AttritionStep& step : steps)
        add(step.rule, step.cases, step.controls);
    add("matched", members.cases, members.controls);
    return table;
}

namespace {

/// Cases and controls at one stage.
struct Groups {
    Moments cases, controls;
};

Groups groups_of(std::span<const double> values, const Eligible& eligible,
                 std::span<const double> weights) {
    std::vector<double> of(values.size());
    const auto moments = [&](Role role) {
        for (std::size_t i = 0; i < values.size(); ++i)
            of[i] = eligible.role[i] != role ? 0 : weights.empty() ? 1 : weights[i];
        return moments_of(values, of);
    };
    const Moments cases = moments(Role::case_);
    return {cases, moments(Role::control)};
}

bool is_binary(std::span<const double> values) {
    for (const double v : values)
        if (!std::isnan(v) && v != 0 && v != 1) return false;
    return true;
}

} // namespace

TableData table_1_data(const CohortParams& params, const Request& request, const Eligible& eligible,
                       const Members& members, const H5File& file) {
    TableData table(table_1_table());
    const Standard standard = params.standardise == "cases" ? Standard::cases : Standard::pooled;
    const auto number = [&](std::string_view column, double v) {
        table.column<double>(column).push_back(v);
    };
    const auto count = [&](std::string_view column, std::uint64_t v) {
        table.column<std::uint64_t>(column).push_back(v);
    };
    for (const std::string& name : request.describe) {
        std::vector<Problem> problems;
        const auto values = read_column(file, *find_column(file, name, "describe", problems));
        const bool binary = is_binary(values);
        const Groups before = groups_of(values, eligible, {}),
                     after = groups_of(values, eligible, members.weight);
        for (const auto& [stage, groups] :
             {std::pair{"before", before}, std::pair{"after", after}}) {
            table.column<std::string>("variable").push_back(name);
            table.column<std::string>("stage").emplace_back(stage);
            count("cases", groups.cases.people);
            count("controls", groups.controls.people);
            count("cases_positive", binary ? groups.cases.positive : 0);
            count("controls_positive", binary ? groups.controls.positive : 0);
            number("mean_cases", groups.cases.mean);
            number("mean_controls", groups.controls.mean);
            number("sd_cases", std::sqrt(groups.cases.variance));
            number("sd_controls", std::sqrt(groups.controls.variance));
            number("standardised_difference",
                   standardised_difference(groups.cases, groups.controls, before.cases,
                                           before.controls, standard));
        }
    }
    return table;
}

} // namespace salus::matching
