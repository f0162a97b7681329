#include "store/h5_dimension.hpp"

#include "base/text.hpp"

#include <cstddef>
#include <hdf5_hl.h>
#include <string>
#include <vector>

namespace salus::h5 {
namespace {

/// An entry of the list that a scale keeps of the datasets which use it.
struct Use {
    hobj_ref_t dataset;
    std::uint32_t dimension;
};

TypeId use_type(const H5File::State& file) {
    TypeId type = file.require(TypeId(H5Tcreate(H5T_COMPOUND, sizeof(Use))), "make a type");
    file.require(
        H5Tinsert(type.get(), "dataset", offsetof(Use, dataset), H5T_STD_REF_OBJ) >= 0 &&
            H5Tinsert(type.get(), "dimension", offsetof(Use, dimension), H5T_NATIVE_UINT) >= 0,
        "make a type");
    return type;
}

hobj_ref_t reference(const H5File::State& file, const DatasetId& dataset) {
    hobj_ref_t made{};
    file.require(H5Rcreate(&made, dataset.get(), ".", H5R_OBJECT, -1) >= 0, "refer to a dataset");
    return made;
}

void write(const H5File::State& file, const DatasetId& dataset, const char* name, hid_t type,
           hsize_t count, const void* values) {
    const SpaceId space(H5Screate_simple(1, &count, nullptr));
    AttributeId attribute(
        H5Acreate2(dataset.get(), name, type, space.get(), H5P_DEFAULT, H5P_DEFAULT));
    file.require(static_cast<bool>(attribute) && H5Awrite(attribute.get(), type, values) >= 0 &&
                     attribute.close(),
                 "attach a dimension scale");
}

} // namespace

DatasetId make_dimension(const H5File::State& file, std::string_view path, std::uint64_t rows) {
    const hsize_t shape[] = {rows};
    DatasetId scale = file.create_dataset(path, H5T_IEEE_F32BE, shape, Compression::none);
    std::string digits = text(rows);
    digits.insert(0, digits.size() < 10 ? 10 - digits.size() : 0, ' ');
    file.require(
        H5DSset_scale(
            scale.get(),
            text("This is a netCDF dimension but not a netCDF variable.", digits).c_str()) >= 0,
        "make a dimension scale");
    return scale;
}

void attach_dimension(const H5File::State& file, const DatasetId& scale,
                      std::span<const DatasetId> columns) {
    if (columns.empty()) return;
    hobj_ref_t to = reference(file, scale);
    const TypeId list = file.require(TypeId(H5Tvlen_create(H5T_STD_REF_OBJ)), "make a type");
    std::vector<Use> uses;
    uses.reserve(columns.size());
    for (const DatasetId& column : columns) {
        hvl_t scales{.len = 1, .p = &to};
        write(file, column, "DIMENSION_LIST", list.get(), 1, &scales);
        uses.push_back({reference(file, column), 0});
    }
    write(file, scale, "REFERENCE_LIST", use_type(file).get(), uses.size(), uses.data());
}

} // namespace salus::h5
