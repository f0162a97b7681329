#include "formats/gene_annotations.hpp"

#include "base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace salus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class GeneFiles : public testing::Test {
protected:
    std::filesystem::path write(const std::string& content) {
        const auto path = std::filesystem::temp_directory_path() /
                          ("gene_annotations-" + std::to_string(getpid()) + ".txt");
        std::ofstream(path) << content;
        return path;
    }
    std::vector<std::string> effects(const std::string& content) {
        const auto a = read_gene_annotations(write(content));
        std::vector<std::string> all;
        for (const auto& e : a.effects)
            all.push_back(a.variants[e.variant] + " " + a.genes[e.gene] + " " +
                          a.consequences[e.consequence]);
        return all;
    }
    template <class F>
    std::string error_of(F&& read) {
        try {
            read();
        } catch (const Error& error) {
            return error.what();
        }
        return "no error";
    }
};

TEST_F(GeneFiles, RegenieAnnotations) {
    EXPECT_THAT(effects("rs1 G1 lof\nchr1:5:A:T\tG1 missense\nrs1 G2 lof\nrs1 G1 lof\n"),
                ElementsAre("rs1 G1 lof", "rs1 G2 lof", "1:5:A:T G1 missense"));
    EXPECT_THAT(effects("rs1 G1 domain lof,splice\n"), ElementsAre("rs1 G1 lof", "rs1 G1 splice"));
}

TEST_F(GeneFiles, VepTable) {
    EXPECT_THAT(effects("## VEP\n#Uploaded_variation\tLocation\tAllele\tGene\tConsequence\n"
                        "chr1_7_A/G\t1:7\tG\tE1\tmissense_variant,splice_region_variant\n"
                        "rs2\t1:8\tT\t-\tintergenic_variant\n"),
                ElementsAre("1:7:A:G E1 missense_variant", "1:7:A:G E1 splice_region_variant"));
}

TEST_F(GeneFiles, VcfOfVepAndBcftools) {
    const std::string head = "##fileformat=VCFv4.2\n";
    EXPECT_THAT(
        effects(head +
                "##INFO=<ID=CSQ,Number=.,Type=String,Description=\"x Format: "
                "Allele|Consequence|SYMBOL|Gene\">\n#CHROM\tPOS\n"
                "chr2\t10\t.\tC\tT\t.\t.\tAC=1;CSQ=T|stop_gained&x|S|E,T|intron_variant|S|\n"),
        ElementsAre("2:10:C:T E stop_gained", "2:10:C:T E x", "2:10:C:T S intron_variant"));
    EXPECT_THAT(effects(head + "##INFO=<ID=BCSQ,Number=.>\n"
                               "2\t10\t.\tC\tT\t.\t.\tBCSQ=*missense|G|t|protein_coding,@7\n"),
                ElementsAre("2:10:C:T G missense"));
    EXPECT_THAT(error_of([&] { effects(head + "2\t10\t.\tC\tT\t.\t.\tAC=1\n"); }),
                HasSubstr("neither INFO/CSQ nor INFO/BCSQ"));
    EXPECT_THAT(
        error_of([&] { effects(head + "##INFO=<ID=BCSQ,>\n2\t10\t.\tC\tT,G\t.\t.\tBCSQ=x|G\n"); }),
        HasSubstr("several ALT alleles"));
}

TEST_F(GeneFiles, BadAnnotationsNameTheLine) {
    EXPECT_THAT(error_of([&] { effects("rs1 G1 lof\nrs2 G1\n"); }), HasSubstr("line 2"));
    EXPECT_THAT(error_of([&] { effects("# nothing\n"); }), HasSubstr("empty"));
}

TEST_F(GeneFiles, Sets) {
    const auto sets = read_variant_sets(write("A 1 5 rs1,chr1:5:A:T,\nB X 9 rs2 rs3\n"));
    ASSERT_EQ(sets.size(), 2U);
    EXPECT_THAT(sets[0].variants, ElementsAre("rs1", "1:5:A:T"));
    EXPECT_THAT(sets[1].variants, ElementsAre("rs2", "rs3"));
    EXPECT_THAT(error_of([&] { read_variant_sets(write("A 1 5 rs1\nA 1 5 rs2\n")); }),
                HasSubstr("line 2"));
    EXPECT_THAT(error_of([&] { read_variant_sets(write("A 1 5\n")); }), HasSubstr("3 fields"));
}

TEST_F(GeneFiles, Masks) {
    const auto masks = read_variant_masks(write("M1 lof\nM2 lof,missense\n"));
    ASSERT_EQ(masks.size(), 2U);
    EXPECT_THAT(masks[1].consequences, ElementsAre("lof", "missense"));
    EXPECT_THAT(error_of([&] { read_variant_masks(write("M1 lof missense\n")); }),
                HasSubstr("line 1"));
    const auto parsed = parse_variant_masks({"lof: stop_gained, frameshift_variant"});
    EXPECT_THAT(parsed[0].consequences, ElementsAre("stop_gained", "frameshift_variant"));
    EXPECT_THAT(parse_variant_masks({"m:a b"})[0].consequences, ElementsAre("a", "b"));
    EXPECT_THAT(error_of([] { parse_variant_masks({"lof"}); }), HasSubstr("is not a mask"));
    EXPECT_THAT(error_of([] { parse_variant_masks({"a: b", "a: c"}); }), HasSubstr("twice"));
}

} // namespace
} // namespace salus
