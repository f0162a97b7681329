#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// Two samples, first < second, and the correlation of their additive genetic values: twice their
/// kinship.
struct Relationship {
    std::uint32_t first = 0, second = 0;
    double value = 0;
};

/// A symmetric matrix over samples of which few pairs are not 0.
struct SparseSymmetric {
    std::vector<double> diagonal;
    std::vector<Relationship> pairs; // by first, then second; each stands for both its places
};

/// Samples with the relationship matrix A = I + pairs, block by block: a family is all samples that
/// pairs join. With A = U diag(d) U', every V = h A + (1 - h) I is diagonal in the coordinates U'.
///
/// Estimated relationships may give a block with a negative eigenvalue; all pairs of such a family
/// are made smaller by the factor that makes it 0. O(sum of sizes^3) once, sizes^2 memory.
class FamilyBlocks {
public:
    /// \param pairs  of samples below `samples`, each at most once.
    FamilyBlocks(std::size_t samples, std::span<const Relationship> pairs);

    std::size_t samples() const noexcept { return eigenvalues_.size(); }
    /// Of A, none negative. [coordinate]: those of a family at the places of its members; exactly 1
    /// for samples without relatives, who are their own coordinates.
    std::span<const double> eigenvalues() const noexcept { return eigenvalues_; }
    std::size_t largest_family() const noexcept;
    /// Pairs of A, after they were made smaller.
    std::span<const Relationship> pairs() const noexcept { return pairs_; }

    std::vector<double> to_coordinates(std::span<const double> values) const;   // U'values
    std::vector<double> from_coordinates(std::span<const double> values) const; // U values
    /// U diag(weights) U'.
    SparseSymmetric matrix(std::span<const double> weights) const;

private:
    struct Family {
        std::vector<std::uint32_t> members; // ascending
        std::vector<double> vectors;        // [coordinate][member]
    };
    void decompose(Family& family, std::span<Relationship> pairs);
    std::vector<double> eigenvalues_;
    std::vector<Family> families_; // of two and more
    std::vector<Relationship> pairs_;
};

} // namespace salus
