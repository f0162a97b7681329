#pragma once

#include <filesystem>

namespace salus {

/// Removes what a killed run left half-written in the folder itself: files and folders named
/// `NAME.tmp-<pid>`, as AtomicFile and parts write them. Does nothing if there is no such folder. For
/// the one who holds the folder's lock. Throws StorageError.
void remove_temporaries(const std::filesystem::path& folder);

} // namespace salus
