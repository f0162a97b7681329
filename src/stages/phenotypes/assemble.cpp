#include "stages/phenotypes/assemble.hpp"

#include "base/date.hpp"
#include "base/numbers.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace salus::phenotypes {
namespace {

constexpr const char* time_to_event = "time_to_event";

std::string entry_column(const std::string& trait) { return trait + ".entry"; }

/// The unit of a summary of values.
std::string summary_unit(const TraitDefinition& d) {
    if (d.summary == "count" || d.summary == "dates") return "1";
    if (d.summary == "slope") return d.unit == "1" ? "1/a" : d.unit + "/a";
    if (d.summary == "area") return d.unit == "1" ? "a" : d.unit + ".a";
    return d.unit;
}

std::string unit_of(const TraitInfo& trait) {
    if (trait.kind == "date") return std::string(date_unit);
    return trait.unit.empty() ? "1" : trait.unit;
}

void check_unique(const std::vector<std::string>& names, std::string_view what) {
    std::set<std::string_view> seen;
    for (const std::string& name : names)
        if (!seen.insert(name).second)
            throw UsageError({.what = text(what, " ", name, " is there twice"),
                              .where = "stage phenotypes",
                              .why = "definitions, trait table, features and covariates share one "
                                     "set of names",
                              .help = "rename one of them"});
}

/// The rows of one block while they are put together.
class Block {
public:
    Block(const Layout& layout, const Cohort& cohort, std::uint64_t block)
        : layout_(layout), cohort_(cohort), first_(block * block_samples),
          size_(std::min<std::uint64_t>(block_samples, cohort.size() - first_)),
          has_person_(size_, 0), in_table_(size_, 0), samples_(samples_table()),
          traits_(layout.traits_table()), times_(layout.times_table()),
          covariates_(layout.covariates_table()), lives_(lives_table()) {
        for (TableSpec& spec : layout.case_tables())
            cases_.emplace_back(std::move(spec));
        std::vector<TableData*> tables{&traits_, &times_, &covariates_, &lives_};
        for (TableData& table : cases_)
            tables.push_back(&table);
        for (TableData* table : tables)
            for (ColumnData& column : table->columns())
                std::get<std::vector<double>>(column).assign(size_, nan);
        samples_.column<std::uint8_t>("has_record").assign(size_, 0);
        for (std::size_t i = 0; i < size_; ++i) {
            samples_.column<std::string>("sample_id").push_back(cohort.id()[first_ + i]);
            samples_.column<std::uint8_t>("sex").push_back(
                static_cast<std::uint8_t>(cohort.sex(first_ + i)));
            samples_.column<std::string>("group").push_back(cohort.group(first_ + i));
        }
    }

    void take_record(std::uint32_t sample, std::span<const double> values) {
        const std::size_t row = sample - first_;
        if (has_person_[row]++)
            throw DataError({.what = "a sample is linked to two persons",
                             .where = text("row ", sample + 1, " of the genotype samples"),
                             .why = "a person has one sample and a sample one person",
                             .help = "correct the link table"});
        const RecordLayout& places = *layout_.records;
        std::size_t with_cases = 0, with_follow = 0;
        for (std::size_t t = 0; t < places.columns.size(); ++t) {
            const RecordLayout::Column& column = places.columns[t];
            trait(t)[row] = values[column.value];
            if (column.timed) set_times(t, row, values[column.time], values[column.time + 1]);
            if (column.status) {
                case_column(0, with_cases)[row] = values[column.date];
                case_column(1, with_cases++)[row] =
                    (values[column.date] - values[places.birth]) / 365.25;
            }
            if (column.follow) {
                case_column(2, with_follow)[row] = values[column.date + 1];
                case_column(3, with_follow++)[row] = values[column.date + 2];
            }
        }
        for (const auto& [name, place] : {std::pair{"birth", places.birth},
                                          {"observed_from", places.first_day},
                                          {"observed_to", places.last_day},
                                          {"death", places.death}})
            lives_.column<double>(name)[row] = values[place];
        samples_.column<std::uint8_t>("has_record")[row] = values[places.observed] > 0 ? 1 : 0;
        auto& sex = samples_.column<std::uint8_t>("sex")[row];
        if (sex == 0) sex = static_cast<std::uint8_t>(values[places.sex]);
        if (!layout_.age && !layout_.age_squared) return;
        const double age =
            (layout_.index_day.value_or(values[places.last_day]) - values[places.birth]) / 365.25;
        if (layout_.age) covariate("age")[row] = age;
        if (layout_.age_squared) covariate("age_squared")[row] = age * age;
    }

