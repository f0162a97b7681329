#pragma once

#include "stages/report/risk_models.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace salus::report {

inline constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

struct Counted {
    std::string name;
    std::uint64_t count = 0;
};

/// A trait over the samples of the cohort.
struct TraitCohort {
    std::string name, kind, unit, doc; // kind: as in trait_info
    std::uint64_t n = 0, cases = 0;    // people with a value; of a binary trait those with value 1
    double mean = unknown, sd = unknown;
};

struct Cohort {
    std::uint64_t samples = 0, with_record = 0;
    std::array<std::uint64_t, 3> sexes{}; // unknown, male, female
    std::vector<Counted> groups;          // in order of first appearance
    std::vector<TraitCohort> traits;
    std::vector<std::string> covariates;
};

/// Variants by -log10 p of one test, 0 to 20, the last bin holds all above.
struct TestTail {
    static constexpr std::size_t bins = 40;
    std::string kind, name; // kind: group, batch or case; name of the group or column
    std::vector<std::uint64_t> counts = std::vector<std::uint64_t>(bins);
};

/// What tests by batch, ancestry group, case status and trio found; whole numbers only.
struct QualityTests {
    static constexpr std::size_t mendel_bins = 11; // trios in error: 0 to 9, 10 and more
    std::vector<TestTail> tails;                   // in order of first appearance
    std::vector<std::uint64_t> mendel = std::vector<std::uint64_t>(mendel_bins);
};

/// Samples by batch and ancestry group, and trios.
struct SampleSets {
    struct Set {
        std::string kind, name;
        std::uint64_t samples = 0, passed = 0;
        double call_rate = unknown, heterozygosity = unknown;
    };
    std::vector<Set> sets;
    std::uint64_t trios = 0, judged = 0, errors = 0; // judged, errors: variants summed over trios
};

/// Whole-number counts only, so that sums do not depend on how the table was cut.
struct VariantQuality {
    struct Chromosome {
        std::string name;
        std::uint64_t pass = 0, fail = 0;
    };
    static constexpr std::size_t call_rate_bins = 40; // 0.90 to 1.00, the first holds all below
    static constexpr std::size_t frequency_bins =
        28; // minor allele frequency, 4 per decade from 1e-7 to 1
    static constexpr std::size_t hwe_bins = 40; // -log10 p 0 to 20, the last holds all above
    std::vector<Chromosome> chromosomes;        // in table order
    std::vector<Counted> reasons;
    std::vector<std::uint64_t> call_rate = std::vector<std::uint64_t>(call_rate_bins);
    std::vector<std::uint64_t> frequency = std::vector<std::uint64_t>(frequency_bins);
    std::vector<std::uint64_t> hwe = std::vector<std::uint64_t>(hwe_bins);
    std::uint64_t monomorphic = 0, total = 0, passed = 0;
    QualityTests tests;
};

struct SampleQuality {
    static constexpr std::size_t inbreeding_bins =
        40; // F from -0.4 to 0.4, the ends hold what lies beyond
    std::uint64_t total = 0, passed = 0;
    std::vector<Counted> reasons;
    std::vector<std::uint64_t> inbreeding; // empty if not in the result
    SampleSets sets;
};

struct Quality {
    VariantQuality variants;
    SampleQuality samples;
};

/// A place in a scatter plot; many samples that would hide one another are one.
struct Place {
    double x = unknown, y = unknown;
    friend bool operator==(const Place&, const Place&) = default;
};

/// Samples that share a colour in the pictures of the components.
struct StructureGroup {
    std::string name;                 // empty: no groups are known
    std::uint64_t count = 0;          // samples
    std::vector<Place> first, second; // components 1 and 2, 3 and 4; empty below min_cell samples
};

/// Components, groups, relatives and pruning, as far as they are known.
struct Structure {
    std::uint64_t samples = 0, used = 0, variants = 0;      // of the components
    std::vector<std::pair<double, double>> eigenvalues;     // value, share of the variance
    std::vector<StructureGroup> groups;                     // largest first, `unassigned` last
    bool has_groups = false, by_labels = false;             // ancestry is known; from a panel
    std::uint64_t labelled = 0, recovered = 0, unclear = 0; // cross-validation of the panel
    std::vector<Counted> relations;                         // pairs by relation, closest first
    std::vector<std::vector<Place>> pairs = std::vector<std::vector<Place>>(5); // IBS0, kinship
    std::uint64_t related_samples = 0, unrelated = 0;
    std::uint64_t ld_candidates = 0, ld_kept = 0;
    bool has_components = false, has_kinship = false, has_ld = false;
};

