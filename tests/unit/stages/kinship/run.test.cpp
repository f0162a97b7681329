#include "stages/kinship/kinship.hpp"

#include "base/hash.hpp"
#include "base/random.hpp"
#include "parallel/parallel_for.hpp"
#include "run/context.hpp"
#include "support/genotype_store.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>

namespace salus {
namespace {

using Haplotype = std::vector<std::uint8_t>;
struct Genome {
    Haplotype one, two;
};

/// 40 unrelated people, then relatives of the first ones; 6,000 autosomal variants and some on X.
class KinshipStage : public testing::Test {
protected:
    static constexpr std::size_t variants = 6000, on_x = 200, founders = 40;
    enum Person : std::size_t { child = founders, sister, twin, grandchild, poor, people };

    KinshipStage() {
        folder_ = std::filesystem::path(testing::TempDir()) /
                  (std::string("kinship-") +
                   testing::UnitTest::GetInstance()->current_test_info()->name());
        std::filesystem::remove_all(folder_);
        Rng rng(3, "test.founders", 0);
        for (std::size_t v = 0; v < variants; ++v)
            frequency_.push_back(0.05 + 0.45 * rng.uniform());
        for (std::size_t i = 0; i < founders; ++i)
            genomes_.push_back({draw(2 * i), draw(2 * i + 1)});
        genomes_.push_back({gamete(0, 1), gamete(1, 2)}); // child of 0 and 1
        genomes_.push_back({gamete(0, 3), gamete(1, 4)}); // her sister
        genomes_.push_back(genomes_[child]);              // her twin
        genomes_.push_back({gamete(child, 5), gamete(7, 6)});
        genomes_.push_back(genomes_[9]); // a second sample of 9, with missing calls
        for (std::size_t i = 0; i < people; ++i) {
            store_.samples.id.push_back("s" + std::to_string(i));
            store_.samples.sex.push_back(Sex::unknown);
        }
        store_.genome_build = "GRCh38";
        test::write_small_store(folder_ / "store", store_, {part()});
    }
    ~KinshipStage() override { std::filesystem::remove_all(folder_); }

    Haplotype draw(std::uint64_t index) const {
        Rng rng(4, "test.haplotype", index);
        Haplotype h(variants);
        for (std::size_t v = 0; v < variants; ++v)
            h[v] = rng.bernoulli(frequency_[v]);
        return h;
    }
    /// Fifty crossovers: sibling pairs then share close to one half.
    Haplotype gamete(std::size_t parent, std::uint64_t index) const {
        Rng rng(5, "test.gamete", index);
        const Genome& g = genomes_[parent];
        bool first = rng.bernoulli(0.5);
        Haplotype h(variants);
        for (std::size_t v = 0; v < variants; ++v) {
            if (v % 20 == 0 && rng.bernoulli(0.5)) first = !first;
            h[v] = first ? g.one[v] : g.two[v];
        }
        return h;
    }
    test::SmallPart part() const {
        test::SmallPart part;
        for (std::size_t v = 0; v < variants + on_x; ++v) {
            std::vector<std::uint8_t> row(packed_bytes(people));
            Rng rng(6, "test.calls", v);
            for (std::size_t i = 0; i < people; ++i) {
                int call = v < variants ? genomes_[i].one[v] + genomes_[i].two[v] : 1;
                if (rng.bernoulli(i == poor ? 0.2 : 0.01)) call = missing;
                packed_set(row, i, static_cast<std::uint8_t>(call));
            }
            part.variants.push_back({.chromosome = v < variants ? "1" : "X",
                                     .position = static_cast<std::uint32_t>(1000 + 100 * v),
                                     .ref = "A",
                                     .alt = "C"});
            part.rows.push_back(std::move(row));
        }
        return part;
    }
    std::filesystem::path run(const std::string& name, const KinshipParams& params = {},
                              Inputs more = {}) {
        more["genotypes"] = {folder_ / "store"};
        RunContext context({.comm = {},
                            .log = Log("test", 0, LogLevel::error),
                            .stage = "kinship",
                            .inputs = std::move(more),
                            .outputs = {{"kinship", folder_ / (name + ".h5")}},
                            .work = folder_ / (name + "-work"),
                            .fingerprint = "f",
                            .provenance = {{"program", "salus"}}});
        run_kinship(params, context);
        return folder_ / (name + ".h5");
    }
    static std::map<std::pair<std::string, std::string>, std::string>
    relations(const std::filesystem::path& path) {
        const TableData table = H5File::open(path).read("pairs");
        std::map<std::pair<std::string, std::string>, std::string> all;
        for (std::size_t k = 0; k < table.rows(); ++k)
            all[{table.column<std::string>("sample_1")[k],
                 table.column<std::string>("sample_2")[k]}] =
                table.column<std::string>("relation")[k];
        return all;
    }

