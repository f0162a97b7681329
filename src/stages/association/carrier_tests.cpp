#include "stages/association/carrier_tests.hpp"

#include <algorithm>
#include <cmath>

namespace salus::association {
namespace {

constexpr double dosage_steps = 16;        // of the lattice in a copy, where there are dosages
constexpr double most_correlation = 0.999; // of the liabilities of relatives

double logistic(double eta) noexcept { return 1 / (1 + std::exp(-eta)); }

} // namespace

bool CarrierTests::list_carriers(const VariantGenotypes& genotypes, const TraitPlan& trait,
                                 const SetView& view) {
    const SampleSet& set = plan_.sets[trait.set];
    carriers_.clear();
    genotypes.list_copies(plan_.columns.samples(), view.flipped, 0, copies_);
    for (const auto& [sample, copies] : copies_) {
        if (copies < least_copies || !set.members.contains(sample)) continue;
        carriers_.push_back({.sample = static_cast<std::uint32_t>(sample),
                             .member = set.positions[sample],
                             .copies = copies,
                             .family = static_cast<std::uint32_t>(carriers_.size())});
    }
    return !carriers_.empty() && carriers_.size() * listed_share <= set.samples.size();
}

std::uint32_t CarrierTests::family_of(std::uint32_t carrier) {
    while (carriers_[carrier].family != carrier)
        carrier = carriers_[carrier].family = carriers_[carriers_[carrier].family].family;
    return carrier;
}

// Puts relatives beside each other. False if there are none among the carriers.
bool CarrierTests::find_families(const TraitPlan& trait) {
    const PairForm& pairs = trait.family->pairs;
    at_place_.resize(pairs.samples().size(), PairForm::none);
    bool found = false;
    for (std::uint32_t i = 0; i < carriers_.size(); ++i)
        if (const auto place = pairs.place(carriers_[i].sample); place != PairForm::none)
            at_place_[place] = i;
    for (std::uint32_t i = 0; i < carriers_.size(); ++i) {
        const auto place = pairs.place(carriers_[i].sample);
        if (place == PairForm::none) continue;
        pairs.for_later(place, [&](std::uint32_t other, double) {
            if (at_place_[other] == PairForm::none) return;
            const std::uint32_t a = family_of(i), b = family_of(at_place_[other]);
            carriers_[std::max(a, b)].family = std::min(a, b);
            found = true;
        });
    }
    for (std::uint32_t i = 0; i < carriers_.size(); ++i) {
        const auto place = pairs.place(carriers_[i].sample);
        if (place != PairForm::none) at_place_[place] = PairForm::none;
        carriers_[i].family = family_of(i);
    }
    if (found)
        std::stable_sort(carriers_.begin(), carriers_.end(),
                         [](const auto& a, const auto& b) { return a.family < b.family; });
    return found;
}

// The correlation of liabilities with which the carriers of a family have the covariance that the
// pairs tell, all with the same.
double CarrierTests::correlation_of(const TraitPlan& trait, std::size_t begin,
                                    std::size_t end) const {
    const PairForm& pairs = trait.family->pairs;
    double told = 0, most = 0, sum = 0;
    for (std::size_t i = begin; i < end; ++i) {
        const double x = carriers_[i].copies * std::sqrt(fitted_[i] * (1 - fitted_[i]));
        most += x * sum;
        sum += x;
        pairs.for_later(pairs.place(carriers_[i].sample), [&](std::uint32_t other, double weight) {
            for (std::size_t j = begin; j < end; ++j)
                if (pairs.place(carriers_[j].sample) == other)
                    told += carriers_[i].copies * carriers_[j].copies * weight;
        });
    }
    return std::clamp(trait.family->liability_ratio * told / most, 0.0, most_correlation);
}

void CarrierTests::fit_carriers(const TraitPlan& trait, std::span<const double> projection) {
    const SampleSet& set = plan_.sets[trait.set];
    const BinaryPlan& logistic_plan = trait.logistic;
    const std::size_t count = projection.size();
    fitted_.clear();
    probability_.clear();
    slope_.clear();
    for (const Carrier& carrier : carriers_) {
        const double* const x = set.rows.data() + carrier.member * count;
        double eta = logistic_plan.offset.empty() ? 0 : logistic_plan.offset[carrier.member];
        double shift = 0, along = 0;
        for (std::size_t c = 0; c < count; ++c) {
            eta += logistic_plan.coefficients[c] * x[c];
            shift += logistic_plan.firth_shift[c] * x[c];
            along += projection[c] * x[c];
        }
        fitted_.push_back(logistic(eta));
        probability_.push_back(logistic(eta + shift));
        slope_.push_back(carrier.copies - along);
    }
}

std::optional<CarrierTest> CarrierTests::test_exactly(const TraitPlan& trait) {
    const SampleSet& set = plan_.sets[trait.set];
    const BinaryPlan& logistic_plan = trait.logistic;
    const std::size_t count = logistic_plan.coefficients.size();
    const bool whole = std::ranges::all_of(
        carriers_, [](const Carrier& c) { return c.copies == std::floor(c.copies); });
    steps_.clear();
    design_.clear();
    std::uint64_t observed = 0;
    for (const Carrier& carrier : carriers_) {
        const auto steps =
            static_cast<std::uint32_t>(std::lround(carrier.copies * (whole ? 1 : dosage_steps)));
        steps_.push_back(steps);
        if (logistic_plan.outcome[carrier.member] == 1) observed += steps;
        const double* const x = set.rows.data() + carrier.member * count;
        const std::size_t first = design_.size();
        for (std::size_t a = 0; a < count; ++a) { // R'z = x
            double z = x[a];
            for (std::size_t b = 0; b < a; ++b)
                z -= logistic_plan.factor[a * count + b] * design_[first + b];
            design_.push_back(z / logistic_plan.factor[a * count + a]);
        }
    }
    const ExactScoreTest test = exact_.test({.steps = steps_,
                                             .fitted = fitted_,
                                             .probability = probability_,
                                             .families = families_,
                                             .design = design_,
                                             .columns = count,
                                             .observed = observed});
    if (!test.usable) return std::nullopt;
    return CarrierTest{AssociationTest::exact,
                       rules_.mid_p ? test.neg_log10_mid_p : test.neg_log10_p};
}

std::optional<CarrierTest> CarrierTests::test(const VariantGenotypes& genotypes,
                                              const TraitPlan& trait, const SetView& view,
                                              const ScoreParts& score,
                                              std::span<const double> projection) {
    const double copies = view.mean * static_cast<double>(view.moments.called);
    const bool few = copies < rules_.exact_copies_max + 0.5;
    const bool related = trait.family && trait.family->liability_ratio > 0;
    if (!few && !related) return std::nullopt;
    if (copies > 2 * static_cast<double>(plan_.sets[trait.set].samples.size() / listed_share) ||
        !list_carriers(genotypes, trait, view))
        return std::nullopt;
    const bool families = related && find_families(trait);
    if (!few && !families) return std::nullopt;
    fit_carriers(trait, projection);
    families_.clear();
    for (std::size_t i = 0, end = 0; i < carriers_.size(); i = end) {
        for (end = i + 1; end < carriers_.size() && carriers_[end].family == carriers_[i].family;)
            ++end;
        families_.push_back(
            {.end = end, .correlation = end > i + 1 ? correlation_of(trait, i, end) : 0});
    }
    if (few)
        if (const auto exact = test_exactly(trait)) return exact;
    if (!families) return std::nullopt;
    const SaddlepointTest tail = saddlepoint_.test({.slope = slope_,
                                                    .probability = fitted_,
                                                    .families = families_,
                                                    .score = score.score,
                                                    .variance = score.variance * score.spread});
    if (!tail.converged) return std::nullopt;
    return CarrierTest{AssociationTest::family_saddlepoint, tail.neg_log10_p};
}

} // namespace salus::association