    void take_table(std::uint32_t sample, std::span<const double> values) {
        const std::size_t row = sample - first_;
        if (in_table_[row]++)
            throw DataError(
                {.what = "a sample stands twice in the trait table",
                 .where = text(layout_.table_name, ", sample ", sample + 1, " in genotype order"),
                 .why = "each sample has one row",
                 .help = "remove one of the rows"});
        const auto value = [&](std::size_t c) { return decoded(values[c], layout_.codings[c]); };
        for (std::size_t c = 0; c < layout_.table_traits; ++c)
            trait(layout_.defined + c)[row] = value(c);
        const std::size_t first = layout_.covariates.size() - layout_.table_covariates;
        for (std::size_t c = 0; c < layout_.table_covariates; ++c)
            covariate(layout_.covariates[first + c].name)[row] = value(layout_.table_traits + c);
        for (std::size_t s = 0; s < layout_.table_times.size(); ++s) {
            const TableTime& times = layout_.table_times[s];
            const std::size_t t = layout_.defined + layout_.table_traits + s;
            const double event = value(times.event), time = value(times.time),
                         entry = times.entry ? value(*times.entry) : 0;
            if (std::isnan(event) || std::isnan(time) || std::isnan(entry)) continue;
            trait(t)[row] = event;
            set_times(t, row, time, entry);
        }
    }

    /// A trait or covariate of the feature store, for all samples of the block.
    void take_feature(std::size_t column, std::span<const double> values) {
        const FeaturePlan& plan = layout_.features;
        std::vector<double>& to =
            column < plan.traits
                ? trait(layout_.traits.size() - plan.traits + column)
                : std::get<std::vector<double>>(
                      covariates_.columns()[layout_.feature_covariates + column - plan.traits]);
        std::copy(values.begin(), values.end(), to.begin());
    }

    /// Covariates that follow from the samples themselves.
    void fill_samples() {
        const auto& sex = samples_.column<std::uint8_t>("sex");
        const auto& group = samples_.column<std::string>("group");
        for (std::size_t i = 0; i < size_; ++i) {
            if (layout_.sex && sex[i] != 0) covariate("sex_male")[i] = sex[i] == 1 ? 1 : 0;
            for (const std::string& label : layout_.dummies)
                if (!group[i].empty()) covariate(dummy_name(label))[i] = group[i] == label ? 1 : 0;
        }
    }

    void write(PartWriter& part) const {
        part.write(samples_);
        if (!layout_.traits.empty()) part.write(traits_);
        if (!times_.columns().empty()) part.write(times_);
        if (!layout_.covariates.empty()) part.write(covariates_);
        if (layout_.records) part.write(lives_);
        for (const TableData& table : cases_)
            if (!table.columns().empty()) part.write(table);
        std::vector<std::uint64_t> counts;
        for (std::size_t t = 0; t < layout_.traits.size(); ++t) {
            const auto& values = std::get<std::vector<double>>(traits_.columns()[t]);
            counts.push_back(static_cast<std::uint64_t>(std::count_if(
                values.begin(), values.end(), [](double v) { return !std::isnan(v); })));
            counts.push_back(
                static_cast<std::uint64_t>(std::count(values.begin(), values.end(), 1.0)));
        }
        const auto sum = [](const std::vector<std::uint8_t>& flags) {
            return static_cast<std::uint64_t>(
                std::count_if(flags.begin(), flags.end(), [](auto f) { return f > 0; }));
        };
        counts.insert(
            counts.end(),
            {sum(has_person_), sum(samples_.column<std::uint8_t>("has_record")), sum(in_table_)});
        part.write_array<std::uint64_t>("counts", counts, {}, Compression::none);
    }

