#pragma once

#include <hdf5.h>

namespace salus::h5 {

/// File access through InputFile: what AnsweredReads knows is not read again, and what is read is
/// counted and noted as of any other file. For files that are only read.
hid_t input_driver();

} // namespace salus::h5
