#include "stages/simulate/genomes.hpp"

#include "base/text.hpp"
#include "formats/bgzf_rows.hpp"
#include "formats/bgzf_writer.hpp"
#include "parallel/parallel_for.hpp"
#include "stages/simulate/genes.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {} // namespace

bool wants(const SimulateParams& params, std::string_view format) {
    return std::find(params.formats.begin(), params.formats.end(), format) != params.formats.end();
}

std::vector<CellRange> genome_units(const SimulatedCohort& cohort) {
    constexpr double unit_genotypes = 0x1p25;
    constexpr std::uint64_t units_wanted = 64;
    const std::uint64_t cells = cohort.map().cells().size();
    const SiteDensity density = cohort.density();
    const double sites = std::max(1.0, (density.common_per_mb + density.rare_per_mb) *
                                           GenomeMap::cell_length * 1e-6);
    const auto fitting = static_cast<std::uint64_t>(
        unit_genotypes / (sites * static_cast<double>(cohort.pedigree().samples())));
    const std::uint64_t step =
        std::clamp<std::uint64_t>(fitting, 1, std::max<std::uint64_t>(1, cells / units_wanted));
    std::vector<CellRange> units;
    for (std::uint64_t begin = 0; begin < cells; begin += step)
        units.push_back({begin, std::min(cells, begin + step)});
    return units;
}

GenomeMaker::GenomeMaker(const SimulatedCohort& cohort)
    : cohort_(&cohort), caller_(cohort.pedigree(), {.missing_rate = cohort.params().missing_rate,
                                                    .seed = cohort.seed()}),
      walker_(cohort.haplotypes()), rare_(cohort.haplotypes()),
      calls_(cohort.pedigree().samples()) {}

void GenomeMaker::for_each_site(CellRange cells, const std::function<void(const Site&)>& visit) {
    for (std::uint64_t cell = cells.begin; cell < cells.end; ++cell)
        visit_cell(cell, visit);
}

void GenomeMaker::visit_cell(std::uint64_t index, const std::function<void(const Site&)>& visit) {
    constexpr double low_quality_share = 0.01;
    const GenomeMap& map = cohort_->map();
    const GenomeCell& cell = map.cells()[index];
    const Transmission transmission = map.region_of(cell).transmission;
    FounderPanel::Sources sources;
    FounderPanel::SiteDraw draw;
    walker_.start(cell.region);
    for (const SimulatedSite& site :
         sites_of_cell(map, index, cohort_->density(), cohort_->seed())) {
        const SiteAlleles alleles = alleles_of_site(site, cohort_->seed());
        const float at = GenomeMap::genetic_position(cell, site.position);
        if (site.common) {
            cohort_->panel().move_to(cell.region, at, sources);
            cohort_->panel().draw_site(site, sources, cohort_->params().common_frequency_min,
                                       alleles.alt.size(), draw);
            walker_.common(at, draw.allele);
        } else {
            const auto carriers = rare_.draw(site, transmission, cohort_->seed());
            if (carriers.empty()) continue;
            walker_.rare(at, carriers);
        }
        const auto faulty = cohort_->faulty_sites().find(site.id);
        const VariantFault fault =
            faulty == cohort_->faulty_sites().end() ? VariantFault::none : faulty->second.fault;
        caller_.call(site, transmission, fault, walker_.alleles(), calls_);
        const bool low_quality =
            !cohort_->is_causal(site.id) &&
            Rng(cohort_->seed(), "simulate.filter", site.id).bernoulli(low_quality_share);
        visit({.site = &site,
               .alleles = &alleles,
               .transmission = transmission,
               .truth = walker_.alleles(),
               .calls = calls_,
               .region = cell.region,
               .low_quality = low_quality});
    }
}

GenomePart GenomeMaker::make(CellRange cells) {
    const SimulateParams& params = cohort_->params();
    const bool vcf = wants(params, "vcf"), bcf = wants(params, "bcf"), bed = wants(params, "bed");
    const CallSetHeader header = cohort_->header();
    const TaskRunner run = [](std::size_t count, const std::function<void(std::size_t)>& body) {
        parallel_for(count, body);
    };
    BgzfRows vcf_rows(params.compression, run), bcf_rows(params.compression, run);
    GenomePart part;
    std::string annotations;
    for_each_site(cells, [&](const Site& site) {
        const std::string id =
            site.site->common
                ? text("sim", header.contigs[cohort_->contig(site.region)].name.substr(3), "_",
                       site.site->position)
                : "";
        const std::uint32_t filter = site.low_quality ? 1U : 0U;
        const VariantRow row{.contig = cohort_->contig(site.region),
                             .position = site.site->position,
                             .id = id,
                             .ref = site.alleles->ref,
                             .alt = site.alleles->alt,
                             .filters = std::span(&filter, 1),
                             .counts = count_alleles(site.calls),
                             .calls = site.calls};
        if (vcf) append_vcf_row(header, row, vcf_rows.rows());
        if (bcf) append_bcf_row(header, row, bcf_rows.rows());
        if (bed) append_bed_rows(header, row, part.bed, part.bim);
        append_annotations(*cohort_, site, annotations);
        vcf_rows.drain();
        bcf_rows.drain();
        ++part.sites;
    });
    part.vcf = vcf_rows.finish();
    part.bcf = bcf_rows.finish();
    part.annotations = bgzf_blocks(annotations, params.compression);
    return part;
}

} // namespace salus
