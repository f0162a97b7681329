#include "stages/ld_score_regression/ld_scores.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "formats/summary_statistics.hpp"
#include "formats/text_rows.hpp"
#include "models/allele_matching.hpp"
#include "store/h5.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <optional>
#include <unordered_set>

namespace salus::ld_scores {
namespace {

/// Columns of a text of LD scores.
struct Columns {
    std::size_t chromosome = 0, id = 0, position = 0;
    std::optional<std::size_t> one, other; // alleles
    std::vector<std::size_t> annotations;
    std::vector<std::string> names;
};

Columns columns_of(const TextRows& rows) {
    Columns columns;
    bool has[3] = {};
    const auto& header = rows.header();
    for (std::size_t c = 0; c < header.size(); ++c) {
        const std::string name = lower(header[c]);
        const auto take = [&](std::size_t which, std::size_t& column) {
            has[which] = true;
            column = c;
        };
        if (name == "chr")
            take(0, columns.chromosome);
        else if (name == "snp")
            take(1, columns.id);
        else if (name == "bp")
            take(2, columns.position);
        else if (name == "a1" || name == "a2")
            (name == "a1" ? columns.one : columns.other) = c;
        else if (name != "cm" && name != "maf") {
            columns.annotations.push_back(c);
            columns.names.push_back(header[c]);
        }
    }
    if (!has[0] || !has[1] || !has[2] || columns.annotations.empty())
        throw DataError({.what = "this is no table of LD scores",
                         .where = rows.where(),
                         .why = "it has the columns CHR, SNP, BP and one or more of scores",
                         .help = "give .l2.ldscore files of LDSC, or the result of the stage ld"});
    return columns;
}

double number_in(const TextRows& rows, std::size_t column) {
    const auto value = parse_double(rows.cells()[column]);
    if (!value || !std::isfinite(*value))
        throw DataError({.what = "the cell is no number",
                         .where = rows.where(rows.header()[column]),
                         .why = "LD scores and positions must be known",
                         .help = {}});
    return *value;
}

/// A chromosome by name or, as some tables have it, by a number with decimals.
int chromosome_in(const TextRows& rows, std::size_t column) {
    if (const auto code = chromosome_code(rows.cells()[column])) return *code;
    const auto value = parse_double(rows.cells()[column]);
    if (value && *value >= 1 && *value <= 25 && *value == std::floor(*value))
        return static_cast<int>(*value);
    throw DataError({.what = "the cell names no chromosome",
                     .where = rows.where(rows.header()[column]),
                     .why = {},
                     .help = {}});
}

/// "scores.22" of "scores.22.l2.ldscore.gz".
std::string prefix_of(const std::filesystem::path& path) {
    std::string name = path.string();
    for (const std::string_view end : {".gz", ".ldscore", ".l2"})
        if (name.ends_with(end)) name.resize(name.size() - end.size());
    return name;
}

std::vector<double> counts_beside(const std::filesystem::path& scores, bool common,
                                  std::size_t annotations) {
    const std::string path = prefix_of(scores) + (common ? ".l2.M_5_50" : ".l2.M");
    if (!std::filesystem::exists(path))
        throw DataError({.what = text("the number of variants behind the LD scores is unknown"),
                         .where = scores.string(),
                         .why = text("it is read from ", path, ", and there is no such file"),
                         .help = "put the file beside the scores, or give variants_total"});
    std::string content = read_text_file(path);
    std::replace(content.begin(), content.end(), '\t', ' ');
    std::replace(content.begin(), content.end(), '\n', ' ');
    std::vector<double> counts;
    for (const std::string_view cell : split(content, ' '))
        if (const std::string_view word = trim(cell); !word.empty())
            counts.push_back(parse_double(word).value_or(-1));
    if (counts.size() != annotations ||
        std::any_of(counts.begin(), counts.end(), [](double m) { return !(m > 0); }))
        throw DataError({.what = text("the file does not hold ", annotations, " positive numbers"),
                         .where = path,
                         .why = "it has the number of variants of each annotation",
                         .help = {}});
    return counts;
}

void read_text(const std::filesystem::path& path, LdScores& out) {
    TextRows rows(path);
    const Columns columns = columns_of(rows);
    if (out.annotations.empty()) out.annotations = columns.names;
    if (columns.names != out.annotations)
        throw DataError({.what = "the annotations are not those of the first file of LD scores",
                         .where = path.string(),
                         .why = text("here: ", join(columns.names, ", "),
                                     "; there: ", join(out.annotations, ", ")),
                         .help = "give files of one set, one per chromosome"});
    while (rows.next()) {
        out.chromosome.push_back(chromosome_in(rows, columns.chromosome));
        out.id.emplace_back(rows.cells()[columns.id]);
        out.position.push_back(static_cast<std::uint32_t>(
            std::clamp(number_in(rows, columns.position), 0.0, 4294967295.0)));
        const bool known = columns.one && columns.other;
        out.alleles.push_back(
            known ? allele_set(rows.cells()[*columns.one], rows.cells()[*columns.other]) : 0);
        for (const std::size_t c : columns.annotations)
            out.ld.push_back(number_in(rows, c));
    }
}

void read_result(const std::filesystem::path& path, LdScores& out) {
    const H5File file = H5File::open(path);
    out.annotations = {"ld_score"};
    out.genome_build = file.text_attribute("/", "genome_build").value_or("");
    constexpr std::uint64_t rows_at_once = 65536;
    const std::uint64_t rows = file.rows("variants");
    std::vector<std::string> names{"chromosome", "base_pair_location", "variant_id", "ld_score"};
    const TableSpec spec = file.table_spec("variants");
    const bool known =
        std::any_of(spec.columns.begin(), spec.columns.end(),
                    [](const ColumnSpec& column) { return column.name == "effect_allele"; });
    if (known) names.insert(names.end(), {"effect_allele", "other_allele"});
    for (std::uint64_t begin = 0; begin < rows; begin += rows_at_once) {
        const TableData data =
            file.read_rows("variants", begin, std::min(rows_at_once, rows - begin), names);
        const auto& score = data.column<double>("ld_score");
        for (std::size_t i = 0; i < score.size(); ++i) {
            const int code = chromosome_code(data.column<std::string>("chromosome")[i]).value_or(0);
            if (std::isnan(score[i]) || code == 0) continue;
            out.chromosome.push_back(code);
            out.position.push_back(data.column<std::uint32_t>("base_pair_location")[i]);
            out.id.push_back(data.column<std::string>("variant_id")[i]);
            out.alleles.push_back(known ? allele_set(data.column<std::string>("effect_allele")[i],
                                                     data.column<std::string>("other_allele")[i])
                                        : 0);
            out.ld.push_back(score[i]);
        }
    }
    if (out.id.empty())
        throw DataError({.what = "the result of the stage ld has no LD scores",
                         .where = path.string(),
                         .why = "they are computed on request only",
                         .help = "run the stage ld with ld_scores = true"});
    out.counts = {static_cast<double>(out.id.size())};
}

template <class T>
void reorder(std::vector<T>& values, const std::vector<std::size_t>& order, std::size_t width = 1) {
    std::vector<T> sorted;
    sorted.reserve(order.size() * width);
    for (const std::size_t i : order)
        for (std::size_t k = 0; k < width; ++k)
            sorted.push_back(std::move(values[i * width + k]));
    values = std::move(sorted);
}

/// Sorts by place; of equal identifiers the first row of the file stays, as in LDSC.
void put_in_order(LdScores& scores) {
    std::vector<std::size_t> order;
    std::unordered_set<std::string_view> seen;
    for (std::size_t i = 0; i < scores.size(); ++i) {
        const bool named = !scores.id[i].empty() && scores.id[i] != ".";
        if (named && !seen.insert(scores.id[i]).second)
            ++scores.repeated;
        else
            order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return std::pair(scores.chromosome[a], scores.position[a]) <
               std::pair(scores.chromosome[b], scores.position[b]);
    });
    reorder(scores.ld, order, scores.annotations.size());
    reorder(scores.chromosome, order);
    reorder(scores.position, order);
    reorder(scores.alleles, order);
    reorder(scores.id, order);
}

LdScores read_files(std::span<const std::filesystem::path> files) {
    LdScores scores;
    for (const auto& file : files) {
        if (!is_hdf5_file(file)) {
            read_text(file, scores);
            continue;
        }
        if (files.size() > 1)
            throw DataError({.what = "a result of the stage ld is given with other LD scores",
                             .where = file.string(),
                             .why = "it holds all chromosomes",
                             .help = "give it alone"});
        read_result(file, scores);
    }
    put_in_order(scores);
    return scores;
}

void read_counts(const LdScoreFiles& files, LdScores& scores) {
    if (files.variants_total > 0) {
        if (scores.annotations.size() > 1)
            throw UsageError({.what = "variants_total is one number, and there are several "
                                      "annotations",
                              .where = "variants_total",
                              .why = "each annotation has its own number of variants",
                              .help = "put .l2.M_5_50 files beside the LD scores"});
        scores.counts = {files.variants_total};
        return;
    }
    if (!scores.counts.empty()) return; // known from the result of the stage ld
    scores.counts.assign(scores.annotations.size(), 0);
    for (const auto& file : files.scores) {
        const auto counts = counts_beside(file, files.common_counts, scores.annotations.size());
        for (std::size_t k = 0; k < counts.size(); ++k)
            scores.counts[k] += counts[k];
    }
}

/// Keeps the variants that have a weight.
void take_weights(const LdScores& weights, LdScores& scores) {
    if (weights.annotations.size() != 1)
        throw DataError({.what = "LD scores for weights have several annotations",
                         .where = "weight_ld_scores",
                         .why = "a weight is one number per variant",
                         .help = {}});
    const LdScoreIndex index(weights, LdScoreIndex::Key::identifier);
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < scores.size(); ++i)
        if (const auto place = index.find(scores.id[i], 0, 0)) {
            kept.push_back(i);
            scores.weight_ld.push_back(weights.ld[*place]);
        }
    reorder(scores.ld, kept, scores.annotations.size());
    reorder(scores.chromosome, kept);
    reorder(scores.position, kept);
    reorder(scores.alleles, kept);
    reorder(scores.id, kept);
}

} // namespace

