#pragma once

#include <Eigen/Core>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// Largest eigenvalues and eigenvectors of a symmetric, positive semidefinite operator A of which
/// only products with a block of vectors are known.
///
/// Block Lanczos from a random block with full reorthogonalisation: after q products the estimates
/// are the best ones in the space of {X, AX, ..., A^(q-1) X}. Single-threaded and in a fixed order,
/// so equal products give equal bits.
/// Memory 8 B x rows x columns of the basis; q products cost 4 rows (width q)^2 flops.
/// Musco & Musco 2015, arXiv:1504.05477; Halko et al. 2011, doi:10.1137/100804139.
class BlockKrylov {
public:
    /// `rows` >= 1, `width` >= 1 vectors per block (at most `rows` are used).
    BlockKrylov(std::size_t rows, std::size_t width, std::uint64_t seed);

    std::size_t rows() const noexcept { return rows_; }
    /// Vectors in the current block; 0 once the space cannot grow any more, and what is known is
    /// all there is.
    std::size_t width() const noexcept { return static_cast<std::size_t>(blocks_.back().cols()); }
    /// One vector of the current block; all are orthonormal, also to the earlier blocks.
    std::span<const double> column(std::size_t c) const noexcept;

    /// Takes A times the current block, [column][row], and moves on to the next block.
    void advance(std::span<const double> image);

    /// Products with A that are known, in columns.
    std::size_t dimension() const noexcept { return dimension_; }
    /// The up to `count` largest eigenvalues, largest first.
    std::vector<double> values(std::size_t count) const;

    struct Pairs {
        std::vector<double> values;
        std::vector<double> residuals; // |A v - value v| of the unit vectors v
        Eigen::MatrixXd vectors; // [row][pair], unit length; the entry of largest magnitude, the
                                 // first of such, is positive
    };
    Pairs pairs(std::size_t count) const;

private:
    void next_block(Eigen::MatrixXd image);

    std::size_t rows_ = 0, dimension_ = 0;
    std::vector<Eigen::MatrixXd> blocks_;
    Eigen::MatrixXd projected_; // basis' A basis, lower triangle
    Eigen::MatrixXd coupling_;  // A (last block) within the block after it
    double scale_ = 0;          // largest |A x| seen of a unit vector x
};

} // namespace salus
