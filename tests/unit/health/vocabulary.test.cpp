#include "health/vocabulary.hpp"

#include <gtest/gtest.h>

namespace salus {
namespace {

using Ids = std::vector<std::uint32_t>;

TEST(Vocabulary, AnEmptyOneKnowsNothing) {
    const Vocabulary none = VocabularyBuilder({}).finish();
    EXPECT_TRUE(none.descendants(1).empty());
    EXPECT_TRUE(none.ancestors(1).empty());
    EXPECT_EQ(none.find(1), nullptr);
    EXPECT_FALSE(none.maps_to("ICD10:E11"));
    for (const TableData& table : none.tables())
        EXPECT_EQ(table.rows(), 0u);
}

TEST(Vocabulary, CodesAreWrittenAsInEvents) {
    EXPECT_EQ(vocabulary_code("ICD10CM", "e119"), "ICD10CM:E11.9");
    EXPECT_EQ(vocabulary_code("RxNorm", " 6809 "), "RXNORM:6809");
    EXPECT_EQ(vocabulary_code("", "local test"), "LOCAL:local test");
    EXPECT_EQ(vocabulary_code("LOINC", ""), "");
}

Vocabulary diabetes() {
    const std::vector<CodeEntry> in_use{{"SNOMED:44054006", 201826},
                                        {"SNOMED:46635009", 201254},
                                        {"ICD10CM:E11.9", 0},
                                        {"LOCAL:sugar", 0},
                                        {"LOCAL:nobody knows", 0}};
    VocabularyBuilder builder(in_use);
    builder.find_source(35206882, "ICD10CM", "E11.9");
    builder.find_source(1, "ICD10CM", "Z99"); // not in use
    builder.add_source_map("MY_LAB", "sugar", 201820);
    builder.add_source_map("MY_LAB", "other", 9);
    builder.add_maps_to(35206882, 201826);
    builder.add_maps_to(35206882, 4193704);
    builder.add_maps_to(1, 5);
    for (const std::uint32_t id : {201826U, 201254U, 201820U, 5U})
        builder.add_ancestor(id, id, 0);
    builder.add_ancestor(201820, 201826, 1);
    builder.add_ancestor(201820, 201254, 1);
    builder.add_ancestor(441840, 201826, 4);
    builder.add_ancestor(441840, 5, 2);
    EXPECT_TRUE(builder.wants(441840));
    EXPECT_FALSE(builder.wants(5));
    builder.add_concept(201820,
                        {.code = "SNOMED:73211009", .domain = "Condition", .standard = true});
    builder.add_concept(5, {.code = "SNOMED:5"});
    EXPECT_EQ(builder.unknown(), (Ids{201254, 201826}));
    return builder.finish();
}

TEST(Vocabulary, KeepsWhatIsInUseAndWhatThatLiesBelow) {
    const Vocabulary vocabulary = diabetes();
    EXPECT_EQ(vocabulary.descendants(201820), (Ids{201254, 201820, 201826}));
    EXPECT_EQ(vocabulary.descendants(441840), (Ids{201826}));
    EXPECT_EQ(vocabulary.descendants(201826), (Ids{201826}));
    EXPECT_TRUE(vocabulary.descendants(5).empty());
    EXPECT_EQ(vocabulary.ancestors(201826), (Ids{201826, 201820, 441840})) << "nearest first";
    ASSERT_NE(vocabulary.find(201820), nullptr);
    EXPECT_EQ(vocabulary.find(201820)->code, "SNOMED:73211009");
    EXPECT_EQ(vocabulary.find(5), nullptr);
}

TEST(Vocabulary, CodesWithoutConceptAreMappedByRule) {
    const Vocabulary vocabulary = diabetes();
    EXPECT_EQ(vocabulary.maps_to("ICD10CM:E11.9"),
              (CodeMap{.concept_id = 201826, .targets = 2, .rule = MapRule::maps_to}));
    EXPECT_EQ(
        vocabulary.maps_to("LOCAL:sugar"),
        (CodeMap{.concept_id = 201820, .targets = 1, .rule = MapRule::source_to_concept_map}));
    EXPECT_FALSE(vocabulary.maps_to("LOCAL:nobody knows"));
    EXPECT_FALSE(vocabulary.maps_to("SNOMED:44054006")) << "it has its concept";
}

TEST(Vocabulary, TheMapOfTheSiteGoesBefore) {
    const std::vector<CodeEntry> in_use{{"ICD10:E11", 0}};
    VocabularyBuilder builder(in_use);
    builder.find_source(7, "ICD10", "E11");
    builder.add_source_map("ICD10", "E11", 100);
    builder.add_source_map("ICD10", "E11", 0); // says that there is none
    builder.add_maps_to(7, 50);
    EXPECT_EQ(builder.finish().maps_to("ICD10:E11"),
              (CodeMap{.concept_id = 100, .targets = 1, .rule = MapRule::source_to_concept_map}));
}

} // namespace
} // namespace salus
