#include "models/relatives.hpp"

#include <algorithm>
#include <bit>
#include <queue>
#include <tuple>

namespace salus {
namespace {

/// Neighbours of every sample, in one array.
class Graph {
public:
    Graph(std::size_t samples, std::span<const RelatedPair> pairs) : first_(samples + 1) {
        for (const auto& [a, b] : pairs)
            ++first_[a + 1], ++first_[b + 1];
        for (std::size_t i = 0; i < samples; ++i)
            first_[i + 1] += first_[i];
        neighbours_.resize(2 * pairs.size());
        std::vector<std::size_t> next(first_.begin(), first_.end() - 1);
        for (const auto& [a, b] : pairs)
            neighbours_[next[a]++] = b, neighbours_[next[b]++] = a;
    }
    std::size_t size() const noexcept { return first_.size() - 1; }
    std::span<const std::uint32_t> of(std::size_t i) const noexcept {
        return std::span(neighbours_).subspan(first_[i], first_[i + 1] - first_[i]);
    }

private:
    std::vector<std::size_t> first_;
    std::vector<std::uint32_t> neighbours_;
};

std::vector<std::uint32_t> component_of(const Graph& graph, std::uint32_t start,
                                        std::vector<std::uint8_t>& seen) {
    std::vector<std::uint32_t> members{start};
    seen[start] = 1;
    for (std::size_t next = 0; next < members.size(); ++next)
        for (const std::uint32_t other : graph.of(members[next]))
            if (seen[other] == 0) seen[other] = 1, members.push_back(other);
    return members;
}

/// Independent sets of a graph of at most 64 nodes; `near[v]` are the neighbours of v as bits.
class SmallGraph {
public:
    explicit SmallGraph(std::vector<std::uint64_t> near) : near_(std::move(near)) {}

    /// Of the largest sets the one that is first in the order of nodes.
    std::uint64_t first_largest() const {
        std::uint64_t left = all(), chosen = 0;
        int wanted = largest(left);
        for (std::size_t v = 0; v < near_.size(); ++v) {
            if ((left >> v & 1) == 0) continue;
            const std::uint64_t rest = left & ~closed(v);
            if (1 + largest(rest) == wanted) {
                chosen |= std::uint64_t{1} << v;
                left = rest;
                --wanted;
            } else {
                left &= ~(std::uint64_t{1} << v);
            }
        }
        return chosen;
    }

private:
    std::uint64_t all() const noexcept {
        return near_.size() == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << near_.size()) - 1;
    }
    std::uint64_t closed(std::size_t v) const noexcept { return near_[v] | std::uint64_t{1} << v; }
    /// Size of a largest set among `left`. A node of degree 0 or 1 is always worth taking; else the
    /// node of the highest degree is in or out.
    int largest(std::uint64_t left) const {
        int taken = 0;
        while (left != 0) {
            std::size_t busiest = 0;
            int most = -1;
            bool took = false;
            for (std::uint64_t bits = left; bits != 0 && !took; bits &= bits - 1) {
                const auto v = static_cast<std::size_t>(std::countr_zero(bits));
                const int degree = std::popcount(near_[v] & left);
                if (degree <= 1) {
                    left &= ~closed(v);
                    ++taken;
                    took = true;
                } else if (degree > most) {
                    most = degree;
                    busiest = v;
                }
            }
            if (took) continue;
            const std::uint64_t out = left & ~(std::uint64_t{1} << busiest);
            return taken + std::max(1 + largest(left & ~closed(busiest)), largest(out));
        }
        return taken;
    }

    std::vector<std::uint64_t> near_;
};

class Chooser {
public:
    explicit Chooser(const UnrelatedChoice& choice)
        : choice_(choice), graph_(choice.call_rate.size(), choice.pairs),
          kept_(choice.eligible.begin(), choice.eligible.end()) {}

