#include "base/problems.hpp"
#include "formats/file_genotypes.hpp"
#include "schema/existing_input.hpp"
#include "stages/association/workload.hpp"
#include "stages/interaction/environment.hpp"
#include "stages/interaction/interaction.hpp"

namespace salus {
namespace {

void examine(const InteractionParams& params, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    examine_genotypes(inputs, sizes, problems);
    const AssociationParams asked{.traits = params.traits,
                                  .covariates = params.covariates,
                                  .components_count = params.components_count};
    try {
        interaction::check_environment(params);
        if (const auto* path = existing_input(inputs, "phenotypes")) {
            const auto choice = interaction::choose_with(H5File::open(*path), params, problems);
            association::take_choice(asked, inputs, choice, sizes);
        } else {
            association::expect_traits(asked, inputs, association::Times::refused, sizes);
        }
        sizes.tested.covariates += 1; // the environment
    } catch (const Error& error) {
        keep_problems(error, problems);
    }
}

Resources needs(const InteractionParams&, const Workload& w) {
    const auto kinds = association::planned_traits(w, 1e9);
    const double covariates = kinds.covariates; // and the environment
    Resources r;
    // All traits with sample sets of their own: basis, environment, leverage, values and samples of
    // each, while the next basis is made; what the tests of a thread hold; a chunk of the result.
    const double values = 8 * w.samples * (w.traits + covariates);
    const double scan = w.samples * (w.traits * (16 * covariates + 37) + 40 * w.threads) +
                        std::min(w.variants, 65536.0) * (380 + 45 * w.traits);
    // Afterwards the tests of a trait, for their median.
    const double median = std::min(67e6, 8 * w.variants / w.ranks);
    const double read = std::min(variants_at_once(w, 0x1p26, 16), 65536 / std::max(1.0, w.traits));
    r.memory_bytes = 47e6 + values + scan + median + dosage_bytes(w, read) +
                     (w.dosages ? 16 * w.samples * w.threads : 0);
    r.storage_bytes = w.variants * (100 * w.traits + 30);
    r.scratch_bytes = r.storage_bytes;
    // Half of the traits binary.
    const double linear = w.samples * (2e-9 + 0.25e-9 * covariates + 2e-9 * 0.5 * w.traits);
    const double logistic = 0.5 * w.traits * w.samples * 0.35e-6;
    r.core_hours = w.variants * (linear + logistic + 3e-6 * w.traits) / 3600;
    r.formula =
        "P traits, C covariates, components and the environment: memory per rank 47 MB + 8 B "
        "x N (P + C) + min(67 MB, 8 B x M / R) + N x (P (16 C + 37) + 40 per "
        "thread) B if all traits have different samples + min(M, 65,536) x (380 + 45 P) B; results "
        "and scratch "
        "M x (100 B x P + 30 B); time M x N x (2 ns + 0.25 ns x C + 2 ns for every "
        "quantitative trait + 0.35 us for every binary one); with dosages another 2 B x N x min(M "
        "/ 16, 2^28 / N, 65,536 / P) (at least a block of the store) + 16 B x N per thread of "
        "memory";
    return r;
}

const char* const details =
    "Tests whether the effect of a variant depends on an environment: a column of the phenotype "
    "table (parameter environment), or another variant (environment_variant). The model is trait "
    "~ covariates + environment + variant + variant x environment, by least squares for "
    "quantitative traits and maximum likelihood of logistic regression for binary ones. The "
    "environment is always a term of its own, whether or not it is among the covariates. Products "
    "of the environment with covariates are not added: where they matter (ancestry x environment, "
    "for instance) make them columns of the phenotype table.\n\n"
    "beta is the effect of one copy of ALT where the environment is 0, or where it has its mean if "
    "centre is set; beta_interaction and its tests are the same either way. Errors come from the "
    "model and, beside it, robust ones: with environments that spread the trait more in some "
    "people than in others the errors of the model are wrong, for all variants at once. "
    "neg_log10_p and neg_log10_p_joint use the robust ones.\n\n"
    "A robust error is itself uncertain where few samples carry the interaction, as with a rare "
    "variant in a rare environment; taken as known it makes such variants far too significant. "
    "effective_samples counts them: the number of carriers in the rarer environment where that is "
    "small. The robust tests are Student's t and F(2, .) with effective_samples - 1 degrees of "
    "freedom, at most n minus parameters (Bell and McCaffrey's degrees of freedom, simplified), "
    "and variants with fewer than effective_samples_min have status 21. Binary traits need "
    "effective_samples_min_binary, since between 20 and 40 the robust test of a quantitative "
    "environment rejected up to 7 times too often in simulations. neg_log10_p_model has n "
    "minus parameters, for binary traits it is normal.\n\n"
    "Samples without trait, covariates or environment are left out; missing genotypes of the "
    "tested variant get the mean, so n does not change. Chromosomes X, Y and MT and dosages are "
    "coded as in association. A variant that determines the environment, or the interaction, has "
    "status 5. Logistic fits that do not settle, or beyond a log odds ratio of 15 per copy or "
    "standard deviation of the environment, have status 7: there is no penalised fit here.\n\n"
    "Sums over samples have a fixed order, so results do not depend on ranks or threads.";

} // namespace

Stage interaction_stage() {
    using P = InteractionParams;
    return stage<P>("interaction")
        .summary("tests whether effects of variants depend on an environment or another variant")
        .details(details)
        .cites("MacKinnon JG, White H (1985) Some heteroskedasticity-consistent covariance matrix "
               "estimators with improved finite sample properties. J Econom 29:305. "
               "doi:10.1016/0304-4076(85)90158-7")
        .cites("Kraft P, Yen YC, Stram DO, Morrison J, Gauderman WJ (2007) Exploiting "
               "gene-environment interaction to detect genetic associations. Hum Hered 63:111. "
               "doi:10.1159/000099183")
        .cites("Bell RM, McCaffrey DF (2002) Bias reduction in standard errors for linear "
               "regression with multi-stage samples. Surv Methodol 28:169")
        .reads({"genotypes", Artifact::genotype_store, "genotypes to be tested"})
        .reads({"phenotypes", Artifact::phenotype_table,
                "traits, covariates and environment in genotype order"})
        .reads({"quality", Artifact::quality_result, "pass marks of variants and samples", true})
        .reads({"components", Artifact::components_result,
                "principal components that become covariates pc1, pc2 ...", true})
        .writes({"interaction",
                 Artifact::interaction_result,
                 "interaction.h5",
                 "interaction of all variants with the environment, for all traits",
                 {association_variants_table(), interaction_trait_table("{trait}", true),
                  interaction_summary_table(), association_skipped_table()}})
        .param("environment", &P::environment,
               {.doc = "covariate or trait of the phenotype table that effects may depend on; "
                       "binary or quantitative"})
        .param("environment_variant", &P::environment_variant,
               {.doc = "instead: a variant, by ID or chromosome:position:REF:ALT"})
        .param("traits", &P::traits,
               {.doc = "traits to test; empty: all quantitative and binary ones but the "
                       "environment"})
        .param("covariates", &P::covariates,
               {.doc = "covariates of the model beside the environment; empty: all of the "
                       "phenotype table"})
        .param("minor_allele_count_min", &P::minor_allele_count_min,
               {.doc = "fewest copies of the rarer allele among the samples of a trait",
                .unit = "alleles",
                .min = 1})
        .param("effective_samples_min", &P::effective_samples_min,
               {.doc = "fewest samples that carry the interaction (column effective_samples)",
                .unit = "people",
                .min = 1})
        .param("effective_samples_min_binary", &P::effective_samples_min_binary,
               {.doc = "the same for binary traits, if it is more", .unit = "people", .min = 1})
        .param("robust", &P::robust,
               {.doc = "robust errors: plain sandwich, times n / (n - parameters), or residuals "
                       "enlarged by leverage, hc3 most",
                .choices = {"hc0", "hc1", "hc2", "hc3"}})
        .param("centre", &P::centre,
               {.doc = "whether beta is the effect at the mean of the environment, and not at 0"})
        .param("rank_inverse_normal", &P::rank_inverse_normal,
               {.doc = "whether quantitative traits are replaced by normal quantiles of their "
                       "ranks"})
        .param("components_count", &P::components_count,
               {.doc = "leading components that become covariates; only with the input components",
                .unit = "components",
                .min = 0,
                .max = 1000})
        .needs(needs)
        .examines(examine)
        .run(run_interaction);
}

} // namespace salus
