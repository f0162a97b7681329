#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/file_genotypes.hpp"
#include "parallel/read_once.hpp"
#include "stages/export_genotypes/writers.hpp"

#include <algorithm>

namespace salus {
namespace {

CallSetHeader export_header(const GenotypeSource& genotypes, const ExportOrder& plan,
                            const SampleTable& samples) {
    CallSetHeader header{.source = "salus",
                         .genome_build = genotypes.genome_build(),
                         .contigs = {},
                         .filters = {},
                         .samples = samples.id};
    for (const std::string& name : plan.contigs)
        header.contigs.push_back({.name = name});
    for (const std::string& name : plan.filters)
        header.filters.push_back({.id = name, .doc = "As in the input"});
    return header;
}

/// Fills the site columns of rows by the names of the header.
class SiteColumns {
public:
    explicit SiteColumns(const CallSetHeader& header) : header_(header) {}
    VariantRow row(const Variant& variant) {
        while (header_.contigs[contig_].name != variant.chromosome)
            contig_ = (contig_ + 1) % static_cast<std::uint32_t>(header_.contigs.size());
        filters_.clear();
        if (!variant.filter.empty())
            for (const std::string_view name : split(variant.filter, ';'))
                filters_.push_back(number(name));
        return {.contig = contig_,
                .position = variant.position,
                .id = variant.id,
                .ref = variant.ref,
                .alt = std::span(&variant.alt, 1),
                .filters = filters_,
                .counts = {},
                .calls = {}};
    }

private:
    std::uint32_t number(std::string_view name) const {
        if (name == "PASS") return 0;
        const auto at = std::find_if(header_.filters.begin(), header_.filters.end(),
                                     [&](const auto& filter) { return filter.id == name; });
        SALUS_ASSERT(at != header_.filters.end());
        return static_cast<std::uint32_t>(1 + (at - header_.filters.begin()));
    }
    const CallSetHeader& header_;
    std::uint32_t contig_ = 0;
    std::vector<std::uint32_t> filters_;
};

/// What all units look at.
struct ExportWork {
    const ExportGenotypesParams& params;
    const GenotypeSource& genotypes;
    const ExportSamples& samples;
    const ExportOrder& plan;
    const CallSetHeader& header;
    const Parts& selection;
};

void export_unit(const ExportWork& work, VariantRange range, std::uint64_t unit, PartWriter& part) {
    const auto writer = make_export_unit(work.params, work.header, work.plan.first[unit], part);
    const auto flags = selected_variants(work.selection, unit);
    const std::uint64_t step = std::max<std::uint64_t>(1, work.genotypes.block_variants());
    const WithPhase phase = work.params.format == "bed" ? WithPhase::no : WithPhase::yes;
    SiteColumns columns(work.header);
    ExportedVariant exported(work.samples, work.genotypes.genome_build());
    VariantBlock block;
    for (std::uint64_t begin = range.begin; begin < range.end; begin += step) {
        const VariantRange piece{begin, std::min(range.end, begin + step)};
        const auto chosen = std::span(flags).subspan(begin - range.begin, piece.size());
        if (std::find(chosen.begin(), chosen.end(), 1) == chosen.end()) continue;
        const std::vector<Variant> variants = work.genotypes.variants(piece);
        work.genotypes.read(piece, block, phase);
        for (std::size_t v = 0; v < variants.size(); ++v) {
            if (chosen[v] == 0) continue;
            exported.load(block, v);
            writer->add(columns.row(variants[v]), variants[v], exported);
        }
    }
    writer->finish();
}

} // namespace

void run_export_genotypes(const ExportGenotypesParams& params, RunContext& context) {
    std::vector<Region> regions;
    for (const std::string& region : params.regions)
        regions.push_back(parse_region(region));
    const auto genotypes = read_once(context.comm(), "opening the genotypes", [&] {
        return open_any_genotypes(context.input("genotypes"));
    });
    const auto quality = read_once(context.comm(), "opening the quality result", [&] {
        return context.has_input("quality")
                   ? std::make_unique<H5File>(H5File::open(context.input("quality")))
                   : nullptr;
    });
    const ExportSamples samples = read_once(context.comm(), "choosing samples", [&] {
        std::optional<std::filesystem::path> sheet;
        if (context.has_input("keep_samples")) sheet = context.input("keep_samples");
        return select_export_samples(*genotypes, quality.get(), sheet);
    });
    const auto units = variant_units(genotypes->variant_count(), genotypes->samples().size(),
                                     genotypes->block_variants());
    const ExportSelector selector(*genotypes, quality.get(), regions);
    const Parts selection =
        context.for_each_unit("selection", units.size(), [&](std::uint64_t u, PartWriter& part) {
            selector.write_unit(units[u], part);
        });
    const ExportOrder plan = plan_export(context.comm(), selection);
    if (plan.variants() == 0)
        throw DataError({.what = "no variant is left to export",
                         .where = "stage export_genotypes",
                         .why = text("of ", with_thousands(genotypes->variant_count()),
                                     " variants none lies in the regions and passes quality"),
                         .help = "chromosomes in regions must be written as in the store"});
    const CallSetHeader header = export_header(*genotypes, plan, samples.table);
    const ExportWork work{params, *genotypes, samples, plan, header, selection};
    const Parts parts =
        context.for_each_unit("records", units.size(), [&](std::uint64_t u, PartWriter& part) {
            export_unit(work, units[u], u, part);
        });
    context.publish_folder("files", [&](const std::filesystem::path& folder) {
        join_export(params, header, samples.table, parts, folder);
        context.log().info(text(
            with_thousands(plan.variants()), " of ", with_thousands(genotypes->variant_count()),
            " variants and ", with_thousands(samples.count()), " of ",
            with_thousands(genotypes->samples().size()), " samples written as ", params.format));
    });
}

} // namespace salus
