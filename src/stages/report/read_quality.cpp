#include "base/text.hpp"

#include "stages/report/quality_tests.hpp"
#include "stages/report/read_tables.hpp"

#include <algorithm>
#include <cmath>

namespace salus::report {
namespace {

void count_word(std::vector<Counted>& counted, std::string_view name, std::uint64_t more) {
    const auto at = std::find_if(counted.begin(), counted.end(),
                                 [&](const Counted& c) { return c.name == name; });
    if (at == counted.end())
        counted.push_back({std::string(name), more});
    else
        at->count += more;
}

/// A row may have failed for several reasons; each is counted.
void count_reasons(std::vector<Counted>& counted, std::string_view reasons) {
    std::size_t begin = 0;
    while (begin < reasons.size()) {
        const std::size_t end = std::min(reasons.find_first_of(",;|", begin), reasons.size());
        if (const auto one = trim(reasons.substr(begin, end - begin)); !one.empty())
            count_word(counted, one, 1);
        begin = end + 1;
    }
}

std::size_t bin_of(double share, std::size_t bins) {
    const double last = static_cast<double>(bins - 1);
    return static_cast<std::size_t>(std::clamp(share * static_cast<double>(bins), 0.0, last));
}

VariantQuality::Chromosome& chromosome_of(VariantQuality& sum, const std::string& name) {
    if (!sum.chromosomes.empty() && sum.chromosomes.back().name == name)
        return sum.chromosomes.back();
    for (auto& one : sum.chromosomes)
        if (one.name == name) return one;
    return sum.chromosomes.emplace_back(VariantQuality::Chromosome{.name = name});
}

void add_rows(const TableData& rows, VariantQuality& sum) {
    const auto names = words(rows, "chromosome"), reasons = words(rows, "fail_reason");
    const auto pass = counts(rows, "pass");
    const auto call_rate = numbers(rows, "call_rate"), frequency = numbers(rows, "alt_frequency"),
               hwe = numbers(rows, "hwe_neg_log10_p");
    for (std::size_t i = 0; i < names.size(); ++i) {
        auto& chromosome = chromosome_of(sum, names[i]);
        ++(pass[i] ? chromosome.pass : chromosome.fail);
        ++sum.total;
        sum.passed += pass[i] != 0;
        count_reasons(sum.reasons, reasons[i]);
        if (!std::isnan(call_rate[i]))
            ++sum.call_rate[bin_of((call_rate[i] - 0.9) / 0.1, sum.call_rate.size())];
        if (!std::isnan(hwe[i])) ++sum.hwe[bin_of(hwe[i] / 20.0, sum.hwe.size())];
        if (std::isnan(frequency[i])) continue;
        const double minor = std::min(frequency[i], 1.0 - frequency[i]);
        if (minor > 0)
            ++sum.frequency[bin_of((std::log10(minor) + 7.0) / 7.0, sum.frequency.size())];
        else
            ++sum.monomorphic;
    }
}

void add_all(std::vector<std::uint64_t>& sum, const std::vector<std::uint64_t>& more) {
    for (std::size_t i = 0; i < sum.size(); ++i)
        sum[i] += more[i];
}

} // namespace

VariantQuality read_variant_quality(const H5File& file, RowRange range) {
    static const std::vector<std::string> columns = {
        "chromosome", "call_rate", "alt_frequency", "hwe_neg_log10_p", "pass", "fail_reason"};
    VariantQuality sum;
    for (const auto& slice : row_slices(range.end - range.begin, slice_rows))
        add_rows(
            file.read_rows("variants", range.begin + slice.begin, slice.end - slice.begin, columns),
            sum);
    sum.tests = read_quality_tests(file, range.begin, range.end);
    return sum;
}

SampleQuality read_sample_quality(const H5File& file) {
    SampleQuality sum{.total = file.rows("samples")};
    std::vector<std::string> wanted = {"pass", "fail_reason"};
    if (file.exists("samples/inbreeding_f")) {
        wanted.emplace_back("inbreeding_f");
        sum.inbreeding.resize(SampleQuality::inbreeding_bins);
    }
    for (const auto& range : row_slices(sum.total, slice_rows)) {
        const auto rows = file.read_rows("samples", range.begin, range.end - range.begin, wanted);
        for (const double f : numbers(rows, "inbreeding_f"))
            if (!std::isnan(f)) ++sum.inbreeding[bin_of((f + 0.4) / 0.8, sum.inbreeding.size())];
        for (const auto pass : counts(rows, "pass"))
            sum.passed += pass != 0;
        for (const auto& reasons : words(rows, "fail_reason"))
            count_reasons(sum.reasons, reasons);
    }
    sum.sets = read_sample_sets(file);
    return sum;
}

void merge(VariantQuality& sum, const VariantQuality& more) {
    for (const auto& one : more.chromosomes) {
        auto& into = chromosome_of(sum, one.name);
        into.pass += one.pass;
        into.fail += one.fail;
    }
    for (const auto& reason : more.reasons)
        count_word(sum.reasons, reason.name, reason.count);
    add_all(sum.call_rate, more.call_rate);
    add_all(sum.frequency, more.frequency);
    add_all(sum.hwe, more.hwe);
    sum.monomorphic += more.monomorphic;
    sum.total += more.total;
    sum.passed += more.passed;
    merge(sum.tests, more.tests);
}

namespace {

TableSpec chromosome_table() {
    return {.name = "chromosomes",
            .row = "chromosome_index",
            .doc = "Variants by chromosome.",
            .columns = {{"name", ColumnType::text, "", "Chromosome."},
                        {"pass", ColumnType::u64, "variants", "Variants that pass."},
                        {"fail", ColumnType::u64, "variants", "Variants that fail."}}};
}

TableSpec reason_table() {
    return {.name = "reasons",
            .row = "reason",
            .doc = "Variants by reason of failure.",
            .columns = {{"name", ColumnType::text, "", "Reason."},
                        {"count", ColumnType::u64, "variants", "Variants."}}};
}

} // namespace

void write_variant_quality(H5File& file, const VariantQuality& sum) {
    TableData chromosomes(chromosome_table()), reasons(reason_table());
    for (const auto& one : sum.chromosomes) {
        chromosomes.column<std::string>("name").push_back(one.name);
        chromosomes.column<std::uint64_t>("pass").push_back(one.pass);
        chromosomes.column<std::uint64_t>("fail").push_back(one.fail);
    }
    for (const auto& one : sum.reasons) {
        reasons.column<std::string>("name").push_back(one.name);
        reasons.column<std::uint64_t>("count").push_back(one.count);
    }
    file.write(chromosomes);
    file.write(reasons);
    file.write_array<std::uint64_t>("call_rate", sum.call_rate);
    file.write_array<std::uint64_t>("frequency", sum.frequency);
    file.write_array<std::uint64_t>("hwe", sum.hwe);
    file.write_array<std::uint64_t>("totals", std::array{sum.monomorphic, sum.total, sum.passed});
    write_quality_tests(file, sum.tests);
}

VariantQuality read_variant_quality_part(const H5File& file) {
    VariantQuality sum;
    const auto chromosomes = file.read("chromosomes"), reasons = file.read("reasons");
    const auto names = words(chromosomes, "name");
    const auto pass = counts(chromosomes, "pass"), fail = counts(chromosomes, "fail");
    for (std::size_t i = 0; i < names.size(); ++i)
        sum.chromosomes.push_back({names[i], pass[i], fail[i]});
    const auto why = words(reasons, "name");
    const auto count = counts(reasons, "count");
    for (std::size_t i = 0; i < why.size(); ++i)
        sum.reasons.push_back({why[i], count[i]});
    sum.call_rate = file.read_array<std::uint64_t>("call_rate");
    sum.frequency = file.read_array<std::uint64_t>("frequency");
    sum.hwe = file.read_array<std::uint64_t>("hwe");
    const auto totals = file.read_array<std::uint64_t>("totals");
    sum.monomorphic = totals[0];
    sum.total = totals[1];
    sum.passed = totals[2];
    sum.tests = read_quality_tests_part(file);
    return sum;
}

} // namespace salus::report
