#include "base/problems.hpp"
#include "schema/existing_input.hpp"
#include "stages/risk_model/judge.hpp"
#include "stages/risk_model/shared.hpp"

#include <algorithm>

namespace salus {
namespace {

using namespace risk_models;

/// Columns of the design about: how many levels a factor has is not known, nor each spline.
double columns_of(const Declaration& model) {
    double columns = 1;
    for (const OpenTerm& term : model.formula.terms) {
        double product = 1;
        for (const OpenFactor& factor : term.factors)
            product *= factor.kind == OpenFactor::Kind::closed ? 1 : 4;
        columns += product;
    }
    return columns;
}

void examine(const RiskModelParams& params, const Inputs& inputs, Workload& sizes,
             std::vector<Problem>& problems) {
    try {
        std::vector<EquationRow> equations;
        if (const auto* path = existing_input(inputs, "equations"))
            equations = read_equations(*path);
        const auto* path = existing_input(inputs, "phenotypes");
        if (path == nullptr) {
            std::vector<Declaration> declared;
            for (const std::string& model : whole_models(params.models))
                if (std::string why; auto one = parse_declaration(model, why)) {
                    sizes.columns = std::max(sizes.columns, columns_of(*one));
                    declared.push_back(std::move(*one));
                } else

                    problems.push_back({.what = "a model cannot be read",
                                        .where = "parameter models, \"" + model + "\"",
                                        .why = why,
                                        .help = "see salus help risk_model"});
            check_parameters(params, declared, problems);
            return;
        }
        sizes.samples = static_cast<double>(H5File::open(*path).rows("samples"));
        const auto scores = inputs.find("scores");
        if (scores != inputs.end() &&
            std::any_of(scores->second.begin(), scores->second.end(),
                        [](const auto& file) { return !std::filesystem::exists(file); }))
            return; // columns that an earlier stage will make
        const auto* episodes = existing_input(inputs, "episodes");
        if (episodes == nullptr && inputs.contains("episodes")) return;
        const SampleColumns columns(
            *path, scores == inputs.end() ? decltype(scores->second){} : scores->second,
            episodes == nullptr ? std::filesystem::path{} : *episodes);
        sizes.samples = std::max(sizes.samples, static_cast<double>(columns.episodes().rows()));
        const auto models = read_declarations(params.models, columns, problems);
        for (const Declaration& model : models)
            sizes.columns = std::max(sizes.columns, columns_of(model));
        check_inputs(params, models, columns, equations, problems);
    } catch (const Error& error) {
        keep_problems(error, problems);
    }
}

Resources needs(const RiskModelParams& params, const Workload& w) {
    const auto models = static_cast<double>(std::max<std::size_t>(1, params.models.size()));
    const double columns = w.columns > 0 ? w.columns : 50;
    Resources r;
    const double imputation = params.imputations > 0 ? 8 * (columns + 3) : 0;
    r.memory_bytes =
        4.6e7 + w.samples * (8 * columns / std::max(1.0, w.ranks) + imputation + 220 + 60 * models);
    r.storage_bytes = 40 * w.samples * models + 1e7;
    r.scratch_bytes = 40 * w.samples * models;
    r.core_hours = w.samples * models * columns * columns * 8 * 0.25e-9 / 3600;
    r.formula =
        "C columns of the largest design (terms, 4 for each spline or factor), K models, R ranks: "
        "memory per rank 46 MB + N x "
        "(8 B x C / R + 220 B + 60 B x K), twice the C term where people enter late, 8 B x (C + 3) "
        "more with imputations; results "
        "and scratch 40 B x N K; time 2 ns x N C^2 K, times folds and replicates";
    return r;
}

constexpr std::string_view details =
    "Fits models that are written as NAME: KIND(OUTCOME, options) ~ FORMULA:\n\n"
    "  cvd: cox(stroke, strata = site) ~ age + sex_male + spline(bmi, 4) + pgs:sex_male\n"
    "  cvd10: fine_gray(stroke, competing = death) ~ age*sex_male + log(crp)\n"
    "  t2d: logistic(type_2_diabetes, net = 0.5) ~ age + factor(group)\n\n"
    "Kinds: logistic, firth (logistic with Jeffreys prior), linear, cox, cause_specific, "
    "fine_gray, "
    "and equation (a published equation of the file equations, applied and not fitted, for the "
    "last horizon). Options: "
    "competing = TRAIT, ties = efron, breslow or exact, strata, cluster, offset = COLUMN, net = "
    "ALPHA "
    "(elastic "
    "net; the penalty by cross-validation). A formula is a sum of columns, log(x), square(x), "
    "scale(x, center, unit), is(x, value), spline(x, 3 to 7 knots, or the knots), factor(x, "
    "reference); a:b is a product, a*b is a + b + a:b. Columns are traits, covariates, sex (1 "
    "male, 2 "
    "female), group (by number) of the phenotypes and columns of scores.\n\n"
    "With the input episodes, an outcome and columns may be its columns: rows (start, stop] of a "
    "person "
    "with the values that hold in them, the event (0 or 1) at stop, as R's tmerge makes them. Gaps "
    "are time without observation, rows that lack a value are left out, robust errors are by "
    "person, and people are held out with all their rows. Risks are then for the values of the "
    "first row, as if they stayed; they are of the first event where somebody has several.\n\n"
    "Who lacks a column, an outcome or time at risk is left out and counted; with imputations = M, "
    "training people who lack a column of the formula are kept, their cells filled M times by "
    "chained equations (predictive mean matching) and the M fits pooled by Rubin's rules: "
    "coefficients then have a fraction of missing information. Nobody's risk is predicted from an "
    "imputed value. Part of the people is "
    "held out, by identifier and seed, for risk_validation. Terms that add nothing to those before "
    "them are aliased; a likelihood that grows without end (separation, no event among carriers) "
    "ends "
    "the fit with the reason monotone; without events the reason is no_events. Errors are also "
    "robust ones. A horizon behind the follow-up is refused: tau_max is in the message.\n\n"
    "Rows of the design are divided among the ranks in fixed blocks, and sums are added in the "
    "order "
    "of "
    "the blocks: the same bits on any number of ranks. One fit is O(N C^2) for each of about five "
    "steps, robust errors and Fine-Gray weights included.";

} // namespace

Stage risk_model_stage() {
    using P = RiskModelParams;
    auto declared = stage<P>("risk_model");
    declared.summary("fits clinical risk models and gives absolute risks")
        .details(std::string(details))
        .cites("Cox DR (1972) Regression models and life-tables. J R Stat Soc B 34:187. "
               "doi:10.1111/j.2517-6161.1972.tb00899.x")
        .cites("Fine JP, Gray RJ (1999) A proportional hazards model for the subdistribution of a "
               "competing risk. J Am Stat Assoc 94:496. doi:10.1080/01621459.1999.10474144")
        .cites("van Buuren S, Groothuis-Oudshoorn K (2011) mice: multivariate imputation by "
               "chained equations in R. J Stat Softw 45(3). doi:10.18637/jss.v045.i03")
        .cites(
            "Friedman J, Hastie T, Tibshirani R (2010) Regularization paths for generalized linear "
            "models via coordinate descent. J Stat Softw 33(1). doi:10.18637/jss.v033.i01");
    reads_people(declared, "outcomes and covariates",
                 "polygenic scores of the stage score, or any CSV or TSV table with sample_id");
    declared
        .reads({.name = "episodes",
                .artifact = Artifact::trait_table,
                .doc = "rows of people in time: sample_id, start, stop, events and columns",
                .optional = true})
        .reads({.name = "equations",
                .artifact = Artifact::risk_equations,
                .doc = "published equations: columns equation, people, term, value",
                .optional = true})
        .writes({.name = "model",
                 .artifact = Artifact::risk_model_result,
                 .file = "risk_model.h5",
                 .doc = "Models, coefficients, baselines, predictions.",
                 .tables = {models_table(), coefficients_table(), baseline_table(), path_table(),
                            equations_table(), optimism_table(), proportional_table(),
                            absolute_risk_table(), curves_table(),
                            predictions_table("{model}", 1, true)}})
        .writes({.name = "json",
                 .artifact = Artifact::risk_json,
                 .file = "risk_model.json",
                 .doc = "The models without any person, for other tools.",
                 .tables = {}});
    declared.required("models", &P::models,
                      {.doc = "models, each as \"NAME: KIND(OUTCOME, options) ~ FORMULA\""});
    takes_people(declared);
    declared
        .param("horizons", &P::horizons,
               {.doc = "times of absolute risks, from the begin of the time at risk",
                .unit = "of the times"})
        .param("validation_fraction", &P::validation_fraction,
               {.doc = "share of the people that is held out, by identifier",
                .unit = "proportion",
                .min = 0,
                .max = 0.95})
        .param("split_seed", &P::split_seed,
               {.doc = "seed of the division of people", .min = 0, .max = 9e15})
        .param("folds", &P::folds,
               {.doc =
                    "cross-fitting: predictions of training people by fits without their fold; 0 "
                    "= none",
                .unit = "folds",
                .min = 0,
                .max = 100})
        .param("leave_out", &P::leave_out,
               {.doc = "column (site, group): predictions by fits without the people of the same "
                       "value; empty = none"})
        .param("optimism_replicates", &P::optimism_replicates,
               {.doc = "bootstrap replicates of the whole fit for the optimism; 0 = none",
                .unit = "replicates",
                .min = 0,
                .max = 10000})
        .param("imputations", &P::imputations,
               {.doc = "data sets in which missing columns of training people are imputed; 0 = "
                       "people who lack a column are left out",
                .unit = "data sets",
                .min = 0,
                .max = 1000})
        .param("imputation_cycles", &P::imputation_cycles,
               {.doc = "rounds over the missing columns of each imputation",
                .unit = "cycles",
                .min = 1,
                .max = 1000})
        .param("impute_with", &P::impute_with,
               {.doc = "columns that inform imputations beside those of the model"})
        .param("net_folds", &P::net_folds,
               {.doc = "folds that choose the penalty of an elastic net",
                .unit = "folds",
                .min = 2,
                .max = 100})
        .param("net_lambdas", &P::net_lambdas,
               {.doc = "penalties that are tried, equidistant on the log scale down to 0.01 of the "
                       "largest",
                .unit = "penalties",
                .min = 2,
                .max = 1000});
    return declared.needs(needs).examines(examine).run(run_risk_model);
}

} // namespace salus
