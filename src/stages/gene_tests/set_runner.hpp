#pragma once

#include "stages/gene_tests/null_models.hpp"
#include "stages/gene_tests/set_catalog.hpp"
#include "stages/gene_tests/set_tester.hpp"
#include "store/h5.hpp"
#include "store/parts.hpp"

#include <map>
#include <string>
#include <vector>

namespace salus::gene_tests {

/// What all units of a pass read.
struct PassInput {
    const GenotypeSource& genotypes;
    const SetCatalog& catalog;
    const GeneTestsParams& params;
    const NullInput& null;
    const H5File* quality;           // null: every variant passes
    std::size_t first = 0, last = 0; // traits of the pass
    std::vector<std::string> traits; // names of those that are analysed, in order
    std::uint64_t seed = 1;
};

/// Tests the sets of units for the traits of one pass. One object per rank; threads inside.
class SetRunner {
public:
    explicit SetRunner(const PassInput& input);
    /// Writes all tables of a unit; those that do not depend on traits only if `with_rows`.
    void run(SetRange unit, bool with_rows, PartWriter& part);

private:
    struct LoadedSet;
    struct SetResult;
    struct Tables;
    LoadedSet load(const SetCatalog::Set& set);
    std::uint32_t find_members(const SetCatalog::Set& set, std::vector<std::uint64_t>& places,
                               std::vector<std::uint64_t>& masks) const;
    void read_variants(LoadedSet& loaded, const std::vector<std::uint64_t>& places,
                       const std::vector<std::uint64_t>& masks);
    SetResult test(const LoadedSet& set, const std::vector<std::unique_ptr<TraitScores>>& traits,
                   Merger& merger) const;
    void add_set_variants(const LoadedSet& set, TableData& table) const;
    void add_rows(const LoadedSet& set, const SetResult& result, bool with_rows,
                  Tables& tables) const;

    PassInput input_;
    GeneRules rules_;
    std::vector<FrequencyBin> bins_;
    SampleMask eligible_, eligible_males_;
    NullModels models_;
    std::vector<Merger> mergers_; // [thread]
    VariantBlock block_;
};

} // namespace salus::gene_tests
