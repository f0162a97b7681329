#include "stages/score/matching.hpp"

#include <gtest/gtest.h>

namespace salus::score {
namespace {

Site site(const char* ref, const char* alt, std::uint64_t row = 7,
          SiteKind kind = SiteKind::autosomal) {
    return {.key = 1, .row = row, .ref = allele_code(ref), .alt = allele_code(alt), .kind = kind};
}

Match match(const char* effect, const char* other, std::vector<Site> sites, MatchRules rules = {}) {
    return match_entry(allele_code(effect), allele_code(other), sites, rules);
}

TEST(ScoreMatching, Alleles) {
    EXPECT_EQ(match("A", "G", {}).fate, Fate::absent);
    EXPECT_EQ(match("G", "A", {site("A", "G")}).fate, Fate::matched);
    EXPECT_EQ(match("A", "G", {site("A", "G")}).fate, Fate::flipped);
    EXPECT_FALSE(match("A", "G", {site("A", "G")}).effect_is_alt);
    EXPECT_EQ(match("C", "T", {site("A", "G")}).fate, Fate::strand_flipped);
    EXPECT_TRUE(match("C", "T", {site("A", "G")}).effect_is_alt);
    EXPECT_FALSE(match("T", "C", {site("A", "G")}).effect_is_alt);
    EXPECT_EQ(match("C", "T", {site("A", "G")}, {.strand_flips = false}).fate, Fate::mismatch);
    EXPECT_EQ(match("A", "C", {site("A", "G")}).fate, Fate::mismatch);
    EXPECT_EQ(match("", "", {site("A", "G")}).fate, Fate::mismatch);
    EXPECT_EQ(match("AT", "A", {site("A", "AT")}).fate, Fate::matched);
    EXPECT_EQ(match("AT", "A", {site("AT", "A")}).fate, Fate::flipped);
    EXPECT_EQ(match("TA", "T", {site("A", "AT")}).fate, Fate::mismatch); // no strand of indels
}

TEST(ScoreMatching, AmbiguousVariants) {
    EXPECT_EQ(match("T", "A", {site("A", "T")}).fate, Fate::ambiguous);
    EXPECT_EQ(match("G", "C", {site("C", "G")}, {.drop_ambiguous = false}).fate, Fate::matched);
    EXPECT_EQ(match("C", "G", {site("C", "G")}, {.drop_ambiguous = false}).fate, Fate::flipped);
    // Without the other allele the variant tells.
    EXPECT_EQ(match("T", "", {site("A", "T")}).fate, Fate::ambiguous);
    EXPECT_EQ(match("G", "", {site("A", "G")}).fate, Fate::matched);
    EXPECT_EQ(match("C", "", {site("A", "G")}).fate, Fate::strand_flipped);
}

TEST(ScoreMatching, ChoosesAmongTheVariantsOfASite) {
    const Match found =
        match("T", "A", {site("A", "C", 3), site("A", "T", 4)}, {.drop_ambiguous = false});
    EXPECT_EQ(found.row, 4U);
    EXPECT_EQ(match("C", "", {site("C", "T", 3), site("A", "C", 4)}).row, 4U); // ALT before REF
}

TEST(ScoreMatching, Chromosomes) {
    EXPECT_TRUE(match("G", "A", {site("A", "G", 1, SiteKind::x_linked)}).x_linked);
    EXPECT_EQ(match("G", "A", {site("A", "G", 1, SiteKind::x_linked)}, {.include_x = false}).fate,
              Fate::left_out);
    EXPECT_EQ(match("G", "A", {site("A", "G", 1, SiteKind::haploid)}).fate, Fate::left_out);
}

} // namespace
} // namespace salus::score
