#include "base/file.hpp"
#include "base/file_operations.hpp"

#include <gtest/gtest.h>

namespace salus {
namespace {

std::uint64_t of(const FileOperations& all, FileOperation kind) {
    return all.counts[static_cast<std::size_t>(kind)];
}

TEST(FileOperations, CountsWhatAnAtomicFileAsksFor) {
    const std::filesystem::path folder =
        std::filesystem::path(::testing::TempDir()) / "file_operations";
    const FileOperations before = file_operations();
    make_folders(folder);
    write_file_atomically(folder / "a", "four");
    EXPECT_EQ(read_text_file(folder / "a"), "four");
    remove_tree(folder);
    const FileOperations used = file_operations() - before;
    EXPECT_EQ(of(used, FileOperation::make_folder), 1u);
    EXPECT_EQ(of(used, FileOperation::create), 1u);
    EXPECT_EQ(of(used, FileOperation::sync), 2u); // the file and its folder
    EXPECT_EQ(of(used, FileOperation::rename), 1u);
    EXPECT_EQ(of(used, FileOperation::open), 3u); // twice to sync, once to read
    EXPECT_EQ(of(used, FileOperation::remove), 2u);
    FileOperations twice = used;
    twice += used;
    EXPECT_EQ(of(twice, FileOperation::open), 6u);
}

} // namespace
} // namespace salus
