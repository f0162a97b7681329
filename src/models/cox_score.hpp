#pragma once

#include "kernels/risk_scan.hpp"
#include "models/cox.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace salus {

/// What score tests in a fitted Cox model need of its risk sets. The information of a column g is
/// sum of expected g^2 - squared means(g), and so is that of g and covariates x by
/// CoxState::information_product.
class CoxScore {
public:
    CoxScore(const RiskSets& sets, CoxState state);

    const CoxState& state() const noexcept { return state_; }
    /// For scan_calls and scan_values; `sample` is the row itself until it is set.
    RiskScan scan() const;

    /// A row whose genotype is not 0.
    struct RowValue {
        std::uint32_t row = 0;
        double value = 0;
    };
    /// Sum over event times of the squared means of a column that is 0 in all other rows. One
    /// object per thread: it keeps work space. O(K log K) for K rows.
    class Carriers {
    public:
        explicit Carriers(const CoxScore& score) : score_(score) {}
        double squared_means(std::span<const RowValue> rows);

    private:
        struct Change {
            std::uint32_t event = 0;
            double amount = 0;
        };
        const CoxScore& score_;
        std::vector<Change> changes_, deaths_;
    };

private:
    const RiskSets& sets_;
    CoxState state_;
    std::vector<double> squares_; // [event time] sum of HazardTerms::squares before it
};

} // namespace salus
