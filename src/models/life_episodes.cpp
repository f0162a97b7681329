#include "models/life_episodes.hpp"

#include <algorithm>
#include <cmath>

namespace salus {

std::size_t age_band(std::span<const double> edges, double age) noexcept {
    return static_cast<std::size_t>(std::upper_bound(edges.begin(), edges.end(), age) -
                                    edges.begin());
}

std::uint32_t conditions_at(const ObservedLife& life, double age) noexcept {
    std::uint32_t conditions = 0;
    for (std::size_t k = 0; k < life.onset.size(); ++k)
        if (life.onset[k] <= age) conditions |= std::uint32_t{1} << k;
    return conditions;
}

void cut_into_episodes(const ObservedLife& life, std::span<const double> edges,
                       std::vector<Episode>& episodes) {
    if (!(life.exit > life.entry)) return;
    double age = life.entry;
    std::uint32_t conditions = conditions_at(life, age);
    const auto live_to = [&](double until, std::size_t event) {
        for (std::size_t band = age_band(edges, age); band < edges.size() && edges[band] < until;
             ++band) {
            episodes.push_back({.years = edges[band] - age,
                                .conditions = conditions,
                                .band = static_cast<std::uint16_t>(band)});
            age = edges[band];
        }
        if (until > age || event != 0)
            episodes.push_back({.years = until - age,
                                .conditions = conditions,
                                .band = static_cast<std::uint16_t>(age_band(edges, age)),
                                .event = static_cast<std::uint16_t>(event)});
        age = until;
    };
    for (;;) {
        std::size_t next = life.onset.size();
        for (std::size_t k = 0; k < life.onset.size(); ++k)
            if ((conditions >> k & 1) == 0 && life.onset[k] <= life.exit &&
                (next == life.onset.size() || life.onset[k] < life.onset[next]))
                next = k;
        if (next == life.onset.size()) break;
        live_to(life.onset[next], next + 1);
        conditions |= std::uint32_t{1} << next;
    }
    live_to(life.exit, life.died ? life.onset.size() + 1 : 0);
}

} // namespace salus
