#include "stages/kinship/pairs.hpp"

#include "models/kinship.hpp"
#include "parallel/parallel_for.hpp"
#include "parallel/read_once.hpp"

#include <algorithm>
#include <tuple>

namespace salus::relatedness {
namespace {

constexpr std::string_view parent_child = "parent_child"; // as relation_of says it

struct BandPair {
    std::uint64_t first, second;
};

std::vector<BandPair> band_pairs(std::uint64_t bands) {
    std::vector<BandPair> units;
    for (std::uint64_t a = 0; a < bands; ++a)
        for (std::uint64_t b = a; b < bands; ++b)
            units.push_back({a, b});
    return units;
}

class PairWriter {
public:
    PairWriter(const SampleTable& samples, const Cohort& cohort, const Bands& bands,
               const ChosenVariants& chosen, const KinshipParams& params)
        : samples_(samples), cohort_(cohort), bands_(bands), ibs0_expected_(chosen.ibs0_expected),
          variants_(chosen.variant.size()), params_(params) {}

    void write(const BandPair& unit, BandReader& planes, PartWriter& part) const {
        const PlaneBand& a = planes.band(unit.first);
        const PlaneBand& b = planes.band(unit.second);
        const auto looks = look_points(planes.chunk_het(), params_.kinship_min);
        const auto limit_a = distance_limits(a, variants_, params_.kinship_min);
        const auto limit_b = distance_limits(b, variants_, params_.kinship_min);
        const PairSearch search{.first = a,
                                .second = b,
                                .same_band = unit.first == unit.second,
                                .kinship_min = params_.kinship_min,
                                .screen =
                                    params_.screen == "none" ? PairScreen::none : PairScreen::exact,
                                .looks = looks,
                                .missing_call = faster_missing_call(limit_a, limit_b, variants_)};
        const std::size_t tasks = (a.samples() + search_rows - 1) / search_rows;
        std::vector<std::vector<FoundPair>> found(tasks);
        std::vector<PairTotals> totals(tasks);
        parallel_for(tasks, [&](std::size_t t) {
            found[t] = search_pairs(search, limit_a, limit_b, t * search_rows,
                                    std::min((t + 1) * search_rows, a.samples()), totals[t]);
        });
        TableData rows(kinship_pairs_table());
        std::vector<std::uint32_t> index;
        for (const auto& pairs : found)
            for (const FoundPair& pair : pairs)
                append(pair, unit, rows, index);
        part.write(rows);
        part.write_array<std::uint32_t>("index", index);
        std::vector<std::uint64_t> sums(2);
        for (const PairTotals& t : totals)
            sums[0] += t.compared, sums[1] += t.evaluated;
        part.write_array<std::uint64_t>("totals", sums);
        if (search.same_band) part.write_array<std::uint32_t>("called", called_in(a));
    }

private:
    static std::vector<std::uint32_t> called_in(const PlaneBand& band) {
        std::vector<std::uint32_t> called(band.samples());
        for (std::size_t i = 0; i < called.size(); ++i)
            called[i] = count_calls(band.at(i), band.chunks()).called;
        return called;
    }

    void append(const FoundPair& pair, const BandPair& unit, TableData& rows,
                std::vector<std::uint32_t>& index) const {
        const std::uint32_t first = cohort_.samples[bands_.begin(unit.first) + pair.first];
        const std::uint32_t second = cohort_.samples[bands_.begin(unit.second) + pair.second];
        const auto number = [&](const char* name, std::uint32_t value) {
            rows.column<std::uint32_t>(name).push_back(value);
        };
        const std::uint8_t degree = degree_of(pair.kinship);
        const double expected = ibs0_expected_ * pair.variants;
        const double ratio = expected > 0 ? pair.counts.ibs0 / expected : 0;
        rows.column<std::string>("sample_1").push_back(samples_.id[first]);
        rows.column<std::string>("sample_2").push_back(samples_.id[second]);
        number("variants", pair.variants);
        number("het_1", pair.counts.het_first());
        number("het_2", pair.counts.het_second());
        number("het_het", pair.counts.het_het);
        number("ibs0", pair.counts.ibs0);
        rows.column<double>("kinship").push_back(pair.kinship);
        rows.column<std::uint8_t>("degree").push_back(degree);
        rows.column<std::string>("relation")
            .emplace_back(relation_of(degree, ratio, params_.parent_child_ibs0_max));
        index.push_back(first);
        index.push_back(second);
    }

    const SampleTable& samples_;
    const Cohort& cohort_;
    const Bands& bands_;
    double ibs0_expected_;
    std::size_t variants_;
    const KinshipParams& params_;
};

} // namespace

Parts compare_pairs(RunContext& context, const SampleTable& samples, const Cohort& cohort,
                    const ChosenVariants& chosen, const Parts& planes,
                    const KinshipParams& params) {
    const Bands bands(cohort.samples.size());
    BandReader reader = read_once(context.comm(), "reading the order of variants",
                                  [&] { return BandReader(planes, bands); });
    const auto units = band_pairs(bands.count());
    const PairWriter writer(samples, cohort, bands, chosen, params);
    return context.for_each_unit("pairs", units.size(), [&](std::uint64_t u, PartWriter& part) {
        writer.write(units[u], reader, part);
    });
}

std::string_view PairFact::relation() const noexcept {
    return parent_child ? relatedness::parent_child : relation_of(degree, 1, 0);
}

Findings collect(const Parts& parts, const Cohort& cohort, std::size_t samples,
                 std::uint64_t variants) {
    const Bands bands(cohort.samples.size());
    const auto units = band_pairs(bands.count());
    Findings all;
    all.call_rate.assign(samples, 0);
    std::uint64_t found = 0;
    for (std::uint64_t u = 0; u < parts.size(); ++u)
        found += parts.open(u).rows("pairs");
    all.pairs.reserve(found);
    for (std::uint64_t u = 0; u < parts.size(); ++u) {
        const H5File part = parts.open(u);
        const TableData rows = part.read("pairs", {"kinship", "degree", "relation"});
        const auto index = part.read_array<std::uint32_t>("index");
        for (std::size_t k = 0; k < rows.rows(); ++k)
            all.pairs.push_back(
                {.first = index[2 * k],
                 .second = index[2 * k + 1],
                 .kinship = rows.column<double>("kinship")[k],
                 .degree = rows.column<std::uint8_t>("degree")[k],
                 .parent_child = rows.column<std::string>("relation")[k] == parent_child});
        const auto totals = part.read_array<std::uint64_t>("totals");
        all.compared += totals.at(0);
        all.evaluated += totals.at(1);
        if (units[u].first != units[u].second || variants == 0) continue;
        const auto called = part.read_array<std::uint32_t>("called");
        for (std::size_t i = 0; i < called.size(); ++i)
            all.call_rate[cohort.samples[bands.begin(units[u].first) + i]] =
                static_cast<double>(called[i]) / static_cast<double>(variants);
    }
    std::sort(all.pairs.begin(), all.pairs.end(), [](const PairFact& a, const PairFact& b) {
        return std::tie(a.first, a.second) < std::tie(b.first, b.second);
    });
    return all;
}

} // namespace salus::relatedness
