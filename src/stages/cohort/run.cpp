#include "base/text.hpp"
#include "parallel/read_once.hpp"
#include "stages/cohort/tables.hpp"

#include <algorithm>

namespace salus {
namespace {

using namespace matching;

constexpr std::uint64_t most_units = 64;

// Means and counts of cases, of controls, and what both are needed for.
constexpr std::string_view table_1_release =
    "total cases hides cases_positive,mean_cases,sd_cases,standardised_difference; "
    "total controls hides controls_positive,mean_controls,sd_controls,standardised_difference; "
    "steps cases by variable hides mean_cases,sd_cases,standardised_difference; "
    "steps controls by variable hides mean_controls,sd_controls,standardised_difference; "
    "part cases_positive of cases hides mean_cases,sd_cases,standardised_difference; "
    "part controls_positive of controls hides mean_controls,sd_controls,standardised_difference";

void write_pairs(const std::vector<SamplePair>& pairs, PartWriter& part) {
    std::vector<std::uint32_t> samples;
    std::vector<double> distances;
    for (const SamplePair& pair : pairs) {
        samples.insert(samples.end(), {pair.case_sample, pair.control_sample});
        distances.push_back(pair.distance);
    }
    part.write_array<std::uint32_t>("samples", samples, {}, Compression::none);
    part.write_array<double>("distances", distances, {}, Compression::none);
}

/// Pairs of all units, by case; those of a case as they were chosen.
std::vector<SamplePair> read_pairs(const Parts& parts) {
    std::vector<SamplePair> pairs;
    for (std::uint64_t unit = 0; unit < parts.size(); ++unit) {
        const H5File part = parts.open(unit);
        const auto samples = part.read_array<std::uint32_t>("samples");
        const auto distances = part.read_array<double>("distances");
        for (std::size_t i = 0; i < distances.size(); ++i)
            pairs.push_back({samples[2 * i], samples[2 * i + 1], distances[i]});
    }
    std::stable_sort(pairs.begin(), pairs.end(), [](const SamplePair& a, const SamplePair& b) {
        return a.case_sample < b.case_sample;
    });
    return pairs;
}

void require_people(const Eligible& eligible, const std::filesystem::path& file) {
    const AttritionStep& last = eligible.steps.back();
    if (last.cases > 0 && last.controls > 0) return;
    const auto lost =
        std::find_if(eligible.steps.begin(), eligible.steps.end(), [](const AttritionStep& step) {
            return step.cases == 0 || step.controls == 0;
        });
    throw DataError({.what = last.cases == 0 ? "no case is left" : "no control is left",
                     .where = file.string(),
                     .why = text("none fulfils the rules up to \"", lost->rule, "\""),
                     .help = "look at the trait in case_trait, and at require"});
}

void say(const Eligible& eligible, const Members& members, std::size_t pairs,
         const RunContext& ctx) {
    const AttritionStep& last = eligible.steps.back();
    ctx.log().info(text(with_thousands(members.cases), " of ", with_thousands(last.cases),
                        " cases matched with ", with_thousands(members.controls), " of ",
                        with_thousands(last.controls), " controls in ", with_thousands(pairs),
                        " pairs, ", with_thousands(eligible.strata), " strata"));
    if (members.cases == 0) ctx.log().warning("no case has a control within reach");
}

} // namespace

void run_cohort(const CohortParams& params, RunContext& ctx) {
    const auto& path = ctx.input("phenotypes");
    Request request;
    const Eligible eligible = read_once(ctx.comm(), "selecting people", [&] {
        const H5File file = H5File::open(path);
        std::vector<Problem> problems;
        request = make_request(params, file, problems);
        if (!problems.empty()) throw UsageError(std::move(problems));
        Eligible found = find_eligible(params, request, file);
        require_people(found, path);
        return found;
    });
    const std::uint64_t units = std::clamp<std::uint64_t>(eligible.strata, 1, most_units);
    const Parts parts =
        ctx.for_each_unit("strata", units, [&](std::uint64_t unit, PartWriter& part) {
            write_pairs(match_strata(params, eligible, ctx.seed(), unit, units), part);
        });
    ctx.publish("cohort", [&](ResultWriter& out) {
        const auto pairs = read_pairs(parts);
        const H5File file = H5File::open(path);
        const auto ids = file.read("samples", {"sample_id"}).column<std::string>("sample_id");
        const Members members = members_of(pairs, ids.size());
        say(eligible, members, pairs.size(), ctx);
        out.fact("case_trait", params.case_trait);
        out.write(members_data(eligible, members, ids));
        out.write(matched_sets_data(members, pairs, ids));
        out.write(attrition_data(eligible.steps, members));
        out.write(table_1_data(params, request, eligible, members, file));
        out.file().attribute("attrition", "release", "steps cases; steps controls");
        out.file().attribute("table_1", "release", table_1_release);
    });
}

} // namespace salus
