#include "stages/ingest_genomes/ingest_genomes.hpp"

#include "base/error.hpp"
#include "base/random.hpp"
#include "stages/ingest_genomes/cohort.hpp"
#include "support/variant_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace salus {
namespace {

using testing::HasSubstr;

std::string body(const char* chromosome, int records, std::size_t samples) {
    std::string out;
    Rng rng(3, chromosome, 0);
    for (int r = 0; r < records; ++r) {
        out += std::string(chromosome) + " " + std::to_string(20'000 * (r + 1)) + " . A C" +
               (r % 50 == 7 ? ",G" : "") + " . PASS AF=0.1" + (r % 50 == 7 ? ",0.2" : "") + " GT";
        for (std::size_t i = 0; i < samples; ++i)
            out += rng.bernoulli(0.2) ? " 0/1" : " 0/0";
        out += "\n";
    }
    return out;
}

class IngestGenomesTest : public testing::Test {
protected:
    void run(std::vector<std::filesystem::path> files, IngestGenomesParams params = {},
             std::filesystem::path sheet = {}) {
        RunContext::Setup setup{.comm = {},
                                .log = Log("ingest_genomes", 0, LogLevel::error),
                                .stage = "ingest_genomes"};
        std::filesystem::remove_all(folder_.path() / "out");
        setup.work = folder_.path() / "out/work";
        setup.fingerprint = "test";
        setup.outputs["genotypes"] = store();
        setup.inputs["genotypes"] = std::move(files);
        if (!sheet.empty()) setup.inputs["sample_sheet"] = {sheet};
        RunContext context(setup);
        run_ingest_genomes(params, context);
    }
    std::string error_of(std::vector<std::filesystem::path> files, IngestGenomesParams params = {},
                         std::filesystem::path sheet = {}) {
        try {
            run(std::move(files), std::move(params), std::move(sheet));
        } catch (const Error& error) {
            EXPECT_FALSE(std::filesystem::exists(store()));
            return error.what();
        }
        return "no error";
    }
    std::filesystem::path store() const { return folder_.path() / "out/genotypes.store"; }
    std::filesystem::path vcf(std::string_view name, std::size_t samples, std::string text) {
        return folder_.write(name, test::bgzf(test::vcf_text(samples, std::move(text)), 3000));
    }
    test::ScratchFolder folder_{"ingest"};
};

TEST_F(IngestGenomesTest, SeveralFilesBecomeOneStore) {
    const auto one = vcf("1.vcf.gz", 6, body("1", 300, 6)),
               two = vcf("2.vcf.gz", 6, body("2", 200, 6));
    const auto sheet = folder_.write("s.tsv", "sample_id\tsex\nS1\t2\nS0\t1\nnobody\t1\n");
    run({one, two}, {.info = {"AF"}}, sheet);
    const auto genotypes = open_genotypes(store());
    EXPECT_EQ(genotypes->variant_count(), 510U);
    EXPECT_EQ(genotypes->genome_build(), "GRCh38");
    EXPECT_EQ(genotypes->samples().sex[0], Sex::male);
    EXPECT_EQ(genotypes->samples().sex[1], Sex::female);
    EXPECT_EQ(genotypes->samples().sex[2], Sex::unknown);
    std::vector<std::string> expected = test::read_all(one, {.info = {"AF"}});
    for (const std::string& line : test::read_all(two, {.info = {"AF"}}))
        expected.push_back(line);
    VariantBlock block;
    genotypes->read({0, 510}, block);
    const auto variants = genotypes->variants({0, 510});
    for (std::size_t v = 0; v < 510; ++v) {
        EXPECT_EQ(variants[v].chromosome + ":" + std::to_string(variants[v].position) + "  " +
                      variants[v].ref + ">" + variants[v].alt + " PASS " +
                      test::calls_text(block, v) + " " + variants[v].info[0],
                  expected[v]);
    }
    const H5File index = H5File::open(store() / "index.h5");
    EXPECT_EQ(index.integer_attribute("/", "ingest_records"), 500);
    EXPECT_EQ(index.integer_attribute("/", "ingest_sites_split"), 10);
    EXPECT_EQ(index.integer_attribute("/", "complete"), 1);
}

TEST_F(IngestGenomesTest, RegionsLeaveEmptyUnits) {
    const auto one = vcf("1.vcf.gz", 6, body("1", 300, 6)),
               two = vcf("2.vcf.gz", 6, body("2", 200, 6));
    run({one, two}, {.regions = {"2:1-100000"}});
    EXPECT_EQ(open_genotypes(store())->variant_count(), 5U);
    EXPECT_THAT(error_of({one, two}, {.regions = {"3"}}), HasSubstr("no variants"));
    EXPECT_THAT(error_of({one}, {.keep_filter = {"q10"}}), HasSubstr("another FILTER"));
}

TEST_F(IngestGenomesTest, FilesThatDoNotFitTogether) {
    const auto one = vcf("1.vcf.gz", 6, body("1", 30, 6)),
               two = vcf("2.vcf.gz", 5, body("2", 20, 5)),
               three = vcf("3.vcf.gz", 6, body("2", 20, 6));
    EXPECT_THAT(error_of({one, two}),
                HasSubstr("different samples: 6 and 5, different from sample 6 on"));
    EXPECT_THAT(error_of({one, one}), HasSubstr("given twice"));
    const auto again = vcf("1b.vcf.gz", 6, body("1", 30, 6));
    EXPECT_THAT(error_of({one, again}), HasSubstr("not sorted"));
    EXPECT_THAT(error_of({one, three, again}), HasSubstr("comes back"));
    const auto absent = folder_.path() / "absent.vcf.gz";
    const std::string all =
        error_of({absent, two, one}, {.info = {"AF"}}, folder_.path() / "absent.tsv");
    EXPECT_THAT(all, HasSubstr("absent.vcf.gz")); // all problems at once
    EXPECT_THAT(all, HasSubstr("different samples"));
    EXPECT_THAT(all, HasSubstr("absent.tsv"));
}

TEST_F(IngestGenomesTest, EmptyCohorts) {
    EXPECT_THAT(error_of({vcf("e.vcf.gz", 3, "")}), HasSubstr("no variants"));
    folder_.write("n.fam", "");
    folder_.write("n.bim", "");
    EXPECT_THAT(error_of({folder_.write("n.bed", "\x6c\x1b\x01")}), HasSubstr("n.fam"));
}

TEST_F(IngestGenomesTest, SkippedRecordsAreCounted) {
    const auto bad =
        vcf("b.vcf.gz", 2, "1 5 . A C . . . GT 0/0 0/1\n1 6 . A C . . . GT 0/0/0 0/1\n");
    EXPECT_THAT(error_of({bad}), HasSubstr("more than two alleles"));
    run({bad}, {.on_bad_record = "skip"});
    EXPECT_EQ(H5File::open(store() / "index.h5").integer_attribute("/", "ingest_records_skipped"),
              1);
}

TEST_F(IngestGenomesTest, ExamineReportsSizes) {
    const auto one = vcf("1.vcf.gz", 6, body("1", 300, 6));
    ASSERT_TRUE(test::index_vcf(one, 0));
    Workload sizes;
    std::vector<Problem> problems;
    const IngestGenomesParams params;
    ingest_genomes_stage().examine(&params, {{"genotypes", {one}}}, sizes, problems);
    EXPECT_TRUE(problems.empty());
    EXPECT_EQ(sizes.samples, 6);
    EXPECT_EQ(sizes.variants, 300);
    EXPECT_GT(sizes.input_bytes, 1000);
    ingest_genomes_stage().examine(&params, {{"genotypes", {one / "x", folder_.path()}}}, sizes,
                                   problems);
    EXPECT_EQ(problems.size(), 2U);
}

TEST(UnitBytes, Limits) {
    EXPECT_EQ(unit_bytes(0), 262'144U);
    EXPECT_EQ(unit_bytes(std::uint64_t{1} << 30), 8U << 20);
    EXPECT_EQ(unit_bytes(std::uint64_t{1} << 40), std::uint64_t{1} << 26);
}

} // namespace
} // namespace salus
