#include "stages/principal_components/selection.hpp"

#include "base/text.hpp"
#include "genotype/result_marks.hpp"
#include "genotype/store_layout.hpp"
#include "parallel/parallel_for.hpp"

#include <algorithm>
#include <cmath>

namespace salus::components {
namespace {

H5File open_for(const RunContext& context, const char* port, const GenotypeSource& genotypes) {
    H5File file = H5File::open(context.input(port));
    require_same_rows(file, genotypes.samples(), genotypes.variant_count(), port);
    return file;
}

bool is_short(const Variant& v) noexcept {
    return v.ref.size() <= long_text_bytes && v.alt.size() <= long_text_bytes;
}

} // namespace

std::vector<std::uint8_t> used_samples(const RunContext& context, const GenotypeSource& genotypes) {
    std::vector<std::uint8_t> used(genotypes.samples().size(), 1);
    if (context.has_input("kinship"))
        leave_out(used, sample_marks(open_for(context, "kinship", genotypes), "unrelated"));
    if (context.has_input("quality"))
        leave_out(used, sample_marks(open_for(context, "quality", genotypes), "pass"));
    return used;
}

double ChosenVariant::scale() const noexcept {
    const double f = frequency();
    return std::sqrt(2 * f * (1 - f));
}

double ChosenVariant::square_sum() const noexcept {
    const double centre = 2 * frequency(), s = scale();
    const auto square = [&](std::uint64_t count, double g) {
        return static_cast<double>(count) * (g - centre) * (g - centre);
    };
    return (square(counts.hom_ref, 0) + square(counts.het, 1) + square(counts.hom_alt, 2)) /
           (s * s);
}

VariantChoice::VariantChoice(const RunContext& context, const GenotypeSource& genotypes,
                             SampleMask used, double maf_min)
    : genotypes_(genotypes), used_(std::move(used)), maf_min_(maf_min) {
    if (context.has_input("quality")) quality_.emplace(open_for(context, "quality", genotypes));
    if (context.has_input("ld")) pruned_.emplace(open_for(context, "ld", genotypes));
}

std::vector<std::uint8_t> VariantChoice::candidates(const VariantBlock& block) const {
    const VariantRange range{block.first_variant(), block.first_variant() + block.size()};
    std::vector<std::uint8_t> marks(block.size(), 1);
    if (quality_) leave_out(marks, variant_marks(*quality_, range, "pass"));
    if (pruned_) leave_out(marks, variant_marks(*pruned_, range, "kept"));
    if (std::none_of(marks.begin(), marks.end(), [](auto mark) { return mark != 0; })) return marks;
    const auto variants = genotypes_.variants(range);
    for (std::size_t v = 0; v < marks.size(); ++v)
        if (inheritance_of(variants[v].chromosome) != Inheritance::autosomal ||
            !is_short(variants[v]))
            marks[v] = 0;
    return marks;
}

std::vector<ChosenVariant> VariantChoice::operator()(const VariantBlock& block) const {
    std::vector<std::uint8_t> marks = candidates(block);
    std::vector<GenotypeCounts> counts(block.size());
    parallel_for(block.size(), [&](std::size_t v) {
        if (marks[v] == 0) return;
        counts[v] = block.is_carrier_list(v) ? count_genotypes(block.carriers(v), used_)
                                             : count_genotypes(block.row(v), used_);
        const double copies = static_cast<double>(counts[v].alt_copies());
        const double alleles = 2 * static_cast<double>(counts[v].called());
        const double minor = std::min(copies, alleles - copies);
        marks[v] = minor > 0 && minor >= maf_min_ * alleles ? 1 : 0;
    });
    std::vector<ChosenVariant> chosen;
    for (std::size_t v = 0; v < block.size(); ++v)
        if (marks[v] != 0) chosen.push_back({.position = v, .counts = counts[v]});
    return chosen;
}

} // namespace salus::components
