// Traits of the status matrix as association takes them.
#include "stages/association/phenotypes.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "health/status_matrix.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include <unistd.h>

namespace salus::association {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::size_t status_samples = 60;

class StatusTraits : public ::testing::Test {
protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() /
                  ("salus_status_traits_" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder_);
        for (std::size_t s = 0; s < status_samples; ++s)
            table_.id.push_back(text("S", s));
        table_.sex.assign(status_samples, Sex::unknown);
        StatusBlock block(3, status_samples);
        for (std::size_t s = 0; s < status_samples; ++s) {
            std::vector<std::uint8_t> row(status_bytes(3), 0);
            for (std::size_t t = 0; t < 3; ++t)
                status_set(row, t, status(t, s));
            block.take(s, row);
        }
        const auto part_path = folder_ / "part.h5";
        PartWriter part(part_path);
        block.write(part);
        const std::string digest = part.commit();
        H5File file = H5File::create(path());
        TableData ids({.name = "samples",
                       .row = "sample",
                       .doc = "Samples.",
                       .columns = {{"sample_id", ColumnType::text, "", "identifier"}}});
        ids.column<std::string>("sample_id") = table_.id;
        file.write(ids);
        TableData traits({.name = "traits",
                          .row = "sample",
                          .doc = "Traits.",
                          .columns = {{"ldl", ColumnType::f64, "mg/dL", "LDL"}}});
        traits.column<double>("ldl").assign(status_samples, 3.0);
        file.write(traits);
        TableData info({.name = "trait_info",
                        .row = "trait",
                        .doc = "Traits.",
                        .columns = {{"name", ColumnType::text, "", "name"},
                                    {"kind", ColumnType::text, "", "kind"}}});
        info.column<std::string>("name").push_back("ldl");
        info.column<std::string>("kind").push_back("quantitative");
        file.write(info);
        write_status_matrix(
            file, {{.name = "phecode_1"}, {.name = "phecode_2"}, {.name = "phecode_3"}},
            status_samples, Parts({{.path = part_path, .sha256 = digest, .bytes = 1}}));
        file.close();
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    /// The first two traits have 20 cases and more, the third one.
    static TraitStatus status(std::size_t trait, std::size_t sample) {
        if (trait == 2) return sample == 7 ? TraitStatus::event_case : TraitStatus::control;
        return static_cast<TraitStatus>(sample < 44 ? sample % 2 : 2 + (sample + trait) % 2);
    }
    std::filesystem::path path() const { return folder_ / "phenotypes.h5"; }
    Phenotypes read(std::vector<std::string> traits) const {
        return read_phenotypes(path(), table_, {.traits = std::move(traits)});
    }
    static std::vector<std::string> names(const Phenotypes& phenotypes) {
        std::vector<std::string> out;
        for (const Trait& trait : phenotypes.traits)
            out.push_back(trait.name);
        return out;
    }
    std::filesystem::path folder_;
    SampleTable table_;
};

TEST_F(StatusTraits, AreBinaryTraitsByName) {
    const Phenotypes found = read({"phecode_2", "ldl", "phecode_3"});
    EXPECT_THAT(names(found), ElementsAre("phecode_2", "ldl", "phecode_3"));
    EXPECT_TRUE(found.traits[0].binary);
    for (std::size_t s = 0; s < status_samples; ++s) {
        const double value = found.traits[0].values[s];
        if (s < 44)
            EXPECT_EQ(value, static_cast<double>(s % 2));
        else
            EXPECT_TRUE(std::isnan(value));
    }
}

TEST_F(StatusTraits, PatternsTakeThoseThatCanBeTested) {
    const Phenotypes found = read({"phecode_*"});
    EXPECT_THAT(names(found), ElementsAre("phecode_1", "phecode_2"));
    ASSERT_EQ(found.skipped.size(), 1U);
    EXPECT_EQ(found.skipped[0].name, "phecode_3");
    EXPECT_THAT(found.skipped[0].reason, HasSubstr("fewer than 20"));
    EXPECT_THAT(names(read({"l*", "phecode_1*"})), ElementsAre("ldl", "phecode_1"));
}

TEST_F(StatusTraits, AreNotTakenUnasked) { EXPECT_THAT(names(read({})), ElementsAre("ldl")); }

TEST_F(StatusTraits, WrongNamesAreTold) {
    for (const char* wrong : {"phecode_4", "phecod_*"}) {
        try {
            read({wrong});
            ADD_FAILURE() << wrong;
        } catch (const UsageError& e) {
            EXPECT_THAT(e.what(), HasSubstr(text("there is no trait \"", wrong)));
        }
    }
    EXPECT_THROW(read({"phecode_1", "phecode_1*"}), UsageError) << "named twice";
}

} // namespace
} // namespace salus::association
