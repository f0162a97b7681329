#include "stages/pgs_regression/strong_rows.hpp"

#include "base/error.hpp"
#include "kernels/matrix_products.hpp"
#include "kernels/score_sums.hpp"
#include "parallel/parallel_for.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace salus::pgs_regression {
namespace {

constexpr std::size_t rows_per_message = 256, tile_people = 512, range_samples = 4096;
constexpr std::size_t panel = left_rows<float>; // rows of a left panel

/// What one rank sends of a variant, before its row.
struct SentVariant {
    std::uint64_t place; // in the strong set
    double centre, scale;
};

} // namespace

StrongRows::StrongRows(const RunContext& context, const ChosenGenotypes& genotypes,
                       const TraitData& trait)
    : context_(context), genotypes_(genotypes), trait_(trait),
      samples_(genotypes.packed().samples()), stride_((packed_bytes(samples_) + 63) / 64 * 64) {}

void StrongRows::change(std::span<const std::size_t> kept,
                        const std::vector<std::uint64_t>& strong) {
    CacheLines<std::uint8_t> rows;
    components::Standard standard;
    rows.resize(strong.size() * stride_);
    for (std::size_t k = 0; k < kept.size(); ++k) {
        std::copy_n(rows_.data() + kept[k] * stride_, stride_, rows.data() + k * stride_);
        standard.centre.push_back(standard_.centre[kept[k]]);
        standard.scale.push_back(standard_.scale[kept[k]]);
    }
    rows_ = std::move(rows);
    standard_ = std::move(standard);
    standard_.centre.resize(strong.size());
    standard_.scale.resize(strong.size());
    for (std::size_t first = kept.size(); first < strong.size(); first += rows_per_message)
        fetch(std::span(strong).subspan(first, std::min(rows_per_message, strong.size() - first)),
              first);
}

/// (all) Rows of variants go from the rank that has them to all.
void StrongRows::fetch(std::span<const std::uint64_t> variants, std::size_t first) {
    const std::size_t bytes = packed_bytes(samples_);
    const std::string mine = collectively(context_.comm(), "collecting variants", [&] {
        const auto chosen = genotypes_.packed().chosen();
        struct Found {
            std::size_t local;
            SentVariant sent;
        };
        std::vector<Found> found;
        for (std::size_t k = 0; k < variants.size(); ++k) {
            const auto at = std::lower_bound(chosen.begin(), chosen.end(), variants[k]);
            if (at == chosen.end() || *at != variants[k]) continue;
            const auto local = static_cast<std::size_t>(at - chosen.begin());
            found.push_back({local,
                             {first + k, genotypes_.standard().centre[local],
                              genotypes_.standard().scale[local]}});
        }
        std::sort(found.begin(), found.end(),
                  [](const Found& a, const Found& b) { return a.local < b.local; });
        std::vector<std::size_t> which;
        for (const Found& f : found)
            which.push_back(f.local);
        const auto rows = genotypes_.packed().rows(which);
        std::string message(found.size() * (sizeof(SentVariant) + bytes), '\0');
        for (std::size_t k = 0; k < found.size(); ++k) {
            char* const to = message.data() + k * (sizeof(SentVariant) + bytes);
            std::memcpy(to, &found[k].sent, sizeof(SentVariant));
            std::memcpy(to + sizeof(SentVariant), rows.data() + k * bytes, bytes);
        }
        return message;
    });
    std::size_t received = 0;
    for (const std::string& message : context_.comm().gather_all(mine))
        for (std::size_t at = 0; at < message.size(); at += sizeof(SentVariant) + bytes) {
            SentVariant sent;
            std::memcpy(&sent, message.data() + at, sizeof sent);
            standard_.centre[sent.place] = sent.centre;
            standard_.scale[sent.place] = sent.scale;
            std::memcpy(rows_.data() + sent.place * stride_,
                        message.data() + at + sizeof(SentVariant), bytes);
            ++received;
        }
    SALUS_ASSERT(received == variants.size());
}

std::vector<double> StrongRows::products(std::span<const std::vector<double>> vectors,
                                         std::size_t first) const {
    std::vector<double> out((size() - first) * vectors.size());
    if (out.empty()) return out;
    FixedColumns columns(samples_, vectors.size());
    parallel_tasks(vectors.size(), [&](std::size_t k) {
        std::vector<double> values(samples_, 0.0);
        for (std::size_t i = 0; i < trait_.training.samples.size(); ++i)
            values[trait_.training.samples[i]] = vectors[k][i];
        columns.set(k, values);
    });
    std::vector<const std::uint8_t*> rows;
    for (std::size_t c = first; c < size(); ++c)
        rows.push_back(row(c).data());
    components::variant_products(rows, columns, standard_, first, out);
    return out;
}

