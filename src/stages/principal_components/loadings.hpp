#pragma once

#include "genotype/genotype_source.hpp"
#include "store/h5.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace salus::components {

/// What components.h5 says of other samples' coordinates: eigenvalues and loadings.
/// Memory about 200 B + 8 B x components per variant, on every rank.
class Loadings {
public:
    /// DataError if the file has no loadings or lists a variant twice.
    explicit Loadings(const std::filesystem::path& path);

    std::size_t components() const noexcept { return weights_.size(); }
    std::size_t size() const noexcept { return centre_.size(); }
    const std::string& genome_build() const noexcept { return build_; }
    const TableData& eigenvalues() const noexcept { return eigenvalues_; }
    const TableData& table() const noexcept { return table_; }

    /// Row of a variant of the store; `swapped` if its REF is the effect allele here, so that it
    /// counts the other allele.
    struct Match {
        std::size_t row = 0;
        bool swapped = false;
    };
    /// By chromosome ("chr" does not matter), position and both alleles.
    std::optional<Match> find(const Variant& variant) const;

    /// Mean (2f), scale and weight in terms of the ALT of the variant that matched.
    double centre(const Match& m) const noexcept {
        return m.swapped ? 2 - centre_[m.row] : centre_[m.row];
    }
    double scale(const Match& m) const noexcept { return scale_[m.row]; }
    double weight(const Match& m, std::size_t k) const noexcept {
        return m.swapped ? -weights_[k][m.row] : weights_[k][m.row];
    }

private:
    TableData eigenvalues_, table_;
    std::string build_;
    std::vector<double> centre_, scale_;
    std::vector<std::vector<double>> weights_; // [component][row]
    std::unordered_map<std::string, std::size_t> rows_;
};

/// `1`, `chr1`, `CHR1` -> `1`.
std::string_view plain_chromosome(std::string_view chromosome) noexcept;

} // namespace salus::components
