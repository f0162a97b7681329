#pragma once

#include "schema/stage.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace salus {

struct SplitSamplesParams {
    double tuning_fraction = 0.3;
    std::int64_t split_seed = 1;
};

/// Two lists of samples: those that statistics are made from, and those that tune and judge scores.
Stage split_samples_stage();
void run_split_samples(const SplitSamplesParams& params, RunContext& context);

/// [sample] 1: tuning. A family goes as a whole, by the identifier that is first in the alphabet.
/// \param family  [sample] number of the family, 0 without; empty: no families.
std::vector<std::uint8_t> tuning_marks(std::span<const std::string> ids,
                                       std::span<const std::uint32_t> family,
                                       const SplitSamplesParams& params);

} // namespace salus
