#include "stages/association/units.hpp"

#include "base/numbers.hpp"
#include "base/text.hpp"
#include "genotype/result_marks.hpp"
#include "genotype/store_layout.hpp"
#include "parallel/parallel_for.hpp"
#include "store/packed_table.hpp"

#include <algorithm>

namespace salus::association {
namespace {

constexpr std::uint64_t bytes_at_once = std::uint64_t{1} << 26; // of 2-bit rows
constexpr std::size_t largest_group = 24, smallest_group = 6;

// Variants per read: whole blocks, about 64 MiB of rows.
std::uint64_t read_length(const GenotypeSource& genotypes) {
    const std::uint64_t block = std::max<std::uint64_t>(1, genotypes.block_variants());
    const std::uint64_t row = packed_bytes(genotypes.samples().size()) + 1;
    return std::max<std::uint64_t>(1, bytes_at_once / row / block) * block;
}

TableData variants_data(std::span<const Variant> variants) {
    TableData table(association_variants_table());
    for (const Variant& variant : variants) {
        table.column<std::string>("chromosome").push_back(shown_text(variant.chromosome));
        table.column<std::uint32_t>("base_pair_location").push_back(variant.position);
        table.column<std::string>("variant_id").push_back(shown_text(variant.id));
        table.column<std::string>("other_allele").push_back(shown_text(variant.ref));
        table.column<std::string>("effect_allele").push_back(shown_text(variant.alt));
    }
    return table;
}

VariantTest untested(const TraitLine& trait, AssociationStatus status) {
    return {.frequency = nan,
            .frequency_cases = nan,
            .frequency_controls = nan,
            .n_effective = nan,
            .beta = nan,
            .standard_error = nan,
            .neg_log10_p = nan,
            .n = static_cast<std::uint32_t>(trait.n),
            .n_cases = static_cast<std::uint32_t>(trait.n_cases),
            .status = status};
}

std::vector<Coding> codings_of(const AssociationParams& params) {
    if (params.coding == "genotypic") return {Coding::dominant, Coding::recessive};
    return {params.coding == "dominant"    ? Coding::dominant
            : params.coding == "recessive" ? Coding::recessive
                                           : Coding::additive};
}

// body(group) on the threads, one group at a time: parallel_for hands out 16 indices at once.
template <class F>
void for_each_group(std::size_t groups, F&& body) {
    parallel_for(16 * groups, [&](std::size_t i) {
        if (i % 16 == 0) body(i / 16);
    });
}

} // namespace

// Columns of one trait over the variants of a unit, in its packed tables.
struct UnitRunner::Columns {
    Columns(PackedTables& tables, std::size_t t, bool has_cases, bool genotypic)
        : frequency(tables.column<double>(t, "effect_allele_frequency")),
          n_effective(tables.column<double>(t, "n_effective")),
          beta(tables.column<double>(t, "beta")),
          standard_error(tables.column<double>(t, "standard_error")),
          neg_log10_p(tables.column<double>(t, "neg_log10_p")),
          n(tables.column<std::uint32_t>(t, "n")), test(tables.column<std::uint8_t>(t, "test")),
          status(tables.column<std::uint8_t>(t, "status")),
          converged(tables.column<std::uint8_t>(t, "converged")) {
        if (genotypic) {
            beta_heterozygous = tables.column<double>(t, "beta_heterozygous");
            error_heterozygous = tables.column<double>(t, "standard_error_heterozygous");
        }
        if (!has_cases) return;
        n_cases = tables.column<std::uint32_t>(t, "n_cases");
        frequency_cases = tables.column<double>(t, "effect_allele_frequency_cases");
        frequency_controls = tables.column<double>(t, "effect_allele_frequency_controls");
    }

    void set(std::size_t row, const VariantTest& result) const {
        frequency[row] = result.frequency;
        n_effective[row] = result.n_effective;
        beta[row] = result.beta;
        standard_error[row] = result.standard_error;
        if (!beta_heterozygous.empty()) {
            beta_heterozygous[row] = result.beta_heterozygous;
            error_heterozygous[row] = result.standard_error_heterozygous;
        }
        neg_log10_p[row] = result.neg_log10_p;
        n[row] = result.n;
        test[row] = static_cast<std::uint8_t>(result.test);
        status[row] = static_cast<std::uint8_t>(result.status);
        converged[row] = result.converged ? 1 : 0;
        if (n_cases.empty()) return;
        n_cases[row] = result.n_cases;
        frequency_cases[row] = result.frequency_cases;
        frequency_controls[row] = result.frequency_controls;
    }

