#pragma once

#include "models/life_simulation.hpp"
#include "stages/trajectories/people.hpp"
#include "store/parts.hpp"

#include <cstdint>
#include <vector>

namespace salus::trajectories {

/// All that lives are simulated from; the same on every rank.
struct Model {
    const Request& request;
    const TrajectoriesParams& params;
    std::uint64_t seed = 1;
    TransitionSizes sizes;
    CovariateScales scales;
    std::vector<TransitionFit> fits;
    std::vector<Intensities> draws; // of the parameters
    double last_day = 0;            // of anybody's observation: nobody is followed longer
};

/// Counts of simulated and observed lives that are added over blocks: whole numbers, so that their
/// order does not matter. K conditions, transitions K + 1, times T of checked_years.
struct Tally {
    Tally(const Model& model);

    // Held-out people, from their entry on.
    std::vector<std::uint64_t> at_risk;    // [transition] without it at entry
    std::vector<std::uint64_t> happened;   // [draw][transition][time] lives
    std::vector<std::uint64_t> alive_with; // [draw][condition][time] lives of who could be seen
    std::vector<std::uint64_t> alive;      // [draw][time]
    std::vector<std::uint64_t> seen;       // [time] people
    std::vector<std::uint64_t> seen_with;  // [condition][time]
    // Everybody, in the next years.
    std::vector<std::uint64_t> people;   // [transition] alive and without it
    std::vector<std::uint64_t> outcomes; // [what_if + 1][draw][transition] lives, unchanged first
    std::vector<std::uint64_t> placed;   // [Place]

    void add(const Tally& other);
    std::vector<std::vector<std::uint64_t>*> all();
};

/// Simulates the people of a block: tables risks and what_if_risks, the tally, and what was
/// observed of held-out people (arrays exit and status of each transition).
void simulate_block(const Model& model, const People& people, PartWriter& part);

Tally add_tallies(const Model& model, const Parts& parts);

TableSpec risks_table(const Request& request);
TableSpec what_if_risks_table(const Request& request);

} // namespace salus::trajectories
