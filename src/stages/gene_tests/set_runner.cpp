#include "stages/gene_tests/set_runner.hpp"

#include "base/hash.hpp"
#include "base/text.hpp"
#include "genotype/result_marks.hpp"
#include "parallel/parallel_for.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace salus::gene_tests {
namespace {

constexpr std::uint64_t gap_at_most = 32; // variants between two of a set that are read on the way

std::string place_of(const Variant& v) {
    return text(v.chromosome, ':', v.position, ':', v.ref, ':', v.alt);
}

void put(TableData& table, const char* column, std::string value) {
    table.column<std::string>(column).push_back(std::move(value));
}
template <class T>
void put(TableData& table, const char* column, T value) {
    table.column<T>(column).push_back(value);
}

void add_gene_row(TableData& table, const association::TraitPlan* plan, const GeneRow& row) {
    put(table, "n", static_cast<std::uint32_t>(plan != nullptr ? plan->n : 0));
    put(table, "variants", row.variants);
    put(table, "variants_collapsed", row.collapsed);
    put(table, "carriers", row.carriers);
    put(table, "minor_allele_count", row.allele_count);
    if (table.has("n_cases")) {
        put(table, "n_cases", static_cast<std::uint32_t>(plan != nullptr ? plan->n_cases : 0));
        put(table, "carriers_cases", row.carriers_cases);
        put(table, "minor_allele_count_cases", row.allele_count_cases);
    }
    put(table, "burden_beta", row.beta);
    put(table, "burden_standard_error", row.standard_error);
    put(table, "burden_neg_log10_p", row.burden);
    put(table, "skat_neg_log10_p", row.skat);
    put(table, "skat_o_neg_log10_p", row.skat_o);
    put(table, "acat_v_neg_log10_p", row.acat_v);
    put(table, "acat_o_neg_log10_p", row.acat_o);
    put(table, "skat_o_rho", row.rho);
    put(table, "method", static_cast<std::uint8_t>(row.method));
    put(table, "status", static_cast<std::uint8_t>(row.status));
}

} // namespace

struct SetRunner::LoadedSet {
    const SetCatalog::Set* set = nullptr;
    std::vector<LoadedVariant> variants; // in the order of the genotypes
    std::uint32_t found = 0, unannotated = 0, failed = 0, on_y = 0;
    std::string chromosome; // of the first variant found
    std::uint32_t first = 0, last = 0;
    std::vector<std::vector<std::size_t>> members; // [mask x bin] variants
};

struct SetRunner::SetResult {
    struct LeftOut {
        std::size_t trait, row, variant;
        double burden, skat_o;
    };
    std::vector<std::vector<GeneRow>> rows; // [trait][mask x bin]
    std::vector<LeftOut> left_out;
    std::vector<std::vector<double>> covariance; // [trait][pair]
    std::vector<std::vector<Score>> scores;      // [trait][variant]
    std::vector<std::vector<double>> counts;     // [trait][variant] copies
    std::vector<std::vector<std::uint32_t>> called;
};

struct SetRunner::Tables {
    TableData sets, tests, set_variants, variants;
    std::vector<TableData> traits, left_out, scores, covariance; // [trait]
    explicit Tables(const PassInput& input)
        : sets(gene_sets_table()), tests(gene_test_rows_table()),
          set_variants(gene_set_variants_table()), variants(score_variants_table()) {
        for (const std::string& name : input.traits) {
            const auto at =
                std::ranges::find(input.null.phenotypes.traits, name, &association::Trait::name);
            traits.emplace_back(gene_trait_table(name, at->kind()));
            left_out.emplace_back(gene_leave_one_out_table(name));
            scores.emplace_back(score_trait_table(name));
            covariance.emplace_back(score_covariance_table(name));
        }
    }
};

SetRunner::SetRunner(const PassInput& input)
    : input_(input), rules_(rules_of(input.params, input.seed)),
      bins_(frequency_bins(input.params)), eligible_(input.null.eligible.samples),
      models_(input.null, input.first, input.last) {
    std::vector<std::uint8_t> males = input.null.eligible.samples;
    for (std::size_t i = 0; i < males.size(); ++i)
        if (input.null.eligible.sex[i] != Sex::male) males[i] = 0;
    eligible_males_ = SampleMask(males);
    for (std::size_t t = 0; t < thread_count(); ++t)
        mergers_.emplace_back(input.genotypes.samples().size());
}

