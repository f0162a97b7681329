#include "stages/gene_tests/set_tester.hpp"

#include "base/numbers.hpp"
#include "base/text.hpp"
#include "models/acat.hpp"
#include "models/linear.hpp"
#include "models/skat.hpp"
#include "models/tails.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace salus::gene_tests {
namespace {

constexpr double very_rare = 10; // alleles; such variants are one test of ACAT-V
const double resample_above = -std::log10(0.05);

bool wants(const std::vector<std::string>& tests, std::string_view name) {
    return std::find(tests.begin(), tests.end(), name) != tests.end();
}

GeneMethod method_of(ResampledTails::Method method) {
    switch (method) {
    case ResampledTails::Method::exact:
        return GeneMethod::exact;
    case ResampledTails::Method::resampled:
        return GeneMethod::resampled;
    case ResampledTails::Method::unresolved:
        return GeneMethod::resampled_coarsely;
    case ResampledTails::Method::none:
        break;
    }
    return GeneMethod::not_resampled;
}

} // namespace

GeneRow::GeneRow()
    : beta(nan), standard_error(nan), burden(nan), skat(nan), skat_o(nan), acat_v(nan), acat_o(nan),
      rho(nan) {}

bool FrequencyBin::contains(const CarrierColumn& column) const noexcept {
    if (std::isnan(most)) return std::fabs(column.allele_count - 1) < 1e-6;
    return column.frequency <= most;
}

std::vector<FrequencyBin> frequency_bins(const GeneTestsParams& params) {
    std::vector<FrequencyBin> bins;
    for (const double most : params.frequency_max)
        bins.push_back({.name = text(most), .most = most});
    if (params.singletons) bins.push_back({.name = "singletons", .most = nan});
    return bins;
}

GeneRules rules_of(const GeneTestsParams& p, std::uint64_t seed) {
    const bool acat_o = wants(p.tests, "acat_o"), skat_o = wants(p.tests, "skat_o");
    return {.skat = acat_o || skat_o || wants(p.tests, "skat"),
            .skat_o = skat_o,
            .acat_v = acat_o || wants(p.tests, "acat_v"),
            .acat_o = acat_o,
            .matched_quantiles = p.skat_o_quantiles == "matched",
            .coding = p.burden_coding == "sum"   ? BurdenCoding::sum
                      : p.burden_coding == "max" ? BurdenCoding::max
                                                 : BurdenCoding::comphet,
            .beta_1 = p.weight_beta_1,
            .beta_2 = p.weight_beta_2,
            .collapse_count_max = static_cast<double>(p.collapse_count_max),
            .allele_count_min = static_cast<double>(p.minor_allele_count_min),
            .variants_max = static_cast<std::size_t>(p.variants_max),
            .resample_cases_max = p.resample_cases_max,
            .resample_draws_max = static_cast<std::uint64_t>(p.resample_draws_max),
            .seed = seed};
}

SetTester::SetTester(const TraitScores& trait, std::span<const SetColumn> columns,
                     const GeneRules& rules, Merger& merger)
    : trait_(trait), columns_(columns), rules_(rules), merger_(merger), scores_(columns.size()),
      place_(columns.size(), SIZE_MAX) {
    for (std::size_t v = 0; v < columns.size(); ++v) {
        if (columns[v].carriers.empty()) continue;
        scores_[v] = trait_.score(columns[v].copies);
        if (!kept(v) || !(scores_[v].variance > 0)) continue;
        place_[v] = kept_.size();
        kept_.push_back(v);
    }
}

double SetTester::covariance(double product, std::size_t a, std::size_t b) const {
    const double means = a == b ? scores_[a].squared_means
                                : trait_.products_of_means(columns_[a].copies, scores_[a],
                                                           columns_[b].copies, scores_[b]);
    return TraitScores::covariance(product, means, scores_[a], scores_[b]);
}

// Of the kept variants, unless there are more than any mask may have.
void SetTester::fill_covariance() {
    const std::size_t m = kept_.size();
    if (!covariance_.empty() || m == 0) return;
    covariance_.resize(m * m);
    std::vector<const SparseColumn*> columns;
    for (const std::size_t v : kept_)
        columns.push_back(&columns_[v].copies);
    std::vector<double> products(m);
    for (std::size_t i = 0; i < m; ++i) {
        const auto others = std::span(columns).subspan(i);
        merger_.products(*columns[i], trait_.weights(*columns[i]), others,
                         std::span(products).subspan(i));
        for (std::size_t j = i; j < m; ++j)
            covariance_[i * m + j] = covariance_[j * m + i] =
                covariance(products[j], kept_[i], kept_[j]);
    }
}

