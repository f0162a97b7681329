#pragma once

#include "schema/stage.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// Paths as typed -> absolute paths below `base`, checked against what `port` takes: no URLs, no
/// missing files, folder where a folder is needed, no path twice, one path unless the port takes
/// many.
std::vector<std::filesystem::path> resolve_inputs(const Port& port,
                                                  const std::vector<std::string>& typed,
                                                  const std::filesystem::path& base,
                                                  std::string_view where,
                                                  std::vector<Problem>& problems);

/// An absolute output folder below `base`; a problem if it is a URL or an existing file.
std::filesystem::path resolve_output(const std::string& typed, const std::filesystem::path& base,
                                     std::string_view where, std::vector<Problem>& problems);

/// An absolute path without "." and "..", symbolic links left alone.
std::filesystem::path absolute_below(const std::filesystem::path& base,
                                     const std::filesystem::path& path);

} // namespace salus
