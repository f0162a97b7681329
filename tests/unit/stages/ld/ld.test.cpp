#include "stages/ld/ld.hpp"

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/random.hpp"
#include "models/ld.hpp"
#include "parallel/parallel_for.hpp"
#include "run/context.hpp"
#include "stages/ld/pruning.hpp"
#include "support/genotype_store.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace salus {
namespace {

constexpr std::size_t samples = 70, on_first = 6000, on_x = 400;

/// Variants in LD with their neighbours: each haplotype mostly repeats the one before.
class LdStage : public testing::Test {
protected:
    LdStage() {
        folder_ =
            std::filesystem::path(testing::TempDir()) /
            (std::string("ld-") + testing::UnitTest::GetInstance()->current_test_info()->name());
        std::filesystem::remove_all(folder_);
        for (std::size_t i = 0; i < samples; ++i) {
            store_.samples.id.push_back("s" + std::to_string(i));
            store_.samples.sex.push_back(i % 3 == 1 ? Sex::male : Sex::female);
        }
        store_.genome_build = "GRCh38";
        parts_.resize(1);
        add_chromosome("1", on_first);
        add_chromosome("X", on_x);
        add_chromosome("Y", 3);
        test::write_small_store(folder_ / "store", store_, parts_);
    }
    ~LdStage() override { std::filesystem::remove_all(folder_); }

