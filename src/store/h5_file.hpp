#pragma once

#include "store/h5.hpp"
#include "store/handle.hpp"

#include <string>

namespace salus {

/// Inside of H5File, shared by the sources of src/store.
struct H5File::State {
    std::filesystem::path path;
    h5::FileId file;
    h5::Access access = h5::Access::reading;

    void require(bool good, std::string_view action) const {
        if (!good) h5::fail(action, path, access);
    }
    template <class Id>
    Id require(Id id, std::string_view action) const {
        require(static_cast<bool>(id), action);
        return id;
    }
    h5::DatasetId open_dataset(std::string_view name) const;
    h5::DatasetId create_dataset(std::string_view name, hid_t type, std::span<const hsize_t> shape,
                                 Compression compression) const;
    void attribute(std::string_view object, std::string_view name, hid_t type,
                   const void* value) const;
};

namespace h5 {

inline constexpr hsize_t chunk_rows = 65536;

template <class T>
hid_t native_type();

TypeId text_type(std::size_t width);

} // namespace h5
} // namespace salus
