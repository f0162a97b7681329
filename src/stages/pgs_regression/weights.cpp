#include "stages/pgs_regression/weights.hpp"

#include "base/numbers.hpp"
#include "base/text.hpp"
#include "genotype/store_layout.hpp"
#include "models/concordance.hpp"
#include "models/discrimination.hpp"
#include "parallel/parallel_for.hpp"
#include "stages/principal_components/projection.hpp"
#include "store/packed_table.hpp"

#include <algorithm>
#include <limits>

namespace salus::pgs_regression {
namespace {

/// How the scores of validating people go with the trait: squared correlation with what covariates
/// leave, area under the ROC curve, or Harrell's concordance.
double judge(const TraitData& trait, const std::vector<double>& score) {
    if (!trait.no_validation.empty() || score.empty()) return nan;
    const PartData& part = trait.validation;
    const std::vector<double> of_part(
        score.begin() + static_cast<std::ptrdiff_t>(trait.training.samples.size()), score.end());
    if (trait.kind == RegressedKind::time_to_event)
        return concordance(part.outcome.time, part.outcome.value, of_part,
                           std::numeric_limits<double>::infinity())
            .estimate;
    if (trait.kind == RegressedKind::binary)
        return delong(std::span(&of_part, 1), part.outcome.value).auc[0];
    const auto null = profile_likelihood(trait.training.outcome, trait.training.covariates)
                          ->at(std::vector<double>(trait.training.samples.size(), 0.0));
    std::vector<double> residual = part.outcome.value;
    for (std::size_t c = 0; c < part.covariates.size(); ++c)
        for (std::size_t i = 0; i < residual.size(); ++i)
            residual[i] -= null.coefficients[c + 1] * part.covariates[c][i];
    return prediction_r2(of_part, residual);
}

/// The ridge fit that predicts best, or the first that was solved.
WeightSet ridge_set(const Cohort& cohort, const RidgeResult& ridge, std::size_t trait,
                    std::uint64_t variants) {
    WeightSet best{.trait = trait, .name = "ridge", .problem = "not_converged"};
    for (const RidgeFit& fit : ridge.fits) {
        if (fit.trait != trait) continue;
        const double value = judge(cohort.traits[trait], fit.score);
        if (best.ridge != nullptr && best.problem.empty() &&
            !(fit.problem.empty() && value > best.validation))
            continue;
        best.ridge = &fit;
        best.problem = fit.problem;
        best.validation = fit.problem.empty() ? value : nan;
        best.nonzero = fit.problem.empty() ? variants : 0;
    }
    return best;
}

void choose_best(std::vector<WeightSet>& sets) {
    for (WeightSet& set : sets) {
        if (!set.found()) continue;
        const bool best = std::none_of(sets.begin(), sets.end(), [&](const WeightSet& other) {
            if (other.trait != set.trait || !other.found() || &other == &set) return false;
            const bool first = &other < &set;
            const bool none = std::isnan(set.validation), others = std::isnan(other.validation);
            if (none || others) return none && (!others || first);
            return other.validation > set.validation ||
                   (other.validation == set.validation && first);
        });
        set.chosen = best;
    }
}

/// Rows of one trait, as weights per copy of ALT.
void append_rows(const Cohort& cohort, const std::vector<const WeightSet*>& sets,
                 std::span<const Variant> variants, std::span<const std::uint64_t> places,
                 const std::vector<std::vector<double>>& values, TableData& table) {
    for (std::size_t v = 0; v < places.size(); ++v) {
        if (std::all_of(values.begin(), values.end(),
                        [&](const auto& column) { return column[v] == 0; }))
            continue;
        const Variant& variant = variants[v];
        table.column<std::string>("chromosome").push_back(variant.chromosome);
        table.column<std::uint32_t>("base_pair_location").push_back(variant.position);
        table.column<std::string>("variant_id").push_back(shown_text(variant.id));
        table.column<std::string>("other_allele").push_back(shown_text(variant.ref));
        table.column<std::string>("effect_allele").push_back(shown_text(variant.alt));
        for (std::size_t c = 0; c < sets.size(); ++c)
            table.column<double>("weight_" + sets[c]->name)
                .push_back(values[c][v] * cohort.traits[sets[c]->trait].scale);
    }
}

/// Sets of one trait that have a column.
std::vector<const WeightSet*> found_sets(const std::vector<WeightSet>& sets, std::size_t trait) {
    std::vector<const WeightSet*> out;
    for (const WeightSet& set : sets)
        if (set.trait == trait && set.found()) out.push_back(&set);
    return out;
}

/// Makes the rows of a block of variants.
class RowMaker {
public:
    RowMaker(const GenotypeSource& source, const VariantRule& rule, const Cohort& cohort,
             const std::vector<WeightSet>& sets)
        : source_(source), rule_(rule), cohort_(cohort) {
        for (std::size_t t = 0; t < cohort.traits.size(); ++t)
            if (auto some = found_sets(sets, t); !some.empty()) traits_.push_back(std::move(some));
        for (const auto& of_trait : traits_)
            for (const WeightSet* set : of_trait)
                if (set->ridge != nullptr) ridges_.push_back(set);
        if (ridges_.empty()) return;
        const std::size_t n = source.samples().size();
        ridge_columns_ = FixedColumns(n, ridges_.size());
        for (std::size_t r = 0; r < ridges_.size(); ++r) {
            std::vector<double> column(n, 0.0);
            const auto& rows = cohort.traits[ridges_[r]->trait].training.samples;
            for (std::size_t i = 0; i < rows.size(); ++i)
                column[rows[i]] = ridges_[r]->ridge->weights[i];
            ridge_columns_.set(r, column);
        }
    }

