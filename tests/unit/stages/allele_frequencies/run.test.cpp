#include "stages/allele_frequencies/allele_frequencies.hpp"
#include "stages/allele_frequencies/populations.hpp"

#include "formats/bgzf_reader.hpp"
#include "parallel/parallel_for.hpp"
#include "support/genotype_store.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

namespace salus {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Six samples: females 0 and 1, males 2 and 3, two of unknown sex; each copied ten times.
class AlleleFrequenciesStage : public testing::Test {
protected:
    static constexpr std::size_t copies = 10;

    AlleleFrequenciesStage() {
        folder_ = std::filesystem::path(testing::TempDir()) /
                  (std::string("frequencies-") +
                   testing::UnitTest::GetInstance()->current_test_info()->name());
        std::filesystem::remove_all(folder_);
        constexpr Sex sexes[] = {Sex::female, Sex::female,  Sex::male,
                                 Sex::male,   Sex::unknown, Sex::unknown};
        for (std::size_t i = 0; i < 6 * copies; ++i) {
            store_.samples.id.push_back("s" + std::to_string(i));
            store_.samples.sex.push_back(sexes[i / copies]);
        }
        store_.genome_build = "GRCh38";
        add("1", 1000, "0120.1", "PASS");
        add("X", 20'000'000, "0120.1", "q10;low");
        add("X", 155'800'000, "0120.1", ""); // pseudo-autosomal
        add("Y", 20'000'000, "1120.1", "PASS");
        add("MT", 100, "0220.2", "PASS");
        test::write_small_store(folder_ / "store", store_, {part_});
    }
    ~AlleleFrequenciesStage() override { std::filesystem::remove_all(folder_); }

    void add(const std::string& chromosome, std::uint32_t position, std::string_view calls,
             const std::string& filter) {
        std::string all;
        for (const char call : calls)
            all += std::string(copies, call);
        part_.variants.push_back({.chromosome = chromosome,
                                  .position = position,
                                  .id = "rs" + std::to_string(position),
                                  .ref = "A",
                                  .alt = "C",
                                  .filter = filter});
        part_.rows.push_back(test::packed_row(all));
    }
    RunContext context(const std::string& name, Inputs more) {
        more["genotypes"] = {folder_ / "store"};
        return RunContext({.comm = {},
                           .log = Log("test", 0, LogLevel::error),
                           .stage = "allele_frequencies",
                           .inputs = std::move(more),
                           .outputs = {{"allele_frequencies", folder_ / (name + ".vcf.gz")},
                                       {"index", folder_ / (name + ".vcf.gz.tbi")}},
                           .work = folder_ / (name + "-work"),
                           .fingerprint = "f",
                           .provenance = {}});
    }
    std::vector<std::string> run(const std::string& name, const AlleleFrequenciesParams& params,
                                 Inputs more = {}) {
        RunContext run_context = context(name, std::move(more));
        run_allele_frequencies(params, run_context);
        const auto stream = open_stream(folder_ / (name + ".vcf.gz"), {});
        std::vector<std::string> lines;
        for (std::string_view line; stream->next_line(line);)
            lines.emplace_back(line);
        EXPECT_TRUE(std::filesystem::exists(folder_ / (name + ".vcf.gz.tbi")));
        return lines;
    }
    std::filesystem::path write(const std::string& name, const std::string& content) {
        std::ofstream(folder_ / name) << content;
        return folder_ / name;
    }