// Reads stretches of near variants, of whom those of the set are kept.
void SetRunner::read_variants(LoadedSet& loaded, const std::vector<std::uint64_t>& places,
                              const std::vector<std::uint64_t>& masks) {
    const bool minor = input_.params.frequency_allele == "minor";
    for (std::size_t begin = 0; begin < places.size();) {
        std::size_t end = begin + 1;
        while (end < places.size() && places[end] - places[end - 1] <= gap_at_most &&
               places[end] - places[begin] < 1024)
            ++end;
        const VariantRange range{places[begin], places[end - 1] + 1};
        const auto variants = input_.genotypes.variants(range);
        std::vector<std::uint8_t> passes(range.size(), 1);
        if (input_.quality != nullptr) passes = variant_marks(*input_.quality, range, "pass");
        input_.genotypes.read(range, block_);
        for (; begin < end; ++begin) {
            const std::size_t v = places[begin] - range.begin;
            const Variant& variant = variants[v];
            if (const Window* window = loaded.set->window;
                window != nullptr &&
                (variant.chromosome != window->chromosome || variant.position < window->first ||
                 variant.position > window->last))
                continue;
            if (loaded.chromosome.empty()) {
                loaded.chromosome = variant.chromosome;
                loaded.first = variant.position;
            }
            if (variant.chromosome == loaded.chromosome) loaded.last = variant.position;
            const auto ploidy = association::ploidy_of(variant, input_.genotypes.genome_build());
            if (passes[v] == 0) {
                ++loaded.failed;
                continue;
            }
            if (ploidy == association::Ploidy::y) {
                ++loaded.on_y;
                continue;
            }
            CarrierColumn column = carriers_of(block_, v, ploidy, input_.null.eligible.sex,
                                               eligible_, eligible_males_, minor);
            const bool wanted = std::ranges::any_of(
                bins_, [&](const FrequencyBin& bin) { return bin.contains(column); });
            if (wanted && masks[begin] != 0)
                loaded.variants.push_back({variant, ploidy, masks[begin], std::move(column)});
        }
    }
}

SetRunner::LoadedSet SetRunner::load(const SetCatalog::Set& set) {
    LoadedSet loaded;
    loaded.set = &set;
    std::vector<std::uint64_t> places, masks;
    if (set.window != nullptr) {
        places.resize(set.window->range.size());
        std::iota(places.begin(), places.end(), set.window->range.begin);
        masks.assign(places.size(), 1);
    } else {
        loaded.unannotated = find_members(set, places, masks);
    }
    loaded.found = static_cast<std::uint32_t>(places.size()) + loaded.unannotated;
    read_variants(loaded, places, masks);
    for (std::size_t m = 0; m < input_.catalog.masks().size(); ++m) {
        for (const FrequencyBin& bin : bins_) {
            auto& members = loaded.members.emplace_back();
            for (std::size_t v = 0; v < loaded.variants.size(); ++v)
                if ((loaded.variants[v].masks >> m & 1) != 0 &&
                    bin.contains(loaded.variants[v].column))
                    members.push_back(v);
        }
    }
    return loaded;
}

// Variants that the set names, in the order of the genotypes; returns how many others there are
// that no annotation brings into a mask.
std::uint32_t SetRunner::find_members(const SetCatalog::Set& set,
                                      std::vector<std::uint64_t>& places,
                                      std::vector<std::uint64_t>& masks) const {
    std::uint32_t unannotated = 0;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> found; // place, masks
    for (const SetMember& member : set.members)
        if (const auto place = input_.catalog.place(member.key); place != SetCatalog::nowhere)
            found.push_back({place, member.masks});
    for (const std::uint32_t key : set.unannotated)
        if (input_.catalog.place(key) != SetCatalog::nowhere) ++unannotated;
    std::sort(found.begin(), found.end());
    for (const auto& [place, mask] : found) {
        if (!places.empty() && places.back() == place) { // two names of one variant
            masks.back() |= mask;
            continue;
        }
        places.push_back(place);
        masks.push_back(mask);
    }
    return unannotated;
}

