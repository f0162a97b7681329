#pragma once

#include <span>
#include <vector>

namespace salus {

/// How far chains of one quantity agree. NaN with fewer than four values a chain, or without
/// variation.
struct ChainAgreement {
    double r_hat = 0;            // of half chains: near 1 if they are of one distribution
    double effective_sample = 0; // independent draws that the mean is worth
};
/// \param chains  [chain][iteration], all of one length. Gelman A et al., Bayesian Data Analysis,
/// 3rd ed., section 11.4-11.5; autocorrelations are summed by initial positive pairs (Geyer 1992,
/// doi:10.1214/ss/1177011137).
ChainAgreement chain_agreement(std::span<const std::vector<double>> chains);

} // namespace salus
