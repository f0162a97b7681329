#pragma once

#include "base/error.hpp"

namespace salus {

/// The exception that is being handled as an error of ours; call it in a catch block. What the
/// standard library says of files is a storage error, of memory a memory error, all else our bug.
Error current_error();

} // namespace salus
