#include "stages/association/plan.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "stages/association/null_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace salus::association {
namespace {

using Bytes = std::vector<std::uint8_t>;

// What is known of a set while columns are made: the basis goes once the pass is ready.
struct SetInProgress {
    Bytes members;
    CovariateBasis basis;
    std::optional<FamilyBlocks> families = {}; // where relatives are known
};

// Real columns before they become fixed-point; spread over all samples, zero outside the set.
struct ColumnStore {
    std::size_t samples = 0;
    std::vector<std::vector<double>> columns;

    std::size_t add(std::span<const double> values, std::span<const std::uint32_t> members) {
        auto& column = columns.emplace_back(samples, 0.0);
        for (std::size_t i = 0; i < members.size(); ++i)
            column[members[i]] = values[i];
        return columns.size() - 1;
    }
    FixedColumns fixed() const {
        FixedColumns result(samples, columns.size());
        for (std::size_t c = 0; c < columns.size(); ++c)
            result.set(c, columns[c]);
        return result;
    }
};

// `offset`: of the trait, may be empty.
Bytes members_of(const Trait& trait, const Phenotypes& phenotypes, const Eligible& eligible,
                 std::span<const double> offset) {
    Bytes members(eligible.samples.size());
    for (std::size_t i = 0; i < members.size(); ++i) {
        bool complete = eligible.samples[i] != 0 && !std::isnan(trait.values[i]) &&
                        (offset.empty() || std::isfinite(offset[i])) &&
                        (!phenotypes.strata || std::isfinite(phenotypes.strata->values[i]));
        for (const Covariate& covariate : phenotypes.covariates) {
            complete = complete && (covariate.imputed || std::isfinite(covariate.values[i]));
        }
        members[i] = complete ? 1 : 0;
    }
    return members;
}

std::vector<double> pick(std::span<const double> values, std::span<const std::uint32_t> samples) {
    std::vector<double> picked(samples.size());
    for (std::size_t i = 0; i < samples.size(); ++i)
        picked[i] = values[samples[i]];
    return picked;
}

// Missing values at the mean of the others; all 0 if all are missing.
void impute_mean(std::span<double> values) {
    double sum = 0, count = 0;
    for (const double value : values) {
        if (std::isnan(value)) continue;
        sum += value;
        ++count;
    }
    for (double& value : values)
        if (std::isnan(value)) value = count > 0 ? sum / count : 0;
}

SampleMask mask_where(const Bytes& members, const auto& condition) {
    Bytes chosen(members.size());
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        chosen[i] = members[i] != 0 && condition(i) ? 1 : 0;
    }
    return SampleMask(chosen);
}

class Builder {
public:
    Builder(const Phenotypes& phenotypes, const Eligible& eligible, const AssociationParams& params,
            const Offsets& offsets)
        : phenotypes_(phenotypes), eligible_(eligible), params_(params), offsets_(offsets) {
        columns_.samples = squares_.samples = eligible.samples.size();
    }
    void add(std::size_t index);
    ScanPlan finish();

private:
    std::optional<std::string> problem_of(const Trait& trait, const SampleSet& set) const;
    bool has_offset(std::size_t index) const {
        return index < offsets_.values.size() && !offsets_.values[index].empty();
    }
    std::size_t set_for(std::size_t index);
    void fill_basis(std::size_t index);
    bool add_strata(SampleSet& set, std::vector<std::vector<double>>& values,
                    std::vector<std::string>& names);
    const FamilyBlocks* families_of(std::size_t set);
    void add_pairs(const TraitPlan& plan, std::span<const Relationship> pairs, FamilyPlan& family);
    void add_family_linear(const FamilyBlocks& families, std::span<const double> rest,
                           TraitPlan& plan);
    void add_family_score(const FamilyBlocks& families, const NullColumns& columns,
                          TraitPlan& plan);
    void add_quantitative(std::size_t index, TraitPlan& plan);
    bool add_binary(std::size_t index, TraitPlan& plan);
    std::string add_survival(std::size_t index, TraitPlan& plan);
    std::string add_ordinal(std::size_t index, TraitPlan& plan);

    const Phenotypes& phenotypes_;
    const Eligible& eligible_;
    const AssociationParams& params_;
    const Offsets& offsets_;
    ScanPlan plan_;
    std::vector<SetInProgress> progress_;
    ColumnStore columns_, squares_;
};

