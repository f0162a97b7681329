#pragma once

#include <hdf5.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

namespace salus::h5 {

enum class Access { reading, creating, writing };

/// Throws StorageError (creating, writing) or DataError (reading) with the innermost words of the
/// HDF5 error stack. After a failed write HDF5 must not touch its files again: see abandoned().
[[noreturn]] void fail(std::string_view action, const std::filesystem::path& path, Access access);

/// True once a write has failed. HDF5 then crashes when it closes what it could not write, so
/// handles are left open and the process ends with its error.
bool abandoned() noexcept;

/// Move-only owner of an HDF5 identifier. Private to src/store.
template <herr_t (*Close)(hid_t)>
class Handle {
public:
    Handle() = default;
    explicit Handle(hid_t id) noexcept : id_(id) {}
    ~Handle() { reset(); }
    Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)) {}
    Handle& operator=(Handle&& other) noexcept {
        if (this != &other) {
            reset();
            id_ = std::exchange(other.id_, H5I_INVALID_HID);
        }
        return *this;
    }
    hid_t get() const noexcept { return id_; }
    explicit operator bool() const noexcept { return id_ >= 0; }
    /// Closes now; false if HDF5 says that it failed.
    bool close() noexcept {
        return id_ < 0 || abandoned() || Close(std::exchange(id_, H5I_INVALID_HID)) >= 0;
    }

private:
    void reset() noexcept { close(); }
    hid_t id_ = H5I_INVALID_HID;
};

using FileId = Handle<H5Fclose>;
using GroupId = Handle<H5Gclose>;
using DatasetId = Handle<H5Dclose>;
using SpaceId = Handle<H5Sclose>;
using TypeId = Handle<H5Tclose>;
using AttributeId = Handle<H5Aclose>;
using PropertyId = Handle<H5Pclose>;
using ObjectId = Handle<H5Oclose>;

} // namespace salus::h5
