#pragma once

#include "stages/score/matching.hpp"
#include "store/h5.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace salus::score {

/// What was found of all files, and which are scored.
struct Overview {
    std::vector<Tally> tally;                // [file]
    std::vector<std::vector<double>> weight; // [file][column] matched share of |weights|
    std::vector<std::uint8_t> chosen;        // [file] 0: too few variants were found
};
/// DataError that names all files with too few, if params say so, or if none is left.
Overview overlook(const ScoreParams& params, const ScoreSets& sets, const Parts& matches,
                  const std::string& build);

TableData report_rows(const ScoreSets& sets, const Overview& overview);

} // namespace salus::score