std::vector<double> SetTester::covariance_of_all() {
    const std::size_t m = columns_.size();
    std::vector<double> all(m * m), products(m);
    std::vector<const SparseColumn*> columns;
    for (const SetColumn& column : columns_)
        columns.push_back(&column.copies);
    for (std::size_t i = 0; i < m; ++i) {
        if (columns_[i].carriers.empty()) continue;
        merger_.products(*columns[i], trait_.weights(*columns[i]), std::span(columns).subspan(i),
                         std::span(products).subspan(i));
        for (std::size_t j = i; j < m; ++j)
            if (!columns_[j].carriers.empty())
                all[i * m + j] = all[j * m + i] = covariance(products[j], i, j);
    }
    return all;
}

void SetTester::describe(std::span<const std::size_t> present, GeneRow& row) {
    auto& people = people_;
    people.clear();
    for (const std::size_t v : present) {
        const SetColumn& column = columns_[v];
        row.allele_count += column.allele_count;
        people.insert(people.end(), column.carriers.begin(), column.carriers.end());
        if (!trait_.trait().has_cases()) continue;
        // Shares of the alleles as of the copies: the same but for males on X.
        double copies = 0, of_cases = 0;
        auto next = column.carriers.begin();
        for (std::size_t k = 0; k < column.copies.size(); ++k) {
            if (next == column.carriers.end() || column.copies.sample[k] != *next) continue;
            ++next;
            copies += column.copies.value[k];
            if (trait_.is_case(column.copies.sample[k])) of_cases += column.copies.value[k];
        }
        row.allele_count_cases += column.allele_count * of_cases / copies;
    }
    std::sort(people.begin(), people.end());
    people.erase(std::unique(people.begin(), people.end()), people.end());
    row.variants = static_cast<std::uint32_t>(present.size());
    row.carriers = static_cast<std::uint32_t>(people.size());
    if (trait_.trait().has_cases())
        row.carriers_cases = static_cast<std::uint32_t>(
            std::ranges::count_if(people, [&](std::uint32_t s) { return trait_.is_case(s); }));
}

bool SetTester::test_burden(std::span<const std::size_t> present, GeneRow& row) {
    std::vector<const SparseColumn*> columns;
    for (const std::size_t v : present)
        columns.push_back(&columns_[v].copies);
    const SparseColumn burden = merger_.merge(columns, rules_.coding);
    const Score score = trait_.score(burden);
    if (!(score.variance > 0)) return false;
    const auto& trait = trait_.trait();
    if (trait.is_quantitative()) {
        const double s2 = trait_.residual_variance();
        const LinearFit fit =
            fit_linear({.gg = score.variance * s2,
                        .gy = score.score * s2,
                        .yy = trait.yy,
                        .residual_df = static_cast<double>(trait.n) -
                                       static_cast<double>(trait_.set().covariates) - 2});
        row.beta = fit.beta;
        row.standard_error = fit.standard_error;
        row.burden = fit.neg_log10_p;
        return true;
    }
    row.burden = trait_.saddlepoint(burden, score);
    row.beta = score.score / score.variance;
    const double chi_square = chi_square_from_neg_log10_p(row.burden);
    row.standard_error = chi_square > 0 && row.beta != 0
                             ? std::fabs(row.beta) / std::sqrt(chi_square)
                             : 1 / std::sqrt(score.variance);
    return true;
}

Element SetTester::element(const SparseColumn& column, const Score& score,
                           double allele_count) const {
    const double copies = std::accumulate(column.value.begin(), column.value.end(), 0.0);
    const double frequency = std::min(0.5, copies / (2 * static_cast<double>(trait_.trait().n)));
    Element result{.column = &column,
                   .score = &score,
                   .weight = std::exp((rules_.beta_1 - 1) * std::log(frequency) +
                                      (rules_.beta_2 - 1) * std::log1p(-frequency)),
                   .frequency = frequency,
                   .allele_count = allele_count,
                   .variance = score.variance};
    if (trait_.trait().is_quantitative()) return result;
    const double chi_square = chi_square_from_neg_log10_p(trait_.saddlepoint(column, score));
    if (chi_square > 0) result.variance = score.score * score.score / chi_square;
    return result;
}

