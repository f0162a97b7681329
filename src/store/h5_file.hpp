#pragma once

#include "store/chunk_codec.hpp"
#include "store/h5.hpp"
#include "store/handle.hpp"

#include <map>
#include <string>

namespace salus {
namespace h5 {

/// How a dataset lies in its file.
struct Layout {
    std::vector<hsize_t> shape;
    H5T_class_t type = H5T_NO_CLASS;
    bool native = false;    // the bytes of an element are those of this machine
    hsize_t chunk_rows = 0; // 0: not in chunks of whole rows behind our filters
    std::size_t element = 0, row_bytes = 0;
};

} // namespace h5

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
    /// Rows of a dataset from `begin` on, in its stored type. Of a chunked dataset `begin` is a
    /// multiple of the chunk and the rows end with a chunk or with the dataset.
    void write_rows(const h5::DatasetId& dataset, std::string_view name, std::uint64_t begin,
                    std::span<const std::byte> rows) const;

    /// A dataset that is read piece by piece and stays open.
    struct OpenDataset {
        h5::DatasetId id;
        h5::Layout layout;
    };
    const OpenDataset& dataset(std::string_view name) const;
    void read_rows(std::string_view name, std::uint64_t begin, std::span<std::byte> rows) const;
    void close_datasets() const noexcept;
    bool opens_as_group(std::string_view name) const;
    /// Of a table in a file that is only read: looked up once.
    const TableSpec* known_spec(std::string_view table) const;
    void remember_spec(std::string_view table, const TableSpec& spec) const;
    /// Reads a dataset for its checksums alone.
    void verify_dataset(std::string_view name) const;
    void verify_attributes(std::string_view name) const;

private:
    /// The chunk in which the last read of a dataset ended: the next read goes on there.
    struct LastChunk {
        hsize_t first_row = 0;
        std::vector<std::byte> bytes;
    };
    void read_chunk(std::string_view name, hsize_t first_row, std::span<std::byte> plain) const;
    const LastChunk& last_chunk(std::string_view name, hsize_t first_row, std::size_t bytes) const;
    void forget_last_chunk(std::string_view name) const;

    mutable std::map<std::string, OpenDataset, std::less<>> datasets_;
    mutable std::map<std::string, TableSpec, std::less<>> specs_;
    mutable h5::ChunkCodec codec_;
    mutable std::map<std::string, LastChunk, std::less<>> last_chunks_;
    mutable std::size_t last_chunks_bytes_ = 0;
};

namespace h5 {

inline constexpr hsize_t chunk_rows = 65536;

template <class T>
hid_t native_type();
template <>
hid_t native_type<std::uint8_t>();
template <>
hid_t native_type<std::int16_t>();
template <>
hid_t native_type<std::int32_t>();
template <>
hid_t native_type<std::uint32_t>();
template <>
hid_t native_type<std::int64_t>();
template <>
hid_t native_type<std::uint64_t>();
template <>
hid_t native_type<float>();
template <>
hid_t native_type<double>();

TypeId text_type(std::size_t width);
PropertyId file_access();
PropertyId read_access(); // through InputFile

} // namespace h5
} // namespace salus
