#include "store/h5_file.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace salus {
namespace {

constexpr std::size_t last_chunks_bytes_max = std::size_t{64} << 20;
constexpr std::size_t open_datasets_max = 64;

bool has_our_filters(hid_t plan) {
    constexpr std::array<H5Z_filter_t, 3> ours{H5Z_FILTER_SHUFFLE, H5Z_FILTER_DEFLATE,
                                               H5Z_FILTER_FLETCHER32};
    if (H5Pget_nfilters(plan) != static_cast<int>(ours.size())) return false;
    for (unsigned k = 0; k < ours.size(); ++k) {
        unsigned flags = 0, config = 0;
        std::size_t values = 0;
        if (H5Pget_filter2(plan, k, &flags, &values, nullptr, 0, nullptr, &config) != ours[k])
            return false;
    }
    return true;
}

bool is_native(hid_t type) {
    const hid_t natives[] = {H5T_NATIVE_UINT8, H5T_NATIVE_INT32,  H5T_NATIVE_UINT32,
                             H5T_NATIVE_INT64, H5T_NATIVE_UINT64, H5T_NATIVE_FLOAT,
                             H5T_NATIVE_DOUBLE};
    return std::any_of(std::begin(natives), std::end(natives),
                       [&](hid_t native) { return H5Tequal(type, native) > 0; });
}

h5::Layout layout_of(const h5::DatasetId& dataset) {
    h5::Layout layout;
    const h5::SpaceId space(H5Dget_space(dataset.get()));
    const h5::TypeId type(H5Dget_type(dataset.get()));
    const h5::PropertyId plan(H5Dget_create_plist(dataset.get()));
    const int dimensions = std::max(0, H5Sget_simple_extent_ndims(space.get()));
    layout.shape.resize(static_cast<std::size_t>(dimensions));
    H5Sget_simple_extent_dims(space.get(), layout.shape.data(), nullptr);
    layout.element = layout.row_bytes = H5Tget_size(type.get());
    layout.type = H5Tget_class(type.get());
    layout.native = is_native(type.get());
    for (std::size_t d = 1; d < layout.shape.size(); ++d)
        layout.row_bytes *= layout.shape[d];
    if (dimensions == 0 || H5Pget_layout(plan.get()) != H5D_CHUNKED || !has_our_filters(plan.get()))
        return layout;
    std::vector<hsize_t> chunk(layout.shape.size());
    if (H5Pget_chunk(plan.get(), dimensions, chunk.data()) == dimensions && chunk[0] > 0 &&
        std::equal(chunk.begin() + 1, chunk.end(), layout.shape.begin() + 1))
        layout.chunk_rows = chunk[0];
    return layout;
}

struct RowRange {
    hsize_t begin, count;
};

/// Reads or writes rows through the library. Its words on a failure are gone when a handle closes.
template <class Transfer>
void through_library(const H5File::State& file, std::string_view action,
                     const h5::DatasetId& dataset, const h5::Layout& layout, RowRange rows,
                     Transfer&& transfer) {
    std::vector<hsize_t> start(layout.shape.size(), 0), size = layout.shape;
    start[0] = rows.begin;
    size[0] = rows.count;
    const h5::TypeId type(H5Dget_type(dataset.get()));
    const h5::SpaceId space(H5Dget_space(dataset.get()));
    const h5::SpaceId memory(H5Screate_simple(static_cast<int>(size.size()), size.data(), nullptr));
    file.require(H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr,
                                     size.data(), nullptr) >= 0 &&
                     transfer(type.get(), memory.get(), space.get()) >= 0,
                 action);
}

} // namespace

void H5File::State::write_rows(const h5::DatasetId& dataset, std::string_view name,
                               std::uint64_t begin, std::span<const std::byte> rows) const {
    const h5::Layout layout = layout_of(dataset);
    const hsize_t count = rows.size() / layout.row_bytes;
    if (layout.chunk_rows == 0) {
        through_library(*this, text("write ", name), dataset, layout, {begin, count},
                        [&](hid_t type, hid_t memory, hid_t space) {
                            return H5Dwrite(dataset.get(), type, memory, space, H5P_DEFAULT,
                                            rows.data());
                        });
        return;
    }
    const std::size_t chunk_bytes = layout.chunk_rows * layout.row_bytes;
    SALUS_ASSERT(begin % layout.chunk_rows == 0);
    std::vector<hsize_t> start(layout.shape.size(), 0);
    std::vector<std::byte> padded;
    for (hsize_t row = 0; row < count; row += layout.chunk_rows) {
        auto plain = rows.subspan(row * layout.row_bytes);
        plain = plain.first(std::min(plain.size(), chunk_bytes));
        if (plain.size() < chunk_bytes) { // the last chunk goes beyond the dataset
            SALUS_ASSERT(begin + count == layout.shape[0]);
            padded.assign(chunk_bytes, std::byte{0});
            std::copy(plain.begin(), plain.end(), padded.begin());
            plain = padded;
        }
        const auto stored = codec_.encode(plain, layout.element);
        start[0] = begin + row;
        require(H5Dwrite_chunk(dataset.get(), H5P_DEFAULT, 0, start.data(), stored.size(),
                               stored.data()) >= 0,
                text("write ", name));
    }
}