std::size_t Builder::set_for(std::size_t index) {
    Bytes members = members_of(phenotypes_.traits[index], phenotypes_, eligible_,
                               has_offset(index) ? std::span(offsets_.values[index])
                                                 : std::span<const double>());
    const bool split = phenotypes_.strata && phenotypes_.traits[index].survival;
    for (std::size_t s = 0; s < progress_.size(); ++s) {
        if (progress_[s].members == members && plan_.sets[s].split == split) return s;
    }
    SampleSet set;
    set.split = split;
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (members[i] != 0) set.samples.push_back(static_cast<std::uint32_t>(i));
    }
    set.members = SampleMask(members);
    set.males = mask_where(members, [&](std::size_t i) { return eligible_.sex[i] == Sex::male; });
    plan_.sets.push_back(std::move(set));
    progress_.push_back({.members = std::move(members)});
    fill_basis(plan_.sets.size() - 1);
    return plan_.sets.size() - 1;
}

void Builder::fill_basis(std::size_t index) {
    SampleSet& set = plan_.sets[index];
    std::vector<std::vector<double>> values;
    std::vector<std::string> names;
    for (const Covariate& covariate : phenotypes_.covariates) {
        values.push_back(pick(covariate.values, set.samples));
        names.push_back(covariate.name);
        if (covariate.imputed) impute_mean(values.back());
    }
    if (phenotypes_.strata && !add_strata(set, values, names)) return;
    set.parameters = values.size() + 2;
    if (set.samples.size() <= set.parameters) return; // problem_of will say so
    CovariateBasis& basis = progress_[index].basis;
    basis = orthonormal_basis(values);
    if (basis.dependence) {
        std::vector<std::string> on;
        for (const std::size_t c : basis.dependence->on)
            on.push_back(names[c]);
        set.collinear = text("covariate \"", names[basis.dependence->column],
                             "\" is a linear combination of ", join(on, ", "));
        plan_.collinear.push_back(
            {.what = set.collinear,
             .where = text(set.samples.size(), " samples without missing values"),
             .why = "collinear covariates have no unique effects",
             .help =
                 "name the covariates to use in the parameter covariates, and leave this one out"});
        return;
    }
    for (const std::size_t c : basis.constant)
        set.constant.push_back(names[c]);
    set.covariates = basis.columns.size();
    set.first_column = columns_.columns.size();
    for (const auto& column : basis.columns)
        columns_.add(column, set.samples);
}

// A column for each stratum but the first, unless the set is split. False, with the reason in
// `collinear`, if there are too many of them.
bool Builder::add_strata(SampleSet& set, std::vector<std::vector<double>>& values,
                         std::vector<std::string>& names) {
    const Covariate& strata = *phenotypes_.strata;
    const auto chosen = pick(strata.values, set.samples);
    Levels levels = levels_of(chosen);
    if (levels.count > most_strata) {
        set.collinear = text("the strata of \"", strata.name, "\" are ", levels.count,
                             ", more than ", most_strata);
        return false;
    }
    for (std::size_t k = 1; k < levels.count && !set.split; ++k) {
        auto& column = values.emplace_back(chosen.size());
        for (std::size_t i = 0; i < column.size(); ++i)
            column[i] = levels.of[i] == k ? 1 : 0;
        names.push_back(text(strata.name, ", stratum ", k + 1));
    }
    return true;
}

std::optional<std::string> Builder::problem_of(const Trait& trait, const SampleSet& set) const {
    const auto y = pick(trait.values, set.samples);
    if (y.size() <= set.parameters) {
        return text(y.size(), " samples have no missing value, but there are ", set.parameters,
                    " parameters");
    }
    if (!set.collinear.empty()) return set.collinear;
    const auto [least, most] = std::minmax_element(y.begin(), y.end());
    if (*least != *most || (trait.survival && *least == 1)) return std::nullopt;
    if (trait.survival) return "there are no events";
    if (!trait.binary) return "all values are the same";
    return *least == 0 ? "there are no cases" : "there are no controls";
}

void Builder::add(std::size_t index) {
    const Trait& trait = phenotypes_.traits[index];
    const std::size_t s = set_for(index);
    if (const auto problem = problem_of(trait, plan_.sets[s])) {
        plan_.unusable.push_back({trait.name, *problem});
        return;
    }
    TraitPlan plan{.name = trait.name, .binary = trait.binary, .set = s};
    plan.n = plan_.sets[s].samples.size();
    if (trait.survival || trait.ordinal) {
        const std::string problem =
            trait.survival ? add_survival(index, plan) : add_ordinal(index, plan);
        if (!problem.empty()) {
            plan_.unusable.push_back({trait.name, problem});
            return;
        }
    } else if (!trait.binary) {
        add_quantitative(index, plan);
        if (!(plan.yy > 0)) {
            plan_.unusable.push_back({trait.name, "the covariates determine all its values"});
            return;
        }
    } else if (!add_binary(index, plan)) {
        plan_.unusable.push_back(
            {trait.name,
             "the logistic model of the covariates alone does not converge: they separate "
             "cases from controls"});
        return;
    }
    plan_.traits.push_back(std::move(plan));
}

