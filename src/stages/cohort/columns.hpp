#pragma once

#include "stages/cohort/cohort.hpp"
#include "store/h5.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace salus::matching {

/// Where a column of a phenotype file is: traits, covariates, status (of the matrix of many binary
/// traits) or samples (sex, group).
struct ColumnPlace {
    std::string table, column;
};
/// Nothing if the file has no such column; the near miss is added to `problems`.
std::optional<ColumnPlace> find_column(const H5File& file, const std::string& name,
                                       std::string_view parameter, std::vector<Problem>& problems);

/// A column as numbers, NaN = missing; sex 1 and 2, 0 is missing; group by its place among the
/// names,
/// "" is missing.
std::vector<double> read_column(const H5File& file, const ColumnPlace& place);

/// A condition on one column: "age >= 40", "stroke = 0", "ldl known".
struct Condition {
    enum class Op { equal, unequal, less, at_most, greater, at_least, known };
    std::string column;
    Op op = Op::known;
    double value = 0;
    std::string written = {};

    /// Never of a missing value.
    bool holds(double v) const noexcept;
};
std::optional<Condition> parse_condition(std::string_view written);

/// A column that must be the same, or fall into the same bin: "sex_male", "age / 5".
struct ExactColumn {
    std::string column;
    double width = 0; // 0: the value itself

    /// What is compared.
    double bin(double v) const noexcept;
};
std::optional<ExactColumn> parse_exact(std::string_view written);

/// All that the parameters name, checked.
struct Request {
    std::vector<Condition> require;
    std::vector<ExactColumn> exact;
    std::vector<std::string> describe; // all covariates if none are named
};
/// Adds a problem for each thing that is wrong.
Request make_request(const CohortParams& params, const H5File& file,
                     std::vector<Problem>& problems);

} // namespace salus::matching
