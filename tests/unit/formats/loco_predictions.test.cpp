#include "formats/loco_predictions.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "formats/regenie_loco.hpp"
#include "genotype/result_marks.hpp"
#include "support/variant_files.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>

namespace salus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsNan;

class LocoPredictionsTest : public testing::Test {
protected:
    LocoPredictionsTest() {
        folder_ =
            std::filesystem::path(testing::TempDir()) /
            (std::string("loco-") + testing::UnitTest::GetInstance()->current_test_info()->name());
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
        samples_ = {.id = {"a", "b", "c_1"}, .sex = {3, Sex::unknown}};
    }
    ~LocoPredictionsTest() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path write(const std::string& name, std::string_view content) const {
        write_file_atomically(folder_ / name, content);
        return folder_ / name;
    }
    /// A list of one trait `y` with this .loco file.
    std::filesystem::path list(std::string_view loco) const {
        write("y_1.loco", loco);
        return write("y_pred.list", "y /nowhere/else/y_1.loco\n");
    }
    std::string message(const std::filesystem::path& path, std::string_view chromosome = "1",
                        std::string_view trait = "y") const {
        try {
            LocoPredictions::open(path, samples_).offset(trait, chromosome);
        } catch (const DataError& error) {
            return error.what();
        }
        return "no error";
    }
    std::filesystem::path result(std::vector<std::string> ids) const {
        using enum ColumnType;
        const std::filesystem::path path = folder_ / "null_model.h5";
        H5File file = H5File::create(path);
        const auto names = [&](const char* table, const char* column,
                               std::vector<std::string> values) {
            TableData data(
                {.name = table, .row = "row", .doc = "d", .columns = {{column, text, "", "d"}}});
            data.column<std::string>(column) = std::move(values);
            file.write(data);
        };
        names("samples", "sample_id", std::move(ids));
        names("traits", "name", {"y", "z"});
        names("chromosomes", "chromosome", {"chr1", "chr2", "other"});
        const std::vector<double> rows{1, 2, NAN, 4, 5, NAN, 7, 8, NAN};
        file.write_array<double>("loco/y", rows, {3, 3});
        file.write_array<double>("loco/z", rows, {9});
        file.close();
        return path;
    }
    std::filesystem::path folder_;
    SampleTable samples_;
};

TEST_F(LocoPredictionsTest, JoinsSamplesByFamilyAndName) {
    // b comes with itself as family, c_1 with another, x is not there; a has no prediction.
    const auto loco = LocoPredictions::open(
        list("FID_IID b_b x_x f_c_1\n1 0.5 9 -1e-3\n2 1 9 NA\n23 4 9 5\n"), samples_);
    EXPECT_THAT(loco.traits(), ElementsAre("y"));
    EXPECT_THAT(loco.offset("y", "chr1"), ElementsAre(IsNan(), 0.5, -1e-3));
    EXPECT_THAT(loco.offset("y", "2"), ElementsAre(IsNan(), 1, IsNan()));
    EXPECT_THAT(loco.offset("y", "X"), ElementsAre(IsNan(), 4, 5));
    const LocoLedger ledger = loco.ledger("y");
    EXPECT_EQ(ledger.matched, 2u);
    EXPECT_EQ(ledger.without_prediction, 1u);
    EXPECT_EQ(ledger.unknown, 1u);
}

TEST_F(LocoPredictionsTest, ReadsCompressedFiles) {
    write("y_1.loco", test::bgzf("FID_IID a_a b_b\n1 0.25 2\n"));
    const auto path = write("y_pred.list", "y y_1.loco\n");
    EXPECT_THAT(LocoPredictions::open(path, samples_).offset("y", "1"),
                ElementsAre(0.25, 2, IsNan()));
}

