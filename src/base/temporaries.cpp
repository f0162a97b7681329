#include "base/temporaries.hpp"

#include "base/file.hpp"

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

namespace salus {
namespace {

bool is_temporary(const std::string& name) {
    const std::size_t at = name.rfind(".tmp-");
    return at != std::string::npos && at + 5 < name.size() &&
           std::all_of(name.begin() + static_cast<std::ptrdiff_t>(at) + 5, name.end(),
                       [](unsigned char c) { return std::isdigit(c) != 0; });
}

} // namespace

void remove_temporaries(const std::filesystem::path& folder) {
    std::error_code code;
    std::vector<std::filesystem::path> found;
    for (std::filesystem::directory_iterator at(folder, code), end; !code && at != end;
         at.increment(code))
        if (is_temporary(at->path().filename().string())) found.push_back(at->path());
    if (code && code != std::errc::no_such_file_or_directory)
        throw_storage_error(code.value(), "read", folder);
    for (const std::filesystem::path& path : found)
        remove_tree(path);
}

} // namespace salus
