#include "base/text.hpp"

#include "stages/report/read_tables.hpp"

#include <algorithm>
#include <cmath>

namespace salus::report {
namespace {

void count_word(std::vector<Counted>& counted, const std::string& name, std::uint64_t more = 1) {
    const auto at = std::find_if(counted.begin(), counted.end(),
                                 [&](const Counted& c) { return c.name == name; });
    if (at == counted.end())
        counted.push_back({name, more});
    else
        at->count += more;
}

void read_samples(const H5File& file, Cohort& cohort) {
    const auto spec = file.table_spec("samples");
    std::vector<std::string> wanted;
    for (const auto& column : spec.columns)
        if (column.name == "sex" || column.name == "group" || column.name == "has_record")
            wanted.push_back(column.name);
    cohort.samples = file.rows("samples");
    if (wanted.empty()) return;
    for (const auto& range : row_slices(cohort.samples, slice_rows)) {
        const auto rows = file.read_rows("samples", range.begin, range.end - range.begin, wanted);
        if (rows.has("sex"))
            for (const auto sex : counts(rows, "sex"))
                ++cohort.sexes[sex <= 2 ? sex : 0];
        if (rows.has("has_record"))
            for (const auto with : counts(rows, "has_record"))
                cohort.with_record += with != 0;
        if (rows.has("group"))
            for (const auto& group : words(rows, "group"))
                count_word(cohort.groups, group.empty() ? "not given" : group);
    }
}

/// Mean and standard deviation in row order (Welford 1962), so that they do not depend on the
/// slices.
struct Moments {
    std::uint64_t n = 0, ones = 0;
    double mean = 0, squares = 0;
    void add(double value) {
        ++n;
        ones += value == 1.0;
        const double change = value - mean;
        mean += change / static_cast<double>(n);
        squares += change * (value - mean);
    }
};

void read_values(const H5File& file, TraitCohort& trait) {
    Moments moments;
    for (const auto& range : row_slices(file.rows("traits"), slice_rows)) {
        const auto rows =
            file.read_rows("traits", range.begin, range.end - range.begin, {trait.name});
        for (const double value : numbers(rows, trait.name))
            if (!std::isnan(value)) moments.add(value);
    }
    trait.n = moments.n;
    if (trait.kind == "binary") trait.cases = moments.ones;
    if (trait.kind != "quantitative" || moments.n < 2) return;
    trait.mean = moments.mean;
    trait.sd = std::sqrt(moments.squares / static_cast<double>(moments.n - 1));
}

} // namespace

Cohort read_cohort(const H5File& file) {
    Cohort cohort;
    read_samples(file, cohort);
    const auto info = file.read("trait_info");
    const auto names = words(info, "name"), kinds = words(info, "kind"),
               units = words(info, "unit"), docs = words(info, "doc");
    for (std::size_t i = 0; i < names.size(); ++i) {
        cohort.traits.push_back(
            {.name = names[i], .kind = kinds[i], .unit = units[i], .doc = docs[i]});
        read_values(file, cohort.traits.back());
    }
    if (file.exists("covariates"))
        for (const auto& column : file.table_spec("covariates").columns)
            cohort.covariates.push_back(column.name);
    return cohort;
}

const TraitCohort* find_trait(const ReportData& data, const std::string& name) {
    if (!data.cohort) return nullptr;
    for (const auto& trait : data.cohort->traits)
        if (trait.name == name) return &trait;
    return nullptr;
}

} // namespace salus::report
