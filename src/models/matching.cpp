#include "models/matching.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

namespace salus {
namespace {

std::vector<std::size_t> order_of(const MatchInput& in) {
    std::vector<std::size_t> cases(in.case_value.size());
    std::iota(cases.begin(), cases.end(), std::size_t{0});
    std::stable_sort(cases.begin(), cases.end(), [&](std::size_t a, std::size_t b) {
        switch (in.order) {
        case MatchOrder::largest:
            return in.case_value[a] > in.case_value[b];
        case MatchOrder::smallest:
            return in.case_value[a] < in.case_value[b];
        case MatchOrder::random:
            return in.case_key[a] < in.case_key[b];
        case MatchOrder::data:
            break;
        }
        return false;
    });
    return cases;
}

/// Controls by value, with the next free one on either side of a place.
class ControlLine {
public:
    explicit ControlLine(const MatchInput& in)
        : in_(in), order_(in.control_value.size()), left_(order_.size() + 1),
          right_(order_.size() + 1) {
        std::iota(order_.begin(), order_.end(), std::size_t{0});
        std::sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) {
            if (value(a) != value(b)) return value(a) < value(b);
            return in_.control_key[a] < in_.control_key[b];
        });
        std::iota(left_.begin(), left_.end(), std::size_t{0});
        std::iota(right_.begin(), right_.end(), std::size_t{0});
    }

    /// First place whose value is not below `value`.
    std::size_t place_of(double wanted) const {
        return static_cast<std::size_t>(
            std::lower_bound(order_.begin(), order_.end(), wanted,
                             [&](std::size_t c, double v) { return value(c) < v; }) -
            order_.begin());
    }
    /// Largest free place below `place`, as place + 1; 0 = none.
    std::size_t below(std::size_t place) { return find(left_, place); }
    /// Smallest free place from `place` on; size() = none.
    std::size_t from(std::size_t place) { return find(right_, place); }
    std::size_t size() const noexcept { return order_.size(); }
    std::size_t control(std::size_t place) const { return order_[place]; }

    /// The nearer of the control below and the control above.
    std::optional<MatchedPair> nearer(std::size_t case_index, std::size_t low,
                                      std::size_t high) const {
        std::optional<MatchedPair> best;
        if (low > 0) best = pair(case_index, order_[low - 1]);
        if (high < order_.size()) {
            const MatchedPair other = pair(case_index, order_[high]);
            if (!best || other.distance < best->distance ||
                (other.distance == best->distance &&
                 in_.control_key[other.control_index] < in_.control_key[best->control_index]))
                best = other;
        }
        if (best && best->distance > in_.caliper) best.reset();
        return best;
    }
    void take(std::size_t place) {
        left_[place + 1] = place;
        right_[place] = place + 1;
    }
    /// Place of a control that stands just below or at `place`.
    bool is_at(std::size_t control, std::size_t place) const { return order_[place] == control; }

private:
    double value(std::size_t control) const { return in_.control_value[control]; }
    MatchedPair pair(std::size_t case_index, std::size_t control) const {
        return {case_index, control, std::fabs(in_.case_value[case_index] - value(control))};
    }
    static std::size_t find(std::vector<std::size_t>& parent, std::size_t at) {
        std::size_t root = at;
        while (parent[root] != root)
            root = parent[root];
        while (parent[at] != root)
            at = std::exchange(parent[at], root);
        return root;
    }

    const MatchInput& in_;
    std::vector<std::size_t> order_, left_, right_;
};

void match_in_rounds(const MatchInput& in, ControlLine& line, const std::vector<std::size_t>& cases,
                     std::vector<MatchedPair>& out) {
    std::vector<std::size_t> waiting = cases;
    for (std::size_t round = 0; round < in.ratio && !waiting.empty(); ++round) {
        std::vector<std::size_t> served;
        for (const std::size_t c : waiting) {
            const std::size_t place = line.place_of(in.case_value[c]);
            const std::size_t low = line.below(place), high = line.from(place);
            const auto pair = line.nearer(c, low, high);
            if (!pair) continue; // nothing left within reach, nor in later rounds
            line.take(low > 0 && line.is_at(pair->control_index, low - 1) ? low - 1 : high);
            out.push_back(*pair);
            served.push_back(c);
        }
        waiting = std::move(served);
    }
}

void match_with_replacement(const MatchInput& in, ControlLine& line,
                            std::vector<MatchedPair>& out) {
    for (std::size_t c = 0; c < in.case_value.size(); ++c) {
        std::size_t low = line.place_of(in.case_value[c]), high = low;
        for (std::size_t k = 0; k < in.ratio; ++k) {
            const auto pair = line.nearer(c, low, high);
            if (!pair) break;
            if (low > 0 && line.is_at(pair->control_index, low - 1))
                --low;
            else
                ++high;
            out.push_back(*pair);
        }
    }
}

} // namespace

std::vector<MatchedPair> match_nearest(const MatchInput& in) {
    SALUS_ASSERT(in.control_key.size() == in.control_value.size());
    SALUS_ASSERT(in.order != MatchOrder::random || in.case_key.size() == in.case_value.size());
    ControlLine line(in);
    std::vector<MatchedPair> out;
    if (in.replacement == Replacement::with)
        match_with_replacement(in, line, out);
    else
        match_in_rounds(in, line, order_of(in), out);
    std::stable_sort(out.begin(), out.end(), [](const MatchedPair& a, const MatchedPair& b) {
        return a.case_index < b.case_index;
    });
    return out;
}

} // namespace salus
