#include "health/status_matrix.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include <unistd.h>

namespace salus {
namespace {

class StatusMatrixFile : public ::testing::Test {
protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() / text("salus_status_", ::getpid());
        std::filesystem::create_directories(folder_);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    static TraitStatus truth(std::size_t trait, std::size_t sample) {
        return static_cast<TraitStatus>((trait * 7 + sample * 13 + trait * sample / 3) % 4);
    }

    /// Rows of the samples in two shards, odd ones first and backwards, then blocks, then a file.
    std::filesystem::path make(std::size_t traits, std::size_t samples, std::uint64_t block) {
        std::vector<Parts::Part> shards, blocks;
        for (const std::size_t odd : {1U, 0U}) {
            StatusRows rows(traits);
            for (std::size_t s = samples; s-- > 0;) {
                if (s % 2 != odd || s % 5 == 4) continue; // every fifth sample has no person
                const auto row = rows.add(static_cast<std::uint32_t>(s));
                for (std::size_t t = 0; t < traits; ++t)
                    status_set(row, t, truth(t, s));
            }
            shards.push_back(write(text("shard", odd),
                                   [&](PartWriter& part) { rows.write(part, samples, block); }));
        }
        const Parts from(shards);
        for (std::uint64_t b = 0; b * block < samples; ++b) {
            StatusBlock rows(traits, std::min<std::size_t>(block, samples - b * block));
            for (std::uint64_t u = 0; u < from.size(); ++u)
                read_status_rows(from.open(u), b, [&](auto sample, auto packed) {
                    rows.take(sample - b * block, packed);
                });
            blocks.push_back(write(text("block", b), [&](PartWriter& part) { rows.write(part); }));
        }
        std::vector<StatusTrait> names(traits);
        for (std::size_t t = 0; t < traits; ++t)
            names[t] = {.name = text("trait", t), .doc = text("doc ", t), .source = "phecode"};
        const auto path = folder_ / "out.h5";
        H5File out = H5File::create(path);
        counted_ = write_status_matrix(out, names, samples, Parts(blocks));
        out.close();
        return path;
    }

    template <class Fill>
    Parts::Part write(const std::string& name, Fill&& fill) {
        const auto path = folder_ / (name + ".h5");
        PartWriter part(path);
        fill(part);
        return {.path = path, .sha256 = part.commit(), .bytes = std::filesystem::file_size(path)};
    }

    std::filesystem::path folder_;
    std::vector<StatusTrait> counted_;
};

TEST_F(StatusMatrixFile, HoldsWhatWasGivenInTheOrderOfTheSamples) {
    for (const auto& [traits, samples, block] :
         {std::tuple{1, 1, 4}, {3, 7, 4}, {4, 8, 8}, {5, 1030, 260}, {261, 70, 64}}) {
        const auto t_count = static_cast<std::size_t>(traits),
                   s_count = static_cast<std::size_t>(samples);
        const H5File file = H5File::open(make(t_count, s_count, static_cast<std::uint64_t>(block)));
        const auto matrix = StatusMatrix::open(file);
        ASSERT_TRUE(matrix);
        ASSERT_EQ(matrix->size(), t_count);
        ASSERT_EQ(matrix->samples(), s_count);
        for (std::size_t t = 0; t < t_count; ++t) {
            std::array<std::uint64_t, 4> counts{};
            const auto packed = matrix->packed(t, 1);
            const auto values = matrix->values(t);
            for (std::size_t s = 0; s < s_count; ++s) {
                const auto expected = s % 5 == 4 ? TraitStatus::not_applicable : truth(t, s);
                ++counts[static_cast<std::size_t>(expected)];
                ASSERT_EQ(status_get(packed, s), expected) << t << " " << s;
                if (expected == TraitStatus::control)
                    EXPECT_EQ(values[s], 0);
                else if (expected == TraitStatus::event_case)
                    EXPECT_EQ(values[s], 1);
                else
                    EXPECT_TRUE(std::isnan(values[s]));
            }
            EXPECT_EQ(matrix->traits()[t].samples, counts);
            EXPECT_EQ(counted_[t].samples, counts);
            EXPECT_EQ(matrix->find(text("trait", t)), t);
        }
        EXPECT_FALSE(matrix->find("trait"));
        EXPECT_EQ(matrix->traits()[0].doc, "doc 0");
    }
}

TEST_F(StatusMatrixFile, AFileWithoutMatrixHasNone) {
    const auto path = folder_ / "none.h5";
    H5File::create(path).close();
    EXPECT_FALSE(StatusMatrix::open(H5File::open(path)));
}

TEST_F(StatusMatrixFile, AMatrixThatDoesNotFitIsRefused) {
    const auto path = folder_ / "bad.h5";
    {
        H5File out = H5File::create(path);
        H5File::RowWriter rows = out.begin_rows("status/matrix", 2, 3);
        rows.append(std::vector<std::uint8_t>(6, 0));
        rows.close();
        out.attribute("status/matrix", "samples", std::int64_t{13});
        out.close();
    }
    EXPECT_THROW(StatusMatrix::open(H5File::open(path)), DataError);
}

} // namespace
} // namespace salus
