#pragma once

#include "base/error.hpp"
#include "base/table_spec.hpp"
#include "schema/value.hpp"

#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace salus {

class RunContext;

/// What flows between stages. A port accepts its kind only (see accepts), so a wrong wire is a
/// configuration error.
enum class Artifact {
    genotype_files,         // bgzipped VCF, BCF or PLINK 1 .bed; one or many
    digest_manifest,        // text as of sha256sum: digest and path of files
    sample_sheet,           // TSV: sample_id, sex and what else is known
    genotype_store,         // folder written by ingest_genomes
    omop_tables,            // folder of OMOP CDM 5.4 CSV files
    fhir_files,             // folder of FHIR R4 files
    link_table,             // CSV: person_id, sample_id
    event_store,            // HDF5 written by ingest_health
    health_checks,          // CSV: which checks are made of health records, with thresholds
    health_quality_result,  // HDF5 written by health_quality
    quality_label,          // JSON: data-quality label
    cohort_result,          // HDF5: cases and matched controls
    risk_model_result,      // HDF5 written by risk_model
    risk_validation_result, // HDF5 written by risk_validation
    risk_json,              // JSON: risk models, or the card of one
    risk_equations,         // CSV or TSV: coefficients of published equations
    trait_table,            // CSV or TSV: sample_id and one column per trait or covariate
    phenotype_definitions,  // TOML
    code_system_aliases,    // TSV: alias, system
    phecode_table,          // CSV: codes and phecodes, exclusion ranges, descriptions
    phenotype_table,        // HDF5: traits and covariates in genotype sample order
    quality_result,
    ld_result,
    kinship_result,
    components_result,
    ancestry_result,
    ancestry_labels, // TSV: sample_id, group; of a reference panel
    fasta,
    variant_list,
    allele_frequencies,
    association_result,
    interaction_result,
    null_model_result,   // HDF5: whole-genome predictions without each chromosome
    loco_list,           // text: trait and its regenie .loco file
    variant_annotations, // what a variant does to which gene
    gene_sets,           // regenie set list
    gene_masks,          // regenie mask definitions
    gene_tests_result,
    score_covariance,   // scores and covariances for meta-analysis
    summary_statistics, // association results of any tool, text or HDF5
    meta_result,
    ld_scores,
    ld_score_regression_result,
    loci_result,
    risk_result,
    trajectories_result,
    cohort,             // folder written by simulate
    report,             // HTML
    feature_table,      // CSV or HDF5: a row per person, a column per feature
    feature_dictionary, // CSV: what the columns of a feature table are
    feature_store,      // HDF5 written by ingest_features
    score_files,        // weights of polygenic scores: text of PGS Catalog or PLINK, or HDF5
    frequency_table,    // text: allele frequencies of variants, as of plink2 --freq
    sample_list,        // text: sample identifiers, one a line
    score_result,       // HDF5 written by score
    pgs_weights_result, // HDF5 written by pgs_weights
};
std::string_view to_string(Artifact artifact) noexcept;
std::string_view doc_of(Artifact artifact) noexcept;
/// Whether a port of one kind takes a file of another: the same kind, genotype files where a
/// genotype store is read, association and meta-analysis results where summary statistics are,
/// results of the stage ld where LD scores are, weights of pgs_weights and of risk where score
/// files are.
bool accepts(Artifact port, Artifact given) noexcept;

struct Port {
    std::string name;
    Artifact artifact;
    std::string doc;
    bool optional = false;
    bool many = false; // accepts a list of files
};

struct Output {
    std::string name;
    Artifact artifact;
    std::string file; // name in the stage's result folder, e.g. "association.h5"
    std::string doc;
    std::vector<TableSpec>
        tables; // for HDF5 results; a name may hold a placeholder: "traits/{trait}"
};

/// Documentation and limits of a parameter.
struct ParamDoc {
    std::string doc;
    std::string unit = {};
    double min = -std::numeric_limits<double>::infinity();
    double max = std::numeric_limits<double>::infinity();
    std::vector<std::string> choices = {}; // for text: the only accepted values
};

/// A declared parameter of a record (stage parameters, trait definition ...), type-erased.
struct Param {
    std::string name;
    ParamDoc about;
    Value standard;        // default value; its alternative is the type
    bool required = false; // no default: must be given
    std::function<void(void*, const Value&)> set;
    std::function<Value(const void*)> get;
};

/// How many columns of each kind a phenotype table has, or a stage takes from it.
struct TraitCounts {
    double quantitative = 0, binary = 0, time_to_event = 0, ordinal = 0;
    double covariates = 0; // with components
    double traits() const noexcept { return quantitative + binary + time_to_event + ordinal; }
};

/// Sizes that the resource formulas take. Unknown is 0. What a stage learns holds for those after
/// it, but for what is said to be of the stage.
struct Workload {
    double samples = 0;       // N
    double variants = 0;      // M
    double traits = 1;        // P of the stage
    TraitCounts table;        // of the phenotype table of the job
    TraitCounts tested;       // of the stage
    double columns = 0;       // of the largest model of the stage
    double set_variants = 0;  // of the largest set of variants of the stage
    bool predictions = false; // whole-genome predictions are an input of the stage
    bool pruned = false;      // so is the choice of variants by ld
    bool dosages = false;     // genotypes have dosages, or may have them
    double persons = 0;
    double events = 0;
    double input_bytes = 0;
    double ranks = 1; // R
    double threads = 1;
};

struct Resources {
    double memory_bytes = 0;  // per rank, peak
    double storage_bytes = 0; // results
    double scratch_bytes = 0; // part files while running
    double core_hours = 0;
    std::string formula; // the terms, in words of N, M, P, K, R
};

