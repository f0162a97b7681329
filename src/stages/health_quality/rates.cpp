#include "stages/health_quality/rates.hpp"

#include "base/date.hpp"
#include "base/text.hpp"
#include "models/farrington.hpp"
#include "models/record_signs.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <span>

namespace salus::health_quality {
namespace {

constexpr std::size_t year_months = 12, years_max = 5, years_min = 3;
constexpr double rows_min = 5; // a month, on average, of what months are judged by

/// Months of one table at one site.
struct Series {
    std::uint32_t table = 0;
    std::int64_t site = 0;
    std::int32_t first = 0;
    std::vector<std::uint64_t> rows;
    double clustering = 1; // mean square over mean of the rows of a person in a month
};

/// Series by table and site; all series of a table end with its last month.
std::vector<Series> series_of(const Months& months) {
    std::map<std::uint32_t, std::int32_t> last;
    for (const auto& [key, count] : months) {
        const auto [table, site, month] = key;
        const auto at = last.try_emplace(table, month).first;
        at->second = std::max(at->second, month);
    }
    std::vector<Series> all;
    for (auto from = months.begin(); from != months.end();) {
        const auto [table, site, first] = from->first;
        Series series{.table = table, .site = site, .first = first, .rows = {}};
        series.rows.resize(static_cast<std::size_t>(last.at(table) - first) + 1, 0);
        std::uint64_t rows = 0, squares = 0;
        for (; from != months.end() && std::get<0>(from->first) == table &&
               std::get<1>(from->first) == site;
             ++from) {
            series.rows[static_cast<std::size_t>(std::get<2>(from->first) - first)] =
                from->second.rows;
            rows += from->second.rows;
            squares += from->second.squares;
        }
        series.clustering = static_cast<double>(squares) / static_cast<double>(rows);
        all.push_back(std::move(series));
    }
    return all;
}

void add_reason(Finding& finding, std::string_view more) {
    finding.reason += text(finding.reason.empty() ? "" : ", ", more);
}

/// The last month of the records is whole only if the last day is its last.
std::int32_t whole_until(const People& people) {
    if (people.last < people.first) return std::numeric_limits<std::int32_t>::max();
    const std::string next = format_date(people.last + 1);
    const std::int32_t month = (next[next.size() - 5] - '0') * 10 + (next[next.size() - 4] - '0');
    return 12 * year_of(people.last + 1) + month - 1; // that of the day behind the last
}

class RateJudge {
public:
    RateJudge(const Plan& plan, const HealthQualityParams& params, const Counted& counted,
              std::vector<Finding>& findings)
        : plan_(plan), params_(params), counted_(counted), findings_(findings),
          names_(counted.concepts), whole_until_(whole_until(counted.people)) {}

    MonthlyCounts judge_all() {
        for (const Series& series : series_of(counted_.people.months)) {
            begin_ = out_.rates.size();
            for (std::size_t m = 0; m < series.rows.size(); ++m)
                out_.rates.push_back({.table = plan_.tables[series.table].name,
                                      .site = series.site,
                                      .month = series.first + static_cast<std::int32_t>(m),
                                      .rows = series.rows[m]});
            judge_outliers(series, judge_breaks(series));
            judge_switches(series);
        }
        return std::move(out_);
    }

private:
    Finding finding_of(const Series& series, Check check) const {
        return {.check = check,
                .table = plan_.tables[series.table].name,
                .field = {},
                .site = text(series.site)};
    }
    void add(Finding finding) {
        judge(finding);
        findings_.push_back(std::move(finding));
    }

    std::vector<RateBreak> judge_breaks(const Series& series) {
        const auto window = static_cast<std::size_t>(params_.rate_months);
        auto breaks = rate_breaks(series.rows, window, params_.rate_break_z,
                                  params_.rate_break_ratio, series.clustering);
        Finding finding = finding_of(series, Check::rate_breaks);
        if (series.rows.size() < 2 * window)
            finding.reason = text("fewer than ", 2 * window, " months");
        else
            finding.tally = {.examined = series.rows.size(), .violated = breaks.size()};
        for (const RateBreak& jump : breaks) {
            MonthlyRate& rate = out_.rates[begin_ + jump.at];
            rate.breaks = true;
            rate.ratio = jump.ratio;
            add_reason(finding, text(month_text(rate.month), " x ", significant(jump.ratio, 3)));
        }
        add(std::move(finding));
        return breaks;
    }

    /// Months against the years before, as far back as to the last break.
    void judge_outliers(const Series& series, std::span<const RateBreak> breaks) {
        Finding finding = finding_of(series, Check::rate_outliers);
        std::size_t begin = 0, next = 0;
        for (std::size_t m = 0; m < series.rows.size(); ++m) {
            if (next < breaks.size() && breaks[next].at == m) begin = breaks[next++].at;
            MonthlyRate& rate = out_.rates[begin_ + m];
            if (rate.month >= whole_until_) break;
            const auto expected = expectation(series, begin, m);
            if (!expected) continue;
            take_expectation(rate, *expected);
            finding.tally.count(rate.outlier);
            if (rate.outlier)
                add_reason(finding,
                           text(month_text(rate.month), " x ", significant(ratio_of(rate), 3)));
        }
        if (finding.tally.examined == 0)
            finding.reason =
                text("no month has ", years_min, " years of ", rows_min, " rows a month before it");
        add(std::move(finding));
    }

