#include "genotype/family_names.hpp"

#include <gtest/gtest.h>

namespace salus {
namespace {

const std::vector<std::string> ids{"d", "b", "c", "a", "e"};

TEST(FamilyNames, AreTheSmallestOfTheFamily) {
    const std::vector<std::uint32_t> family{7, 0, 7, 2, 2};
    const auto names = family_names(ids, family);
    EXPECT_EQ(names, (std::vector<std::string_view>{"c", "b", "c", "a", "a"}));
}

TEST(FamilyNames, AreTheirOwnWithoutFamilies) {
    EXPECT_EQ(family_names(ids, {}), (std::vector<std::string_view>{"d", "b", "c", "a", "e"}));
}

} // namespace
} // namespace salus
