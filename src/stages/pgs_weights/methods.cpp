#include "stages/pgs_weights/methods.hpp"

#include <array>

namespace salus::pgs_weights {

std::span<const Method> all_methods() noexcept {
    static constexpr std::array<Method, 6> methods{{{"infinitesimal"},
                                                    {"auto", sample_point_normal},
                                                    {"continuous_shrinkage", sample_shrinkage},
                                                    {"mixture", sample_mixture},
                                                    {"lassosum2"},
                                                    {"clumping"}}};
    return methods;
}

std::vector<std::string> method_names() {
    std::vector<std::string> names;
    for (const Method& method : all_methods())
        names.emplace_back(method.name);
    return names;
}

} // namespace salus::pgs_weights
