#include "stages/association/median.hpp"

#include "store/h5.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

namespace salus::association {
namespace {

constexpr std::size_t most_kept = std::size_t{1} << 23; // values, 64 MiB
constexpr std::uint64_t rows_at_once = std::uint64_t{1} << 20;

// The values of this rank's parts, visited as often as needed.
class Values {
public:
    Values(const Communicator& comm, const Parts& parts, std::string column)
        : comm_(comm), parts_(parts), column_(std::move(column)) {}

    template <class F>
    void for_each(F&& visit) {
        if (complete_) {
            for (const double value : kept_)
                visit(value);
            return;
        }
        bool fits = true;
        kept_.clear();
        read([&](double value) {
            if (std::isnan(value)) return;
            fits = fits && kept_.size() < most_kept;
            if (fits) kept_.push_back(value);
            visit(value);
        });
        complete_ = fits;
        if (!fits) kept_ = {};
    }

private:
    template <class F>
    void read(F&& visit) const {
        const auto ranks = static_cast<std::uint64_t>(comm_.size());
        for (auto unit = static_cast<std::uint64_t>(comm_.rank()); unit < parts_.size();
             unit += ranks) {
            const H5File part = parts_.open(unit);
            const std::uint64_t rows = part.shape(column_).at(0);
            for (std::uint64_t begin = 0; begin < rows; begin += rows_at_once) {
                const std::uint64_t count = std::min(rows_at_once, rows - begin);
                for (const double value : part.read_rows<double>(column_, begin, count))
                    visit(value);
            }
        }
    }

    const Communicator& comm_;
    const Parts& parts_;
    std::string column_;
    std::vector<double> kept_;
    bool complete_ = false;
};

// The value of 0-based rank `wanted` among all values of all ranks.
double select(const Communicator& comm, Values& values, std::uint64_t wanted) {
    std::uint64_t prefix = 0;
    for (int shift = 48; shift >= 0; shift -= 16) {
        std::vector<std::uint64_t> bins(65536);
        collectively(comm, "counting test results", [&] {
            values.for_each([&](double value) {
                const auto bits = std::bit_cast<std::uint64_t>(value);
                if (shift < 48 && bits >> (shift + 16) != prefix) return;
                ++bins[bits >> shift & 65535];
            });
        });
        comm.sum(std::span(bins));
        std::uint64_t bin = 0;
        while (wanted >= bins[bin])
            wanted -= bins[bin++];
        prefix = prefix << 16 | bin;
    }
    return std::bit_cast<double>(prefix);
}

} // namespace

ColumnMedian median_of(const Communicator& comm, const Parts& parts, const std::string& column) {
    Values values(comm, parts, column);
    std::uint64_t count = 0;
    collectively(comm, "counting test results", [&] { values.for_each([&](double) { ++count; }); });
    comm.sum(std::span(&count, 1));
    ColumnMedian median{.count = count};
    if (count == 0) return median;
    median.lower = select(comm, values, (count - 1) / 2);
    median.upper = count % 2 == 1 ? median.lower : select(comm, values, count / 2);
    return median;
}

} // namespace salus::association
