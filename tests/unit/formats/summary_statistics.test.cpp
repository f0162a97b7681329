#include "formats/summary_statistics.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "formats/bgzip_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace salus {
namespace {

using ::testing::HasSubstr;

class SummaryStatisticsFile : public ::testing::Test {
protected:
    std::filesystem::path write(std::string_view name, std::string_view content) {
        make_folders(folder_);
        const auto path = folder_ / std::string(name);
        write_file_atomically(path, content);
        return path;
    }
    static std::vector<SummaryRow> read(const std::filesystem::path& path,
                                        const std::string& trait = {}) {
        SummaryStatistics file(path, trait);
        std::vector<SummaryRow> rows;
        for (SummaryRow row; file.next(row);)
            rows.push_back(row);
        return rows;
    }
    static std::string error_of(const std::filesystem::path& path) {
        try {
            read(path);
        } catch (const DataError& error) {
            return error.what();
        }
        return "no error";
    }
    void TearDown() override { remove_tree(folder_); }

    std::filesystem::path folder_ =
        std::filesystem::temp_directory_path() /
        text("salus_summary_", ::testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(SummaryStatisticsFile, GwasSsfInAnyOrderOfColumns) {
    const auto path = write(
        "a.tsv",
        "rsid\tvariant_id\tchromosome\tbase_pair_location\tother_allele\teffect_allele\tbeta\t"
        "standard_error\teffect_allele_frequency\tp_value\tn\n"
        "#NA\t1_100_A_g\t1\t100\tA\tg\t0.5\t0.1\t0.25\t1e-500\t1000\r\n"
        "rs7\t25_5_C_T\t25\t5\tC\tT\t#NA\t#NA\t#NA\t0\t#NA\n");
    const auto rows = read(path);
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].chromosome, "1");
    EXPECT_EQ(rows[0].position, 100U);
    EXPECT_EQ(rows[0].variant_id, "1_100_A_g");
    EXPECT_EQ(rows[0].effect_allele, "G");
    EXPECT_EQ(rows[0].other_allele, "A");
    EXPECT_EQ(rows[0].beta, 0.5);
    EXPECT_EQ(rows[0].standard_error, 0.1);
    EXPECT_EQ(rows[0].effect_allele_frequency, 0.25);
    EXPECT_EQ(rows[0].neg_log10_p, 500);
    EXPECT_EQ(rows[0].n, 1000);
    EXPECT_TRUE(std::isnan(rows[0].z));
    EXPECT_EQ(rows[1].chromosome_code, 25); // MT in GWAS-SSF
    EXPECT_EQ(rows[1].variant_id, "rs7");
    EXPECT_TRUE(rows[1].p_is_zero);
    EXPECT_TRUE(std::isnan(rows[1].beta) && std::isnan(rows[1].neg_log10_p) &&
                std::isnan(rows[1].n));
}

TEST_F(SummaryStatisticsFile, RegenieGivesOnlyTheAdditiveTest) {
    const auto path = write(
        "a.regenie",
        "##MASKS=<a>\nCHROM GENPOS ID ALLELE0 ALLELE1 A1FREQ N TEST BETA SE CHISQ LOG10P EXTRA\n"
        "23 7 x G GA 0.1 50 ADD -0.2 0.1 4 1.34 NA\n"
        "23 7 x G GA 0.1 50 DOM -0.2 0.1 4 1.34 NA\n"
        "1 9 y G C 0.1 50 ADD NA NA NA NA TEST_FAIL\n");
    SummaryStatistics file(path);
    SummaryRow row;
    ASSERT_TRUE(file.next(row));
    EXPECT_EQ(row.effect_allele, "GA");
    EXPECT_EQ(row.other_allele, "G");
    EXPECT_EQ(row.chromosome_code, 23);
    EXPECT_EQ(row.neg_log10_p, 1.34);
    ASSERT_TRUE(file.next(row));
    EXPECT_EQ(row.variant_id, "y");
    EXPECT_TRUE(std::isnan(row.beta));
    EXPECT_FALSE(file.next(row));
    EXPECT_EQ(file.other_tests(), 1U);
}

TEST_F(SummaryStatisticsFile, Plink2LogisticWithA1AsReference) {
    const auto rows = read(write(
        "a.glm.logistic.hybrid",
        "#CHROM\tPOS\tID\tREF\tALT\tA1\tFIRTH?\tTEST\tOBS_CT\tOR\tLOG(OR)_SE\tZ_STAT\tP\tERRCODE\n"
        "2\t5\tv\tA\tT\tA\tN\tADD\t100\t2\t0.5\t1.386294\t0.1656\t.\n"
        "2\t5\tv\tA\tT\tA\tN\tSEX\t100\t9\t0.5\t1.386294\t0.1656\t.\n"));
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].effect_allele, "A");
    EXPECT_EQ(rows[0].other_allele, "T");
    EXPECT_DOUBLE_EQ(rows[0].beta, std::log(2.0));
    EXPECT_EQ(rows[0].standard_error, 0.5);
    EXPECT_EQ(rows[0].z, 1.386294);
    EXPECT_NEAR(rows[0].neg_log10_p, -std::log10(0.1656), 1e-12);
}

