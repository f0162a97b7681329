#include "stages/null_model/selection.hpp"

#include "base/text.hpp"
#include "genotype/result_marks.hpp"
#include "kernels/genotype_counts.hpp"
#include "parallel/parallel_for.hpp"
#include "parallel/read_once.hpp"

#include <algorithm>
#include <optional>

namespace salus::whole_genome {
namespace {

TableSpec runs_table() {
    return {.name = "runs",
            .row = "run",
            .doc = "Chosen variants by chromosome",
            .columns = {{"chromosome", ColumnType::text, "", "Chromosome"},
                        {"count", ColumnType::u64, "variants", "Chosen variants"}}};
}
TableSpec chosen_table() {
    return {.name = "chosen",
            .row = "place",
            .doc = "Chosen variants",
            .columns = {{"variant", ColumnType::u64, "number", "Place in the genotypes"}}};
}

class Selector {
public:
    Selector(const GenotypeSource& genotypes, const H5File* quality, const H5File* ld,
             const std::vector<std::uint8_t>& eligible, const NullModelParams& params)
        : genotypes_(genotypes), quality_(quality), ld_(ld), mask_(eligible),
          count_min_(static_cast<std::uint64_t>(params.minor_allele_count_min)) {}

    void add(VariantRange range) {
        std::vector<std::optional<Drop>> drop(range.size());
        const std::vector<Variant> variants = genotypes_.variants(range);
        for (std::size_t v = 0; v < drop.size(); ++v)
            if (inheritance_of(variants[v].chromosome) != Inheritance::autosomal)
                drop[v] = Drop::chromosome;
        mark(quality_, range, "pass", Drop::quality, drop);
        mark(ld_, range, "kept", Drop::in_ld, drop);
        const auto open = [](const std::optional<Drop>& d) { return !d; };
        const auto first = std::find_if(drop.begin(), drop.end(), open);
        if (first != drop.end()) {
            const auto last = std::find_if(drop.rbegin(), drop.rend(), open).base();
            const auto skipped = static_cast<std::uint64_t>(first - drop.begin());
            genotypes_.read({range.begin + skipped,
                             range.begin + static_cast<std::uint64_t>(last - drop.begin())},
                            block_);
            parallel_for(block_.size(), [&](std::size_t v) {
                if (!drop[skipped + v]) drop[skipped + v] = judge(v);
            });
        }
        for (std::size_t v = 0; v < drop.size(); ++v)
            append(range.begin + v, variants[v].chromosome, drop[v]);
    }
    void write(PartWriter& part) const {
        part.write(chosen_);
        part.write(runs_);
        part.write_array<std::uint64_t>("dropped", dropped_);
    }

private:
    static void mark(const H5File* result, VariantRange range, const char* column, Drop reason,
                     std::vector<std::optional<Drop>>& drop) {
        if (result == nullptr) return;
        const auto marks = variant_marks(*result, range, column);
        for (std::size_t v = 0; v < drop.size(); ++v)
            if (!drop[v] && marks[v] == 0) drop[v] = reason;
    }
    std::optional<Drop> judge(std::size_t v) const {
        const GenotypeCounts c = block_.is_carrier_list(v)
                                     ? count_genotypes(block_.carriers(v), mask_)
                                     : count_genotypes(block_.row(v), mask_);
        const std::uint64_t alt = c.alt_copies(), all = 2 * c.called();
        if (all == 0) return block_.has_dosages(v) ? std::nullopt : std::optional(Drop::not_called);
        if (block_.has_dosages(v)) return std::nullopt; // their variance decides in the model
        if (std::min(alt, all - alt) == 0) return Drop::monomorphic;
        if (std::min(alt, all - alt) < count_min_) return Drop::rare;
        return std::nullopt;
    }
    void append(std::uint64_t variant, const std::string& chromosome, std::optional<Drop> drop) {
        if (drop) {
            ++dropped_[static_cast<std::size_t>(*drop)];
            return;
        }
        auto& names = runs_.column<std::string>("chromosome");
        auto& counts = runs_.column<std::uint64_t>("count");
        if (names.empty() || names.back() != chromosome) {
            names.push_back(chromosome);
            counts.push_back(0);
        }
        ++counts.back();
        chosen_.column<std::uint64_t>("variant").push_back(variant);
    }

