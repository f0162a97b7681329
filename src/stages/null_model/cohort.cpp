#include "stages/null_model/cohort.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "models/cox.hpp"
#include "models/linear.hpp"
#include "models/logistic.hpp"
#include "models/vectors.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace salus::whole_genome {
namespace {

using association::Trait;

// A set that lacks more of a fold gets Gram matrices of its own.
constexpr std::size_t absent_share = 8;

std::vector<double> pick(std::span<const double> values, std::span<const std::uint32_t> places) {
    std::vector<double> picked(places.size());
    for (std::size_t i = 0; i < places.size(); ++i)
        picked[i] = values[places[i]];
    return picked;
}

std::vector<Fold> equal_folds(std::size_t members, std::size_t count) {
    std::vector<Fold> folds(count);
    for (std::size_t k = 0; k < count; ++k)
        folds[k] = {members * k / count, members * (k + 1) / count};
    return folds;
}

/// The basis of a base; what it depends on where covariates are collinear.
std::optional<std::string> fill_basis(const Phenotypes& phenotypes, Base& base,
                                      std::vector<std::string>* constant) {
    std::vector<std::vector<double>> values;
    for (const auto& covariate : phenotypes.covariates)
        values.push_back(pick(covariate.values, base.samples));
    CovariateBasis found = orthonormal_basis(values);
    if (found.dependence) {
        std::vector<std::string> on;
        for (const std::size_t c : found.dependence->on)
            on.push_back(phenotypes.covariates[c].name);
        return text("covariate \"", phenotypes.covariates[found.dependence->column].name,
                    "\" is a linear combination of ", join(on, ", "));
    }
    if (constant != nullptr)
        for (const std::size_t c : found.constant)
            constant->push_back(phenotypes.covariates[c].name);
    const auto n = static_cast<double>(base.samples.size());
    base.basis.assign(1, std::vector<double>(base.samples.size(), 1 / std::sqrt(n)));
    for (auto& column : found.columns)
        base.basis.push_back(std::move(column));
    return std::nullopt;
}

using Small = std::vector<std::vector<double>>;

Small fold_gram(const Base& base, const SampleSet& set, const Fold& fold) {
    const std::size_t c = base.basis.size();
    Small gram(c, std::vector<double>(c));
    for (std::size_t a = 0; a < c; ++a)
        for (std::size_t b = 0; b <= a; ++b) {
            double sum = 0;
            for (std::size_t i = fold.begin; i < fold.end; ++i)
                sum += base.basis[a][set.members[i]] * base.basis[b][set.members[i]];
            gram[a][b] = gram[b][a] = sum;
        }
    return gram;
}
/// R'GR.
Small turn(const Small& gram, const Small& rotation) {
    const std::size_t c = gram.size();
    Small half(c, std::vector<double>(c)), result(half);
    for (std::size_t a = 0; a < c; ++a)
        for (std::size_t b = 0; b < c; ++b)
            for (std::size_t k = 0; k < c; ++k)
                half[a][b] += gram[a][k] * rotation[k][b];
    for (std::size_t a = 0; a < c; ++a)
        for (std::size_t b = 0; b < c; ++b)
            for (std::size_t k = 0; k < c; ++k)
                result[a][b] += rotation[k][a] * half[k][b];
    return result;
}
/// Inverse of the transposed Cholesky factor of Q'Q over the set.
bool rotate(const Base& base, SampleSet& set) {
    const std::size_t c = base.basis.size();
    Small l = fold_gram(base, set, {0, set.members.size()});
    for (std::size_t j = 0; j < c; ++j) {
        for (std::size_t d = 0; d < j; ++d)
            for (std::size_t i = j; i < c; ++i)
                l[i][j] -= l[i][d] * l[j][d];
        if (l[j][j] < 0.25) return false; // of 1 where nobody is absent
        const double root = std::sqrt(l[j][j]);
        for (std::size_t i = j; i < c; ++i)
            l[i][j] /= root;
    }
    set.rotation.assign(c, std::vector<double>(c));
    for (std::size_t b = 0; b < c; ++b) // column b of L'^-1, from below
        for (std::size_t a = b + 1; a-- > 0;) {
            double sum = a == b ? 1 : 0;
            for (std::size_t k = a + 1; k <= b; ++k)
                sum -= l[k][a] * set.rotation[k][b];
            set.rotation[a][b] = sum / l[a][a];
        }
    return true;
}

class Builder {
public:
    Builder(const Phenotypes& phenotypes, const NullModelParams& params, TraitCohort& cohort)
        : phenotypes_(phenotypes), params_(params), cohort_(cohort) {}

