#pragma once

#include "schema/stage.hpp"

namespace salus {

/// The first file of an input; nullptr if it is not given, or is still to be made.
inline const std::filesystem::path* existing_input(const Inputs& inputs, const std::string& port) {
    const auto found = inputs.find(port);
    if (found == inputs.end() || found->second.empty()) return nullptr;
    return std::filesystem::exists(found->second.front()) ? &found->second.front() : nullptr;
}

} // namespace salus
