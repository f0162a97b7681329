#pragma once

#include "models/tails.hpp"
#include "support/dense.hpp"
#include "unit/stages/association/cohort.hpp"

namespace salus {

using test::dense::Matrix;
using test::dense::Vector;

/// One variant and one trait as textbook arrays: ALT copies with missing at the mean.
struct Textbook {
    std::vector<std::size_t> samples;
    Vector y;
    Matrix x; // intercept, covariates, genotype last
    double alt = 0, alleles = 0, frequency = 0;
    bool usable = false;
};

struct TextbookFit {
    double beta, standard_error, neg_log10_p;
};

class Association : public test::AssociationCohort {
protected:
    Textbook textbook(std::size_t v, const std::string& trait, bool drop_sex = false) const;
    static TextbookFit linear(const Textbook& t);
    static TextbookFit score(const Textbook& t);
    /// Wald or Firth with unscaled covariates and ALT copies.
    static TextbookFit fitted(const Textbook& t, bool firth);

    static AssociationStatus status(const TableData& table, std::size_t v) {
        return static_cast<AssociationStatus>(table.column<std::uint8_t>("status")[v]);
    }
    static void expect_fit(const TableData& table, std::size_t v, const TextbookFit& fit,
                           double relative);
};

} // namespace salus
