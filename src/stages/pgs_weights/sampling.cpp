#include "stages/pgs_weights/sampling.hpp"

#include "base/error.hpp"
#include "base/interrupt.hpp"
#include "base/text.hpp"
#include "parallel/parallel_for.hpp"

#include <bit>
#include <numeric>

namespace salus::pgs_weights {

OwnBlocks::OwnBlocks(const Parts& ld, std::span<const BlockRange> blocks, const Communicator& comm)
    : blocks_(blocks) {
    for (std::size_t b = static_cast<std::size_t>(comm.rank()); b < blocks.size();
         b += static_cast<std::size_t>(comm.size())) {
        number_.push_back(b);
        loaded_.push_back(load_block(ld, blocks, b));
    }
}

const ParameterRecord* Sampled::parameter(std::string_view name) const noexcept {
    for (const ParameterRecord& p : parameters)
        if (p.parameter == name) return &p;
    return nullptr;
}

double mean_of(std::span<const double> values) noexcept {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

void exchange(const Communicator& comm, std::vector<double>& values) {
    std::vector<std::uint64_t> bits(values.size());
    for (std::size_t i = 0; i < values.size(); ++i)
        bits[i] = std::bit_cast<std::uint64_t>(values[i]);
    comm.sum(std::span(bits));
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = std::bit_cast<double>(bits[i]);
}

void run_sweeps(const Sweeps& sweeps, const OwnBlocks& blocks,
                const std::vector<std::uint8_t>& alive, const RunContext& context) {
    const auto& comm = context.comm();
    const std::size_t row = sweeps.chains * sweeps.width;
    const std::uint64_t all = sweeps.burn_in + sweeps.kept;
    std::vector<double> of_blocks, sums(row);
    for (std::uint64_t i = 0; i < all; ++i) {
        const bool keep = i >= sweeps.burn_in;
        of_blocks.assign(blocks.all() * row, 0.0);
        parallel_tasks(blocks.size() * sweeps.chains, [&](std::size_t task) {
            const std::size_t own = task / sweeps.chains, chain = task % sweeps.chains;
            if (alive[chain] == 0) return;
            sweeps.sweep(own, chain, i, keep,
                         std::span(of_blocks).subspan(
                             blocks.number(own) * row + chain * sweeps.width, sweeps.width));
        });
        exchange(comm, of_blocks);
        std::fill(sums.begin(), sums.end(), 0.0);
        for (std::size_t at = 0; at < of_blocks.size(); ++at)
            sums[at % row] += of_blocks[at];
        sweeps.update(sums, i, keep);
        if (comm.any(interrupt_requested()))
            throw Interrupted(
                {.what = text("stopped in iteration ", i + 1, " of ", all, " of ", sweeps.method),
                 .where = "stage pgs_weights",
                 .why = "the chains begin again when the job goes on",
                 .help = {}});
        if ((i + 1) % 100 == 0)
            context.log().info(text(sweeps.method, ": iteration ", i + 1, " of ", all, " of ",
                                    sweeps.chains, " chains"));
    }
}

Parts write_sampled(
    std::string_view method, std::size_t sets, const Statistics& s, const OwnBlocks& blocks,
    const std::function<std::vector<double>(std::size_t own, std::size_t set)>& mean,
    RunContext& context) {
    // Every rank has its blocks only: it gives them to the one that writes, which may be another.
    std::vector<double> all(sets * s.size(), 0.0);
    for (std::size_t own = 0; own < blocks.size(); ++own) {
        const std::size_t begin = blocks[own].range.begin;
        for (std::size_t set = 0; set < sets; ++set) {
            const auto some = mean(own, set);
            for (std::size_t j = 0; j < some.size(); ++j)
                all[set * s.size() + begin + j] = some[j] * s.scale[begin + j];
        }
    }
    exchange(context.comm(), all);
    return context.for_each_unit(method, blocks.all(), [&](std::uint64_t b, PartWriter& part) {
        const BlockRange range = blocks.ranges()[b];
        std::vector<double> weights;
        for (std::size_t set = 0; set < sets; ++set) {
            const auto some =
                std::span<const double>(all).subspan(set * s.size() + range.begin, range.size());
            weights.insert(weights.end(), some.begin(), some.end());
        }
        part.write_array<double>("weights", weights, {}, Compression::none);
    });
}

} // namespace salus::pgs_weights