SetRunner::SetResult SetRunner::test(const LoadedSet& set,
                                     const std::vector<std::unique_ptr<TraitScores>>& traits,
                                     Merger& merger) const {
    SetResult result;
    std::map<const association::SampleSet*, std::vector<SetColumn>> seen;
    std::size_t t = 0;
    for (std::size_t p = input_.first; p < input_.last; ++p) {
        const std::string& name = input_.null.phenotypes.traits[p].name;
        if (std::ranges::find(input_.traits, name) == input_.traits.end()) continue;
        const TraitScores* const trait = traits[p - input_.first].get();
        auto& rows = result.rows.emplace_back(set.members.size());
        result.covariance.emplace_back();
        result.scores.emplace_back(set.variants.size());
        result.counts.emplace_back(set.variants.size());
        result.called.emplace_back(set.variants.size());
        if (trait == nullptr) {
            for (GeneRow& row : rows)
                row.status = GeneStatus::no_null_model;
            ++t;
            continue;
        }
        auto& columns = seen[&trait->set()];
        if (columns.empty())
            for (const LoadedVariant& v : set.variants)
                columns.push_back(restrict_to(v.column, trait->set().members,
                                              input_.null.eligible.sex, v.ploidy));
        SetTester tester(*trait, columns, rules_, merger);
        for (std::size_t r = 0; r < rows.size(); ++r) {
            const std::uint64_t key =
                hash64(text(set.set->name, '\n', input_.catalog.masks()[r / bins_.size()].name,
                            '\n', bins_[r % bins_.size()].name));
            rows[r] = tester.test(set.members[r], key);
            if (!input_.params.leave_one_out || rows[r].status != GeneStatus::tested) continue;
            for (std::size_t k = 0; k < set.members[r].size(); ++k) {
                auto others = set.members[r];
                others.erase(others.begin() + static_cast<std::ptrdiff_t>(k));
                const GeneRow without = tester.test(others, key);
                result.left_out.push_back(
                    {t, r, set.members[r][k], without.burden, without.skat_o});
            }
        }
        if (input_.params.write_covariance) {
            const auto all = tester.covariance_of_all();
            const std::size_t m = columns.size();
            for (std::size_t i = 0; i < m; ++i) {
                result.scores[t][i] = tester.score(i);
                result.counts[t][i] = columns[i].allele_count;
                result.called[t][i] = static_cast<std::uint32_t>(columns[i].called);
                result.covariance[t].insert(result.covariance[t].end(),
                                            all.begin() + static_cast<std::ptrdiff_t>(i * m + i),
                                            all.begin() + static_cast<std::ptrdiff_t>((i + 1) * m));
            }
        }
        ++t;
    }
    return result;
}

void SetRunner::add_set_variants(const LoadedSet& set, TableData& table) const {
    const auto& masks = input_.catalog.masks();
    for (std::size_t m = 0; m < masks.size(); ++m) {
        for (const LoadedVariant& v : set.variants) {
            if ((v.masks >> m & 1) == 0) continue;
            std::vector<std::string> bins;
            for (const FrequencyBin& bin : bins_)
                if (bin.contains(v.column)) bins.push_back(bin.name);
            const bool flipped = v.column.flipped;
            put(table, "set", set.set->name);
            put(table, "mask", masks[m].name);
            put(table, "chromosome", v.variant.chromosome);
            put(table, "base_pair_location", v.variant.position);
            put(table, "variant_id", v.variant.id);
            put(table, "other_allele", flipped ? v.variant.alt : v.variant.ref);
            put(table, "effect_allele", flipped ? v.variant.ref : v.variant.alt);
            put(table, "effect_allele_frequency", v.column.frequency);
            put(table, "allele_count", v.column.allele_count);
            put(table, "frequency_bins", join(bins, ", "));
        }
    }
}

