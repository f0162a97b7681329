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

} // namespace salus::test::dense
