#include "schema/job_inputs.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace salus {
namespace {

namespace fs = std::filesystem;

bool is_folder_artifact(Artifact artifact) noexcept {
    return artifact == Artifact::genotype_store || artifact == Artifact::omop_tables ||
           artifact == Artifact::fhir_files || artifact == Artifact::cohort;
}

Problem remote_path(const std::string& typed, std::string_view where) {
    return {.what = text("'", typed, "' is a network address"),
            .where = std::string(where),
            .why = "salus reads and writes local paths only",
            .help = "copy the data to a file system of this machine first"};
}

/// The deepest folder on the way to `path` that exists, to show where the spelling goes wrong.
fs::path existing_parent(fs::path path) {
    std::error_code ignored;
    while (path.has_parent_path() && path != path.parent_path() && !fs::exists(path, ignored))
        path = path.parent_path();
    return path;
}

std::optional<Problem> check_kind(const Port& port, const fs::path& path, std::string_view where) {
    std::error_code code;
    const auto status = fs::status(path, code);
    const std::string expects = text("input '", port.name, "' takes: ", doc_of(port.artifact));
    if (status.type() == fs::file_type::not_found)
        return Problem{.what = text("there is no file or folder ", path.string()),
                       .where = std::string(where),
                       .why = expects,
                       .help = text("the path exists as far as ", existing_parent(path).string())};
    if (code)
        return Problem{.what = text("cannot look at ", path.string(), ": ", code.message()),
                       .where = std::string(where),
                       .why = expects,
                       .help = "check the permissions of the folders on the way"};
    const bool folder = fs::is_directory(status);
    if (folder == is_folder_artifact(port.artifact)) return std::nullopt;
    if (!folder && accepts(port.artifact, Artifact::genotype_files)) return std::nullopt;
    if (port.artifact == Artifact::score_files)
        return std::nullopt; // a folder stands for its files
    return Problem{
        .what = text(path.string(), folder ? " is a folder, not a file" : " is not a folder"),
        .where = std::string(where),
        .why = expects};
}

} // namespace

fs::path absolute_below(const fs::path& base, const fs::path& path) {
    fs::path full = fs::absolute(base / path).lexically_normal();
    return full.has_filename() ? full : full.parent_path();
}

std::vector<fs::path> resolve_inputs(const Port& port, const std::vector<std::string>& typed,
                                     const fs::path& base, std::string_view where,
                                     std::vector<Problem>& problems) {
    std::vector<fs::path> paths;
    const auto complain = [&](Problem problem) { problems.push_back(std::move(problem)); };
    if (typed.empty())
        complain({.what = text("input '", port.name, "' is an empty list"),
                  .where = std::string(where),
                  .why = text("it takes: ", doc_of(port.artifact)),
                  .help = port.optional ? "give a path, or leave it out" : "give a path"});
    if (typed.size() > 1 && !port.many)
        complain({.what = text("input '", port.name, "' takes one path, but has ", typed.size()),
                  .where = std::string(where)});
    for (const std::string& item : typed) {
        if (item.find("://") != std::string::npos) {
            complain(remote_path(item, where));
            continue;
        }
        if (trim(item).empty()) {
            complain({.what = text("input '", port.name, "' has an empty path"),
                      .where = std::string(where),
                      .why = text("it takes: ", doc_of(port.artifact))});
            continue;
        }
        const fs::path path = absolute_below(base, item);
        if (auto problem = check_kind(port, path, where))
            complain(std::move(*problem));
        else if (std::find(paths.begin(), paths.end(), path) != paths.end())
            complain({.what = text(path.string(), " is given twice"), .where = std::string(where)});
        paths.push_back(path);
    }
    return paths;
}

fs::path resolve_output(const std::string& typed, const fs::path& base, std::string_view where,
                        std::vector<Problem>& problems) {
    if (typed.find("://") != std::string::npos) {
        problems.push_back(remote_path(typed, where));
        return {};
    }
    if (trim(typed).empty()) {
        problems.push_back({.what = "the output folder has no name",
                            .where = std::string(where),
                            .help = "give the name of a folder; it is made where it is absent"});
        return {};
    }
    const fs::path path = absolute_below(base, typed);
    std::error_code ignored;
    if (fs::exists(path, ignored) && !fs::is_directory(path, ignored))
        problems.push_back({.what = text("the output ", path.string(), " is a file, not a folder"),
                            .where = std::string(where),
                            .help = "give the name of a folder; it is made where it is absent"});
    return path;
}

} // namespace salus