std::uint64_t allele_set(std::string_view one, std::string_view other) {
    if (one.empty() || other.empty()) return 0;
    const std::string forward = allele_key(one, other, false),
                      backward = allele_key(other, one, false);
    return hash64(std::min(forward, backward)) | 1U; // never 0
}

LdScores read_ld_scores(const LdScoreFiles& files) {
    LdScores scores = read_files(files.scores);
    read_counts(files, scores);
    if (!files.weights.empty()) {
        take_weights(read_files(files.weights), scores);
        return scores;
    }
    const std::size_t k = scores.annotations.size();
    for (std::size_t i = 0; i < scores.size(); ++i)
        scores.weight_ld.push_back(
            std::accumulate(scores.ld.begin() + static_cast<std::ptrdiff_t>(i * k),
                            scores.ld.begin() + static_cast<std::ptrdiff_t>((i + 1) * k), 0.0));
    return scores;
}

LdScoreIndex::LdScoreIndex(const LdScores& scores, Key key)
    : scores_(scores), key_(key), slots_(std::bit_ceil(2 * scores.size() + 2)),
      shared_(scores.size()) {
    for (std::size_t i = 0; i < scores.size(); ++i) {
        const auto& id = scores.id[i];
        if (key_ == Key::identifier && (id.empty() || id == ".")) continue;
        std::size_t slot = hash(id, scores.chromosome[i], scores.position[i]) & (slots_.size() - 1);
        while (slots_[slot] != 0 &&
               !same(slots_[slot] - 1, id, scores.chromosome[i], scores.position[i]))
            slot = (slot + 1) & (slots_.size() - 1);
        if (slots_[slot] != 0)
            shared_[slots_[slot] - 1] = true;
        else
            slots_[slot] = static_cast<std::uint32_t>(i + 1);
    }
}

std::uint64_t LdScoreIndex::hash(std::string_view id, int chromosome,
                                 std::uint32_t position) const noexcept {
    if (key_ == Key::identifier) return hash64(id);
    const std::uint64_t place =
        std::uint64_t{position} << 8 | static_cast<std::uint64_t>(chromosome);
    return hash64({reinterpret_cast<const char*>(&place), sizeof place});
}

bool LdScoreIndex::same(std::size_t place, std::string_view id, int chromosome,
                        std::uint32_t position) const {
    if (key_ == Key::identifier) return scores_.id[place] == id;
    return scores_.chromosome[place] == chromosome && scores_.position[place] == position;
}

std::optional<std::size_t> LdScoreIndex::find(std::string_view id, int chromosome,
                                              std::uint32_t position) const {
    std::size_t slot = hash(id, chromosome, position) & (slots_.size() - 1);
    for (; slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
        const std::size_t place = slots_[slot] - 1;
        if (!same(place, id, chromosome, position)) continue;
        if (shared_[place]) return std::nullopt;
        return place;
    }
    return std::nullopt;
}

} // namespace salus::ld_scores
