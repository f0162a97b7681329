#include "stages/report/quality_tests.hpp"

#include "base/error.hpp"
#include "stages/report/read_tables.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace salus::report {
namespace {

TestTail& tail_of(QualityTests& tests, const std::string& kind, const std::string& name) {
    for (TestTail& tail : tests.tails)
        if (tail.kind == kind && tail.name == name) return tail;
    return tests.tails.emplace_back(TestTail{.kind = kind, .name = name});
}

void count(TestTail& tail, double neg_log10_p) {
    if (std::isnan(neg_log10_p)) return;
    constexpr auto last = static_cast<double>(TestTail::bins - 1);
    ++tail.counts[static_cast<std::size_t>(std::clamp(neg_log10_p * 2, 0.0, last))];
}

constexpr std::array<std::pair<const char*, const char*>, 3> tested_columns{
    {{"batch", "batch_missing_neg_log10_p"},
     {"batch", "batch_frequency_neg_log10_p"},
     {"case", "case_missing_neg_log10_p"}}};

void count_tests(const TableData& rows, QualityTests& sum) {
    for (const auto& [kind, column] : tested_columns) {
        const auto values = numbers(rows, column);
        if (std::all_of(values.begin(), values.end(), [](double v) { return std::isnan(v); }))
            continue;
        TestTail& tail = tail_of(sum, kind, column);
        for (const double value : values)
            count(tail, value);
    }
    const auto trios = counts(rows, "mendel_trios"), errors = counts(rows, "mendel_errors");
    for (std::size_t i = 0; i < trios.size(); ++i)
        if (trios[i] > 0)
            ++sum.mendel[std::min<std::size_t>(errors[i], QualityTests::mendel_bins - 1)];
}

void count_groups(const TableData& rows, QualityTests& sum) {
    const auto names = words(rows, "group");
    const auto values = numbers(rows, "hwe_midp_neg_log10_p");
    for (std::size_t i = 0; i < names.size(); ++i)
        count(tail_of(sum, "group", names[i]), values[i]);
}

TableSpec tails_table() {
    return {.name = "tails",
            .row = "tail",
            .doc = "Tests of variants.",
            .columns = {{"kind", ColumnType::text, "", "Kind."},
                        {"name", ColumnType::text, "", "Name."}}};
}

} // namespace

QualityTests read_quality_tests(const H5File& file, std::uint64_t begin, std::uint64_t end) {
    QualityTests sum;
    if (!file.exists("variant_tests")) return sum;
    for (const auto& slice : row_slices(end - begin, slice_rows))
        count_tests(file.read_rows("variant_tests", begin + slice.begin, slice.end - slice.begin),
                    sum);
    if (!file.exists("variant_groups")) return sum;
    const std::uint64_t variants = file.rows("variants"), rows = file.rows("variant_groups");
    if (variants == 0 || rows % variants != 0)
        throw DataError({.what = "table variant_groups does not fit table variants",
                         .where = file.path().string(),
                         .why = "every variant has one row per group",
                         .help = "run quality again"});
    const std::uint64_t groups = rows / variants;
    for (const auto& slice : row_slices((end - begin) * groups, slice_rows))
        count_groups(file.read_rows("variant_groups", begin * groups + slice.begin,
                                    slice.end - slice.begin, {"group", "hwe_midp_neg_log10_p"}),
                     sum);
    return sum;
}

void merge(QualityTests& sum, const QualityTests& more) {
    for (const TestTail& tail : more.tails) {
        TestTail& into = tail_of(sum, tail.kind, tail.name);
        for (std::size_t b = 0; b < TestTail::bins; ++b)
            into.counts[b] += tail.counts[b];
    }
    for (std::size_t b = 0; b < QualityTests::mendel_bins; ++b)
        sum.mendel[b] += more.mendel[b];
}

void write_quality_tests(H5File& part, const QualityTests& tests) {
    TableData table(tails_table());
    std::vector<std::uint64_t> bins;
    for (const TestTail& tail : tests.tails) {
        table.column<std::string>("kind").push_back(tail.kind);
        table.column<std::string>("name").push_back(tail.name);
        bins.insert(bins.end(), tail.counts.begin(), tail.counts.end());
    }
    part.write(table);
    part.write_array<std::uint64_t>("tail_counts", bins);
    part.write_array<std::uint64_t>("mendel", tests.mendel);
}

QualityTests read_quality_tests_part(const H5File& part) {
    QualityTests tests;
    const TableData table = part.read("tails");
    const auto bins = part.read_array<std::uint64_t>("tail_counts");
    const auto kinds = words(table, "kind"), names = words(table, "name");
    SALUS_ASSERT(bins.size() == kinds.size() * TestTail::bins);
    for (std::size_t t = 0; t < kinds.size(); ++t) {
        const auto first = bins.begin() + static_cast<std::ptrdiff_t>(t * TestTail::bins);
        tests.tails.push_back(
            {.kind = kinds[t], .name = names[t], .counts = {first, first + TestTail::bins}});
    }
    tests.mendel = part.read_array<std::uint64_t>("mendel");
    return tests;
}

SampleSets read_sample_sets(const H5File& file) {
    SampleSets all;
    if (file.exists("sample_sets")) {
        const TableData rows = file.read("sample_sets");
        const auto kinds = words(rows, "kind"), names = words(rows, "name");
        const auto samples = counts(rows, "samples"), passed = counts(rows, "passed");
        const auto call_rate = numbers(rows, "call_rate"),
                   heterozygosity = numbers(rows, "heterozygosity");
        for (std::size_t i = 0; i < kinds.size(); ++i)
            all.sets.push_back(
                {kinds[i], names[i], samples[i], passed[i], call_rate[i], heterozygosity[i]});
    }
    if (!file.exists("sample_trios")) return all;
    all.trios = file.rows("sample_trios");
    const TableData rows = file.read("sample_trios", {"variants", "mendel_errors"});
    for (const auto n : counts(rows, "variants"))
        all.judged += n;
    for (const auto n : counts(rows, "mendel_errors"))
        all.errors += n;
    return all;
}

} // namespace salus::report
