#include "schema/suggest.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <optional>

namespace salus {
namespace {

std::string bare(std::string_view name) {
    std::string out = lower(name);
    std::erase_if(out, [](char c) { return c == '_' || c == '-' || c == ' '; });
    return out;
}

/// A candidate that holds the name, or is held by it, once case and separators are ignored.
std::optional<std::string> overlapping(std::string_view name,
                                       std::span<const std::string> candidates) {
    const std::string wanted = bare(name);
    if (wanted.size() < 3) return std::nullopt;
    for (const std::string& candidate : candidates) {
        const std::string other = bare(candidate);
        if (other.find(wanted) != std::string::npos) return candidate;
        if (other.size() >= 3 && wanted.find(other) != std::string::npos) return candidate;
    }
    return std::nullopt;
}

} // namespace

std::string suggestion(std::string_view name, std::span<const std::string> candidates) {
    if (candidates.empty()) return "it has none";
    auto meant = nearest(name, candidates);
    if (!meant) meant = overlapping(name, candidates);
    const std::string all = text("it has: ", join(candidates, ", "));
    return meant ? text("did you mean '", *meant, "'? ", all) : all;
}

} // namespace salus
