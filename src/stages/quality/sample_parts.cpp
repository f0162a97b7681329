#include "stages/quality/sample_parts.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <span>
#include <vector>

namespace salus {
namespace {

using ClassTotals = std::array<std::uint64_t, variant_classes + 3>; // variants by class, then sums

ClassTotals totals_of(const SampleCounts& counts, std::uint64_t passed) {
    ClassTotals totals{};
    for (std::size_t c = 0; c < variant_classes; ++c)
        totals[c] = counts.by_class[c].variants;
    totals[variant_classes] = counts.expected_het;
    totals[variant_classes + 1] = counts.expected_het_x;
    totals[variant_classes + 2] = passed;
    return totals;
}

/// Visits the per-sample columns in a fixed order, by class only where `totals` has variants of it.
template <class F>
void for_each_column(const ClassTotals& totals, SampleCounts& counts, F&& visit) {
    for (std::size_t c = 0; c < variant_classes; ++c) {
        if (totals[c] == 0) continue;
        ClassCounts& k = counts.of(static_cast<VariantClass>(c));
        visit(k.het);
        visit(k.hom_alt);
        visit(k.missing);
    }
    visit(counts.singletons);
    visit(counts.expected_het_missing);
    visit(counts.expected_het_missing_x);
}

/// Appends the width of the column and its values, least significant byte first.
template <class T>
void pack(std::span<const T> column, std::vector<std::uint8_t>& out) {
    const T most = column.empty() ? T{0} : *std::max_element(column.begin(), column.end());
    const auto width = static_cast<std::size_t>((std::bit_width(most) + 7) / 8);
    out.push_back(static_cast<std::uint8_t>(width));
    for (const T value : column)
        for (std::size_t b = 0; b < width; ++b)
            out.push_back(static_cast<std::uint8_t>(value >> (8 * b) & 0xff));
}

/// Adds a packed column and steps over it.
template <class T>
void add_packed(std::span<const std::uint8_t>& in, std::span<T> sum) {
    SALUS_ASSERT(!in.empty());
    const std::size_t width = in[0];
    SALUS_ASSERT(width <= sizeof(T) && in.size() >= 1 + width * sum.size());
    const std::uint8_t* at = in.data() + 1;
    for (T& value : sum) {
        T more = 0;
        for (std::size_t b = 0; b < width; ++b)
            more |= static_cast<T>(*at++) << (8 * b);
        value += more;
    }
    in = in.subspan(1 + width * sum.size());
}

void add_part(const H5File& part, SampleCounts& sum, ClassTotals& totals) {
    const auto stored = part.read_array<std::uint64_t>("counts/totals");
    SALUS_ASSERT(stored.size() == totals.size());
    ClassTotals of_part;
    std::copy(stored.begin(), stored.end(), of_part.begin());
    for (std::size_t k = 0; k < totals.size(); ++k)
        totals[k] += of_part[k];
    const auto bytes = part.read_array<std::uint8_t>("counts/columns");
    std::span<const std::uint8_t> rest = bytes;
    for_each_column(of_part, sum,
                    [&]<class T>(std::vector<T>& column) { add_packed<T>(rest, column); });
    SALUS_ASSERT(rest.empty());
}

} // namespace

void write_sample_counts(PartWriter& part, SampleCounts& counts, std::uint64_t passed) {
    const ClassTotals totals = totals_of(counts, passed);
    part.write_array<std::uint64_t>("counts/totals", totals);
    std::vector<std::uint8_t> bytes;
    for_each_column(totals, counts,
                    [&]<class T>(const std::vector<T>& column) { pack<T>(column, bytes); });
    part.write_array<std::uint8_t>("counts/columns", bytes, {}, Compression::none);
}

CohortCounts sum_sample_counts(const Communicator& comm, const Parts& parts, std::size_t samples) {
    CohortCounts out{.samples = SampleCounts(samples)};
    SampleCounts& sum = out.samples;
    ClassTotals totals{};
    collectively(comm, "summing the sample counts", [&] {
        const auto ranks = static_cast<std::uint64_t>(comm.size());
        auto u = static_cast<std::uint64_t>(comm.rank());
        for (; u < parts.size(); u += ranks)
            add_part(parts.open(u), sum, totals);
    });
    comm.sum(std::span<std::uint64_t>(totals));
    for (std::size_t c = 0; c < variant_classes; ++c)
        sum.by_class[c].variants = totals[c];
    sum.expected_het = totals[variant_classes];
    sum.expected_het_x = totals[variant_classes + 1];
    out.passed = totals[variant_classes + 2];
    for_each_column(totals, sum, [&](auto& column) { comm.sum(std::span(column)); });
    return out;
}

} // namespace salus
