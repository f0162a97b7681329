#include "stages/association/listed_variants.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "parallel/read_once.hpp"
#include "stages/association/variant_genotypes.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>
#include <set>
#include <unordered_map>

namespace salus::association {
namespace {

constexpr std::uint64_t rows_looked_up = 65536;
// Names that are like an unknown one are looked for among so many variants.
constexpr std::uint64_t near_misses_among = 1'000'000;

std::string_view without_prefix(std::string_view chromosome) noexcept {
    return chromosome.starts_with("chr") ? chromosome.substr(3) : chromosome;
}

// chromosome:position:REF:ALT, without the prefix of the chromosome.
std::string place_key(const Variant& variant) {
    return text(without_prefix(variant.chromosome), ":", variant.position, ":", variant.ref, ":",
                variant.alt);
}

// Which variants answer to the names: how many, and the sum of their rows.
struct Found {
    std::vector<std::uint64_t> count, row;
};

class Index {
public:
    explicit Index(std::span<const std::string> names) {
        for (std::size_t k = 0; k < names.size(); ++k) {
            entries_.emplace(names[k], k);
            entries_.emplace(without_prefix(names[k]), k);
        }
    }
    void look_up(const Variant& variant, std::uint64_t row, Found& found) const {
        std::set<std::size_t> hits;
        const auto look = [&](const std::string& key) {
            const auto at = entries_.find(key);
            if (at != entries_.end()) hits.insert(at->second);
        };
        for (const std::string_view id : split(variant.id, ';'))
            if (!id.empty()) look(std::string(id));
        look(place_key(variant));
        for (const std::size_t k : hits) {
            ++found.count[k];
            found.row[k] += row;
        }
    }

private:
    std::unordered_map<std::string, std::size_t> entries_;
};

template <class F>
void for_each_variant(const GenotypeSource& genotypes, std::uint64_t begin, std::uint64_t end,
                      F&& body) {
    const auto variants = genotypes.variants({begin, end});
    for (std::uint64_t row = begin; row < end; ++row)
        body(variants[row - begin], row);
}

// Other variants of the place that a name tells, else the identifier that is most like it.
std::string near_misses(const GenotypeSource& genotypes, const std::string& name) {
    const auto parts = split(name, ':');
    const std::string place =
        parts.size() == 4 ? text(without_prefix(parts[0]), ":", parts[1], ":") : std::string();
    std::vector<std::string> same_place, like;
    const std::uint64_t all = std::min(genotypes.variant_count(), near_misses_among);
    for (std::uint64_t begin = 0; begin < all; begin += rows_looked_up) {
        std::vector<std::string> ids;
        for_each_variant(genotypes, begin, std::min(all, begin + rows_looked_up),
                         [&](const Variant& variant, std::uint64_t) {
                             if (!place.empty() && place_key(variant).starts_with(place))
                                 same_place.push_back(place_key(variant));
                             if (!variant.id.empty()) ids.push_back(variant.id);
                         });
        if (const auto near = nearest(name, ids)) like.push_back(*near);
    }
    if (!same_place.empty()) return text("at this place there is: ", join(same_place, ", "));
    const auto near = nearest(name, like);
    return near ? text("did you mean \"", *near, "\"?")
                : "name variants by ID, or by chromosome:position:REF:ALT";
}

void check_found(const GenotypeSource& genotypes, std::span<const std::string> names,
                 const Found& found) {
    std::vector<Problem> problems;
    std::set<std::string_view> seen;
    for (std::size_t k = 0; k < names.size(); ++k) {
        if (!seen.insert(without_prefix(names[k])).second) {
            problems.push_back({.what = text("variant \"", names[k], "\" is named twice"),
                                .where = "the variants of the model",
                                .why = "each may be used once",
                                .help = "remove one"});
        } else if (found.count[k] == 0) {
            problems.push_back({.what = text("there is no variant \"", names[k], "\""),
                                .where = "the genotypes",
                                .why = "a variant of the model must have genotypes",
                                .help = near_misses(genotypes, names[k])});
        } else if (found.count[k] > 1) {
            problems.push_back(
                {.what = text(found.count[k], " variants are called \"", names[k], "\""),
                 .where = "the genotypes",
                 .why = "the name must tell one variant",
                 .help = "name it by chromosome:position:REF:ALT"});
        }
    }
    if (!problems.empty()) throw UsageError(std::move(problems));
}

std::vector<double> dosages_of(const GenotypeSource& genotypes, std::uint64_t row) {
    const SampleTable& samples = genotypes.samples();
    const auto variant = genotypes.variants({row, row + 1});
    VariantBlock block;
    genotypes.read({row, row + 1}, block);
    VariantGenotypes one;
    one.assign(block, 0, ploidy_of(variant.front(), genotypes.genome_build()), samples.sex);
    std::vector<std::uint32_t> everybody(samples.size());
    std::iota(everybody.begin(), everybody.end(), 0U);
    std::vector<double> dosages(samples.size());
    one.expand(everybody, false, std::numeric_limits<double>::quiet_NaN(), dosages);
    return dosages;
}

} // namespace

std::vector<ListedVariant> read_listed_variants(const Communicator& comm,
                                                const GenotypeSource& genotypes,
                                                std::span<const std::string> names) {
    Found found{.count = std::vector<std::uint64_t>(names.size()),
                .row = std::vector<std::uint64_t>(names.size())};
    collectively(comm, "looking for the variants of the model", [&] {
        const Index index(names);
        const std::uint64_t all = genotypes.variant_count();
        const auto ranks = static_cast<std::uint64_t>(comm.size());
        for (std::uint64_t begin = static_cast<std::uint64_t>(comm.rank()) * rows_looked_up;
             begin < all; begin += ranks * rows_looked_up)
            for_each_variant(genotypes, begin, std::min(all, begin + rows_looked_up),
                             [&](const Variant& variant, std::uint64_t row) {
                                 index.look_up(variant, row, found);
                             });
    });
    comm.sum(std::span(found.count));
    comm.sum(std::span(found.row));
    return read_once(comm, "reading the variants of the model", [&] {
        check_found(genotypes, names, found);
        std::vector<ListedVariant> listed;
        for (std::size_t k = 0; k < names.size(); ++k)
            listed.push_back({.name = names[k], .dosages = dosages_of(genotypes, found.row[k])});
        return listed;
    });
}

} // namespace salus::association
