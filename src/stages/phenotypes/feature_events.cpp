#include "stages/phenotypes/feature_events.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "health/code_system.hpp"
#include "schema/suggest.hpp"
#include "stages/phenotypes/features.hpp"

#include <algorithm>
#include <cmath>

namespace salus::phenotypes {
namespace {

std::string feature_code(const std::string& name) {
    constexpr std::string_view system = "FEATURE";
    return text(system, ":", normalise_code(system, name).value_or(name));
}

std::vector<Pseudonym> pseudonyms_in(const TableData& rows) {
    std::vector<Pseudonym> out;
    for (std::size_t i = 0; i < rows.rows(); ++i)
        out.push_back({rows.column<std::uint64_t>("pseudonym_high")[i],
                       rows.column<std::uint64_t>("pseudonym_low")[i]});
    return out;
}

} // namespace

FeatureEvents::FeatureEvents(const FeatureStore& features, const EventStore& store,
                             const std::vector<std::string>& names)
    : store_(store), codes_(store.codes()), units_(store.units()), concepts_(store.concepts()) {
    if (features.key_mark() != store.file().text_attribute("/", "pseudonym_key_mark"))
        throw DataError(
            {.what = "features and health records have pseudonyms of different keys",
             .where = text(features.path().string(), " and ", store.file().path().string()),
             .why = "persons meet by their pseudonyms, so none would be known",
             .help = "make both with the same pseudonym_key"});
    for (const std::string& name : names) {
        bool any = false;
        for (const StoredFeature& feature : features.features()) {
            if (!fits_pattern(feature.feature.name, name)) continue;
            any = true;
            add_column(features, feature);
        }
        if (any) continue;
        std::vector<std::string> known;
        for (const StoredFeature& feature : features.features())
            known.push_back(feature.feature.name);
        throw UsageError({.what = text("there is no feature ", name),
                          .where = "parameter feature_events",
                          .why = text("the features are those of ", features.path().string()),
                          .help = suggestion(name, known)});
    }
}

std::uint32_t FeatureEvents::add_code(const std::string& code) {
    codes_.push_back(code);
    concepts_.push_back(0);
    return static_cast<std::uint32_t>(codes_.size() - 1);
}

void FeatureEvents::add_column(const FeatureStore& features, const StoredFeature& stored) {
    const auto [table, fresh] = tables_.try_emplace(stored.table);
    if (fresh) {
        const TableData rows =
            features.rows(stored.table, {"pseudonym_high", "pseudonym_low", "day"});
        table->second = {pseudonyms_in(rows), rows.column<double>("day")};
    }
    Column column{.table = &table->second,
                  .values = features.values(stored),
                  .levels = stored.feature.has_levels()};
    if (column.levels) {
        column.code = static_cast<std::uint32_t>(codes_.size());
        for (const FeatureLevel& level : stored.feature.levels)
            add_code(feature_code(text(stored.feature.name, "=", level.label)));
    } else {
        column.code = add_code(feature_code(stored.feature.name));
        const auto known = std::find(units_.begin(), units_.end(), stored.feature.unit);
        column.unit = static_cast<std::uint32_t>(known - units_.begin());
        if (known == units_.end()) units_.push_back(stored.feature.unit);
    }
    columns_.push_back(std::move(column));
}

void FeatureEvents::add_to(Shard& shard, std::uint64_t number) const {
    const std::uint64_t begin = store_.person_begin()[number];
    const std::vector<Pseudonym> persons = pseudonyms_in(store_.file().read_rows(
        "persons", begin, shard.size(), {"pseudonym_high", "pseudonym_low"}));
    std::vector<Event> events;
    std::vector<std::size_t> event_begin{0};
    for (std::size_t p = 0; p < persons.size(); ++p) {
        const auto first = events.size();
        for (const Event& event : shard.person(p).events)
            events.push_back(event);
        for (const Column& column : columns_) {
            const auto rows = std::equal_range(column.table->persons.begin(),
                                               column.table->persons.end(), persons[p]);
            for (auto at = rows.first; at != rows.second; ++at) {
                const auto row = static_cast<std::size_t>(at - column.table->persons.begin());
                const double day = column.table->day[row], value = column.values[row];
                if (std::isnan(day) || std::isnan(value)) continue;
                Event event{.day = static_cast<Day>(day),
                            .kind = EventKind::observation,
                            .code = column.code,
                            .unit = column.unit,
                            .value = value,
                            .end = static_cast<Day>(day)};
                if (column.levels) {
                    event.code += static_cast<std::uint32_t>(value);
                    event.value = std::nan("");
                }
                events.push_back(event);
            }
        }
        std::stable_sort(events.begin() + static_cast<std::ptrdiff_t>(first), events.end(),
                         [](const Event& a, const Event& b) { return a.day < b.day; });
        event_begin.push_back(events.size());
    }
    shard.events = std::move(events);
    shard.event_begin = std::move(event_begin);
}

} // namespace salus::phenotypes
