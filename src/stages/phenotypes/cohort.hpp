#pragma once

#include "genotype/genotype_source.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace salus::phenotypes {

/// The samples of the genotypes with what the sample sheet says of them. About 150 bytes per
/// sample.
class Cohort {
public:
    /// Sex is taken from the sheet where it knows it, else from the genotypes.
    Cohort(const SampleTable& genotypes, const std::optional<std::filesystem::path>& sheet);
    Cohort(const Cohort&) = delete;

    std::size_t size() const noexcept { return id_.size(); }
    const std::vector<std::string>& id() const noexcept { return id_; }
    Sex sex(std::size_t sample) const noexcept { return sex_[sample]; }
    /// Label of a sample, "" if the sheet gives none.
    const std::string& group(std::size_t sample) const noexcept { return labels_[group_[sample]]; }
    /// Labels in use, ascending, without the empty one.
    std::vector<std::string> groups() const;
    /// The largest group, the first in the alphabet among equals; "" without groups.
    std::string reference_group() const;
    std::optional<std::uint32_t> find(std::string_view sample_id) const;
    /// Rows of the sheet whose sample has no genotypes.
    std::uint64_t unknown_in_sheet() const noexcept { return unknown_in_sheet_; }

private:
    void read_sheet(const std::filesystem::path& path);

    std::vector<std::string> id_;
    std::vector<Sex> sex_;
    std::vector<std::uint32_t> group_; // into labels_
    std::vector<std::string> labels_{""};
    std::unordered_map<std::string_view, std::uint32_t> index_;
    std::uint64_t unknown_in_sheet_ = 0;
};

} // namespace salus::phenotypes
