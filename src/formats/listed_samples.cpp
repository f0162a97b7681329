#include "formats/listed_samples.hpp"

#include "base/error.hpp"
#include "formats/genotype_selection.hpp"

#include <string_view>
#include <unordered_map>

namespace salus {

std::vector<std::uint8_t> listed_samples(const std::filesystem::path& list,
                                         std::span<const std::string> samples) {
    std::unordered_map<std::string_view, std::size_t> places;
    for (std::size_t i = 0; i < samples.size(); ++i)
        places.emplace(samples[i], i);
    std::vector<std::uint8_t> marks(samples.size(), 0);
    bool any = false;
    for (const std::string& name : read_sample_list(list)) {
        const auto place = places.find(name);
        if (place == places.end()) continue;
        marks[place->second] = 1;
        any = true;
    }
    if (!any)
        throw DataError({.what = "no sample of the list is among the genotypes",
                         .where = list.string(),
                         .why = "the list names samples as the genotypes do",
                         .help = {}});
    return marks;
}

} // namespace salus
