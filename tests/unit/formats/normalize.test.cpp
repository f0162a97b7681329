#include "formats/normalize.hpp"

#include "base/error.hpp"
#include "base/random.hpp"
#include "support/variant_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace salus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Lines = std::vector<std::string>;

/// Leftmost shortest form by search: of all ways to write the same change of the sequence, the one
/// with the fewest bases, then the smallest position.
Variant searched(const std::string& sequence, Variant variant) {
    const std::size_t at = variant.position - 1;
    const std::string changed =
        sequence.substr(0, at) + variant.alt + sequence.substr(at + variant.ref.size());
    const std::size_t longest = std::max(variant.ref.size(), variant.alt.size());
    for (std::size_t size = 2; size <= 2 * longest; ++size)
        for (std::size_t begin = 0; begin < sequence.size(); ++begin)
            for (std::size_t r = 1; r < size; ++r) {
                const std::size_t a = size - r;
                if (begin + r > sequence.size() || sequence.size() - r + a != changed.size())
                    continue;
                const bool same = changed.compare(0, begin, sequence, 0, begin) == 0 &&
                                  changed.compare(begin + a, std::string::npos, sequence, begin + r,
                                                  std::string::npos) == 0;
                if (!same) continue;
                variant.position = static_cast<std::uint32_t>(begin + 1);
                variant.ref = sequence.substr(begin, r);
                variant.alt = changed.substr(begin, a);
                return variant;
            }
    return variant;
}

class NormalizeTest : public testing::Test {
protected:
    std::filesystem::path fasta(const std::string& sequence, const std::string& name = "1") {
        const std::string head = ">" + name + "\n";
        const std::string length = std::to_string(sequence.size());
        folder_.write("g.fa.fai", name + "\t" + length + "\t" + std::to_string(head.size()) + "\t" +
                                      length + "\t" + std::to_string(sequence.size() + 1) + "\n");
        return folder_.write("g.fa", head + sequence + "\n");
    }
    Lines read(const std::string& sequence, const std::string& body, NormalizeOptions options = {},
               ReadCounters* counters = nullptr) {
        ReferenceGenome genome(fasta(sequence));
        const auto file = open_genotype_file(folder_.write("n.vcf", test::vcf_text(2, body)));
        const auto from = file->read(file->ranges(1 << 30, {}).at(0), {}, file->samples().sex);
        NormalizingReader reader(*from, genome, options, 2);
        Lines lines;
        GenotypeRecord record;
        while (reader.next(record)) {
            const GenotypeView view = record.view(0);
            lines.push_back(std::to_string(record.variants[0].position) + " " +
                            record.variants[0].ref + ">" + record.variants[0].alt + " " +
                            test::calls_text(view.calls, 2));
            if (!view.phase.empty()) lines.back() += " " + test::phase_text(view.phase, 2);
            for (const Dosage dosage : view.dosages)
                lines.back() += " " + std::to_string(dosage);
        }
        if (counters != nullptr) *counters = reader.counters();
        return lines;
    }
    std::string error_of(const std::string& sequence, const std::string& body,
                         NormalizeOptions options = {}) {
        try {
            read(sequence, body, options);
        } catch (const DataError& error) {
            return error.what();
        }
        return "no error";
    }
    test::ScratchFolder folder_{"normalize"};
};