void SetRunner::add_rows(const LoadedSet& set, const SetResult& result, bool with_rows,
                         Tables& tables) const {
    const std::string& name = set.set->name;
    const auto& masks = input_.catalog.masks();
    if (with_rows) {
        TableData& s = tables.sets;
        put(s, "set", name);
        put(s, "chromosome", set.chromosome);
        put(s, "first_location", set.first);
        put(s, "last_location", set.last);
        put(s, "variants_named", set.set->named);
        put(s, "variants_found", set.found);
        put(s, "variants_unannotated", set.unannotated);
        put(s, "variants_failed_quality", set.failed);
        put(s, "variants_on_y", set.on_y);
        for (std::size_t r = 0; r < set.members.size(); ++r) {
            put(tables.tests, "set", name);
            put(tables.tests, "mask", masks[r / bins_.size()].name);
            put(tables.tests, "frequency_bin", bins_[r % bins_.size()].name);
            put(tables.tests, "frequency_max", bins_[r % bins_.size()].most);
            put(tables.tests, "variants", static_cast<std::uint32_t>(set.members[r].size()));
        }
        if (input_.params.write_variants) add_set_variants(set, tables.set_variants);
        if (input_.params.write_covariance) {
            for (const LoadedVariant& v : set.variants) {
                const bool flipped = v.column.flipped;
                put(tables.variants, "set", name);
                put(tables.variants, "chromosome", v.variant.chromosome);
                put(tables.variants, "base_pair_location", v.variant.position);
                put(tables.variants, "other_allele", flipped ? v.variant.alt : v.variant.ref);
                put(tables.variants, "effect_allele", flipped ? v.variant.ref : v.variant.alt);
            }
        }
    }
    for (const auto& left : result.left_out) {
        TableData& table = tables.left_out[left.trait];
        put(table, "set", name);
        put(table, "mask", masks[left.row / bins_.size()].name);
        put(table, "frequency_bin", bins_[left.row % bins_.size()].name);
        put(table, "variant_without", place_of(set.variants[left.variant].variant));
        put(table, "burden_neg_log10_p", left.burden);
        put(table, "skat_o_neg_log10_p", left.skat_o);
    }
}

void SetRunner::run(SetRange unit, bool with_rows, PartWriter& part) {
    Tables tables(input_);
    std::vector<LoadedSet> sets;
    for (std::size_t s = unit.begin; s < unit.end; ++s)
        sets.push_back(load(input_.catalog.sets()[s]));
    std::vector<SetResult> results(sets.size());
    for (std::size_t begin = 0; begin < sets.size();) { // stretches of one chromosome
        std::size_t end = begin + 1;
        while (end < sets.size() && sets[end].chromosome == sets[begin].chromosome)
            ++end;
        const auto& traits = models_.of(sets[begin].chromosome);
        parallel_tasks(end - begin, [&](std::size_t i) {
            results[begin + i] = test(sets[begin + i], traits, mergers_[thread_index()]);
        });
        for (std::size_t s = begin; s < end; ++s) {
            add_rows(sets[s], results[s], with_rows, tables);
            for (std::size_t t = 0; t < input_.traits.size(); ++t) {
                const auto at = std::ranges::find(models_.plan().traits, input_.traits[t],
                                                  &association::TraitPlan::name);
                const auto* plan = at == models_.plan().traits.end() ? nullptr : &*at;
                for (const GeneRow& row : results[s].rows[t])
                    add_gene_row(tables.traits[t], plan, row);
                if (!input_.params.write_covariance) continue;
                for (std::size_t v = 0; v < sets[s].variants.size(); ++v) {
                    put(tables.scores[t], "n", results[s].called[t][v]);
                    put(tables.scores[t], "allele_count", results[s].counts[t][v]);
                    put(tables.scores[t], "score", results[s].scores[t][v].score);
                    put(tables.scores[t], "variance", results[s].scores[t][v].variance);
                }
                for (const double value : results[s].covariance[t])
                    put(tables.covariance[t], "covariance", value);
            }
        }
        begin = end;
    }
    if (with_rows) {
        part.write(tables.sets);
        part.write(tables.tests);
        if (input_.params.write_variants) part.write(tables.set_variants);
        part.write(tables.variants);
    }
    for (std::size_t t = 0; t < input_.traits.size(); ++t) {
        part.write(tables.traits[t]);
        if (input_.params.leave_one_out) part.write(tables.left_out[t]);
        if (!input_.params.write_covariance) continue;
        part.write(tables.scores[t]);
        part.write(tables.covariance[t]);
    }
}

} // namespace salus::gene_tests