    std::filesystem::path folder_;
    StoreDescription store_;
    std::vector<double> frequency_;
    std::vector<Genome> genomes_;
};

TEST_F(KinshipStage, FindsThePlantedRelativesAndNobodyElse) {
    const std::map<std::pair<std::string, std::string>, std::string> planted{
        {{"s0", "s40"}, "parent_child"},       {{"s1", "s40"}, "parent_child"},
        {{"s0", "s41"}, "parent_child"},       {{"s1", "s41"}, "parent_child"},
        {{"s0", "s42"}, "parent_child"},       {{"s1", "s42"}, "parent_child"},
        {{"s40", "s41"}, "full_siblings"},     {{"s41", "s42"}, "full_siblings"},
        {{"s40", "s42"}, "duplicate_or_twin"}, {{"s40", "s43"}, "parent_child"},
        {{"s42", "s43"}, "parent_child"},      {{"s7", "s43"}, "parent_child"},
        {{"s0", "s43"}, "second_degree"},      {{"s1", "s43"}, "second_degree"},
        {{"s41", "s43"}, "second_degree"},     {{"s9", "s44"}, "duplicate_or_twin"}};
    EXPECT_EQ(relations(run("k", {.kinship_min = 0.0884})), planted);
    EXPECT_EQ(relations(run("n", {.kinship_min = 0.0884, .screen = "none"})), planted);
}

TEST_F(KinshipStage, SamplesHaveFamiliesAndTheUnrelatedSetHasNoRelatives) {
    const H5File file = H5File::open(
        run("k", {.kinship_min = 0.0884, .minor_allele_frequency_min = 0, .unrelated_degree = 2}));
    const TableData samples = file.read("samples");
    const auto& family = samples.column<std::uint32_t>("family");
    const auto& kept = samples.column<std::uint8_t>("unrelated");
    EXPECT_EQ(family[0], 1u);
    EXPECT_EQ(family[7], 1u); // through the grandchild
    EXPECT_EQ(family[grandchild], 1u);
    EXPECT_EQ(family[9], 2u);
    EXPECT_EQ(family[poor], 2u);
    EXPECT_EQ(family[2], 0u);
    EXPECT_EQ(samples.column<std::uint32_t>("relatives")[grandchild], 6u);
    // 0, 1 and 7 stay of the family, and of the two samples of one person the one with more calls.
    for (std::size_t i = 0; i < people; ++i)
        EXPECT_EQ(kept[i], i < founders) << i;
    EXPECT_NEAR(samples.column<double>("call_rate")[poor], 0.8, 0.02);
    EXPECT_EQ(file.integer_attribute("/", "variants_used"), static_cast<std::int64_t>(variants));
    EXPECT_EQ(file.integer_attribute("/", "pairs_compared"), people * (people - 1) / 2);
}

TEST_F(KinshipStage, CountsEqualTheObviousOnes) {
    const H5File file =
        H5File::open(run("k", {.kinship_min = -10, .minor_allele_frequency_min = 0}));
    const TableData table = file.read("pairs");
    ASSERT_EQ(table.rows(), people * (people - 1) / 2);
    const test::SmallPart calls = part();
    for (const std::size_t k : {std::size_t{0}, std::size_t{500}, table.rows() - 1}) {
        const auto index = [&](const char* name) {
            return std::stoul(table.column<std::string>(name)[k].substr(1));
        };
        std::uint32_t both = 0, het_1 = 0, het_2 = 0, het_het = 0, ibs0 = 0;
        for (std::size_t v = 0; v < variants; ++v) {
            const int a = packed_get(calls.rows[v], index("sample_1"));
            const int b = packed_get(calls.rows[v], index("sample_2"));
            if (a == missing || b == missing) continue;
            ++both, het_1 += a == het, het_2 += b == het, het_het += a == het && b == het;
            ibs0 += std::abs(a - b) == 2;
        }
        EXPECT_EQ(table.column<std::uint32_t>("variants")[k], both);
        EXPECT_EQ(table.column<std::uint32_t>("het_1")[k], het_1);
        EXPECT_EQ(table.column<std::uint32_t>("het_2")[k], het_2);
        EXPECT_EQ(table.column<std::uint32_t>("het_het")[k], het_het);
        EXPECT_EQ(table.column<std::uint32_t>("ibs0")[k], ibs0);
        EXPECT_DOUBLE_EQ(table.column<double>("kinship")[k],
                         0.5 - (het_1 + het_2 - 2.0 * het_het + 4.0 * ibs0) /
                                   (4.0 * std::min(het_1, het_2)));
    }
}

TEST_F(KinshipStage, QualityAndPruningLeaveOut) {
    TableData samples(
        {.name = "samples",
         .row = "sample",
         .doc = "",
         .columns = {{"sample_id", ColumnType::text, "", ""}, {"pass", ColumnType::u8, "", ""}}});
    samples.column<std::string>("sample_id") = store_.samples.id;
    samples.column<std::uint8_t>("pass").assign(people, 1);
    samples.column<std::uint8_t>("pass")[twin] = 0;
    const auto marks = [&](const char* name, std::size_t every) {
        TableData table({.name = "variants",
                         .row = "variant",
                         .doc = "",
                         .columns = {{name, ColumnType::u8, "", ""}}});
        for (std::size_t v = 0; v < variants + on_x; ++v)
            table.column<std::uint8_t>(name).push_back(v % every == 0 ? 0 : 1);
        return table;
    };
    H5File quality = H5File::create(folder_ / "quality.h5");
    quality.write(marks("pass", 3));
    quality.write(samples);
    quality.close();
    H5File ld = H5File::create(folder_ / "ld.h5");
    ld.write(marks("kept", 2));
    ld.close();
    const auto path = run("k",
                          {.kinship_min = 0.177,
                           .minor_allele_frequency_min = 0,
                           .family_degree = 0,
                           .unrelated_degree = 0},
                          {{"quality", {folder_ / "quality.h5"}}, {"ld", {folder_ / "ld.h5"}}});
    const H5File file = H5File::open(path);
    EXPECT_EQ(file.integer_attribute("/", "variants_used"), 2000);
    const TableData rows = file.read("samples");
    EXPECT_EQ(rows.column<std::uint8_t>("compared")[twin], 0);
    EXPECT_EQ(rows.column<std::uint8_t>("unrelated")[twin], 0);
    for (const auto& [who, relation] : relations(path))
        EXPECT_TRUE(who.first != "s42" && who.second != "s42");
    const auto thinned = run("t", {.minor_allele_frequency_min = 0, .variants_max = 700});
    EXPECT_EQ(H5File::open(thinned).integer_attribute("/", "variants_used"), 700);
    EXPECT_EQ(H5File::open(thinned).integer_attribute("/", "variants_eligible"), 6000);
}

TEST_F(KinshipStage, ResultsOfAnotherStoreAreRefused) {
    H5File ld = H5File::create(folder_ / "ld.h5");
    TableData table({.name = "variants",
                     .row = "variant",
                     .doc = "",
                     .columns = {{"kept", ColumnType::u8, "", ""}}});
    table.column<std::uint8_t>("kept").assign(5, 1);
    ld.write(table);
    ld.close();
    EXPECT_THROW(run("k", {}, {{"ld", {folder_ / "ld.h5"}}}), DataError);
}

TEST_F(KinshipStage, DeclaredRelativesAreCompared) {
    std::ofstream(folder_ / "sheet.tsv") << "sample_id\tsex\tfather_id\tmother_id\n"
                                            "s40\t2\ts0\ts1\n"
                                            "s41\t2\ts0\ts1\n"
                                            "s43\t0\ts7\ts2\n" // the mother is another one
                                            "s20\t0\ts0\t0\n"  // not a child of 0
                                            "elsewhere\t1\ts0\ts1\n";
    const auto path =
        run("k", {.kinship_min = 0.0884}, {{"sample_sheet", {folder_ / "sheet.tsv"}}});
    const TableData table = H5File::open(path).read("pedigree_checks");
    std::set<std::string> rows;
    for (std::size_t k = 0; k < table.rows(); ++k)
        rows.insert(table.column<std::string>("sample_1")[k] + " " +
                    table.column<std::string>("sample_2")[k] + " " +
                    table.column<std::string>("declared")[k] + " " +
                    table.column<std::string>("found")[k] + " " +
                    std::to_string(table.column<std::uint8_t>("agrees")[k]));
    const std::set<std::string> some{
        "s0 s40 parent_child parent_child 1",      "s1 s41 parent_child parent_child 1",
        "s40 s41 full_siblings full_siblings 1",   "s7 s43 parent_child parent_child 1",
        "s2 s43 parent_child below_kinship_min 0", "s0 s20 parent_child below_kinship_min 0",
        "s20 s40 siblings below_kinship_min 0",    "s40 s43 none parent_child 0",
        "s9 s44 none duplicate_or_twin 0"};
    for (const std::string& row : some)
        EXPECT_TRUE(rows.contains(row)) << row;
    std::ofstream(folder_ / "own.tsv") << "sample_id\tfather_id\ns3\ts3\n";
    EXPECT_THROW(run("o", {}, {{"sample_sheet", {folder_ / "own.tsv"}}}), DataError);
}

TEST_F(KinshipStage, SameBytesForAnyThreads) {
    set_threads(1);
    const std::string one = sha256_file(run("one"));
    set_threads(2);
    EXPECT_EQ(sha256_file(run("two")), one);
}

TEST(KinshipDeclaration, ACutOffThatHidesRelativesIsAProblem) {
    const Stage stage = kinship_stage();
    const KinshipParams params{.kinship_min = 0.1};
    Workload sizes;
    std::vector<Problem> problems;
    stage.examine(&params, {}, sizes, problems);
    EXPECT_EQ(problems.size(), 1u);
    const KinshipParams standard;
    problems.clear();
    stage.examine(&standard, {}, sizes, problems);
    EXPECT_TRUE(problems.empty());
    EXPECT_GT(stage.needs(&standard, {.samples = 1e6, .variants = 1e9}).scratch_bytes, 1e10);
}

} // namespace
} // namespace salus
