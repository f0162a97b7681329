#include "base/error.hpp"
#include "base/problems.hpp"
#include "schema/existing_input.hpp"
#include "stages/health_quality/plan.hpp"
#include "stages/health_quality/tables.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace salus {
namespace {

using namespace health_quality;

/// Mean length of the rows in the first MiB of a table; 100 where it is packed.
double row_bytes(const std::filesystem::path& table) {
    if (table.extension() != ".csv") return 100;
    InputFile file(table);
    std::vector<std::byte> head(1 << 20);
    const std::size_t got = file.read(head);
    const auto rows =
        std::count(head.begin(), head.begin() + static_cast<std::ptrdiff_t>(got), std::byte{'\n'});
    return static_cast<double>(got) / static_cast<double>(std::max<std::ptrdiff_t>(1, rows));
}

void examine(const HealthQualityParams& params, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    const auto* folder = existing_input(inputs, "omop");
    if (folder == nullptr) return;
    std::vector<std::filesystem::path> checks;
    if (const auto found = inputs.find("checks"); found != inputs.end()) checks = found->second;
    try {
        const Plan plan = make_plan(params, *folder, checks);
        double bytes = 0, rows = 0;
        for (const TablePlan& table : plan.tables) {
            if (!table.is_there()) continue;
            const double text = static_cast<double>(InputFile(table.path).size()) *
                                (table.path.extension() == ".csv" ? 1 : 5);
            bytes += text;
            rows += text / row_bytes(table.path);
        }
        sizes.input_bytes = bytes;
        sizes.events = rows;
        const auto& person = plan.tables[plan.find_table("person")].path;
        sizes.persons = static_cast<double>(InputFile(person).size()) / 80;
    } catch (const Error& error) {
        keep_problems(error, problems);
    }
}

Resources needs(const HealthQualityParams& params, const Workload& w) {
    const double shards =
        params.shards > 0 ? static_cast<double>(params.shards)
                          : std::clamp(std::floor(w.input_bytes / 268435456.0) + 1, 1.0, 4096.0);
    return {
        .memory_bytes = 4.8e7 + 130 * w.events / shards + 24 * w.persons,
        .storage_bytes = 2e6,
        .scratch_bytes = 110 * w.events,
        .core_hours = w.events * 3e-6 / 3600,
        .formula =
            "E rows of P persons in S = 1 + text bytes / 256 MiB shards (at most 4096): memory "
            "48 MB + 130 B x E/S + 24 B x P per rank; scratch 110 B x E; 3 us per row and core"};
}

constexpr std::string_view details =
    "Counts, over every row of the tables and without loading them into a database, what breaks "
    "the "
    "Common Data Model (conformance), what is missing (completeness) and what cannot be "
    "(plausibility), in the framework of Kahn et al. Checks and thresholds are those of the OHDSI "
    "Data Quality Dashboard for CDM 5.4; its published tables, or tables of a site in the same "
    "layout, replace the built-in ones (input checks). Rows that cannot be read are counted and "
    "never "
    "end the job.\n\n"
    "Files are cut into byte ranges; rows that must meet (of a person, a visit, a key) travel to "
    "shards by a hash of the key. All counts are whole numbers, so the result does not depend on "
    "ranks, threads or cuts.\n\n"
    "Beyond the Dashboard it looks for signs: jumps of monthly record rates by table and site "
    "(medians of a year on either side), single months that the years before do not lead to expect "
    "(Farrington's rule), code systems that stop while others start, heaps on 1 January and on the "
    "first of months (in person-days), preferred last digits, values of two units under one name, "
    "persons who are there twice, and, with results of genomes, recorded against genetic sex, one "
    "genome with two records, declared against genetic kinship. A sign is at worst WARN.\n\n"
    "Verdicts: FAIL, more rows at fault than the threshold allows; WARN, rows at fault within the "
    "threshold, or a sign; NOT_APPLICABLE with the reason, nothing to look at; else PASS. "
    "Thresholds of "
    "50 per cent and more only inform.\n\n"
    "The label is meant for release: it holds counts only, and none from 1 to min_cell - 1 can be "
    "read "
    "or computed from it. The result file has exact counts and is not.";

void declare_signs(StageOf<HealthQualityParams>& declared) {
    using P = HealthQualityParams;
    declared
        .param("rate_months", &P::rate_months,
               {.doc = "months on either side that a jump of the record rate is measured over",
                .unit = "months",
                .min = 3,
                .max = 120})
        .param("rate_break_z", &P::rate_break_z,
               {.doc = "least difference of the two medians, in their standard errors",
                .unit = "1",
                .min = 1,
                .max = 1000})
        .param("rate_month_z", &P::rate_month_z,
               {.doc = "least difference of a month from what its years before lead to expect, in "
                       "standard errors",
                .unit = "1",
                .min = 1,
                .max = 1000})
        .param("rate_break_ratio", &P::rate_break_ratio,
               {.doc = "least factor between the two medians, and between a month and what is "
                       "expected",
                .unit = "1",
                .min = 1,
                .max = 1e6})
        .param("switch_share_min", &P::switch_share_min,
               {.doc = "least share of the rows that a code system has before it stops, and that "
                       "another has when it has started",
                .unit = "%",
                .min = 10,
                .max = 100})
        .param("switch_rows_min", &P::switch_rows_min,
               {.doc = "least rows of a site on either side of a switch of code systems",
                .unit = "rows",
                .min = 1,
                .max = 1e12})
        .param("heaping_ratio", &P::heaping_ratio,
               {.doc = "how many times its share of the year a day may have",
                .unit = "1",
                .min = 1,
                .max = 366})
        .param("digit_preference_max", &P::digit_preference_max,
               {.doc = "most values that would have to change their last digit for equal use",
                .unit = "%",
                .min = 0,
                .max = 100})
        .param("mixture_share_min", &P::mixture_share_min,
               {.doc = "least share of the smaller group in a mixture of units",
                .unit = "%",
                .min = 0,
                .max = 50})
        .param("values_min", &P::values_min,
               {.doc = "least values of a concept for digits and mixtures",
                .unit = "values",
                .min = 50,
                .max = 1e12})
        .param("duplicate_events_min", &P::duplicate_events_min,
               {.doc = "least distinct dated codes of persons that are compared with each other",
                .unit = "codes",
                .min = 1,
                .max = 1e6})
        .param("linked_min", &P::linked_min,
               {.doc = "share of persons with a sample, and of samples with a person, below which "
                       "there is a warning",
                .unit = "%",
                .min = 0,
                .max = 100});
}

void declare_params(StageOf<HealthQualityParams>& declared) {
    using P = HealthQualityParams;
    declared
        .param("latest_date", &P::latest_date,
               {.doc =
                    "last day that can be in the records, YYYY-MM-DD; empty takes the release date "
                    "of the table cdm_source"})
        .param("min_cell", &P::min_cell,
               {.doc = "least number of people or rows in the label",
                .unit = "people",
                .min = 1,
                .max = 1000});
    declare_signs(declared);
    declared
        .param(
            "cut_files", &P::cut_files,
            {.doc = "cut large files into pieces; false for files whose quotes are not in order"})
        .param("unit_bytes", &P::unit_bytes,
               {.doc = "size of a piece; 0 = total / 1024, from 64 MiB to 512 MiB",
                .unit = "By",
                .min = 0,
                .max = 1e12})
        .param("shards", &P::shards,
               {.doc = "number of shards of keys; 0 = one for each 256 MiB of text, at most 4096",
                .min = 0,
                .max = 65536});
}

} // namespace

