#include "stages/simulate/genes.hpp"

#include "base/text.hpp"

namespace salus {
namespace {

constexpr std::uint32_t gene_length = 50'000;
constexpr double lof_share = 0.1, missense_share = 0.45;

} // namespace

void append_annotations(const SimulatedCohort& cohort, const GenomeMaker::Site& site,
                        std::string& out) {
    if (site.transmission == Transmission::y_linked ||
        site.transmission == Transmission::mitochondrial)
        return;
    const GenomeRegion& region = cohort.map().regions()[site.region];
    const std::uint32_t gene = (site.site->position - region.begin) / gene_length + 1;
    const std::string_view chromosome = std::string_view(region.chromosome).substr(3);
    Rng random(cohort.seed(), "simulate.consequence", site.site->id);
    for (const std::string& alt : site.alleles->alt) {
        const double drawn = random.uniform();
        out += text(chromosome, ':', site.site->position, ':', site.alleles->ref, ':', alt, " gene",
                    chromosome, '_', gene, ' ',
                    drawn < lof_share                    ? "lof"
                    : drawn < lof_share + missense_share ? "missense"
                                                         : "synonymous",
                    '\n');
    }
}

} // namespace salus
