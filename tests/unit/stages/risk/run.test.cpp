#include "stages/risk/risk.hpp"

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/random.hpp"
#include "models/pgs.hpp"
#include "parallel/parallel_for.hpp"
#include "run/context.hpp"
#include "support/genotype_store.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <map>

namespace salus {
namespace {

using testing::Contains;

/// 1,200 samples in two groups, 400 variants on two chromosomes in LD blocks of four; five of them
/// cause half of the variance of `height` and of the liability of `disease`; `noise` has no cause.
class RiskStage : public testing::Test {
protected:
    static constexpr std::size_t samples = 1200, variants = 400;

    RiskStage() {
        folder_ =
            std::filesystem::path(testing::TempDir()) /
            (std::string("risk-") + testing::UnitTest::GetInstance()->current_test_info()->name());
        std::filesystem::remove_all(folder_);
        write_genotypes();
        write_phenotypes();
    }
    ~RiskStage() override { std::filesystem::remove_all(folder_); }

    static bool is_cause(std::size_t v) { return v % 80 == 8; }

    void write_genotypes() {
        StoreDescription store{.samples = {}, .genome_build = "GRCh38", .info = {}};
        for (std::size_t i = 0; i < samples; ++i) {
            store.samples.id.push_back("s" + std::to_string(i));
            store.samples.sex.push_back(i % 2 == 0 ? Sex::male : Sex::female);
        }
        std::vector<test::SmallPart> parts(1);
        genetic_.assign(samples, 0.0);
        std::vector<std::uint8_t> block(samples);
        for (std::size_t v = 0; v < variants; ++v) {
            Rng rng(21, "variant", v);
            const double f = 0.1 + 0.3 * rng.uniform();
            std::vector<std::uint8_t> row(packed_bytes(samples));
            for (std::size_t i = 0; i < samples; ++i) {
                const auto fresh = static_cast<std::uint8_t>(rng.bernoulli(f) + rng.bernoulli(f));
                if (v % 4 == 0 || rng.bernoulli(0.1)) block[i] = fresh;
                if (is_cause(v)) genetic_[i] += block[i];
                packed_set(row, i, static_cast<std::uint8_t>(rng.bernoulli(0.01) ? 3 : block[i]));
            }
            parts[0].variants.push_back(
                {.chromosome = v < variants / 2 ? "1" : "2",
                 .position = static_cast<std::uint32_t>(1'000'000 + 10'000 * v),
                 .id = "v" + std::to_string(v),
                 .ref = "A",
                 .alt = "G"});
            parts[0].rows.push_back(std::move(row));
        }
        test::write_small_store(folder_ / "store", store, parts);
    }

    void write_phenotypes() {
        TableSpec people{.name = "samples",
                         .row = "sample",
                         .doc = "d",
                         .columns = {{"sample_id", ColumnType::text, "", "d"},
                                     {"sex", ColumnType::u8, "", "d"},
                                     {"group", ColumnType::text, "", "d"},
                                     {"has_record", ColumnType::u8, "", "d"}}};
        TableSpec traits{.name = "traits", .row = "sample", .doc = "d", .columns = {}};
        for (const char* name : {"height", "disease", "noise", "rare", "onset"})
            traits.columns.push_back({name, ColumnType::f64, "1", "d"});
        TableSpec covariates{.name = "covariates",
                             .row = "sample",
                             .doc = "d",
                             .columns = {{"age", ColumnType::f64, "a", "d"},
                                         {"group_B", ColumnType::f64, "1", "d"}}};
        TableSpec info{
            .name = "trait_info",
            .row = "trait",
            .doc = "d",
            .columns = {{"name", ColumnType::text, "", "d"}, {"kind", ColumnType::text, "", "d"}}};
        TableData p(people), t(traits), c(covariates), k(info);
        double mean = 0, sd = 0;
        for (const double g : genetic_)
            mean += g / samples;
        for (const double g : genetic_)
            sd += (g - mean) * (g - mean) / samples;
        sd = std::sqrt(sd);
        for (std::size_t i = 0; i < samples; ++i) {
            Rng rng(22, "person", i);
            const double age = 40 + 20 * rng.uniform(), z = (genetic_[i] - mean) / sd;
            p.column<std::string>("sample_id").push_back("s" + std::to_string(i));
            p.column<std::uint8_t>("sex").push_back(1);
            p.column<std::string>("group").push_back(i % 30 == 0 ? "C" : i % 3 == 0 ? "B" : "A");
            p.column<std::uint8_t>("has_record").push_back(1);
            t.column<double>("height").push_back(
                i % 50 == 7 ? std::nan("") : 170 + 5 * z + 0.1 * (age - 50) + 5 * rng.normal());
            t.column<double>("disease").push_back(z + 0.05 * (age - 50) + rng.normal() > 0.8);
            t.column<double>("noise").push_back(rng.normal());
            t.column<double>("rare").push_back(i < 5);
            t.column<double>("onset").push_back(10'000);
            c.column<double>("age").push_back(age);
            c.column<double>("group_B").push_back(i % 3 == 0);
        }
        for (const auto& [name, kind] :
             std::vector<std::pair<std::string, std::string>>{{"height", "quantitative"},
                                                              {"disease", "binary"},
                                                              {"noise", "quantitative"},
                                                              {"rare", "binary"},
                                                              {"onset", "date"}}) {
            k.column<std::string>("name").push_back(name);
            k.column<std::string>("kind").push_back(kind);
        }
        H5File file = H5File::create(folder_ / "phenotypes.h5");
        for (const TableData* table : {&p, &t, &c, &k})
            file.write(*table);
        file.close();
    }

    H5File run(const std::string& name, const RiskParams& params = {}, bool with_quality = false) {
        RunContext context({.comm = {},
                            .log = Log("test", 0, LogLevel::error),
                            .stage = "risk",
                            .inputs = inputs(with_quality),
                            .outputs = {{"risk", folder_ / (name + ".h5")}},
                            .work = folder_ / (name + "-work"),
                            .fingerprint = "f",
                            .provenance = {{"program", "salus"}}});
        run_risk(params, context);
        return H5File::open(folder_ / (name + ".h5"));
    }
    Inputs inputs(bool with_quality) const {
        Inputs in{{"genotypes", {folder_ / "store"}}, {"phenotypes", {folder_ / "phenotypes.h5"}}};
        if (with_quality) in["quality"] = {folder_ / "quality.h5"};
        return in;
    }

    struct Measure {
        double estimate, lower, upper;
        std::uint64_t n, cases;
        std::string note;
    };
    static std::map<std::string, Measure> measures(const H5File& file, const std::string& trait) {
        const TableData t = file.read("validation");
        std::map<std::string, Measure> out;
        for (std::size_t k = 0; k < t.rows(); ++k)
            if (t.column<std::string>("trait")[k] == trait)
                out[t.column<std::string>("group")[k] + " " + t.column<std::string>("metric")[k] +
                    " " + t.column<std::string>("model")[k]] = {
                    t.column<double>("estimate")[k],     t.column<double>("lower")[k],
                    t.column<double>("upper")[k],        t.column<std::uint64_t>("n")[k],
                    t.column<std::uint64_t>("cases")[k], t.column<std::string>("note")[k]};
        return out;
    }

    std::filesystem::path folder_;
    std::vector<double> genetic_;
};

TEST_F(RiskStage, QuantitativeTraitIsExplainedByItsCauses) {
    const H5File file = run("r", {.traits = {"height"}});
    auto m = measures(file, "height");
    EXPECT_GT(m["all r2 score"].estimate, 0.3);
    EXPECT_LT(m["all r2 score"].estimate, 0.65);
    EXPECT_LT(m["all r2 score"].lower, m["all r2 score"].estimate);
    EXPECT_GT(m["all r2 both"].estimate, m["all r2 covariates"].estimate);
    EXPECT_NEAR(m["all incremental_r2 both-covariates"].estimate,
                m["all r2 both"].estimate - m["all r2 covariates"].estimate, 1e-12);
    EXPECT_NEAR(m["all beta_per_sd both"].estimate, 5, 1);
    EXPECT_LT(m["all calibration_slope both"].lower, 1);
    EXPECT_GT(m["all calibration_slope both"].upper, 1);
    EXPECT_GT(m["A r2 score"].n, 300u);
    EXPECT_EQ(m["C not_estimated "].note, "fewer than 50 people");
    const TableData weights = file.read("weights/height");
    for (std::size_t v = 0; v < variants; ++v)
        if (is_cause(v)) {
            EXPECT_THAT(weights.column<std::string>("variant_id"),
                        Contains("v" + std::to_string(v)));
        }
    EXPECT_FALSE(file.exists("roc/height"));
}

TEST_F(RiskStage, BinaryTraitIsDiscriminated) {
    const H5File file = run("r", {.traits = {"disease"}});
    auto m = measures(file, "disease");
    EXPECT_GT(m["all auc score"].lower, 0.65);
    EXPECT_GT(m["all auc both"].estimate, m["all auc covariates"].estimate);
    EXPECT_GT(m["all auc_difference both-covariates"].lower, 0.05);
    EXPECT_GT(m["all odds_ratio_per_sd both"].lower, 1.5);
    EXPECT_GT(m["all auc score"].cases, 50u);
    const TableData roc = file.read("roc/disease");
    EXPECT_EQ(roc.column<double>("true_positive_rate").back(), 1);
    const TableData bins = file.read("calibration/disease");
    EXPECT_EQ(bins.rows(), 10u);
    EXPECT_GT(bins.column<double>("mean_observed")[9],
              bins.column<double>("mean_observed")[0] + 0.3);
}

TEST_F(RiskStage, ScoresAreTheWeightedGenotypes) {
    const H5File file = run("r", {.traits = {"height"}});
    const TableData weights = file.read("weights/height"), scores = file.read("scores/height");
    const auto source = open_genotypes(folder_ / "store");
    VariantBlock block;
    source->read({0, variants}, block);
    std::vector<double> expected(samples, 0.0);
    std::vector<std::uint8_t> row(packed_bytes(samples));
    for (std::size_t k = 0; k < weights.rows(); ++k) {
        block.unpack(static_cast<std::size_t>(
                         std::stoul(weights.column<std::string>("variant_id")[k].substr(1))),
                     row);
        for (std::size_t i = 0; i < samples; ++i) {
            const std::uint8_t call = packed_get(row, i);
            expected[i] +=
                weights.column<double>("weight")[k] *
                (call == missing ? 2 * weights.column<double>("effect_allele_frequency")[k] : call);
        }
    }
    for (std::size_t i = 0; i < samples; ++i) {
        EXPECT_NEAR(scores.column<double>("score")[i], expected[i], 1e-9);
        const bool validation =
            place_sample(scores.column<std::string>("sample_id")[i], {}).validation;
        EXPECT_EQ(scores.column<std::uint8_t>("half")[i], validation);
        EXPECT_EQ(std::isnan(scores.column<double>("predicted")[i]), !validation || i % 50 == 7);
    }
}

TEST_F(RiskStage, OutcomesOfTheValidationPartDoNotTouchTheScore) {
    const H5File before = run("before", {.traits = {"height"}});
    TableData traits = H5File::open(folder_ / "phenotypes.h5").read("traits");
    std::vector<TableData> others;
    for (const char* name : {"samples", "covariates", "trait_info"})
        others.push_back(H5File::open(folder_ / "phenotypes.h5").read(name));
    for (std::size_t i = 0; i < samples; ++i)
        if (place_sample("s" + std::to_string(i), {}).validation)
            traits.column<double>("height")[i] = static_cast<double>(i % 17);
    H5File file = H5File::create(folder_ / "phenotypes.h5");
    for (const TableData& table : others)
        file.write(table);
    file.write(traits);
    file.close();
    const H5File after = run("after", {.traits = {"height"}});
    EXPECT_EQ(before.read_array<double>("scores/height/score"),
              after.read_array<double>("scores/height/score"));
    EXPECT_EQ(before.read_array<double>("tuning/partial_correlation"),
              after.read_array<double>("tuning/partial_correlation"));
    EXPECT_LT(measures(after, "height")["all r2 score"].estimate, 0.05);
}

TEST_F(RiskStage, NoiseIsNotExplainedAndRareTraitsAreSkipped) {
    const H5File file = run("r", {.p_thresholds = {1e-4, 0.01}});
    auto noise = measures(file, "noise");
    if (noise.contains("all r2 score")) {
        EXPECT_LT(noise["all r2 score"].lower, 0.01);
    }
    EXPECT_THAT(measures(file, "rare")["all skipped "].note, testing::HasSubstr("cases"));
    EXPECT_TRUE(measures(file, "onset").empty());
    EXPECT_TRUE(file.exists("scores/height"));
    EXPECT_FALSE(file.exists("scores/rare"));
}

TEST_F(RiskStage, SameBytesForAnyThreadsAndAfterResume) {
    set_threads(1);
    run("one", {.traits = {"height", "disease"}});
    set_threads(2);
    run("two", {.traits = {"height", "disease"}});
    EXPECT_EQ(sha256_file(folder_ / "one.h5"), sha256_file(folder_ / "two.h5"));
    std::filesystem::remove(folder_ / "two.h5");
    run("two", {.traits = {"height", "disease"}});
    EXPECT_EQ(sha256_file(folder_ / "one.h5"), sha256_file(folder_ / "two.h5"));
}

TEST_F(RiskStage, QualityMarksLeaveOutSamplesAndVariants) {
    TableSpec v{.name = "variants",
                .row = "variant",
                .doc = "d",
                .columns = {{"pass", ColumnType::u8, "", "d"}}};
    TableSpec s{
        .name = "samples",
        .row = "sample",
        .doc = "d",
        .columns = {{"sample_id", ColumnType::text, "", "d"}, {"pass", ColumnType::u8, "", "d"}}};
    TableData marks(v), people(s);
    for (std::size_t i = 0; i < variants; ++i)
        marks.column<std::uint8_t>("pass").push_back(!is_cause(i));
    for (std::size_t i = 0; i < samples; ++i) {
        people.column<std::string>("sample_id").push_back("s" + std::to_string(i));
        people.column<std::uint8_t>("pass").push_back(i != 3);
    }
    H5File file = H5File::create(folder_ / "quality.h5");
    file.write(marks);
    file.write(people);
    file.close();
    const H5File result = run("r", {.traits = {"height"}}, true);
    const TableData weights = result.read("weights/height");
    for (const std::string& id : weights.column<std::string>("variant_id"))
        EXPECT_FALSE(is_cause(static_cast<std::size_t>(std::stoul(id.substr(1)))));
    EXPECT_EQ(result.read("scores/height").column<std::uint8_t>("used")[3], 0);
}

TEST_F(RiskStage, WrongNamesAreNamedWithTheNearMiss) {
    try {
        run("r", {.traits = {"heihgt"}, .covariates = {"agee"}});
        FAIL();
    } catch (const UsageError& error) {
        EXPECT_EQ(error.problems().size(), 2u);
        EXPECT_THAT(error.what(), testing::HasSubstr("did you mean \"height\""));
    }
    EXPECT_FALSE(std::filesystem::exists(folder_ / "r.h5"));
    EXPECT_THROW(run("r", {.traits = {"onset"}}), UsageError);
}

TEST(RiskDeclaration, BadThresholdsAreAProblem) {
    const Stage stage = risk_stage();
    const RiskParams params{.p_thresholds = {0.1, 2}};
    Workload sizes;
    std::vector<Problem> problems;
    stage.examine(&params, {}, sizes, problems);
    EXPECT_EQ(problems.size(), 1u);
    EXPECT_GT(stage.needs(&params, {.samples = 1e6, .variants = 1e9, .traits = 5}).memory_bytes,
              1e8);
}

} // namespace
} // namespace salus
