#include "store/hdf5_version.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <hdf5.h>

namespace salus {

std::string hdf5_version() {
    unsigned major = 0, minor = 0, release = 0;
    if (H5get_libversion(&major, &minor, &release) < 0)
        throw InternalError(
            {.what = "HDF5 does not tell its version", .where = {}, .why = {}, .help = {}});
    return text("HDF5 ", major, ".", minor, ".", release);
}

} // namespace salus
