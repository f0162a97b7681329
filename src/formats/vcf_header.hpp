#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace salus {

/// Header of a VCF or BCF file, as far as it is used.
struct VcfHeader {
    std::vector<std::string> samples;
    std::map<std::string, std::string> info_number; // INFO key -> Number ("1", "A", ".", ...)
    std::set<std::string> formats;                  // FORMAT keys
    std::vector<std::string> contigs;               // by BCF index
    std::vector<std::string> strings; // FILTER, INFO, FORMAT names by BCF index; 0 is PASS
};

/// Collects header lines one by one.
class VcfHeaderParser {
public:
    explicit VcfHeaderParser(std::filesystem::path path) : path_(std::move(path)) {}
    /// True after the #CHROM line. DataError with the line if it is malformed: first line not
    /// ##fileformat=VCFv4.x, fixed columns wrong, no samples, a sample twice, an ID twice under
    /// IDX.
    bool add(std::string_view line);
    /// The line number for messages.
    std::uint64_t lines() const noexcept { return lines_; }
    VcfHeader take() { return std::move(header_); }

private:
    void add_meta(std::string_view line);
    void add_columns(std::string_view line);
    void add_name(std::vector<std::string>& names, std::string name,
                  std::optional<std::uint64_t> index);
    [[noreturn]] void fail(std::string what, std::string why) const;

    std::filesystem::path path_;
    VcfHeader header_{
        .samples = {}, .info_number = {}, .formats = {}, .contigs = {}, .strings = {"PASS"}};
    std::set<std::string> named_{"PASS"};
    std::uint64_t lines_ = 0;
};

} // namespace salus
