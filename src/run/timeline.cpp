#include "run/timeline.hpp"

#include "base/file.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <tuple>

namespace salus {
namespace {

std::int64_t now_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

void read_lines(const std::filesystem::path& file, const std::string& phase,
                std::vector<UnitTime>& times) {
    const std::string lines = read_text_file(file);
    for (const std::string_view line : split(lines, '\n')) {
        const auto fields = split(line, ' ');
        if (fields.size() != 4) continue;
        const auto unit = parse_integer(fields[0]), begin = parse_integer(fields[1]),
                   length = parse_integer(fields[2]), rank = parse_integer(fields[3]);
        if (unit && begin && length && rank && *unit >= 0)
            times.push_back({.phase = phase,
                             .rank = static_cast<int>(*rank),
                             .unit = static_cast<std::uint64_t>(*unit),
                             .begin_us = *begin,
                             .length_us = *length});
    }
}

} // namespace

UnitClock::UnitClock(std::filesystem::path folder, int rank)
    : file_(std::move(folder) / text("times-r", rank, ".log")) {}

UnitClock::~UnitClock() {
    if (lines_.empty()) return;
    try {
        std::ofstream(file_, std::ios::app) << lines_;
    } catch (const std::exception&) { // nothing that matters is lost
        return;
    }
}

void UnitClock::begin(std::uint64_t unit, int rank) {
    unit_ = unit;
    rank_ = rank;
    begin_us_ = now_us();
}

void UnitClock::end() {
    lines_ += text(unit_, " ", begin_us_, " ", now_us() - begin_us_, " ", rank_, "\n");
}

std::vector<UnitTime> read_unit_times(const std::filesystem::path& work) {
    std::vector<UnitTime> times;
    std::error_code code;
    for (const auto& phase : std::filesystem::directory_iterator(work, code)) {
        if (!phase.is_directory()) continue;
        for (const auto& file : std::filesystem::directory_iterator(phase.path(), code)) {
            const std::string name = file.path().filename().string();
            if (!name.starts_with("times-r") || !name.ends_with(".log")) continue;
            read_lines(file.path(), phase.path().filename().string(), times);
        }
    }
    std::sort(times.begin(), times.end(), [](const UnitTime& a, const UnitTime& b) {
        return std::tie(a.begin_us, a.rank, a.phase, a.unit) <
               std::tie(b.begin_us, b.rank, b.phase, b.unit);
    });
    return times;
}

std::string chrome_trace(const std::string& stage, const std::vector<UnitTime>& times) {
    std::string out =
        text(R"({"traceEvents":[)", "\n",
             R"({"ph":"M","name":"process_name","pid":0,"args":{"name":)", json_quote(stage), "}}");
    std::vector<int> ranks;
    for (const UnitTime& time : times)
        ranks.push_back(time.rank);
    std::sort(ranks.begin(), ranks.end());
    ranks.erase(std::unique(ranks.begin(), ranks.end()), ranks.end());
    for (const int rank : ranks)
        out += text(",\n", R"({"ph":"M","name":"thread_name","pid":0,"tid":)", rank,
                    R"(,"args":{"name":"rank )", rank, "\"}}");
    const std::int64_t first = times.empty() ? 0 : times.front().begin_us;
    for (const UnitTime& time : times)
        out += text(",\n", R"({"ph":"X","name":)", json_quote(text(time.phase, " ", time.unit)),
                    R"(,"cat":)", json_quote(time.phase), R"(,"pid":0,"tid":)", time.rank,
                    R"(,"ts":)", time.begin_us - first, R"(,"dur":)", time.length_us, "}");
    return out + text("\n],\"displayTimeUnit\":\"ms\",\"otherData\":{\"first_us\":", first, "}}\n");
}

} // namespace salus
