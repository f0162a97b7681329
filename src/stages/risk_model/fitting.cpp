#include "stages/risk_model/fitting.hpp"

#include "base/numbers.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

namespace salus::risk_models {
namespace {

constexpr std::size_t block_rows = 32768;
// About ten minutes of one processor for a fit, and 1 GiB.
constexpr double exact_products_max = 1e11, exact_largest_max = 6.7e7;

} // namespace

JoinBlocks join_over(const Communicator& comm) {
    if (comm.size() == 1) return join_alone;
    return [&comm](std::span<const double> mine) {
        const std::string bytes(reinterpret_cast<const char*>(mine.data()), mine.size_bytes());
        std::vector<double> out;
        for (const std::string& piece : comm.gather_all(mine.empty() ? std::string{} : bytes)) {
            const std::size_t at = out.size();
            out.resize(at + piece.size() / sizeof(double));
            if (!piece.empty()) std::memcpy(out.data() + at, piece.data(), piece.size());
        }
        return out;
    };
}

Fitting::Fitting(const Declaration& model, const People& people, const SampleColumns& columns,
                 std::span<const ModelTerm> terms, std::span<const std::uint32_t> rows,
                 double cause, const FitRule& rule, const Communicator& comm)
    : model_(model), people_(people), columns_(columns), rows_(rows), rule_(rule), comm_(comm),
      join_(join_over(comm)), intercept_(is_survival(model.kind) ? 0 : 1) {
    if (is_survival(model.kind))
        collectively(comm, "preparing a model", [&] { load_hazard(terms, cause); });
    else
        collectively(comm, "preparing a model", [&] { load_outcome(terms); });
    standardise(terms.size());
    make_likelihood();
}

std::pair<std::size_t, std::size_t> Fitting::share(std::size_t blocks) {
    if (blocks == 1) {
        join_ = join_alone;
        return {0, 1};
    }
    const auto rank = static_cast<std::size_t>(comm_.rank()),
               size = static_cast<std::size_t>(comm_.size());
    return {blocks * rank / size, blocks * (rank + 1) / size};
}

void Fitting::to_original(std::span<double> b, std::span<double> covariance) const {
    if (intercept_ == 1)
        restore_units_with_intercept(scales_, b, covariance);
    else
        restore_units(scales_, b, covariance);
}

std::vector<double> Fitting::to_standard(std::span<const double> original) const {
    std::vector<double> b(original.begin(), original.end());
    for (std::size_t c = intercept_; c < b.size(); ++c) {
        if (intercept_ == 1) b[0] += original[c] * scales_.mean[c];
        b[c] *= scales_.deviation[c];
    }
    return b;
}

// A column, with its missing cells filled.
std::vector<double> Fitting::values(const std::string& column) const {
    auto out = values_of(columns_, column, people_, rows_);
    if (rule_.filled == nullptr) return out;
    const auto found = rule_.filled->find(column);
    if (found == rule_.filled->end()) return out;
    const auto& [sample, value] = found->second;
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (std::isfinite(out[i])) continue;
        const auto at = std::lower_bound(sample.begin(), sample.end(), people_.sample[rows_[i]]);
        if (at != sample.end() && *at == people_.sample[rows_[i]])
            out[i] = value[static_cast<std::size_t>(at - sample.begin())];
    }
    return out;
}

// A column as numbers of its values, ascending.
std::vector<std::uint32_t> Fitting::numbered(const std::string& column,
                                             std::vector<double>* levels) {
    std::vector<std::uint32_t> out;
    if (column.empty()) return out;
    const auto values = this->values(column);
    std::map<double, std::uint32_t> number;
    for (const double v : values)
        number.emplace(v, 0);
    std::uint32_t next = 0;
    for (auto& [value, n] : number) {
        n = next++;
        if (levels != nullptr) levels->push_back(value);
    }
    for (const double v : values)
        out.push_back(number.at(v));
    return out;
}

void Fitting::load_hazard(std::span<const ModelTerm> terms, double cause) {
    exit_ = picked(people_.exit);
    status_ = picked(people_.outcome);
    if (!people_.entry.empty()) entry_ = picked(people_.entry);
    for (const double s : status_)
        event_.push_back(s == cause ? 1 : 0);
    strata_ = numbered(model_.strata, &stratum_values_);
    sets_.emplace(
        SurvivalTimes{.exit = exit_, .event = event_, .entry = entry_, .stratum = strata_});
    blocks_ = hazard_blocks(*sets_, block_rows);
    const auto [first, last] = share(blocks_.size());
    first_block_ = first;
    hazard_.emplace(*sets_, std::span(blocks_).subspan(first, last - first), terms.size());
    for (std::size_t c = 0; c < terms.size(); ++c)
        hazard_->fill(c, evaluate(terms[c], [&](const std::string& name) { return values(name); }));
    if (!model_.offset.empty()) offset_ = sets_->sorted(values(model_.offset));
    if (model_.cluster.empty() && !people_.episode.empty())
        for (const std::uint32_t i : sets_->order())
            cluster_.push_back(people_.sample[rows_[i]]);
    if (!model_.cluster.empty())
        for (const std::vector<std::uint32_t> all = numbered(model_.cluster, nullptr);
             const std::uint32_t i : sets_->order())
            cluster_.push_back(all[i]);
    if (model_.kind == Kind::fine_gray) weigh_competing();
    if (model_.tied == Declaration::Tied::exact) check_exact_cost(terms.size());
}