Stage health_quality_stage() {
    auto declared = stage<HealthQualityParams>("health_quality");
    declared.summary("checks the quality of health records and of what was made of them")
        .details(std::string(details))
        .cites(
            "Kahn MG et al. (2016) A harmonized data quality assessment terminology and framework "
            "for the secondary use of electronic health record data. EGEMS 4:1244. "
            "doi:10.13063/2327-9214.1244")
        .cites(
            "Blacketer C et al. (2021) Increasing trust in real-world evidence through evaluation "
            "of observational data quality. J Am Med Inform Assoc 28:2251. "
            "doi:10.1093/jamia/ocab132")
        .cites("Farrington CP et al. (1996) A statistical algorithm for the early detection of "
               "outbreaks of infectious disease. J R Stat Soc A 159:547. doi:10.2307/2983331")
        .cites("Noufaily A et al. (2013) An improved algorithm for outbreak detection in multiple "
               "surveillance systems. Stat Med 32:1206. doi:10.1002/sim.5595")
        .cites("original: jumps of rates, heaps, switches of codes and mixtures of units, "
               "docs/health_quality.md")
        .reads(
            {.name = "omop",
             .artifact = Artifact::omop_tables,
             .doc = "folder of OMOP CDM 5.4 CSV files; with concept.csv the concepts are checked"})
        .reads(
            {.name = "checks",
             .artifact = Artifact::health_checks,
             .doc = "tables of checks that replace the built-in ones where both speak of the same",
             .optional = true,
             .many = true})
        .reads({.name = "events",
                .artifact = Artifact::event_store,
                .doc = "event store made of the same tables: rows that it keeps, and samples",
                .optional = true})
        .reads({.name = "quality",
                .artifact = Artifact::quality_result,
                .doc = "genetic sex of the samples",
                .optional = true})
        .reads({.name = "kinship",
                .artifact = Artifact::kinship_result,
                .doc = "genomes that occur twice, and declared families",
                .optional = true})
        .writes({.name = "health_quality",
                 .artifact = Artifact::health_quality_result,
                 .file = "health_quality.h5",
                 .doc = "One row per check with counts and verdict; monthly record rates, and "
                        "codes by month.",
                 .tables = {checks_table(), monthly_rates_table(), monthly_codes_table()}})
        .writes({.name = "label",
                 .artifact = Artifact::quality_label,
                 .file = "label.json",
                 .doc = "Data-quality label for release, small counts suppressed.",
                 .tables = {}});
    declare_params(declared);
    return declared.needs(needs).examines(examine).run(run_health_quality);
}

} // namespace salus
