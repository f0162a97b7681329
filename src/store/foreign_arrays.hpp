#pragma once

#include "store/h5.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// Arrays in an HDF5 file that another program wrote: numbers and texts of any type. DataError if
/// the file cannot be read, or its data lie in other files.
class ForeignArrays {
public:
    explicit ForeignArrays(const std::filesystem::path& path);
    ~ForeignArrays();
    ForeignArrays(ForeignArrays&&) noexcept;

    const H5File& file() const noexcept; // its members and shapes
    enum class Element { integer, real, text, other };
    Element element(std::string_view name) const;
    /// Rows of an array of numbers.
    std::vector<double> read_numbers(std::string_view name, std::uint64_t begin,
                                     std::uint64_t count) const;
    /// Rows of an array [row] of texts of fixed or of any length, or of whole numbers, which are
    /// written out.
    std::vector<std::string> read_texts(std::string_view name, std::uint64_t begin,
                                        std::uint64_t count) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace salus
