#pragma once

#include "formats/bgzf_reader.hpp"
#include "formats/vcf_header.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace salus {

/// Places of the columns of a .pvar or .bim line, counted from 0.
struct PvarColumns {
    std::size_t chromosome = 0, id = 1, position = 3, alt = 4, ref = 5; // .bim
    std::optional<std::size_t> filter = {}, info = {};
    std::size_t fields = 6;
};

/// The variants of a .pvar (plain or zstd) or .bim file.
class PvarFile {
public:
    /// Reads all of it once: columns, INFO declarations, number of lines. DataError with the line.
    explicit PvarFile(std::filesystem::path path);

    const std::filesystem::path& path() const noexcept { return path_; }
    std::uint64_t bytes() const noexcept { return bytes_; }
    std::uint64_t variants() const noexcept { return variants_; }
    const PvarColumns& columns() const noexcept { return columns_; }
    const VcfHeader& header() const noexcept { return header_; }

    /// Where a reader of lines stands.
    struct Cursor {
        std::unique_ptr<RecordStream> stream;
        std::uint64_t next = 0; // number of the variant that the next line is of
    };
    /// A cursor at a variant. A zstd file can only be read on: from the place where an earlier
    /// cursor was given back, or else from its beginning.
    Cursor at(std::uint64_t variant) const;
    void give_back(Cursor cursor) const;
    /// Line of the file that holds a variant, for messages.
    std::uint64_t line_of(std::uint64_t variant) const noexcept {
        return head_lines_ + variant + 1;
    }

private:
    static constexpr std::uint64_t stride = 1024; // every so many variants a place is remembered
    std::unique_ptr<RecordStream> open(std::uint64_t place) const;
    void read_columns(std::string_view line);
    void read_meta(std::string_view line);
    void use_bare_columns(std::string_view line);
    [[noreturn]] void fail(std::string what, std::string why) const;

    std::filesystem::path path_;
    bool zstd_;
    std::uint64_t bytes_ = 0, variants_ = 0, head_lines_ = 0;
    PvarColumns columns_;
    VcfHeader header_;
    std::vector<std::uint64_t> places_; // plain: byte of every stride-th variant; zstd: none
    mutable Cursor kept_;               // zstd: the cursor given back last
};

} // namespace salus