/// A lead variant with its estimate.
struct Locus {
    std::string chromosome, id, other_allele, effect_allele;
    std::uint64_t position = 0;
    double frequency = unknown, beta = unknown, standard_error = unknown, neg_log10_p = unknown;
};

struct TraitAssociation {
    std::string name, kind;
    bool ranked =
        false; // values were replaced by normal quantiles of their ranks, so effects are in SD
    std::uint64_t n = 0, cases = 0, tested = 0;
    double lambda = unknown;
    std::uint64_t significant_loci = 0;
    std::vector<Locus> loci;   // best first, at most as many as asked for
    std::string manhattan, qq; // SVG
};

/// A locus with its signals and credible sets.
struct FineLocus {
    std::string name, chromosome, id; // id: of the index variant
    std::uint64_t start = 0, end = 0, position = 0;
    double neg_log10_p = unknown;
    std::uint64_t variants = 0, signals = 0;
    bool hla = false, mapped = false;
    std::vector<std::uint64_t> set_sizes = {}; // of the credible sets
    std::string regional = {}, inclusion = {}; // SVG; empty if not drawn
};

struct TraitLoci {
    std::string name, note; // note: why it was left out
    std::uint64_t total = 0, signals = 0, credible_sets = 0;
    std::vector<FineLocus> loci; // strongest first, at most as many as asked for
};

/// A measured quality of a score in people who were not used to build it.
struct ScoreMeasure {
    std::string group, metric, model; // names as in the table validation of risk.h5
    double estimate = unknown, lower = unknown, upper = unknown;
    std::uint64_t n = 0, cases = 0;
    std::string note = {}; // why there is no estimate
};

/// Mean of what was predicted and what was seen in people of similar prediction.
struct CalibrationPoint {
    double predicted = unknown, observed = unknown, lower = unknown, upper = unknown;
    std::uint64_t n = 0;
};

struct TraitRisk {
    std::string name, kind;
    std::vector<ScoreMeasure> measures;
    std::vector<CalibrationPoint> calibration;
    std::vector<std::pair<double, double>> roc; // false-positive rate, true-positive rate
    std::vector<double> score_edges;            // standardised score
    std::vector<std::uint64_t> score_controls,
        score_cases;                       // empty unless outcomes of a binary trait are known
    std::vector<CalibrationPoint> deciles; // of the score: `predicted` is the decile 1 to 10
    std::uint64_t weights = 0;             // variants in the score
    double p_threshold = unknown;          // largest discovery p of a variant in the score
};

/// A set of variants in its best mask and frequency bin.
struct GeneHit {
    std::string set, chromosome, mask, bin;
    std::uint64_t position = 0, variants = 0, carriers = 0;
    double beta = unknown, standard_error = unknown;             // of the burden
    double burden = unknown, skat_o = unknown, acat_o = unknown; // -log10 p
    double best = unknown;                                       // largest of these
};
struct TraitGenes {
    std::string name, kind;
    std::uint64_t n = 0, cases = 0, tests = 0; // tests: rows with a p
    double threshold = unknown;                // -log10 of 0.05 over tests
    std::uint64_t significant = 0;             // sets beyond it
    std::vector<GeneHit> hits;                 // best first, one row a set
};

/// A variant whose effect changes with the environment.
struct InteractionHit {
    Locus locus; // beta and standard_error of the interaction
    double joint = unknown, effective = unknown;
};
struct TraitInteraction {
    std::string name, kind, environment;
    std::uint64_t n = 0, cases = 0, tested = 0;
    double lambda = unknown;
    std::vector<InteractionHit> hits;
};

struct MetaAnalysis {
    struct Study {
        std::string name;
        std::uint64_t rows = 0, variants = 0, swapped = 0;
        double lambda = unknown;
    };
    struct Dropped {
        std::string study, meaning;
        std::uint64_t rows = 0;
    };
    struct Hit {
        Locus locus;
        std::uint64_t studies = 0;
        std::string direction;
        double i_squared = unknown, heterogeneity = unknown; // -log10 p of Q
    };
    std::vector<Study> studies;
    std::vector<Dropped> dropped;
    std::vector<Hit> hits; // best first, at least 500 kb apart
};

