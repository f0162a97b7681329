#include "app/commands.hpp"
#include "app/export_plan.hpp"
#include "app/table_text.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "unit/schema/two_stages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace salus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

TableData variants() {
    TableData table({.name = "variants",
                     .row = "variant",
                     .doc = "Tested variants.",
                     .columns = {{"chromosome", ColumnType::text, "", "Chromosome."},
                                 {"base_pair_location", ColumnType::u32, "bp", "Position."},
                                 {"variant_id", ColumnType::text, "", "Name."},
                                 {"other_allele", ColumnType::text, "", "REF."},
                                 {"effect_allele", ColumnType::text, "", "ALT."}}});
    table.column<std::string>("chromosome") = {"chr1", "chr1", "chrX"};
    table.column<std::uint32_t>("base_pair_location") = {100, 200, 50};
    table.column<std::string>("variant_id") = {"rs7", "", "rs9"};
    table.column<std::string>("other_allele") = {"A", "C", "G"};
    table.column<std::string>("effect_allele") = {"T", "G", "GA"};
    return table;
}

TableData statistics() {
    TableData table(
        {.name = "traits/ldl",
         .row = "variant",
         .doc = "Association with ldl.",
         .columns = {{"effect_allele_frequency", ColumnType::f64, "proportion", "Frequency."},
                     {"n", ColumnType::u32, "samples", "Samples."},
                     {"beta", ColumnType::f64, "per allele", "Effect."},
                     {"standard_error", ColumnType::f64, "per allele", "Error."},
                     {"neg_log10_p", ColumnType::f64, "", "Evidence."}}});
    table.column<double>("effect_allele_frequency") = {0.1, 0.25, 0.5};
    table.column<std::uint32_t>("n") = {990, 1000, 0};
    table.column<double>("beta") = {0.123456789, -2, NAN};
    table.column<double>("standard_error") = {0.1, 0.5, NAN};
    table.column<double>("neg_log10_p") = {0.7, 500.25, NAN};
    return table;
}

class TablesTest : public ::testing::Test {
protected:
    TablesTest() {
        H5File file = H5File::create(folder_ / "a.h5");
        file.write(variants());
        file.write(statistics());
        file.attribute("/", "genome_build", "GRCh38");
        file.attribute("/provenance", "version", "9.9");
        file.close();
    }
    std::string show(const std::string& table = "", std::uint64_t rows = 5) const {
        CommandLine line;
        line.path = folder_ / "a.h5";
        line.inside = table;
        line.rows = rows;
        return show_command(line);
    }
    std::string exported(const std::string& table, const std::string& name,
                         const std::string& format = "tsv") const {
        CommandLine line;
        line.path = folder_ / "a.h5";
        line.inside = table;
        line.output = (folder_ / name).string();
        line.format = format;
        export_command(line);
        return read_text_file(folder_ / name);
    }
    test::TestFolder folder_;
};

TEST_F(TablesTest, ShowTellsColumnsUnitsRowsAndProvenance) {
    EXPECT_THAT(show(), AllOf(HasSubstr("2 tables"),
                              HasSubstr("variants: 3 rows x 5 columns, one per variant"),
                              HasSubstr("base_pair_location  uint32, bp"), HasSubstr("0.123457"),
                              HasSubstr("  version       9.9")));
    EXPECT_THAT(show("variants", 1),
                AllOf(HasSubstr("rs7"), Not(HasSubstr("rs9")), Not(HasSubstr("traits/ldl"))));
}

TEST_F(TablesTest, ShowOfUnknownTableHasNearMiss) {
    try {
        show("variant");
        FAIL();
    } catch (const UsageError& error) {
        EXPECT_THAT(error.what(), HasSubstr("did you mean 'variants'?"));
    }
}

TEST_F(TablesTest, ShowRefusesOtherFilesAndFolders) {
    CommandLine line;
    line.path = folder_.path();
    EXPECT_THROW(show_command(line), DataError);
    test::write_text(folder_ / "x.h5", "not hdf5");
    line.path = folder_ / "x.h5";
    EXPECT_THROW(show_command(line), DataError);
    line.path = folder_ / "none.h5";
    EXPECT_THROW(show_command(line), UsageError);
}

TEST_F(TablesTest, ExportJoinsVariantsAndWritesNumbersThatReadBack) {
    EXPECT_EQ(exported("traits/ldl", "ldl.tsv"),
              "chromosome\tbase_pair_location\tvariant_id\tother_allele\teffect_allele\teffect_"
              "allele_frequency\tn\tbeta\t"
              "standard_error\tneg_log10_p\n"
              "chr1\t100\trs7\tA\tT\t0.1\t990\t0.123456789\t0.1\t0.7\n"
              "chr1\t200\tNA\tC\tG\t0.25\t1000\t-2\t0.5\t500.25\n"
              "chrX\t50\trs9\tG\tGA\t0.5\t0\tNA\tNA\tNA\n");
}