    std::filesystem::path folder_;
    StoreDescription store_;
    test::SmallPart part_;
};

std::vector<std::string> rows_of(const std::vector<std::string>& lines) {
    std::vector<std::string> rows;
    for (const std::string& line : lines)
        if (line[0] != '#') rows.push_back(line);
    return rows;
}

TEST_F(AlleleFrequenciesStage, CountsFollowThePloidyOfEveryChromosome) {
    const auto rows = rows_of(run("k", {.minimum_count = 0}));
    ASSERT_EQ(rows.size(), 5u);
    // Calls 0 1 | 2 0 | . 1, ten samples each.
    EXPECT_EQ(rows[0], "1\t1000\trs1000\tA\tC\t.\tPASS\t"
                       "AN=100;AC=40;AF=0.4;AC_Het=20;AC_Hom=20;AC_Hemi=0;"
                       "AN_XX=40;AC_XX=10;AF_XX=0.25;AC_Het_XX=10;AC_Hom_XX=0;AC_Hemi_XX=0;"
                       "AN_XY=40;AC_XY=20;AF_XY=0.5;AC_Het_XY=0;AC_Hom_XY=20;AC_Hemi_XY=0");
    EXPECT_EQ(rows[1], "X\t20000000\trs20000000\tA\tC\t.\tq10;low\t"
                       "AN=80;AC=30;AF=0.375;AC_Het=20;AC_Hom=0;AC_Hemi=10;"
                       "AN_XX=40;AC_XX=10;AF_XX=0.25;AC_Het_XX=10;AC_Hom_XX=0;AC_Hemi_XX=0;"
                       "AN_XY=20;AC_XY=10;AF_XY=0.5;AC_Het_XY=0;AC_Hom_XY=0;AC_Hemi_XY=10");
    EXPECT_THAT(rows[2], HasSubstr("\t.\t.\tAN=100;AC=40;"));
    EXPECT_THAT(
        rows[3],
        HasSubstr("AN=20;AC=10;AF=0.5;AC_Het=0;AC_Hom=0;AC_Hemi=10;AN_XX=0;AC_XX=0;AC_Het_XX"));
    EXPECT_THAT(rows[4], HasSubstr("AN=50;AC=30;AF=0.6;AC_Het=0;AC_Hom=0;AC_Hemi=30;"));
}

TEST_F(AlleleFrequenciesStage, HeaderDeclaresWhatTheRowsHold) {
    const auto lines = run("k", {});
    const std::string header = testing::PrintToString(lines);
    EXPECT_THAT(lines, testing::Contains(HasSubstr("##INFO=<ID=AC_Hemi_XY,Number=A,Type=Integer")));
    EXPECT_THAT(lines, testing::Contains(HasSubstr("##FILTER=<ID=q10,")));
    EXPECT_THAT(lines, testing::Contains(HasSubstr("##FILTER=<ID=low,")));
    EXPECT_THAT(lines, testing::Contains("##contig=<ID=MT,assembly=GRCh38>"));
    EXPECT_THAT(lines, testing::Contains("##salus_minimum_count=5"));
    EXPECT_THAT(lines, testing::Contains(HasSubstr("##salus_population=<ID=XY,Samples=20,")));
}

TEST_F(AlleleFrequenciesStage, GroupsAreCountedAndSmallOnesAreNot) {
    std::string sheet = "sample_id\tgroup\n";
    for (std::size_t i = 0; i < 60; ++i)
        sheet += "s" + std::to_string(i) + "\t" + (i < 30 ? "FI" : i < 57 ? "PT" : "tiny") + "\n";
    const auto rows =
        rows_of(run("k", {.minimum_count = 0}, {{"groups", {write("g.tsv", sheet)}}}));
    EXPECT_THAT(rows[0], HasSubstr(";AN_FI=60;AC_FI=30;AF_FI=0.5;AC_Het_FI=10;AC_Hom_FI=20;"));
    EXPECT_THAT(rows[0], HasSubstr(";AN_PT=34;AC_PT=7;"));
    EXPECT_THAT(rows[0], Not(HasSubstr("tiny")));
    EXPECT_THAT(rows[1],
                HasSubstr(";AN_FI=50;AC_FI=20;AF_FI=0.4;AC_Het_FI=10;AC_Hom_FI=0;AC_Hemi_FI=10"));
    // Three of the ten carriers without a published group could be computed: PT is hidden as well.
    const auto hidden = rows_of(run("h", {.minimum_count = 5}, {{"groups", {folder_ / "g.tsv"}}}));
    EXPECT_THAT(hidden[0], HasSubstr(";HIDDEN=PT"));
    EXPECT_THAT(hidden[0], Not(HasSubstr("AC_PT")));
    EXPECT_THAT(hidden[0], HasSubstr("AC_FI=30"));
}

TEST_F(AlleleFrequenciesStage, AncestryGroupsComeFromTheirResult) {
    TableData table({.name = "samples",
                     .row = "sample",
                     .doc = "",
                     .columns = {{"sample_id", ColumnType::text, "", ""},
                                 {"group", ColumnType::text, "", ""}}});
    for (std::size_t i = 60; i-- > 0;) {
        table.column<std::string>("sample_id").push_back("s" + std::to_string(i));
        table.column<std::string>("group").push_back(i < 30 ? "EUR" : "unassigned");
    }
    H5File file = H5File::create(folder_ / "ancestry.h5");
    file.write(table);
    file.close();
    const auto rows =
        rows_of(run("k", {.minimum_count = 0}, {{"ancestry", {folder_ / "ancestry.h5"}}}));
    EXPECT_THAT(rows[0], HasSubstr(";AN_EUR=60;AC_EUR=30;"));
    EXPECT_THAT(rows[0], Not(HasSubstr("unassigned")));
}

TEST_F(AlleleFrequenciesStage, QualityLeavesOutVariantsAndSamples) {
    const auto table = [](const char* name, std::vector<std::string> id,
                          std::vector<std::uint8_t> pass) {
        TableData t({.name = name,
                     .row = name,
                     .doc = "",
                     .columns = {{"sample_id", ColumnType::text, "", ""},
                                 {"pass", ColumnType::u8, "", ""}}});
        t.column<std::string>("sample_id") = std::move(id);
        t.column<std::uint8_t>("pass") = std::move(pass);
        return t;
    };
    std::vector<std::uint8_t> pass(60, 1);
    std::fill_n(pass.begin() + 20, 10, 0);
    H5File file = H5File::create(folder_ / "quality.h5");
    file.write(table("samples", store_.samples.id, pass));
    file.write(table("variants", {"a", "b", "c", "d", "e"}, {1, 0, 1, 1, 1}));
    file.close();
    const auto rows =
        rows_of(run("k", {.minimum_count = 0}, {{"quality", {folder_ / "quality.h5"}}}));
    ASSERT_EQ(rows.size(), 4u);
    EXPECT_THAT(rows[0], HasSubstr("AN=80;AC=20;"));
    EXPECT_THAT(rows[1], HasSubstr("X\t155800000\t"));
}

TEST_F(AlleleFrequenciesStage, BadGroupsAreRefused) {
    for (const char* content :
         {"sample_id\tgroup\ns1\tA B\n", "sample_id\tgroup\ns1\tXX\n",
          "sample_id\tgroup\ns1\tA\ns1\tB\n", "sample_id\tpopulation\ns1\tA\n"})
        EXPECT_THROW(run("k", {}, {{"groups", {write("g.tsv", content)}}}), DataError) << content;
    const Stage stage = allele_frequencies_stage();
    const AlleleFrequenciesParams params;
    Workload sizes;
    std::vector<Problem> problems;
    stage.examine(&params, {{"groups", {"a"}}, {"ancestry", {"b"}}}, sizes, problems);
    EXPECT_EQ(problems.size(), 1u);
}

} // namespace
} // namespace salus
