#include "base/error.hpp"
#include "base/random.hpp"
#include "formats/bgen_layout.hpp"
#include "support/bgen_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace salus {
namespace {

using test::BgenForm;
using test::BgenSite;
using test::Packing;
using testing::ElementsAre;
using testing::HasSubstr;

/// Dosages, calls and phase of everything that a file holds.
struct Content {
    std::vector<std::string> names; // "1:100 rs1 A>C"
    std::vector<std::string> calls, phase;
    std::vector<std::vector<Dosage>> dosages; // [variant], from the calls where there are none
    std::vector<bool> has_dosages;
    ReadCounters counters;
};

Content read(const GenotypeFile& file, const ReadOptions& options = {},
             std::uint64_t target = 1 << 30) {
    Content content;
    const std::size_t samples = file.samples().size();
    for (const FileRange range : file.ranges(target, options)) {
        const auto reader = file.read(range, options, file.samples().sex);
        GenotypeRecord record;
        while (reader->next(record))
            for (std::size_t v = 0; v < record.variants.size(); ++v) {
                const Variant& variant = record.variants[v];
                const GenotypeView view = record.view(v);
                content.names.push_back(variant.chromosome + ":" +
                                        std::to_string(variant.position) + " " + variant.id + " " +
                                        variant.ref + ">" + variant.alt);
                content.calls.push_back(test::calls_text(view.calls, samples));
                content.phase.push_back(view.phase.empty() ? ""
                                                           : test::calls_text(view.phase, samples));
                content.has_dosages.push_back(!view.dosages.empty());
                std::vector<Dosage> dosages(view.dosages.begin(), view.dosages.end());
                for (std::size_t i = 0; view.dosages.empty() && i < samples; ++i)
                    dosages.push_back(dosage_of_call(packed_get(view.calls, i)));
                content.dosages.push_back(std::move(dosages));
            }
        content.counters += reader->counters();
    }
    return content;
}

class BgenTest : public testing::Test {
protected:
    std::filesystem::path write(const BgenForm& form, std::size_t samples,
                                const std::vector<BgenSite>& sites) const {
        return folder_.write("a.bgen", test::bgen_text(form, samples, sites));
    }
    Content read_back(const BgenForm& form, std::size_t samples, const std::vector<BgenSite>& sites,
                      const ReadOptions& options = {}) const {
        return read(*open_genotype_file(write(form, samples, sites)), options);
    }
    std::string error_of(const std::string& bytes, const ReadOptions& options = {}) const {
        try {
            read(*open_genotype_file(folder_.write("a.bgen", bytes)), options);
        } catch (const DataError& error) {
            return error.what();
        }
        return "no error";
    }
    test::ScratchFolder folder_{"bgen"};
};

constexpr Dosage no_dosage = dosage_missing;

TEST_F(BgenTest, CertainCallsHaveNoDosages) {
    // Nine samples: the SWAR loop and its tail; one of them missing.
    const BgenSite site{.ploidy = {2, 2, 2, 2, 2, 0x82, 2, 2, 2},
                        .values = {255, 0, 0, 255, 0, 0, 0, 0, 255, 0, 0, 0, 0, 255, 255, 0, 0, 0}};
    for (const Packing packing : {Packing::none, Packing::zlib, Packing::zstd}) {
        const Content content = read_back({.packing = packing}, 9, {site});
        EXPECT_THAT(content.names, ElementsAre("1:100 rs1 A>C"));
        EXPECT_THAT(content.calls, ElementsAre("01220.102"));
        EXPECT_FALSE(content.has_dosages[0]);
    }
    const Content last = read_back({}, 9, {site}, {.bgen_alleles = BgenRef::last});
    EXPECT_THAT(last.names, ElementsAre("1:100 rs1 C>A"));
    EXPECT_THAT(last.calls, ElementsAre("21002.120"));
}

TEST_F(BgenTest, CertainCallsOfEveryLength) {
    Rng rng(9, "certain", 0);
    for (std::size_t samples = 1; samples <= 40; ++samples) {
        BgenSite site;
        std::string first, last;
        for (std::size_t i = 0; i < samples; ++i) {
            const std::uint64_t call = rng.below(4); // copies of the second allele, or missing
            site.ploidy.push_back(call == 3 ? 0x82 : 2);
            site.values.push_back(call == 0 ? 255 : 0);
            site.values.push_back(call == 1 ? 255 : 0);
            first += "012."[call];
            last += "210."[call];
        }
        const Content content = read_back({}, samples, {site});
        EXPECT_EQ(content.calls[0], first);
        EXPECT_FALSE(content.has_dosages[0]);
        EXPECT_EQ(read_back({}, samples, {site}, {.bgen_alleles = BgenRef::last}).calls[0], last);
        // One uncertain sample, wherever it is, and the dosages are there.
        const std::size_t one = rng.below(samples);
        site.ploidy[one] = 2;
        site.values[2 * one] = 3;
        site.values[2 * one + 1] = 0;
        const Content uncertain = read_back({}, samples, {site});
        EXPECT_TRUE(uncertain.has_dosages[0]);
        EXPECT_EQ(uncertain.dosages[0][one], 32382); // (510 - 6) x 16384 / 255 = 32382.5...
    }
}

TEST_F(BgenTest, DosagesAreRoundedAndCalledWithinTheThreshold) {
    // P(AA), P(AC) of 255: 510 - 2a - b copies; 25/255 = 0.098 and 26/255 = 0.102 about 0.1.
    const BgenSite site{.ploidy = {2, 2, 2, 2, 0x82},
                        .values = {230, 25, 229, 26, 0, 255, 0, 26, 0, 0}};
    const Content content = read_back({}, 5, {site});
    EXPECT_THAT(content.calls, ElementsAre("0.1.."));
    EXPECT_THAT(content.dosages[0],
                ElementsAre(1606, 1671, 16384, 31097, no_dosage)); // x 16384/255, rounded
    EXPECT_THAT(read_back({}, 5, {site}, {.hard_call_threshold = 0.12}).calls,
                ElementsAre("0012."));
    EXPECT_THAT(read_back({}, 5, {site}, {.bgen_alleles = BgenRef::last}).dosages[0],
                ElementsAre(32768 - 1606, 32768 - 1671, 16384, 32768 - 31097, no_dosage));
}

TEST_F(BgenTest, SplitsSitesWithSeveralAltAlleles) {
    // Genotypes 00 01 11 02 12 (22): the first sample is 1/2, the second half 0/0 and half 2/2.
    const BgenSite site{
        .alleles = {"A", "C", "G"}, .ploidy = {2, 2}, .values = {0, 0, 0, 0, 255, 128, 0, 0, 0, 0}};
    const Content content = read_back({}, 2, {site});
    EXPECT_THAT(content.names, ElementsAre("1:100 rs1 A>C", "1:100 rs1 A>G"));
    EXPECT_THAT(content.dosages[0], ElementsAre(16384, 0));
    EXPECT_THAT(content.dosages[1], ElementsAre(16384, 16320)); // 2 x 127/255 x 16384
    EXPECT_THAT(content.calls, ElementsAre("10", "11"));
    EXPECT_EQ(content.counters.split_sites, 1U);
    EXPECT_THAT(read_back({}, 2, {site}, {.bgen_alleles = BgenRef::last}).names,
                ElementsAre("1:100 rs1 G>A", "1:100 rs1 G>C"));
}

TEST_F(BgenTest, PhaseOfCertainHaplotypes) {
    const BgenSite site{.phased = true, // P(A) on either haplotype
                        .ploidy = {2, 2, 2, 2, 2, 0x82},
                        .values = {255, 0, 0, 255, 0, 0, 128, 127, 240, 10, 0, 0}};
    const Content content = read_back({}, 6, {site});
    EXPECT_THAT(content.calls, ElementsAre("11211."));
    EXPECT_THAT(content.phase, ElementsAre("120010"));
    const Content last = read_back({}, 6, {site}, {.bgen_alleles = BgenRef::last});
    EXPECT_THAT(last.phase, ElementsAre("210020"));
}

TEST_F(BgenTest, HaploidSamplesCountTwiceAndHeterozygousHaploidsAreMissing) {
    folder_.write("a.sample", "ID_1 ID_2 missing sex\n0 0 0 D\nf m 0 1\nf w 0 2\nf u 0 0\n");
    const BgenSite x{
        .chromosome = "X", .position = 50'000'000, .ploidy = {1, 2, 1}, .values = {0, 0, 255, 204}};
    const Content content = read_back({.names = false}, 3, {x});
    EXPECT_THAT(content.calls, ElementsAre("21."));
    EXPECT_THAT(content.dosages[0], ElementsAre(32768, 16384, 6554)); // 0.4 x 16384
    EXPECT_EQ(content.counters.haploid_on_diploid, 1U);
    // Coded as diploid: the man's heterozygous call cannot be; what is between 0 and 1 may stay.
    const BgenSite diploid{.chromosome = "X",
                           .position = 50'000'000,
                           .ploidy = {2, 2, 2},
                           .values = {0, 250, 0, 250, 128, 128}};
    EXPECT_THAT(error_of(test::bgen_text({.names = false}, 3, {diploid})),
                HasSubstr("add up to more than 1"));
    BgenSite sound = diploid;
    sound.values = {0, 250, 0, 250, 128, 127};
    const Content men = read_back({.names = false}, 3, {sound});
    EXPECT_THAT(men.calls, ElementsAre(".1."));
    EXPECT_THAT(men.dosages[0], ElementsAre(16705, 16705, 8160));
    EXPECT_EQ(men.counters.heterozygous_haploid, 1U);
}

TEST_F(BgenTest, LayoutOneIsNormalisedByTheSumOfItsProbabilities) {
    // The tie 8192.5 goes to the even neighbour; 0 0 0 is missing; sums below 1 are scaled.
    const BgenSite site{
        .values = {32768, 0, 0, 0, 32768, 0, 0, 0, 0, 16383, 16385, 0, 0, 8192, 8192}};
    for (const Packing packing : {Packing::none, Packing::zlib}) {
        const Content content = read_back({.layout = 1, .packing = packing}, 5, {site});
        EXPECT_THAT(content.calls, ElementsAre("01..."));
        EXPECT_THAT(content.dosages[0], ElementsAre(0, 16384, no_dosage, 8192, 24576));
    }
    BgenSite above = site;
    above.values[0] = 34000;
    EXPECT_THAT(error_of(test::bgen_text({.layout = 1}, 5, {above})),
                HasSubstr("add up to more than 1"));
}

/// Expected copies by the definition: every way to draw the alleles of a sample, in floating point.
double expected_copies(const BgenSite& site, const std::vector<std::uint32_t>& values,
                       unsigned ploidy, std::size_t allele) {
    const long double whole = std::pow(2.0L, static_cast<int>(site.bits)) - 1;
    const std::size_t k = site.alleles.size();
    long double expected = 0;
    if (site.phased || ploidy == 1) {
        for (unsigned h = 0; h < ploidy; ++h) {
            long double rest = 1;
            for (std::size_t a = 0; a + 1 < k; ++a)
                rest -= static_cast<long double>(values[h * (k - 1) + a]) / whole;
            expected += allele + 1 < k
                            ? static_cast<long double>(values[h * (k - 1) + allele]) / whole
                            : rest;
        }
        return static_cast<double>(expected * (ploidy == 1 ? 2 : 1));
    }
    long double rest = 1;
    std::size_t g = 0;
    for (std::size_t b = 0; b < k; ++b)
        for (std::size_t a = 0; a <= b; ++a, ++g) {
            const long double p =
                g < values.size() ? static_cast<long double>(values[g]) / whole : rest;
            rest -= p;
            expected += p * ((a == allele ? 1 : 0) + (b == allele ? 1 : 0));
        }
    return static_cast<double>(expected);
}

TEST_F(BgenTest, EveryFormEqualsTheDefinition) {
    Rng rng(7, "bgen", 0);
    const auto random = [&](std::uint64_t bound) { return rng.below(bound); };
    for (unsigned bits = 1; bits <= 32; ++bits)
        for (const std::size_t alleles : {2U, 3U, 5U})
            for (const bool phased : {false, true}) {
                BgenSite site{.phased = phased, .bits = bits, .ploidy = {}, .values = {}};
                site.alleles.resize(alleles, "A");
                for (std::size_t a = 0; a < alleles; ++a)
                    site.alleles[a] += std::string(a, 'C');
                const std::size_t samples = 11;
                std::vector<std::vector<std::uint32_t>> of_sample;
                for (std::size_t i = 0; i < samples; ++i) {
                    const bool diploid = bits % 3 == 0 || (bits % 8 == 0 && !phased);
                    const auto ploidy = static_cast<unsigned>(diploid ? 2 : 1 + random(2));
                    site.ploidy.push_back(static_cast<std::uint8_t>(ploidy));
                    const std::size_t sets = phased ? ploidy : 1;
                    const std::size_t values =
                        phased || ploidy == 1 ? alleles - 1 : alleles * (alleles + 1) / 2 - 1;
                    of_sample.emplace_back();
                    for (std::size_t s = 0; s < sets; ++s) {
                        std::uint64_t rest = (std::uint64_t{1} << bits) - 1;
                        for (std::size_t j = 0; j < values; ++j) {
                            const std::uint64_t p = random(3) == 0 ? rest : random(rest + 1);
                            rest -= p;
                            of_sample.back().push_back(static_cast<std::uint32_t>(p));
                        }
                    }
                    for (const std::uint32_t value : of_sample.back())
                        site.values.push_back(value);
                }
                const Content content = read_back({.packing = Packing::none}, samples, {site});
                ASSERT_EQ(content.dosages.size(), alleles - 1);
                for (std::size_t v = 0; v + 1 < alleles; ++v)
                    for (std::size_t i = 0; i < samples; ++i) {
                        const double copies =
                            expected_copies(site, of_sample[i], site.ploidy[i], v + 1);
                        // Long double holds 2^33 x 2^15 exactly; a tie is impossible.
                        ASSERT_EQ(content.dosages[v][i], std::lround(copies * 16384))
                            << bits << " bits, " << alleles << " alleles, sample " << i;
                    }
            }
}

TEST_F(BgenTest, RangesCoverTheFileAndKeepWhatRegionsNeed) {
    std::vector<BgenSite> sites;
    for (std::uint32_t v = 0; v < 300; ++v)
        sites.push_back({.chromosome = v < 200 ? "1" : "2",
                         .position = 1 + v,
                         .rsid = "v" + std::to_string(v),
                         .ploidy = {2, 2},
                         .values = {v % 256, 0, 255 - v % 256, v % 256}});
    const auto file = open_genotype_file(write({}, 2, sites));
    EXPECT_EQ(file->records(), 300U);
    const auto ranges = file->ranges(1000, {});
    EXPECT_GT(ranges.size(), 10U);
    const Content whole = read(*file), cut = read(*file, {}, 1000);
    EXPECT_EQ(whole.names.size(), 300U);
    EXPECT_EQ(whole.names, cut.names);
    EXPECT_EQ(whole.dosages, cut.dosages);
    const ReadOptions second{.regions = {parse_region("2:250-260")}};
    EXPECT_LT(file->ranges(1000, second).size(), ranges.size());
    EXPECT_EQ(read(*file, second, 1000).names.size(), 11U);
}

TEST_F(BgenTest, NamesOfSamples) {
    const BgenSite site{.ploidy = {2, 2}, .values = {255, 0, 0, 255}};
    const auto path = write({.names = false}, 2, {site});
    EXPECT_THAT(error_of(test::bgen_text({.names = false}, 2, {site})),
                HasSubstr("does not name its samples"));
    folder_.write("a.sample", "ID_1 ID_2 missing sex\n0 0 0 D\nf a 0 1\nf b 0 2\n");
    EXPECT_THAT(open_genotype_file(path)->samples().id, ElementsAre("a", "b"));
    EXPECT_THAT(open_genotype_file(path)->samples().sex, ElementsAre(Sex::male, Sex::female));
    folder_.write("a.sample", "id\n0\nx\ny\n");
    EXPECT_THAT(open_genotype_file(path)->samples().id, ElementsAre("x", "y"));
    folder_.write("a.sample", "id\n0\nx\n");
    EXPECT_THAT(error_of(test::bgen_text({}, 2, {site})), HasSubstr("has 1 samples"));
    folder_.write("a.sample", "id\nx\ny\n");
    EXPECT_THAT(error_of(test::bgen_text({}, 2, {site})), HasSubstr("column types"));
}

TEST_F(BgenTest, BadRecordsAreNamedOrSkipped) {
    const BgenSite good{.ploidy = {2, 2}, .values = {255, 0, 0, 255}};
    BgenSite triploid = good, empty = good, wide = good, above = good;
    triploid.ploidy = {2, 3};
    triploid.values = {255, 0, 0, 0, 0};
    empty.chromosome = "";
    wide.bits = 0;
    above.values = {255, 1, 0, 0};
    for (const auto& [site, message] : {std::pair{triploid, "more than two copies"},
                                        {empty, "names no chromosome"},
                                        {wide, "1 to 32 bits"},
                                        {above, "add up to more than 1"}}) {
        const std::string bytes = test::bgen_text({}, 2, {good, site, good});
        EXPECT_THAT(error_of(bytes),
                    testing::AllOf(HasSubstr(message), HasSubstr("a.bgen, at byte")));
        const Content rest = read(*open_genotype_file(folder_.write("a.bgen", bytes)),
                                  {.on_bad_record = BadRecord::skip});
        EXPECT_EQ(rest.names.size(), 2U);
        EXPECT_EQ(rest.counters.skipped, 1U);
    }
}

TEST_F(BgenTest, EveryTruncationIsRefused) {
    const std::string bytes = test::bgen_text({}, 2,
                                              {{.ploidy = {2, 2}, .values = {255, 0, 0, 255}},
                                               {.ploidy = {2, 2}, .values = {9, 0, 7, 8}}});
    ASSERT_EQ(error_of(bytes), "no error");
    for (std::size_t length = 1; length < bytes.size(); ++length)
        EXPECT_THAT(error_of(bytes.substr(0, length)), HasSubstr("a.bgen")) << length;
    EXPECT_THAT(error_of(bytes + "x"), HasSubstr("bytes follow the last of 2 records"));
}

/// Flips of one bit: refused, or the same content; nothing else where the damage falls into what
/// the format checks (`from` and beyond).
void expect_flips_are_noticed(const test::ScratchFolder& folder, const BgenForm& form) {
    std::vector<BgenSite> sites;
    for (std::uint32_t v = 0; v < 4; ++v)
        sites.push_back({.position = 100 + v, .ploidy = {2, 2, 0x82, 2}, .values = {}});
    for (BgenSite& site : sites)
        site.values = {site.position, 20, 0, 255, 0, 0, 250, 5};
    const std::string bytes = test::bgen_text(form, 4, sites);
    const auto content_of = [&](const std::string& file) {
        return read(*open_genotype_file(folder.write("a.bgen", file))).dosages;
    };
    const auto sound = content_of(bytes);
    const std::size_t head = test::bgen_record(sites[0], {.packing = Packing::none}, 4).size() -
                             test::bgen_block(sites[0], 2, 4).size() - 4;
    const std::size_t first = test::bgen_text(form, 4, {}).size() + head;
    const std::size_t second = test::bgen_text(form, 4, {sites[0]}).size();
    int refused = 0;
    for (std::size_t bit = 8 * first; bit < 8 * second; ++bit) {
        std::string flipped = bytes;
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
        try {
            EXPECT_EQ(content_of(flipped), sound) << "bit " << bit;
        } catch (const DataError& error) {
            ++refused;
            EXPECT_THAT(error.what(), HasSubstr("a.bgen"));
        }
    }
    EXPECT_GT(refused, 100);
}

TEST_F(BgenTest, EveryFlippedBitOfACheckedBlockIsNoticed) {
    expect_flips_are_noticed(folder_, {.packing = Packing::zlib});
    expect_flips_are_noticed(folder_, {.packing = Packing::zstd, .zstd_checksum = true});
}

TEST_F(BgenTest, AThousandFlippedBitsAnywhere) {
    std::vector<BgenSite> sites;
    for (std::uint32_t v = 0; v < 20; ++v)
        sites.push_back({.position = 100 + v,
                         .phased = v % 2 == 1,
                         .ploidy = {2, 2, 0x82, 2},
                         .values = {v, 20, 0, 255, 0, 0, 200, 5}});
    for (const Packing packing : {Packing::none, Packing::zlib, Packing::zstd}) {
        const std::string bytes = test::bgen_text({.packing = packing}, 4, sites);
        Rng rng(11, "flips", static_cast<std::uint64_t>(packing));
        for (int n = 0; n < 1000; ++n) {
            const std::size_t bit = rng.below(8 * bytes.size());
            std::string flipped = bytes;
            flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
            // Heads of records have no checksum, so all that is asked is an answer.
            const std::string answer = error_of(flipped);
            EXPECT_TRUE(answer == "no error" || answer.find("a.bgen") != std::string::npos)
                << answer;
        }
    }
}

TEST_F(BgenTest, HostileLengthsCostNoMemory) {
    // A zstd frame that claims 3 GiB, and 65,535 alleles for a few bytes.
    BgenSite site{.ploidy = {2, 2}, .values = {255, 0, 0, 255}};
    std::string bytes = test::bgen_text({.packing = Packing::zstd}, 2, {site});
    const std::size_t length =
        bytes.size() -
        test::bgen_packed(test::bgen_block(site, 2, 2), {.packing = Packing::zstd}).size();
    bytes[length - 1] = '\xC0';
    EXPECT_THAT(error_of(bytes), HasSubstr("are said to have"));
    site.alleles.assign(65535, "");
    EXPECT_THAT(error_of(test::bgen_text({}, 2, {site})), HasSubstr("an allele is empty"));
}

} // namespace
} // namespace salus