    void append(const VariantBlock& block, std::vector<TableData>& tables) const {
        const auto chosen = rule_(block);
        if (chosen.empty()) return;
        components::Standard standard;
        std::vector<std::size_t> positions;
        std::vector<std::uint64_t> places;
        std::vector<Variant> variants;
        const auto all =
            source_.variants({block.first_variant(), block.first_variant() + block.size()});
        for (const auto& v : chosen) {
            positions.push_back(v.position);
            places.push_back(block.first_variant() + v.position);
            variants.push_back(all[v.position]);
            standard.centre.push_back(rule_.centre(v));
            standard.scale.push_back(rule_.scale(v));
        }
        std::vector<double> products;
        if (!ridges_.empty()) {
            components::Batch batch(block.sample_count(), positions.size());
            batch.add(block, positions);
            products.resize(positions.size() * ridges_.size());
            components::variant_products(batch, ridge_columns_, standard, products);
        }
        for (std::size_t t = 0; t < traits_.size(); ++t) {
            std::vector<std::vector<double>> values;
            for (const WeightSet* set : traits_[t])
                values.push_back(weights_of(*set, places, standard, products));
            append_rows(cohort_, traits_[t], variants, places, values, tables[t]);
        }
    }

private:
    std::vector<double> weights_of(const WeightSet& set, std::span<const std::uint64_t> places,
                                   const components::Standard& standard,
                                   std::span<const double> products) const {
        std::vector<double> out(places.size(), 0.0);
        if (set.ridge != nullptr) {
            const auto r = static_cast<std::size_t>(
                std::find(ridges_.begin(), ridges_.end(), &set) - ridges_.begin());
            for (std::size_t v = 0; v < places.size(); ++v)
                out[v] = products[v * ridges_.size() + r] / standard.scale[v];
            return out;
        }
        const auto& found = set.path->coefficients;
        for (std::size_t v = 0; v < places.size(); ++v) {
            const auto at =
                std::lower_bound(found.begin(), found.end(), std::pair{places[v], -HUGE_VAL});
            if (at != found.end() && at->first == places[v])
                out[v] = at->second / standard.scale[v];
        }
        return out;
    }

    const GenotypeSource& source_;
    const VariantRule& rule_;
    const Cohort& cohort_;
    std::vector<std::vector<const WeightSet*>> traits_;
    std::vector<const WeightSet*> ridges_;
    FixedColumns ridge_columns_;
};

} // namespace

std::string_view measure_of(RegressedKind kind) noexcept {
    switch (kind) {
    case RegressedKind::quantitative:
        return "r2";
    case RegressedKind::binary:
        return "auc";
    case RegressedKind::time_to_event:
        break;
    }
    return "concordance";
}

std::vector<WeightSet> weight_sets(const PgsRegressionParams& params, const Cohort& cohort,
                                   const RidgeResult& ridge, const std::vector<PathFit>& paths,
                                   std::uint64_t variants) {
    std::vector<WeightSet> sets;
    const auto wants = [&](const char* method) {
        return std::find(params.methods.begin(), params.methods.end(), method) !=
               params.methods.end();
    };
    for (std::size_t t = 0; t < cohort.traits.size(); ++t) {
        const TraitData& trait = cohort.traits[t];
        if (wants("ridge"))
            sets.push_back(trait.problem.empty()
                               ? ridge_set(cohort, ridge, t, variants)
                               : WeightSet{.trait = t, .name = "ridge", .problem = trait.problem});
        if (!wants("elastic_net")) continue;
        for (const double alpha : params.alphas) {
            WeightSet set{.trait = t, .name = text("elastic_net_", alpha)};
            const auto fit = std::find_if(paths.begin(), paths.end(), [&](const PathFit& path) {
                return path.trait == t && path.alpha == alpha;
            });
            set.problem = fit == paths.end() ? trait.problem : fit->problem;
            if (fit != paths.end()) {
                set.path = &*fit;
                set.nonzero = fit->coefficients.size();
                if (set.problem.empty()) set.validation = judge(trait, fit->score);
            }
            sets.push_back(std::move(set));
        }
    }
    choose_best(sets);
    return sets;
}

std::vector<TableSpec> weight_specs(const Cohort& cohort, const std::vector<WeightSet>& sets) {
    std::vector<TableSpec> specs;
    for (std::size_t t = 0; t < cohort.traits.size(); ++t) {
        std::vector<std::string> names;
        for (const WeightSet* set : found_sets(sets, t))
            names.push_back(set->name);
        if (!names.empty())
            specs.push_back(pgs_regression_weights_table(cohort.traits[t].name, names));
    }
    return specs;
}

Parts write_weights(RunContext& context, const GenotypeSource& source, const VariantRule& rule,
                    const Cohort& cohort, const std::vector<WeightSet>& sets) {
    const auto units = components::component_units(source);
    const std::uint64_t step = components::read_length(source);
    const auto specs = weight_specs(cohort, sets);
    const RowMaker maker(source, rule, cohort, sets);
    return context.for_each_unit("weights", units.size(), [&](std::uint64_t u, PartWriter& part) {
        std::vector<TableData> tables;
        for (const TableSpec& spec : specs)
            tables.emplace_back(spec);
        VariantBlock block;
        for (std::uint64_t begin = units[u].begin; begin < units[u].end; begin += step) {
            source.read({begin, std::min(units[u].end, begin + step)}, block);
            maker.append(block, tables);
        }
        for (const TableData& table : tables)
            write_unit_table(part, table);
    });
}

} // namespace salus::pgs_regression