TEST_F(SummaryStatisticsFile, LdscSumstatsBgzipped) {
    make_folders(folder_);
    const auto path = folder_ / "a.sumstats.gz";
    BgzipText out(path);
    out.write("SNP\tA1\tA2\tZ\tN\nrs1\tA\tG\t-1.5\t6702.0\nrs2\t\t\t\t\n");
    out.commit();
    SummaryStatistics file(path);
    EXPECT_FALSE(file.has_positions());
    EXPECT_TRUE(file.has_sample_sizes());
    SummaryRow row;
    ASSERT_TRUE(file.next(row));
    EXPECT_EQ(row.variant_id, "rs1");
    EXPECT_EQ(row.z, -1.5);
    EXPECT_EQ(row.n, 6702);
    ASSERT_TRUE(file.next(row));
    EXPECT_TRUE(row.effect_allele.empty() && std::isnan(row.z));
    EXPECT_FALSE(file.next(row));
}

TEST_F(SummaryStatisticsFile, MetadataBesideTellsTheBuild) {
    const auto path = write("a.tsv", "chromosome\tbase_pair_location\teffect_allele\tother_allele\t"
                                     "beta\tstandard_error\n");
    EXPECT_EQ(SummaryStatistics(path).genome_build(), "");
    write("a.tsv-meta.yaml", "file_type: GWAS-SSF v1.0\ngenome_assembly: \"GRCh38\"\n");
    EXPECT_EQ(SummaryStatistics(path).genome_build(), "GRCh38");
}

TEST_F(SummaryStatisticsFile, ReadsHdf5OfTheAssociation) {
    make_folders(folder_);
    const auto path = folder_ / "a.h5";
    {
        H5File file = H5File::create(path);
        file.attribute("/", "genome_build", std::string_view("GRCh37"));
        using enum ColumnType;
        TableData variants(TableSpec{.name = "variants",
                                     .row = "variant",
                                     .doc = "d",
                                     .columns = {{"chromosome", ColumnType::text, "", "d"},
                                                 {"base_pair_location", u32, "", "d"},
                                                 {"variant_id", ColumnType::text, "", "d"},
                                                 {"other_allele", ColumnType::text, "", "d"},
                                                 {"effect_allele", ColumnType::text, "", "d"}}});
        variants.column<std::string>("chromosome") = {"chr1"};
        variants.column<std::uint32_t>("base_pair_location") = {8};
        variants.column<std::string>("variant_id") = {"v"};
        variants.column<std::string>("other_allele") = {"A"};
        variants.column<std::string>("effect_allele") = {"C"};
        file.write(variants);
        for (const char* name : {"ldl", "hdl"}) {
            TableData statistics(TableSpec{.name = salus::text("traits/", name),
                                           .row = "variant",
                                           .doc = "d",
                                           .columns = {{"n", u32, "", "d"},
                                                       {"beta", f64, "", "d"},
                                                       {"standard_error", f64, "", "d"},
                                                       {"neg_log10_p", f64, "", "d"}}});
            statistics.column<std::uint32_t>("n") = {77};
            statistics.column<double>("beta") = {name[0] == 'l' ? 1.5 : 2.5};
            statistics.column<double>("standard_error") = {0.5};
            statistics.column<double>("neg_log10_p") = {400};
            file.write(statistics);
        }
        file.close();
    }
    const auto rows = read(path, "hdl");
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].beta, 2.5);
    EXPECT_EQ(rows[0].n, 77);
    EXPECT_EQ(rows[0].chromosome_code, 1);
    EXPECT_EQ(rows[0].neg_log10_p, 400);
    EXPECT_TRUE(std::isnan(rows[0].effect_allele_frequency));
    EXPECT_FALSE(SummaryStatistics(path, "ldl").has_frequencies());
    EXPECT_EQ(SummaryStatistics(path, "ldl").genome_build(), "GRCh37");
    EXPECT_THAT(error_of(path), HasSubstr("2 traits: hdl, ldl"));
    EXPECT_THROW(read(path, "lld"), DataError);
}

