#pragma once

#include "base/error.hpp"

namespace salus {

/// In a handler, where all that is wrong with the inputs is being collected: keeps the problems of
/// `error` and goes on. A StorageError is thrown on: it says nothing about the inputs.
void keep_problems(const Error& error, std::vector<Problem>& problems);

} // namespace salus
