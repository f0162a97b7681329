#include "base/numbers.hpp"
#include "formats/file_genotypes.hpp"
#include "parallel/read_once.hpp"
#include "stages/null_model/null_model.hpp"

#include "base/text.hpp"
#include "genotype/result_marks.hpp"
#include "stages/association/components.hpp"
#include "stages/null_model/level0.hpp"
#include "stages/null_model/level1.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace salus {
namespace {

using namespace whole_genome;

TableSpec trait_part_table() {
    TableSpec spec = null_model_traits_table();
    spec.name = "trait";
    return spec;
}

/// Rows of level 1 of one trait.
struct TraitRows {
    TableData trait{trait_part_table()}, penalties{null_model_penalties_table()},
        skipped{null_model_skipped_table()};
};

bool is_quantitative(const TraitModel& trait) noexcept {
    return trait.kind == TraitKind::quantitative;
}
const char* unit_of(TraitKind kind) noexcept {
    switch (kind) {
    case TraitKind::quantitative:
        break;
    case TraitKind::binary:
        return "log odds";
    case TraitKind::time_to_event:
        return "log hazard";
    }
    return "trait unit";
}

class NullModelRun {
public:
    NullModelRun(const NullModelParams& params, RunContext& context)
        : params_(params), ctx_(context),
          genotypes_(read_once(context.comm(), "opening genotypes",
                               [&] { return open_any_genotypes(context.input("genotypes")); })) {}
    void run() {
        cohort_ = prepare();
        for (const SkippedTrait& trait : cohort_.skipped)
            ctx_.log().warning(text("trait ", trait.name, " is left out: ", trait.reason));
        if (params_.mode == "whole_genome") {
            plan_ = plan_blocks(ctx_, *genotypes_, cohort_.eligible, params_);
            set_priors();
            ctx_.log().info(text(with_thousands(plan_.variants), " variants in ",
                                 plan_.blocks.size(), " blocks; ", cohort_.traits.size(),
                                 " traits in ", cohort_.sets.size(), " sets of samples"));
        }
        const Parts traits = fit_traits();
        publish(traits);
    }

private:
    TraitCohort prepare() const {
        std::vector<std::uint8_t> passes(genotypes_->samples().size(), 1);
        const Phenotypes phenotypes = read_once(ctx_.comm(), "reading phenotypes", [&] {
            const SampleTable& samples = genotypes_->samples();
            Phenotypes read = association::read_phenotypes(
                ctx_.input("phenotypes"), samples,
                {.traits = params_.traits, .covariates = params_.covariates},
                association::Times::accepted);
            if (ctx_.has_input("components"))
                association::add_components(ctx_.input("components"), samples,
                                            static_cast<std::size_t>(params_.components_count),
                                            read);
            if (ctx_.has_input("quality")) {
                const H5File quality = H5File::open(ctx_.input("quality"));
                require_same_rows(quality, samples, genotypes_->variant_count(), "quality");
                passes = sample_marks(quality, "pass");
            }
            return read;
        });
        return collectively(ctx_.comm(), "preparing traits",
                            [&] { return make_cohort(phenotypes, passes, params_); });
    }

    /// Level 0 of traits [first, last), one unit per block.
    Parts predict_blocks(std::size_t first, std::size_t last) {
        const LevelZero level0({.cohort = cohort_,
                                .first = first,
                                .last = last,
                                .penalties = penalties_,
                                .mixtures = mixtures_});
        const std::size_t columns = penalties_.size() + mixtures_.size();
        const std::string phase = first == 0 ? std::string("level0") : text("level0-", first);
        return ctx_.for_each_unit(
            phase, plan_.blocks.size(), [&](std::uint64_t unit, PartWriter& part) {
                const BlockGenotypes genotypes(*genotypes_, plan_.blocks[unit].variants,
                                               cohort_.eligible);
                const auto predictions = level0.predict(genotypes);
                std::vector<std::uint64_t> flat;
                std::vector<std::uint8_t> converged;
                for (std::size_t t = 0; t < predictions.size(); ++t) {
                    const auto& values = predictions[t].values;
                    part.write_array<float>(level0_array(t), values,
                                            {values.size() / columns, columns}, Compression::none);
                    flat.push_back(predictions[t].flat);
                    converged.push_back(predictions[t].converged ? 1 : 0);
                }
                part.write_array<std::uint64_t>("flat", flat);
                part.write_array<std::uint8_t>("converged", converged);
            });
    }

