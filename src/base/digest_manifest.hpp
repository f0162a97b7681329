#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// A list of files with their SHA-256, in the form of sha256sum: `DIGEST  PATH`, one a line.
/// It closes the gap that formats without checksums leave (.bed, .pgen, heads of BGEN records).
struct DigestManifest {
    struct Entry {
        std::string sha256; // 64 lower-case hexadecimal digits
        std::string path;   // as written
    };
    std::filesystem::path file; // where it was read from
    std::vector<Entry> entries;

    /// The entry that means `path`: its path, from the folder of the manifest or the working
    /// folder, is that file; else the only entry with that file name. Null if there is none.
    const Entry* find(const std::filesystem::path& path) const;
};

/// Reads a manifest, also as `sha256sum` writes it (`*` before the path, `\` before the line).
/// DataError with file and line for anything else.
DigestManifest read_digest_manifest(const std::filesystem::path& file);

/// One line of a manifest, with its end.
std::string manifest_line(std::string_view sha256, std::string_view path);

/// The files without which `path` cannot be read, where they are: .bim and .fam of a .bed, .sample
/// of a .bgen, .pvar and .psam (or .bim and .fam) of a .pgen.
std::vector<std::filesystem::path> companions_of(const std::filesystem::path& path);

/// Compares a file with the manifest. IntegrityError if its digest is another one; DataError if the
/// manifest does not list it.
void verify_digest(const DigestManifest& manifest, const std::filesystem::path& path);

} // namespace salus