TEST_F(SummaryStatisticsFile, SaysWhatIsWrongAndWhere) {
    const std::string head = "chromosome\tbase_pair_location\teffect_allele\tother_allele\tbeta\t"
                             "standard_error\teffect_allele_frequency\tp_value\n";
    const std::string good = "1\t5\tA\tC\t0.1\t0.2\t0.5\t0.1\n";
    EXPECT_THAT(error_of(write("a", "")), HasSubstr("no header line"));
    EXPECT_THAT(error_of(write("b", "SNP\tA1\tZ\nrs1\tA\t1\n")),
                HasSubstr("no column tells the other allele"));
    EXPECT_THAT(error_of(write("c", "SNP\tA1\tA2\tbeta\n")), HasSubstr("how sure it is"));
    EXPECT_THAT(error_of(write("d", head + good + "1\t5\tA\tC\tx\t0.2\t0.5\t0.1\n")),
                HasSubstr("d, line 3, column beta"));
    EXPECT_THAT(error_of(write("e", head + "1\t5\tA\tC\t0.1\t0.2\t1.5\t0.1\n")),
                HasSubstr("line 2, column effect_allele_frequency"));
    EXPECT_THAT(error_of(write("f", head + "1\t5\tA\tC\t0.1\t0.2\t0.5\t1.1\n")),
                HasSubstr("no p-value"));
    EXPECT_THAT(error_of(write("g", head + "1\t5.5\tA\tC\t0.1\t0.2\t0.5\t0.1\n")),
                HasSubstr("no whole number"));
    EXPECT_THAT(error_of(write("h", head + good + "1\t5\tA")), HasSubstr("line 3"));
    EXPECT_EQ(error_of(write("i", head + good)), "no error");
    EXPECT_THROW(SummaryStatistics(folder_ / "i", "trait"), DataError);
}

TEST(PrintedP, KeepsSmallOnes) {
    EXPECT_EQ(neg_log10_of_printed("1"), 0);
    EXPECT_NEAR(*neg_log10_of_printed("2.5E-1234"), 1234 - std::log10(2.5), 1e-12);
    EXPECT_EQ(neg_log10_of_printed("1e+00"), 0);
    EXPECT_TRUE(std::isinf(*neg_log10_of_printed("0.0")));
    for (const char* bad : {"1.5", "-0.1", "x", "1e", "1e-x", ""})
        EXPECT_FALSE(neg_log10_of_printed(bad)) << bad;
}

TEST(ChromosomeCode, NamesOfAllProducers) {
    EXPECT_EQ(chromosome_code("chr7"), 7);
    EXPECT_EQ(chromosome_code("X"), 23);
    EXPECT_EQ(chromosome_code("25"), 23);
    EXPECT_EQ(chromosome_code("25", true), 25);
    EXPECT_EQ(chromosome_code("chrM"), 25);
    EXPECT_EQ(chromosome_name(25), "MT");
    for (const char* other : {"", "0", "27", "GL000219.1", "chr1_random"})
        EXPECT_FALSE(chromosome_code(other)) << other;
}

} // namespace
} // namespace salus
