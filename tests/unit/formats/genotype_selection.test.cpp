#include "formats/genotype_selection.hpp"

#include "base/error.hpp"
#include "base/random.hpp"
#include "formats/regions.hpp"
#include "support/variant_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace salus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Lines = std::vector<std::string>;

class GenotypeSelectionTest : public testing::Test {
protected:
    template <class Read>
    std::string error_of(const Read& read) {
        try {
            read();
        } catch (const DataError& error) {
            return error.what();
        }
        return "no error";
    }
    test::ScratchFolder folder_{"selection"};
};

TEST_F(GenotypeSelectionTest, RegionSetEqualsASearchOfTheList) {
    Rng rng(1, "regions", 0);
    for (int round = 0; round < 50; ++round) {
        std::vector<Region> list;
        for (std::uint64_t n = rng.below(12); n > 0; --n) {
            const auto first = static_cast<std::uint32_t>(rng.below(60));
            list.push_back({.chromosome = rng.below(3) == 0 ? "2" : "1",
                            .first = first,
                            .last = first + static_cast<std::uint32_t>(rng.below(9))});
        }
        const RegionSet set(list);
        EXPECT_EQ(set.empty(), list.empty());
        for (const char* chromosome : {"1", "2", "3"})
            for (std::uint32_t p = 0; p < 75; ++p) {
                const auto on = [&](const Region& r) { return r.chromosome == chromosome; };
                EXPECT_EQ(set.contains(chromosome, p),
                          std::any_of(list.begin(), list.end(), [&](const Region& r) {
                              return on(r) && p >= r.first && p <= r.last;
                          }));
                EXPECT_EQ(set.all_before(chromosome, p),
                          !list.empty() &&
                              std::all_of(list.begin(), list.end(),
                                          [&](const Region& r) { return on(r) && p > r.last; }));
            }
    }
}

TEST_F(GenotypeSelectionTest, RegionLists) {
    const auto read = [&](std::string_view text) {
        std::string out;
        for (const Region& r : read_region_list(folder_.write("r.bed", text)))
            out +=
                r.chromosome + ":" + std::to_string(r.first) + "-" + std::to_string(r.last) + " ";
        return out;
    };
    EXPECT_EQ(
        read("#a comment\ntrack name=x\nchr1\t0\t10\tgene\t.\nchr1\t5\t5\n\nchr2\t99\t100\r\n"),
        "chr1:1-10 chr2:100-100 ");
    EXPECT_EQ(read("chr1:7-9\nchr20\n"), "chr1:7-9 chr20:0-4294967295 ");
    EXPECT_THAT(error_of([&] { read("chr1\t5\t2\n"); }), HasSubstr("line 1"));
    EXPECT_THAT(error_of([&] { read("chr1:1-2\nchr1:9-2\n"); }), HasSubstr("line 2"));
    EXPECT_THAT(error_of([&] { read("chr1\tx\t2\n"); }), HasSubstr("not a region"));
    EXPECT_THAT(error_of([&] { read("chr1 5 9\n"); }), HasSubstr("not a region"));
    EXPECT_THAT(error_of([&] { read("#\n"); }), HasSubstr("empty"));
}

TEST_F(GenotypeSelectionTest, SampleAndNameLists) {
    const auto list = [&](std::string_view text) {
        return read_sample_list(folder_.write("s.txt", text));
    };
    EXPECT_THAT(list("b\na \n"), ElementsAre("b", "a"));
    EXPECT_THAT(list("sample_id\tsex\nb\t1\n"), ElementsAre("b"));
    EXPECT_THAT(error_of([&] { list("sample_id\n"); }), HasSubstr("empty"));
    const auto names = [&](std::string_view text) {
        return read_sample_names(folder_.write("n.txt", text));
    };
    EXPECT_EQ(names("a\tx\nb,y\n").at("b"), "y");
    EXPECT_THAT(error_of([&] { names("a x\n"); }), HasSubstr("line 1"));
    EXPECT_THAT(error_of([&] { names("secret\tx\nsecret\ty\n"); }), HasSubstr("twice"));
    EXPECT_THAT(error_of([&] { names("secret\tx\nsecret\ty\n"); }),
                testing::Not(HasSubstr("secret"))); // never a name of a person
}