    /// Level 0 and level 1 of all traits; parts of level 1, one per trait.
    Parts fit_traits() {
        if (params_.mode != "whole_genome")
            return ctx_.for_each_unit(
                "traits", cohort_.traits.size(),
                [&](std::uint64_t t, PartWriter& part) { write_covariates_only(t, part); });
        const auto width = static_cast<std::size_t>(params_.traits_per_pass);
        std::vector<Parts::Part> all;
        for (std::size_t first = 0; first < cohort_.traits.size(); first += width) {
            const std::size_t last = std::min(cohort_.traits.size(), first + width);
            const Parts blocks = predict_blocks(first, last);
            const std::string phase = first == 0 ? std::string("level1") : text("level1-", first);
            const Parts traits =
                ctx_.for_each_unit(phase, last - first, [&](std::uint64_t k, PartWriter& part) {
                    write_trait(first + k, k, blocks, part);
                });
            for (std::uint64_t k = 0; k < traits.size(); ++k)
                all.push_back(traits[k]);
        }
        return Parts(std::move(all));
    }

    /// Penalties of ridge regression and mixtures of level 0. Half of the variance is genetic, a
    /// tenth of that in small effects; level 1 finds the scale.
    void set_priors() {
        const auto variants = static_cast<double>(plan_.variants);
        if (params_.prior != "mixture")
            for (const double h : params_.heritabilities)
                penalties_.push_back(variants * (1 - h) / h);
        if (params_.prior != "ridge")
            for (const double p : params_.causal_fractions)
                mixtures_.push_back({.fraction = p,
                                     .large = 0.45 / (variants * p),
                                     .small = 0.05 / (variants * (1 - p))});
    }

    /// Level 1 with the columns of each prior, and the one that predicts left-out samples best.
    TraitPredictions best_prior(const TraitModel& trait, std::size_t number, const Parts& blocks,
                                TableData& penalties) const {
        LevelZeroParts from{.parts = blocks, .plan = plan_, .number = number};
        std::vector<TraitPredictions> tried;
        for (const char* prior : {"ridge", "mixture"}) {
            const bool mixture = prior == std::string_view("mixture");
            from.first = mixture ? penalties_.size() : 0;
            from.count = mixture ? mixtures_.size() : penalties_.size();
            if (from.count == 0) continue;
            tried.push_back(
                predict_trait(from, trait, cohort_.sets[trait.set], params_.heritabilities));
            tried.back().prior = prior;
        }
        const auto better = [&](const TraitPredictions& a, const TraitPredictions& b) {
            if (!a.fit.converged || !b.fit.converged) return a.fit.converged && !b.fit.converged;
            const double x = a.fit.score[a.fit.best], y = b.fit.score[b.fit.best];
            return is_quantitative(trait) ? x < y : x > y;
        };
        const auto chosen = static_cast<std::size_t>(
            std::min_element(tried.begin(), tried.end(), better) - tried.begin());
        for (std::size_t k = 0; k < tried.size(); ++k)
            add_penalties(trait, tried[k], k == chosen, penalties);
        return std::move(tried[chosen]);
    }

