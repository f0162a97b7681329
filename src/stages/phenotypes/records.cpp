#include "stages/phenotypes/records.hpp"

#include "base/numbers.hpp"
#include "health/status_matrix.hpp"
#include "parallel/parallel_for.hpp"

#include <algorithm>

namespace salus::phenotypes {
namespace {

void fill_row(const RecordLayout& layout, const TraitPanel& panel, const PersonView& person,
              std::span<const TraitOutcome> outcomes, std::span<double> out) {
    for (const RecordLayout::Column& column : layout.columns) {
        const Trait& trait = panel.traits()[column.trait];
        const TraitOutcome& outcome = outcomes[column.trait];
        out[column.value] = trait_value(trait, outcome);
        if (column.status) out[column.date] = outcome.holds() ? outcome.date : nan;
        if (column.follow) {
            out[column.date + 1] = outcome.follow.start;
            out[column.date + 2] = outcome.follow.end;
        }
        if (column.timed) {
            const TimeAtRisk at_risk = time_at_risk(trait, person, outcome);
            out[column.value] = at_risk.event;
            out[column.time] = at_risk.time;
            out[column.time + 1] = at_risk.entry;
        }
    }
    out[layout.birth] = person.birth;
    out[layout.first_day] = person.periods.empty() ? nan : person.periods.front().start;
    out[layout.last_day] = person.periods.empty() ? nan : person.periods.back().end;
    out[layout.death] = person.death;
    out[layout.sex] = person.sex;
    out[layout.observed] = person.periods.empty() ? 0 : 1;
}

TraitStatus two_bits(CaseStatus status) noexcept {
    switch (status) {
    case CaseStatus::control:
        return TraitStatus::control;
    case CaseStatus::event_case:
        return TraitStatus::event_case;
    case CaseStatus::excluded:
        return TraitStatus::excluded;
    default:
        return TraitStatus::not_applicable;
    }
}

/// Attrition as it stands in a part: per definition its numbers.
std::vector<std::uint64_t> as_numbers(const std::vector<std::vector<AttritionCounts>>& by_thread,
                                      std::size_t traits) {
    std::vector<std::uint64_t> sum(traits * AttritionCounts::size, 0), one(AttritionCounts::size);
    for (const auto& counts : by_thread)
        for (std::size_t t = 0; t < counts.size(); ++t) {
            counts[t].write(one);
            for (std::size_t i = 0; i < one.size(); ++i)
                sum[t * one.size() + i] += one[i];
        }
    return sum;
}

} // namespace

RecordLayout::RecordLayout(const TraitPanel& panel) {
    std::size_t next = 0;
    const auto take = [&](std::size_t n) {
        next += n;
        return next - n;
    };
    for (std::size_t t = 0; t < panel.size(); ++t) {
        const TraitKind kind = panel.traits()[t].kind();
        if (kind == TraitKind::criterion) continue;
        Column column;
        column.trait = t;
        column.value = take(1);
        if (kind != TraitKind::quantitative) column.status = statuses++;
        column.timed = kind == TraitKind::time_to_event;
        column.follow = column.timed || kind == TraitKind::binary;
        if (column.status) column.date = take(column.follow ? 3 : 1);
        if (column.timed) column.time = take(2);
        columns.push_back(column);
    }
    birth = take(1);
    first_day = take(1);
    last_day = take(1);
    death = take(1);
    sex = take(1);
    observed = take(1);
    width = next;
}

void read_records(const RecordSource& source, std::uint64_t shard_number, const TraitPanel& panel,
                  const PhecodeTraits& phecodes, const Cohort& cohort, PartWriter& part) {
    Shard shard = source.store.read_shard(shard_number);
    if (source.features != nullptr) source.features->add_to(shard, shard_number);
    const RecordLayout layout(panel);
    std::vector<std::uint32_t> sample, person;
    for (std::size_t i = 0; i < shard.linked.size(); ++i) {
        const auto found = cohort.find(shard.sample_id[i]);
        if (!found) continue;
        sample.push_back(*found);
        person.push_back(shard.linked[i]);
    }
    std::vector<double> values(sample.size() * layout.width);
    const std::size_t statuses_width = status_bytes(phecodes.size() + layout.statuses);
    std::vector<std::uint8_t> status(sample.size() * statuses_width, 0);
    std::vector<TraitPanel::Scratch> scratch(thread_count());
    std::vector<PhecodePanel::Scratch> phecode_scratch(thread_count());
    std::vector<std::vector<AttritionCounts>> attrition(thread_count(),
                                                        std::vector<AttritionCounts>(panel.size()));
    parallel_for(sample.size(), [&](std::size_t i) {
        const PersonView view = shard.person(person[i]);
        const auto outcomes = panel.evaluate(view, scratch[thread_index()]);
        for (std::size_t t = 0; t < outcomes.size(); ++t)
            attrition[thread_index()][t].add(outcomes[t]);
        fill_row(layout, panel, view, outcomes,
                 std::span(values).subspan(i * layout.width, layout.width));
        const auto packed = std::span(status).subspan(i * statuses_width, statuses_width);
        if (phecodes.size() > 0)
            phecodes.panel().evaluate(view, phecode_scratch[thread_index()], packed);
        for (const RecordLayout::Column& column : layout.columns)
            if (column.status)
                status_set(packed, phecodes.size() + *column.status,
                           two_bits(outcomes[column.trait].status));
    });
    SampleRows rows(layout.width);
    for (std::size_t i = 0; i < sample.size(); ++i)
        std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(i * layout.width), layout.width,
                    rows.add(sample[i]).begin());
    rows.write(part, cohort.size());
    StatusRows statuses(phecodes.size() + layout.statuses);
    const auto bytes = static_cast<std::ptrdiff_t>(statuses_width);
    for (std::size_t i = 0; i < sample.size(); ++i)
        std::copy_n(status.begin() + static_cast<std::ptrdiff_t>(i) * bytes, bytes,
                    statuses.add(sample[i]).begin());
    statuses.write(part, cohort.size(), block_samples);
    part.write_array<std::uint64_t>("unknown",
                                    std::vector<std::uint64_t>{shard.linked.size() - sample.size()},
                                    {}, Compression::none);
    part.write_array<std::uint64_t>("attrition", as_numbers(attrition, panel.size()), {},
                                    Compression::none);
}

std::uint64_t unknown_links(const Parts& parts) {
    std::uint64_t unknown = 0;
    for (std::uint64_t u = 0; u < parts.size(); ++u)
        unknown += parts.open(u).read_array<std::uint64_t>("unknown").at(0);
    return unknown;
}

std::vector<AttritionCounts> add_attrition(const Parts& parts, std::size_t traits) {
    std::vector<AttritionCounts> counts(traits);
    for (std::uint64_t u = 0; u < parts.size(); ++u) {
        const auto numbers = parts.open(u).read_array<std::uint64_t>("attrition");
        SALUS_ASSERT(numbers.size() == traits * AttritionCounts::size);
        for (std::size_t t = 0; t < traits; ++t)
            counts[t].add(
                std::span(numbers).subspan(t * AttritionCounts::size, AttritionCounts::size));
    }
    return counts;
}

} // namespace salus::phenotypes
