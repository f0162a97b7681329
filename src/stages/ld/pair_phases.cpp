#include "stages/ld/pair_phases.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace salus::ld {
namespace {

/// Candidates of the chromosome that is worked on; read again when it changes.
struct Current {
    std::optional<std::size_t> chromosome;
    Candidates candidates;
    void load(const CandidateIndex& index, std::size_t wanted) {
        if (chromosome == wanted) return;
        candidates = index.read(wanted);
        chromosome = wanted;
    }
};

std::uint64_t reach_of(const LdParams& params) {
    return static_cast<std::uint64_t>(std::floor(params.ld_score_window_kb * 1000));
}

struct Block {
    std::size_t chromosome;
    LdWindow range;
};

std::vector<Block> plan_blocks(const PairWork& work, const LdScores& scores) {
    std::vector<Block> blocks;
    for (std::size_t c = 0; c < work.index.chromosomes(); ++c)
        for (const LdWindow range : choose_blocks(
                 scores.crossing(c), static_cast<std::uint32_t>(work.params.block_variants_max)))
            blocks.push_back({c, range});
    return blocks;
}

TableData block_row(const Candidates& candidates, std::uint64_t number, LdWindow range) {
    TableData table(ld_blocks_table());
    table.column<std::uint32_t>("block_number").push_back(static_cast<std::uint32_t>(number));
    table.column<std::string>("chromosome").push_back(candidates.chromosome);
    table.column<std::uint32_t>("first_location").push_back(candidates.position[range.begin]);
    table.column<std::uint32_t>("last_location").push_back(candidates.position[range.end - 1]);
    table.column<std::uint32_t>("variants").push_back(range.size());
    return table;
}

std::string matrix_name(std::uint64_t block) {
    const std::string digits = text(block);
    return text("matrices/", std::string(6 - std::min<std::size_t>(6, digits.size()), '0'), digits);
}

} // namespace

LdScores::LdScores(RunContext& context, const PairWork& work) {
    struct Unit {
        std::size_t chromosome;
        LdWindow stretch;
    };
    const std::uint64_t reach = reach_of(work.params);
    std::vector<Unit> units;
    collectively(context.comm(), "cutting stretches", [&] {
        for (std::size_t c = 0; c < work.index.chromosomes(); ++c) {
            const auto ends = reach_ends(work.index.read(c).position, reach);
            chromosomes_.push_back(
                {.stretches = score_stretches(ends), .first_unit = units.size()});
            for (const LdWindow stretch : chromosomes_.back().stretches)
                units.push_back({c, stretch});
        }
    });
    Current current;
    parts_ = context.for_each_unit("pairs", units.size(), [&](std::uint64_t u, PartWriter& part) {
        current.load(work.index, units[u].chromosome);
        const auto ends = reach_ends(current.candidates.position, reach);
        const PairScan scan(work.genotypes, current.candidates, work.samples);
        const StretchScores found = scan.scores(ends, units[u].stretch);
        part.write_array<double>("score", found.score);
        part.write_array<std::int64_t>("crossing_step", found.crossing_step);
    });
}

std::vector<double> LdScores::read(std::size_t chromosome, std::uint64_t first,
                                   std::uint64_t count) const {
    std::vector<double> scores;
    const Chromosome& wanted = chromosomes_[chromosome];
    for (std::size_t s = 0; s < wanted.stretches.size(); ++s) {
        const LdWindow stretch = wanted.stretches[s];
        const std::uint64_t begin = std::max<std::uint64_t>(first, stretch.begin),
                            end = std::min<std::uint64_t>(first + count, stretch.end);
        if (begin >= end) continue;
        const auto piece = parts_.open(wanted.first_unit + s)
                               .read_rows<double>("score", begin - stretch.begin, end - begin);
        scores.insert(scores.end(), piece.begin(), piece.end());
    }
    return scores;
}

std::vector<std::int64_t> LdScores::crossing(std::size_t chromosome) const {
    const Chromosome& wanted = chromosomes_[chromosome];
    std::vector<std::int64_t> places(wanted.stretches.empty() ? 0 : wanted.stretches.back().end);
    for (std::size_t s = 0; s < wanted.stretches.size(); ++s) {
        const auto steps =
            parts_.open(wanted.first_unit + s).read_array<std::int64_t>("crossing_step");
        const std::size_t begin = wanted.stretches[s].begin + 1;
        for (std::size_t k = 0; k < steps.size() && begin + k < places.size(); ++k)
            places[begin + k] += steps[k];
    }
    for (std::size_t p = 1; p < places.size(); ++p)
        places[p] += places[p - 1];
    return places;
}

Parts make_blocks(RunContext& context, const PairWork& work, const LdScores& scores) {
    const std::vector<Block> blocks =
        collectively(context.comm(), "cutting blocks", [&] { return plan_blocks(work, scores); });
    Current current;
    return context.for_each_unit("blocks", blocks.size(), [&](std::uint64_t b, PartWriter& part) {
        current.load(work.index, blocks[b].chromosome);
        const LdWindow range = blocks[b].range;
        const PairScan scan(work.genotypes, current.candidates, work.samples);
        part.write(block_row(current.candidates, b, range));
        part.write_array<std::int16_t>("r", scan.matrix(range), {range.size(), range.size()});
        part.write_array<std::uint64_t>("row",
                                        std::span<const std::uint64_t>(current.candidates.row)
                                            .subspan(range.begin, range.size()));
    });
}

void publish_blocks(ResultWriter& out, const Parts& parts) {
    out.assemble(ld_blocks_table(), parts);
    for (std::uint64_t b = 0; b < parts.size(); ++b) {
        const H5File part = parts.open(b);
        const std::string name = matrix_name(b);
        out.file().write_array<std::int16_t>(name + "/r", part.read_array<std::int16_t>("r"),
                                             part.shape("r"));
        out.file().write_array<std::uint64_t>(name + "/row", part.read_array<std::uint64_t>("row"));
        out.file().attribute(
            name, "long_name",
            "r: correlation of the ALT counts of two variants times 32767, missing "
            "genotypes set to the mean; row: of the variants in table variants");
        out.file().attribute(name, "scale", std::int64_t{32767});
    }
}

} // namespace salus::ld
