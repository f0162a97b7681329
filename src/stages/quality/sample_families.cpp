#include "stages/quality/sample_families.hpp"

#include <cmath>
#include <limits>
#include <span>

namespace salus {

double TrioCounts::rate(std::size_t trio) const noexcept {
    return judged[trio] == 0
               ? std::numeric_limits<double>::quiet_NaN()
               : static_cast<double>(errors[trio]) / static_cast<double>(judged[trio]);
}

TrioCounts sum_trio_counts(const Communicator& comm, const Parts& parts, std::size_t trios) {
    TrioCounts sum{.judged = std::vector<std::uint32_t>(trios),
                   .errors = std::vector<std::uint32_t>(trios)};
    if (trios == 0) return sum;
    collectively(comm, "summing the Mendel errors", [&] {
        const auto ranks = static_cast<std::uint64_t>(comm.size());
        for (auto u = static_cast<std::uint64_t>(comm.rank()); u < parts.size(); u += ranks) {
            const H5File part = parts.open(u);
            const auto judged = part.read_array<std::uint32_t>("trios/judged");
            const auto errors = part.read_array<std::uint32_t>("trios/errors");
            SALUS_ASSERT(judged.size() == trios && errors.size() == trios);
            for (std::size_t t = 0; t < trios; ++t)
                sum.judged[t] += judged[t], sum.errors[t] += errors[t];
        }
    });
    comm.sum(std::span(sum.judged));
    comm.sum(std::span(sum.errors));
    return sum;
}

TableData trios_table(const SampleTable& samples, const QualityCohort& cohort,
                      const TrioCounts& counts) {
    TableData table(quality_trios_table());
    for (std::size_t t = 0; t < cohort.trios.size(); ++t) {
        const Trio& trio = cohort.trios[t];
        table.column<std::string>("child").push_back(samples.id[trio.child]);
        table.column<std::string>("father").push_back(samples.id[trio.father]);
        table.column<std::string>("mother").push_back(samples.id[trio.mother]);
        table.column<std::uint32_t>("variants").push_back(counts.judged[t]);
        table.column<std::uint32_t>("mendel_errors").push_back(counts.errors[t]);
        table.column<double>("mendel_error_rate").push_back(counts.rate(t));
    }
    return table;
}

namespace {

struct SetSum {
    std::uint32_t samples = 0, passed = 0;
    double call_rate = 0, called = 0, heterozygosity = 0, measured = 0;
};

void append_sets(const char* kind, const Partition& partition, const TableData& samples,
                 TableData& out) {
    const auto& call_rate = samples.column<double>("call_rate");
    const auto& heterozygosity = samples.column<double>("heterozygosity");
    const auto& pass = samples.column<std::uint8_t>("pass");
    std::vector<SetSum> sums(partition.size());
    for (std::size_t i = 0; i < pass.size() && !partition.empty(); ++i) {
        if (partition.label[i] == Partition::none) continue;
        SetSum& sum = sums[partition.label[i]];
        ++sum.samples;
        sum.passed += pass[i];
        if (!std::isnan(call_rate[i])) sum.call_rate += call_rate[i], ++sum.called;
        if (!std::isnan(heterozygosity[i])) sum.heterozygosity += heterozygosity[i], ++sum.measured;
    }
    for (std::size_t l = 0; l < sums.size(); ++l) {
        out.column<std::string>("kind").push_back(kind);
        out.column<std::string>("name").push_back(partition.names[l]);
        out.column<std::uint32_t>("samples").push_back(sums[l].samples);
        out.column<std::uint32_t>("passed").push_back(sums[l].passed);
        out.column<double>("call_rate").push_back(sums[l].call_rate / sums[l].called);
        out.column<double>("heterozygosity").push_back(sums[l].heterozygosity / sums[l].measured);
    }
}

} // namespace

TableData sets_table(const QualityCohort& cohort, const TableData& samples) {
    TableData table(quality_sets_table());
    append_sets("batch", cohort.batches, samples, table);
    append_sets("group", cohort.groups, samples, table);
    return table;
}

} // namespace salus