    const GenotypeSource& genotypes_;
    const H5File* quality_;
    const H5File* ld_;
    SampleMask mask_;
    std::uint64_t count_min_;
    VariantBlock block_;
    TableData chosen_{chosen_table()}, runs_{runs_table()};
    std::vector<std::uint64_t> dropped_ = std::vector<std::uint64_t>(drop_count);
};

/// Chosen variants by chromosome, from all parts.
struct Chosen {
    std::vector<std::string> chromosomes;
    std::vector<std::vector<std::uint64_t>> variants;
};

Chosen collect(const Parts& parts, BlockPlan& plan) {
    Chosen all;
    for (std::uint64_t u = 0; u < parts.size(); ++u) {
        const H5File part = parts.open(u);
        const auto variants = part.read("chosen").column<std::uint64_t>("variant");
        const TableData runs = part.read("runs");
        const auto dropped = part.read_array<std::uint64_t>("dropped");
        for (std::size_t r = 0; r < drop_count; ++r)
            plan.dropped[r] += dropped[r];
        std::size_t next = 0;
        for (std::size_t r = 0; r < runs.rows(); ++r) {
            const std::string& name = runs.column<std::string>("chromosome")[r];
            const auto at = static_cast<std::size_t>(
                std::find(all.chromosomes.begin(), all.chromosomes.end(), name) -
                all.chromosomes.begin());
            if (at == all.chromosomes.size()) {
                all.chromosomes.push_back(name);
                all.variants.emplace_back();
            }
            for (std::uint64_t k = 0; k < runs.column<std::uint64_t>("count")[r]; ++k)
                all.variants[at].push_back(variants[next++]);
        }
    }
    return all;
}

void cut(const Chosen& chosen, std::size_t block_size, BlockPlan& plan) {
    plan.chromosomes = chosen.chromosomes;
    for (std::size_t c = 0; c < chosen.chromosomes.size(); ++c) {
        const auto& variants = chosen.variants[c];
        const std::size_t count = (variants.size() + block_size - 1) / block_size;
        plan.variants += variants.size();
        for (std::size_t b = 0; b < count; ++b) {
            const auto at = [&](std::size_t k) {
                return variants.begin() + static_cast<std::ptrdiff_t>(variants.size() * k / count);
            };
            plan.blocks.push_back({.chromosome = c, .variants = {at(b), at(b + 1)}});
        }
    }
}

} // namespace

std::string_view to_string(Drop drop) noexcept {
    switch (drop) {
    case Drop::chromosome:
        return "chromosome";
    case Drop::quality:
        return "failed_quality";
    case Drop::in_ld:
        return "in_ld";
    case Drop::not_called:
        return "not_called";
    case Drop::monomorphic:
        return "monomorphic";
    case Drop::rare:
        return "minor_allele_count_min";
    }
    return "?";
}

BlockPlan plan_blocks(RunContext& context, const GenotypeSource& genotypes,
                      const std::vector<std::uint8_t>& eligible, const NullModelParams& params) {
    const auto open = [&](const char* port) {
        return read_once(context.comm(), text("opening the ", port, " result"), [&] {
            std::optional<H5File> file;
            if (!context.has_input(port)) return file;
            file = H5File::open(context.input(port));
            require_same_rows(*file, genotypes.samples(), genotypes.variant_count(), port);
            return file;
        });
    };
    const auto quality = open("quality"), ld = open("ld");
    const auto units = variant_units(genotypes.variant_count(), eligible.size(),
                                     std::max<std::uint64_t>(1, genotypes.block_variants()));
    const std::uint64_t row = std::max<std::uint64_t>(1, packed_bytes(eligible.size()));
    const std::uint64_t block = std::max<std::uint64_t>(1, genotypes.block_variants());
    const std::uint64_t step = std::max(
        block, std::min<std::uint64_t>(65536, (std::uint64_t{1} << 26) / row) / block * block);
    const Parts parts =
        context.for_each_unit("select", units.size(), [&](std::uint64_t u, PartWriter& part) {
            Selector selector(genotypes, quality ? &*quality : nullptr, ld ? &*ld : nullptr,
                              eligible, params);
            for (std::uint64_t begin = units[u].begin; begin < units[u].end; begin += step)
                selector.add({begin, std::min(units[u].end, begin + step)});
            selector.write(part);
        });
    return read_once(context.comm(), "choosing the variants", [&] {
        BlockPlan plan;
        cut(collect(parts, plan), static_cast<std::size_t>(params.block_size), plan);
        if (plan.variants == 0)
            throw DataError({.what = "no variant is left for the whole-genome model",
                             .where = context.input("genotypes").string(),
                             .why = "it takes autosomal variants that pass quality, are kept by "
                                    "pruning and reach minor_allele_count_min",
                             .help = "lower minor_allele_count_min, or set mode = "
                                     "\"covariates_only\""});
        return plan;
    });
}

} // namespace salus::whole_genome
