#include "models/augmented_projection.hpp"

#include <Eigen/SVD>

#include <algorithm>
#include <cmath>

namespace salus {

Eigen::VectorXd augmented_projection(const Eigen::VectorXd& singular, const Eigen::VectorXd& along,
                                     double squared_norm) {
    using Eigen::MatrixXd;
    const Eigen::Index k = singular.size();
    // In the basis of the components and what is left of the sample: old samples, then the new one.
    MatrixXd columns = MatrixXd::Zero(k + 1, k + 1);
    columns.diagonal().head(k) = singular;
    columns.col(k).head(k) = along;
    columns(k, k) = std::sqrt(std::max(0.0, squared_norm - along.squaredNorm()));
    const Eigen::JacobiSVD<MatrixXd> all(columns, Eigen::ComputeFullV);
    const MatrixXd scores = all.matrixV().leftCols(k) * all.singularValues().head(k).asDiagonal();
    const MatrixXd old = scores.topRows(k);
    // min over rotations R and factors f of |f old R - diag(singular)|: the old samples' own
    // coordinates are orthonormal and drop out.
    const MatrixXd cross = old.transpose() * singular.asDiagonal();
    const Eigen::JacobiSVD<MatrixXd> turn(cross, Eigen::ComputeFullU | Eigen::ComputeFullV);
    const double factor = turn.singularValues().sum() / old.squaredNorm();
    return factor * turn.matrixV() * turn.matrixU().transpose() * scores.row(k).transpose();
}

} // namespace salus
