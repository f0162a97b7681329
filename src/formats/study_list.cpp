#include "formats/study_list.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/summary_statistics.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace salus {
namespace {

std::string stem_of(const std::filesystem::path& path) {
    const std::string name = path.filename().string();
    return name.substr(0, std::max<std::size_t>(1, name.find('.', 1)));
}

/// The traits of one file that are asked for, each removed from `missing`.
std::vector<std::string> chosen_traits(const std::filesystem::path& file,
                                       std::span<const std::string> traits,
                                       std::set<std::string>& missing) {
    std::vector<std::string> chosen;
    for (const std::string& trait : traits_of(file))
        if (traits.empty() || std::find(traits.begin(), traits.end(), trait) != traits.end()) {
            chosen.push_back(trait);
            missing.erase(trait);
        }
    return chosen;
}

void give_names(std::vector<StudySource>& studies, std::span<const std::string> names) {
    if (!names.empty() && names.size() != studies.size())
        throw UsageError({.what = text(names.size(), " names for ", studies.size(), " studies"),
                          .where = "names",
                          .why = "each study has one name, in the order of the files",
                          .help = {}});
    std::map<std::string, std::size_t> seen;
    for (std::size_t s = 0; s < studies.size(); ++s) {
        StudySource& study = studies[s];
        study.name = !names.empty()        ? names[s]
                     : study.trait.empty() ? stem_of(study.path)
                                           : study.trait;
        ++seen[study.name];
    }
    for (std::size_t s = 0; s < studies.size(); ++s) {
        if (seen[studies[s].name] == 1) continue;
        if (!names.empty())
            throw UsageError({.what = text("the name '", studies[s].name, "' is given twice"),
                              .where = "names",
                              .why = "studies are told apart by their names",
                              .help = {}});
        studies[s].name += text("_", s + 1);
    }
}

} // namespace

std::vector<std::string> traits_of(const std::filesystem::path& path) {
    return is_hdf5_file(path) ? association_traits(path) : std::vector<std::string>();
}

std::vector<StudySource> list_studies(std::span<const std::filesystem::path> files,
                                      std::span<const std::string> traits,
                                      std::span<const std::string> names) {
    std::vector<StudySource> studies;
    std::set<std::string> missing(traits.begin(), traits.end());
    for (const auto& file : files) {
        if (!is_hdf5_file(file)) {
            studies.push_back({.path = file, .trait = {}, .name = {}});
            continue;
        }
        for (std::string& trait : chosen_traits(file, traits, missing))
            studies.push_back({.path = file, .trait = std::move(trait), .name = {}});
    }
    if (!missing.empty())
        throw UsageError({.what = text("no file has the trait '", *missing.begin(), "'"),
                          .where = "traits",
                          .why = {},
                          .help = {}});
    give_names(studies, names);
    return studies;
}

} // namespace salus
