#include "genotype/store_assembly.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"

namespace salus {
namespace {

void link_part(const std::filesystem::path& from, const std::filesystem::path& to) {
    std::error_code code;
    std::filesystem::create_hard_link(from, to, code);
    if (!code) return;
    std::filesystem::copy_file(from, to, code);
    if (code) throw_storage_error(code.value(), "copy a part to", to);
}

std::string part_name(std::uint64_t number) {
    std::string digits = text(number);
    if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
    return text("part-", digits, ".h5");
}

} // namespace

std::vector<StorePart>
place_store_parts(const Parts& parts, std::span<const std::uint64_t> variants,
                  const std::filesystem::path& folder,
                  const std::function<std::string(std::uint64_t unit)>& origin) {
    std::vector<StorePart> placed;
    for (std::uint64_t unit = 0; unit < parts.size(); ++unit) {
        if (variants[unit] == 0) continue;
        placed.push_back({.file = part_name(placed.size()),
                          .sha256 = parts[unit].sha256,
                          .origin = origin(unit)});
        link_part(parts[unit].path, folder / placed.back().file);
    }
    return placed;
}

} // namespace salus
