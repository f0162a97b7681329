#include "models/block_krylov.hpp"

#include "base/error.hpp"
#include "base/random.hpp"

#include <Eigen/Eigenvalues>
#include <Eigen/QR>

#include <algorithm>

namespace salus {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

// Directions in which a product leaves less than this share of the operator's norm are rounding.
constexpr double exhausted_share = 1e-9;

MatrixXd thin_q(const Eigen::ColPivHouseholderQR<MatrixXd>& qr, Index rows, Index rank) {
    MatrixXd q = MatrixXd::Identity(rows, rank);
    q.applyOnTheLeft(qr.householderQ().setLength(rank));
    return q;
}

MatrixXd random_block(std::size_t rows, std::size_t width, std::uint64_t seed) {
    MatrixXd block(static_cast<Index>(rows), static_cast<Index>(std::min(rows, width)));
    for (Index c = 0; c < block.cols(); ++c) {
        Rng rng(seed, "block_krylov", static_cast<std::uint64_t>(c));
        for (Index r = 0; r < block.rows(); ++r)
            block(r, c) = rng.normal();
    }
    const Eigen::ColPivHouseholderQR<MatrixXd> qr(block);
    return thin_q(qr, block.rows(), block.cols());
}

void fix_sign(Eigen::Ref<Eigen::VectorXd> vector) {
    Index largest = 0;
    for (Index i = 1; i < vector.size(); ++i)
        if (std::abs(vector(i)) > std::abs(vector(largest))) largest = i;
    if (vector.size() > 0 && vector(largest) < 0) vector = -vector;
}

} // namespace

BlockKrylov::BlockKrylov(std::size_t rows, std::size_t width, std::uint64_t seed) : rows_(rows) {
    SALUS_ASSERT(rows >= 1 && width >= 1);
    blocks_.push_back(random_block(rows, width, seed));
}

std::span<const double> BlockKrylov::column(std::size_t c) const noexcept {
    return {blocks_.back().col(static_cast<Index>(c)).data(), rows_};
}

void BlockKrylov::advance(std::span<const double> image) {
    const Index width = blocks_.back().cols(), rows = static_cast<Index>(rows_);
    SALUS_ASSERT(width > 0 && image.size() == rows_ * this->width());
    MatrixXd rest = Eigen::Map<const MatrixXd>(image.data(), rows, width);
    scale_ = std::max(scale_, rest.colwise().norm().maxCoeff());
    const auto from = static_cast<Index>(dimension_);
    projected_.conservativeResize(from + width, from + width);
    projected_.bottomRows(width).setZero();
    // Twice, because once leaves rounding errors of the size of what was taken out.
    for (int round = 0; round < 2; ++round) {
        Index column = 0;
        for (const MatrixXd& block : blocks_) {
            const MatrixXd along = block.transpose() * rest;
            rest.noalias() -= block * along;
            projected_.block(from, column, width, block.cols()) += along.transpose();
            column += block.cols();
        }
    }
    dimension_ += static_cast<std::size_t>(width);
    next_block(std::move(rest));
}

void BlockKrylov::next_block(MatrixXd image) {
    const Eigen::ColPivHouseholderQR<MatrixXd> qr(image);
    const auto& diagonal = qr.matrixQR().diagonal();
    const auto room = static_cast<Index>(rows_ - dimension_);
    Index rank = 0;
    while (rank < std::min(diagonal.size(), room) &&
           std::abs(diagonal(rank)) > exhausted_share * scale_)
        ++rank;
    coupling_ = MatrixXd(qr.matrixQR().topRows(rank).triangularView<Eigen::Upper>()) *
                qr.colsPermutation().transpose();
    blocks_.push_back(thin_q(qr, image.rows(), rank));
}

std::vector<double> BlockKrylov::values(std::size_t count) const {
    const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(projected_, Eigen::EigenvaluesOnly);
    std::vector<double> values;
    for (std::size_t k = 0; k < std::min(count, dimension_); ++k)
        values.push_back(solver.eigenvalues()(static_cast<Index>(dimension_ - 1 - k)));
    return values;
}

BlockKrylov::Pairs BlockKrylov::pairs(std::size_t count) const {
    const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(projected_);
    const auto kept = static_cast<Index>(std::min(count, dimension_));
    const MatrixXd inner = solver.eigenvectors().rightCols(kept).rowwise().reverse();
    Pairs out;
    out.vectors = MatrixXd::Zero(static_cast<Index>(rows_), kept);
    Index row = 0;
    for (std::size_t b = 0; b + 1 < blocks_.size(); ++b) {
        out.vectors.noalias() += blocks_[b] * inner.middleRows(row, blocks_[b].cols());
        row += blocks_[b].cols();
    }
    for (Index k = 0; k < kept; ++k) {
        out.values.push_back(solver.eigenvalues()(static_cast<Index>(dimension_) - 1 - k));
        out.residuals.push_back((coupling_ * inner.col(k).tail(coupling_.cols())).norm());
        fix_sign(out.vectors.col(k));
    }
    return out;
}

} // namespace salus
