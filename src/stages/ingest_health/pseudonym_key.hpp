#pragma once

#include "health/pseudonym.hpp"
#include "run/context.hpp"

#include <string>

namespace salus {

/// (all) Pseudonyms under the key of a parameter `pseudonym_key`, with a warning if it is empty.
/// The root reads the key once, so that a file descriptor of the root is enough.
Pseudonyms pseudonyms_of(const std::string& pseudonym_key, const RunContext& context);

/// IntegrityError if a part that tells its `key_mark` was made with another key.
void check_key_mark(const Parts& parts, const Pseudonyms& pseudonyms);

} // namespace salus
