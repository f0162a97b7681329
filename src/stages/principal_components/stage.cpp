#include "base/text.hpp"
#include "formats/file_genotypes.hpp"
#include "genotype/genotype_source.hpp"
#include "stages/principal_components/principal_components.hpp"

#include <algorithm>

namespace salus {
namespace {

void examine(const ComponentsParams& params, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    const auto given = [&](const char* port) {
        const auto found = inputs.find(port);
        return found != inputs.end() && !found->second.empty();
    };
    if (given("loadings") && (given("kinship") || given("quality") || given("ld")))
        problems.push_back({.what = "loadings are given together with quality, ld or kinship",
                            .where = "stage principal_components",
                            .why = "with loadings all samples are projected, and nothing is chosen",
                            .help = "give either loadings, or the other inputs"});
    examine_genotypes(inputs, sizes, problems);
    examine_variant_set(inputs, params.maf_min, sizes, problems);
}

Resources needs(const ComponentsParams& params, const Workload& w) {
    const double k = static_cast<double>(params.components);
    const double width = k + static_cast<double>(params.oversampling);
    const double iterations = std::min(20.0, static_cast<double>(params.iterations_max));
    // Common variants take part, as many as a population has; far fewer after LD pruning.
    const double common = params.maf_min > 0 ? std::min(w.variants, 1.2e7) : w.variants;
    const double used = w.set_variants > 0 ? w.set_variants
                        : w.pruned         ? std::min(common / 3, 1.5e6)
                                           : common;
    const double rows = std::min(params.rows_memory_max * 0x1p30, w.samples * used / 2 / w.ranks);
    Resources r;
    const double read = std::min(65536.0, variants_at_once(w, 0x1p26, 64));
    r.memory_bytes = 50e6 + rows + dosage_bytes(w, read) +
                     8 * w.samples * width * (iterations + 8) + 16 * used / w.ranks * width;
    r.storage_bytes = used * (60 + 8 * k) + w.samples * (16 + 8 * k);
    r.scratch_bytes = used * (60 + 8 * k);
    r.core_hours = (w.samples * (w.variants * 0.3e-9 + used * iterations * width * 0.04e-9) +
                    4 * w.samples * width * iterations * width * iterations * 0.3e-9) /
                   3600;
    r.formula =
        "m variants that take part (counted where the result of ld or quality is there, else M, at "
        "most 12 million if maf_min is above 0; with ld a third of that, at most 1.5 million), L = "
        "components + oversampling, Q iterations "
        "(about 20): memory per rank 50 MB + rows (N m / (2 R) bytes, at most rows_memory_max) + "
        "8 B x N L (Q + 8) + 16 B x m L / R; results (60 + 8 K) B x m + (16 + 8 K) B x N; time "
        "0.3 ns x N M + 0.04 ns x N m L Q + 1.2 ns x N (L Q)^2; where rows do not fit, the "
        "genotypes are read 2 Q times; with dosages another 2 B x N x min(M / 64, 2^28 / N, "
        "65,536) (at least a block of the store) of memory";
    return r;
}

const char* const details =
    "Principal components of the standardised genotypes z = (g - 2f) / sqrt(2f(1-f)), missing "
    "calls at the mean, of autosomal variants with at least maf_min among the used samples. Only "
    "hard calls count. Eigenvalues are those of Z Z' / M, as other programs give them. Give ld "
    "(pruned variants) and kinship (unrelated samples): without the first, components show long "
    "stretches of linkage, without the second, families. Samples that are not used are projected: "
    "their coordinates are sums over the loadings.\n\n"
    "Computed by block Lanczos from a random block of components + oversampling vectors, with all "
    "earlier blocks kept, until no eigenvalue changes by more than the tolerance; not to converge "
    "is an error. The result has the residual of each component. Products with genotypes are exact "
    "integers (vectors as 24-bit, final ones as 32-bit fixed point), so results do not depend on "
    "ranks, threads or processor. The sample with the largest coordinate, by magnitude, is "
    "positive.\n\n"
    "With the input loadings (a result of this stage), samples of another store are projected "
    "only. Variants are matched by chromosome, position and alleles; where REF and ALT are "
    "swapped, copies are counted the other way. A/T and C/G variants on the other strand cannot be "
    "told apart: both sets must be on the forward strand. Two effects draw projected samples "
    "towards 0: variants that are missing from their store (hence matched_min), and the fit of the "
    "components to the samples that made them, which is small only where the eigenvalue is far "
    "above those of noise: projection = \"augmented\" corrects the latter.";

} // namespace

Stage principal_components_stage() {
    using P = ComponentsParams;
    return stage<P>("principal_components")
        .summary("principal components of unrelated samples, projection of all others")
        .details(details)
        .cites("Galinsky KJ et al. (2016) Fast principal-component analysis reveals convergent "
               "evolution of ADH1B in Europe and East Asia. Am J Hum Genet 98:456. "
               "doi:10.1016/j.ajhg.2015.12.022")
        .cites("Musco C, Musco C (2015) Randomized block Krylov methods for stronger and faster "
               "approximate singular value decomposition. arXiv:1504.05477")
        .cites("Zhang D, Dey R, Lee S (2020) Fast and robust ancestry prediction using principal "
               "component analysis. Bioinformatics 36:3439. doi:10.1093/bioinformatics/btaa152")
        .cites("Patterson N, Price AL, Reich D (2006) Population structure and eigenanalysis. "
               "PLoS Genet 2:e190. doi:10.1371/journal.pgen.0020190")
        .reads({"genotypes", Artifact::genotype_store, "genotypes to be analysed or projected"})
        .reads({"quality", Artifact::quality_result, "pass marks of variants and samples", true})
        .reads({"ld", Artifact::ld_result, "variants kept by pruning", true})
        .reads({"kinship", Artifact::kinship_result, "unrelated samples", true})
        .reads({"loadings", Artifact::components_result,
                "components to project onto; nothing is computed anew", true})
        .writes({"components",
                 Artifact::components_result,
                 "components.h5",
                 "eigenvalues, coordinates of samples, loadings of variants",
                 {components_eigenvalues_table(), components_samples_table(0),
                  components_loadings_table(0)}})
        .param("components", &P::components,
               {.doc = "number of components", .unit = "components", .min = 1, .max = 1000})
        .param("maf_min", &P::maf_min,
               {.doc = "least minor allele frequency among the used samples",
                .unit = "proportion",
                .min = 0,
                .max = 0.5})
        .param("oversampling", &P::oversampling,
               {.doc =
                    "vectors in a block beyond the number of components; more vectors need fewer "
                    "iterations",
                .unit = "vectors",
                .min = 0,
                .max = 1000})
        .param("iterations_max", &P::iterations_max,
               {.doc = "most products with the genotypes before giving up; memory grows with the "
                       "iterations that were needed",
                .unit = "iterations",
                .min = 2,
                .max = 1000})
        .param("tolerance", &P::tolerance,
               {.doc = "largest relative change of an eigenvalue in the last iteration",
                .unit = "1",
                .min = 1e-7,
                .max = 0.1})
        .param("rows_memory_max", &P::rows_memory_max,
               {.doc = "memory per rank for genotypes; where they do not fit, they are read again "
                       "in every iteration, with the same result",
                .unit = "GiB",
                .min = 0})
        .param("matched_min", &P::matched_min,
               {.doc = "least share of the loadings whose variant is in the genotypes",
                .unit = "proportion",
                .min = 0,
                .max = 1})
        .param("projection", &P::projection,
               {.doc = "how samples that were not used get coordinates: plain sums over the "
                       "loadings, or augmented, which undoes the shrinkage of a plain projection",
                .choices = {"plain", "augmented"}})
        .needs(needs)
        .examines(examine)
        .run(run_principal_components);
}

} // namespace salus
