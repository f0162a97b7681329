#include "stages/interaction/plan.hpp"

#include "base/text.hpp"
#include "models/linear.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace salus::interaction {
namespace {

using association::Covariate;
using association::Eligible;
using association::Phenotypes;
using association::Trait;
using Bytes = std::vector<std::uint8_t>;

Bytes members_of(const Trait& trait, const Phenotypes& phenotypes, const Eligible& eligible) {
    Bytes members(eligible.samples.size());
    for (std::size_t i = 0; i < members.size(); ++i) {
        bool complete = eligible.samples[i] != 0 && !std::isnan(trait.values[i]);
        for (const Covariate& covariate : phenotypes.covariates)
            complete = complete && std::isfinite(covariate.values[i]);
        members[i] = complete ? 1 : 0;
    }
    return members;
}

std::vector<double> pick(std::span<const double> values, std::span<const std::uint32_t> samples) {
    std::vector<double> picked(padded_samples(samples.size()), 0.0);
    for (std::size_t k = 0; k < samples.size(); ++k)
        picked[k] = values[samples[k]];
    return picked;
}

// Mean and standard deviation become 0 and 1.
void standardise(Set& set) {
    const auto n = static_cast<double>(set.samples.size());
    const auto end = set.environment.begin() + static_cast<std::ptrdiff_t>(set.samples.size());
    double sum = 0, squares = 0;
    for (auto at = set.environment.begin(); at != end; ++at)
        sum += *at;
    set.environment_mean = sum / n;
    for (auto at = set.environment.begin(); at != end; ++at) {
        *at -= set.environment_mean;
        squares += *at * *at;
    }
    set.environment_sd = std::sqrt(squares / n);
    for (auto at = set.environment.begin(); at != end; ++at)
        *at /= set.environment_sd;
}

void add_column(Set& set, std::span<const double> values, double factor) {
    auto& column = set.basis.emplace_back(padded_samples(set.samples.size()), 0.0);
    for (std::size_t i = 0; i < values.size(); ++i)
        column[i] = values[i] * factor;
}

class Builder {
public:
    Builder(const Phenotypes& phenotypes, const Eligible& eligible, bool normal_ranks)
        : phenotypes_(phenotypes), eligible_(eligible), normal_ranks_(normal_ranks) {}
    void add(const Trait& trait);
    Plan finish() { return std::move(plan_); }

private:
    std::size_t set_for(const Trait& trait);
    void fill(Set& set, CovariateBasis& basis);
    std::string add_quantitative(const Trait& trait, TraitModel& model) const;
    std::string add_binary(const Trait& trait, TraitModel& model) const;

    const Phenotypes& phenotypes_;
    const Eligible& eligible_;
    bool normal_ranks_;
    Plan plan_;
    std::map<std::string, std::size_t> set_of_; // by members, a byte each
    std::vector<CovariateBasis> bases_; // [set]
};

std::size_t Builder::set_for(const Trait& trait) {
    const Bytes chosen = members_of(trait, phenotypes_, eligible_);
    const auto [at, is_new] =
        set_of_.emplace(std::string(chosen.begin(), chosen.end()), plan_.sets.size());
    if (!is_new) return at->second;
    Set& set = plan_.sets.emplace_back();
    Bytes males(chosen.size());
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        if (chosen[i] == 0) continue;
        set.samples.push_back(static_cast<std::uint32_t>(i));
        males[i] = eligible_.sex[i] == Sex::male ? 1 : 0;
    }
    set.members = SampleMask(chosen);
    set.males = SampleMask(males);
    fill(set, bases_.emplace_back());
    return at->second;
}