struct LdScoreRegression {
    struct Study {
        std::string name, status;
        std::uint64_t variants = 0;
        double h2 = unknown, h2_error = unknown, liability = unknown, intercept = unknown,
               intercept_error = unknown, ratio = unknown, lambda = unknown;
    };
    struct Pair {
        std::string first, second, status;
        double correlation = unknown, error = unknown, neg_log10_p = unknown;
    };
    std::vector<Study> studies;
    std::vector<Pair> pairs;
};

/// What the whole-genome model of a trait predicts in people it was not fitted to.
struct TraitPrediction {
    std::string name, kind;
    std::uint64_t n = 0, cases = 0;
    double heritability = unknown, r2 = unknown;
    double likelihood_gain = unknown; // nats per person over the covariates
    bool converged = true;
};

/// One variant in all traits.
struct Phenome {
    Locus variant;
    struct Test {
        std::string trait, kind;
        double beta = unknown, standard_error = unknown, neg_log10_p = unknown;
    };
    std::vector<Test> tests; // in the order of the traits
};

/// Checks of health records.
struct RecordQuality {
    struct Verdicts {
        std::string category;
        std::uint64_t pass = 0, warn = 0, fail = 0, not_applicable = 0;
    };
    struct Finding {
        std::string check, table, field, site, verdict, reason, rule;
        std::uint32_t concept_id = 0;
        std::uint64_t examined = 0, violated = 0;
        double threshold = unknown; // per cent
    };
    struct Series {
        std::string table;
        std::vector<std::pair<std::int32_t, std::uint64_t>> rows; // year x 12 + month - 1
    };
    std::uint64_t persons = 0;
    std::vector<Verdicts> verdicts; // by category, in order of first appearance
    std::vector<Finding> findings;  // FAIL, then WARN
    std::vector<Series> series;     // by table, all sites
};

/// Health states and simulated lives.
struct Trajectories {
    struct Check {
        std::string measure, event;
        double years = 0;
        std::uint64_t people = 0, with = 0;
        double observed = 0, observed_lower = 0, observed_upper = 0;
        double simulated = 0, simulated_lower = 0, simulated_upper = 0;
        bool agrees = false;
    };
    struct Effect {
        std::string event, term;
        double ratio = 0, lower = 0, upper = 0, neg_log10_p = 0;
    };
    struct Change {
        std::string change, event;
        std::uint64_t people = 0;
        double risk = 0, changed = 0, difference = 0, lower = 0, upper = 0;
    };
    double years = 0;
    std::uint64_t fitted = 0, held_out = 0;
    std::vector<Check> checks;
    std::vector<Effect> effects;
    std::vector<Change> changes;
};

/// A result file that went into the report.
struct Source {
    std::string name; // port
    std::vector<std::pair<std::string, std::string>> facts;
};

/// Everything the page shows.
struct ReportData {
    std::string title;
    std::uint64_t min_cell = 5;
    double genome_wide = 7.30103; // -log10 p
    std::uint32_t locus_distance = 500000;
    std::optional<Cohort> cohort;
    std::optional<RecordQuality> records;
    std::optional<Quality> quality;
    std::optional<Structure> structure;
    std::vector<TraitAssociation> association;
    std::vector<std::pair<std::string, std::string>>
        skipped; // traits that could not be analysed, and why
    std::vector<TraitLoci> loci;
    Phenome phenome;
    std::vector<TraitPrediction> predictions;
    std::vector<TraitGenes> genes;
    std::vector<TraitInteraction> interaction;
    std::optional<MetaAnalysis> meta_analysis;
    std::optional<LdScoreRegression> ld_score_regression;
    std::vector<TraitRisk> risk;
    std::optional<Trajectories> trajectories;
    std::vector<RiskModel> risk_models;
    std::vector<Source> sources;
};

/// How a trait is called and measured; unit "" if the cohort does not know it.
const TraitCohort* find_trait(const ReportData& data, const std::string& name);

} // namespace salus::report
