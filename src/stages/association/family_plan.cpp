#include "stages/association/family_plan.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "genotype/genotype_source.hpp"
#include "genotype/result_marks.hpp"
#include "models/family_variance.hpp"
#include "models/relatives.hpp"
#include "models/vectors.hpp"
#include "stages/association/null_model.hpp"
#include "store/h5.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace salus::association {
namespace {

std::vector<double> scaled(std::span<const double> values, std::span<const double> factors) {
    std::vector<double> result(values.begin(), values.end());
    for (std::size_t i = 0; i < result.size(); ++i)
        result[i] *= factors[i];
    return result;
}

void check_family_sizes(const std::filesystem::path& path, std::size_t samples,
                        std::span<const Relationship> relatives) {
    std::vector<RelatedPair> pairs;
    for (const Relationship& pair : relatives)
        pairs.push_back({pair.first, pair.second});
    const auto families = find_families(samples, pairs);
    std::vector<std::size_t> sizes(samples + 1);
    for (const std::uint32_t family : families)
        if (family > 0) ++sizes[family];
    const std::size_t largest = *std::max_element(sizes.begin(), sizes.end());
    if (largest <= largest_family) return;
    throw DataError({.what = text("a family has ", largest, " samples"),
                     .where = path.string(),
                     .why = text("everybody that pairs of relatives join is one family, and its "
                                 "matrices grow with the square of its size: at most ",
                                 largest_family),
                     .help = "raise relatives_kinship_min (0.0884: second degree, 0.177: first)"});
}

} // namespace

FamilyLinear fit_family_linear(const FamilyBlocks& families, const CovariateBasis& basis,
                               std::span<const double> rest) {
    const std::size_t n = families.samples();
    std::vector<std::vector<double>> design{families.to_coordinates(std::vector<double>(n, 1.0))};
    for (const auto& column : basis.columns)
        design.push_back(families.to_coordinates(column));
    auto values = families.to_coordinates(rest);
    FamilyLinear fit{.share = fit_family_variance(families.eigenvalues(), design, values).share};
    std::vector<double> weights(n);
    for (std::size_t i = 0; i < n; ++i)
        weights[i] = 1 / (1 + fit.share * (families.eigenvalues()[i] - 1));
    std::vector<double> gram(design.size() * design.size());
    std::vector<std::vector<double>> weighted;
    for (std::size_t a = 0; a < design.size(); ++a) {
        weighted.push_back(scaled(design[a], weights));
        for (std::size_t b = 0; b <= a; ++b)
            gram[a * design.size() + b] = dot(weighted[a], design[b]);
    }
    orthogonalise(weighted, gram);
    auto residual = scaled(values, weights);
    for (const auto& column : weighted) {
        const double along = dot(column, values);
        for (std::size_t i = 0; i < n; ++i)
            residual[i] -= along * column[i];
    }
    fit.yy = dot(residual, values);
    fit.residual = families.from_coordinates(residual);
    for (const auto& column : weighted)
        fit.weighted.push_back(families.from_coordinates(column));
    fit.inverse = families.matrix(weights);
    return fit;
}

FamilyScore fit_family_score(const FamilyBlocks& families, std::span<const double> residual,
                             std::span<const std::vector<double>> weighted,
                             std::span<const double> fitted) {
    std::vector<double> weight(fitted.size()), deviation(fitted.size());
    for (std::size_t i = 0; i < deviation.size(); ++i) {
        weight[i] = fitted[i] * (1 - fitted[i]);
        deviation[i] = std::sqrt(weight[i]);
    }
    FamilyScore fit{.share = family_share_of_products(families.pairs(), residual, deviation),
                    .liability_share =
                        liability_share_of_products(families.pairs(), residual, fitted)};
    for (const Relationship& pair : families.pairs())
        fit.pairs.push_back(
            {pair.first, pair.second,
             fit.share * pair.value * deviation[pair.first] * deviation[pair.second]});
    std::vector<std::vector<double>> plain; // X R^-1
    for (const auto& column : weighted) {
        plain.push_back(column);
        for (std::size_t i = 0; i < weight.size(); ++i)
            plain.back()[i] /= weight[i];
        auto& product = fit.columns.emplace_back(weight.size(), 0.0);
        for (const Relationship& pair : fit.pairs) {
            product[pair.first] += pair.value * plain.back()[pair.second];
            product[pair.second] += pair.value * plain.back()[pair.first];
        }
    }
    for (const auto& a : plain)
        for (const auto& b : fit.columns)
            fit.cross.push_back(dot(a, b));
    return fit;
}

std::vector<Relationship> read_relatives(const std::filesystem::path& path,
                                         const SampleTable& samples, double kinship_min) {
    const H5File file = H5File::open(path);
    require_same_rows(file, samples, 0, "kinship");
    const TableData pairs = file.read("pairs", {"sample_1", "sample_2", "kinship"});
    const auto& first = pairs.column<std::string>("sample_1");
    const auto& second = pairs.column<std::string>("sample_2");
    const auto& kinship = pairs.column<double>("kinship");
    std::unordered_map<std::string, std::uint32_t> places;
    for (std::size_t i = 0; i < samples.size(); ++i)
        places.emplace(samples.id[i], static_cast<std::uint32_t>(i));
    std::vector<Relationship> relatives;
    for (std::size_t k = 0; k < kinship.size(); ++k) {
        if (kinship[k] < kinship_min) continue;
        const auto a = places.find(first[k]), b = places.find(second[k]);
        if (a == places.end() || b == places.end() || a->second == b->second)
            throw DataError({.what = text("a sample of row ", k + 1,
                                          " is not in the genotypes, or is its own relative"),
                             .where = text(path.string(), ", table pairs"),
                             .why = "pairs must be of the samples of the genotype store",
                             .help = "run kinship on this genotype store"});
        const auto [low, high] = std::minmax(a->second, b->second);
        relatives.push_back({low, high, std::min(1.0, 2 * kinship[k])});
    }
    check_family_sizes(path, samples.size(), relatives);
    return relatives;
}

} // namespace salus::association
