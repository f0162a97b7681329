#include "base/temporaries.hpp"

#include "base/file.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace salus {
namespace {

constexpr std::string_view mark = ".tmp-"; // then the process

bool is_temporary(std::string_view name) {
    const std::size_t at = name.rfind(mark);
    if (at == std::string_view::npos) return false;
    const std::string_view process = name.substr(at + mark.size());
    return !process.empty() && std::all_of(process.begin(), process.end(), [](unsigned char c) {
        return std::isdigit(c) != 0;
    });
}

} // namespace

std::filesystem::path temporary_name(std::filesystem::path path) {
    path += text(mark, ::getpid());
    return path;
}

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
