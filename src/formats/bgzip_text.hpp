#pragma once

#include "base/file.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

namespace salus {

/// A bgzipped text file that appears whole or not at all, with its tabix index where rows have
/// positions. Equal text gives equal bytes.
class BgzipText {
public:
    /// Columns of chromosome and 1-based position, counted from 1. The first line is a header.
    struct Places {
        int chromosome, position;
    };
    explicit BgzipText(const std::filesystem::path& path,
                       std::optional<Places> places = std::nullopt);
    ~BgzipText();
    BgzipText(const BgzipText&) = delete;
    BgzipText& operator=(const BgzipText&) = delete;

    void write(std::string_view text);
    /// Closes, indexes and publishes. DataError if rows are not sorted by position within
    /// chromosomes.
    void commit();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace salus
