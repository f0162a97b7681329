#include "formats/dosage_values.hpp"

#include "base/error.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "support/variant_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace salus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Lines = std::vector<std::string>;

TEST(DosageValues, HardCallsByThreshold) {
    // plink2 --vcf x dosage=DS: 1638 units (0.09998 copies) have a call, 1639 (0.10004) have none.
    EXPECT_EQ(hard_call(1638, 0.1), hom_ref);
    EXPECT_EQ(hard_call(1639, 0.1), missing);
    EXPECT_EQ(hard_call(16384 - 1638, 0.1), het);
    EXPECT_EQ(hard_call(16384 + 1639, 0.1), missing);
    EXPECT_EQ(hard_call(32768 - 1638, 0.1), hom_alt);
    EXPECT_EQ(hard_call(dosage_missing, 0.1), missing);
    EXPECT_EQ(hard_call(8191, 0.5), hom_ref);
    EXPECT_EQ(hard_call(8192, 0.5), het);
    EXPECT_EQ(hard_call(1, 0), missing);
    EXPECT_EQ(hard_call(32768, 0), hom_alt);
}

class DosageFiles : public testing::Test {
protected:
    std::filesystem::path vcf(std::string body, std::size_t samples = 4) {
        return folder_.write("d.vcf", test::vcf_text(samples, std::move(body)));
    }
    /// What a VCF body reads as; the same from BCF.
    Lines read(const std::string& body, const ReadOptions& options = {}) {
        const auto path = vcf(body);
        const Lines lines = test::read_details(path, options);
        EXPECT_EQ(test::read_details(test::to_bcf(path), options), lines);
        return lines;
    }
    std::string error_of(const std::string& body, const ReadOptions& options = {}) {
        const auto path = vcf(body);
        std::string first;
        for (const auto& file : {path, test::to_bcf(path)}) {
            try {
                test::read_details(file, options);
                ADD_FAILURE() << file << " " << body;
            } catch (const DataError& error) {
                EXPECT_THAT(error.what(), HasSubstr(file.filename().string()));
                EXPECT_THAT(error.what(), HasSubstr("site 1:5"));
                if (first.empty()) first = error.what();
                EXPECT_EQ(error.problems().front().what,
                          first.substr(0, error.problems().front().what.size()));
            }
        }
        return first;
    }
    test::ScratchFolder folder_{"dosage"};
};

TEST_F(DosageFiles, DosagesMakeTheCalls) {
    // As plink2 --vcf x dosage=DS: calls of the dosages; GT stands where there is none, and phases.
    EXPECT_THAT(read("1 10 . A C . . . GT:DS 0/0:0.3 0/1:1 1/1:1.95 ./.:0.05\n"
                     "1 11 . A C . . . GT:DS 0/0:. 0|1:. 1|0:1.05 .:.\n"
                     "1 12 . A C . . . DS 0.0999 0.1 0.10001 0.09995\n"
                     "1 15 . A C . . . GT:DS 0|1:1.02 1|0:0.97 0|1:0.5 1|1:1.2\n"
                     "1 16 . A C . . . GT 0|1 1|0 0/1 1|1\n"
                     "1 17 . A C . . . GT:DP:DS 0:1:0.45 0/1:.:1e0 1:2 .\n"),
                ElementsAre("1:10 A>C .120 4915 16384 31949 819",
                            "1:11 A>C 011. -><- 0 16384 17203 .",
                            "1:12 A>C 00.0 1637 1638 1639 1638",
                            "1:15 A>C 11.. ><-- 16712 15892 8192 19661", "1:16 A>C 1112 ><--",
                            "1:17 A>C 112. 14746 16384 32768 ."));
}

TEST_F(DosageFiles, OneDosagePerAltAllele) {
    EXPECT_THAT(
        read("1 10 . A C,G . . . GT:DS 1|2:1,1 0|1:0.9,0.25 2|2:0,2 .:.\n"),
        ElementsAre("1:10 A>C 110. <>-- 16384 14746 0 .", "1:10 A>G 1.2. >--- 16384 4096 32768 ."));
}

