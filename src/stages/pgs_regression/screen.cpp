#include "stages/pgs_regression/screen.hpp"

#include "parallel/parallel_for.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

namespace salus::pgs_regression {
namespace {

using Look = ScreenedPath::Look;

/// One residual of one path.
struct Column {
    const ScreenedPath* path;
    const TraitData* trait;
    std::size_t pending, request;
};

void cut(std::vector<ScreenedVariant>& variants, std::size_t most) {
    if (variants.size() <= most) return;
    std::nth_element(variants.begin(), variants.begin() + static_cast<std::ptrdiff_t>(most),
                     variants.end());
    variants.resize(most);
}

/// The largest gradients of one column so far.
class Collector {
public:
    explicit Collector(std::size_t most) : most_(most) {}
    void add(double gradient, std::uint64_t variant, double threshold) {
        if (gradient > threshold) ++look.above;
        if (gradient < least_) return;
        look.largest.push_back({gradient, variant});
        if (look.largest.size() < 2 * most_ + 64) return;
        cut(look.largest, most_);
        least_ = look.largest[0].gradient;
        for (const ScreenedVariant& v : look.largest)
            least_ = std::min(least_, v.gradient);
    }
    Look look;

private:
    std::size_t most_;
    double least_ = 0;
};

FixedColumns residual_columns(std::span<const Column> columns, std::size_t samples) {
    FixedColumns fixed(samples, columns.size());
    parallel_tasks(columns.size(), [&](std::size_t c) {
        std::vector<double> values(samples, 0.0);
        const auto& rows = columns[c].trait->training.samples;
        const auto& residual = columns[c].path->residual(columns[c].pending);
        for (std::size_t i = 0; i < rows.size(); ++i)
            values[rows[i]] = residual[i];
        fixed.set(c, values);
    });
    return fixed;
}

/// Places among the variants of this rank of those in a strong set.
std::vector<std::uint8_t> marks_of(const ScreenedPath& path,
                                   std::span<const std::uint64_t> chosen) {
    std::vector<std::uint8_t> marks(chosen.size(), 0);
    for (const std::uint64_t variant : path.strong()) {
        const auto at = std::lower_bound(chosen.begin(), chosen.end(), variant);
        if (at != chosen.end() && *at == variant)
            marks[static_cast<std::size_t>(at - chosen.begin())] = 1;
    }
    return marks;
}

std::string message_of(std::span<const Collector> collectors) {
    std::string message;
    const auto put = [&](const auto& value) {
        message.append(reinterpret_cast<const char*>(&value), sizeof value);
    };
    for (const Collector& c : collectors) {
        put(c.look.above);
        put(static_cast<std::uint64_t>(c.look.largest.size()));
        for (const ScreenedVariant& v : c.look.largest)
            put(v);
    }
    return message;
}

void read_message(const std::string& message, std::span<Look> looks) {
    const char* at = message.data();
    const auto get = [&](auto& value) {
        std::memcpy(&value, at, sizeof value);
        at += sizeof value;
    };
    for (Look& look : looks) {
        std::uint64_t above = 0, count = 0;
        get(above);
        get(count);
        look.above += above;
        for (std::uint64_t k = 0; k < count; ++k) {
            ScreenedVariant v;
            get(v);
            look.largest.push_back(v);
        }
    }
}

} // namespace

std::vector<std::vector<Look>> look_at_variants(const RunContext& context,
                                                const ChosenGenotypes& genotypes,
                                                std::span<const LookRequest> requests,
                                                std::size_t most) {
    std::vector<Column> columns;
    for (std::size_t r = 0; r < requests.size(); ++r)
        for (std::size_t k = 0; k < requests[r].path->pending(); ++k)
            columns.push_back({requests[r].path, requests[r].trait, k, r});
    const std::string mine = collectively(context.comm(), "looking at all variants", [&] {
        const auto chosen = genotypes.packed().chosen();
        const FixedColumns fixed = residual_columns(columns, genotypes.packed().samples());
        std::vector<std::vector<std::uint8_t>> in_set;
        for (const LookRequest& request : requests)
            in_set.push_back(marks_of(*request.path, chosen));
        std::vector<Collector> collectors(columns.size(), Collector(most));
        std::vector<double> products;
        genotypes.packed().for_each_batch([&](const components::Batch& batch) {
            products.resize(batch.size() * columns.size());
            components::variant_products(batch, fixed, genotypes.standard(), products);
            parallel_tasks(columns.size(), [&](std::size_t c) {
                const Column& column = columns[c];
                const auto n = static_cast<double>(column.trait->training.samples.size());
                const double threshold = column.path->threshold(column.pending);
                for (std::size_t v = 0; v < batch.size(); ++v) {
                    if (in_set[column.request][batch.first + v] != 0) continue;
                    collectors[c].add(std::fabs(products[v * columns.size() + c]) / n,
                                      chosen[batch.first + v], threshold);
                }
            });
        });
        for (Collector& collector : collectors)
            cut(collector.look.largest, most);
        return message_of(collectors);
    });
    std::vector<Look> looks(columns.size());
    for (const std::string& message : context.comm().gather_all(mine))
        read_message(message, looks);
    std::vector<std::vector<Look>> out(requests.size());
    for (std::size_t c = 0; c < columns.size(); ++c) {
        cut(looks[c].largest, most);
        std::sort(looks[c].largest.begin(), looks[c].largest.end());
        out[columns[c].request].push_back(std::move(looks[c]));
    }
    return out;
}

} // namespace salus::pgs_regression