    void add_chromosome(const std::string& name, std::size_t variants) {
        std::vector<std::uint8_t> haplotypes(2 * samples);
        std::uint32_t position = 3'000'000;
        for (std::size_t v = 0; v < variants; ++v) {
            Rng rng(8, "ld-" + name, v);
            const double f = v % 5 == 0 ? 0.01 : 0.1 + 0.4 * rng.uniform();
            for (auto& allele : haplotypes)
                if (rng.bernoulli(0.25)) allele = rng.bernoulli(f) ? 1 : 0;
            std::vector<std::uint8_t> row(packed_bytes(samples));
            for (std::size_t i = 0; i < samples; ++i) {
                const bool male = store_.samples.sex[i] == Sex::male;
                const std::uint8_t second =
                    name == "X" && male ? haplotypes[2 * i] : haplotypes[2 * i + 1];
                auto call = static_cast<std::uint8_t>(haplotypes[2 * i] + second);
                if (v % 3 == 0 && rng.bernoulli(0.03)) call = missing;
                packed_set(row, i, call);
            }
            if (v == 17) std::fill(row.begin(), row.end(), std::uint8_t{0});
            position += static_cast<std::uint32_t>(rng.below(v % 500 == 0 ? 200'000 : 900));
            parts_[0].variants.push_back(
                {.chromosome = name, .position = position, .ref = "A", .alt = "C"});
            parts_[0].rows.push_back(std::move(row));
        }
    }
    std::filesystem::path run(const std::string& name, const LdParams& params) {
        RunContext context({.comm = {},
                            .log = Log("test", 0, LogLevel::error),
                            .stage = "ld",
                            .inputs = inputs_,
                            .outputs = {{"ld", folder_ / (name + ".h5")}},
                            .work = folder_ / (name + "-work"),
                            .fingerprint = "f",
                            .provenance = {{"program", "salus"}}});
        run_ld(params, context);
        return folder_ / (name + ".h5");
    }
    std::vector<std::uint8_t> kept(const std::filesystem::path& file) {
        return H5File::open(file).read("variants").column<std::uint8_t>("kept");
    }

    std::filesystem::path folder_;
    StoreDescription store_;
    std::vector<test::SmallPart> parts_;
    Inputs inputs_;
    void SetUp() override { inputs_ = {{"genotypes", {folder_ / "store"}}}; }
};

/// Sums of a pair by the plain loop; on X females twice, males once without heterozygous calls.
CallPairSums plain_pair(const test::SmallPart& part, const SampleTable& table, std::size_t a,
                        std::size_t b, bool x_linked) {
    std::vector<std::uint8_t> females(samples), males(samples);
    for (std::size_t i = 0; i < samples; ++i)
        (x_linked && table.sex[i] == Sex::male ? males : females)[i] = 1;
    const auto first = reference::pair_sums(part.rows[a], part.rows[b], females, HetCall::one_copy);
    if (!x_linked) return first;
    return x_linked_sums(first,
                         reference::pair_sums(part.rows[a], part.rows[b], males, HetCall::missing));
}

/// The rule in order over all windows, from plain sums; `rows` of one chromosome.
std::vector<std::uint8_t> prune_plainly(const test::SmallPart& part, const SampleTable& table,
                                        const std::vector<std::size_t>& rows, bool x_linked,
                                        const std::vector<LdWindow>& windows, double r2_max) {
    std::vector<double> major;
    std::vector<std::uint8_t> removed;
    for (const std::size_t row : rows) {
        std::int64_t copies = 0, alleles = 0;
        for (std::size_t i = 0; i < samples; ++i) {
            const std::uint8_t call = packed_get(part.rows[row], i);
            const bool haploid = x_linked && table.sex[i] == Sex::male;
            if (call == missing) continue;
            copies += haploid ? call / 2 : call;
            alleles += haploid ? 1 : 2;
        }
        const double f = static_cast<double>(copies) / static_cast<double>(alleles);
        major.push_back(std::max(f, 1 - f));
        removed.push_back(copies == 0 || copies == alleles ? 1 : 0);
    }
    LdPruner pruner(major, removed);
    for (const LdWindow window : windows)
        pruner.prune(window, [&](std::uint32_t a, std::uint32_t b) {
            return R2Limit(r2_max).exceeded(plain_pair(part, table, rows[a], rows[b], x_linked));
        });
    return pruner.removed();
}

TEST_F(LdStage, KeepsWhatTheRuleInOrderKeeps) {
    const LdParams params{.r2_max = 0.3,
                          .window_variants = 40,
                          .step_variants = 7,
                          .minor_allele_frequency_min = 0,
                          .include_x = true};
    const auto found = kept(run("ld", params));
    ASSERT_EQ(found.size(), on_first + on_x + 3);
    std::size_t first = 0;
    for (const std::size_t count : {on_first, on_x}) {
        std::vector<std::size_t> rows(count);
        for (std::size_t v = 0; v < count; ++v)
            rows[v] = first + v;
        const auto removed = prune_plainly(parts_[0], store_.samples, rows, count == on_x,
                                           count_windows(count, 40, 7), params.r2_max);
        std::size_t out = 0;
        for (std::size_t v = 0; v < count; ++v) {
            EXPECT_EQ(found[first + v], removed[v] == 0 ? 1 : 0) << first << '+' << v;
            out += removed[v];
        }
        EXPECT_GT(out, count / 4);
        EXPECT_LT(out, count - count / 4);
        first += count;
    }
    for (std::size_t v = first; v < found.size(); ++v)
        EXPECT_EQ(found[v], 0);
}

TEST_F(LdStage, ReasonsAndFactsAddUp) {
    const H5File file = H5File::open(run("ld", {.window_kb = 20, .include_x = false}));
    const TableData table = file.read("variants");
    std::map<std::string, std::int64_t> by_reason;
    for (const auto& reason : table.column<std::string>("reason"))
        ++by_reason[reason];
    EXPECT_EQ(table.column<std::string>("reason")[17], "low_minor_allele_frequency");
    EXPECT_EQ(by_reason["chromosome"], static_cast<std::int64_t>(on_x + 3));
    EXPECT_EQ(by_reason[""], file.integer_attribute("/", "kept"));
    EXPECT_EQ(by_reason["in_ld"], file.integer_attribute("/", "removed"));
    EXPECT_EQ(by_reason[""] + by_reason["in_ld"], file.integer_attribute("/", "candidates"));
    EXPECT_EQ(file.integer_attribute("/", "samples"), static_cast<std::int64_t>(samples));
    EXPECT_GT(by_reason["low_minor_allele_frequency"], 1);
}

TEST_F(LdStage, SameBytesForAnyThreads) {
    set_threads(1);
    const std::string one = sha256_file(run("one", {.include_x = true}));
    set_threads(2);
    EXPECT_EQ(sha256_file(run("two", {.include_x = true})), one);
    set_threads(1);
}

TEST_F(LdStage, SegmentsWithAWrongRunUpAreDoneAgain) {
    const auto genotypes = open_genotypes(folder_ / "store");
    const ld::SharedGenotypes shared(*genotypes);
    const auto chosen =
        ld::select_samples(genotypes->samples(), genotypes->variant_count(), nullptr);
    ld::Candidates candidates{.chromosome = "1"};
    for (std::size_t v = 0; v < on_first; ++v) {
        candidates.row.push_back(v);
        candidates.position.push_back(parts_[0].variants[v].position);
        candidates.major_frequency.push_back(0.5);
        candidates.varies.push_back(v == 17 ? 0 : 1);
    }
    const LdParams params{.r2_max = 0.3, .window_variants = 40, .step_variants = 7};
    const auto windows = ld::prune_windows(candidates, params);
    const auto segments = ld::segments_of(windows);
    ASSERT_EQ(segments.size(), 2u);
    const ld::ChromosomePruner pruner(shared, candidates, windows, chosen, params);
    const auto truly = [&](std::size_t s) { return pruner.prune(segments[s]); };
    const auto wrongly = [&](std::size_t s) {
        ld::SegmentResult result = truly(s);
        if (!result.entry.empty()) result.entry[0] ^= 1;
        for (auto& flag : result.removed)
            if (s > 0) flag = 1;
        return result;
    };
    const auto whole = ld::join_segments(candidates, windows, segments, truly, pruner);
    EXPECT_EQ(whole.redone, 0u);
    const auto mended = ld::join_segments(candidates, windows, segments, wrongly, pruner);
    EXPECT_EQ(mended.redone, 1u);
    EXPECT_EQ(mended.removed, whole.removed);
}

TEST_F(LdStage, FailedVariantsAndSamplesStayOut) {
    using enum ColumnType;
    TableData marks({.name = "samples",
                     .row = "sample",
                     .doc = "",
                     .columns = {{"sample_id", text, "", ""}, {"pass", u8, "", ""}}});
    for (std::size_t i = 0; i < samples; ++i) {
        marks.column<std::string>("sample_id").push_back(store_.samples.id[i]);
        marks.column<std::uint8_t>("pass").push_back(i < 60 ? 1 : 0);
    }
    TableData variants(
        {.name = "variants", .row = "variant", .doc = "", .columns = {{"pass", u8, "", ""}}});
    variants.column<std::uint8_t>("pass").assign(on_first + on_x + 3, 1);
    variants.column<std::uint8_t>("pass")[100] = 0;
    const auto write = [&](const std::filesystem::path& path) {
        H5File file = H5File::create(path);
        file.write(marks);
        file.write(variants);
        file.close();
        inputs_["quality"] = {path};
    };
    write(folder_ / "quality.h5");
    const H5File file = H5File::open(run("ld", {}));
    EXPECT_EQ(file.read("variants").column<std::string>("reason")[100], "failed_quality");
    EXPECT_EQ(file.integer_attribute("/", "samples"), 60);
    variants.column<std::uint8_t>("pass").pop_back();
    write(folder_ / "other.h5");
    EXPECT_THROW(run("other", {}), DataError);
}

TEST(LdDeclaration, StepsBeyondTheWindowAreAProblemAndMemoryIsBounded) {
    const Stage stage = ld_stage();
    const LdParams params{.window_variants = 10, .step_variants = 11};
    Workload sizes;
    std::vector<Problem> problems;
    stage.examine(&params, {}, sizes, problems);
    EXPECT_EQ(problems.size(), 1u);
    const LdParams standard;
    EXPECT_LT(stage.needs(&standard, {.samples = 1e6, .variants = 1e9}).memory_bytes, 2e9);
}

} // namespace
} // namespace salus
