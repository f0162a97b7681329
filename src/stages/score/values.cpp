#include "stages/score/values.hpp"

#include "base/error.hpp"
#include "base/numbers.hpp"
#include "base/text.hpp"
#include "formats/listed_samples.hpp"
#include "formats/summary_statistics.hpp"
#include "formats/text_rows.hpp"
#include "store/packed_table.hpp"

#include <algorithm>
#include <unordered_map>

namespace salus::score {
namespace {

constexpr std::size_t fits_at_once = 64;

using Places = std::unordered_map<std::string_view, std::size_t>;
Places places_of(const SampleTable& samples) {
    Places places;
    for (std::size_t i = 0; i < samples.size(); ++i)
        places.emplace(samples.id[i], i);
    return places;
}

/// Samples of a unit: a chunk of a table, or less where a row is long.
std::uint64_t samples_at_once(std::size_t columns) {
    return std::clamp<std::uint64_t>((std::uint64_t{1} << 22) / std::max<std::size_t>(1, columns),
                                     1024, table_chunk_rows);
}
std::uint64_t units_of(std::size_t samples, std::size_t columns) {
    const std::uint64_t length = samples_at_once(columns);
    return (samples + length - 1) / length;
}

void read_stored(const std::filesystem::path& path, const Places& places, std::size_t count,
                 Ancestry& out) {
    const H5File file = H5File::open(path);
    const std::size_t have = file.table_spec("samples").columns.size() - 2;
    std::vector<std::string> columns{"sample_id", "used"};
    for (std::size_t k = 1; k <= std::min(count, have); ++k)
        columns.push_back(text("pc", k));
    const TableData table = file.read("samples", columns);
    out.components.assign(columns.size() - 2, std::vector<double>(out.reference.size(), nan));
    const auto& ids = table.column<std::string>("sample_id");
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const auto found = places.find(ids[i]);
        if (found == places.end()) continue;
        out.reference[found->second] = table.column<std::uint8_t>("used")[i];
        for (std::size_t k = 0; k < out.components.size(); ++k)
            out.components[k][found->second] = table.column<double>(columns[k + 2])[i];
    }
}

void read_text(const std::filesystem::path& path, const Places& places, std::size_t count,
               Ancestry& out) {
    TextRows rows(path);
    std::size_t id = rows.header().size();
    std::vector<std::size_t> pcs;
    for (std::size_t c = 0; c < rows.header().size(); ++c) {
        const std::string name = lower(rows.header()[c]);
        if (name == "sample_id" || name == "iid" || name == "#iid") id = c;
        if (name == text("pc", pcs.size() + 1) && pcs.size() < count) pcs.push_back(c);
    }
    if (id == rows.header().size() || pcs.empty())
        throw DataError({.what = "the table of components lacks columns",
                         .where = path.string(),
                         .why = "it needs sample_id (or IID) and pc1, pc2 ...",
                         .help = {}});
    out.components.assign(pcs.size(), std::vector<double>(out.reference.size(), nan));
    while (rows.next()) {
        const auto found = places.find(rows.cells()[id]);
        if (found == places.end()) continue;
        out.reference[found->second] = 1;
        for (std::size_t k = 0; k < pcs.size(); ++k)
            out.components[k][found->second] =
                parse_double(trim(rows.cells()[pcs[k]])).value_or(nan);
    }
}

} // namespace

Ancestry read_ancestry(const std::filesystem::path& path, const std::filesystem::path& list,
                       const SampleTable& samples, std::size_t count) {
    Ancestry out{.components = {}, .reference = std::vector<std::uint8_t>(samples.size(), 0)};
    const Places places = places_of(samples);
    if (is_hdf5_file(path))
        read_stored(path, places, count, out);
    else
        read_text(path, places, count, out);
    if (!list.empty()) out.reference = listed_samples(list, samples.id);
    if (std::count(out.reference.begin(), out.reference.end(), 0) ==
        static_cast<std::ptrdiff_t>(samples.size()))
        throw DataError({.what = "no sample with components is a reference person",
                         .where = path.string(),
                         .why = "the mean and spread of scores are fitted on reference people",
                         .help = "check the names of the samples"});
    return out;
}