std::vector<double> StrongRows::predictor(std::span<const double> coefficients) const {
    std::vector<double> sums((samples_ + 255) / 256 * 256, 0.0);
    std::vector<std::size_t> used;
    for (std::size_t c = 0; c < size(); ++c)
        if (coefficients[c] != 0) used.push_back(c);
    for (std::size_t first = 0; first < used.size(); first += ScoreJob::variants_max) {
        std::vector<ScoredGenotypes> rows;
        std::vector<ScoreTerm> terms;
        for (std::size_t k = first; k < std::min(used.size(), first + ScoreJob::variants_max);
             ++k) {
            const std::size_t c = used[k];
            const double slope = coefficients[c] / standard_.scale[c];
            rows.push_back({.row = row(c).data(), .dosages = {}});
            terms.push_back({.slope = slope, .constant = -standard_.centre[c] * slope});
        }
        const ScoreJob job(std::move(rows), {0}, terms);
        parallel_for((samples_ + range_samples - 1) / range_samples, [&](std::size_t r) {
            const std::size_t begin = r * range_samples;
            job.add(begin, std::min(samples_, begin + range_samples), sums.data() + begin, 1);
        });
    }
    std::vector<double> out;
    out.reserve(trait_.training.samples.size() + trait_.validation.samples.size());
    for (const PartData* part : {&trait_.training, &trait_.validation})
        for (const std::uint32_t i : part->samples)
            out.push_back(sums[i]);
    return out;
}

/// Standardised calls of training people [begin, begin + count) of a column, `step` apart.
void StrongRows::decode(std::size_t c, std::size_t begin, std::size_t count, float* to,
                        std::size_t step) const noexcept {
    std::array<float, 4> value{};
    for (std::size_t g = 0; g < 3; ++g)
        value[g] =
            static_cast<float>((static_cast<double>(g) - standard_.centre[c]) / standard_.scale[c]);
    const auto calls = row(c);
    for (std::size_t i = 0; i < count; ++i)
        to[i * step] = value[packed_get(calls, trait_.training.samples[begin + i])];
}

std::vector<float> StrongRows::gram(std::span<const double> weight, std::size_t first) const {
    const std::size_t n = trait_.training.samples.size(), s = size(), added = s - first;
    const std::size_t panels = (s + panel - 1) / panel, groups = round_up(added, right_rows);
    const auto ranks = static_cast<std::size_t>(context_.comm().size());
    std::vector<std::size_t> mine;
    for (auto p = static_cast<std::size_t>(context_.comm().rank()); p < panels; p += ranks)
        mine.push_back(p);
    std::vector<float> right(groups * tile_people), left(mine.size() * panel * tile_people);
    std::vector<double> sums(mine.size() * panel * added, 0.0); // [panel][column][row of panel]
    for (std::size_t begin = 0; begin < n; begin += tile_people) {
        const std::size_t depth = std::min(tile_people, n - begin);
        std::fill(right.begin(), right.end(), 0.0F);
        parallel_for(added, [&](std::size_t b) {
            float* const to = right.data() + b / right_rows * right_rows * depth + b % right_rows;
            decode(first + b, begin, depth, to, right_rows);
            for (std::size_t i = 0; i < depth; ++i)
                to[i * right_rows] *= static_cast<float>(weight[begin + i]);
        });
        parallel_tasks(mine.size(), [&](std::size_t k) {
            float* const packed = left.data() + k * panel * tile_people;
            std::fill_n(packed, panel * depth, 0.0F);
            const std::size_t rows = std::min(panel, s - mine[k] * panel);
            for (std::size_t a = 0; a < rows; ++a)
                decode(mine[k] * panel + a, begin, depth, packed + a, panel);
            std::vector<float> out(panel * groups, 0.0F);
            subtract_product(MatrixProduct<float>{.left = packed,
                                                  .right = right.data(),
                                                  .rows = rows,
                                                  .columns = added,
                                                  .depth = depth,
                                                  .out = out.data(),
                                                  .stride = panel});
            double* const to = sums.data() + k * panel * added;
            for (std::size_t e = 0; e < panel * added; ++e)
                to[e] -= static_cast<double>(out[e]);
        });
    }
    std::string text(sums.size() * sizeof(float), '\0');
    for (std::size_t e = 0; e < sums.size(); ++e) {
        const auto value = static_cast<float>(sums[e]);
        std::memcpy(text.data() + e * sizeof(float), &value, sizeof value);
    }
    std::vector<float> out(s * added);
    const auto texts = context_.comm().gather_all(text);
    for (std::size_t p = 0; p < panels; ++p) {
        const char* from = texts[p % ranks].data() + p / ranks * panel * added * sizeof(float);
        const std::size_t rows = std::min(panel, s - p * panel);
        for (std::size_t b = 0; b < added; ++b)
            std::memcpy(out.data() + b * s + p * panel, from + b * panel * sizeof(float),
                        rows * sizeof(float));
    }
    return out;
}

} // namespace salus::pgs_regression
