#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace salus {

/// One set of association statistics among the inputs of a stage.
struct StudySource {
    std::filesystem::path path;
    std::string trait; // of an HDF5 result; empty for text
    std::string name;
};

/// Traits of an HDF5 result of association statistics, empty for text. DataError if an HDF5 file
/// holds none.
std::vector<std::string> traits_of(const std::filesystem::path& path);

/// The studies in files, in the order of the files: one for each text, and for each trait of an
/// HDF5 file that is in `traits` (all if that is empty). Named by `names` where given, else by the
/// trait, or by the file name up to its first point; equal names are told apart by the number of
/// the study. UsageError if the number of names is another, a name is given twice, or a trait is in
/// no file.
std::vector<StudySource> list_studies(std::span<const std::filesystem::path> files,
                                      std::span<const std::string> traits,
                                      std::span<const std::string> names);

} // namespace salus
