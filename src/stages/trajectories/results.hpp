#pragma once

#include "stages/trajectories/simulation.hpp"

namespace salus::trajectories {

TableSpec transitions_table();
TableSpec effects_table();
TableSpec rates_table();
TableSpec people_table();
TableSpec validation_table();
TableSpec what_if_table();

TableData transition_rows(const Model& model);
/// Effects of covariates and conditions on the log intensities, per unit.
TableData effect_rows(const Model& model);
/// Intensities by age band, at the means of the covariates and without conditions.
TableData rate_rows(const Model& model);
TableData people_rows(const Tally& tally);
/// What was observed of held-out people against what was simulated for them: incidence
/// (Aalen-Johansen, death competes) and prevalence among those alive and seen.
TableData validation_rows(const Model& model, const Tally& tally, const Parts& parts);
TableData what_if_rows(const Model& model, const Tally& tally);

} // namespace salus::trajectories
