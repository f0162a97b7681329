#pragma once

#include "health/definition.hpp"

#include <string_view>
#include <vector>

namespace salus {

/// Checks of one trait that its types and ranges do not cover; problems with their lines.
void check_trait(const Node& node, std::string_view file, const TraitDefinition& trait,
                 std::vector<Problem>& problems);
/// The same for a code set.
void check_code_set(const Node& node, std::string_view file, const CodeSetDefinition& set,
                    std::vector<Problem>& problems);

/// Where a record was read.
struct RecordPlace {
    const Node* node = nullptr;
    std::string_view file;
};
/// Names that are there twice, that nothing has, or that need each other in a circle, over all
/// records of all files. Places stand in the order of the records.
void check_names(const Definitions& all, const std::vector<RecordPlace>& sets,
                 const std::vector<RecordPlace>& traits, std::vector<Problem>& problems);

} // namespace salus
