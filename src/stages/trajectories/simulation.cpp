#include "stages/trajectories/simulation.hpp"

#include "base/numbers.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "models/model_terms.hpp"
#include "parallel/parallel_for.hpp"

#include <algorithm>
#include <cmath>

namespace salus::trajectories {
namespace {

/// Scratch of a thread, and the people that it simulates.
class Simulator {
public:
    Simulator(const Model& model, const People& people)
        : model_(model), people_(people), transitions_(model.sizes.transitions()),
          draws_(model.draws.size()), lives_(static_cast<std::size_t>(model.params.lives)),
          tally_(model), thresholds_(lives_ * transitions_), happens_(transitions_),
          covariates_(model.sizes.covariates), factors_(transitions_),
          counts_(draws_ * transitions_) {}

    /// What happens to a person in the next years: [transition] mean, lower, upper, then the years
    /// alive; then [what_if][transition] mean.
    std::size_t width() const { return 3 * transitions_ + 1 + scenarios() * transitions_; }

    void person(std::size_t i, std::span<double> out) {
        std::fill(out.begin(), out.end(), nan);
        const Place place = people_.place[i];
        ++tally_.placed[static_cast<std::size_t>(place)];
        if (!is_simulated(place)) return;
        Rng rng(model_.seed, "trajectories.lives", people_.first + i);
        for (double& threshold : thresholds_)
            threshold = rng.exponential();
        if (place == Place::held_out) check(i);
        if (people_.died[i] == 0) foretell(i, out);
    }
    const Tally& tally() const { return tally_; }

private:
    std::size_t scenarios() const { return model_.request.scenarios.size(); }

    void set_covariates(std::size_t i, const Scenario* scenario) {
        const auto values = people_.covariates_of(i);
        for (std::size_t c = 0; c < values.size(); ++c)
            covariates_[c] = model_.scales.standardised(
                c, scenario != nullptr && scenario->covariate == c ? scenario->change.of(values[c])
                                                                   : values[c]);
    }

    /// Calls take(draw) after each life of each draw, with happens_ set.
    template <class F>
    void live(const LifeStart& start, double years, F&& take) {
        for (std::size_t d = 0; d < draws_; ++d) {
            person_factors(model_.draws[d], covariates_, factors_);
            for (std::size_t l = 0; l < lives_; ++l) {
                simulate_life(model_.draws[d], model_.params.age_bands, factors_, start, years,
                              std::span(thresholds_).subspan(l * transitions_, transitions_),
                              happens_);
                take(d);
            }
        }
    }

    bool lacks(std::uint32_t conditions, std::size_t transition) const {
        return transition == model_.sizes.conditions || (conditions >> transition & 1) == 0;
    }

    /// From the entry of a held-out person on.
    void check(std::size_t i) {
        const ObservedLife life = people_.life(i);
        const std::vector<double>& times = model_.params.checked_years;
        const LifeStart start{life.entry, conditions_at(life, life.entry)};
        const double seen = life.exit - life.entry,
                     could =
                         life.died ? seen + (model_.last_day - people_.exit_day[i]) / 365.25 : seen;
        const std::size_t conditions = model_.sizes.conditions, n = times.size();
        for (std::size_t k = 0; k < transitions_; ++k)
            tally_.at_risk[k] += lacks(start.conditions, k);
        for (std::size_t t = 0; t < n && times[t] <= seen; ++t) {
            ++tally_.seen[t];
            const std::uint32_t then = conditions_at(life, life.entry + times[t]);
            for (std::size_t k = 0; k < conditions; ++k)
                tally_.seen_with[k * n + t] += then >> k & 1;
        }
        set_covariates(i, nullptr);
        live(start, times.back(), [&](std::size_t d) {
            const double death = happens_[conditions];
            for (std::size_t t = 0; t < n; ++t) {
                for (std::size_t k = 0; k < transitions_; ++k)
                    tally_.happened[(d * transitions_ + k) * n + t] += happens_[k] <= times[t];
                if (times[t] > could || death <= times[t]) continue;
                ++tally_.alive[d * n + t];
                for (std::size_t k = 0; k < conditions; ++k)
                    tally_.alive_with[(d * conditions + k) * n + t] +=
                        !lacks(start.conditions, k) || happens_[k] <= times[t];
            }
        });
    }

    /// From the last day of observation on.
    void foretell(std::size_t i, std::span<double> out) {
        const ObservedLife life = people_.life(i);
        const LifeStart start{life.exit, conditions_at(life, life.exit)};
        for (std::size_t k = 0; k < transitions_; ++k)
            tally_.people[k] += lacks(start.conditions, k);
        const double all = static_cast<double>(lives_ * draws_);
        for (std::size_t s = 0; s <= scenarios(); ++s) {
            set_covariates(i, s == 0 ? nullptr : &model_.request.scenarios[s - 1]);
            std::fill(counts_.begin(), counts_.end(), 0);
            double alive = 0;
            live(start, model_.params.years, [&](std::size_t d) {
                for (std::size_t k = 0; k < transitions_; ++k)
                    counts_[d * transitions_ + k] += happens_[k] <= model_.params.years;
                alive += std::min(happens_[transitions_ - 1], model_.params.years);
            });
            for (std::size_t j = 0; j < counts_.size(); ++j)
                tally_.outcomes[s * counts_.size() + j] += counts_[j];
            for (std::size_t k = 0; k < transitions_; ++k) {
                if (!lacks(start.conditions, k)) continue;
                std::uint64_t sum = 0;
                for (std::size_t d = 0; d < draws_; ++d)
                    sum += counts_[d * transitions_ + k];
                const double mean = static_cast<double>(sum) / all;
                if (s == 0)
                    set_interval(k, mean, out.subspan(3 * k, 3));
                else
                    out[3 * transitions_ + 1 + (s - 1) * transitions_ + k] = mean;
            }
            if (s == 0) out[3 * transitions_] = alive / all;
        }
    }