    std::vector<std::uint8_t> run() {
        std::vector<std::uint8_t> seen(graph_.size());
        for (std::size_t i = 0; i < seen.size(); ++i)
            if (choice_.eligible[i] == 0) seen[i] = 1;
        for (std::uint32_t i = 0; i < seen.size(); ++i) {
            if (seen[i] != 0 || graph_.of(i).empty()) continue;
            std::vector<std::uint32_t> members = component_of(graph_, i, seen);
            std::sort(members.begin(), members.end(),
                      [&](std::uint32_t a, std::uint32_t b) { return ranks_before(a, b); });
            if (members.size() <= exact_component_max)
                choose_exactly(members);
            else
                choose_greedily(members);
        }
        return std::move(kept_);
    }

private:
    bool ranks_before(std::uint32_t a, std::uint32_t b) const noexcept {
        return choice_.call_rate[a] != choice_.call_rate[b]
                   ? choice_.call_rate[a] > choice_.call_rate[b]
                   : a < b;
    }

    void choose_exactly(std::span<const std::uint32_t> members) {
        std::vector<std::uint64_t> near(members.size());
        for (std::size_t v = 0; v < members.size(); ++v)
            for (const std::uint32_t other : graph_.of(members[v])) {
                const auto at = std::find(members.begin(), members.end(), other);
                if (at != members.end()) near[v] |= std::uint64_t{1} << (at - members.begin());
            }
        const std::uint64_t chosen = SmallGraph(std::move(near)).first_largest();
        for (std::size_t v = 0; v < members.size(); ++v)
            kept_[members[v]] = chosen >> v & 1;
    }

    std::size_t kept_relatives(std::uint32_t i) const {
        const auto near = graph_.of(i);
        return static_cast<std::size_t>(std::count_if(
            near.begin(), near.end(), [&](std::uint32_t other) { return kept_[other] != 0; }));
    }

    void choose_greedily(std::span<const std::uint32_t> members) {
        // Position in `members` is the rank, so of equal degrees the last one goes first.
        std::vector<std::size_t> degree(members.size());
        std::vector<std::pair<std::uint32_t, std::size_t>> rank_of; // by sample
        std::priority_queue<std::pair<std::size_t, std::size_t>> queue;
        for (std::size_t v = 0; v < members.size(); ++v) {
            degree[v] = kept_relatives(members[v]);
            queue.emplace(degree[v], v);
            rank_of.emplace_back(members[v], v);
        }
        std::sort(rank_of.begin(), rank_of.end());
        const auto rank = [&](std::uint32_t sample) {
            return std::lower_bound(rank_of.begin(), rank_of.end(),
                                    std::pair{sample, std::size_t{0}})
                ->second;
        };
        while (!queue.empty() && queue.top().first > 0) {
            const auto [known, v] = queue.top();
            queue.pop();
            if (kept_[members[v]] == 0 || known != degree[v]) continue; // told of before
            kept_[members[v]] = 0;
            for (const std::uint32_t other : graph_.of(members[v]))
                if (kept_[other] != 0) queue.emplace(--degree[rank(other)], rank(other));
        }
        for (const std::uint32_t member : members)
            if (kept_[member] == 0 && kept_relatives(member) == 0) kept_[member] = 1;
    }

    const UnrelatedChoice& choice_;
    Graph graph_;
    std::vector<std::uint8_t> kept_;
};

} // namespace

std::vector<std::uint32_t> find_families(std::size_t samples, std::span<const RelatedPair> pairs) {
    const Graph graph(samples, pairs);
    std::vector<std::uint32_t> family(samples);
    std::vector<std::uint8_t> seen(samples);
    std::uint32_t last = 0;
    for (std::uint32_t i = 0; i < samples; ++i) {
        if (seen[i] != 0 || graph.of(i).empty()) continue;
        ++last;
        for (const std::uint32_t member : component_of(graph, i, seen))
            family[member] = last;
    }
    return family;
}

std::vector<std::uint8_t> unrelated_set(const UnrelatedChoice& choice) {
    return Chooser(choice).run();
}

} // namespace salus
