#include "stages/ingest_health/plan.hpp"

#include "base/text.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace salus::ingest_health {
namespace {

// Peaks of one rank and thread as the log gives them: condition rows of 118 bytes, 100 for each
// person (bench_health_tables), in turn 1, 5 and 10 million, 5 million in 64 shards, 1 million that
// update a store of themselves, and 200,000 FHIR Observations of 785 bytes (bench_fhir). The plan
// is never below the peak and at most 20 % above.
TEST(Resources, MemoryIsThatOfMeasuredRuns) {
    struct Run {
        double events, persons, text_bytes, peak_mebibytes;
        std::int64_t shards = 0;
    };
    for (const Run& run : {Run{1e6, 1e4, 118.7e6, 156.9}, Run{5e6, 5e4, 593.7e6, 250.1},
                           Run{1e7, 1e5, 1187.7e6, 290.1}, Run{5e6, 5e4, 593.7e6, 94.2, 64},
                           Run{2e6, 1e4, 159.4e6, 298.7}, Run{2e5, 1e3, 157e6, 67.2}}) {
        IngestHealthParams params;
        params.shards = run.shards;
        const double planned = resources_of(params, {.persons = run.persons,
                                                     .events = run.events,
                                                     .input_bytes = run.text_bytes})
                                   .memory_bytes /
                               1048576;
        EXPECT_GE(planned, run.peak_mebibytes) << run.events;
        EXPECT_LE(planned, 1.2 * run.peak_mebibytes) << run.events;
    }
}

TEST(Resources, MemoryIsBoundedForAnyNumberOfRows) {
    const Workload nation{.persons = 1e7, .events = 3e9, .input_bytes = 3.6e11};
    EXPECT_LT(resources_of({}, nation).memory_bytes, 1e9);
}

TEST(Resources, RowsAreGuessedFromTheBeginningsOfFiles) {
    const auto folder = std::filesystem::temp_directory_path() /
                        ("salus-health-sizes-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    {
        std::ofstream person(folder / "person.csv"), condition(folder / "condition_occurrence.csv");
        person << "person_id,gender_concept_id,year_of_birth\n";
        for (int p = 0; p < 50000; ++p)
            person << 1000000 + p << ",8507,1950\n";
        condition << "person_id,condition_concept_id,condition_start_date,condition_source_value\n";
        for (int r = 0; r < 100000; ++r)
            condition << 1000000 + r / 2 << ",201826,2010-01-01,E11.9\n";
    }
    const Plan plan = make_plan({}, Inputs{{"omop", {folder}}});
    Workload sizes;
    guess_sizes(plan, {}, sizes);
    EXPECT_NEAR(sizes.persons, 50000, 500);
    EXPECT_NEAR(sizes.events, 100000, 1000);
    std::filesystem::remove_all(folder);
}

} // namespace
} // namespace salus::ingest_health
