#pragma once

#include "schema/stage.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace salus::test {

struct GatherParams {
    std::string mode = "fail";
    std::int64_t window = 1000;
};
struct CountParams {
    double call_rate_min = 0.98;
    std::vector<std::string> groups;
    bool strict = false;
    std::string label;
};

inline void run_gather(const GatherParams&, RunContext&) {}
inline void run_count(const CountParams&, RunContext&) {}

inline void examine_gather(const GatherParams& params, const Inputs& inputs, Workload& sizes,
                           std::vector<Problem>& problems) {
    if (params.mode == "skip" && params.window == 1)
        problems.push_back({.what = "windows of one base cannot be skipped"});
    sizes.samples = 1000;
    sizes.variants = 2e6;
    for (const auto& path : inputs.at("genotypes"))
        if (path.extension() != ".bcf")
            problems.push_back({.what = "not a BCF file", .where = path.string()});
}

/// One person where the store is there, else none.
inline void examine_count(const CountParams&, const Inputs& inputs, Workload& sizes,
                          std::vector<Problem>&) {
    const auto found = inputs.find("genotypes");
    const bool there = found != inputs.end() && std::filesystem::exists(found->second.front());
    sizes.persons = there ? 1 : 0;
}

inline Resources count_needs(const CountParams&, const Workload& w) {
    return {.memory_bytes = 1e9 + 4 * w.samples,
            .storage_bytes = 40 * w.variants,
            .scratch_bytes = 40 * w.variants,
            .core_hours = w.samples * w.variants / 4 / 1e9 / 3600,
            .formula = "memory 1 GB + 4 N; storage 40 M; time N M / 4 bytes at 1 GB/s"};
}

/// Two small stages: files -> store -> counts.
inline std::vector<Stage> two_stages() {
    using G = GatherParams;
    using C = CountParams;
    std::vector<Stage> stages;
    stages.push_back(
        stage<G>("gather")
            .summary("Gather genotype files into a store.")
            .details("Reads files once.\n\nSecond paragraph.")
            .cites("original")
            .reads({.name = "genotypes",
                    .artifact = Artifact::genotype_files,
                    .doc = "Files.",
                    .many = true})
            .reads({.name = "sample_sheet",
                    .artifact = Artifact::sample_sheet,
                    .doc = "Who is who.",
                    .optional = true})
            .writes({.name = "genotypes",
                     .artifact = Artifact::genotype_store,
                     .file = "genotypes.store",
                     .doc = "Store."})
            .param("mode", &G::mode,
                   {.doc = "What to do with a bad record.", .choices = {"fail", "skip"}})
            .param("window", &G::window, {.doc = "Bases of one window.", .unit = "bp", .min = 1})
            .examines(examine_gather)
            .run(run_gather));
    stages.push_back(
        stage<C>("count")
            .summary("Count alleles.")
            .cites("original")
            .reads({.name = "genotypes", .artifact = Artifact::genotype_store, .doc = "Store."})
            .reads({.name = "quality",
                    .artifact = Artifact::quality_result,
                    .doc = "Marks.",
                    .optional = true})
            .writes({.name = "quality",
                     .artifact = Artifact::quality_result,
                     .file = "quality.h5",
                     .doc = "Counts.",
                     .tables = {{.name = "variants",
                                 .row = "variant",
                                 .doc = "One row per variant.",
                                 .columns = {{"call_rate", ColumnType::f64, "proportion",
                                              "Called share."}}}}})
            .param("call_rate_min", &C::call_rate_min,
                   {.doc = "Smallest call rate.", .unit = "proportion", .min = 0, .max = 1})
            .param("groups", &C::groups, {.doc = "Groups to keep; empty keeps all."})
            .param("strict", &C::strict, {.doc = "Stop at the first failure."})
            .required("label", &C::label, {.doc = "Label of the counts."})
            .needs(count_needs)
            .examines(examine_count)
            .run(run_count));
    return stages;
}

inline void write_text(const std::filesystem::path& path, const std::string& content) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
}

/// A folder of its own for one test, removed at the end.
class TestFolder {
public:
    TestFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "salus-test-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~TestFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TestFolder(const TestFolder&) = delete;
    TestFolder& operator=(const TestFolder&) = delete;
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

} // namespace salus::test
