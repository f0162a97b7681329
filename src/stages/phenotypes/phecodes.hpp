#pragma once

#include "formats/phecode_tables.hpp"
#include "health/phecode.hpp"
#include "health/status_matrix.hpp"
#include "run/context.hpp"
#include "stages/phenotypes/phenotypes.hpp"

#include <span>
#include <string>
#include <vector>

namespace salus::phenotypes {

/// Input files of the phecode ports. Empty lists where nothing is wired.
PhecodeFiles phecode_files(const Inputs& inputs);

/// Phecodes as rows of the status matrix: `phecode_250.2`.
class PhecodeTraits {
public:
    /// Without a map there are no phecodes: size() is 0.
    PhecodeTraits(const PhecodeFiles& files, const PhenotypesParams& params,
                  std::span<const std::string> codes);

    std::size_t size() const noexcept { return traits_.size(); }
    const std::vector<StatusTrait>& traits() const noexcept { return traits_; }
    const PhecodePanel& panel() const noexcept { return *panel_; }
    /// Says how many codes of the records are in the map, by system; a warning for systems that the
    /// map does not know.
    void report(const Log& log) const;

private:
    std::vector<StatusTrait> traits_;
    std::unique_ptr<PhecodePanel> panel_;
};

} // namespace salus::phenotypes