TEST_F(NormalizeTest, BasesOfAGenome) {
    std::string sequence;
    Rng rng(3, "sequence", 0);
    for (int i = 0; i < 200'000; ++i)
        sequence += "ACGTacgtNR"[rng.below(10)];
    ReferenceGenome genome(fasta(sequence));
    EXPECT_EQ(genome.length("1"), 200'000U);
    for (int k = 0; k < 200; ++k) {
        const std::uint64_t at = rng.below(200'000), length = rng.below(300);
        std::string expected = sequence.substr(at, length);
        for (char& c : expected) {
            c = static_cast<char>(c & ~0x20);
            if (c == 'R') c = 'N';
        }
        EXPECT_EQ(genome.bases("1", at + 1, length), expected);
    }
    EXPECT_EQ(genome.base("1", 0), 'N');
    EXPECT_EQ(genome.base("1", 200'001), 'N');
    EXPECT_THROW(genome.length("2"), DataError);
    std::filesystem::remove(folder_.path() / "g.fa.fai");
    EXPECT_THROW(ReferenceGenome(folder_.path() / "g.fa"), DataError);
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "g.fa.fai")); // none is made
}

TEST_F(NormalizeTest, EqualsTheSearchForTheShortestLeftmostForm) {
    Rng rng(4, "variants", 0);
    int moved = 0;
    for (int round = 0; round < 400; ++round) {
        std::string sequence;
        for (std::size_t n = 8 + rng.below(16); sequence.size() < n;)
            sequence += "ACA"[rng.below(3)]; // many repeats
        ReferenceGenome genome(fasta(sequence));
        const std::size_t at = rng.below(sequence.size()),
                          r = 1 + rng.below(std::min<std::size_t>(5, sequence.size() - at));
        Variant variant{.chromosome = "1",
                        .position = static_cast<std::uint32_t>(at + 1),
                        .ref = sequence.substr(at, r)};
        for (std::size_t a = 1 + rng.below(5); a > 0; --a)
            variant.alt += "AC"[rng.below(2)];
        if (variant.ref == variant.alt) continue;
        const Variant expected = searched(sequence, variant);
        Variant got = variant;
        left_align(genome, got);
        moved += got.position != variant.position ? 1 : 0;
        EXPECT_EQ(std::tie(got.position, got.ref, got.alt),
                  std::tie(expected.position, expected.ref, expected.alt))
            << sequence << " " << variant.position << " " << variant.ref << ">" << variant.alt;
    }
    EXPECT_GT(moved, 100);
}

TEST_F(NormalizeTest, MovesSortsAndCounts) {
    ReadCounters counters;
    //                         123456789012345
    EXPECT_THAT(read("GGCACACACATTTTC",
                     "1 2 . G A . . . GT 0/1 0/0\n"
                     "1 5 . CAC C . . . GT 0|1 1|1\n"  // deletion of a repeat: moves to 2
                     "1 6 . A T,AT . . . GT 1/2 0/1\n" // insertion of T behind A
                     "1 13 . T TT . . . GT 0/0 0/1\n"  // moves to 10
                     "1 14 . T <DEL> . . . GT 0/1 0/0\n",
                     {}, &counters),
                ElementsAre("2 G>A 10", "2 GCA>G 12 >-", "6 A>T 11", "6 A>AT 10", "10 A>AT 01",
                            "14 T><DEL> 10"));
    EXPECT_EQ(counters.normalized, 2U);
    EXPECT_EQ(counters.variants, 6U);
    EXPECT_THAT(read("GGCACACACATTTTC", "1 5 . CAC C . . . GT 0/1 1/1\n", {.align = false}),
                ElementsAre("5 CAC>C 12"));
    EXPECT_THAT(error_of("GGCACACACATTTTC", "1 5 . CAC C . . . GT 0/1 1/1\n", {.window = 3}),
                HasSubstr("moves by 3 bases"));
    EXPECT_THAT(read("GGCACACACATTTTC", "1 5 . CAC C . . . GT 0/1 1/1\n", {.window = 4}),
                ElementsAre("2 GCA>G 12"));
}

TEST_F(NormalizeTest, ReferenceMismatches) {
    const std::string sequence = "GGCACACACATTTTC";
    const std::string body = "1 1 . A C . . . GT 0/0 0/1\n"           // neither is there
                             "1 2 . A G . . . GT:DS 0|1:1 1/1:1.75\n" // exchanged
                             "1 3 . a c . . . GT 0/1 ./.\n"           // exchanged, any case
                             "1 4 . C A,T . . . GT 0/1 0/2\n"         // two ALT alleles
                             "1 5 . c A . . . GT 0/1 0/0\n";          // right
    EXPECT_THAT(error_of(sequence, body), HasSubstr("1:1"));
    ReadCounters counters;
    EXPECT_THAT(read(sequence, body, {.on_mismatch = OnMismatch::skip}, &counters),
                ElementsAre("5 c>A 10"));
    EXPECT_EQ(counters.mismatched, 5U);
    EXPECT_THAT(read(sequence, body, {.on_mismatch = OnMismatch::swap}, &counters),
                ElementsAre("2 G>A 1. <- 16384 4096", "3 c>a 1.", "5 c>A 10"));
    EXPECT_EQ(counters.mismatched, 3U);
    EXPECT_EQ(counters.swapped, 2U);
    EXPECT_EQ(counters.variants, 3U);
    EXPECT_THAT(error_of(sequence, "2 1 . A C . . . GT 0/0 0/1\n"), HasSubstr("no sequence 2"));
}

TEST_F(NormalizeTest, SwappingTwiceChangesNothing) {
    Rng rng(5, "swap", 0);
    for (std::size_t samples = 1; samples < 20; ++samples) {
        std::string calls, swapped;
        for (std::size_t i = 0; i < samples; ++i) {
            calls += "012."[rng.below(4)];
            swapped += calls.back() == '0' ? '2' : calls.back() == '2' ? '0' : calls.back();
        }
        auto row = test::packed_row(calls);
        Variant variant{.ref = "A", .alt = "C", .info = {"0.2"}};
        swap_alleles(variant, row, {}, {}, samples);
        EXPECT_EQ(test::calls_text(row, samples), swapped);
        EXPECT_EQ(row, test::packed_row(swapped)); // unused bits too
        EXPECT_EQ(variant.ref, "C");
        EXPECT_EQ(variant.info[0], "");
        swap_alleles(variant, row, {}, {}, samples);
        EXPECT_EQ(row, test::packed_row(calls));
    }
}

TEST_F(NormalizeTest, PlacesDivideTheVariants) {
    const std::string sequence = "GGCACACACATTTTC";
    const std::string body = "1 2 . G A . . . GT 0/1 0/0\n1 5 . CAC C . . . GT 0/1 1/1\n"
                             "1 9 . C A . . . GT 0/1 0/0\n1 13 . T TT . . . GT 0/0 0/1\n";
    const Lines whole = read(sequence, body);
    for (std::uint64_t cut = 1; cut < 16; ++cut) {
        NormalizeOptions first, second;
        first.to = second.from = Place{"1", cut};
        Lines parts = read(sequence, body, first);
        for (const std::string& line : read(sequence, body, second))
            parts.push_back(line);
        EXPECT_EQ(parts, whole) << cut;
    }
}

} // namespace
} // namespace salus
