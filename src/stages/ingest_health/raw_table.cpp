#include "stages/ingest_health/raw_table.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace salus::ingest_health {
namespace {

std::string name_of(const TableSpec& spec, std::string_view array) {
    return text("raw/", spec.name, "/", array);
}

/// How a column is stored: its least value as bits, and bytes for each difference from it.
struct Layout {
    std::uint64_t base = 0, width = 0;
};

std::uint64_t width_of(std::uint64_t largest) {
    if (largest == 0) return 0;
    if (largest <= 0xFF) return 1;
    if (largest <= 0xFFFF) return 2;
    return largest <= 0xFFFFFFFF ? 4 : 8;
}

template <class T>
using Bits = std::conditional_t<sizeof(T) == 1, std::uint8_t,
                                std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>;

template <class T>
Layout layout_of(const std::vector<T>& values) {
    if (values.empty()) return {};
    if constexpr (std::is_floating_point_v<T>) {
        const auto first = std::bit_cast<Bits<T>>(values.front());
        const bool one = std::all_of(values.begin(), values.end(), [&](T value) {
            return std::bit_cast<Bits<T>>(value) == first;
        });
        return one ? Layout{first, 0} : Layout{0, sizeof(T)};
    } else {
        T least = values.front(), largest = values.front();
        for (const T value : values) {
            least = std::min(least, value);
            largest = std::max(largest, value);
        }
        const auto base = static_cast<Bits<T>>(least);
        return {base, width_of(static_cast<Bits<T>>(static_cast<Bits<T>>(largest) - base))};
    }
}

/// Calls `work` with a number of the type that has `width` bytes.
template <class Work>
void with_width(std::uint64_t width, Work work) {
    switch (width) {
    case 1:
        return work(std::uint8_t{});
    case 2:
        return work(std::uint16_t{});
    case 4:
        return work(std::uint32_t{});
    default:
        return work(std::uint64_t{});
    }
}

template <class T>
std::vector<std::uint8_t> narrowed(const std::vector<T>& values, Layout layout) {
    std::vector<std::uint8_t> bytes(values.size() * layout.width);
    with_width(layout.width, [&]<class W>(W) {
        for (std::size_t i = 0; i < values.size(); ++i) {
            const auto difference = static_cast<W>(std::bit_cast<Bits<T>>(values[i]) - layout.base);
            std::memcpy(bytes.data() + i * sizeof(W), &difference, sizeof(W));
        }
    });
    return bytes;
}

template <class T>
void append_widened(std::span<const std::uint8_t> bytes, Layout layout, std::vector<T>& out) {
    const std::size_t first = out.size();
    out.resize(first + bytes.size() / layout.width);
    with_width(layout.width, [&]<class W>(W) {
        for (std::size_t i = first; i < out.size(); ++i) {
            W difference{};
            std::memcpy(&difference, bytes.data() + (i - first) * sizeof(W), sizeof(W));
            out[i] = std::bit_cast<T>(static_cast<Bits<T>>(layout.base + difference));
        }
    });
}

} // namespace

void write_raw(PartWriter& part, const TableData& table) {
    std::vector<std::uint64_t> layouts;
    for (std::size_t c = 0; c < table.columns().size(); ++c)
        std::visit(
            [&]<class T>(const std::vector<T>& values) {
                if constexpr (std::is_arithmetic_v<T>) {
                    const Layout layout = layout_of(values);
                    layouts.push_back(layout.base);
                    layouts.push_back(layout.width);
                    if (layout.width > 0)
                        part.write_array<std::uint8_t>(
                            name_of(table.spec(), table.spec().columns[c].name),
                            narrowed(values, layout), {}, Compression::none);
                } else {
                    SALUS_ASSERT(false);
                }
            },
            table.columns()[c]);
    part.write_array<std::uint64_t>(name_of(table.spec(), "layouts"), layouts, {},
                                    Compression::none);
}

void append_raw(const H5File& part, std::uint64_t begin, std::uint64_t end, TableData& out) {
    const auto layouts = part.read_array<std::uint64_t>(name_of(out.spec(), "layouts"));
    for (std::size_t c = 0; c < out.columns().size(); ++c)
        std::visit(
            [&]<class T>(std::vector<T>& values) {
                if constexpr (std::is_arithmetic_v<T>) {
                    const Layout layout{layouts.at(2 * c), layouts.at(2 * c + 1)};
                    if (layout.width == 0) {
                        const auto value = std::bit_cast<T>(static_cast<Bits<T>>(layout.base));
                        values.insert(values.end(), end - begin, value);
                        return;
                    }
                    const auto bytes = part.read_rows<std::uint8_t>(
                        name_of(out.spec(), out.spec().columns[c].name), begin * layout.width,
                        (end - begin) * layout.width);
                    append_widened(std::span<const std::uint8_t>(bytes), layout, values);
                }
            },
            out.columns()[c]);
}

} // namespace salus::ingest_health