void Builder::add_quantitative(std::size_t index, TraitPlan& plan) {
    const SampleSet& set = plan_.sets[plan.set];
    auto y = pick(phenotypes_.traits[index].values, set.samples);
    if (params_.rank_inverse_normal) y = rank_inverse_normal(y);
    auto rest = residuals(progress_[plan.set].basis, y);
    const auto df = static_cast<double>(plan.n - set.covariates - 1);
    if (has_offset(index)) {
        const auto offset =
            residuals(progress_[plan.set].basis, pick(offsets_.values[index], set.samples));
        double scale = 1;
        if (offsets_.in_standard_deviations)
            scale = std::sqrt(std::inner_product(rest.begin(), rest.end(), rest.begin(), 0.0) / df);
        for (std::size_t i = 0; i < rest.size(); ++i)
            rest[i] -= scale * offset[i];
    }
    double raw = 0;
    for (const double value : y)
        raw += value * value;
    for (const double value : rest)
        plan.yy += value * value;
    if (plan.yy <= 1e-20 * raw) plan.yy = 0;
    const FamilyBlocks* const families = plan.yy > 0 ? families_of(plan.set) : nullptr;
    if (families != nullptr) return add_family_linear(*families, rest, plan);
    plan.residual_sd = std::sqrt(plan.yy / df);
    plan.column = columns_.add(rest, set.samples);
}

// Null where no member of the set has a relative in it.
const FamilyBlocks* Builder::families_of(std::size_t index) {
    if (eligible_.relatives.empty()) return nullptr;
    auto& families = progress_[index].families;
    if (!families) {
        const SampleSet& set = plan_.sets[index];
        std::vector<std::uint32_t> place(eligible_.samples.size());
        for (std::size_t i = 0; i < set.samples.size(); ++i)
            place[set.samples[i]] = static_cast<std::uint32_t>(i);
        std::vector<Relationship> pairs;
        for (const auto& [first, second, value] : eligible_.relatives)
            if (set.members.contains(first) && set.members.contains(second))
                pairs.push_back({place[first], place[second], value});
        families.emplace(set.samples.size(), pairs);
    }
    return families->pairs().empty() ? nullptr : &*families;
}

// From members of a set to samples of the genotypes.
void Builder::add_pairs(const TraitPlan& plan, std::span<const Relationship> pairs,
                        FamilyPlan& family) {
    const auto& samples = plan_.sets[plan.set].samples;
    std::vector<PairForm::Entry> entries;
    for (const auto& [first, second, value] : pairs)
        entries.push_back({samples[first], samples[second], value});
    family.pairs = PairForm(eligible_.samples.size(), entries);
}

void Builder::add_family_linear(const FamilyBlocks& families, std::span<const double> rest,
                                TraitPlan& plan) {
    const auto& samples = plan_.sets[plan.set].samples;
    const FamilyLinear fit = fit_family_linear(families, progress_[plan.set].basis, rest);
    FamilyPlan& family = *(plan.family = std::make_unique<FamilyPlan>());
    family.share = fit.share;
    plan.yy = fit.yy;
    plan.residual_sd =
        std::sqrt(plan.yy / static_cast<double>(plan.n - plan_.sets[plan.set].covariates - 1));
    plan.column = columns_.add(fit.residual, samples);
    family.first_column = columns_.columns.size();
    for (const auto& column : fit.weighted)
        columns_.add(column, samples);
    family.weight_column = columns_.add(fit.inverse.diagonal, samples);
    family.square_column = squares_.add(fit.inverse.diagonal, samples);
    add_pairs(plan, fit.inverse.pairs, family);
}

void Builder::add_family_score(const FamilyBlocks& families, const NullColumns& columns,
                               TraitPlan& plan) {
    const auto& samples = plan_.sets[plan.set].samples;
    const FamilyScore fit =
        fit_family_score(families, columns.residual, columns.weighted, columns.fitted);
    FamilyPlan& family = *(plan.family = std::make_unique<FamilyPlan>());
    family.share = fit.share;
    if (fit.share > 0) family.liability_ratio = fit.liability_share / fit.share;
    family.cross = fit.cross;
    family.first_column = columns_.columns.size();
    for (const auto& column : fit.columns)
        columns_.add(column, samples);
    add_pairs(plan, fit.pairs, family);
}

