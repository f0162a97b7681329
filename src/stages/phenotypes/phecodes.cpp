#include "stages/phenotypes/phecodes.hpp"

#include "base/text.hpp"

namespace salus::phenotypes {
namespace {

std::vector<std::filesystem::path> files_of(const Inputs& inputs, const std::string& port) {
    const auto found = inputs.find(port);
    return found == inputs.end() ? std::vector<std::filesystem::path>{} : found->second;
}

} // namespace

PhecodeFiles phecode_files(const Inputs& inputs) {
    return {.map = files_of(inputs, "phecode_map"),
            .rollup = files_of(inputs, "phecode_rollup"),
            .exclusions = files_of(inputs, "phecode_exclusions"),
            .info = files_of(inputs, "phecode_info")};
}

PhecodeTraits::PhecodeTraits(const PhecodeFiles& files, const PhenotypesParams& params,
                             std::span<const std::string> codes) {
    if (files.map.empty()) return;
    const PhecodeMap map = read_phecode_tables(files);
    for (std::size_t p = 0; p < map.size(); ++p)
        traits_.push_back({.name = "phecode_" + map.names[p],
                           .doc = map.docs[p].empty() ? "phecode " + map.names[p] : map.docs[p],
                           .source = "phecode"});
    panel_ = std::make_unique<PhecodePanel>(
        map, codes,
        PhecodeRules{.min_dates = params.phecode_min_dates,
                     .inside_observation = params.phecode_inside_observation,
                     .exclusions = !files.exclusions.empty(),
                     .longest_prefix = params.phecode_longest_prefix});
}

void PhecodeTraits::report(const Log& log) const {
    if (!panel_) return;
    for (const auto& [system, codes] : panel_->coverage()) {
        const std::uint64_t known = codes.mapped + codes.by_prefix + codes.by_family,
                            all = known + codes.unmapped;
        std::string says = text(with_thousands(known), " of ", with_thousands(all), " codes of ",
                                system, " are in the phecode map");
        if (codes.by_family > 0) says += text(", ", codes.by_family, " of them as WHO ICD-10");
        if (codes.by_prefix > 0)
            says += text(", ", codes.by_prefix, " of them cut to a known code");
        if (known == 0)
            log.warning(says + ": events of this system make no phecodes");
        else
            log.info(says);
    }
}

} // namespace salus::phenotypes
