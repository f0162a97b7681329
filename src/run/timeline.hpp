#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace salus {

/// One unit that one rank worked on.
struct UnitTime {
    std::string phase;
    int rank = 0;
    std::uint64_t unit = 0;
    std::int64_t begin_us = 0; // since 1970, of the clock of its machine
    std::int64_t length_us = 0;
};

/// Notes when this rank worked on which unit of a phase: `times-r<rank>.log` in the folder of the
/// phase, written once at the end of the phase, also when it ends with an error. For metrics and
/// the timeline only; a lost file costs nothing else.
class UnitClock {
public:
    UnitClock(std::filesystem::path folder, int rank);
    ~UnitClock();
    UnitClock(const UnitClock&) = delete;
    UnitClock& operator=(const UnitClock&) = delete;
    void begin(std::uint64_t unit, int rank); // that the unit belongs to
    void end();

private:
    std::filesystem::path file_;
    std::string lines_;
    std::uint64_t unit_ = 0;
    int rank_ = 0;
    std::int64_t begin_us_ = 0;
};

/// What the clocks of all ranks noted below the work folder of a stage, in order of begin.
std::vector<UnitTime> read_unit_times(const std::filesystem::path& work);

/// Units by rank in the trace event format of Chrome (chrome://tracing, Perfetto): a process per
/// stage, a thread per rank.
std::string chrome_trace(const std::string& stage, const std::vector<UnitTime>& times);

} // namespace salus
