#include "stages/quality/mendel_errors.hpp"

#include <algorithm>
#include <optional>

namespace salus {
namespace {

std::uint8_t call_of(std::span<const Carrier> carriers, std::uint32_t sample) noexcept {
    const auto at = std::lower_bound(carriers.begin(), carriers.end(), make_carrier(sample, 0));
    return at != carriers.end() && carrier_sample(*at) == sample ? carrier_call(*at)
                                                                 : std::uint8_t{hom_ref};
}

std::optional<Descent> descent_to(Sex child, VariantClass c) noexcept {
    if (c != VariantClass::x_linked) return Descent::diploid;
    if (child == Sex::unknown) return std::nullopt;
    return child == Sex::male ? Descent::x_son : Descent::x_daughter;
}

/// Trios with a sample that is in the list, ascending; in all others everybody is hom_ref.
std::vector<std::uint32_t> touched_trios(std::span<const Carrier> carriers,
                                         const QualityCohort& cohort) {
    std::vector<std::uint32_t> trios;
    for (const Carrier carrier : carriers) {
        const auto& mine = cohort.trios_of[carrier_sample(carrier)];
        trios.insert(trios.end(), mine.begin(), mine.end());
    }
    std::sort(trios.begin(), trios.end());
    trios.erase(std::unique(trios.begin(), trios.end()), trios.end());
    return trios;
}

} // namespace

void find_mendel_errors(const VariantBlock& block, std::size_t v, VariantClass variant_class,
                        const QualityCohort& cohort, std::span<const Sex> sex, VariantTests& out) {
    if (variant_class == VariantClass::y_linked || variant_class == VariantClass::mitochondrial)
        return;
    out.mendel_tested = true;
    const auto judge = [&](std::uint32_t t, auto&& call) {
        const Trio& trio = cohort.trios[t];
        const auto descent = descent_to(sex[trio.child], variant_class);
        if (!descent) return out.mendel_unjudged.push_back(t);
        const std::uint8_t child = call(trio.child), father = call(trio.father),
                           mother = call(trio.mother);
        if (!is_mendel_informative(child, father, mother, *descent))
            return out.mendel_unjudged.push_back(t);
        if (is_mendel_error(child, father, mother, *descent)) out.mendel_errors.push_back(t);
    };
    if (!block.is_carrier_list(v)) {
        const auto row = block.row(v);
        for (std::uint32_t t = 0; t < cohort.trios.size(); ++t)
            judge(t, [&](std::uint32_t sample) { return packed_get(row, sample); });
        return;
    }
    const auto carriers = block.carriers(v);
    const auto touched = touched_trios(carriers, cohort);
    if (variant_class != VariantClass::x_linked) {
        for (const std::uint32_t t : touched)
            judge(t, [&](std::uint32_t sample) { return call_of(carriers, sample); });
        return;
    }
    // On X trios without carriers may be unjudged too, where the sex of the child is unknown.
    auto next = touched.begin();
    for (std::uint32_t t = 0; t < cohort.trios.size(); ++t) {
        const bool carried = next != touched.end() && *next == t;
        if (carried) ++next;
        if (carried || sex[cohort.trios[t].child] == Sex::unknown)
            judge(t, [&](std::uint32_t sample) { return call_of(carriers, sample); });
    }
}

} // namespace salus
