#include "stages/ingest_health/plan.hpp"

#include "base/hash.hpp"

#include <algorithm>
#include <cstring>

namespace salus::ingest_health {
namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;
constexpr std::uint64_t shard_bytes = 256 * mebibyte, most_shards = 4096;

std::uint64_t text_bytes(const std::filesystem::path& path) {
    return InputFile(path).size() * (is_gzip(path) ? 5 : 1);
}

} // namespace

Plan make_plan(const IngestHealthParams& params, const OmopFiles& files,
               const std::optional<std::filesystem::path>& links) {
    Plan plan;
    for (const auto& [table, path] : files.paths)
        plan.files.push_back({table, path});
    if (links) plan.files.push_back({OmopTable::link, *links});
    plan.has_links = links.has_value();
    plan.has_periods = files.paths.contains(OmopTable::observation_period);

    std::uint64_t total = 0;
    for (const SourceFile& file : plan.files)
        total += text_bytes(file.path);
    const std::uint64_t cut = params.unit_bytes > 0 ? static_cast<std::uint64_t>(params.unit_bytes)
                                                    : std::clamp(total / 1024 / mebibyte * mebibyte,
                                                                 64 * mebibyte, 512 * mebibyte);
    plan.shards = params.shards > 0
                      ? static_cast<std::uint64_t>(params.shards)
                      : std::clamp<std::uint64_t>(total / shard_bytes + 1, 1, most_shards);
    for (std::size_t f = 0; f < plan.files.size(); ++f) {
        const auto ranges = params.cut_files ? delimited_ranges(plan.files[f].path, cut)
                                             : std::vector<ByteRange>{{}};
        for (std::size_t r = 0; r < ranges.size(); ++r)
            plan.units.push_back({.file = f, .range = ranges[r], .first = r == 0});
    }
    return plan;
}

std::uint64_t shard_of(std::int64_t person_id, std::uint64_t shards) noexcept {
    char bytes[sizeof person_id];
    std::memcpy(bytes, &person_id, sizeof person_id);
    return hash64({bytes, sizeof bytes}, 0) % shards;
}

} // namespace salus::ingest_health