TEST_F(DosageFiles, Probabilities) {
    const ReadOptions gp{.dosage_field = DosageField::gp};
    EXPECT_THAT(read("1 10 . A C . . . GT:GP 0/0:0.9,0.1,0 0|1:0,1,0 1:0.05,0.95 .:.\n"
                     "1 11 . A C,G . . . GP 0,0,0,0,1,0 1,0,0,0,0,0 0,0,0.5,0.5,0,0 .\n"
                     "1 12 . A C . . . GP 0.33,0.33,0.33 0.333,0.333,0.333 1,0,0 0,0,1\n",
                     gp),
                ElementsAre("1:10 A>C 012. ->-- 1638 16384 31130 .",
                            "1:11 A>C 101. 16384 0 16384 .", "1:11 A>G 10.. 16384 0 8192 .",
                            "1:12 A>C 1102 16384 16384 0 32768"));
    // Probabilities are read by themselves only where there is nothing else.
    EXPECT_THAT(read("1 10 . A C . . . GT:GP 0/0:0.9,0.1,0 0|1:0,1,0 1/1:0,0,1 .:.\n"),
                ElementsAre("1:10 A>C 012. ->--"));
}

TEST_F(DosageFiles, FieldAsAsked) {
    const std::string body = "1 10 . A C . . . GT:DS:GP 0/1:0.25:0,0.5,0.5 0/0:0:1,0,0 "
                             "0/0:0:1,0,0 0/0:0:1,0,0\n";
    EXPECT_THAT(read(body), ElementsAre("1:10 A>C .000 4096 0 0 0"));
    EXPECT_THAT(read(body, {.dosage_field = DosageField::gt}), ElementsAre("1:10 A>C 1000"));
    EXPECT_THAT(read(body, {.dosage_field = DosageField::ds}),
                ElementsAre("1:10 A>C .000 4096 0 0 0"));
    EXPECT_THAT(read(body, {.dosage_field = DosageField::gp}),
                ElementsAre("1:10 A>C .000 24576 0 0 0"));
    EXPECT_THAT(read(body, {.hard_call_threshold = 0.25}), ElementsAre("1:10 A>C 0000 4096 0 0 0"));
}

TEST_F(DosageFiles, RecordsWithoutTheFieldAreMissing) {
    EXPECT_THAT(read("1 10 . A C . . . DS 1 1 1 1\n", {.dosage_field = DosageField::gt}),
                ElementsAre("1:10 A>C ...."));
    EXPECT_THAT(read("1 10 . A C . . . DP 1 1 1 1\n"), ElementsAre("1:10 A>C ...."));
}

TEST_F(DosageFiles, MalesOnX) {
    const auto path = vcf("X 90000000 . A C . . . GT:DS 1:0.9 0/1:1 0/1:1 0/1:1.02\n");
    const std::vector<Sex> sex{Sex::male, Sex::male, Sex::female, Sex::male};
    // The dosage of a haploid call counts one copy; a heterozygous male has no call, and a dosage
    // only where that says more than the call.
    EXPECT_THAT(test::read_details(path, {}, sex),
                ElementsAre("X:90000000 A>C ..1. 29491 . 16384 16712"));
}

TEST_F(DosageFiles, Errors) {
    const ReadOptions gp{.dosage_field = DosageField::gp};
    const auto one = [](const std::string& format, const std::string& value) {
        return "1 5 . A C . . . " + format + " " + value + " " + value + " " + value + " " + value +
               "\n";
    };
    EXPECT_THAT(error_of(one("DS", "2.31")), HasSubstr("outside [0, 2]"));
    EXPECT_THAT(error_of(one("DS", "-0.1")), HasSubstr("outside [0, 2]"));
    EXPECT_THAT(error_of(one("GT:DS", "1:1.2")), HasSubstr("outside [0, 1]"));
    EXPECT_THAT(error_of(one("DS", "1,1")), HasSubstr("one DS value per ALT"));
    EXPECT_THAT(error_of(one("GP", "0.5,0.4,0.05"), gp), HasSubstr("add up to 1"));
    EXPECT_THAT(error_of(one("GP", "1.5,-0.5,0"), gp), HasSubstr("outside [0, 1]"));
    EXPECT_THAT(error_of(one("GP", "0.5,0.5,0,0"), gp), HasSubstr("one GP value per genotype"));
    for (const std::string bad : {"x", "1x", "nan", "inf", "1.2.3", "..", "-", "1e", ""})
        try {
            test::read_details(vcf(one("GT:DS", "0/0:" + bad)));
            ADD_FAILURE() << bad;
        } catch (const DataError& error) {
            EXPECT_THAT(error.what(), HasSubstr("not a number")) << bad;
        }
    try {
        test::read_details(vcf(one("DS:GT", "1:0/1")));
        ADD_FAILURE();
    } catch (const DataError& error) {
        EXPECT_THAT(error.what(), HasSubstr("does not begin with GT"));
    }
}