    static std::string dummy_name(const std::string& label) {
        std::string name = "group_";
        for (const char c : label)
            name += is_trait_name(std::string("x") + c) ? c : '_';
        return name;
    }

private:
    std::vector<double>& trait(std::size_t t) {
        return std::get<std::vector<double>>(traits_.columns()[t]);
    }
    std::vector<double>& covariate(std::string_view name) {
        return covariates_.column<double>(name);
    }

    std::vector<double>& case_column(std::size_t table, std::size_t column) {
        return std::get<std::vector<double>>(cases_[table].columns()[column]);
    }
    void set_times(std::size_t t, std::size_t row, double time, double entry) {
        const TraitInfo& info = layout_.traits[t];
        times_.column<double>(info.name)[row] = time;
        if (info.has_entry) times_.column<double>(entry_column(info.name))[row] = entry;
    }

    const Layout& layout_;
    const Cohort& cohort_;
    std::uint64_t first_, size_;
    std::vector<std::uint8_t> has_person_, in_table_;
    TableData samples_, traits_, times_, covariates_, lives_;
    std::vector<TableData> cases_;
};

void add_covariates(Layout& layout, const PhenotypesParams& params, const Cohort& cohort) {
    const std::string when =
        params.index_date.empty() ? "at the last day of observation" : "on " + params.index_date;
    const auto add = [&](std::string name, std::string unit, std::string doc) {
        layout.covariates.push_back(
            {std::move(name), ColumnType::f64, std::move(unit), std::move(doc)});
    };
    if (layout.age) add("age", "a", text("age ", when));
    if (layout.age_squared) add("age_squared", "a2", text("square of the age ", when));
    if (layout.sex) add("sex_male", "1", "1 male, 0 female; NaN if not known");
    if (!params.groups) return;
    const std::string reference = cohort.reference_group();
    for (const std::string& label : cohort.groups()) {
        if (label == reference) continue;
        layout.dummies.push_back(label);
        add(Block::dummy_name(label), "1",
            text("1 in group ", label, ", 0 in others; the reference is ", reference));
    }
}

void add_feature_traits(Layout& layout) {
    for (std::size_t c = 0; c < layout.features.traits; ++c) {
        const FeatureColumn& column = layout.features.columns[c];
        layout.traits.push_back(
            {.name = column.name, .kind = column.kind, .unit = column.unit, .doc = column.doc});
    }
}

void add_feature_covariates(Layout& layout) {
    layout.feature_covariates = layout.covariates.size();
    for (std::size_t c = layout.features.traits; c < layout.features.columns.size(); ++c) {
        const FeatureColumn& column = layout.features.columns[c];
        layout.covariates.push_back({column.name, ColumnType::f64, column.unit, column.doc});
    }
}

void add_definitions(Layout& layout, const TraitPanel& panel) {
    layout.records.emplace(panel);
    layout.defined = layout.records->columns.size();
    for (const RecordLayout::Column& column : layout.records->columns) {
        const TraitDefinition& d = panel.traits()[column.trait].definition();
        layout.traits.push_back({.name = d.name,
                                 .kind = d.kind == "first_date" ? "date" : d.kind,
                                 .unit = d.quantitative()         ? summary_unit(d)
                                         : d.kind == "first_date" ? std::string(date_unit)
                                                                  : "1",
                                 .doc = d.doc,
                                 .time_unit = "a",
                                 .has_entry = d.time_scale == "age"});
    }
}

struct CaseTable {
    const char *name, *unit, *doc, *column;
};
constexpr std::array<CaseTable, 4> case_table_list{
    {{"case_dates", "days since 1970-01-01", "Dates of cases; NaN = no case.", "date of the case"},
     {"case_ages", "a", "Ages of cases on their dates; NaN = no case.",
      "age on the date of the case"},
     {"follow_up_start", "days since 1970-01-01",
      "Begin of follow-up of cases and controls; NaN = none.", "first day of follow-up"},
     {"follow_up_end", "days since 1970-01-01",
      "End of follow-up: the event, or where it was censored; NaN = none.",
      "last day of follow-up"}}};

TableSpec case_table(const CaseTable& about) {
    return {.name = about.name, .row = "sample", .doc = about.doc, .columns = {}};
}

} // namespace

