#include "stages/pgs_regression/ridge.hpp"

#include "base/interrupt.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "models/block_krylov.hpp"
#include "models/conjugate_gradients.hpp"
#include "models/linear.hpp"
#include "models/vectors.hpp"
#include "parallel/parallel_for.hpp"
#include "stages/principal_components/analysis.hpp"

#include <algorithm>
#include <cmath>

namespace salus::pgs_regression {
namespace {

using Vectors = std::vector<std::vector<double>>;

/// Training people of a trait with what covariates and intercept span.
struct System {
    std::size_t trait = 0;
    const TraitData* data = nullptr;
    Vectors basis;         // orthonormal
    std::vector<double> y; // projected, mean square 1
    double spread = 1;     // what y was divided by
    double trace = 1;      // of P Z Z' P over n - covariates
    double free() const { return static_cast<double>(y.size() - basis.size()); }

    void project(std::span<double> x) const {
        for (int pass = 0; pass < 2; ++pass)
            for (const auto& q : basis) {
                const double along = dot(q, x);
                for (std::size_t i = 0; i < x.size(); ++i)
                    x[i] -= along * q[i];
            }
    }
};

/// Products Z Z' x of columns over people, made together.
class Kinship {
public:
    Kinship(const RunContext& context, const ChosenGenotypes& genotypes, const Cohort& cohort)
        : context_(context), genotypes_(genotypes), place_(cohort.eligible.size(), 0) {
        for (std::uint32_t i = 0; i < cohort.eligible.size(); ++i)
            if (cohort.eligible[i] != 0) {
                place_[i] = used_.size();
                used_.push_back(i);
            }
    }
    std::size_t people() const noexcept { return used_.size(); }
    /// Place of a sample among the eligible ones.
    std::size_t place(std::uint32_t sample) const noexcept { return place_[sample]; }
    const std::vector<std::uint32_t>& used() const noexcept { return used_; }

    /// (all) \param samples  [column] of the rows of x.  \return [column][eligible sample].
    Vectors times(std::span<const std::vector<std::uint32_t>* const> samples,
                  std::span<const std::vector<double>> x) {
        if (context_.comm().any(interrupt_requested()))
            throw Interrupted({.what = "stopped on request",
                               .where = "ridge regression",
                               .why = "a signal asked the job to stop, or its time is over",
                               .help = "run the same command again"});
        ++passes;
        const auto columns = x.size();
        const auto b = collectively(context_.comm(), "products with people", [&] {
            const std::size_t n = genotypes_.packed().samples();
            FixedColumns fixed(n, columns);
            parallel_tasks(columns, [&](std::size_t c) {
                std::vector<double> values(n, 0.0);
                for (std::size_t i = 0; i < x[c].size(); ++i)
                    values[(*samples[c])[i]] = x[c][i];
                fixed.set(c, values);
            });
            return components::all_variant_products(genotypes_.packed(), genotypes_.standard(),
                                                    fixed);
        });
        const auto flat =
            components::sample_products(context_.comm(), genotypes_.packed(), genotypes_.standard(),
                                        {.values = b, .columns = columns, .limbs = 4}, used_);
        Vectors out;
        for (std::size_t c = 0; c < columns; ++c)
            out.emplace_back(flat.begin() + static_cast<std::ptrdiff_t>(c * people()),
                             flat.begin() + static_cast<std::ptrdiff_t>((c + 1) * people()));
        return out;
    }
    int passes = 0;

private:
    const RunContext& context_;
    const ChosenGenotypes& genotypes_;
    std::vector<std::uint32_t> used_;
    std::vector<std::size_t> place_;
};

class Ridge {
public:
    Ridge(const PgsRegressionParams& params, const RunContext& context,
          const ChosenGenotypes& genotypes, const Cohort& cohort)
        : params_(params), context_(context), genotypes_(genotypes), cohort_(cohort),
          kinship_(context, genotypes, cohort) {}

