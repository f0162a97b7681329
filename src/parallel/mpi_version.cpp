#include "parallel/mpi_version.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <mpi.h>

#include <string_view>

namespace salus {

std::string mpi_version() {
    char buffer[MPI_MAX_LIBRARY_VERSION_STRING] = {};
    int length = 0;
    if (MPI_Get_library_version(buffer, &length) != MPI_SUCCESS)
        throw InternalError(
            {.what = "MPI does not tell its version", .where = {}, .why = {}, .help = {}});
    const std::string_view all(buffer, static_cast<std::size_t>(length));
    return std::string(trim(all.substr(0, all.find_first_of(",\n"))));
}

} // namespace salus
