#include "stages/export_genotypes/export_genotypes.hpp"

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/random.hpp"
#include "parallel/parallel_for.hpp"
#include "run/context.hpp"
#include "support/pgen_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace salus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Five samples, males a and d; two chromosomes in two parts.
class ExportGenotypes : public testing::Test {
protected:
    ExportGenotypes() {
        store_ = {
            .samples = {.id = {"a", "b", "c", "d", "e"},
                        .sex = {Sex::male, Sex::female, Sex::unknown, Sex::male, Sex::female}},
            .genome_build = "GRCh38",
            .info = {}};
        add("1", 10, "x", "PASS", "012.1", "00001");
        parts_.back().dosages.back() = {0, 16000, 32768, 20000, dosage_one};
        add("1", 20, "", "q;low", "00000", "00000");
        parts_.emplace_back();
        add("1", 30, "z", "", "11111", "12121");
        add("X", 50'000'000, "y", "PASS", "20.01", "00002");
        parts_.back().dosages.back() = {32768, 1, dosage_missing, 0, dosage_one};
        test::write_small_store(folder_.path() / "store", store_, parts_);
    }
    void add(const char* chromosome, std::uint32_t position, const char* id, const char* filter,
             const char* calls, const char* phase) {
        SmallPart& part = parts_.back();
        part.variants.push_back({.chromosome = chromosome,
                                 .position = position,
                                 .id = id,
                                 .ref = "A",
                                 .alt = "C",
                                 .filter = filter});
        part.rows.push_back(test::packed_row(calls));
        part.phase.push_back(test::packed_row(phase));
        part.dosages.emplace_back();
    }
    std::filesystem::path run(ExportGenotypesParams params, int threads = 1, Inputs more = {}) {
        set_threads(threads);
        const auto name = params.format + std::to_string(++runs_);
        more["genotypes"] = {folder_.path() / "store"};
        const auto files = folder_.path() / name / "files";
        RunContext context({.log = Log("export_genotypes", 0),
                            .stage = "export_genotypes",
                            .threads = threads,
                            .inputs = std::move(more),
                            .outputs = {{"files", files}},
                            .work = folder_.path() / name / "work",
                            .fingerprint = "x"});
        run_export_genotypes(params, context);
        return files;
    }
    /// A quality result that lets these pass.
    std::filesystem::path quality(const std::vector<std::string>& ids,
                                  const std::vector<std::uint8_t>& samples,
                                  const std::vector<std::uint8_t>& variants) {
        const auto path = folder_.path() / ("quality" + std::to_string(++runs_) + ".h5");
        const ColumnSpec mark{"pass", ColumnType::u8, "", "d"};
        TableData of_samples({.name = "samples",
                              .row = "sample",
                              .doc = "d",
                              .columns = {{"sample_id", ColumnType::text, "", "d"}, mark}});
        of_samples.column<std::string>("sample_id") = ids;
        of_samples.column<std::uint8_t>("pass") = samples;
        TableData of_variants(
            {.name = "variants", .row = "variant", .doc = "d", .columns = {mark}});
        of_variants.column<std::uint8_t>("pass") = variants;
        H5File file = H5File::create(path);
        file.write(of_samples);
        file.write(of_variants);
        file.close();
        return path;
    }
    static std::vector<std::string> views(const std::filesystem::path& path) {
        return test::read_views(*open_genotype_file(path), 1 << 20);
    }

    using SmallPart = test::SmallPart;
    StoreDescription store_;
    std::vector<SmallPart> parts_{1};
    test::ScratchFolder folder_{"export"};
    int runs_ = 0;
};

TEST_F(ExportGenotypes, EveryFormatReadsBackTheSame) {
    const std::vector<std::string> everything{"C 012.> 0 16000 32768 20000 16384", "C 00000",
                                              "C ><><>", "C 20.0< 32768 1 . 0 16384"};
    EXPECT_EQ(views(run({.format = "pgen"}) / "genotypes.pgen"), everything);
    // The calls of records with dosages follow from them again: 16,000 is within 0.1 of a copy.
    EXPECT_EQ(views(run({.format = "bcf"}) / "genotypes.bcf"), everything);
    EXPECT_EQ(views(run({.format = "vcf"}) / "genotypes.vcf.gz"), everything);
    EXPECT_THAT(views(run({.format = "bed"}) / "genotypes.bed"),
                ElementsAre("C 012.1", "C 00000", "C 11111", "C 20.01"));
}