TEST_F(GenotypeSelectionTest, SamplesOfAllRows) {
    Rng rng(2, "samples", 0);
    for (std::size_t samples = 1; samples < 30; ++samples) {
        GenotypeRecord record;
        record.variants.resize(2);
        std::vector<std::uint32_t> kept;
        std::string calls[2], phases[2];
        for (std::size_t v = 0; v < 2; ++v) {
            std::vector<std::uint8_t> row(packed_bytes(samples)), phase(packed_bytes(samples));
            for (std::size_t i = 0; i < samples; ++i) {
                if (v == 0 && rng.below(2) == 0) kept.push_back(static_cast<std::uint32_t>(i));
                packed_set(row, i, static_cast<std::uint8_t>(rng.below(4)));
                packed_set(phase, i, static_cast<std::uint8_t>(rng.below(3)));
                record.dosages.push_back(static_cast<Dosage>(100 * v + i));
            }
            record.rows.insert(record.rows.end(), row.begin(), row.end());
            record.phase.insert(record.phase.end(), phase.begin(), phase.end());
            for (const std::uint32_t i : kept) {
                calls[v] += test::calls_text(row, samples)[i];
                phases[v] += test::phase_text(phase, samples)[i];
            }
        }
        if (kept.empty()) continue;
        SampleChoice(samples, kept).apply(record);
        for (std::size_t v = 0; v < 2; ++v) {
            const GenotypeView view = record.view(v);
            EXPECT_EQ(view.calls.size(), packed_bytes(kept.size()));
            EXPECT_EQ(test::calls_text(view.calls, kept.size()), calls[v]);
            EXPECT_EQ(test::phase_text(view.phase, kept.size()), phases[v]);
            for (std::size_t k = 0; k < kept.size(); ++k)
                EXPECT_EQ(view.dosages[k], 100 * v + kept[k]);
            if (kept.size() % 4 != 0) { // unused bits stay zero
                EXPECT_EQ(view.calls.back() >> (2 * (kept.size() % 4)), 0);
            }
        }
    }
}

TEST_F(GenotypeSelectionTest, VariantsByNameOrPlace) {
    const auto path = folder_.write(
        "a.vcf",
        test::vcf_text(2, "1 1 rs1 A C . . . GT 0/0 0/1\n1 2 rs2;x A C,G . . . GT 1|2 0/1\n"
                          "1 3 . AT A . . . GT:DS 0/0:0.2 1/1:2\n1 4 rs1 A T . . . GT . .\n"));
    const auto list = [&](std::string_view text) {
        return std::make_shared<const VariantList>(folder_.write("v.txt", text));
    };
    const auto read = [&](const GenotypeSelection& selection, std::vector<std::uint64_t>& met,
                          ReadCounters& counters) {
        const auto file = open_genotype_file(path);
        const auto from = file->read(file->ranges(1 << 30, {}).at(0), {}, file->samples().sex);
        SelectingReader reader(*from, selection);
        Lines lines;
        GenotypeRecord record;
        while (reader.next(record))
            for (std::size_t v = 0; v < record.variants.size(); ++v) {
                const std::size_t n = selection.samples ? 1 : 2;
                lines.push_back(
                    std::to_string(record.variants[v].position) + record.variants[v].alt + " " +
                    test::calls_text(record.view(v).calls, n) +
                    test::phase_text(record.view(v).phase, record.phase.empty() ? 0 : n));
            }
        counters = reader.counters();
        met = selection.include ? reader.included() : reader.excluded();
        return lines;
    };
    std::vector<std::uint64_t> met;
    ReadCounters counters;
    EXPECT_THAT(read({.include = list("rs1 text\nnobody\n1:2:A:G\n1:3:AT:A\n")}, met, counters),
                ElementsAre("1C 01", "2G 10>-", "3A .2", "4T .."));
    EXPECT_THAT(met, ElementsAre(0, 2, 3));
    EXPECT_EQ(counters.records, 4U);
    EXPECT_EQ(counters.variants, 4U);
    EXPECT_EQ(counters.unlisted, 1U);
    EXPECT_THAT(read({.exclude = list("x\n1:1:A:C\n1:1:A:T\n")}, met, counters),
                ElementsAre("3A .2", "4T .."));
    EXPECT_THAT(met, ElementsAre(0, 1));
    EXPECT_EQ(counters.unlisted, 3U);
    EXPECT_THAT(read({.samples = SampleChoice(2, {1}),
                      .include = list("rs1\n"),
                      .exclude = list("1:4:A:T\n")},
                     met, counters),
                ElementsAre("1C 1"));
    EXPECT_THAT(error_of([&] { list("\n"); }), HasSubstr("empty"));
}

} // namespace
} // namespace salus