std::vector<TableSpec> described_case_tables() {
    std::vector<TableSpec> specs;
    for (const CaseTable& about : case_table_list) {
        specs.push_back(case_table(about));
        specs.back().columns = {{"{trait}", ColumnType::f64, about.unit, about.column}};
    }
    return specs;
}

std::vector<TableSpec> Layout::case_tables() const {
    std::vector<TableSpec> specs;
    for (std::size_t i = 0; i < case_table_list.size(); ++i) {
        const CaseTable& about = case_table_list[i];
        specs.push_back(case_table(about));
        for (std::size_t t = 0; records && t < records->columns.size(); ++t)
            if (i < 2 ? records->columns[t].status.has_value() : records->columns[t].follow)
                specs.back().columns.push_back(
                    {traits[t].name, ColumnType::f64, about.unit, about.column});
    }
    return specs;
}

TableSpec Layout::traits_table() const {
    TableSpec spec{.name = "traits",
                   .row = "sample",
                   .doc = "One column per trait; NaN = missing.",
                   .columns = {}};
    for (const TraitInfo& trait : traits)
        spec.columns.push_back({trait.name, ColumnType::f64, unit_of(trait),
                                trait.doc.empty() ? trait.name : trait.doc});
    return spec;
}

TableSpec Layout::times_table() const {
    TableSpec spec{.name = "times",
                   .row = "sample",
                   .doc = "Time at risk of each time-to-event trait: its end, and its begin as "
                          "NAME.entry where that is not 0; NaN = missing.",
                   .columns = {}};
    for (const TraitInfo& trait : traits) {
        if (trait.kind != time_to_event) continue;
        spec.columns.push_back({trait.name, ColumnType::f64, trait.time_unit,
                                text("when ", trait.name, " happened, or was censored")});
        if (trait.has_entry)
            spec.columns.push_back({entry_column(trait.name), ColumnType::f64, trait.time_unit,
                                    text("since when ", trait.name, " would be seen")});
    }
    return spec;
}

TableSpec Layout::covariates_table() const {
    return {.name = "covariates",
            .row = "sample",
            .doc = "One column per covariate, without intercept; NaN = missing.",
            .columns = covariates};
}