TEST_F(DosageFiles, EveryThreeDigitDosageIsTheNearest) {
    std::string body;
    for (int k = 0; k < 2000; k += 4) {
        body += "1 " + std::to_string(k + 1) + " . A C . . . DS";
        for (int j = k; j < k + 4; ++j)
            body +=
                " " + std::to_string(j / 1000) + "." + std::to_string(1000 + j % 1000).substr(1);
        body += "\n";
    }
    const Lines lines = read(body);
    ASSERT_EQ(lines.size(), 500U);
    for (int k = 0; k < 2000; ++k) {
        // 16384 k / 1000, rounded to nearest in whole numbers; it is never half-way.
        const int expected = (2 * 16384 * k + 1000) / 2000;
        const auto fields = split(lines[static_cast<std::size_t>(k / 4)], ' ');
        EXPECT_EQ(fields[static_cast<std::size_t>(3 + k % 4)], std::to_string(expected)) << k;
    }
}

/// 30 sites of 20 samples with DS, GP and phase.
std::string long_dosage_body() {
    std::string body;
    Rng rng(6, "dosages", 0);
    for (int r = 0; r < 30; ++r) {
        body += "1 " + std::to_string(1000 * (r + 1)) + " . A C . PASS . GT:DS:GP";
        for (int i = 0; i < 20; ++i) {
            const auto het = static_cast<int>(rng.below(1000)),
                       hom = static_cast<int>(rng.below(1000 - static_cast<unsigned>(het)));
            const auto decimal = [](int thousandths) {
                return std::to_string(thousandths / 1000) + "." +
                       std::to_string(1000 + thousandths % 1000).substr(1);
            };
            body += std::string(rng.below(2) == 0 ? " 0|1:" : " 1/1:") + decimal(het + 2 * hom) +
                    ":" + decimal(1000 - het - hom) + "," + decimal(het) + "," + decimal(hom);
        }
        body += "\n";
    }
    return body;
}

TEST_F(DosageFiles, NoFlippedOrCutFilePasses) {
    const std::string text = test::vcf_text(20, long_dosage_body());
    const auto bcf = test::to_bcf(folder_.write("g.vcf", text));
    for (const auto& [name, good] :
         {std::pair{"b.vcf.gz", test::bgzf(text, 700)}, std::pair{"b.bcf", read_text_file(bcf)}})
        for (const DosageField field : {DosageField::ds, DosageField::gp}) {
            const ReadOptions options{.dosage_field = field};
            const Lines expected = test::read_details(folder_.write(name, good), options);
            ASSERT_EQ(expected.size(), 30U);
            Rng rng(11, "dosage flips", static_cast<std::uint64_t>(field));
            int refused = 0;
            for (int flip = 0; flip < 1000; ++flip) {
                std::string bad = good;
                const std::uint64_t bit = rng.below(8 * bad.size());
                bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
                try {
                    EXPECT_EQ(test::read_details(folder_.write(name, bad), options), expected);
                } catch (const DataError& error) {
                    ++refused;
                    EXPECT_THAT(error.what(), HasSubstr(name));
                }
            }
            EXPECT_GT(refused, 900);
            for (std::size_t size = 1; size < good.size(); size += 61)
                EXPECT_THROW(test::read_details(folder_.write(name, good.substr(0, size)), options),
                             DataError)
                    << size;
        }
}

TEST_F(DosageFiles, DamageInsideGoodBlocksNeverCrashes) {
    const auto stream =
        open_stream(test::to_bcf(folder_.write("g.vcf", test::vcf_text(20, long_dosage_body()))));
    while (stream->more()) {
    }
    const std::string good(stream->unread());
    Rng rng(12, "inner flips", 0);
    int refused = 0;
    for (int flip = 0; flip < 1500; ++flip) {
        std::string bad = good;
        for (int k = 0; k < 1 + flip % 3; ++k)
            bad[rng.below(bad.size())] = static_cast<char>(rng.next32());
        try {
            test::read_details(folder_.write("b.bcf", test::bgzf(bad)));
        } catch (const DataError&) {
            ++refused;
        }
    }
    EXPECT_GT(refused, 100);
}

} // namespace
} // namespace salus