    void write_trait(std::size_t t, std::size_t number, const Parts& blocks, PartWriter& part) {
        const TraitModel& trait = cohort_.traits[t];
        TraitRows rows;
        TraitPredictions found = best_prior(trait, number, blocks, rows.penalties);
        if (!found.fit.converged && !is_quantitative(trait)) {
            add_skipped(trait.name,
                        text("the ridge ", trait.kind == TraitKind::binary ? "logistic" : "Cox",
                             " model of level 1 does not converge"),
                        rows.skipped);
        } else {
            std::uint64_t flat = 0;
            bool converged = found.fit.converged;
            for (std::uint64_t b = 0; b < blocks.size(); ++b) {
                const H5File block = blocks.open(b);
                flat += block.read_rows<std::uint64_t>("flat", number, 1)[0];
                converged =
                    converged && block.read_rows<std::uint8_t>("converged", number, 1)[0] != 0;
            }
            add_trait(trait, &found, flat, converged, rows.trait);
            write_loco(trait, found.loco, part);
        }
        part.write(rows.trait);
        part.write(rows.penalties);
        part.write(rows.skipped);
    }
    void write_covariates_only(std::size_t t, PartWriter& part) {
        const TraitModel& trait = cohort_.traits[t];
        TraitRows rows;
        add_trait(trait, nullptr, 0, true, rows.trait);
        const std::size_t n = cohort_.sets[trait.set].members.size();
        write_loco(trait, {std::vector<double>(n)}, part);
        part.write(rows.trait);
        part.write(rows.penalties);
        part.write(rows.skipped);
    }

    /// Spreads rows over members to rows over all samples.
    void write_loco(const TraitModel& trait, const std::vector<std::vector<double>>& rows,
                    PartWriter& part) const {
        const std::size_t samples = genotypes_->samples().size();
        const auto& members = cohort_.sets[trait.set].members;
        const Base& base = cohort_.base_of(trait);
        std::vector<double> all(rows.size() * samples, nan);
        for (std::size_t c = 0; c < rows.size(); ++c)
            for (std::size_t i = 0; i < members.size(); ++i)
                all[c * samples + base.samples[members[i]]] = rows[c][i];
        part.write_array<double>("loco", all, {rows.size(), samples}, Compression::none);
    }

    void add_trait(const TraitModel& trait, const TraitPredictions* found, std::uint64_t flat,
                   bool converged, TableData& table) const {
        const bool fitted = found != nullptr;
        const double score = fitted ? found->fit.score[found->fit.best] : nan;
        const auto n = static_cast<double>(cohort_.sets[trait.set].members.size());
        const double spread = (n - static_cast<double>(cohort_.base_of(trait).basis.size())) / n;
        const auto add = [&](const char* name, double value) {
            table.column<double>(name).push_back(value);
        };
        table.column<std::string>("name").push_back(trait.name);
        table.column<std::string>("kind").emplace_back(to_string(trait.kind));
        table.column<std::uint64_t>("n").push_back(cohort_.sets[trait.set].members.size());
        table.column<std::uint64_t>("n_cases").push_back(trait.n_cases);
        table.column<std::string>("prior").push_back(fitted ? found->prior : "none");
        add("heritability", fitted ? params_.heritabilities[found->fit.best] : nan);
        add("cross_validated_r2", is_quantitative(trait) ? 1 - score / spread : nan);
        add("log_likelihood", is_quantitative(trait) ? nan : score);
        add("log_likelihood_covariates",
            !is_quantitative(trait) && fitted ? found->null_score : nan);
        add("residual_sd", is_quantitative(trait) ? trait.scale : nan);
        table.column<std::uint64_t>("variants_flat").push_back(flat);
        table.column<std::uint8_t>("converged").push_back(converged ? 1 : 0);
    }
    void add_penalties(const TraitModel& trait, const TraitPredictions& found, bool chosen,
                       TableData& table) const {
        for (std::size_t l = 0; l < found.penalties.size(); ++l) {
            table.column<std::string>("trait").push_back(trait.name);
            table.column<std::string>("prior").push_back(found.prior);
            table.column<double>("heritability").push_back(params_.heritabilities[l]);
            table.column<double>("penalty").push_back(found.penalties[l]);
            table.column<double>("mean_squared_error")
                .push_back(is_quantitative(trait) ? found.fit.score[l] : nan);
            table.column<double>("log_likelihood")
                .push_back(is_quantitative(trait) ? nan : found.fit.score[l]);
            table.column<std::uint8_t>("chosen").push_back(chosen && l == found.fit.best ? 1 : 0);
        }
    }
    static void add_skipped(const std::string& name, const std::string& reason, TableData& table) {
        table.column<std::string>("name").push_back(name);
        table.column<std::string>("reason").push_back(reason);
    }

