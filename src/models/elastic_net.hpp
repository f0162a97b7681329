#pragma once

#include "models/block_likelihood.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// Penalised likelihood: -log-likelihood / n + lambda sum_c f_c (alpha |b_c| + (1 - alpha) b_c^2 /
/// 2) over standardised columns; factor f 0 leaves a column unpenalised. Factors are used as given.
struct ElasticNet {
    double alpha = 1;                           // 1 lasso; at least 0.001
    std::vector<double> factor = {};            // [column]; empty: 1
    std::vector<std::uint8_t> nonnegative = {}; // [column] 1: no coefficient below 0; empty: none
    std::size_t lambdas = 100;
    double smallest = 0.01;        // last lambda over the first
    std::vector<double> grid = {}; // lambdas themselves, descending; empty: from the data
};

struct NetPath {
    std::vector<double> lambda;
    std::vector<std::vector<double>> coefficients; // [lambda][column]
    std::vector<double> log_likelihood;            // [lambda], without penalty
    std::vector<double> violation;  // [lambda] largest breach of the optimality conditions
    double log_likelihood_null = 0; // unpenalised columns alone
    bool settled = true;            // every violation is at most 1e-7 lambda
};

/// Path from the smallest lambda at which all penalised coefficients are 0. Each step is Newton's
/// with coordinate descent on the quadratic (information of all columns, so made for hundreds of
/// columns, not thousands), step halving, and a check of the optimality conditions. `n`: rows.
/// Time per lambda: a few evaluations of the likelihood. Friedman, Hastie & Tibshirani 2010,
/// doi:10.18637/jss.v033.i01; Simon et al. 2011, doi:10.18637/jss.v039.i05.
NetPath elastic_net_path(Likelihood& likelihood, double n, const ElasticNet& net);

} // namespace salus