void Fitting::check_exact_cost(std::size_t terms) const {
    const ExactTiesCost cost = exact_ties_cost(*sets_);
    const auto p = static_cast<double>(terms);
    if (cost.steps * (p * p + 20) <= exact_products_max && cost.largest <= exact_largest_max)
        return;
    throw DataError({.what = text("the exact likelihood of ", model_.name,
                                  " is too dear: ", std::llround(cost.steps / 1e6),
                                  " million steps (events at one time x people at risk)"),
                     .where = columns_.file().path().string(),
                     .why = text("a step takes ", terms, " x ", terms,
                                 " products in each of about six rounds, and one time alone ",
                                 std::llround(cost.largest * 16 / 1048576), " MiB"),
                     .help =
                         "use ties = efron, which is nearly the same where few of those at risk "
                         "have the event, or finer times"});
}

void Fitting::weigh_competing() {
    const auto exit = sets_->sorted(exit_), status = sets_->sorted(status_),
               entry = sets_->sorted(entry_);
    std::vector<std::uint32_t> stratum;
    if (!strata_.empty())
        for (const std::uint32_t i : sets_->order())
            stratum.push_back(strata_[i]);
    auto found = subdistribution(
        *sets_, {.exit = exit, .status = status, .entry = entry, .stratum = stratum},
        rule_.censoring_ties);
    if (found.broken)
        throw DataError(
            {.what = text("the weights of ", model_.name,
                          " cannot be made: nobody who was under "
                          "observation before ",
                          *found.broken, " is so behind it"),
             .where = columns_.file().path().string(),
             .why = "fine_gray compares observation before and behind a competing event",
             .help = "use cause_specific, or people who overlap in time (parameter where)"});
    weights_ = std::move(found.weights);
    processes_ = std::move(found.processes);
}

void Fitting::load_outcome(std::span<const ModelTerm> terms) {
    const std::size_t blocks =
        std::max<std::size_t>(1, (rows_.size() + block_rows - 1) / block_rows);
    const auto [first, last] = share(blocks);
    for (const std::uint32_t row : rows_)
        cases_ += people_.outcome[row] == 1 ? 1 : 0;
    for (std::size_t b = first; b < last; ++b) {
        const std::size_t begin = b * block_rows, end = std::min(rows_.size(), begin + block_rows);
        design_.emplace_back(terms.size() + 1, end - begin);
        std::fill(design_.back().column(0).begin(), design_.back().column(0).end(), 1.0);
        auto& outcome = outcome_.emplace_back();
        for (std::size_t i = begin; i < end; ++i)
            outcome.push_back(people_.outcome[rows_[i]]);
    }
    for (std::size_t c = 0; c < terms.size(); ++c) {
        const auto values =
            evaluate(terms[c], [&](const std::string& name) { return this->values(name); });
        for (std::size_t b = first; b < last; ++b) {
            const auto column = design_[b - first].column(c + 1);
            std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(b * block_rows), column.size(),
                        column.begin());
        }
    }
}

void Fitting::standardise(std::size_t terms) {
    if (hazard_) {
        scales_ = column_scales(hazard_->rows, terms, rows_.size(), join_);
        hazard_->standardise(scales_);
        return;
    }
    scales_ = column_scales(design_, terms + 1, rows_.size(), join_);
    scales_.mean[0] = 0, scales_.deviation[0] = 1;
    salus::standardise(design_, scales_);
}