    RidgeResult run() {
        result_.heritability.resize(cohort_.traits.size());
        for (std::size_t t = 0; t < cohort_.traits.size(); ++t)
            if (cohort_.traits[t].problem.empty()) add_system(t);
        if (!systems_.empty()) {
            find_leading();
            estimate();
            solve();
        }
        result_.passes = kinship_.passes;
        return std::move(result_);
    }

private:
    void add_system(std::size_t t) {
        System system{.trait = t, .data = &cohort_.traits[t]};
        const PartData& part = system.data->training;
        const auto n = part.samples.size();
        auto basis = orthonormal_basis(part.covariates);
        system.basis.assign(1, std::vector<double>(n, 1 / std::sqrt(static_cast<double>(n))));
        for (auto& column : basis.columns)
            system.basis.push_back(std::move(column));
        system.y = part.outcome.value;
        if (system.data->kind == RegressedKind::time_to_event) {
            const auto null =
                profile_likelihood(part.outcome, part.covariates)->at(std::vector<double>(n, 0.0));
            if (!null.converged) return fail(t, "null_model_not_converged");
            system.y = null.residual;
        }
        const double raw = dot(system.y, system.y);
        system.project(system.y);
        const double rest = dot(system.y, system.y);
        if (!(rest > 1e-20 * raw)) return fail(t, "explained_by_covariates");
        system.spread = std::sqrt(rest / system.free());
        for (double& value : system.y)
            value /= system.spread;
        systems_.push_back(std::move(system));
    }
    void fail(std::size_t trait, std::string reason) {
        result_.fits.push_back({.trait = trait, .problem = std::move(reason)});
    }

    /// Leading eigenvectors of Z Z' among all eligible people, for the preconditioner.
    void find_leading() {
        const auto wanted = std::min(static_cast<std::size_t>(params_.preconditioner_vectors),
                                     kinship_.people() / 4);
        if (wanted == 0) return;
        BlockKrylov krylov(kinship_.people(), wanted, context_.seed());
        for (int pass = 0; pass < 2 && krylov.width() > 0; ++pass) {
            Vectors block;
            for (std::size_t c = 0; c < krylov.width(); ++c)
                block.emplace_back(krylov.column(c).begin(), krylov.column(c).end());
            const std::vector<const std::vector<std::uint32_t>*> samples(block.size(),
                                                                         &kinship_.used());
            std::vector<double> flat;
            for (const auto& column : kinship_.times(samples, block))
                flat.insert(flat.end(), column.begin(), column.end());
            krylov.advance(flat);
        }
        const auto pairs = krylov.pairs(wanted);
        for (std::size_t k = 0; k < pairs.values.size(); ++k) {
            if (!(pairs.values[k] > 0)) break;
            const double* const v = pairs.vectors.col(static_cast<Eigen::Index>(k)).data();
            leading_.values.push_back(pairs.values[k]);
            leading_.vectors.emplace_back(v, v + kinship_.people());
        }
    }

    /// Traces of all systems, and Haseman-Elston regression where no heritability is given:
    /// E y'Ky = h tr K^2 + (1 - h) tr K, tr K^2 by random signs.
    void estimate() {
        const bool given = !params_.heritabilities.empty();
        const auto probes = given ? std::size_t{0} : static_cast<std::size_t>(params_.probes);
        Vectors x;
        std::vector<const std::vector<std::uint32_t>*> samples;
        std::vector<const System*> of;
        const auto add = [&](const System& system, std::vector<double> column) {
            x.push_back(std::move(column));
            samples.push_back(&system.data->training.samples);
            of.push_back(&system);
        };
        for (const System& system : systems_) {
            for (const auto& q : system.basis)
                add(system, q);
            if (given) continue;
            add(system, system.y);
            for (std::size_t p = 0; p < probes; ++p) {
                std::vector<double> signs;
                for (const std::uint32_t i : system.data->training.samples)
                    signs.push_back(Rng(context_.seed(), text("probe", p), i).bernoulli(0.5) ? 1
                                                                                             : -1);
                system.project(signs);
                add(system, std::move(signs));
            }
        }
        const auto squares = components::sample_squares(context_.comm(), genotypes_.packed(),
                                                        genotypes_.standard(), kinship_.used());
        // In pieces, so that the columns do not outgrow those of the solver.
        Vectors image;
        constexpr std::size_t piece = 32;
        for (std::size_t first = 0; first < x.size(); first += piece) {
            const std::size_t count = std::min(piece, x.size() - first);
            auto some = kinship_.times(std::span(samples).subspan(first, count),
                                       std::span(x).subspan(first, count));
            for (std::size_t c = 0; c < count; ++c)
                image.push_back(of_rows(*of[first + c], some[c]));
        }
        std::size_t at = 0;
        for (System& system : systems_) {
            double trace = 0;
            for (const std::uint32_t i : system.data->training.samples)
                trace += squares[kinship_.place(i)];
            for (std::size_t q = 0; q < system.basis.size(); ++q, ++at)
                trace -= dot(x[at], image[at]);
            system.trace = trace / system.free();
            if (given) continue;
            const double along = dot(x[at], image[at]) / system.trace;
            ++at;
            double squared = 0; // tr K^2
            for (std::size_t p = 0; p < probes; ++p, ++at) {
                system.project(image[at]);
                squared += dot(image[at], image[at]) / (system.trace * system.trace);
            }
            squared /= static_cast<double>(probes);
            const double gap = squared - system.free();
            auto& h = result_.heritability[system.trait];
            if (!(gap > 0)) continue;
            h.estimate = (along - system.free()) / gap;
            h.standard_error = std::sqrt(2 / gap);
        }
    }