    /// Of the parameters: lives are the same in all draws.
    void set_interval(std::size_t transition, double mean, std::span<double> out) {
        std::vector<double> risk;
        for (std::size_t d = 0; d < draws_; ++d)
            risk.push_back(static_cast<double>(counts_[d * transitions_ + transition]) /
                           static_cast<double>(lives_));
        out[0] = mean;
        out[1] = std::min(mean, quantile_of(risk, 0.025)); // few lives, coarse steps
        out[2] = std::max(mean, quantile_of(risk, 0.975));
    }

    const Model& model_;
    const People& people_;
    std::size_t transitions_, draws_, lives_;
    Tally tally_;
    std::vector<double> thresholds_, happens_, covariates_, factors_;
    std::vector<std::uint64_t> counts_; // [draw][transition] of a person
};

void write_risks(const Model& model, const People& people, std::span<const double> values,
                 std::size_t width, PartWriter& part) {
    const std::size_t transitions = model.sizes.transitions();
    TableData risks(risks_table(model.request)), changed(what_if_risks_table(model.request));
    for (std::size_t i = 0; i < people.size(); ++i) {
        const double* const row = values.data() + i * width;
        if (std::isnan(row[3 * transitions])) continue;
        risks.column<std::string>("sample_id").push_back(people.id[i]);
        risks.column<double>("age").push_back(people.exit[i]);
        for (std::size_t c = 0; c <= 3 * transitions; ++c)
            std::get<std::vector<double>>(risks.columns()[2 + c]).push_back(row[c]);
        changed.column<std::string>("sample_id").push_back(people.id[i]);
        for (std::size_t c = 3 * transitions + 1; c < width; ++c)
            std::get<std::vector<double>>(changed.columns()[c - 3 * transitions]).push_back(row[c]);
    }
    part.write(risks);
    if (!model.request.scenarios.empty()) part.write(changed);
}

/// Time to the transition or death, or the end of observation, of held-out people without it.
void write_observed(const Model& model, const People& people, PartWriter& part) {
    const std::size_t conditions = model.sizes.conditions;
    for (std::size_t k = 0; k <= conditions; ++k) {
        std::vector<double> exit, status;
        for (std::size_t i = 0; i < people.size(); ++i) {
            if (people.place[i] != Place::held_out) continue;
            const ObservedLife life = people.life(i);
            double end = life.exit, how = life.died ? (k == conditions ? 1 : 2) : 0;
            if (k < conditions && life.onset[k] <= life.entry) continue;
            if (k < conditions && life.onset[k] <= end) end = life.onset[k], how = 1;
            exit.push_back(end - life.entry);
            status.push_back(how);
        }
        part.write_array<double>(text("exit", k), exit);
        part.write_array<double>(text("status", k), status);
    }
}

} // namespace

Tally::Tally(const Model& model) {
    const std::size_t k = model.sizes.conditions, n = model.params.checked_years.size(),
                      d = model.draws.size();
    at_risk.assign(k + 1, 0);
    happened.assign(d * (k + 1) * n, 0);
    alive_with.assign(d * k * n, 0);
    alive.assign(d * n, 0);
    seen.assign(n, 0);
    seen_with.assign(k * n, 0);
    people.assign(k + 1, 0);
    outcomes.assign((model.request.scenarios.size() + 1) * d * (k + 1), 0);
    placed.assign(places, 0);
}

std::vector<std::vector<std::uint64_t>*> Tally::all() {
    return {&at_risk,   &happened, &alive_with, &alive, &seen,
            &seen_with, &people,   &outcomes,   &placed};
}

void Tally::add(const Tally& other) {
    Tally copy(other);
    const auto mine = all(), theirs = copy.all();
    for (std::size_t v = 0; v < mine.size(); ++v)
        for (std::size_t i = 0; i < mine[v]->size(); ++i)
            (*mine[v])[i] += (*theirs[v])[i];
}

void simulate_block(const Model& model, const People& people, PartWriter& part) {
    std::vector<Simulator> simulators(thread_count(), Simulator(model, people));
    const std::size_t width = simulators.front().width();
    std::vector<double> values(people.size() * width);
    parallel_for(people.size(), [&](std::size_t i) {
        simulators[thread_index()].person(i, std::span(values).subspan(i * width, width));
    });
    write_risks(model, people, values, width, part);
    write_observed(model, people, part);
    Tally sum(model);
    for (const Simulator& simulator : simulators)
        sum.add(simulator.tally());
    std::vector<std::uint64_t> flat;
    for (const auto* counts : sum.all())
        flat.insert(flat.end(), counts->begin(), counts->end());
    part.write_array<std::uint64_t>("tally", flat);
}

Tally add_tallies(const Model& model, const Parts& parts) {
    Tally sum(model);
    for (std::uint64_t u = 0; u < parts.size(); ++u) {
        const auto flat = parts.open(u).read_array<std::uint64_t>("tally");
        std::size_t at = 0;
        for (auto* counts : sum.all())
            for (std::uint64_t& count : *counts)
                count += flat.at(at++);
    }
    return sum;
}

} // namespace salus::trajectories
