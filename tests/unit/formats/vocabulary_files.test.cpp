#include "formats/vocabulary_files.hpp"
#include "support/reference_data.hpp"

#include "base/text.hpp"
#include "formats/delimited.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <unistd.h>

namespace salus {
namespace {

using ::testing::HasSubstr;

class VocabularyFiles : public ::testing::Test {
protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() /
                  ("salus-vocabulary-" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder_);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    void file(std::string_view content, const std::string& name) const {
        std::ofstream(folder_ / name, std::ios::binary) << content;
    }
    std::string error(std::span<const CodeEntry> in_use = {}) const {
        try {
            read_vocabulary(folder_, in_use);
        } catch (const DataError& e) {
            return e.what();
        }
        return "no error";
    }
    std::filesystem::path folder_;
};

constexpr const char* concept_header =
    "concept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\t"
    "concept_code\tvalid_start_date\tvalid_end_date\tinvalid_reason\n";

TEST_F(VocabularyFiles, QuotesOfTabSeparatedTablesAreCharacters) {
    file(std::string(concept_header) +
             "1\t\"Bad\" disease\tCondition\tSNOMED\tx\tS\t123\t1970-01-01\t2099-12-31\t\n"
             "2\t\"open\tCondition\tICD10CM\tx\t\tE119\t1970-01-01\t2099-12-31\t\n"
             "3\tgone\tDrug\tATC\tx\tC\tA10\t1970-01-01\t2010-12-31\tU\n",
         "CONCEPT.csv");
    file("concept_id_1\tconcept_id_2\trelationship_id\tinvalid_reason\n2\t1\tMaps to\t\n"
         "2\t9\tMaps to\tD\n2\t8\tIs a\t\n",
         "CONCEPT_RELATIONSHIP.csv");
    const std::vector<CodeEntry> in_use{{"ICD10CM:E11.9", 0}, {"ATC:A10", 3}};
    const Vocabulary vocabulary = read_vocabulary(folder_, in_use);
    EXPECT_EQ(vocabulary.maps_to("ICD10CM:E11.9"), (CodeMap{.concept_id = 1}));
    ASSERT_EQ(vocabulary.concepts().size(), 2u);
    EXPECT_EQ(*vocabulary.find(1), (Concept{"SNOMED:123", "Condition", true, true}));
    EXPECT_EQ(*vocabulary.find(3), (Concept{"ATC:A10", "Drug", false, false}));
}

TEST_F(VocabularyFiles, TellsWhatIsMissingOrBad) {
    EXPECT_THAT(error(), HasSubstr("no table concept"));
    file("concept_id\tvocabulary_id\n", "concept.csv");
    EXPECT_THAT(error(), HasSubstr("no column concept_code"));
    file(std::string(concept_header) + "x\ta\tb\tc\td\te\tf\tg\th\t\n", "concept.csv");
    EXPECT_THAT(error(), HasSubstr("not a concept"));
    EXPECT_THAT(error(), HasSubstr("line 2, column concept_id"));
    file(concept_header, "CONCEPT.csv");
    EXPECT_THAT(error(), HasSubstr("there twice"));
    std::filesystem::remove_all(folder_);
    EXPECT_THAT(error(), HasSubstr("cannot read the folder"));
}

using reference::ehr;

/// Against whole tables held in memory and searched row by row.
TEST_F(VocabularyFiles, AnswersAsTheWholeTablesDo) {
    if (!std::filesystem::exists(ehr)) GTEST_SKIP() << "no shared data";
    std::filesystem::copy(ehr / "omop54_synthea27/CONCEPT.csv", folder_ / "CONCEPT.csv");
    std::filesystem::copy(ehr / "omop54_synthea27/CONCEPT_RELATIONSHIP_mapsto_isa.csv",
                          folder_ / "CONCEPT_RELATIONSHIP.csv");
    std::filesystem::copy(ehr / "omop_vocab_cut/concept_ancestor.csv",
                          folder_ / "concept_ancestor.csv");
    std::vector<CodeEntry> in_use;
    std::map<std::uint32_t, std::string> source_code; // concepts that codes without concept have
    std::set<std::uint32_t> used;
    DelimitedReader concepts(folder_ / "CONCEPT.csv");
    for (std::size_t row = 0; concepts.next_valid(); ++row) {
        const auto id = static_cast<std::uint32_t>(*parse_integer(concepts[0]));
        const std::string code = vocabulary_code(concepts[3], concepts[6]);
        if (row % 3 == 0) {
            in_use.push_back({code, id});
            used.insert(id);
        } else if (row % 3 == 1) {
            in_use.push_back({code, 0});
            source_code.emplace(id, code);
        }
    }
    const Vocabulary vocabulary = read_vocabulary(folder_, in_use);

    std::map<std::string, std::uint32_t> first_target;
    DelimitedReader relations(folder_ / "CONCEPT_RELATIONSHIP.csv");
    while (relations.next_valid()) {
        const auto source = static_cast<std::uint32_t>(*parse_integer(relations[0])),
                   target = static_cast<std::uint32_t>(*parse_integer(relations[1]));
        if (relations[2] != "Maps to" || !relations[5].empty() || !source_code.contains(source))
            continue;
        const auto place = first_target.try_emplace(source_code[source], target).first;
        place->second = std::min(place->second, target);
    }
    ASSERT_GT(first_target.size(), 100u);
    ASSERT_EQ(vocabulary.maps().size(), first_target.size());
    for (const auto& [code, target] : first_target) {
        EXPECT_EQ(vocabulary.maps_to(code)->concept_id, target) << code;
        used.insert(target);
    }

    std::map<std::uint32_t, std::set<std::uint32_t>> below;
    for (const std::uint32_t id : used)
        below[id].insert(id);
    DelimitedReader ancestry(folder_ / "concept_ancestor.csv");
    while (ancestry.next_valid()) {
        const auto descendant = static_cast<std::uint32_t>(*parse_integer(ancestry[1]));
        if (used.contains(descendant))
            below[static_cast<std::uint32_t>(*parse_integer(ancestry[0]))].insert(descendant);
    }
    std::size_t pairs = 0;
    for (const auto& [ancestor, expected] : below) {
        const auto found = vocabulary.descendants(ancestor);
        EXPECT_TRUE(std::equal(found.begin(), found.end(), expected.begin(), expected.end()))
            << ancestor;
        pairs += found.size();
    }
    EXPECT_GT(pairs, used.size()) << "some lie below others";
    EXPECT_EQ(vocabulary.tables()[1].rows(), pairs);
}

} // namespace
} // namespace salus