    /// Rows of the training people of a system.
    std::vector<double> of_rows(const System& system, std::span<const double> eligible) const {
        std::vector<double> out;
        out.reserve(system.y.size());
        for (const std::uint32_t i : system.data->training.samples)
            out.push_back(eligible[kinship_.place(i)]);
        return out;
    }

    std::vector<double> heritabilities(const System& system) const {
        if (!params_.heritabilities.empty()) return params_.heritabilities;
        const double h = result_.heritability[system.trait].estimate;
        return {std::isnan(h) ? 0.01 : std::clamp(h, 0.01, 0.99)};
    }

    void solve() {
        struct One {
            const System* system;
            double heritability, ridge;
        };
        std::vector<One> all;
        Vectors right;
        for (const System& system : systems_)
            for (const double h : heritabilities(system)) {
                all.push_back({&system, h, (1 - h) / h});
                right.push_back(system.y);
            }
        const auto samples_of = [&](std::span<const std::size_t> which) {
            std::vector<const std::vector<std::uint32_t>*> samples;
            for (const std::size_t s : which)
                samples.push_back(&all[s].system->data->training.samples);
            return samples;
        };
        const SharedSystems shared{
            .products =
                [&](std::span<const std::size_t> which, std::span<const std::vector<double>> x) {
                    const auto image = kinship_.times(samples_of(which), x);
                    Vectors out(x.size());
                    parallel_tasks(x.size(), [&](std::size_t c) {
                        const One& one = all[which[c]];
                        out[c] = of_rows(*one.system, image[c]);
                        one.system->project(out[c]);
                        for (std::size_t i = 0; i < x[c].size(); ++i)
                            out[c][i] = out[c][i] / one.system->trace + one.ridge * x[c][i];
                    });
                    return out;
                },
            .precondition =
                [&](std::size_t s, std::span<const double> r) {
                    return precondition(*all[s].system, all[s].ridge, r);
                }};
        const auto found = solve_together(shared, right, params_.ridge_tolerance,
                                          static_cast<int>(params_.iterations_max));
        std::vector<std::size_t> which(all.size());
        for (std::size_t s = 0; s < all.size(); ++s)
            which[s] = s;
        const auto image = kinship_.times(samples_of(which), found.x);
        for (std::size_t s = 0; s < all.size(); ++s) {
            const System& system = *all[s].system;
            RidgeFit fit{.trait = system.trait,
                         .heritability = all[s].heritability,
                         .problem = found.converged[s] != 0 ? "" : "not_converged",
                         .iterations = found.iterations[s],
                         .residual = found.residual[s],
                         .weights = found.x[s]};
            for (double& value : fit.weights)
                value *= system.spread / system.trace;
            for (const PartData* part : {&system.data->training, &system.data->validation})
                for (const std::uint32_t i : part->samples)
                    fit.score.push_back(image[s][kinship_.place(i)] * system.spread / system.trace);
            result_.fits.push_back(std::move(fit));
        }
    }

    std::vector<double> precondition(const System& system, double ridge,
                                     std::span<const double> r) const {
        if (leading_.values.empty()) return {r.begin(), r.end()};
        std::vector<double> all(kinship_.people(), 0.0);
        const auto& samples = system.data->training.samples;
        for (std::size_t i = 0; i < samples.size(); ++i)
            all[kinship_.place(samples[i])] = r[i];
        auto out = of_rows(system, leading_.apply(all, ridge * system.trace));
        system.project(out);
        return out;
    }

    const PgsRegressionParams& params_;
    const RunContext& context_;
    const ChosenGenotypes& genotypes_;
    const Cohort& cohort_;
    Kinship kinship_;
    std::vector<System> systems_;
    SpectralPreconditioner leading_;
    RidgeResult result_;
};

} // namespace

RidgeResult fit_ridge(const PgsRegressionParams& params, const RunContext& context,
                      const ChosenGenotypes& genotypes, const Cohort& cohort) {
    return Ridge(params, context, genotypes, cohort).run();
}

} // namespace salus::pgs_regression
