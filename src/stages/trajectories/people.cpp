#include "stages/trajectories/people.hpp"

#include "base/random.hpp"
#include "models/pgs.hpp"

#include <cmath>

namespace salus::trajectories {
namespace {

constexpr double days_per_year = 365.25;

std::vector<double> column(const H5File& file, const std::string& table, const std::string& name,
                           std::uint64_t first, std::uint64_t count) {
    return file.read_rows(table, first, count, {name}).column<double>(name);
}

/// Everything but covariates and conditions of a block.
void read_lives(const H5File& file, double washout, People& people) {
    const std::uint64_t first = people.first, count = people.size();
    const auto birth = column(file, "lives", "birth", first, count),
               from = column(file, "lives", "observed_from", first, count),
               to = column(file, "lives", "observed_to", first, count),
               death = column(file, "lives", "death", first, count);
    for (std::size_t i = 0; i < count; ++i) {
        const bool died = death[i] <= to[i] + 1; // the last day may be the day before
        const double end = died ? death[i] : to[i];
        people.entry.push_back((from[i] - birth[i]) / days_per_year + washout);
        people.exit.push_back((end - birth[i]) / days_per_year);
        people.exit_day.push_back(end);
        people.died.push_back(died ? 1 : 0);
        if (std::isnan(people.entry[i]) || std::isnan(people.exit[i]))
            people.place[i] = Place::no_record;
    }
}

void read_onsets(const H5File& file, const Request& request, People& people) {
    const std::uint64_t first = people.first, count = people.size();
    const auto birth = column(file, "lives", "birth", first, count);
    people.onset.resize(count * people.conditions);
    for (std::size_t k = 0; k < people.conditions; ++k) {
        const auto& [name, known] = request.conditions[k];
        const auto date = column(file, "case_dates", name, first, count);
        const auto value =
            known ? column(file, "traits", name, first, count) : std::vector<double>(count, 0.0);
        for (std::size_t i = 0; i < count; ++i) {
            people.onset[i * people.conditions + k] = (date[i] - birth[i]) / days_per_year;
            if (people.place[i] == Place::fitted && std::isnan(value[i]))
                people.place[i] = Place::undefined_condition;
        }
    }
}

void read_covariates(const risk_models::SampleColumns& columns, const Request& request,
                     People& people) {
    const std::size_t width = people.covariate_count;
    people.covariates.resize(people.size() * width);
    for (std::size_t c = 0; c < width; ++c) {
        const auto values = columns.read(request.covariates[c], people.first, people.size());
        for (std::size_t i = 0; i < values.size(); ++i) {
            people.covariates[i * width + c] = values[i];
            if (people.place[i] == Place::fitted && !std::isfinite(values[i]))
                people.place[i] = Place::missing_covariate;
        }
    }
}

} // namespace

std::string_view to_string(Place place) noexcept {
    switch (place) {
    case Place::fitted:
        return "fitted";
    case Place::held_out:
        return "held_out";
    case Place::no_record:
        return "no_record";
    case Place::undefined_condition:
        return "undefined_condition";
    case Place::missing_covariate:
        return "missing_covariate";
    case Place::short_observation:
        break;
    }
    return "short_observation";
}

People read_people(const risk_models::SampleColumns& columns, const Request& request,
                   const TrajectoriesParams& params, std::uint64_t seed, std::uint64_t first,
                   std::uint64_t count) {
    const H5File& file = columns.file();
    People people;
    people.first = first;
    people.id =
        file.read_rows("samples", first, count, {"sample_id"}).column<std::string>("sample_id");
    people.place.assign(people.size(), Place::fitted);
    people.conditions = request.conditions.size();
    people.covariate_count = request.covariates.size();
    read_lives(file, params.washout_years, people);
    read_onsets(file, request, people);
    read_covariates(columns, request, people);
    const SplitRule rule{.seed = seed, .discovery_fraction = 1 - params.held_out};
    for (std::size_t i = 0; i < people.size(); ++i) {
        if (people.place[i] != Place::fitted) continue;
        if (!(people.exit[i] > people.entry[i]))
            people.place[i] = Place::short_observation;
        else if (params.held_out > 0 && place_sample(people.id[i], rule).validation)
            people.place[i] = Place::held_out;
    }
    return people;
}

LifeBlock fitted_lives(const People& people, const CovariateScales& scales,
                       std::span<const double> edges) {
    LifeBlock block;
    block.episode_begin.push_back(0);
    for (std::size_t i = 0; i < people.size(); ++i) {
        if (people.place[i] != Place::fitted) continue;
        ++block.people;
        const auto values = people.covariates_of(i);
        for (std::size_t c = 0; c < values.size(); ++c)
            block.covariates.push_back(scales.standardised(c, values[c]));
        cut_into_episodes(people.life(i), edges, block.episodes);
        block.episode_begin.push_back(block.episodes.size());
    }
    return block;
}

} // namespace salus::trajectories
