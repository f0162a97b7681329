#include "stages/ingest_health/plan.hpp"

#include <algorithm>
#include <map>

namespace salus::ingest_health {
namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;
constexpr std::uint64_t shard_bytes = 256 * mebibyte, most_shards = 4096;

std::uint64_t text_bytes(const std::filesystem::path& path) {
    return InputFile(path).size() * (is_gzip(path) ? 5 : 1);
}

std::optional<std::filesystem::path> optional_input(const Inputs& inputs, const std::string& port) {
    const auto found = inputs.find(port);
    if (found == inputs.end() || found->second.empty()) return std::nullopt;
    return found->second.front();
}

SourceFile source_file(OmopTable table, const std::filesystem::path& path) {
    return {.table = table,
            .path = path,
            .label = std::string(to_string(table)),
            .name = path.filename().string(),
            .link = table == OmopTable::link};
}

void number_labels(std::vector<SourceFile>& files) {
    std::map<std::string, std::uint32_t> numbers;
    for (SourceFile& file : files)
        file.label_number =
            numbers.try_emplace(file.label, static_cast<std::uint32_t>(numbers.size()))
                .first->second;
}

} // namespace

Plan make_plan(const IngestHealthParams& params, const Inputs& inputs) {
    Plan plan;
    if (const auto folder = optional_input(inputs, "omop")) {
        const OmopFiles found = find_omop_files(*folder);
        for (const auto& [table, path] : found.paths)
            plan.files.push_back(source_file(table, path));
        plan.has_periods = found.paths.contains(OmopTable::observation_period);
    }
    if (const auto links = optional_input(inputs, "links")) {
        plan.files.push_back(source_file(OmopTable::link, *links));
        plan.has_links = true;
    }
    number_labels(plan.files);
    for (const SourceFile& file : plan.files)
        plan.text_bytes += text_bytes(file.path);
    const std::uint64_t cut = params.unit_bytes > 0
                                  ? static_cast<std::uint64_t>(params.unit_bytes)
                                  : std::clamp(plan.text_bytes / 1024 / mebibyte * mebibyte,
                                               64 * mebibyte, 512 * mebibyte);
    plan.shards = params.shards > 0 ? static_cast<std::uint64_t>(params.shards)
                                    : std::clamp<std::uint64_t>(plan.text_bytes / shard_bytes + 1,
                                                                1, most_shards);
    for (std::size_t f = 0; f < plan.files.size(); ++f) {
        const auto ranges = params.cut_files ? delimited_ranges(plan.files[f].path, cut)
                                             : std::vector<ByteRange>{{}};
        for (std::size_t r = 0; r < ranges.size(); ++r)
            plan.units.push_back({.file = f, .range = ranges[r], .first = r == 0});
    }
    return plan;
}

} // namespace salus::ingest_health
