#include "stages/meta_analysis/rows.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cstring>

namespace salus::meta {
namespace {

/// A row as it is stored, its texts behind it.
struct Stored {
    double beta, standard_error, z, frequency, n;
    std::uint32_t position, effect, other; // lengths
    std::uint16_t id;
    std::uint16_t chromosome;
};

struct ReasonText {
    std::string_view name, doc;
};
constexpr std::array<ReasonText, reasons> reason_texts{{
    {"other_test", "row of another test than the additive one"},
    {"unknown_chromosome", "none of 1 to 22, X, Y, MT"},
    {"no_position", "position missing or 0"},
    {"invalid_alleles", "missing, equal, or with other letters than A, C, G, T"},
    {"no_statistic", "effect or standard error missing or infinite"},
    {"standard_error_not_positive", "standard error 0 or negative"},
    {"p_is_zero", "only p tells the statistic, and it was printed as 0"},
    {"no_sample_size", "left out of the sample-size weighted test alone"},
    {"repeated", "the study has the variant more than once"},
    {"palindromic", "frequencies do not tell the strand of a palindromic variant"},
    {"too_few_studies", "the variant is in fewer studies than studies_min"},
}};

} // namespace

std::size_t window_of(int chromosome, std::uint32_t position) noexcept {
    return static_cast<std::size_t>(chromosome - 1) * 256 +
           std::min<std::uint32_t>(position >> 21, 255);
}

std::string_view name_of(Reason reason) noexcept {
    return reason_texts[static_cast<std::size_t>(reason)].name;
}

std::string_view doc_of(Reason reason) noexcept {
    return reason_texts[static_cast<std::size_t>(reason)].doc;
}

void RowSorter::add(const Row& row) {
    const Stored stored{
        .beta = row.beta,
        .standard_error = row.standard_error,
        .z = row.z,
        .frequency = row.frequency,
        .n = row.n,
        .position = row.position,
        .effect = static_cast<std::uint32_t>(row.effect.size()),
        .other = static_cast<std::uint32_t>(row.other.size()),
        .id = static_cast<std::uint16_t>(std::min<std::size_t>(row.id.size(), 0xffff)),
        .chromosome = static_cast<std::uint16_t>(row.chromosome)};
    const std::size_t begin = bytes_.size();
    const auto put = [&](const void* from, std::size_t count) {
        const auto* bytes = static_cast<const std::uint8_t*>(from);
        bytes_.insert(bytes_.end(), bytes, bytes + count);
    };
    put(&stored, sizeof stored);
    put(row.effect.data(), stored.effect);
    put(row.other.data(), stored.other);
    put(row.id.data(), stored.id);
    places_.push_back(
        {.window = static_cast<std::uint32_t>(window_of(row.chromosome, row.position)),
         .length = static_cast<std::uint32_t>(bytes_.size() - begin),
         .begin = begin});
    z_.push_back(row.z);
    if (bytes_.size() >= limit_) flush();
}

void RowSorter::flush() {
    std::vector<std::uint64_t> begins(windows + 1);
    for (const Place& place : places_)
        begins[place.window + 1] += place.length;
    for (std::size_t w = 0; w < windows; ++w)
        begins[w + 1] += begins[w];
    std::vector<std::uint8_t> sorted(bytes_.size());
    std::vector<std::uint64_t> next(begins.begin(), begins.end() - 1);
    for (const Place& place : places_) {
        std::memcpy(sorted.data() + next[place.window], bytes_.data() + place.begin, place.length);
        next[place.window] += place.length;
    }
    part_.write_array<std::uint8_t>(text("rows/", flushes_), sorted, {}, Compression::none);
    part_.write_array<std::uint64_t>(text("windows/", flushes_), begins);
    part_.write_array<double>(text("z/", flushes_), z_, {}, Compression::none);
    ++flushes_;
    bytes_.clear();
    places_.clear();
    z_.clear();
}

void RowSorter::finish() {
    if (!places_.empty() || flushes_ == 0) flush();
    const std::uint64_t count[1] = {flushes_};
    part_.write_array<std::uint64_t>("flushes", count, {}, Compression::none);
}

std::vector<std::uint64_t> window_bytes(const H5File& part) {
    std::vector<std::uint64_t> bytes(windows);
    for (std::uint64_t f = 0; f < part.read_array<std::uint64_t>("flushes").at(0); ++f) {
        const auto begins = part.read_array<std::uint64_t>(text("windows/", f));
        for (std::size_t w = 0; w < windows; ++w)
            bytes[w] += begins.at(w + 1) - begins[w];
    }
    return bytes;
}

std::vector<std::uint8_t> read_windows(const H5File& part, std::size_t first, std::size_t last) {
    std::vector<std::uint8_t> all;
    for (std::uint64_t f = 0; f < part.read_array<std::uint64_t>("flushes").at(0); ++f) {
        const auto begins = part.read_array<std::uint64_t>(text("windows/", f));
        const std::uint64_t begin = begins.at(first), count = begins.at(last) - begin;
        if (count == 0) continue;
        const auto bytes = part.read_rows<std::uint8_t>(text("rows/", f), begin, count);
        all.insert(all.end(), bytes.begin(), bytes.end());
    }
    return all;
}

void decode_rows(std::span<const std::uint8_t> bytes, std::uint32_t study, std::vector<Row>& rows) {
    while (!bytes.empty()) {
        Stored stored{};
        SALUS_ASSERT(bytes.size() >= sizeof stored);
        std::memcpy(&stored, bytes.data(), sizeof stored);
        bytes = bytes.subspan(sizeof stored);
        SALUS_ASSERT(bytes.size() >= std::size_t{stored.effect} + stored.other + stored.id);
        const auto take = [&](std::size_t length) {
            const std::string_view value(reinterpret_cast<const char*>(bytes.data()), length);
            bytes = bytes.subspan(length);
            return value;
        };
        Row row{.chromosome = stored.chromosome,
                .position = stored.position,
                .study = study,
                .beta = stored.beta,
                .standard_error = stored.standard_error,
                .z = stored.z,
                .frequency = stored.frequency,
                .n = stored.n};
        row.effect = take(stored.effect);
        row.other = take(stored.other);
        row.id = take(stored.id);
        rows.push_back(row);
    }
}

} // namespace salus::meta