TEST_F(LocoPredictionsTest, ReadsWhatItWrites) {
    const std::vector<std::vector<double>> rows{{1.5, NAN, -2}, {0, 1e-300, 3}};
    const std::vector<std::string> chromosomes{"1", "22"};
    const auto loco =
        LocoPredictions::open(list(regenie_loco_text(samples_.id, chromosomes, rows)), samples_);
    EXPECT_TRUE(loco.in_standard_deviations());
    EXPECT_THAT(loco.offset("y", "1"), ElementsAre(1.5, IsNan(), -2));
    EXPECT_THAT(loco.offset("y", "22"), ElementsAre(0, 1e-300, 3));
}

TEST_F(LocoPredictionsTest, NamesWhatIsWrongWithAFile) {
    EXPECT_THAT(message(list("IID a b\n1 1 2\n")), HasSubstr("does not begin with FID_IID"));
    EXPECT_THAT(message(list("FID_IID p_p q_q\n1 1 2\n")), HasSubstr("no sample of the genotypes"));
    EXPECT_THAT(message(list("FID_IID f_a g_a\n1 1 2\n")), HasSubstr("the same sample"));
    EXPECT_THAT(message(list("FID_IID a_a b_b\n1 1\n")), HasSubstr("1 values, but there are 2"));
    EXPECT_THAT(message(list("FID_IID a_a b_b\n1 1 2x\n")), HasSubstr("line 2, column 3"));
    EXPECT_THAT(message(list("FID_IID a_a b_b\n1 1 inf\n")), HasSubstr("not a number"));
    EXPECT_THAT(message(list("FID_IID a_a b_b\n1 1 2")), HasSubstr("does not end"));
    EXPECT_THAT(message(list("FID_IID a_a b_b\n1 1 2\n2 1 1\n"), "7"),
                AllOf(HasSubstr("no line of chromosome 7"), HasSubstr("the last is 2")));
    EXPECT_THAT(message(list("FID_IID a_a b_b\n1 1 2\n"), "1", "yy"),
                HasSubstr("did you mean \"y\""));
    EXPECT_THAT(message(list("")), HasSubstr("does not begin with FID_IID"));
}

TEST_F(LocoPredictionsTest, NamesWhatIsWrongWithAList) {
    EXPECT_THAT(message(write("l", "y missing.loco\n")), HasSubstr("there is no file"));
    EXPECT_THAT(message(write("l", "y\n")), HasSubstr("line 1"));
    EXPECT_THAT(message(write("l", "")), HasSubstr("not a trait and its .loco file"));
}

TEST_F(LocoPredictionsTest, ReadsResultsOfNullModel) {
    const auto loco = LocoPredictions::open(result({"a", "b", "c_1"}), samples_);
    EXPECT_THAT(loco.traits(), ElementsAre("y", "z"));
    EXPECT_FALSE(loco.in_standard_deviations());
    EXPECT_TRUE(loco.has("y"));
    EXPECT_FALSE(loco.has("x"));
    EXPECT_THAT(loco.offset("y", "2"), ElementsAre(4, 5, IsNan()));
    EXPECT_THAT(loco.offset("y", "chr1"), ElementsAre(1, 2, IsNan()));
    EXPECT_THAT(loco.offset("y", "X"), ElementsAre(7, 8, IsNan()));
    EXPECT_EQ(loco.ledger("y").without_prediction, 1u);
    EXPECT_THAT(message(loco.path(), "1", "z"), HasSubstr("not a result of null_model"));
}

TEST_F(LocoPredictionsTest, RefusesAResultOfOtherSamples) {
    EXPECT_THAT(message(result({"a", "c_1", "b"})), HasSubstr("other samples"));
    H5File::create(folder_ / "empty.h5").close();
    EXPECT_THAT(message(folder_ / "empty.h5"), HasSubstr("not a result of null_model"));
}

TEST(LocoChromosome, IsTheSameHoweverItIsWritten) {
    EXPECT_EQ(loco_chromosome("chr7"), "7");
    EXPECT_EQ(loco_chromosome("CHRX"), "X");
    EXPECT_EQ(loco_chromosome("23"), "X");
    EXPECT_EQ(loco_chromosome("chrM"), "MT");
    EXPECT_EQ(loco_chromosome("26"), "MT");
}

} // namespace
} // namespace salus
