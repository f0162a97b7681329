#include "base/file.hpp"
#include "base/text.hpp"
#include "parallel/read_once.hpp"
#include "stages/health_quality/genomes.hpp"
#include "stages/health_quality/phases.hpp"
#include "stages/health_quality/rates.hpp"
#include "stages/health_quality/tables.hpp"

#include <algorithm>
#include <fstream>

namespace salus {
namespace {

using namespace health_quality;

std::optional<std::filesystem::path> given(const RunContext& ctx, std::string_view port) {
    if (!ctx.has_input(port)) return std::nullopt;
    return ctx.input(port);
}

Counted collect(const Plan& plan, const Parts& rows, const Parts& shards, const Parts& contents) {
    Counted counted{.tallies = Tallies(plan.rules.size()),
                    .contents = {},
                    .people = {},
                    .concepts = known_concepts(contents.open(0))};
    for (std::uint64_t unit = 0; unit < rows.size(); ++unit)
        add_tallies(rows.open(unit), counted.tallies);
    for (std::uint64_t shard = 0; shard < shards.size(); ++shard) {
        const H5File part = shards.open(shard);
        add_tallies(part, counted.tallies);
        counted.people.add(part);
    }
    counted.contents.add(contents.open(0));
    return counted;
}

void say(const std::vector<Finding>& findings, const Counted& counted, const RunContext& ctx) {
    const auto count = [&](std::string_view verdict) {
        return static_cast<std::uint64_t>(
            std::count_if(findings.begin(), findings.end(),
                          [&](const Finding& f) { return f.verdict == verdict; }));
    };
    ctx.log().info(
        text(with_thousands(findings.size()), " checks of ", with_thousands(counted.people.persons),
             " persons: ", with_thousands(count("PASS")), " PASS, ", with_thousands(count("WARN")),
             " WARN, ", with_thousands(count("FAIL")), " FAIL"));
}

void write_text(const std::filesystem::path& path, std::string_view bytes) {
    std::ofstream out(path, std::ios::binary);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (!out) throw_storage_error(errno, "write", path);
}

/// What root makes of the parts.
struct Verdicts {
    Counted counted;
    std::vector<Finding> findings;
    MonthlyCounts months;
    Linkage linkage;
};

Verdicts judge_all(const Plan& plan, const HealthQualityParams& params, Counted counted,
                   const RunContext& ctx) {
    Verdicts all{.counted = std::move(counted), .findings = {}, .months = {}, .linkage = {}};
    all.findings = judge_rules(plan, params, all.counted);
    all.months = monthly_counts(plan, params, all.counted, all.findings);
    judge_contents(params, all.counted, all.findings);
    all.linkage = judge_outside(
        {given(ctx, "events"), given(ctx, "quality"), given(ctx, "kinship")}, params, all.findings);
    say(all.findings, all.counted, ctx);
    return all;
}

} // namespace

void run_health_quality(const HealthQualityParams& params, RunContext& ctx) {
    const Plan plan = read_once(ctx.comm(), "looking at the OMOP tables", [&] {
        return make_plan(params, ctx.input("omop"), ctx.inputs("checks"));
    });
    const Parts rows =
        ctx.for_each_unit("rows", plan.units.size(), [&](std::uint64_t unit, PartWriter& part) {
            scan_rows(plan, unit, part);
        });
    const Parts contents = ctx.for_each_unit(
        "contents", 1, [&](std::uint64_t, PartWriter& part) { sum_contents(plan, rows, part); });
    const KindNames kinds = read_once(ctx.comm(), "reading the concepts in use",
                                      [&] { return KindNames(known_concepts(contents.open(0))); });
    const Parts shards =
        ctx.for_each_unit("shards", plan.shards, [&](std::uint64_t shard, PartWriter& part) {
            check_shard({plan, params, rows, kinds}, shard, part);
        });
    Verdicts all;
    collectively(ctx.comm(), "judging the records", [&] {
        if (ctx.comm().is_root())
            all = judge_all(plan, params, collect(plan, rows, shards, contents), ctx);
    });
    ctx.publish("health_quality", [&](ResultWriter& out) {
        out.fact("persons", static_cast<std::int64_t>(all.counted.people.persons));
        out.write(checks_data(all.findings));
        out.write(monthly_rates_data(all.months.rates));
        out.write(monthly_codes_data(all.months.codes));
        out.file().attribute("checks", "release",
                             "total examined hides violated,percent,reason; "
                             "part violated of examined hides percent,reason");
        out.file().attribute("monthly_rates", "release",
                             "cells rows by table,site hides ratio,expected,low,high");
    });
    ctx.publish_file("label", [&](const std::filesystem::path& path) {
        write_text(path, label_json({.plan = plan,
                                     .counted = all.counted,
                                     .findings = all.findings,
                                     .linkage = all.linkage,
                                     .min_cell = static_cast<std::uint64_t>(params.min_cell)}));
    });
}

} // namespace salus
