#include "genotype/family_names.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <map>

namespace salus {

std::vector<std::uint32_t> read_families(const H5File& kinship, std::span<const std::string> ids) {
    const TableData table = kinship.read("samples", {"sample_id", "family"});
    const auto& known = table.column<std::string>("sample_id");
    if (!std::equal(known.begin(), known.end(), ids.begin(), ids.end()))
        throw DataError({.what = "the samples differ from those of the genotypes",
                         .where = kinship.path().string(),
                         .why = "rows are samples in the order of the genotype store",
                         .help = "make the kinship result from the same genotype store"});
    return table.column<std::uint32_t>("family");
}

std::vector<std::string_view> family_names(std::span<const std::string> ids,
                                           std::span<const std::uint32_t> family) {
    std::vector<std::string_view> out(ids.begin(), ids.end());
    std::map<std::uint32_t, std::string_view> first;
    for (std::size_t i = 0; i < family.size(); ++i) {
        if (family[i] == 0) continue;
        std::string_view& name = first.try_emplace(family[i], ids[i]).first->second;
        name = std::min(name, out[i]);
    }
    for (std::size_t i = 0; i < family.size(); ++i)
        if (family[i] != 0) out[i] = first.at(family[i]);
    return out;
}

} // namespace salus
