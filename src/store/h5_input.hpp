#pragma once

#include <hdf5.h>

namespace salus::h5 {

/// File access through InputFile: what AnsweredReads knows is not read again, and what is read is
/// counted and noted as of any other file. For files that are only read.
hid_t input_driver();

/// Throws what InputFile threw inside of HDF5 since the last call, if it was a StorageError.
void throw_input_error();
/// Forgets it.
void forget_input_error() noexcept;

} // namespace salus::h5