TEST_F(TablesTest, GwasSsfHasItsNamesOrderAndMetadata) {
    EXPECT_EQ(exported("traits/ldl", "ldl.ssf.tsv", "gwas-ssf"),
              "chromosome\tbase_pair_location\teffect_allele\tother_allele\tbeta\tstandard_"
              "error\teffect_allele_frequency\t"
              "neg_log_10_p_value\tvariant_id\trsid\tn\tref_allele\n"
              "1\t100\tT\tA\t0.123456789\t0.1\t0.1\t0.7\t1_100_A_T\trs7\t990\tOA\n"
              "1\t200\tG\tC\t-2\t0.5\t0.25\t500.25\t1_200_C_G\t#NA\t1000\tOA\n");
    EXPECT_THAT(read_text_file(folder_ / "ldl.ssf.tsv-meta.yaml"),
                AllOf(HasSubstr("genome_assembly: \"GRCh38\""), HasSubstr("sample_size: 1000"),
                      HasSubstr("file_type: GWAS-SSF v1.0"),
                      HasSubstr("data_file_name: \"ldl.ssf.tsv\""), HasSubstr("is_sorted: true"),
                      Not(HasSubstr("case_count"))));
}

TEST_F(TablesTest, RegenieHasItsColumns) {
    // R 4.2: qchisq(-0.7 * log(10), 1, lower.tail = FALSE, log.p = TRUE) is 1.6458388639746904,
    // with 500.25 2295.5452068721665: the same to 15 digits
    EXPECT_EQ(exported("traits/ldl", "ldl.regenie", "regenie"),
              "CHROM\tGENPOS\tID\tALLELE0\tALLELE1\tA1FREQ\tN\tTEST\tBETA\tSE\tCHISQ\tLOG10P\t"
              "EXTRA\n"
              "1\t100\trs7\tA\tT\t0.1\t990\tADD\t0.123456789\t0.1\t1.6458388639746897\t0.7\tNA\n"
              "1\t200\tNA\tC\tG\t0.25\t1000\tADD\t-2\t0.5\t2295.5452068721656\t500.25\tNA\n");
    EXPECT_THROW(exported("variants", "v.tsv", "regenie"), UsageError);
}

TEST_F(TablesTest, GwasSsfNeedsAssociationStatistics) {
    EXPECT_THROW(exported("variants", "v.tsv", "gwas-ssf"), UsageError);
}

TEST_F(TablesTest, ZippedExportHasAnIndexAndStableBytes) {
    const std::string first = exported("traits/ldl", "ldl.tsv.gz");
    EXPECT_EQ(first.substr(0, 2), "\x1f\x8b");
    EXPECT_TRUE(std::filesystem::exists(folder_ / "ldl.tsv.gz.tbi"));
    EXPECT_EQ(first, exported("traits/ldl", "again.tsv.gz"));
}

TEST_F(TablesTest, ExportLeavesNothingBehindWhenItFails) {
    EXPECT_THROW(exported("traits/hdl", "x.tsv"), UsageError);
    EXPECT_THROW(exported("traits/ldl", "none/x.tsv"), Error);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "x.tsv"));
}

TEST(ChromosomeNumber, FollowsGwasSsf) {
    EXPECT_EQ(chromosome_number("chr7"), "7");
    EXPECT_EQ(chromosome_number("X"), "23");
    EXPECT_EQ(chromosome_number("chrM"), "25");
    EXPECT_EQ(plink_chromosome_number("chrM"), "26");
    EXPECT_EQ(plink_chromosome_number("chrX"), "23");
    EXPECT_EQ(plink_chromosome_number("chr9"), "9");
}

TEST(DataFrame, WrapsColumnsAndCutsLongText) {
    TableData table(
        {.name = "t",
         .row = "r",
         .doc = "",
         .columns = {{"name", ColumnType::text, "", ""}, {"value", ColumnType::f32, "", ""}}});
    table.column<std::string>("name") = {std::string(40, 'x')};
    table.column<float>("value") = {0.5f};
    EXPECT_EQ(data_frame(table, 7, 100),
              "     name                      value\n  7  xxxxxxxxxxxxxxxxxxxxx...    0.5\n");
    EXPECT_THAT(data_frame(table, 0, 20), HasSubstr("\n\n     value\n  0    0.5\n"));
}

TEST(OutputFolderOf, FolderItselfOrWhatTheJobNames) {
    const test::TestFolder folder;
    EXPECT_EQ(output_folder_of(folder.path()), folder.path());
    test::write_text(folder / "j.toml", "output = 'out/x'\n");
    EXPECT_EQ(output_folder_of(folder / "j.toml"), folder / "out/x");
    test::write_text(folder / "k.toml", "title = 'x'\n");
    EXPECT_THROW(output_folder_of(folder / "k.toml"), UsageError);
}

} // namespace
} // namespace salus