std::vector<Element> SetTester::elements_of(std::span<const std::size_t> present,
                                            Collapsed& collapsed, GeneRow& row) {
    std::vector<Element> elements;
    std::vector<const SparseColumn*> rare;
    double rare_alleles = 0;
    for (const std::size_t v : present) {
        if (!kept(v)) {
            rare.push_back(&columns_[v].copies);
            rare_alleles += columns_[v].allele_count;
        } else if (place_[v] != SIZE_MAX) {
            elements.push_back(element(columns_[v].copies, scores_[v], columns_[v].allele_count));
            elements.back().kept = place_[v];
        }
    }
    row.collapsed = static_cast<std::uint32_t>(rare.size());
    if (rare.empty()) return elements;
    collapsed.column = merger_.merge(rare, BurdenCoding::max);
    collapsed.score = trait_.score(collapsed.column);
    if (collapsed.score.variance > 0)
        elements.push_back(element(collapsed.column, collapsed.score, rare_alleles));
    return elements;
}

// Of the weighted scores, with the variances of the elements.
std::vector<double> SetTester::covariance_of(std::span<const Element> elements) {
    fill_covariance();
    const std::size_t m = elements.size(), all = kept_.size();
    std::vector<double> result(m * m);
    for (std::size_t i = 0; i < m; ++i)
        for (std::size_t j = 0; j < m; ++j)
            if (elements[i].kept != SIZE_MAX && elements[j].kept != SIZE_MAX)
                result[i * m + j] = covariance_[elements[i].kept * all + elements[j].kept];
    if (elements.back().kept == SIZE_MAX) {
        std::vector<const SparseColumn*> columns;
        for (const Element& other : elements)
            columns.push_back(other.column);
        std::vector<double> products(m);
        const Element& last = elements.back();
        merger_.products(*last.column, trait_.weights(*last.column), columns, products);
        for (std::size_t j = 0; j < m; ++j)
            result[j * m + m - 1] = result[(m - 1) * m + j] = TraitScores::covariance(
                products[j],
                j + 1 == m ? last.score->squared_means
                           : trait_.products_of_means(*last.column, *last.score,
                                                      *elements[j].column, *elements[j].score),
                *last.score, *elements[j].score);
    }
    std::vector<double> scale(m);
    for (std::size_t i = 0; i < m; ++i)
        scale[i] =
            elements[i].weight * std::sqrt(elements[i].variance / elements[i].score->variance);
    for (std::size_t i = 0; i < m; ++i)
        for (std::size_t j = 0; j < m; ++j)
            result[i * m + j] *= scale[i] * scale[j];
    return result;
}

// Zhao 2020: where the saddle point gives the weighted burden more variance than the covariance
// has, all of it is enlarged.
void SetTester::adjust_burden_direction(std::span<const Element> elements,
                                        std::span<double> covariance) {
    std::vector<SparseColumn> weighted;
    std::vector<const SparseColumn*> columns;
    for (const Element& element : elements) {
        weighted.push_back(*element.column);
        for (double& value : weighted.back().value)
            value *= element.weight;
    }
    for (const SparseColumn& column : weighted)
        columns.push_back(&column);
    const SparseColumn burden = merger_.merge(columns, BurdenCoding::sum);
    const Score score = trait_.score(burden);
    const double chi_square = chi_square_from_neg_log10_p(trait_.saddlepoint(burden, score));
    if (!(score.variance > 0) || !(chi_square > 0)) return;
    const double wanted = score.score * score.score / chi_square;
    const double present = std::accumulate(covariance.begin(), covariance.end(), 0.0);
    if (!(present > 0) || present >= wanted) return;
    for (double& value : covariance)
        value *= wanted / present;
}

CauchyTerms SetTester::cauchy_terms(std::span<const Element> elements,
                                    std::span<const double> covariance) const {
    const std::size_t m = elements.size();
    CauchyTerms terms;
    for (std::size_t i = 0; i < m; ++i) {
        const Element& e = elements[i];
        const double weight = e.weight * e.weight * e.frequency * (1 - e.frequency);
        if (e.allele_count < very_rare) {
            terms.rare.push_back(i);
            terms.rare_weight += weight;
        } else {
            terms.singles.push_back({i, weight});
        }
    }
    for (const std::size_t i : terms.rare)
        for (const std::size_t j : terms.rare)
            terms.rare_variance += covariance[i * m + j];
    if (!terms.rare.empty()) terms.rare_weight /= static_cast<double>(terms.rare.size());
    return terms;
}

