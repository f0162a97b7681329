#include "models/family_blocks.hpp"

#include "base/error.hpp"
#include "models/relatives.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>

namespace salus {
namespace {

bool is_before(const Relationship& a, const Relationship& b) noexcept {
    return a.first != b.first ? a.first < b.first : a.second < b.second;
}

} // namespace

FamilyBlocks::FamilyBlocks(std::size_t samples, std::span<const Relationship> pairs)
    : eigenvalues_(samples, 1.0), pairs_(pairs.begin(), pairs.end()) {
    std::vector<RelatedPair> related;
    for (const Relationship& pair : pairs) {
        SALUS_ASSERT(pair.first < pair.second && pair.second < samples);
        related.push_back({pair.first, pair.second});
    }
    const auto family_of = find_families(samples, related);
    // By family, so that each has a range of them.
    std::sort(pairs_.begin(), pairs_.end(), [&](const Relationship& a, const Relationship& b) {
        const auto x = family_of[a.first], y = family_of[b.first];
        return x != y ? x < y : is_before(a, b);
    });
    for (std::size_t i = 0; i < samples; ++i) {
        if (family_of[i] == 0) continue;
        if (families_.size() < family_of[i]) families_.resize(family_of[i]);
        families_[family_of[i] - 1].members.push_back(static_cast<std::uint32_t>(i));
    }
    auto at = pairs_.begin();
    for (std::size_t f = 0; f < families_.size(); ++f) {
        const auto end = std::find_if(
            at, pairs_.end(), [&](const auto& pair) { return family_of[pair.first] != f + 1; });
        decompose(families_[f], {at, end});
        at = end;
    }
    std::sort(pairs_.begin(), pairs_.end(), is_before);
}

void FamilyBlocks::decompose(Family& family, std::span<Relationship> pairs) {
    const auto& members = family.members;
    const std::size_t size = members.size();
    const auto place = [&](std::uint32_t sample) {
        return std::lower_bound(members.begin(), members.end(), sample) - members.begin();
    };
    const auto n = static_cast<Eigen::Index>(size);
    Eigen::MatrixXd block = Eigen::MatrixXd::Identity(n, n);
    for (const Relationship& pair : pairs) {
        const auto i = place(pair.first), j = place(pair.second);
        block(i, j) = block(j, i) = pair.value;
    }
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(block);
    SALUS_ASSERT(solver.info() == Eigen::Success);
    // The eigenvectors are those of the pairs alone, so that making these smaller moves only d.
    const double least = solver.eigenvalues()[0];
    const double factor = least < 0 ? 1 / (1 - least) : 1;
    for (Relationship& pair : pairs)
        pair.value *= factor;
    family.vectors.resize(size * size);
    for (std::size_t k = 0; k < size; ++k) {
        const auto column = static_cast<Eigen::Index>(k);
        eigenvalues_[members[k]] = std::max(0.0, 1 + factor * (solver.eigenvalues()[column] - 1));
        for (std::size_t i = 0; i < size; ++i)
            family.vectors[k * size + i] =
                solver.eigenvectors()(static_cast<Eigen::Index>(i), column);
    }
}

std::size_t FamilyBlocks::largest_family() const noexcept {
    std::size_t largest = 1;
    for (const Family& family : families_)
        largest = std::max(largest, family.members.size());
    return largest;
}

std::vector<double> FamilyBlocks::to_coordinates(std::span<const double> values) const {
    std::vector<double> rotated(values.begin(), values.end());
    for (const auto& [members, vectors] : families_) {
        for (std::size_t k = 0; k < members.size(); ++k) {
            double sum = 0;
            for (std::size_t i = 0; i < members.size(); ++i)
                sum += vectors[k * members.size() + i] * values[members[i]];
            rotated[members[k]] = sum;
        }
    }
    return rotated;
}

std::vector<double> FamilyBlocks::from_coordinates(std::span<const double> values) const {
    std::vector<double> back(values.begin(), values.end());
    for (const auto& [members, vectors] : families_) {
        for (const std::uint32_t member : members)
            back[member] = 0;
        for (std::size_t k = 0; k < members.size(); ++k)
            for (std::size_t i = 0; i < members.size(); ++i)
                back[members[i]] += vectors[k * members.size() + i] * values[members[k]];
    }
    return back;
}

SparseSymmetric FamilyBlocks::matrix(std::span<const double> weights) const {
    SparseSymmetric result{.diagonal = {weights.begin(), weights.end()}};
    for (const Family& family : families_) {
        const auto& members = family.members;
        const std::size_t size = members.size();
        const auto entry = [&](std::size_t i, std::size_t j) {
            double sum = 0;
            for (std::size_t k = 0; k < size; ++k)
                sum += family.vectors[k * size + i] * weights[members[k]] *
                       family.vectors[k * size + j];
            return sum;
        };
        for (std::size_t i = 0; i < size; ++i) {
            result.diagonal[members[i]] = entry(i, i);
            for (std::size_t j = i + 1; j < size; ++j)
                result.pairs.push_back({members[i], members[j], entry(i, j)});
        }
    }
    std::sort(result.pairs.begin(), result.pairs.end(), is_before);
    return result;
}

} // namespace salus
