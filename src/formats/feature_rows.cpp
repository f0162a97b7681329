#include "formats/feature_rows.hpp"

#include "base/text.hpp"
#include "formats/delimited.hpp"

namespace salus {
namespace {

/// Rows of comma or tab separated text.
class TextFeatureRows final : public FeatureRows {
public:
    TextFeatureRows(const std::filesystem::path& path, ByteRange range,
                    const FeatureColumns& columns, std::span<const CellReader> readers)
        : reader_(path, range), columns_(columns), readers_(readers) {}

    bool next() override { return reader_.next(); }
    std::string_view reject() const noexcept override {
        switch (reader_.defect()) {
        case RowDefect::field_count:
            return "field_count";
        case RowDefect::not_utf8:
            return "not_utf8";
        case RowDefect::quoting:
            return "quoting";
        case RowDefect::none:
            break;
        }
        return {};
    }
    Problem problem() const override { return reader_.problem(); }
    std::string_view person() override { return trim(reader_[columns_.person]); }
    std::string_view visit() override {
        return columns_.visit ? trim(reader_[*columns_.visit]) : std::string_view{};
    }
    std::string_view visit_date() override {
        return columns_.visit_date ? trim(reader_[*columns_.visit_date]) : std::string_view{};
    }
    void cells(std::span<CellBits> out) override {
        for (std::size_t f = 0; f < out.size(); ++f)
            out[f] = readers_[f].read(reader_[columns_.columns[f]]);
    }
    std::uint64_t line() const noexcept override { return reader_.line(); }
    std::uint64_t lines_passed() const noexcept override { return reader_.lines_passed(); }
    std::string where(std::string_view column) const override { return reader_.where(column); }
    std::uint64_t first_byte() const noexcept override { return reader_.first_byte(); }
    std::uint64_t next_byte() const noexcept override { return reader_.next_byte(); }

private:
    DelimitedReader reader_;
    const FeatureColumns& columns_;
    std::span<const CellReader> readers_;
};

} // namespace

std::vector<std::string> feature_table_columns(const std::filesystem::path& path) {
    return read_delimited_header(path).names;
}

std::vector<ByteRange> feature_table_ranges(const std::filesystem::path& path,
                                            std::uint64_t bytes) {
    return delimited_ranges(path, bytes);
}

std::uint64_t feature_table_bytes(const std::filesystem::path& path) {
    return InputFile(path).size() * (is_packed(path) ? 5 : 1);
}

std::unique_ptr<FeatureRows> open_feature_rows(const std::filesystem::path& path, ByteRange range,
                                               const FeatureColumns& columns,
                                               std::span<const CellReader> readers) {
    return std::make_unique<TextFeatureRows>(path, range, columns, readers);
}

} // namespace salus
