#include "genotype/counted_variants.hpp"

#include <algorithm>

namespace salus {
namespace {

constexpr std::uint64_t most_counted = 50'000'000, rows_of_slice = 65536;

CountedAutosomes autosomes_of(const std::vector<CountedChromosome>& chromosomes) {
    CountedAutosomes found;
    for (const CountedChromosome& chromosome : chromosomes) {
        if (chromosome.inheritance != Inheritance::autosomal) continue;
        found.of_chromosome.push_back(static_cast<double>(chromosome.variants));
        found.variants += found.of_chromosome.back();
    }
    return found;
}

} // namespace

std::optional<std::vector<CountedChromosome>>
count_variants(const H5File& result, const std::vector<std::string>& columns,
               const MarkRows& mark) {
    const std::uint64_t rows = result.rows("variants");
    if (rows > most_counted) return std::nullopt;
    std::vector<CountedChromosome> found;
    for (std::uint64_t begin = 0; begin < rows; begin += rows_of_slice) {
        const TableData slice =
            result.read_rows("variants", begin, std::min(rows_of_slice, rows - begin), columns);
        const std::vector<std::uint8_t> marks = mark(slice);
        const auto& names = slice.column<std::string>("chromosome");
        for (std::size_t v = 0; v < names.size(); ++v) {
            if (found.empty() || found.back().name != names[v])
                found.push_back({.name = names[v], .inheritance = inheritance_of(names[v])});
            found.back().variants += marks[v] != 0 ? 1U : 0U;
        }
    }
    return found;
}

std::vector<std::string> passing_columns() { return {"chromosome", "pass", "alt_frequency"}; }

std::vector<std::uint8_t> passing_rows(const TableData& slice, double frequency_min) {
    std::vector<std::uint8_t> marks = slice.column<std::uint8_t>("pass");
    const auto& frequency = slice.column<double>("alt_frequency");
    for (std::size_t v = 0; v < marks.size(); ++v)
        if (!(std::min(frequency[v], 1 - frequency[v]) >= 0.9 * frequency_min)) marks[v] = 0;
    return marks;
}

std::optional<CountedAutosomes> count_autosomal(const std::filesystem::path* ld,
                                                const std::filesystem::path* quality,
                                                double frequency_min) {
    std::optional<std::vector<CountedChromosome>> found;
    if (ld != nullptr)
        found =
            count_variants(H5File::open(*ld), {"chromosome", "kept"}, [](const TableData& slice) {
                return slice.column<std::uint8_t>("kept");
            });
    else if (quality != nullptr)
        found =
            count_variants(H5File::open(*quality), passing_columns(), [&](const TableData& slice) {
                return passing_rows(slice, frequency_min);
            });
    return found ? std::optional(autosomes_of(*found)) : std::nullopt;
}

} // namespace salus
