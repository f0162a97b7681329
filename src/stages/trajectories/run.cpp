#include "base/text.hpp"
#include "parallel/parallel_for.hpp"
#include "parallel/read_once.hpp"
#include "stages/risk_model/fit.hpp"
#include "stages/trajectories/results.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

using namespace trajectories;

class TrajectoriesRun {
public:
    TrajectoriesRun(const TrajectoriesParams& params, RunContext& context)
        : params_(params), ctx_(context),
          columns_(read_once(context.comm(), "opening phenotypes",
                             [&] {
                                 return risk_models::SampleColumns(context.input("phenotypes"),
                                                                   context.inputs("scores"));
                             })),
          request_(read_once(context.comm(), "reading phenotypes",
                             [&] {
                                 std::vector<Problem> problems;
                                 Request found = make_request(params, columns_, problems);
                                 if (!problems.empty()) throw UsageError(std::move(problems));
                                 return found;
                             })),
          samples_(columns_.samples()), model_{.request = request_,
                                               .params = params,
                                               .seed = context.seed(),
                                               .sizes = {},
                                               .scales = {},
                                               .fits = {},
                                               .draws = {}} {}

    void run() {
        model_.sizes = {.conditions = request_.conditions.size(),
                        .bands = params_.age_bands.size() + 1,
                        .covariates = request_.covariates.size()};
        fit(read_fitted());
        for (std::int64_t d = 0; d < params_.draws; ++d)
            model_.draws.push_back(drawn_intensities(model_.fits, model_.sizes, ctx_.seed(),
                                                     static_cast<std::uint64_t>(d)));
        const Parts parts = ctx_.for_each_unit("lives", block_count(samples_),
                                               [&](std::uint64_t block, PartWriter& part) {
                                                   simulate_block(model_, read_block(block), part);
                                               });
        publish(parts);
    }

private:
    People read_block(std::uint64_t block) const {
        const std::uint64_t first = block * people_per_block;
        return read_people(columns_, request_, params_, ctx_.seed(), first,
                           std::min(people_per_block, samples_ - first));
    }

    /// Consecutive blocks of this rank, their covariates standardised.
    std::vector<LifeBlock> read_fitted() {
        const auto rank = static_cast<std::uint64_t>(ctx_.comm().rank()),
                   ranks = static_cast<std::uint64_t>(ctx_.comm().size()),
                   blocks = block_count(samples_);
        std::vector<double> sums;
        const std::size_t width = request_.covariates.size() + 2;
        std::vector<LifeBlock> lives = collectively(ctx_.comm(), "reading lives", [&] {
            std::vector<LifeBlock> read;
            const CovariateScales none{.mean = std::vector<double>(width - 2, 0.0),
                                       .deviation = std::vector<double>(width - 2, 1.0)};
            for (auto b = blocks * rank / ranks; b < blocks * (rank + 1) / ranks; ++b) {
                const People people = read_block(b);
                read.push_back(fitted_lives(people, none, params_.age_bands));
                add_sums(people, read.back(), sums);
            }
            return read;
        });
        standardise(lives, sums, width);
        return lives;
    }

    /// Sums of the covariates and number of people; their last day.
    static void add_sums(const People& people, const LifeBlock& block, std::vector<double>& sums) {
        const std::size_t p = people.covariate_count, at = sums.size();
        sums.resize(at + p + 2, 0.0);
        for (std::size_t i = 0; i < block.people; ++i)
            for (std::size_t c = 0; c < p; ++c)
                sums[at + c] += block.covariates[i * p + c];
        sums[at + p] = static_cast<double>(block.people);
        double last = -1e300;
        for (const double day : people.exit_day)
            if (day > last) last = day;
        sums[at + p + 1] = last;
    }