void Builder::fill(Set& set, CovariateBasis& basis) {
    const std::size_t n = set.samples.size(), given = phenotypes_.covariates.size();
    if (n <= given + 3) {
        set.problem =
            text(n, " samples have no missing value, but there are ", given + 3, " parameters");
        return;
    }
    std::vector<std::vector<double>> values;
    for (const Covariate& covariate : phenotypes_.covariates) {
        values.push_back(pick(covariate.values, set.samples));
        values.back().resize(n);
    }
    basis = orthonormal_basis(values);
    if (basis.dependence) {
        set.problem = "covariates are collinear";
        std::vector<std::string> on;
        for (const std::size_t c : basis.dependence->on)
            on.push_back(phenotypes_.covariates[c].name);
        plan_.collinear.push_back(
            {.what = text("covariate \"", phenotypes_.covariates[basis.dependence->column].name,
                          "\" is a linear combination of ", join(on, ", ")),
             .where = text(n, " samples without missing values"),
             .why = "collinear covariates have no unique effects",
             .help = "name the covariates to use in the parameter covariates, and leave one out"});
        return;
    }
    for (const std::size_t c : basis.constant) {
        if (c + 1 == given) {
            set.problem = text("the environment ", phenotypes_.covariates[c].name,
                               " does not vary among its samples");
            return;
        }
        set.constant.push_back(phenotypes_.covariates[c].name);
    }
    add_column(set, std::vector<double>(n, 1.0), 1);
    for (const auto& column : basis.columns)
        add_column(set, column, std::sqrt(static_cast<double>(n)));
    for (const auto& column : set.basis)
        set.columns.push_back(column.data());
    set.environment = pick(phenotypes_.covariates.back().values, set.samples);
    standardise(set);
    set.leverage = basis_leverage({.columns = set.columns, .samples = n});
}

// What is wrong with the trait, or nothing.
std::string Builder::add_quantitative(const Trait& trait, TraitModel& model) const {
    const Set& set = plan_.sets[model.set];
    auto y = pick(trait.values, set.samples);
    y.resize(model.n);
    if (normal_ranks_) y = rank_inverse_normal(y);
    model.values = residuals(bases_[model.set], y);
    double all = 0, left = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
        all += y[i] * y[i];
        left += model.values[i] * model.values[i];
    }
    model.values.resize(padded_samples(model.n), 0.0);
    return left > 1e-20 * all ? "" : "the covariates determine all its values";
}

std::string Builder::add_binary(const Trait& trait, TraitModel& model) const {
    const Set& set = plan_.sets[model.set];
    model.values = pick(trait.values, set.samples);
    for (const double value : model.values)
        model.n_cases += value == 1 ? 1 : 0;
    const auto cases = static_cast<double>(model.n_cases);
    std::vector<double> start(set.columns.size(), 0.0);
    start[0] = std::log(cases / (static_cast<double>(model.n) - cases));
    LogisticSolver solver;
    LogisticFit fit = solver.fit({.design = {.columns = set.columns, .samples = model.n},
                                  .outcome = model.values,
                                  .start = start,
                                  .free = start.size()});
    model.null_coefficients = std::move(fit.coefficients);
    return fit.converged ? ""
                         : "the logistic model of the covariates alone does not converge: they "
                           "separate cases from controls";
}

void Builder::add(const Trait& trait) {
    TraitModel model{.name = trait.name, .binary = trait.binary, .set = set_for(trait)};
    const Set& set = plan_.sets[model.set];
    model.n = set.samples.size();
    std::string problem = set.problem;
    if (problem.empty()) {
        const auto y = pick(trait.values, set.samples);
        const auto [least, most] =
            std::minmax_element(y.begin(), y.begin() + static_cast<std::ptrdiff_t>(model.n));
        if (*least == *most)
            problem = !trait.binary ? "all values are the same"
                      : *least == 0 ? "there are no cases"
                                    : "there are no controls";
        else
            problem = trait.binary ? add_binary(trait, model) : add_quantitative(trait, model);
    }
    if (problem.empty())
        plan_.traits.push_back(std::move(model));
    else
        plan_.unusable.push_back({trait.name, problem});
}

} // namespace

Plan make_plan(const Phenotypes& phenotypes, const Eligible& eligible, bool normal_ranks) {
    Builder builder(phenotypes, eligible, normal_ranks);
    for (const Trait& trait : phenotypes.traits)
        builder.add(trait);
    return builder.finish();
}

} // namespace salus::interaction
