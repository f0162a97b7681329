#include "store/joined_arrays.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "store/h5_file.hpp"

#include <algorithm>

namespace salus {
namespace {

struct Extent {
    std::vector<hsize_t> shape;
    hid_t type = H5I_INVALID_HID; // of this machine
};

/// The type of this machine in which the elements are stored.
hid_t native_of(const h5::DatasetId& dataset) {
    const h5::TypeId stored(H5Dget_type(dataset.get()));
    for (const hid_t native :
         {H5T_NATIVE_UINT8, H5T_NATIVE_INT32, H5T_NATIVE_UINT32, H5T_NATIVE_INT64,
          H5T_NATIVE_UINT64, H5T_NATIVE_FLOAT, H5T_NATIVE_DOUBLE})
        if (H5Tequal(stored.get(), native) > 0) return native;
    return H5I_INVALID_HID;
}

/// Copies rows of chunks that are the same in both.
void copy_chunks(const H5File::State& from_file, const H5File::State::OpenDataset& from,
                 const H5File::State& to_file, const h5::DatasetId& to, hsize_t begin) {
    std::vector<hsize_t> at(from.layout.shape.size(), 0), target = at;
    std::vector<std::byte> bytes;
    for (hsize_t row = 0; row < from.layout.shape[0]; row += from.layout.chunk_rows) {
        hsize_t size = 0;
        std::uint32_t filters = 0;
        at[0] = row;
        target[0] = begin + row;
        from_file.require(H5Dget_chunk_storage_size(from.id.get(), at.data(), &size) >= 0,
                          "find a chunk");
        bytes.resize(size);
        from_file.require(
            H5Dread_chunk(from.id.get(), H5P_DEFAULT, at.data(), &filters, bytes.data()) >= 0,
            "read a chunk");
        to_file.require(
            H5Dwrite_chunk(to.get(), H5P_DEFAULT, filters, target.data(), size, bytes.data()) >= 0,
            "write a chunk");
    }
}

} // namespace

void join_arrays(H5File& out, std::string_view name, const Parts& parts, std::string_view from) {
    SALUS_ASSERT(parts.size() > 0);
    Extent joined;
    for (std::uint64_t p = 0; p < parts.size(); ++p) {
        const H5File file = parts.open(p);
        const H5File::State::OpenDataset& part = file.state_->dataset(from);
        if (p == 0)
            joined = {part.layout.shape, native_of(part.id)};
        else
            joined.shape[0] += part.layout.shape[0];
    }
    SALUS_ASSERT(joined.type >= 0);
    const H5File::State& to = *out.state_;
    h5::DatasetId dataset =
        to.create_dataset(name, joined.type, joined.shape, Compression::deflate);
    hsize_t row = 1, begin = 0;
    for (std::size_t d = 1; d < joined.shape.size(); ++d)
        row *= joined.shape[d];
    const hsize_t chunk_rows = std::clamp<hsize_t>(h5::chunk_rows / row, 1, joined.shape[0]);
    for (std::uint64_t p = 0; p < parts.size(); ++p) {
        const H5File file = parts.open(p);
        const H5File::State& state = *file.state_;
        const H5File::State::OpenDataset& part = state.dataset(from);
        SALUS_ASSERT(begin % chunk_rows == 0);
        if (part.layout.chunk_rows == chunk_rows) {
            copy_chunks(state, part, to, dataset, begin);
        } else {
            std::vector<std::byte> bytes(part.layout.shape[0] * part.layout.row_bytes);
            state.read_rows(from, 0, bytes);
            to.write_rows(dataset, name, begin, bytes);
        }
        begin += part.layout.shape[0];
    }
    to.require(dataset.close(), text("close ", name));
}

} // namespace salus
