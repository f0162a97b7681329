#include "stages/association/median.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace salus::association {
namespace {

constexpr std::size_t most_kept = std::size_t{1} << 23; // values, 64 MiB
constexpr unsigned digit_bits = 11;
constexpr std::size_t digits = std::size_t{1} << digit_bits;

/// The values of this rank's parts, columns [first, last), visited as often as needed.
class ColumnReader {
public:
    ColumnReader(const Communicator& comm, const Columns& source, std::size_t first,
                 std::size_t last)
        : comm_(comm), source_(source), first_(first), kept_(last - first) {}

    std::size_t columns() const noexcept { return kept_.size(); }
    template <class F>
    void for_each(F&& visit) { // (column - first, value)
        if (!complete_) return read(visit);
        for (std::size_t k = 0; k < kept_.size(); ++k)
            for (const double value : kept_[k])
                visit(k, value);
    }

private:
    template <class F>
    void read(F&& visit) {
        const auto ranks = static_cast<std::uint64_t>(comm_.size());
        std::size_t count = 0;
        const std::uint64_t own = source_.parts.size() / ranks + 1;
        for (auto unit = static_cast<std::uint64_t>(comm_.rank()); unit < source_.parts.size();
             unit += ranks) {
            const H5File part = source_.parts.open(unit);
            for (std::size_t k = 0; k < kept_.size(); ++k) {
                const auto values = source_.read(part, unit, first_ + k);
                // Once, as the last unit alone is shorter: what grows is copied.
                if (kept_[k].capacity() == 0)
                    kept_[k].reserve(std::min<std::uint64_t>(most_kept, own * values.size()));
                for (double value : values) {
                    if (std::isnan(value)) continue;
                    value += 0.0; // no negative zero
                    if (++count <= most_kept) kept_[k].push_back(value);
                    visit(k, value);
                }
            }
        }
        complete_ = count <= most_kept;
        if (complete_) return;
        for (auto& values : kept_)
            std::vector<double>().swap(values);
    }

    const Communicator& comm_;
    const Columns& source_;
    std::size_t first_;
    std::vector<std::vector<double>> kept_;
    bool complete_ = false;
};

/// The search for a value by its 0-based rank, digit by digit of its bits: these are in the order
/// of the values, which are not negative.
struct Search {
    std::uint64_t wanted = 0; // rank among the values that begin with `prefix`
    std::uint64_t prefix = 0, equal = 0;
};

void search(const Communicator& comm, ColumnReader& values, std::vector<Search>& searches) {
    for (unsigned left = 64; left > 0;) {
        const unsigned width = std::min(digit_bits, left);
        std::vector<std::uint64_t> bins(searches.size() * digits);
        collectively(comm, "counting test results", [&] {
            values.for_each([&](std::size_t k, double value) {
                const auto bits = std::bit_cast<std::uint64_t>(value);
                if (left < 64 && bits >> left != searches[k].prefix) return;
                ++bins[k * digits + (bits >> (left - width) & ((1U << width) - 1))];
            });
        });
        comm.sum(std::span(bins));
        left -= width;
        for (std::size_t k = 0; k < searches.size(); ++k) {
            Search& s = searches[k];
            std::uint64_t digit = 0;
            const std::uint64_t* const counts = bins.data() + k * digits;
            while (digit + 1 < digits && s.wanted >= counts[digit])
                s.wanted -= counts[digit++];
            s.prefix = s.prefix << width | digit;
            s.equal = counts[digit];
        }
    }
}

/// Per column the least value above the one found, as bits.
std::vector<std::uint64_t> next_above(const Communicator& comm, ColumnReader& values,
                                      const std::vector<Search>& found) {
    std::vector<std::uint64_t> least(found.size(), UINT64_MAX);
    collectively(comm, "counting test results", [&] {
        values.for_each([&](std::size_t k, double value) {
            const auto bits = std::bit_cast<std::uint64_t>(value);
            if (bits > found[k].prefix) least[k] = std::min(least[k], bits);
        });
    });
    std::string mine(least.size() * sizeof(std::uint64_t), '\0');
    std::memcpy(mine.data(), least.data(), mine.size());
    for (const std::string& theirs : comm.gather_all(mine)) {
        std::vector<std::uint64_t> other(least.size());
        std::memcpy(other.data(), theirs.data(), theirs.size());
        for (std::size_t k = 0; k < least.size(); ++k)
            least[k] = std::min(least[k], other[k]);
    }
    return least;
}

void find_medians(const Communicator& comm, ColumnReader& values, std::span<ColumnMedian> medians) {
    std::vector<std::uint64_t> counts(values.columns());
    collectively(comm, "counting test results",
                 [&] { values.for_each([&](std::size_t k, double) { ++counts[k]; }); });
    comm.sum(std::span(counts));
    std::vector<Search> searches(counts.size());
    for (std::size_t k = 0; k < counts.size(); ++k)
        searches[k].wanted = counts[k] == 0 ? 0 : (counts[k] - 1) / 2;
    search(comm, values, searches);
    const auto above = next_above(comm, values, searches);
    for (std::size_t k = 0; k < counts.size(); ++k) {
        medians[k].count = counts[k];
        if (counts[k] == 0) continue;
        const Search& s = searches[k];
        const bool same = counts[k] % 2 == 1 || s.wanted + 1 < s.equal;
        medians[k].lower = std::bit_cast<double>(s.prefix);
        medians[k].upper = std::bit_cast<double>(same ? s.prefix : above[k]);
    }
}

} // namespace

std::vector<ColumnMedian> medians_of(const Communicator& comm, const Columns& source) {
    std::vector<ColumnMedian> medians(source.count);
    const auto ranks = static_cast<std::uint64_t>(comm.size());
    const std::uint64_t rows = (source.parts.size() + ranks - 1) / ranks * source.unit_rows;
    const std::size_t together =
        std::clamp<std::size_t>(most_kept / std::max<std::uint64_t>(1, rows), 1, 64);
    for (std::size_t first = 0; first < source.count; first += together) {
        const std::size_t last = std::min(source.count, first + together);
        ColumnReader values(comm, source, first, last);
        find_medians(comm, values, std::span(medians).subspan(first, last - first));
    }
    return medians;
}

ColumnMedian median_of(const Communicator& comm, const Parts& parts, const std::string& column) {
    return medians_of(comm, {.parts = parts,
                             .count = 1,
                             .unit_rows = 0,
                             .read = [&](const H5File& part, std::uint64_t,
                                         std::size_t) { return part.read_array<double>(column); }})
        .front();
}

} // namespace salus::association
