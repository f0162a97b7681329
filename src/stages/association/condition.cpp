#include "stages/association/condition.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/regions.hpp"
#include "parallel/read_once.hpp"
#include "stages/association/listed_variants.hpp"

#include <algorithm>

namespace salus::association {

std::vector<std::string> read_names(const std::filesystem::path& path) {
    std::vector<std::string> names;
    for_each_line(path, [&](std::string_view line, std::uint64_t) {
        line = trim(line);
        if (!line.empty()) names.emplace_back(line.substr(0, line.find_first_of(" \t")));
    });
    if (names.empty())
        throw DataError({.what = "the list of variants to condition on is empty",
                         .where = path.string(),
                         .why = "each line names a variant that becomes a covariate",
                         .help = "write one identifier or CHROM:POS:REF:ALT a line, or leave the "
                                 "input condition_list out"});
    return names;
}

void add_condition(const AssociationParams& params, const RunContext& context,
                   const GenotypeSource& genotypes, Phenotypes& phenotypes) {
    std::vector<std::string> names = params.condition_on;
    const auto listed = read_once(context.comm(), "reading the list of variants", [&] {
        return context.has_input("condition_list") ? read_names(context.input("condition_list"))
                                                   : std::vector<std::string>();
    });
    names.insert(names.end(), listed.begin(), listed.end());
    if (names.empty()) return;
    for (const Covariate& covariate : phenotypes.covariates) {
        if (std::find(names.begin(), names.end(), covariate.name) == names.end()) continue;
        throw UsageError({.what = text("there are two covariates \"", covariate.name, "\""),
                          .where = "parameter condition_on or input condition_list, and phenotypes",
                          .why = "variants to condition on become covariates under their names",
                          .help = "name the variant by chromosome:position:REF:ALT"});
    }
    for (ListedVariant& variant : read_listed_variants(context.comm(), genotypes, names))
        phenotypes.covariates.push_back({.name = std::move(variant.name),
                                         .values = std::move(variant.dosages),
                                         .imputed = true});
}

} // namespace salus::association
