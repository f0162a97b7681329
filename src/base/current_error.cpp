#include "base/current_error.hpp"

#include "base/file.hpp"

#include <new>

namespace salus {
namespace {

Error of_files(const std::filesystem::filesystem_error& error) {
    try {
        throw_storage_error(error.code().value(), "look at the path", error.path1());
    } catch (const StorageError& made) {
        return made;
    }
}

} // namespace

Error current_error() {
    try {
        throw;
    } catch (const Error& error) {
        return error;
    } catch (const std::filesystem::filesystem_error& error) {
        return of_files(error);
    } catch (const std::bad_alloc&) {
        return MemoryError(
            {.what = "there is not enough memory",
             .where = {},
             .why = {},
             .help = "use more nodes, fewer ranks per node, or more memory; see: salus plan"});
    } catch (const std::exception& error) {
        return InternalError({.what = error.what(),
                              .where = {},
                              .why = {},
                              .help = "report this with the command and the version of salus"});
    }
}

} // namespace salus
