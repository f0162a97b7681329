#include "stages/null_model/leave_one_out.hpp"

#include "models/ridge_systems.hpp"
#include "parallel/parallel_for.hpp"

namespace salus::whole_genome {
namespace {

/// Basis of the set, [column][member].
std::vector<std::vector<double>> basis_of(const Base& base, const SampleSet& set) {
    std::vector<std::vector<double>> basis(base.basis.size(),
                                           std::vector<double>(set.members.size()));
    for (std::size_t b = 0; b < basis.size(); ++b)
        for (std::size_t a = 0; a <= b; ++a)
            for (std::size_t i = 0; i < set.members.size(); ++i)
                basis[b][i] += set.rotation[a][b] * base.basis[a][set.members[i]];
    return basis;
}

} // namespace

std::vector<float> standard_genotypes(const BlockGenotypes& genotypes, const Base& base,
                                      const SampleSet& set, const SetSystem& system) {
    const std::size_t n = set.members.size();
    const auto basis = basis_of(base, set);
    std::vector<std::uint32_t> samples(n);
    for (std::size_t i = 0; i < n; ++i)
        samples[i] = base.samples[set.members[i]];
    std::vector<float> all(genotypes.size() * n);
    parallel_for(genotypes.size(), [&](std::size_t v) {
        std::vector<std::uint8_t> work, bytes(n);
        genotypes.read(v, samples, work, bytes);
        std::vector<double> row(n);
        for (std::size_t i = 0; i < n; ++i)
            row[i] = bytes[i] / BlockGenotypes::one_copy;
        for (std::size_t b = 0; b < basis.size(); ++b)
            for (std::size_t i = 0; i < n; ++i)
                row[i] -= system.covariates[b][v] * basis[b][i];
        for (std::size_t i = 0; i < n; ++i)
            all[v * n + i] = static_cast<float>(row[i] * system.scale[v]);
    });
    return all;
}

LeftOutPredictions leave_one_out(std::span<const float> genotypes, const SquareMatrix& matrix,
                                 std::span<const double> penalties,
                                 std::span<const std::vector<double>* const> traits,
                                 std::span<const std::vector<double>> right) {
    const std::size_t n = genotypes.size() / matrix.n;
    const RidgeSolutions found = RidgeSystems(matrix, penalties).solve(matrix, right);
    LeftOutPredictions result{.values = std::vector<std::vector<double>>(found.values.size()),
                              .converged = found.converged};
    parallel_tasks(penalties.size(), [&](std::size_t l) {
        const auto leverage = FloatCholesky().leverages(matrix, penalties[l], genotypes);
        for (std::size_t t = 0; t < traits.size(); ++t) {
            const std::size_t k = t * penalties.size() + l;
            std::vector<double> fitted(n);
            for (std::size_t v = 0; v < matrix.n; ++v)
                for (std::size_t i = 0; i < n; ++i)
                    fitted[i] += found.values[k][v] * static_cast<double>(genotypes[v * n + i]);
            for (std::size_t i = 0; i < n; ++i)
                fitted[i] = (fitted[i] - leverage[i] * (*traits[t])[i]) / (1 - leverage[i]);
            result.values[k] = std::move(fitted);
        }
    });
    return result;
}

} // namespace salus::whole_genome