    std::optional<ExpectedCount> expectation(const Series& series, std::size_t begin,
                                             std::size_t at) const {
        const FarringtonRule rule{.both_sides = true};
        std::vector<std::size_t> references;
        while (references.size() < years_max) {
            const std::size_t back = year_months * (references.size() + 1);
            if (at < begin + back + rule.half_window) break;
            references.push_back(at - back);
        }
        if (references.size() < years_min) return std::nullopt;
        const std::span<const std::uint64_t> before(series.rows.data() + begin, at - begin);
        const auto sum = std::accumulate(before.begin(), before.end(), std::uint64_t{0});
        if (static_cast<double>(sum) < rows_min * static_cast<double>(before.size()))
            return std::nullopt;
        auto expected = expected_count(series.rows, at, references, rule);
        if (!expected) return std::nullopt;
        expected->mean = std::max(1.0, expected->mean); // the normal law fails where it is rare
        return with_dispersion(*expected, series.clustering);
    }

    static double ratio_of(const MonthlyRate& rate) {
        return (static_cast<double>(rate.rows) + 0.5) / (rate.expected + 0.5);
    }

    void take_expectation(MonthlyRate& rate, const ExpectedCount& expected) const {
        const double z = params_.rate_month_z, rows = static_cast<double>(rate.rows);
        rate.expected = expected.mean;
        rate.low = count_at_z(expected, -z);
        rate.high = count_at_z(expected, z);
        const double ratio = ratio_of(rate);
        rate.outlier = std::fabs(excess_z(expected, rows)) >= z &&
                       std::max(ratio, 1 / ratio) >= params_.rate_break_ratio;
    }

    void judge_switches(const Series& series) {
        const std::size_t months = series.rows.size();
        std::vector<std::vector<std::uint64_t>> counts;
        std::vector<std::uint32_t> kinds;
        const auto& all = counted_.people.kinds;
        for (auto at = all.lower_bound({series.table, series.site, 0, 0}); at != all.end(); ++at) {
            const auto [table, site, kind, month] = at->first;
            if (table != series.table || site != series.site) break;
            if (kinds.empty() || kinds.back() != kind) {
                kinds.push_back(kind);
                counts.emplace_back(months, 0);
            }
            counts.back()[static_cast<std::size_t>(month - series.first)] = at->second;
        }
        if (kinds.empty()) return;
        const SwitchRule rule{.window = static_cast<std::size_t>(params_.rate_months),
                              .rows_min = static_cast<std::uint64_t>(params_.switch_rows_min),
                              .share_min = params_.switch_share_min / 100};
        const auto found = kind_switches(counts, series.rows, rule);
        Finding finding = finding_of(series, Check::code_switches);
        finding.tally = {.examined = months, .violated = found.size()};
        for (const KindSwitch& change : found)
            add_reason(finding,
                       text(month_text(series.first + static_cast<std::int32_t>(change.at)), " ",
                            names_[kinds[change.from]], " (", significant(100 * change.before, 3),
                            "%) -> ", names_[kinds[change.to]], " (",
                            significant(100 * change.behind, 3), "%)"));
        add(std::move(finding));
        for (std::size_t k = 0; k < kinds.size(); ++k)
            for (std::size_t m = 0; m < months; ++m)
                if (counts[k][m] > 0) put_code(series, names_[kinds[k]], m, counts[k][m], found, k);
    }

    void put_code(const Series& series, const std::string& name, std::size_t month,
                  std::uint64_t rows, std::span<const KindSwitch> found, std::size_t kind) {
        out_.codes.push_back(
            {.table = plan_.tables[series.table].name,
             .site = series.site,
             .month = series.first + static_cast<std::int32_t>(month),
             .system = name,
             .rows = rows,
             .switches = std::any_of(found.begin(), found.end(), [&](const KindSwitch& change) {
                 return change.at == month && (change.from == kind || change.to == kind);
             })});
    }

    const Plan& plan_;
    const HealthQualityParams& params_;
    const Counted& counted_;
    std::vector<Finding>& findings_;
    KindNames names_;
    std::int32_t whole_until_; // the first month that is not judged
    MonthlyCounts out_;
    std::size_t begin_ = 0; // of a series in out_.rates
};

} // namespace

std::string month_text(std::int32_t month) {
    const std::int32_t of_year = month % 12 + 1;
    return text(month / 12, of_year < 10 ? "-0" : "-", of_year);
}

MonthlyCounts monthly_counts(const Plan& plan, const HealthQualityParams& params,
                             const Counted& counted, std::vector<Finding>& findings) {
    return RateJudge(plan, params, counted, findings).judge_all();
}

} // namespace salus::health_quality
