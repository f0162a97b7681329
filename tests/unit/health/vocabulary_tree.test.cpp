#include "health/vocabulary_tree.hpp"

#include "health/evaluate.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace salus {
namespace {

const std::vector<std::string> codes{"ICD10:E10.9", "ICD10:E11.9", "ICD10:I10", "LOCAL:sugar"};
const std::vector<std::uint32_t> concepts{201254, 443729, 320128, 0};
const std::vector<std::string> units{""};

/// Diabetes (201820) takes in type 1 (201254), type 2 (201826) and, below that, 443729; LOCAL:sugar
/// maps to 201826.
Vocabulary vocabulary() {
    std::vector<CodeEntry> used;
    for (std::size_t c = 0; c < codes.size(); ++c)
        used.push_back({codes[c], concepts[c]});
    VocabularyBuilder builder(used);
    builder.add_source_map("LOCAL", "sugar", 201826);
    for (const auto& [ancestor, descendant, levels] :
         std::vector<std::array<std::uint32_t, 3>>{{201820, 201254, 1},
                                                   {201820, 201826, 1},
                                                   {201820, 443729, 2},
                                                   {201826, 443729, 1},
                                                   {201826, 201826, 0},
                                                   {201254, 201254, 0},
                                                   {443729, 443729, 0},
                                                   {320128, 320128, 0}})
        builder.add_ancestor(ancestor, descendant, levels);
    for (const std::uint32_t id : {201254u, 201826u, 443729u, 320128u, 201820u})
        if (builder.wants(id))
            builder.add_concept(id, {.code = "SNOMED:1", .domain = "Condition", .standard = true});
    return builder.finish();
}

TEST(VocabularyTree, CodeSetsTakeInWhatIsBelow) {
    const DictionaryOfStore of({codes, concepts, units}, vocabulary());
    const StoreDictionary dictionary = of.dictionary();
    ASSERT_NE(dictionary.tree, nullptr);
    const std::vector<CodeSetDefinition> sets{{.name = "any", .descendants_of = {"OMOP:201820"}},
                                              {.name = "type_2", .descendants_of = {"OMOP:201826"}},
                                              {.name = "other",
                                               .descendants_of = {"OMOP:201820"},
                                               .except_descendants_of = {"OMOP:201826"}}};
    const CodeSets found(sets, dictionary);
    EXPECT_EQ(found.members({"@any"}), (std::vector<char>{1, 1, 0, 1}));
    EXPECT_EQ(found.members({"@type_2"}), (std::vector<char>{0, 1, 0, 1}));
    EXPECT_EQ(found.members({"@other"}), (std::vector<char>{1, 0, 0, 0}));
    EXPECT_EQ(found.members({"@other", "OMOP:201826"}), (std::vector<char>{1, 0, 0, 1}))
        << "a mapped code has a concept";
}

TEST(VocabularyTree, AStoreWithoutVocabularyHasNone) {
    const DictionaryOfStore of({codes, concepts, units}, Vocabulary());
    EXPECT_EQ(of.dictionary().tree, nullptr);
}

} // namespace
} // namespace salus