    void add_eligible_base() {
        Base base;
        for (std::size_t i = 0; i < cohort_.eligible.size(); ++i)
            if (cohort_.eligible[i] != 0) base.samples.push_back(static_cast<std::uint32_t>(i));
        base.folds = equal_folds(base.samples.size(), folds());
        if (base.samples.size() <= phenotypes_.covariates.size() + 2 ||
            base.samples.size() < folds())
            throw DataError(
                {.what = text(base.samples.size(), " samples pass quality and have all of ",
                              phenotypes_.covariates.size(), " covariates"),
                 .where = "stage null_model",
                 .why = "a model needs more samples than covariates, and some in every fold",
                 .help = "give more samples, or name fewer covariates"});
        if (const auto problem = fill_basis(phenotypes_, base, &cohort_.constant))
            throw DataError(
                {.what = *problem,
                 .where = text(base.samples.size(), " samples without missing covariates"),
                 .why = "collinear covariates have no unique effects",
                 .help = "name the covariates to use in the parameter covariates"});
        cohort_.bases.push_back(std::move(base));
    }
    void add(const Trait& trait) {
        if (const auto reason = try_add(trait)) cohort_.skipped.push_back({trait.name, *reason});
    }

private:
    std::size_t folds() const noexcept { return static_cast<std::size_t>(params_.folds); }

    std::optional<std::string> try_add(const Trait& trait) {
        std::vector<std::uint32_t> samples;
        for (const std::uint32_t i : cohort_.bases[0].samples)
            if (!std::isnan(trait.values[i])) samples.push_back(i);
        const std::size_t parameters = phenotypes_.covariates.size() + 2;
        if (samples.size() <= parameters || samples.size() < folds())
            return text(samples.size(), " samples have no missing value, but there are ",
                        parameters, " parameters and ", folds(), " folds");
        const auto y = pick(trait.values, samples);
        const auto [least, most] = std::minmax_element(y.begin(), y.end());
        if (*least == *most)
            if (!trait.survival || *least == 0) return constant_reason(trait, *least);
        TraitModel model{.name = trait.name};
        model.kind = trait.survival ? TraitKind::time_to_event
                     : trait.binary ? TraitKind::binary
                                    : TraitKind::quantitative;
        if (const auto problem = find_set(samples, model)) return problem;
        return fill(trait, y, model);
    }

    /// Finds or makes the set of these samples.
    std::optional<std::string> find_set(const std::vector<std::uint32_t>& samples,
                                        TraitModel& model) {
        for (std::size_t s = 0; s < cohort_.sets.size(); ++s) {
            const SampleSet& set = cohort_.sets[s];
            if (pick_samples(set) != samples) continue;
            model.set = s;
            return std::nullopt;
        }
        model.set = cohort_.sets.size();
        SampleSet set;
        if (near_set(samples, set)) {
            cohort_.sets.push_back(std::move(set));
            return std::nullopt;
        }
        Base base{.samples = samples, .folds = equal_folds(samples.size(), folds()), .basis = {}};
        if (const auto problem = fill_basis(phenotypes_, base, nullptr)) return problem;
        cohort_.bases.push_back(std::move(base));
        set = whole_set(cohort_.bases, cohort_.bases.size() - 1);
        cohort_.sets.push_back(std::move(set));
        return std::nullopt;
    }
    std::vector<std::uint32_t> pick_samples(const SampleSet& set) const {
        std::vector<std::uint32_t> samples(set.members.size());
        for (std::size_t i = 0; i < samples.size(); ++i)
            samples[i] = cohort_.bases[set.base].samples[set.members[i]];
        return samples;
    }