void Fitting::make_likelihood() {
    if (hazard_) {
        likelihood_ = std::make_unique<HazardLikelihood>(
            HazardProblem{.sets = *sets_,
                          .blocks = blocks_,
                          .first_block = first_block_,
                          .design = hazard_->rows,
                          .leaving = hazard_->leaving,
                          .offset = offset_,
                          .competing = std::move(weights_),
                          .columns = scales_.mean.size(),
                          .ties = model_.tied != Declaration::Tied::efron || model_.net ||
                                          model_.kind == Kind::fine_gray
                                      ? Ties::breslow
                                      : Ties::efron,
                          .join = join_});
        if (model_.tied == Declaration::Tied::exact)
            exact_ = std::make_unique<ExactTies>(static_cast<HazardLikelihood&>(*likelihood_),
                                                 static_cast<std::size_t>(comm_.rank()),
                                                 static_cast<std::size_t>(comm_.size()),
                                                 join_over(comm_));
        return;
    }
    OutcomeProblem problem{.design = design_,
                           .outcome = outcome_,
                           .columns = scales_.mean.size(),
                           .join = join_,
                           .firth = model_.kind == Kind::firth};
    if (model_.kind == Kind::linear)
        likelihood_ = std::make_unique<LinearLikelihood>(std::move(problem));
    else
        likelihood_ = std::make_unique<LogisticLikelihood>(std::move(problem));
}

std::vector<double> Fitting::robust(const NewtonFit& fit) {
    if (auto* hazard = dynamic_cast<HazardLikelihood*>(likelihood_.get()))
        return robust_covariance(*hazard, fit, cluster_, processes_);
    std::vector<std::vector<double>> residuals;
    std::vector<std::size_t> sizes;
    for (const DesignBlock& block : design_)
        sizes.push_back(block.rows());
    for (std::size_t c = 0; c < columns(); ++c)
        residuals.push_back(
            model_.kind == Kind::linear
                ? static_cast<LinearLikelihood&>(*likelihood_).score_residuals(c)
                : static_cast<LogisticLikelihood&>(*likelihood_).score_residuals(c));
    return sandwich(residuals, fit.covariance, join_, sizes);
}

std::vector<Baseline> Fitting::baselines() {
    std::vector<Baseline> out;
    for (auto& found : baseline_hazards(static_cast<HazardLikelihood&>(*likelihood_))) {
        const std::uint32_t person = sets_->order()[found.stratum_row];
        out.push_back({strata_.empty() ? 0 : stratum_values_[strata_[person]],
                       std::move(found.time), std::move(found.cumulative),
                       std::move(found.variance)});
    }
    std::sort(out.begin(), out.end(),
              [](const Baseline& a, const Baseline& b) { return a.stratum < b.stratum; });
    return out;
}

// By the curve of everybody just before each event time.
ProportionalHazards Fitting::test_proportionality(const NewtonFit& fit) {
    const auto curve = incidence_curve({exit_, event_, entry_}, 1);
    std::vector<double> g;
    for (const auto& event : sets_->events()) {
        const auto before =
            std::lower_bound(curve.time.begin(), curve.time.end(), event.time) - curve.time.begin();
        g.push_back(before == 0 ? 0 : 1 - curve.event_free[static_cast<std::size_t>(before - 1)]);
    }
    return proportional_hazards(static_cast<HazardLikelihood&>(*likelihood_), fit, g);
}

// `fit` is in units of the standardised columns; the likelihood is left at its coefficients.
Estimates Fitting::estimate(NewtonFit fit, bool penalised) {
    Estimates out{.coefficients = fit.coefficients, .aliased = fit.aliased, .endless = fit.endless};
    likelihood_->log_likelihood(fit.coefficients);
    if (hazard_) {
        std::vector<double> score(columns()), information(columns() * columns());
        likelihood_->derivatives(score, information);
        out.baseline = baselines();
    }
    std::vector<double> covariance = fit.covariance, sandwiched;
    const bool usable = !penalised && fit.state == FitState::converged;
    if (usable && rule_.errors && columns() > 0 && !exact_) sandwiched = robust(fit);
    if (usable && rule_.errors && hazard_ && fit.rank() > 0 && rule_.filled == nullptr &&
        model_.kind != Kind::fine_gray && !exact_)
        out.proportional = test_proportionality(fit);
    if (model_.kind == Kind::linear) {
        const double df = rows() - static_cast<double>(fit.rank());
        out.residual_variance = df > 0 ? -2 * fit.log_likelihood / df : nan;
        for (double& v : covariance)
            v *= out.residual_variance;
    }
    std::vector<double> copy = out.coefficients;
    if (!sandwiched.empty()) to_original(copy, sandwiched);
    to_original(out.coefficients, covariance);
    const std::size_t p = columns();
    for (std::size_t c = 0; c < p; ++c) {
        const bool has = usable && fit.aliased[c] == 0;
        out.error.push_back(has ? std::sqrt(covariance[c * p + c]) : nan);
        if (!sandwiched.empty())
            out.robust_error.push_back(has ? std::sqrt(sandwiched[c * p + c]) : nan);
        if (hazard_) out.center += out.coefficients[c] * scales_.mean[c];
    }
    out.newton = std::move(fit);
    return out;
}

} // namespace salus::risk_models