Layout make_layout(const PhenotypesParams& params, const Cohort& cohort, const TraitPanel* panel,
                   const std::vector<StatusTrait>& phecodes,
                   const std::optional<TableLayout>& table, const std::vector<Coding>& codings,
                   const FeaturePlan& features) {
    const bool records = panel != nullptr;
    Layout layout{.phecodes = phecodes,
                  .codings = codings,
                  .features = features,
                  .age = params.age && records,
                  .age_squared = params.age_squared && records,
                  .sex = params.sex};
    if (const auto day = parse_date(params.index_date)) layout.index_day = *day;
    if (panel != nullptr) add_definitions(layout, *panel);
    add_covariates(layout, params, cohort);
    add_feature_covariates(layout);
    if (table) {
        layout.table_traits = table->traits;
        layout.table_covariates = table->covariates;
        layout.table_times = table->times;
        for (std::size_t c = 0; c < table->traits + table->covariates; ++c) {
            const bool binary = codings[c] == Coding::binary_01 || codings[c] == Coding::binary_12;
            const bool ordinal =
                codings[c] == Coding::ordinal || codings[c] == Coding::ordinal_without_minus_9;
            const std::string doc = text("from the trait table");
            if (c < table->traits)
                layout.traits.push_back({.name = table->names[c],
                                         .kind = binary    ? "binary"
                                                 : ordinal ? "ordinal"
                                                           : "quantitative",
                                         .unit = "1",
                                         .doc = doc});
            else
                layout.covariates.push_back({table->names[c], ColumnType::f64, "1", doc});
        }
        for (const TableTime& times : table->times)
            layout.traits.push_back({.name = times.name,
                                     .kind = time_to_event,
                                     .unit = "1",
                                     .doc = "from the trait table",
                                     .time_unit = "as in the trait table",
                                     .has_entry = times.entry.has_value()});
    }
    add_feature_traits(layout);
    std::vector<std::string> trait_names, covariate_names, time_names;
    for (const TraitInfo& trait : layout.traits)
        trait_names.push_back(trait.name);
    for (const StatusTrait& phecode : phecodes)
        trait_names.push_back(phecode.name);
    for (const ColumnSpec& covariate : layout.covariates)
        covariate_names.push_back(covariate.name);
    check_unique(trait_names, "trait");
    for (const ColumnSpec& times : layout.times_table().columns)
        time_names.push_back(times.name);
    check_unique(time_names, "time at risk");
    check_unique(covariate_names, "covariate");
    if (layout.traits.empty() && phecodes.empty())
        throw UsageError(
            {.what = "there is no trait",
             .where = "stage phenotypes",
             .why = "traits come from definitions, phecodes, features or columns of a trait table",
             .help = "give definitions, a phecode map, features, or a table with a column that is "
                     "not a covariate"});
    return layout;
}

void join_block(const Layout& layout, const Cohort& cohort, const Sources& sources,
                std::uint64_t block, PartWriter& part) {
    Block rows(layout, cohort, block);
    const std::uint64_t first = block * block_samples;
    const std::size_t rows_of_matrix =
        layout.phecodes.size() + (layout.records ? layout.records->statuses : 0);
    StatusBlock statuses(rows_of_matrix,
                         std::min<std::uint64_t>(block_samples, cohort.size() - first));
    for (std::uint64_t u = 0; u < sources.records.size(); ++u)
        read_sample_rows(sources.records.open(u), block,
                         [&](auto sample, auto values) { rows.take_record(sample, values); });
    for (std::uint64_t u = 0; u < sources.records.size(); ++u)
        read_status_rows(sources.records.open(u), block,
                         [&](auto sample, auto packed) { statuses.take(sample - first, packed); });
    for (std::uint64_t u = 0; u < sources.table.size(); ++u)
        read_sample_rows(sources.table.open(u), block,
                         [&](auto sample, auto values) { rows.take_table(sample, values); });
    read_feature_block(sources.features, block, layout.features.columns.size(),
                       [&](auto column, auto values) { rows.take_feature(column, values); });
    rows.fill_samples();
    rows.write(part);
    if (rows_of_matrix > 0) statuses.write(part);
}

std::vector<StatusTrait> status_traits(const Layout& layout) {
    std::vector<StatusTrait> traits = layout.phecodes;
    for (std::size_t t = 0; layout.records && t < layout.records->columns.size(); ++t)
        if (layout.records->columns[t].status)
            traits.push_back({.name = layout.traits[t].name,
                              .doc = layout.traits[t].doc,
                              .source = "definition"});
    return traits;
}

JoinCounts add_counts(const Parts& blocks, std::vector<TraitInfo>& traits) {
    JoinCounts total;
    for (std::uint64_t b = 0; b < blocks.size(); ++b) {
        const auto counts = blocks.open(b).read_array<std::uint64_t>("counts");
        SALUS_ASSERT(counts.size() == 2 * traits.size() + 3);
        for (std::size_t t = 0; t < traits.size(); ++t) {
            traits[t].n += counts[2 * t];
            if (traits[t].kind == "binary" || traits[t].kind == time_to_event)
                traits[t].cases += counts[2 * t + 1];
        }
        total.linked += counts[2 * traits.size()];
        total.observed += counts[2 * traits.size() + 1];
        total.in_table += counts[2 * traits.size() + 2];
    }
    return total;
}

} // namespace salus::phenotypes
