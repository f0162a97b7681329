#include "stages/ingest_genomes/depth_parts.hpp"

#include "base/error.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {
namespace {

struct NamedSum {
    const char* name;
    std::vector<std::uint64_t> SampleDepths::*member;
};
constexpr std::array<NamedSum, 4> sums{
    {{"depths/het_calls", &SampleDepths::het_calls},
     {"depths/alt_depth", &SampleDepths::alt_depth},
     {"depths/total_depth", &SampleDepths::total_depth},
     {"depths/unbalanced_calls", &SampleDepths::unbalanced_calls}}};

} // namespace

void write_unit_depths(PartWriter& part, const SampleDepths& depths) {
    for (const auto& [name, member] : sums)
        part.write_array<std::uint64_t>(name, depths.*member);
}

SampleDepths sum_unit_depths(const Communicator& comm, const Parts& parts, std::size_t samples) {
    SampleDepths total(samples);
    collectively(comm, "summing the allele depths", [&] {
        const auto ranks = static_cast<std::uint64_t>(comm.size());
        auto unit = static_cast<std::uint64_t>(comm.rank());
        for (; unit < parts.size(); unit += ranks) {
            const H5File part = parts.open(unit);
            for (const auto& [name, member] : sums) {
                const auto values = part.read_array<std::uint64_t>(name);
                SALUS_ASSERT(values.size() == samples);
                for (std::size_t i = 0; i < samples; ++i)
                    (total.*member)[i] += values[i];
            }
        }
    });
    for (const NamedSum& sum : sums)
        comm.sum(std::span(total.*sum.member));
    return total;
}

} // namespace salus
