#include "app/commands.hpp"
#include "base/digest_manifest.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <set>

namespace salus {
namespace {

namespace fs = std::filesystem;

/// What was named, with what belongs to it, each once, in order.
std::vector<fs::path> files_of(const std::vector<std::string>& named) {
    std::vector<fs::path> files;
    std::set<fs::path> known;
    const auto add = [&](const fs::path& path) {
        if (known.insert(path.lexically_normal()).second) files.push_back(path);
    };
    for (const fs::path path : named) {
        if (fs::is_directory(path)) {
            std::vector<fs::path> below;
            for (const auto& entry : fs::recursive_directory_iterator(path))
                if (entry.is_regular_file()) below.push_back(entry.path());
            std::sort(below.begin(), below.end());
            std::for_each(below.begin(), below.end(), add);
            continue;
        }
        if (!fs::exists(path))
            throw UsageError({.what = "there is no file of this name",
                              .where = path.string(),
                              .why = {},
                              .help = "give files, or folders for all files in them"});
        add(path);
        for (const fs::path& companion : companions_of(path))
            add(companion);
    }
    return files;
}

} // namespace

std::string digest_command(const CommandLine& line) {
    const bool to_file = !line.output.empty();
    const fs::path folder = to_file ? fs::absolute(line.output).parent_path() : fs::path{};
    std::string lines;
    std::size_t count = 0;
    for (const fs::path& file : files_of(line.files)) {
        if (to_file && fs::absolute(file) == fs::absolute(line.output)) continue;
        // From the folder of the manifest, where sha256sum --check can be run.
        const fs::path name = to_file ? fs::absolute(file).lexically_normal().lexically_relative(
                                            folder.lexically_normal())
                                      : file;
        lines += manifest_line(sha256_file(file), name.string());
        ++count;
    }
    if (!to_file) return lines;
    write_file_atomically(line.output, lines);
    return text(line.output, ": ", with_thousands(count), " files\n");
}

} // namespace salus
