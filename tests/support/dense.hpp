#pragma once

#include <Eigen/Core>

/// Plain dense algebra for expected values; compiled once, since Eigen's solvers cost each test
/// seconds of compiling.
namespace salus::test::dense {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

/// x' diag(w) x, or x'x with empty `w`.
Matrix gram(const Matrix& x, const Vector& w = {});
/// Solves a b = right for symmetric `a`.
Matrix solve(const Matrix& a, const Matrix& right);
Vector solve(const Matrix& a, const Vector& right);
Matrix inverse(const Matrix& a);
/// Least squares by a QR decomposition with column pivoting.
Vector least_squares(const Matrix& x, const Vector& y);
/// Lower factor l with l l' = a.
Matrix cholesky(const Matrix& a);

/// Orthonormal columns that span those of `x` (of full rank).
Matrix orthonormal(const Matrix& x);

/// Of a symmetric matrix, smallest value first; vectors are columns.
struct Spectrum {
    Vector values;
    Matrix vectors;
};
Spectrum spectrum(const Matrix& a);

/// x = u diag(d) v', largest value first, u and v with as many columns as d has values.
struct SingularValues {
    Matrix u;
    Vector d;
    Matrix v;
};
SingularValues singular_values(const Matrix& x);

} // namespace salus::test::dense