const H5File::State::OpenDataset& H5File::State::dataset(std::string_view name) const {
    const auto found = datasets_.find(name);
    if (found != datasets_.end()) return found->second;
    if (datasets_.size() >= open_datasets_max) datasets_.clear();
    OpenDataset opened{.id = open_dataset(name), .layout = {}};
    opened.layout = layout_of(opened.id);
    return datasets_.emplace(std::string(name), std::move(opened)).first->second;
}

void H5File::State::close_datasets() const noexcept { datasets_.clear(); }

const TableSpec* H5File::State::known_spec(std::string_view table) const {
    const auto found = specs_.find(table);
    return found == specs_.end() ? nullptr : &found->second;
}

void H5File::State::remember_spec(std::string_view table, const TableSpec& spec) const {
    if (access != h5::Access::reading) return;
    if (specs_.size() >= open_datasets_max) specs_.clear();
    specs_.emplace(table, spec);
}

void H5File::State::read_chunk(std::string_view name, hsize_t first_row,
                               std::span<std::byte> plain) const {
    const OpenDataset& from = dataset(name);
    std::vector<hsize_t> start(from.layout.shape.size(), 0);
    start[0] = first_row;
    hsize_t size = 0;
    std::uint32_t skipped = 0;
    require(H5Dget_chunk_storage_size(from.id.get(), start.data(), &size) >= 0,
            text("find a chunk of ", name));
    std::vector<std::byte> stored;
    bool whole = size > 0 && size <= 2 * plain.size() + 1024;
    if (whole) {
        stored.resize(size);
        require(H5Dread_chunk(from.id.get(), H5P_DEFAULT, start.data(), &skipped, stored.data()) >=
                    0,
                text("read ", name));
        whole = codec_.decode(stored, from.layout.element, skipped, plain);
    }
    if (!whole)
        throw DataError({.what = text("cannot read ", name),
                         .where = path.string(),
                         .why = "a chunk of the column fails its checksum or cannot be unpacked",
                         .help = "the file is damaged or incomplete; make it again"});
}

const H5File::State::LastChunk& H5File::State::last_chunk(std::string_view name, hsize_t first_row,
                                                          std::size_t bytes) const {
    const auto found = last_chunks_.find(name);
    if (found != last_chunks_.end() && found->second.first_row == first_row) return found->second;
    if (found == last_chunks_.end() && last_chunks_bytes_ + bytes > last_chunks_bytes_max) {
        last_chunks_.clear();
        last_chunks_bytes_ = 0;
    }
    LastChunk chunk{.first_row = first_row, .bytes = std::vector<std::byte>(bytes)};
    read_chunk(name, first_row, chunk.bytes);
    LastChunk& kept = last_chunks_[std::string(name)];
    last_chunks_bytes_ += bytes - kept.bytes.size();
    kept = std::move(chunk);
    return kept;
}

void H5File::State::forget_last_chunk(std::string_view name) const {
    const auto found = last_chunks_.find(name);
    if (found == last_chunks_.end()) return;
    last_chunks_bytes_ -= found->second.bytes.size();
    last_chunks_.erase(found);
}

void H5File::State::read_rows(std::string_view name, std::uint64_t begin,
                              std::span<std::byte> rows) const {
    const OpenDataset& from = dataset(name);
    const h5::Layout& layout = from.layout;
    const hsize_t count = rows.size() / layout.row_bytes;
    require(!layout.shape.empty() && begin + count <= layout.shape[0], text("read ", name));
    if (layout.chunk_rows == 0) {
        through_library(*this, text("read ", name), from.id, layout, {begin, count},
                        [&](hid_t type, hid_t memory, hid_t space) {
                            return H5Dread(from.id.get(), type, memory, space, H5P_DEFAULT,
                                           rows.data());
                        });
        return;
    }
    const std::size_t chunk_bytes = layout.chunk_rows * layout.row_bytes;
    for (hsize_t row = begin; row < begin + count;) {
        const hsize_t first = row / layout.chunk_rows * layout.chunk_rows;
        const hsize_t end = std::min(first + layout.chunk_rows, begin + count);
        const auto out =
            rows.subspan((row - begin) * layout.row_bytes, (end - row) * layout.row_bytes);
        if (out.size() == chunk_bytes) {
            read_chunk(name, first, out);
        } else {
            const LastChunk& chunk = last_chunk(name, first, chunk_bytes);
            std::memcpy(out.data(), chunk.bytes.data() + (row - first) * layout.row_bytes,
                        out.size());
            if (end == layout.shape[0]) forget_last_chunk(name); // nothing comes after it
        }
        row = end;
    }
}

} // namespace salus