Parts write_scores(const Values& values, const Parts& sums, std::size_t columns,
                   const SampleTable& samples, RunContext& context) {
    const std::uint64_t length = samples_at_once(columns);
    return context.for_each_unit(
        "scores", units_of(samples.size(), columns), [&](std::uint64_t u, PartWriter& part) {
            const std::uint64_t begin = u * length,
                                end = std::min<std::uint64_t>(samples.size(), begin + length);
            const auto total = read_sums(sums, begin, end, columns);
            TableData table(score_values_table("scores", values.names));
            table.column<std::string>("sample_id")
                .assign(samples.id.begin() + static_cast<std::ptrdiff_t>(begin),
                        samples.id.begin() + static_cast<std::ptrdiff_t>(end));
            for (std::size_t s = 0; s < values.names.size(); ++s) {
                auto& out = table.column<double>(values.names[s]);
                for (std::size_t i = 0; i < end - begin; ++i) {
                    const double* row = total.data() + i * columns;
                    const double over =
                        values.by_counted_alleles ? row[values.alleles[s]] : values.denominator[s];
                    out.push_back(row[values.column[s]] / over);
                }
            }
            write_unit_table(part, table);
        });
}

Parts write_normalised(const Values& values, const Parts& scores, std::size_t columns,
                       const Ancestry& ancestry, RunContext& context) {
    const std::size_t count = values.names.size(), p = ancestry.components.size() + 1;
    const TableSpec scores_spec = score_values_table("scores", values.names);
    // A fit is 2 + 2 p numbers: whether, SD, mean, logarithm of the variance.
    const Parts fits = context.for_each_unit(
        "fits", (count + fits_at_once - 1) / fits_at_once, [&](std::uint64_t u, PartWriter& part) {
            const std::size_t first = static_cast<std::size_t>(u) * fits_at_once,
                              last = std::min(count, first + fits_at_once);
            std::vector<std::vector<double>> score(last - first);
            for (std::uint64_t unit = 0; unit < scores.size(); ++unit) {
                const H5File file = scores.open(unit);
                TableData rows(scores_spec);
                append_unit_rows(file, 0, unit_table_size(file, scores_spec).rows, rows);
                for (std::size_t s = first; s < last; ++s) {
                    const auto& some = rows.column<double>(values.names[s]);
                    score[s - first].insert(score[s - first].end(), some.begin(), some.end());
                }
            }
            std::vector<double> numbers;
            for (const auto& one : score) {
                const auto fit = fit_normalisation(one, ancestry.components, ancestry.reference);
                numbers.push_back((fit.fitted ? 1 : 0) + (fit.variance_fitted ? 2 : 0));
                numbers.push_back(fit.sd);
                for (const auto* from : {&fit.mean, &fit.log_variance})
                    for (std::size_t k = 0; k < p; ++k)
                        numbers.push_back(k < from->size() ? (*from)[k] : 0);
            }
            part.write_array<double>("fits", numbers, {}, Compression::none);
        });
    std::vector<ScoreNormalisation> fitted;
    for (std::uint64_t u = 0; u < fits.size(); ++u) {
        const auto numbers = fits.open(u).read_array<double>("fits");
        for (std::size_t at = 0; at < numbers.size(); at += 2 + 2 * p) {
            ScoreNormalisation fit;
            fit.fitted = numbers[at] != 0;
            fit.variance_fitted = numbers[at] == 3;
            fit.sd = numbers[at + 1];
            const double* from = numbers.data() + at + 2;
            fit.mean.assign(from, from + p);
            fit.log_variance.assign(from + p, from + 2 * p);
            fitted.push_back(std::move(fit));
        }
    }
    return context.for_each_unit(
        "normalised", scores.size(), [&](std::uint64_t u, PartWriter& part) {
            const H5File file = scores.open(u);
            TableData rows(scores_spec);
            append_unit_rows(file, 0, unit_table_size(file, scores_spec).rows, rows);
            const auto& ids = rows.column<std::string>("sample_id");
            const std::size_t first = static_cast<std::size_t>(u) * samples_at_once(columns);
            TableData mean(score_values_table("z_mean", values.names)),
                variance(score_values_table("z_variance", values.names));
            mean.column<std::string>("sample_id") = ids;
            variance.column<std::string>("sample_id") = ids;
            std::vector<double> components(p - 1);
            for (std::size_t i = 0; i < ids.size(); ++i) {
                for (std::size_t k = 0; k + 1 < p; ++k)
                    components[k] = ancestry.components[k][first + i];
                for (std::size_t s = 0; s < count; ++s) {
                    const double score = rows.column<double>(values.names[s])[i];
                    mean.column<double>(values.names[s])
                        .push_back(fitted[s].z_mean(score, components));
                    variance.column<double>(values.names[s])
                        .push_back(fitted[s].z_variance(score, components));
                }
            }
            write_unit_table(part, mean);
            write_unit_table(part, variance);
        });
}

} // namespace salus::score
