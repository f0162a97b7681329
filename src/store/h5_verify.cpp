#include "store/h5_file.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace salus {
namespace {

constexpr std::size_t piece_bytes = std::size_t{16} << 20;

/// Reads one attribute and drops it; negative if that fails.
herr_t read_attribute(hid_t object, const char* name, const H5A_info_t*, void*) {
    const h5::AttributeId attribute(H5Aopen(object, name, H5P_DEFAULT));
    if (!attribute) return -1;
    const h5::TypeId type(H5Aget_type(attribute.get()));
    const h5::SpaceId space(H5Aget_space(attribute.get()));
    const hssize_t values = H5Sget_simple_extent_npoints(space.get());
    std::vector<std::byte> bytes(H5Tget_size(type.get()) *
                                 static_cast<std::size_t>(std::max<hssize_t>(values, 0)));
    if (bytes.empty()) return 0;
    const herr_t read = H5Aread(attribute.get(), type.get(), bytes.data());
    // Lists of references live in memory of the library.
    if (read >= 0 && H5Tdetect_class(type.get(), H5T_VLEN) > 0)
        H5Dvlen_reclaim(type.get(), space.get(), H5P_DEFAULT, bytes.data());
    return read;
}

} // namespace

void H5File::State::verify_dataset(std::string_view name) const {
    const h5::Layout layout = dataset(name).layout;
    const bool variable = layout.type == H5T_VLEN || layout.type == H5T_REFERENCE;
    if (variable || layout.row_bytes == 0)
        throw DataError({.what = text("dataset ", name, " has a type that salus does not write"),
                         .where = path.string(),
                         .why = "its values lie elsewhere in the file",
                         .help = "give a result file of salus"});
    std::vector<std::byte> rows;
    if (layout.shape.empty()) {
        rows.resize(layout.element);
        const h5::DatasetId opened = open_dataset(name);
        const h5::TypeId type(H5Dget_type(opened.get()));
        require(H5Dread(opened.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, rows.data()) >= 0,
                text("read ", name));
        return;
    }
    const hsize_t step = layout.chunk_rows > 0
                             ? layout.chunk_rows
                             : std::max<hsize_t>(1, piece_bytes / layout.row_bytes);
    for (hsize_t row = 0; row < layout.shape[0]; row += step) {
        rows.resize(std::min(step, layout.shape[0] - row) * layout.row_bytes);
        read_rows(name, row, rows);
    }
}

void H5File::State::verify_attributes(std::string_view name) const {
    const h5::ObjectId object(H5Oopen(file.get(), std::string(name).c_str(), H5P_DEFAULT));
    require(object && H5Aiterate2(object.get(), H5_INDEX_NAME, H5_ITER_INC, nullptr, read_attribute,
                                  nullptr) >= 0,
            text("read the attributes of ", name));
}

std::uint64_t H5File::verify() const {
    std::uint64_t datasets = 0;
    std::vector<std::string> groups{"/"};
    state_->verify_attributes("/");
    while (!groups.empty()) {
        const std::string group = std::move(groups.back());
        groups.pop_back();
        for (const std::string& member : members(group)) {
            const std::string name = group == "/" ? member : text(group, "/", member);
            state_->verify_attributes(name);
            if (is_group(name)) {
                groups.push_back(name);
                continue;
            }
            state_->verify_dataset(name);
            ++datasets;
        }
    }
    return datasets;
}

} // namespace salus