    std::span<double> frequency, n_effective, beta, standard_error, neg_log10_p;
    std::span<double> beta_heterozygous, error_heterozygous; // empty if not genotypic
    std::span<std::uint32_t> n;
    std::span<std::uint8_t> test, status, converged;
    std::span<std::uint32_t> n_cases; // empty if the trait has none
    std::span<double> frequency_cases, frequency_controls;
};

std::vector<VariantRange> association_units(const GenotypeSource& genotypes) {
    constexpr std::uint64_t most_variants = 65536, least_genotypes = std::uint64_t{1} << 24;
    constexpr std::uint64_t least_units = 16;
    const std::uint64_t variants = genotypes.variant_count(),
                        samples = genotypes.samples().size() + 1;
    const std::uint64_t block = std::max<std::uint64_t>(1, genotypes.block_variants());
    const auto usual = variant_units(
        variants, std::max<std::uint64_t>(samples, (std::uint64_t{1} << 31) / most_variants),
        block);
    if (usual.empty()) return usual;
    const std::uint64_t worthwhile = std::min(least_genotypes / samples, variants / least_units);
    const std::uint64_t length = std::max(usual.front().size(), worthwhile / block * block);
    std::vector<VariantRange> units;
    for (std::uint64_t begin = 0; begin < variants; begin += length) {
        units.push_back({begin, std::min(variants, begin + length)});
    }
    return units;
}

UnitRunner::UnitRunner(const PassInput& input, ScanPlan plan, std::span<const TableSpec> specs)
    : input_(input), specs_(specs), engines_(input, std::move(plan)) {}

// Results of a group in the traits of the pass.
void UnitRunner::test_group(Engine& engine, std::span<const std::size_t> group, const Piece& piece,
                            std::span<VariantTest> results) {
    // Genotypic coding: carriers of any copy, then of two.
    const auto codings = codings_of(input_.params);
    std::vector<VariantGenotypes> genotypes(group.size() * codings.size());
    std::vector<const VariantGenotypes*> pointers;
    for (std::size_t k = 0; k < genotypes.size(); ++k) {
        const std::size_t v = group[k / codings.size()];
        genotypes[k].assign(block_, v, piece.ploidy[v], input_.eligible.sex,
                            codings[k % codings.size()]);
        pointers.push_back(&genotypes[k]);
    }
    const auto& lines = engines_.traits();
    const std::size_t traits = lines.size(), own_traits = engine.plan->traits.size();
    Scanner& scanner = *engine.scanners[thread_index()];
    if (engine.same_traits) return scanner.test(pointers, results);
    std::vector<VariantTest> own(group.size() * own_traits);
    scanner.test(pointers, own);
    for (std::size_t k = 0; k < group.size(); ++k) {
        for (std::size_t t = 0; t < traits; ++t) {
            const std::size_t at = engine.trait_of[t];
            results[k * traits + t] =
                at == Engine::none ? untested(lines[t], engine.without) : own[k * own_traits + at];
        }
    }
}

void UnitRunner::test_variants(Engine& engine, std::span<const std::size_t> variants,
                               const Piece& piece, std::vector<Columns>& columns) {
    const std::size_t share = variants.size() / (2 * thread_count());
    const std::size_t size = std::clamp(share / 3 * 3, smallest_group, largest_group);
    for_each_group((variants.size() + size - 1) / size, [&](std::size_t g) {
        const auto group = variants.subspan(g * size, std::min(size, variants.size() - g * size));
        std::vector<VariantTest> results(group.size() * columns.size());
        test_group(engine, group, piece, results);
        for (std::size_t k = 0; k < group.size(); ++k) {
            for (std::size_t t = 0; t < columns.size(); ++t) {
                columns[t].set(piece.first_row + group[k], results[k * columns.size() + t]);
            }
        }
    });
}

void UnitRunner::test_piece(const Piece& piece, std::vector<Columns>& columns) {
    std::vector<std::size_t> of_all, of_males;
    for (std::size_t v = piece.begin; v < piece.end; ++v) {
        if (piece.passes[v] == 0) {
            for (std::size_t t = 0; t < columns.size(); ++t) {
                columns[t].set(piece.first_row + v,
                               untested(engines_.traits()[t], AssociationStatus::failed_quality));
            }
        } else {
            (piece.ploidy[v] == Ploidy::y ? of_males : of_all).push_back(v);
        }
    }
    if (!of_all.empty()) test_variants(engines_.of_all(piece.chromosome), of_all, piece, columns);
    if (!of_males.empty())
        test_variants(engines_.of_males(piece.chromosome), of_males, piece, columns);
}

void UnitRunner::run(VariantRange unit, bool with_variants, PartWriter& part) {
    const auto variants = input_.genotypes.variants(unit);
    if (with_variants) write_unit_table(part, variants_data(variants));
    std::vector<std::uint8_t> passes(unit.size(), 1);
    if (input_.quality != nullptr) passes = variant_marks(*input_.quality, unit, "pass");
    PackedTables tables(specs_, unit.size());
    std::vector<Columns> columns;
    for (const TraitLine& trait : engines_.traits())
        columns.emplace_back(tables, columns.size(), trait.has_cases,
                             input_.params.coding == "genotypic");
    const std::uint64_t step = read_length(input_.genotypes);
    for (std::uint64_t begin = unit.begin; begin < unit.end; begin += step) {
        const VariantRange range{begin, std::min(unit.end, begin + step)};
        input_.genotypes.read(range, block_);
        const std::size_t offset = begin - unit.begin;
        std::vector<Ploidy> ploidy(range.size());
        for (std::size_t v = 0; v < ploidy.size(); ++v) {
            ploidy[v] = ploidy_of(variants[offset + v], input_.genotypes.genome_build());
        }
        for (std::size_t v = 0; v < range.size();) {
            const std::string& chromosome = variants[offset + v].chromosome;
            const std::string key = engines_.key_of(chromosome);
            std::size_t end = v + 1;
            while (end < range.size() && engines_.key_of(variants[offset + end].chromosome) == key)
                ++end;
            test_piece({.begin = v,
                        .end = end,
                        .chromosome = chromosome,
                        .ploidy = ploidy,
                        .passes = std::span(passes).subspan(offset, range.size()),
                        .first_row = offset},
                       columns);
            v = end;
        }
    }
    tables.write(part, packed_traits);
}

} // namespace salus::association