    /// Whether the samples lack few of every fold of all eligible ones; then fills the set.
    bool near_set(const std::vector<std::uint32_t>& samples, SampleSet& set) const {
        const Base& base = cohort_.bases[0];
        set = {};
        for (std::size_t p = 0, next = 0; p < base.samples.size(); ++p) {
            const bool there = next < samples.size() && samples[next] == base.samples[p];
            (there ? set.members : set.absent).push_back(static_cast<std::uint32_t>(p));
            if (there) ++next;
        }
        for (const Fold& fold : base.folds) {
            const auto lacking = std::count_if(set.absent.begin(), set.absent.end(), [&](auto p) {
                return p >= fold.begin && p < fold.end;
            });
            if (static_cast<std::size_t>(lacking) * absent_share > fold.size()) return false;
        }
        return complete_set(base, set);
    }

    std::vector<std::vector<double>> basis_of(const SampleSet& set) const {
        const Base& base = cohort_.bases[set.base];
        std::vector<std::vector<double>> basis;
        for (std::size_t b = 0; b < base.basis.size(); ++b) {
            auto& column = basis.emplace_back(set.members.size());
            for (std::size_t a = 0; a <= b; ++a)
                for (std::size_t i = 0; i < column.size(); ++i)
                    column[i] += set.rotation[a][b] * base.basis[a][set.members[i]];
        }
        return basis;
    }

    std::optional<std::string> fill(const Trait& trait, std::vector<double> y, TraitModel& model) {
        const auto basis = basis_of(cohort_.sets[model.set]);
        if (trait.survival) {
            take_times(trait, y, model);
            if (!fit_hazards(basis, model, y))
                return "the Cox model of the covariates alone does not converge";
        } else if (trait.binary) {
            model.outcome = y;
            model.leave_one_out = params_.prior == "ridge" &&
                                  y.size() < static_cast<std::size_t>(params_.leave_one_out_below);
            model.n_cases = static_cast<std::uint64_t>(std::count(y.begin(), y.end(), 1.0));
            if (!fit_covariates(basis, model))
                return "the logistic model of the covariates alone does not converge: they "
                       "separate cases from controls";
        } else if (params_.rank_inverse_normal) {
            y = rank_inverse_normal(y);
        }
        const double raw = dot(y, y);
        for (int pass = 0; pass < 2; ++pass)
            for (const auto& column : basis) {
                const double along = dot(column, y);
                for (std::size_t i = 0; i < y.size(); ++i)
                    y[i] -= along * column[i];
            }
        const double rest = dot(y, y);
        if (!(rest > 1e-20 * raw)) return "the covariates determine all its values";
        model.scale = std::sqrt(rest / static_cast<double>(y.size() - basis.size()));
        for (double& value : y)
            value /= model.scale;
        for (const Fold& fold : cohort_.sets[model.set].folds) {
            const auto of = [&](const std::vector<double>& column) {
                return std::span(column).subspan(fold.begin, fold.size());
            };
            auto& along = model.along.emplace_back();
            for (const auto& column : basis)
                along.push_back(dot(of(column), of(y)));
        }
        model.values = std::move(y);
        cohort_.traits.push_back(std::move(model));
        return std::nullopt;
    }

    static std::string constant_reason(const Trait& trait, double value) {
        if (trait.survival) return "there are no events";
        if (!trait.binary) return "all values are the same";
        return value == 0 ? "there are no cases" : "there are no controls";
    }
    void take_times(const Trait& trait, const std::vector<double>& event, TraitModel& model) const {
        const SampleSet& set = cohort_.sets[model.set];
        std::vector<std::uint32_t> samples = pick_samples(set);
        model.outcome = event;
        model.n_cases = static_cast<std::uint64_t>(std::count(event.begin(), event.end(), 1.0));
        model.time = pick(trait.time, samples);
        if (!trait.entry.empty()) model.entry = pick(trait.entry, samples);
    }
    /// Fills the offset, and `residual` with martingale residuals.
    static bool fit_hazards(const std::vector<std::vector<double>>& basis, TraitModel& model,
                            std::vector<double>& residual) {
        const std::size_t n = model.outcome.size();
        const RiskSets sets({.exit = model.time, .event = model.outcome, .entry = model.entry});
        std::vector<std::vector<double>> columns;
        for (std::size_t b = 1; b < basis.size(); ++b) // without the intercept
            columns.push_back(sets.sorted(basis[b]));
        const StandardColumns standard(columns);
        CoxSolver solver;
        const CoxFit fit = solver.fit({.risk = sets, .design = standard.design(n)});
        if (!fit.converged) return false;
        std::vector<double> eta(padded_samples(n));
        linear_predictor(standard.design(n), fit.coefficients, eta);
        model.offset = sets.unsorted(std::span(eta).first(n));
        residual = sets.unsorted(solver.martingale_residuals(sets));
        return true;
    }

