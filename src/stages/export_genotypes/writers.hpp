#pragma once

#include "formats/variant_row_writer.hpp"
#include "stages/export_genotypes/export_genotypes.hpp"
#include "stages/export_genotypes/exported_variant.hpp"

#include <filesystem>
#include <memory>

namespace salus {

/// Makes what one unit adds to the files of an export, in its part file, in pieces of 64 MiB.
class ExportUnit {
public:
    virtual ~ExportUnit() = default;
    /// `site`: the columns before the samples.
    virtual void add(VariantRow site, const Variant& variant, ExportedVariant& genotypes) = 0;
    virtual void finish() = 0;
};

/// \param first  number of the unit's first variant in the export.
std::unique_ptr<ExportUnit> make_export_unit(const ExportGenotypesParams& params,
                                             const CallSetHeader& header, std::uint64_t first,
                                             PartWriter& part);

/// Joins the parts into the files of `folder`, which are named genotypes.*, and indexes them.
void join_export(const ExportGenotypesParams& params, const CallSetHeader& header,
                 const SampleTable& samples, const Parts& parts,
                 const std::filesystem::path& folder);

} // namespace salus
