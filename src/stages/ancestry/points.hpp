#pragma once

#include "run/context.hpp"

#include <Eigen/Core>

#include <cstdint>
#include <string>
#include <vector>

namespace salus::ancestry {

/// Samples of all component results, in the order of the files.
struct Points {
    std::vector<std::string> id;
    std::vector<std::uint8_t> used; // the components were computed from this sample
    Eigen::MatrixXd coordinates;    // [sample][component], each times the root of its eigenvalue
    std::vector<double> scale;      // roots of the eigenvalues
};

/// Reads the first `components` components, or all if there are fewer. DataError if the files are
/// of different components or share a sample.
Points read_points(const std::vector<std::filesystem::path>& files, std::size_t components);

/// Labels of a reference panel, by sample.
struct Labels {
    std::vector<std::string> names;   // of the groups, sorted
    std::vector<int> group;           // [sample] index into names, or -1
    std::uint64_t without_sample = 0; // labelled samples that are not among the points
};

/// Reads sample_id and group; an empty group or NA is no label. DataError if a sample is listed
/// twice, no labelled sample is among the points, or a group has fewer than `size_min` of them.
Labels read_labels(const std::filesystem::path& file, const Points& points, std::size_t size_min);

} // namespace salus::ancestry