/// Input paths by port name.
using Inputs = std::map<std::string, std::vector<std::filesystem::path>>;

/// The one declaration from which checks, flags, help, plan, provenance and documents derive.
class Stage {
public:
    const std::string& name() const { return name_; }
    const std::string& summary() const { return summary_; }
    const std::string& details() const { return details_; }
    const std::vector<std::string>& citations() const { return citations_; }
    const std::vector<Port>& inputs() const { return inputs_; }
    const std::vector<Output>& outputs() const { return outputs_; }
    const std::vector<Param>& params() const { return params_; }

    /// Parameters at their defaults; `set` of a Param writes into it.
    std::shared_ptr<void> defaults() const { return make_(); }
    void run(const void* params, RunContext& context) const { run_(params, context); }
    /// Adds problems found by a quick look at parameters and inputs (headers only), and fills
    /// sizes. What an earlier stage of the same job will make is named by a path that does not
    /// exist yet, and its sizes are already in `sizes`.
    void examine(const void* params, const Inputs& inputs, Workload& sizes,
                 std::vector<Problem>& problems) const {
        if (examine_) examine_(params, inputs, sizes, problems);
    }
    Resources needs(const void* params, const Workload& sizes) const {
        return needs_(params, sizes);
    }
    const Port* input(std::string_view port) const;
    const Output* output(std::string_view port) const;

protected:
    std::string name_, summary_, details_;
    std::vector<std::string> citations_;
    std::vector<Port> inputs_;
    std::vector<Output> outputs_;
    std::vector<Param> params_;
    std::function<std::shared_ptr<void>()> make_;
    std::function<void(const void*, RunContext&)> run_;
    std::function<void(const void*, const Inputs&, Workload&, std::vector<Problem>&)> examine_;
    std::function<Resources(const void*, const Workload&)> needs_;
};

namespace detail {
/// int, unsigned, size_t -> int64; float -> double; enums are not parameters (use choices).
template <class T>
Value to_value(const T& member) {
    if constexpr (std::is_same_v<T, bool>)
        return member;
    else if constexpr (std::is_integral_v<T>)
        return static_cast<std::int64_t>(member);
    else if constexpr (std::is_floating_point_v<T>)
        return static_cast<double>(member);
    else
        return member;
}
template <class T>
void from_value(T& member, const Value& value) {
    if constexpr (std::is_same_v<T, bool>)
        member = std::get<bool>(value);
    else if constexpr (std::is_integral_v<T>)
        member = static_cast<T>(std::get<std::int64_t>(value));
    else if constexpr (std::is_floating_point_v<T>)
        member = static_cast<T>(std::get<double>(value));
    else
        member = std::get<T>(value);
}
template <class P, class T>
Param make_param(std::string name, T P::*member, ParamDoc about, bool required) {
    if constexpr (std::is_unsigned_v<T> && !std::is_same_v<T, bool>)
        about.min = std::fmax(about.min, 0.0);
    return {
        .name = std::move(name),
        .about = std::move(about),
        .standard = to_value(P{}.*member),
        .required = required,
        .set = [member](void* p, const Value& v) { from_value(static_cast<P*>(p)->*member, v); },
        .get = [member](const void* p) { return to_value(static_cast<const P*>(p)->*member); }};
}
} // namespace detail

/// Builder: `return
/// stage<QualityParams>("quality").summary(...).reads(...).param(...).run(run_quality);`
template <class P>
class StageOf : public Stage {
public:
    explicit StageOf(std::string name) {
        name_ = std::move(name);
        make_ = [] { return std::make_shared<P>(); };
        needs_ = [](const void*, const Workload&) { return Resources{}; };
    }
    StageOf& summary(std::string text) { return set(summary_, std::move(text)); }
    /// Paragraphs for the manual: method, assumptions, limits.
    StageOf& details(std::string text) { return set(details_, std::move(text)); }
    /// A paper, or "original" with the place where the method is described.
    StageOf& cites(std::string text) {
        citations_.push_back(std::move(text));
        return *this;
    }
    StageOf& reads(Port port) {
        inputs_.push_back(std::move(port));
        return *this;
    }
    StageOf& writes(Output output) {
        outputs_.push_back(std::move(output));
        return *this;
    }
    template <class T>
    StageOf& param(std::string name, T P::*member, ParamDoc about) {
        params_.push_back(detail::make_param(std::move(name), member, std::move(about), false));
        return *this;
    }
    template <class T>
    StageOf& required(std::string name, T P::*member, ParamDoc about) {
        params_.push_back(detail::make_param(std::move(name), member, std::move(about), true));
        return *this;
    }
    StageOf& needs(Resources (*formula)(const P&, const Workload&)) {
        needs_ = [formula](const void* p, const Workload& w) {
            return formula(*static_cast<const P*>(p), w);
        };
        return *this;
    }
    StageOf& examines(void (*look)(const P&, const Inputs&, Workload&, std::vector<Problem>&)) {
        examine_ = [look](const void* p, const Inputs& in, Workload& w, std::vector<Problem>& out) {
            look(*static_cast<const P*>(p), in, w, out);
        };
        return *this;
    }
    Stage run(void (*body)(const P&, RunContext&)) {
        run_ = [body](const void* p, RunContext& context) {
            body(*static_cast<const P*>(p), context);
        };
        return *this;
    }

private:
    StageOf& set(std::string& member, std::string value) {
        member = std::move(value);
        return *this;
    }
};

template <class P>
StageOf<P> stage(std::string name) {
    return StageOf<P>(std::move(name));
}

} // namespace salus
