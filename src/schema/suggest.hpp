#pragma once

#include <span>
#include <string>
#include <string_view>

namespace salus {

/// Help for a name that is not among `candidates`: "did you mean 'call_rate_min'? it has:
/// call_rate_min, seed". Without candidates: "it has none".
std::string suggestion(std::string_view name, std::span<const std::string> candidates);

} // namespace salus
