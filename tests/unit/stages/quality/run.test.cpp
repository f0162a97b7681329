#include "stages/quality/quality.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/random.hpp"
#include "parallel/parallel_for.hpp"
#include "run/context.hpp"
#include "support/genotype_store.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>

namespace salus {
namespace {

/// 300 samples with planted faults on 1,500 autosomal, 800 X and 80 Y variants.
class QualityStage : public testing::Test {
protected:
    static constexpr std::size_t samples = 300, twin_of = 5, twin = 40, swapped = 7, gappy = 11,
                                 mixed = 13;

    QualityStage() {
        folder_ = std::filesystem::path(testing::TempDir()) /
                  (std::string("quality-") +
                   testing::UnitTest::GetInstance()->current_test_info()->name());
        std::filesystem::remove_all(folder_);
        for (std::size_t i = 0; i < samples; ++i) {
            store_.samples.id.push_back("s" + std::to_string(i));
            male_.push_back(i % 2 == 1);
            const bool record = i == swapped ? !male_[i] : male_[i];
            store_.samples.sex.push_back(record ? Sex::male : Sex::female);
        }
        male_[twin] = male_[twin_of];
        store_.samples.sex[twin] = store_.samples.sex[twin_of];
        store_.genome_build = "GRCh38";
        parts_.resize(1);
        for (std::size_t v = 0; v < 1500; ++v)
            add("1", v, 0);
        for (std::size_t v = 0; v < 800; ++v)
            add("X", v, 1);
        for (std::size_t v = 0; v < 80; ++v)
            add("Y", v, 2);
        test::write_small_store(folder_ / "store", store_, parts_);
    }
    ~QualityStage() override { std::filesystem::remove_all(folder_); }

    std::uint8_t draw(Rng& rng, std::size_t i, double f, int kind) {
        if (kind == 2) return static_cast<std::uint8_t>(!male_[i] ? 3 : rng.bernoulli(f) ? 2 : 0);
        if (kind == 1 && male_[i]) return rng.bernoulli(f) ? 2 : 0;
        return static_cast<std::uint8_t>(rng.bernoulli(f) + rng.bernoulli(f));
    }
    void add(const std::string& chromosome, std::size_t v, int kind) {
        Rng rng(9, "variant-" + chromosome, v);
        const double f = 0.05 + 0.45 * rng.uniform();
        std::vector<std::uint8_t> row(packed_bytes(samples));
        for (std::size_t i = 0; i < samples; ++i) {
            std::uint8_t call = draw(rng, i, f, kind);
            if (i == mixed && kind == 0 && rng.bernoulli(0.5)) call = het;
            if (rng.bernoulli(i == gappy ? 0.2 : 0.005)) call = missing;
            packed_set(row, i, call);
        }
        packed_set(row, twin, packed_get(row, twin_of));
        parts_[0].variants.push_back({.chromosome = chromosome,
                                      .position = static_cast<std::uint32_t>(20'000'000 + 1000 * v),
                                      .ref = "A",
                                      .alt = v % 3 == 0 ? "C" : "G"});
        parts_[0].rows.push_back(std::move(row));
    }
    std::filesystem::path run(const std::string& name, const QualityParams& params = {},
                              std::map<std::string, std::filesystem::path> more = {}) {
        std::map<std::string, std::vector<std::filesystem::path>> inputs{
            {"genotypes", {folder_ / "store"}}};
        for (const auto& [port, path] : more)
            inputs[port] = {path};
        RunContext context({.comm = {},
                            .log = Log("test", 0, LogLevel::error),
                            .stage = "quality",
                            .inputs = inputs,
                            .outputs = {{"quality", folder_ / (name + ".h5")}},
                            .work = folder_ / (name + "-work"),
                            .fingerprint = "f",
                            .provenance = {{"program", "salus"}}});
        run_quality(params, context);
        return folder_ / (name + ".h5");
    }