    void publish(const Parts& parts) {
        ctx_.publish("null_model", [&](ResultWriter& out) {
            TableData traits(null_model_traits_table()), penalties(null_model_penalties_table()),
                skipped(null_model_skipped_table());
            for (const SkippedTrait& trait : cohort_.skipped)
                add_skipped(trait.name, trait.reason, skipped);
            for (std::uint64_t t = 0; t < parts.size(); ++t) {
                const H5File part = parts.open(t);
                append(part.read("trait"), traits);
                append(part.read("penalties"), penalties);
                append(part.read("traits_skipped"), skipped);
                if (!part.exists("loco")) continue;
                const std::string name = text("loco/", cohort_.traits[t].name);
                out.file().write_array<double>(name, part.read_array<double>("loco"),
                                               part.shape("loco"), Compression::none);
                out.file().attribute(name, "units", unit_of(cohort_.traits[t].kind));
                out.file().attribute(name, "long_name",
                                     "Prediction without each chromosome; rows as in chromosomes, "
                                     "columns as in samples, NaN where the trait is missing");
            }
            out.write(sample_rows());
            out.write(chromosome_rows());
            out.write(traits);
            out.write(penalties);
            out.write(variant_rows());
            out.write(skipped);
            out.fact("mode", params_.mode);
            out.fact("genome_build", genotypes_->genome_build());
            out.fact("covariates_constant", join(cohort_.constant, ", "));
        });
    }
    static void append(const TableData& rows, TableData& table) {
        for (std::size_t c = 0; c < table.columns().size(); ++c)
            std::visit(
                [&](auto& to) {
                    const auto& from = std::get<std::decay_t<decltype(to)>>(rows.columns()[c]);
                    to.insert(to.end(), from.begin(), from.end());
                },
                table.columns()[c]);
    }
    TableData sample_rows() const {
        TableData table(null_model_samples_table());
        table.column<std::string>("sample_id") = genotypes_->samples().id;
        table.column<std::uint8_t>("eligible") = cohort_.eligible;
        auto& folds = table.column<std::uint32_t>("fold");
        folds.resize(cohort_.eligible.size());
        const Base& base = cohort_.bases[0];
        for (std::size_t k = 0; k < base.folds.size(); ++k)
            for (std::size_t i = base.folds[k].begin; i < base.folds[k].end; ++i)
                folds[base.samples[i]] = static_cast<std::uint32_t>(k + 1);
        return table;
    }
    TableData chromosome_rows() const {
        TableData table(null_model_chromosomes_table());
        std::vector<std::uint64_t> variants(plan_.chromosomes.size() + 1);
        std::vector<std::uint32_t> blocks(variants.size());
        for (const Block& block : plan_.blocks) {
            variants[block.chromosome] += block.variants.size();
            ++blocks[block.chromosome];
        }
        table.column<std::string>("chromosome") = plan_.chromosomes;
        table.column<std::string>("chromosome").push_back("other");
        table.column<std::uint64_t>("variants") = variants;
        table.column<std::uint32_t>("blocks") = blocks;
        return table;
    }
    TableData variant_rows() const {
        TableData table(null_model_variants_table());
        const auto add = [&](std::string_view status, std::uint64_t count) {
            table.column<std::string>("status").emplace_back(status);
            table.column<std::uint64_t>("variants").push_back(count);
        };
        add("used", plan_.variants);
        for (std::size_t r = 0; r < drop_count; ++r)
            add(to_string(static_cast<Drop>(r)), plan_.dropped[r]);
        return table;
    }

    const NullModelParams& params_;
    RunContext& ctx_;
    std::unique_ptr<GenotypeSource> genotypes_;
    TraitCohort cohort_;
    BlockPlan plan_;
    std::vector<double> penalties_;
    std::vector<MixturePrior> mixtures_;
};

} // namespace

void run_null_model(const NullModelParams& params, RunContext& context) {
    NullModelRun(params, context).run();
}

} // namespace salus
