#include "stages/association/components.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace salus::association {
namespace {

void require_new_name(const std::string& name, const Phenotypes& phenotypes) {
    const bool taken = std::any_of(phenotypes.covariates.begin(), phenotypes.covariates.end(),
                                   [&](const Covariate& c) { return c.name == name; });
    if (!taken) return;
    throw UsageError({.what = text("there are two covariates \"", name, "\""),
                      .where = "inputs phenotypes and components",
                      .why = "components become covariates pc1, pc2 ...",
                      .help = "name the other covariates in the parameter covariates, or give no "
                              "components"});
}

} // namespace

void add_components(const std::filesystem::path& path, const SampleTable& samples,
                    std::size_t count, Phenotypes& phenotypes) {
    const H5File file = H5File::open(path);
    const TableData rows = file.read("samples");
    if (rows.column<std::string>("sample_id") != samples.id)
        throw DataError({.what = "the samples differ from those of the genotypes",
                         .where = text(path.string(), ", table samples"),
                         .why = "rows of the components are samples in the order of the genotypes",
                         .help = "compute the components from the same genotypes, or project these "
                                 "samples with the input loadings of principal_components"});
    for (std::size_t k = 1; k <= count && rows.has(text("pc", k)); ++k) {
        require_new_name(text("pc", k), phenotypes);
        phenotypes.covariates.push_back(
            {.name = text("pc", k), .values = rows.column<double>(text("pc", k))});
    }
}

} // namespace salus::association
