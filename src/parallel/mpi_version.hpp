#pragma once

#include <string>

namespace salus {

/// Name and version of the MPI library in use, in one line; may be called before MPI is started.
std::string mpi_version();

} // namespace salus