    static bool fit_covariates(const std::vector<std::vector<double>>& basis, TraitModel& model) {
        const std::size_t n = model.outcome.size();
        const double root = std::sqrt(static_cast<double>(n));
        std::vector<std::vector<double>> columns;
        std::vector<const double*> pointers;
        for (const auto& column : basis) {
            auto& scaled = columns.emplace_back(padded_samples(n));
            for (std::size_t i = 0; i < n; ++i)
                scaled[i] = root * column[i];
        }
        for (const auto& column : columns)
            pointers.push_back(column.data());
        std::vector<double> outcome = model.outcome, start(columns.size());
        outcome.resize(padded_samples(n));
        const auto cases = static_cast<double>(model.n_cases);
        start[0] = std::log(cases / (static_cast<double>(n) - cases));
        const DesignColumns design{.columns = pointers, .samples = n};
        const LogisticFit fit = LogisticSolver().fit(
            {.design = design, .outcome = outcome, .start = start, .free = start.size()});
        if (!fit.converged) return false;
        model.offset.resize(padded_samples(n));
        linear_predictor(design, fit.coefficients, model.offset);
        model.offset.resize(n);
        return true;
    }

    const Phenotypes& phenotypes_;
    const NullModelParams& params_;
    TraitCohort& cohort_;
};

[[noreturn]] void throw_nothing_left(const std::vector<SkippedTrait>& skipped) {
    std::vector<Problem> problems;
    for (const SkippedTrait& trait : skipped)
        problems.push_back(
            {.what = text("trait \"", trait.name, "\" cannot be analysed: ", trait.reason),
             .where = "after leaving out samples with missing values or failed quality",
             .why = "null_model needs a trait that varies, and more samples than parameters",
             .help = "mend at least one trait"});
    throw DataError(std::move(problems));
}

} // namespace

std::string_view to_string(TraitKind kind) noexcept {
    switch (kind) {
    case TraitKind::quantitative:
        return "quantitative";
    case TraitKind::binary:
        return "binary";
    case TraitKind::time_to_event:
        return "time_to_event";
    }
    return "?";
}

bool complete_set(const Base& base, SampleSet& set) {
    for (const Fold& fold : base.folds) {
        const auto place = [&](std::size_t p) {
            return static_cast<std::size_t>(
                std::lower_bound(set.members.begin(), set.members.end(), p) - set.members.begin());
        };
        set.folds.push_back({place(fold.begin), place(fold.end)});
    }
    if (!rotate(base, set)) return false;
    for (const Fold& fold : set.folds) {
        auto products = fold_gram(base, set, fold);
        set.fold_products.push_back(turn(products, set.rotation));
    }
    return true;
}
SampleSet whole_set(const std::vector<Base>& bases, std::size_t base) {
    SampleSet set{.base = base, .members = {}, .absent = {}};
    for (std::size_t i = 0; i < bases[base].samples.size(); ++i)
        set.members.push_back(static_cast<std::uint32_t>(i));
    complete_set(bases[base], set);
    return set;
}

TraitCohort make_cohort(const Phenotypes& phenotypes, const std::vector<std::uint8_t>& passes,
                        const NullModelParams& params) {
    TraitCohort cohort{.eligible = passes};
    for (const auto& covariate : phenotypes.covariates)
        for (std::size_t i = 0; i < passes.size(); ++i)
            if (!std::isfinite(covariate.values[i])) cohort.eligible[i] = 0;
    cohort.skipped = phenotypes.skipped;
    Builder builder(phenotypes, params, cohort);
    builder.add_eligible_base();
    for (const Trait& trait : phenotypes.traits)
        builder.add(trait);
    if (cohort.traits.empty()) throw_nothing_left(cohort.skipped);
    return cohort;
}

} // namespace salus::whole_genome
