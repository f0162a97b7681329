#include "support/dense.hpp"

#include <Eigen/Dense>

namespace salus::test::dense {

Matrix gram(const Matrix& x, const Vector& w) {
    return w.size() == 0 ? Matrix(x.transpose() * x) : Matrix(x.transpose() * w.asDiagonal() * x);
}

Matrix solve(const Matrix& a, const Matrix& right) { return a.ldlt().solve(right); }

Vector solve(const Matrix& a, const Vector& right) { return a.ldlt().solve(right); }

Matrix inverse(const Matrix& a) { return a.inverse(); }

Vector least_squares(const Matrix& x, const Vector& y) { return x.colPivHouseholderQr().solve(y); }

Matrix cholesky(const Matrix& a) { return a.llt().matrixL(); }

Matrix orthonormal(const Matrix& x) {
    return Eigen::HouseholderQR<Matrix>(x).householderQ() * Matrix::Identity(x.rows(), x.cols());
}

Spectrum spectrum(const Matrix& a) {
    const Eigen::SelfAdjointEigenSolver<Matrix> solver(a);
    return {solver.eigenvalues(), solver.eigenvectors()};
}

SingularValues singular_values(const Matrix& x) {
    const Eigen::JacobiSVD<Matrix> svd(x, Eigen::ComputeThinU | Eigen::ComputeThinV);
    return {svd.matrixU(), svd.singularValues(), svd.matrixV()};
}

} // namespace salus::test::dense