double SetTester::combine(const CauchyTerms& terms, std::span<const Element> elements) const {
    std::vector<double> tests, weights;
    for (const auto& [i, weight] : terms.singles) {
        const Element& e = elements[i];
        tests.push_back(chi_square_neg_log10_p(e.score->score * e.score->score / e.variance));
        weights.push_back(weight);
    }
    if (terms.rare_variance > 0) {
        double score = 0;
        for (const std::size_t i : terms.rare)
            score += elements[i].weight * elements[i].score->score;
        tests.push_back(chi_square_neg_log10_p(score * score / terms.rare_variance));
        weights.push_back(terms.rare_weight);
    }
    return combine_cauchy(tests, weights);
}

// Tests that are far from significant stay as they are.
bool SetTester::is_to_resample(const GeneRow& row) const {
    if (trait_.trait().is_quantitative()) return false;
    double most = 0;
    for (const double test : {row.skat, row.skat_o, row.acat_v})
        if (test > most) most = test;
    return most > resample_above && expected_cases(trait_, people_) < rules_.resample_cases_max;
}

void SetTester::test_elements(std::span<const Element> elements, std::uint64_t key, GeneRow& row) {
    auto covariance = covariance_of(elements);
    row.method = GeneMethod::asymptotic;
    if (!trait_.trait().is_quantitative()) {
        adjust_burden_direction(elements, covariance);
        row.method = GeneMethod::saddlepoint;
    }
    SetTests tests{.skat = nan, .burden = nan, .skat_o = nan, .rho = nan};
    if (rules_.skat) {
        std::vector<double> scores;
        for (const Element& element : elements)
            scores.push_back(element.weight * element.score->score);
        tests = test_set(scores, covariance,
                         !rules_.skat_o             ? SetTestKind::skat
                         : rules_.matched_quantiles ? SetTestKind::skat_o_matched
                                                    : SetTestKind::skat_o);
        row.skat = tests.skat;
        row.skat_o = tests.skat_o;
        row.rho = tests.rho;
    }
    CauchyTerms terms;
    if (rules_.acat_v) {
        terms = cauchy_terms(elements, covariance);
        row.acat_v = combine(terms, elements);
    }
    if (is_to_resample(row)) {
        double most = 0;
        for (const double test : {row.skat, row.skat_o, row.acat_v})
            if (test > most) most = test;
        const ResampledSet resampled =
            resample({.trait = trait_,
                      .elements = elements,
                      .covariance = covariance,
                      .people = people_,
                      .tests = tests,
                      .terms = terms,
                      .least_p = std::pow(10.0, -most)},
                     Rng(rules_.seed, "gene_tests.resampling", key), rules_.resample_draws_max);
        row.method = method_of(resampled.method);
        if (row.method != GeneMethod::not_resampled) {
            if (rules_.skat) row.skat = resampled.skat;
            row.skat_o = resampled.skat_o;
            row.acat_v = resampled.acat_v;
        }
    }
    if (!rules_.acat_o) return;
    const double all[] = {row.burden, row.skat, row.acat_v}, equal[] = {1, 1, 1};
    row.acat_o = combine_cauchy(all, equal);
}

GeneRow SetTester::test(std::span<const std::size_t> members, std::uint64_t key) {
    GeneRow row;
    std::vector<std::size_t> present;
    for (const std::size_t v : members)
        if (!columns_[v].carriers.empty()) present.push_back(v);
    row.status = members.empty()   ? GeneStatus::no_variants
                 : present.empty() ? GeneStatus::no_carriers
                                   : GeneStatus::tested;
    if (row.status != GeneStatus::tested) return row;
    describe(present, row);
    if (row.allele_count < rules_.allele_count_min) {
        row.status = GeneStatus::rare;
        return row;
    }
    if (!test_burden(present, row)) row.status = GeneStatus::collinear;
    if (!rules_.skat && !rules_.acat_v) return row;
    Collapsed collapsed;
    const auto elements = elements_of(present, collapsed, row);
    if (elements.empty()) return row;
    if (std::max(elements.size(), kept_.size()) > rules_.variants_max) {
        row.status = GeneStatus::too_many_variants;
        return row;
    }
    row.status = GeneStatus::tested;
    test_elements(elements, key, row);
    return row;
}

} // namespace salus::gene_tests
