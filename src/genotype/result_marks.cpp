#include "genotype/result_marks.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace salus {

void require_same_rows(const H5File& result, const SampleTable& samples, std::uint64_t variants,
                       std::string_view stage) {
    const bool same_samples =
        !result.exists("samples") ||
        result.read("samples", {"sample_id"}).column<std::string>("sample_id") == samples.id;
    const bool same_variants = !result.exists("variants") || result.rows("variants") == variants;
    if (same_samples && same_variants) return;
    throw DataError({.what = text("the ", stage, " result is of other samples or variants"),
                     .where = result.path().string(),
                     .why = "its rows must be those of the genotype store",
                     .help = text("run ", stage, " on this genotype store")});
}

std::vector<std::uint8_t> sample_marks(const H5File& result, const std::string& column) {
    return result.read("samples", {column}).column<std::uint8_t>(column);
}

std::vector<std::uint8_t> variant_marks(const H5File& result, VariantRange range,
                                        const std::string& column) {
    return result.read_rows("variants", range.begin, range.size(), {column})
        .column<std::uint8_t>(column);
}

void leave_out(std::span<std::uint8_t> marks, std::span<const std::uint8_t> others) noexcept {
    SALUS_ASSERT(marks.size() == others.size());
    for (std::size_t i = 0; i < marks.size(); ++i)
        if (others[i] == 0) marks[i] = 0;
}

} // namespace salus
