#pragma once

#include <filesystem>

namespace salus {

/// The name beside `path` under which this process writes it: `NAME.tmp-<pid>`.
std::filesystem::path temporary_name(std::filesystem::path path);

/// Removes what a killed run left half-written in the folder itself: files and folders named
/// `NAME.tmp-<pid>`. Does nothing if there is no such folder. For
/// the one who holds the folder's lock. Throws StorageError.
void remove_temporaries(const std::filesystem::path& folder);

} // namespace salus