    void standardise(std::vector<LifeBlock>& lives, std::span<const double> mine,
                     std::size_t width) {
        const JoinBlocks join = risk_models::join_over(ctx_.comm());
        const auto all = join(mine);
        const std::size_t p = width - 2;
        std::vector<double> total(width, 0.0);
        model_.last_day = -1e300;
        for (std::size_t at = 0; at < all.size(); at += width) {
            for (std::size_t c = 0; c <= p; ++c)
                total[c] += all[at + c];
            model_.last_day = std::max(model_.last_day, all[at + p + 1]);
        }
        people_ = total[p];
        CovariateScales& scales = model_.scales;
        for (std::size_t c = 0; c < p; ++c)
            scales.mean.push_back(people_ > 0 ? total[c] / people_ : 0);
        std::vector<double> squares;
        for (const LifeBlock& block : lives)
            for (std::size_t c = 0; c < p; ++c) {
                double sum = 0;
                for (std::size_t i = 0; i < block.people; ++i) {
                    const double x = block.covariates[i * p + c] - scales.mean[c];
                    sum += x * x;
                }
                squares.push_back(sum);
            }
        const auto variance = ordered_total(join, squares, p);
        for (std::size_t c = 0; c < p; ++c) {
            const double deviation = std::sqrt(variance[c] / std::max(people_, 1.0));
            scales.deviation.push_back(deviation > 1e-12 * std::fabs(scales.mean[c]) ? deviation
                                                                                     : 0);
        }
        for (LifeBlock& block : lives)
            for (std::size_t i = 0; i < block.people; ++i)
                for (std::size_t c = 0; c < p; ++c)
                    block.covariates[i * p + c] =
                        scales.standardised(c, block.covariates[i * p + c]);
    }

    void fit(const std::vector<LifeBlock>& lives) {
        if (people_ == 0)
            throw DataError({.what = "nobody is left to fit",
                             .where = columns_.file().path().string(),
                             .why = "people need a record with observation behind the washout, "
                                    "defined conditions and all covariates",
                             .help = "look at the attrition of the definitions, and at covariates "
                                     "with many missing values"});
        const TransitionData data{
            .blocks = lives,
            .sizes = model_.sizes,
            .join = risk_models::join_over(ctx_.comm()),
            .each = [](std::size_t n, const std::function<void(std::size_t)>& body) {
                parallel_tasks(n, body);
            }};
        const auto names = request_.transitions();
        for (std::size_t k = 0; k < names.size(); ++k) {
            model_.fits.push_back(fit_transition(data, k, static_cast<double>(params_.events_min)));
            const TransitionFit& made = model_.fits.back();
            ctx_.log().info(text(names[k], ": ", with_thousands(made.events), " events in ",
                                 with_thousands(static_cast<std::uint64_t>(made.years)),
                                 " person-years"));
            if (made.state != TransitionState::fitted)
                ctx_.log().warning(text(names[k], " has ", to_string(made.state),
                                        made.events > 0 ? ": one rate for all" : ""));
        }
    }

    void publish(const Parts& parts) {
        ctx_.publish("trajectories", [&](ResultWriter& out) {
            const Tally tally = add_tallies(model_, parts);
            out.fact("years", params_.years);
            out.fact("draws", params_.draws);
            out.fact("lives", params_.lives);
            out.write(people_rows(tally));
            out.write(transition_rows(model_));
            out.write(effect_rows(model_));
            out.write(rate_rows(model_));
            const TableData validation = validation_rows(model_, tally, parts);
            out.write(validation);
            if (!request_.scenarios.empty()) out.write(what_if_rows(model_, tally));
            out.assemble(risks_table(request_), parts);
            if (!request_.scenarios.empty()) out.assemble(what_if_risks_table(request_), parts);
            out.file().attribute("people", "release", "total people");
            out.file().attribute("validation", "release",
                                 "part with of people hides observed,observed_lower,"
                                 "observed_upper,z,agrees");
            out.file().attribute("transitions", "release",
                                 "total events hides years,log_likelihood");
            report(validation);
        });
    }

    void report(const TableData& validation) const {
        const auto& agrees = validation.column<std::uint8_t>("agrees");
        if (agrees.empty()) return;
        ctx_.log().info(text("held-out people: ", std::count(agrees.begin(), agrees.end(), 1),
                             " of ", agrees.size(),
                             " observed incidences and prevalences agree with the simulated"));
    }

    const TrajectoriesParams& params_;
    RunContext& ctx_;
    risk_models::SampleColumns columns_;
    Request request_;
    std::uint64_t samples_;
    double people_ = 0;
    Model model_;
};

} // namespace

void run_trajectories(const TrajectoriesParams& params, RunContext& context) {
    TrajectoriesRun(params, context).run();
}

} // namespace salus
