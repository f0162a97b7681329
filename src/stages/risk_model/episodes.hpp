#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace salus::risk_models {

/// Rows (start, stop] of people whose columns change with time, as R's survival::tmerge makes them:
/// a column holds within a row, an event falls on its stop. By sample, then start; gaps are time
/// without observation.
struct Episodes {
    std::vector<std::uint32_t> sample;                  // [row] place in the phenotype table
    std::vector<double> start, stop;                    // [row] start < stop
    std::map<std::string, std::vector<double>> columns; // [row] NaN = missing
    std::vector<std::uint64_t> first; // [sample + 1] its rows are first[s] .. first[s + 1]
    std::uint64_t unknown = 0;        // rows of people who are no samples

    std::size_t rows() const noexcept { return sample.size(); }
    /// Whether a column holds 0, 1 or nothing: then it may be an event.
    bool is_event(const std::string& name) const;
    /// Of the first row of each sample; NaN without rows.
    std::vector<double> at_begin(const std::string& name) const;
    /// Of each sample until its first event: entry, exit and status; NaN without rows. Rows without
    /// a value count as unobserved.
    struct FirstEvents {
        std::vector<double> entry, exit, status;
    };
    FirstEvents first_events(const std::string& name) const;
};

/// Columns sample_id (or IID), start (tstart), stop (tstop), and numbers. Rows come in any order;
/// those of other people than the samples `ids` are passed over and counted. DataError with the
/// line for a row that ends before it begins, begins before 0 or overlaps another of its person,
/// and if nobody is a sample. Memory: 8 B x rows x columns.
Episodes read_episodes(const std::filesystem::path& path, std::span<const std::string> ids);

} // namespace salus::risk_models
