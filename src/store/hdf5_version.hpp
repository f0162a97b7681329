#pragma once

#include <string>

namespace salus {

/// Version of the HDF5 library in use: "HDF5 1.10.8".
std::string hdf5_version();

} // namespace salus
