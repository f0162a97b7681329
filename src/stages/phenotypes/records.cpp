#include "stages/phenotypes/records.hpp"

#include "parallel/parallel_for.hpp"

#include <algorithm>

namespace salus::phenotypes {

void read_records(const EventStore& store, std::uint64_t shard_number, const TraitPanel& panel,
                  const Cohort& cohort, PartWriter& part) {
    const Shard shard = store.read_shard(shard_number);
    const std::size_t traits = panel.value_count(), columns = traits + record_columns;
    std::vector<std::uint32_t> sample, person;
    for (std::size_t i = 0; i < shard.linked.size(); ++i) {
        const auto found = cohort.find(shard.sample_id[i]);
        if (!found) continue;
        sample.push_back(*found);
        person.push_back(shard.linked[i]);
    }
    std::vector<double> values(sample.size() * columns);
    std::vector<TraitPanel::Scratch> scratch(thread_count());
    parallel_for(sample.size(), [&](std::size_t i) {
        const PersonView view = shard.person(person[i]);
        const std::span<double> out = std::span(values).subspan(i * columns, columns);
        panel.evaluate(view, scratch[thread_index()], out.first(traits));
        out[traits + record_birth] = view.birth;
        out[traits + record_last_day] = view.periods.empty()
                                            ? std::numeric_limits<double>::quiet_NaN()
                                            : view.periods.back().end;
        out[traits + record_sex] = view.sex;
        out[traits + record_observed] = view.periods.empty() ? 0 : 1;
    });
    SampleRows rows(columns);
    for (std::size_t i = 0; i < sample.size(); ++i)
        std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(i * columns), columns,
                    rows.add(sample[i]).begin());
    rows.write(part, cohort.size());
    part.write_array<std::uint64_t>("unknown",
                                    std::vector<std::uint64_t>{shard.linked.size() - sample.size()},
                                    {}, Compression::none);
}

std::uint64_t unknown_links(const Parts& parts) {
    std::uint64_t unknown = 0;
    for (std::uint64_t u = 0; u < parts.size(); ++u)
        unknown += parts.open(u).read_array<std::uint64_t>("unknown").at(0);
    return unknown;
}

} // namespace salus::phenotypes