TEST_F(ExportGenotypes, SiteColumnsAndPloidy) {
    const auto files = run({.format = "vcf"});
    const auto stream = open_stream(files / "genotypes.vcf.gz");
    std::vector<std::string> lines;
    for (std::string_view line; stream->next_line(line);)
        if (!line.starts_with("##")) lines.emplace_back(line);
    ASSERT_EQ(lines.size(), 5U);
    EXPECT_EQ(lines[0], "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ta\tb\tc\td\te");
    EXPECT_EQ(lines[2], "1\t20\t.\tA\tC\t.\tq;low\tAC=0;AN=10;AF=0\tGT\t0/0\t0/0\t0/0\t0/0\t0/0");
    EXPECT_EQ(lines[3], "1\t30\tz\tA\tC\t.\t.\tAC=5;AN=10;AF=0.5\tGT\t0|1\t1|0\t0|1\t1|0\t0|1");
    EXPECT_EQ(lines[4], "X\t50000000\ty\tA\tC\t.\tPASS\tAC=2;AN=6;AF=0.333333\tGT:DS\t1:1\t"
                        "0|0:0.00006\t./.:.\t0:0\t1|0:1");
    EXPECT_TRUE(std::filesystem::exists(files / "genotypes.vcf.gz.tbi"));
    const auto pvar = read_text_file(run({.format = "pgen"}) / "genotypes.pvar");
    EXPECT_THAT(pvar, HasSubstr("#CHROM\tPOS\tID\tREF\tALT\tFILTER\n1\t10\tx\tA\tC\tPASS\n"
                                "1\t20\t.\tA\tC\tq;low\n1\t30\tz\tA\tC\t.\n"));
}

TEST_F(ExportGenotypes, RegionsAndSamples) {
    const auto sheet = folder_.write("keep.tsv", "sample_id\ne\nb\nstranger\n");
    const auto files =
        run({.format = "pgen", .regions = {"1:15-30", "X"}}, 1, {{"keep_samples", {sheet}}});
    EXPECT_THAT(views(files / "genotypes.pgen"), ElementsAre("C 00", "C <>", "C 0< 1 16384"));
    EXPECT_THAT(read_text_file(files / "genotypes.psam"), "#IID\tSEX\nb\t2\ne\t2\n");
    EXPECT_THROW(run({.format = "pgen", .regions = {"chr1"}}), DataError);
    folder_.write("keep.tsv", "sample_id\nstranger\n");
    EXPECT_THROW(run({.format = "pgen"}, 1, {{"keep_samples", {sheet}}}), DataError);
}

TEST_F(ExportGenotypes, WhatFailsQualityIsLeftOut) {
    const Inputs marks{{"quality", {quality(store_.samples.id, {1, 0, 1, 1, 0}, {1, 0, 1, 1})}}};
    const auto files = run({.format = "pgen"}, 1, marks);
    EXPECT_THAT(views(files / "genotypes.pgen"),
                ElementsAre("C 02. 0 32768 20000", "C >><", "C 2.0"));
    EXPECT_THAT(read_text_file(files / "genotypes.psam"), "#IID\tSEX\na\t1\nc\tNA\nd\t1\n");
    const auto sheet = folder_.write("keep.tsv", "sample_id\nb\nc\n");
    const auto both = run({.format = "bed", .regions = {"1"}}, 1,
                          {{"quality", marks.at("quality")}, {"keep_samples", {sheet}}});
    EXPECT_THAT(views(both / "genotypes.bed"), ElementsAre("C 2", "C 1"));
    for (const auto& other : {quality({"a", "b", "c", "e", "d"}, {1, 1, 1, 1, 1}, {1, 1, 1, 1}),
                              quality(store_.samples.id, {1, 1, 1, 1, 1}, {1, 1, 1}),
                              quality(store_.samples.id, {0, 0, 0, 0, 0}, {1, 1, 1, 1}),
                              quality(store_.samples.id, {1, 1, 1, 1, 1}, {0, 0, 0, 0})})
        EXPECT_THROW(run({.format = "bed"}, 1, {{"quality", {other}}}), DataError);
}

TEST_F(ExportGenotypes, ThreadsDoNotChangeTheBytes) {
    for (const std::string format : {"vcf", "bcf", "pgen", "bed"}) {
        const auto one = run({.format = format}, 1), two = run({.format = format}, 2);
        for (const auto& entry : std::filesystem::directory_iterator(one))
            EXPECT_EQ(sha256_file(entry.path()), sha256_file(two / entry.path().filename()));
    }
}

} // namespace
} // namespace salus