// The null model's columns: residual, weighted covariates, and weights for squares.
bool Builder::add_binary(std::size_t index, TraitPlan& plan) {
    const Trait& trait = phenotypes_.traits[index];
    SampleSet& set = plan_.sets[plan.set];
    if (set.design.empty()) fill_design(set, progress_[plan.set].basis, eligible_.samples.size());
    BinaryPlan& logistic = plan.logistic;
    const auto is_case = [&](std::size_t i) { return trait.values[i] == 1; };
    logistic.cases = mask_where(progress_[plan.set].members, is_case);
    logistic.male_cases = mask_where(progress_[plan.set].members, [&](std::size_t i) {
        return is_case(i) && eligible_.sex[i] == Sex::male;
    });
    plan.n_cases = logistic.cases.count();
    plan.residual_sd = std::numeric_limits<double>::quiet_NaN();
    const std::size_t padded = padded_samples(set.samples.size());
    logistic.outcome = pick(trait.values, set.samples);
    logistic.outcome.resize(padded, 0.0);
    if (has_offset(index)) {
        logistic.offset = pick(offsets_.values[index], set.samples);
        logistic.offset.resize(padded, 0.0);
    }
    const auto columns = fit_null_model(set, params_, logistic);
    if (!columns) return false;
    plan.column = columns_.add(columns->residual, set.samples);
    for (std::size_t c = 0; c < columns->weighted.size(); ++c) {
        const std::size_t added = columns_.add(columns->weighted[c], set.samples);
        if (c == 0) logistic.first_weighted = added;
    }
    logistic.square_column = squares_.add(columns->weighted[0], set.samples);
    if (const FamilyBlocks* const families = families_of(plan.set))
        add_family_score(*families, *columns, plan);
    return true;
}

// The same of a Cox model. Returns what is wrong, or nothing.
std::string Builder::add_survival(std::size_t index, TraitPlan& plan) {
    const Trait& trait = phenotypes_.traits[index];
    const SampleSet& set = plan_.sets[plan.set];
    const auto event = pick(trait.values, set.samples), time = pick(trait.time, set.samples);
    std::vector<double> entry, offset;
    if (!trait.entry.empty()) entry = pick(trait.entry, set.samples);
    if (has_offset(index)) offset = pick(offsets_.values[index], set.samples);
    std::vector<std::uint32_t> stratum;
    if (phenotypes_.strata) stratum = levels_of(pick(phenotypes_.strata->values, set.samples)).of;
    SurvivalNull null = fit_survival_null({.event = event,
                                           .time = time,
                                           .entry = entry,
                                           .stratum = stratum,
                                           .offset = offset,
                                           .basis = progress_[plan.set].basis.columns,
                                           .members = set.samples,
                                           .samples = eligible_.samples.size()});
    if (!null.plan) return null.problem;
    plan.survival = std::move(null.plan);
    SurvivalPlan& survival = *plan.survival;
    const auto has_event = [&](std::size_t i) { return trait.values[i] == 1; };
    survival.events = mask_where(progress_[plan.set].members, has_event);
    survival.male_events = mask_where(progress_[plan.set].members, [&](std::size_t i) {
        return has_event(i) && eligible_.sex[i] == Sex::male;
    });
    plan.n_cases = survival.events.count();
    plan.residual_sd = std::numeric_limits<double>::quiet_NaN();
    plan.column = columns_.add(null.columns.residual, set.samples);
    for (std::size_t c = 0; c < null.columns.weighted.size(); ++c) {
        const std::size_t added = columns_.add(null.columns.weighted[c], set.samples);
        if (c == 0) survival.first_weighted = added;
    }
    survival.square_column = squares_.add(null.columns.weighted[0], set.samples);
    return {};
}

std::string Builder::add_ordinal(std::size_t index, TraitPlan& plan) {
    const SampleSet& set = plan_.sets[plan.set];
    std::vector<double> offset;
    if (has_offset(index)) offset = pick(offsets_.values[index], set.samples);
    OrdinalNull null = fit_ordinal_null(pick(phenotypes_.traits[index].values, set.samples),
                                        progress_[plan.set].basis.columns, offset);
    if (!null.problem.empty()) return null.problem;
    plan.ordinal = std::make_unique<OrdinalPlan>(std::move(null.plan));
    plan.residual_sd = std::numeric_limits<double>::quiet_NaN();
    plan.column = columns_.add(null.residual, set.samples);
    for (std::size_t c = 0; c < null.weighted.size(); ++c) {
        const std::size_t added = columns_.add(null.weighted[c], set.samples);
        if (c == 0) plan.ordinal->first_weighted = added;
    }
    plan.ordinal->square_column = squares_.add(null.weighted[0], set.samples);
    return {};
}

ScanPlan Builder::finish() {
    plan_.columns = columns_.fixed();
    plan_.squares = squares_.fixed();
    return std::move(plan_);
}

} // namespace

ScanPlan make_plan(const Phenotypes& phenotypes, std::size_t first, std::size_t last,
                   const Eligible& eligible, const AssociationParams& params,
                   const Offsets& offsets) {
    Builder builder(phenotypes, eligible, params, offsets);
    for (std::size_t t = first; t < last; ++t)
        builder.add(t);
    return builder.finish();
}

} // namespace salus::association
