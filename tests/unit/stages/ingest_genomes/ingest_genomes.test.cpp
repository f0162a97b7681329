#include "stages/ingest_genomes/ingest_genomes.hpp"

#include "base/error.hpp"
#include "base/random.hpp"
#include "genotype/sample_depths.hpp"
#include "stages/ingest_genomes/unit_reader.hpp"
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
             std::filesystem::path sheet = {}, Inputs more = {}) {
        RunContext::Setup setup{.comm = {},
                                .log = Log("ingest_genomes", 0, LogLevel::error),
                                .stage = "ingest_genomes"};
        std::filesystem::remove_all(folder_.path() / "out");
        setup.work = folder_.path() / "out/work";
        setup.fingerprint = "test";
        setup.outputs["genotypes"] = store();
        setup.inputs = std::move(more);
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
    /// All variants of the store: "1:100 A>C 012".
    std::vector<std::string> stored() const {
        const auto genotypes = open_genotypes(store());
        const VariantRange all{0, genotypes->variant_count()};
        VariantBlock block;
        genotypes->read(all, block);
        const auto variants = genotypes->variants(all);
        std::vector<std::string> lines;
        for (std::size_t v = 0; v < variants.size(); ++v)
            lines.push_back(variants[v].chromosome + ":" + std::to_string(variants[v].position) +
                            " " + variants[v].ref + ">" + variants[v].alt + " " +
                            test::calls_text(block, v));
        return lines;
    }
    std::int64_t fact(const std::string& name) const {
        return H5File::open(store() / "index.h5")
            .integer_attribute("/", "ingest_" + name)
            .value_or(-1);
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

TEST_F(IngestGenomesTest, ListsSayWhatIsKept) {
    const auto one =
        vcf("l.vcf.gz", 4,
            "1 5 rs1 A C . . . GT 0/0 0/1 1/1 ./.\n1 6 rs2 A C,G . . . GT 1/2 0/1 0/0 0/0\n"
            "1 9 rs3 A C . . . GT 0/0 0/1 1/1 0/0\n2 5 rs4 A C . . . GT 1/1 0/1 0/0 0/1\n");
    const auto file = [&](const char* name, const char* text) { return folder_.write(name, text); };
    run({one}, {}, file("sheet.tsv", "sample_id\tsex\nnew\t1\nS3\t2\n"),
        {{"sample_list", {file("samples.txt", "S3\nS1\nnobody\n")}},
         {"sample_names", {file("names.txt", "S1,new\nS0,unused\n")}},
         {"region_list", {file("r.bed", "1\t4\t6\n2\t0\t100\n")}},
         {"variant_list", {file("v.txt", "rs1\nrs2\nrs3\nrs4\nrs5\n")}},
         {"variant_exclusions", {file("x.txt", "1:6:A:G\n1:7:A:G\n")}}});
    const auto genotypes = open_genotypes(store());
    EXPECT_THAT(genotypes->samples().id, testing::ElementsAre("new", "S3"));
    EXPECT_THAT(genotypes->samples().sex, testing::ElementsAre(Sex::male, Sex::female));
    EXPECT_THAT(stored(), testing::ElementsAre("1:5 A>C 1.", "1:6 A>C 10", "2:5 A>C 11"));
    EXPECT_EQ(fact("variants"), 3);
    EXPECT_EQ(fact("variants_left_out_by_list"), 1);
    EXPECT_EQ(fact("sites_outside_regions"), 1);
    EXPECT_EQ(fact("samples_left_out"), 2);
    EXPECT_EQ(fact("sample_list_not_found"), 1);
    EXPECT_EQ(fact("sample_names_not_found"), 1);
    EXPECT_EQ(fact("variant_list_not_found"), 2);
    EXPECT_EQ(fact("variant_exclusions_not_found"), 1);
    const auto refusal = [&](Inputs more) {
        try {
            run({one}, {}, {}, std::move(more));
        } catch (const DataError& error) {
            return std::string(error.what());
        }
        return std::string("no error");
    };
    EXPECT_THAT(refusal({{"sample_list", {file("s.txt", "nobody\n")}}}), HasSubstr("no sample"));
    EXPECT_THAT(refusal({{"sample_names", {file("n.txt", "S0,S1\n")}}}), HasSubstr("comes twice"));
    EXPECT_THAT(refusal({{"variant_list", {file("w.txt", "rs9\n")}}}), HasSubstr("no variants"));
}

/// The header declares AD.
std::string with_depths(std::size_t samples, std::string body) {
    std::string text = test::vcf_text(samples, std::move(body));
    return text.insert(text.find("##FORMAT"),
                       "##FORMAT=<ID=AD,Number=R,Type=Integer,Description=\"reads\">\n");
}

TEST_F(IngestGenomesTest, AlleleDepthsFollowSamplesAndVariants) {
    using testing::ElementsAre;
    const auto path = folder_.write(
        "d.vcf", with_depths(4, "1 2 rs1 A C . . . GT:AD 0/1:1,9 0/1:20,10 0/0:9,9 0/1:9,3\n"
                                "1 3 rs2 G T . . . GT:AD 0/1:1,8 0/1:6,4 0/1:7,8 0/1:9,1\n"
                                "1 4 rs3 G T . . . GT:AD 0/1:1,8 0/1:5,5 0/1:7,7 0/1:9,9\n"));
    run({path}, {.allele_depths = true});
    auto depths = read_sample_depths(store(), 4);
    ASSERT_TRUE(depths);
    EXPECT_THAT(depths->het_calls, ElementsAre(3, 3, 2, 3));
    EXPECT_THAT(depths->alt_depth, ElementsAre(25, 19, 15, 13));
    EXPECT_THAT(depths->total_depth, ElementsAre(28, 50, 29, 40));
    EXPECT_THAT(depths->unbalanced_calls, ElementsAre(3, 0, 0, 1));
    run({path}); // not asked for
    EXPECT_FALSE(has_sample_depths(store()));
    EXPECT_FALSE(read_sample_depths(path, 4)); // not a store at all

    const auto file = [&](const char* name, const char* text) { return folder_.write(name, text); };
    run({path}, {.allele_depths = true}, {},
        {{"sample_list", {file("samples.txt", "S3\nS1\n")}},
         {"variant_exclusions", {file("x.txt", "rs3\n")}}});
    depths = read_sample_depths(store(), 2);
    ASSERT_TRUE(depths);
    EXPECT_THAT(depths->het_calls, ElementsAre(2, 2));
    EXPECT_THAT(depths->alt_depth, ElementsAre(14, 4));
    EXPECT_THAT(depths->total_depth, ElementsAre(40, 22));
    EXPECT_THAT(depths->unbalanced_calls, ElementsAre(0, 1));

    // rs1 keeps its alleles, those of rs2 change places, rs3 is not in the reference at all.
    file("g.fa", ">1\nCATA\n");
    file("g.fa.fai", "1\t4\t3\t4\t5\n");
    run({path}, {.on_reference_mismatch = "swap", .allele_depths = true}, {},
        {{"reference", {folder_.path() / "g.fa"}}});
    EXPECT_THAT(stored(), ElementsAre("1:2 A>C 1101", "1:3 T>G 1111"));
    depths = read_sample_depths(store(), 4);
    ASSERT_TRUE(depths);
    EXPECT_THAT(depths->alt_depth, ElementsAre(9 + 1, 10 + 6, 7, 3 + 9));
    EXPECT_THAT(depths->total_depth, ElementsAre(19, 40, 15, 22));

    EXPECT_THAT(
        error_of({vcf("p.vcf.gz", 2, "1 2 . A C . . . GT 0/1 0/0\n")}, {.allele_depths = true}),
        HasSubstr("AD is not declared"));
}

TEST_F(IngestGenomesTest, MalesAreMalesUnderNewNames) {
    const auto one = vcf("m.vcf.gz", 3, "X 90000000 . A C . . . GT 0/1 0/1 0/1\n");
    run({one}, {}, folder_.write("sheet.tsv", "sample_id\tsex\nnew\t1\nS2\t2\n"),
        {{"sample_list", {folder_.write("samples.txt", "S1\nS2\n")}},
         {"sample_names", {folder_.write("names.txt", "S1,new\n")}}});
    EXPECT_THAT(stored(), testing::ElementsAre("X:90000000 A>C .1"));
}

TEST_F(IngestGenomesTest, NormalisedUnitsGiveEachVariantOnceAndSorted) {
    // Long runs of one base: indels move far, over the ends of ranges.
    std::string sequence;
    Rng rng(7, "genome", 0);
    while (sequence.size() < 60'000)
        sequence += std::string(1 + rng.below(120), "ACGT"[rng.below(4)]);
    folder_.write("g.fa", ">1\n" + sequence + "\n");
    const std::string length = std::to_string(sequence.size());
    folder_.write("g.fa.fai", "1\t" + length + "\t3\t" + length + "\t" +
                                  std::to_string(sequence.size() + 1) + "\n");
    std::string body;
    for (std::size_t at = 1; at + 20 < sequence.size(); at += 1 + rng.below(9)) {
        const char base = sequence[at - 1];
        body += "1 " + std::to_string(at) + " . ";
        if (rng.below(3) == 0)
            body += std::string(1, base) + " " + std::string(1, base == 'A' ? 'C' : 'A');
        else if (rng.below(2) == 0)
            body += std::string(1, base) + " " + std::string(2 + rng.below(3), base);
        else
            body += sequence.substr(at - 1, 2 + rng.below(12)) + " " + std::string(1, base);
        body += " . . . GT";
        for (int i = 0; i < 40; ++i)
            body += rng.bernoulli(0.3) ? " 0/1" : rng.bernoulli(0.1) ? " 1/1" : " 0/0";
        body += "\n";
    }
    const Inputs reference{{"reference", {folder_.path() / "g.fa"}}};
    const auto path = vcf("n.vcf.gz", 40, body);
    run({path}, {.normalize_window = 900}, {}, reference); // no index: one unit
    const auto whole = stored();
    const auto normalized = fact("variants_normalised");
    EXPECT_GT(normalized, 1000);
    ASSERT_TRUE(test::index_vcf(path, 14));
    GenotypeCohort cohort = open_cohort(
        {.normalize_window = 900}, {.genotypes = {path}, .reference = folder_.path() / "g.fa"});
    // Ranges far smaller than the stage cuts them, some shorter than the window.
    cohort.units.clear();
    for (const FileRange range : cohort.files[0]->ranges(1, {}))
        cohort.units.push_back({0, range});
    ASSERT_GT(cohort.units.size(), 3U);
    std::vector<std::string> joined;
    ReadCounters total;
    for (std::size_t unit = 0; unit < cohort.units.size(); ++unit) {
        UnitReader reader(cohort, unit);
        GenotypeRecord record;
        while (reader.next(record))
            joined.push_back("1:" + std::to_string(record.variants[0].position) + " " +
                             record.variants[0].ref + ">" + record.variants[0].alt + " " +
                             test::calls_text(record.row(0), 40));
        total += reader.counters();
    }
    EXPECT_EQ(joined, whole);
    EXPECT_EQ(total.variants, whole.size());
    EXPECT_EQ(total.records, static_cast<std::uint64_t>(fact("records")));
    EXPECT_EQ(total.normalized, static_cast<std::uint64_t>(normalized));
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
