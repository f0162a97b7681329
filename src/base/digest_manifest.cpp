#include "base/digest_manifest.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace salus {
namespace {

bool is_digest(std::string_view text) noexcept {
    return text.size() == 64 &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// `\\` and `\n` as sha256sum writes backslash and line feed in a line that begins with `\`.
std::string unescaped(std::string_view written) {
    std::string out;
    for (std::size_t i = 0; i < written.size(); ++i) {
        const bool escape = written[i] == '\\' && i + 1 < written.size();
        out += !escape ? written[i] : written[++i] == 'n' ? '\n' : written[i];
    }
    return out;
}

std::filesystem::path plain(const std::filesystem::path& path) {
    std::error_code ignored;
    return std::filesystem::weakly_canonical(path, ignored);
}

} // namespace

const DigestManifest::Entry* DigestManifest::find(const std::filesystem::path& path) const {
    const std::filesystem::path wanted = plain(path), folder = plain(file).parent_path();
    for (const Entry& entry : entries)
        if (plain(folder / entry.path) == wanted || plain(entry.path) == wanted) return &entry;
    const Entry* found = nullptr; // the files were moved
    for (const Entry& entry : entries) {
        if (std::filesystem::path(entry.path).filename() != wanted.filename()) continue;
        if (found != nullptr && found->sha256 != entry.sha256) return nullptr;
        found = &entry;
    }
    return found;
}

DigestManifest read_digest_manifest(const std::filesystem::path& file) {
    DigestManifest manifest{.file = file, .entries = {}};
    const std::string content = read_text_file(file);
    std::size_t number = 0;
    for (std::string_view line : split(content, '\n')) {
        ++number;
        if (line.empty()) continue;
        const bool escaped = line.starts_with('\\');
        if (escaped) line.remove_prefix(1);
        const std::string digest = lower(line.substr(0, 64));
        const bool form = is_digest(digest) && line.size() > 66 && line[64] == ' ' &&
                          (line[65] == ' ' || line[65] == '*');
        if (!form)
            throw DataError({.what = "the line is not a SHA-256 digest and a path",
                             .where = text(file.string(), ", line ", number),
                             .why = "a manifest has lines of 64 hexadecimal digits, two blanks and "
                                    "a path, as sha256sum writes them",
                             .help = "make it with: salus digest FILES... --output MANIFEST"});
        manifest.entries.push_back(
            {digest, escaped ? unescaped(line.substr(66)) : std::string(line.substr(66))});
    }
    return manifest;
}

std::string manifest_line(std::string_view sha256, std::string_view path) {
    std::string name;
    for (const char c : path)
        name += c == '\\' ? std::string("\\\\") : c == '\n' ? std::string("\\n") : std::string{c};
    return text(name.size() == path.size() ? "" : "\\", sha256, "  ", name, "\n");
}

std::vector<std::filesystem::path> companions_of(const std::filesystem::path& path) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> pairs{
        {{".bed", ".bim"},
         {".bed", ".fam"},
         {".bgen", ".sample"},
         {".pgen", ".pvar"},
         {".pgen", ".pvar.zst"},
         {".pgen", ".psam"},
         {".pgen", ".bim"},
         {".pgen", ".fam"}}};
    std::vector<std::filesystem::path> found;
    for (const auto& [main, side] : pairs) {
        if (path.extension() != main) continue;
        std::filesystem::path companion = path;
        companion.replace_extension(side);
        std::error_code ignored;
        if (std::filesystem::is_regular_file(companion, ignored))
            found.push_back(std::move(companion));
    }
    return found;
}

void verify_digest(const DigestManifest& manifest, const std::filesystem::path& path) {
    const DigestManifest::Entry* const entry = manifest.find(path);
    if (entry == nullptr)
        throw DataError({.what = "the digest manifest does not list an input file",
                         .where = text(path.string(), ", manifest ", manifest.file.string()),
                         .why = "every file of the cohort must be known by its digest",
                         .help = "add it: salus digest FILES... --output MANIFEST"});
    const std::string now = sha256_file(path);
    if (now == entry->sha256) return;
    throw IntegrityError({.what = "an input file is not the one that the manifest lists",
                          .where = text(path.string(), ", manifest ", manifest.file.string()),
                          .why = text("its SHA-256 is ", now, " instead of ", entry->sha256,
                                      ": it is damaged, or was changed since"),
                          .help = "copy the file again; if the change was meant, make the manifest "
                                  "again"});
}

} // namespace salus