    std::filesystem::path folder_;
    StoreDescription store_;
    std::vector<bool> male_;
    std::vector<test::SmallPart> parts_;
};

TEST_F(QualityStage, FindsThePlantedFaultsAndNothingElse) {
    const TableData table = H5File::open(run("q")).read("samples");
    const auto& reasons = table.column<std::string>("fail_reason");
    EXPECT_EQ(reasons[swapped], "sex_mismatch");
    EXPECT_EQ(reasons[gappy], "low_call_rate");
    EXPECT_EQ(reasons[mixed], "excess_heterozygosity");
    EXPECT_EQ(reasons[twin], "duplicate");
    EXPECT_EQ(table.column<std::string>("duplicate_of")[twin], "s" + std::to_string(twin_of));
    EXPECT_EQ(std::count(reasons.begin(), reasons.end(), ""),
              static_cast<std::ptrdiff_t>(samples - 4));
    for (std::size_t i = 0; i < samples; ++i) {
        const auto sex = male_[i] ? Sex::male : Sex::female;
        EXPECT_EQ(table.column<std::uint8_t>("sex_genetic")[i], static_cast<std::uint8_t>(sex))
            << i;
    }
}

TEST_F(QualityStage, SwappedFemaleIsFoundThoughReadersDropHeterozygousCallsOfMales) {
    // Reads of recorded males hold no heterozygous call on X: those of sample 8, a female, are
    // missing.
    constexpr std::size_t lost = 8;
    store_.samples.sex[lost] = Sex::male;
    for (std::size_t v = 0; v < parts_[0].rows.size(); ++v)
        if (parts_[0].variants[v].chromosome == "X" && packed_get(parts_[0].rows[v], lost) == het)
            packed_set(parts_[0].rows[v], lost, missing);
    std::filesystem::remove_all(folder_ / "store");
    test::write_small_store(folder_ / "store", store_, parts_);
    const TableData table = H5File::open(run("q", {.sample_call_rate_min = 0})).read("samples");
    EXPECT_NEAR(table.column<double>("x_inbreeding_f")[lost], 0, 0.2);
    EXPECT_EQ(table.column<std::string>("fail_reason")[lost], "sex_mismatch");
}

TEST_F(QualityStage, UnbalancedReadsShowAContaminatedSample) {
    constexpr std::size_t contaminated = 21, few = 22;
    SampleDepths depths(samples);
    for (std::size_t i = 0; i < samples; ++i) {
        Rng rng(4, "reads", i);
        const int calls = i == few ? 999 : 2000;
        for (int call = 0; call < calls; ++call) {
            // A quarter of the heterozygous calls of the two are homozygotes with foreign reads.
            const bool foreign = (i == contaminated || i == few) && rng.bernoulli(0.25);
            const std::uint64_t total = het_depth_min + rng.below(30);
            std::uint64_t alt = 0;
            for (std::uint64_t read = 0; read < total; ++read)
                alt += std::uint64_t{rng.bernoulli(foreign ? 0.1 : 0.48)};
            depths.add(i, alt, total);
        }
    }
    std::filesystem::remove_all(folder_ / "store");
    test::write_small_store(folder_ / "store", store_, parts_, &depths);
    const TableData table = H5File::open(run("q")).read("samples");
    const auto& reasons = table.column<std::string>("fail_reason");
    EXPECT_EQ(reasons[contaminated], "allele_imbalance");
    EXPECT_EQ(reasons[swapped], "sex_mismatch");
    EXPECT_EQ(std::count(reasons.begin(), reasons.end(), ""),
              static_cast<std::ptrdiff_t>(samples - 5));
    const auto& alt = table.column<double>("het_alt_share");
    const auto& unbalanced = table.column<double>("unbalanced_het_share");
    EXPECT_LT(alt[contaminated], 0.42);
    EXPECT_NEAR(alt[0], 0.48, 0.02); // 4 sd of 45,000 reads are 0.01
    EXPECT_GT(unbalanced[few], 0.2);
    EXPECT_LT(unbalanced[0], 0.05);
    EXPECT_EQ(unbalanced[3], static_cast<double>(depths.unbalanced_calls[3]) / 2000);
    const auto off = H5File::open(run("off", {.unbalanced_het_share_max = 0})).read("samples");
    EXPECT_EQ(off.column<std::string>("fail_reason")[contaminated], "");
}

TEST_F(QualityStage, WithoutReadDepthsSharesAreMissing) {
    const TableData table = H5File::open(run("q")).read("samples");
    for (const char* column : {"het_alt_share", "unbalanced_het_share"})
        for (const double share : table.column<double>(column))
            EXPECT_TRUE(std::isnan(share));
}

TEST_F(QualityStage, VariantCountsEqualTheObviousOnes) {
    const H5File file = H5File::open(run("q"));
    const TableData table = file.read("variants");
    ASSERT_EQ(table.rows(), parts_[0].rows.size());
    for (std::size_t v = 0; v < table.rows(); ++v) {
        std::array<std::uint32_t, 4> calls{};
        const bool on_y = parts_[0].variants[v].chromosome == "Y";
        for (std::size_t i = 0; i < samples; ++i)
            if (!on_y || store_.samples.sex[i] == Sex::male)
                ++calls[packed_get(parts_[0].rows[v], i)];
        EXPECT_EQ(table.column<std::uint32_t>("hom_ref")[v], calls[0]);
        EXPECT_EQ(table.column<std::uint32_t>("het")[v], calls[1]);
        EXPECT_EQ(table.column<std::uint32_t>("hom_alt")[v], calls[2]);
        EXPECT_EQ(table.column<std::uint32_t>("missing")[v], calls[3]);
    }
    const TableData rows = file.read("samples");
    for (const std::size_t i : {0u, 99u}) {
        double het_calls = 0, called = 0, expected = 0;
        for (std::size_t v = 0; v < 1500; ++v) {
            const std::uint8_t call = packed_get(parts_[0].rows[v], i);
            if (call == missing) continue;
            const double f = table.column<double>("alt_frequency")[v];
            ++called, het_calls += call == het, expected += 2 * f * (1 - f);
        }
        EXPECT_NEAR(rows.column<double>("heterozygosity")[i], het_calls / called, 1e-12);
        EXPECT_NEAR(rows.column<double>("inbreeding_f")[i], 1 - het_calls / expected, 1e-9);
    }
}

TEST_F(QualityStage, SameBytesForAnyThreads) {
    set_threads(1);
    const std::string one = sha256_file(run("one"));
    set_threads(2);
    EXPECT_EQ(sha256_file(run("two")), one);
}

TEST_F(QualityStage, ThresholdsAreSwitches) {
    const QualityParams params{.hwe_p_min = 0,
                               .sample_call_rate_min = 0,
                               .heterozygosity_sd_max = 1000,
                               .fail_sex_mismatch = false,
                               .fail_duplicates = false};
    const TableData table = H5File::open(run("q", params)).read("samples");
    const auto& pass = table.column<std::uint8_t>("pass");
    EXPECT_EQ(std::count(pass.begin(), pass.end(), 1), static_cast<std::ptrdiff_t>(samples));
}

TEST_F(QualityStage, SheetGivesBatchesGroupsAndTrios) {
    const auto sheet = folder_ / "sheet.tsv";
    std::ofstream out(sheet);
    out << "sample_id\tbatch\tgroup\tfather_id\tmother_id\n";
    for (std::size_t i = 0; i < samples; ++i) {
        out << 's' << i << '\t' << (i % 2 ? "p1" : "p2") << '\t' << (i < 200 ? "A" : "") << '\t';
        out << (i == 20 ? "s21\ts22" : i == 30 ? "s31\tstranger" : "\t") << '\n';
    }
    out.close();
    const H5File file =
        H5File::open(run("q", {.hwe_within = "groups", .heterozygosity_within = "groups"},
                         {{"sample_sheet", sheet}}));
    const std::size_t variants = parts_[0].rows.size();
    EXPECT_EQ(file.rows("variant_tests"), variants);
    EXPECT_EQ(file.rows("variant_batches"), 2 * variants);
    EXPECT_EQ(file.rows("variant_groups"), variants);
    const TableData trios = file.read("sample_trios");
    ASSERT_EQ(trios.rows(), 1u); // the other mother is not there
    EXPECT_EQ(trios.column<std::string>("child")[0], "s20");
    EXPECT_GT(trios.column<double>("mendel_error_rate")[0], 0.05);
    const TableData rows = file.read("samples");
    EXPECT_EQ(rows.column<std::string>("fail_reason")[20], "mendel_errors");
    EXPECT_EQ(rows.column<std::string>("fail_reason")[mixed], "excess_heterozygosity");
    const TableData sets = file.read("sample_sets");
    EXPECT_EQ(sets.column<std::string>("name"), (std::vector<std::string>{"p1", "p2", "A"}));
    EXPECT_EQ(sets.column<std::uint32_t>("samples"), (std::vector<std::uint32_t>{150, 150, 200}));
}

TEST_F(QualityStage, WithoutASheetThereAreNoTablesForIt) {
    const H5File file = H5File::open(run("q"));
    EXPECT_THAT(file.tables(), testing::ElementsAre("samples", "variants"));
}

TEST_F(QualityStage, WishesWithoutTheirInputsAreRefused) {
    EXPECT_THROW(run("a", {.hwe_within = "groups"}), UsageError);
    EXPECT_THROW(run("b", {.hwe_trait = "ill"}), UsageError);
}

TEST(QualityDeclaration, ParametersThatContradictAreAProblem) {
    const Stage stage = quality_stage();
    const QualityParams params{.male_f_min = 0.1, .female_f_max = 0.2};
    Workload sizes;
    std::vector<Problem> problems;
    stage.examine(&params, {}, sizes, problems);
    EXPECT_EQ(problems.size(), 1u);
    EXPECT_GT(stage.needs(&params, {.samples = 1e6, .variants = 1e9}).storage_bytes, 1e10);
}

} // namespace
} // namespace salus
