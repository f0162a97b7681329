#pragma once

#include "stages/risk_model/episodes.hpp"
#include "store/h5.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace salus::risk_models {

/// Named columns of the samples: traits, covariates, statuses, sex and group of a phenotype file,
/// columns of other tables keyed by sample, and scores of the stage score: NAME, and relative to
/// ancestry NAME.z_mean and NAME.z_variance. Columns of episodes are read as of the first row of
/// each sample; those of 0 and 1 may be time-to-event traits, until the first event. Rank-local.
/// Memory: 8 B x samples x columns of the other tables.
class SampleColumns {
public:
    /// DataError if a table names a column that is there already, or a sample twice. Samples that a
    /// table does not have are missing there. \param episodes  empty: none.
    SampleColumns(const std::filesystem::path& phenotypes,
                  const std::vector<std::filesystem::path>& tables,
                  const std::filesystem::path& episodes = {});

    std::uint64_t samples() const noexcept { return samples_; }
    const H5File& file() const noexcept { return file_; }
    bool has(const std::string& name) const { return places_.contains(name); }
    std::vector<std::string> names() const;
    /// Whether a column is one of the episodes.
    bool of_episodes(const std::string& name) const { return episodes_.columns.contains(name); }
    const Episodes& episodes() const noexcept { return episodes_; }
    /// Kind of a trait as in trait_info, "binary" for statuses, empty for other columns.
    std::string kind(const std::string& name) const;
    /// Unit of the times of a time-to-event trait.
    std::string time_unit(const std::string& name) const;
    /// NaN = missing. Sex is 1 male, 2 female; group the place of its name among all, from 0.
    std::vector<double> read(const std::string& name) const;
    std::vector<double> read(const std::string& name, std::uint64_t begin,
                             std::uint64_t count) const;
    /// Of a time-to-event trait: 1 with the event, else 0.
    std::vector<double> status(const std::string& name) const;
    /// The time at risk of a time-to-event trait; entry is empty if it begins at 0.
    struct Times {
        std::vector<double> exit, entry;
    };
    Times times(const std::string& name) const;
    std::vector<std::string> ids() const;
    std::vector<std::string> ids(std::uint64_t begin, std::uint64_t count) const;
    /// Names of the groups, in the order of their numbers.
    std::vector<std::string> groups() const;

private:
    enum class Place { traits, covariates, status, sex, group, table, episodes };
    void add_table(const std::filesystem::path& path);
    void claim(const std::string& name, Place place, const std::filesystem::path& path);
    void add_episodes(const std::filesystem::path& path);
    void add_scores(const std::filesystem::path& path);
    std::vector<double>& new_column(const std::string& name, const std::filesystem::path& path);
    std::vector<double> group_numbers(const std::vector<std::string>& groups) const;

    H5File file_;
    std::uint64_t samples_ = 0;
    std::map<std::string, Place> places_;
    std::map<std::string, std::string> kinds_;
    std::map<std::string, std::vector<double>> others_; // of tables
    std::vector<std::string> groups_;
    Episodes episodes_;
};

} // namespace salus::risk_models
