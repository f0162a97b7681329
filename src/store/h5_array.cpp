#include "store/h5_file.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace salus {
namespace {

std::vector<hsize_t> extent(const h5::DatasetId& dataset) {
    const h5::SpaceId space(H5Dget_space(dataset.get()));
    const int dimensions = H5Sget_simple_extent_ndims(space.get());
    std::vector<hsize_t> shape(dimensions < 0 ? 0 : static_cast<std::size_t>(dimensions));
    H5Sget_simple_extent_dims(space.get(), shape.data(), nullptr);
    return shape;
}

std::uint64_t product(std::span<const hsize_t> shape) {
    std::uint64_t total = 1;
    for (const hsize_t n : shape)
        total *= n;
    return total;
}

template <class T>
void check_class(const H5File::State& state, const h5::Layout& layout, std::string_view name) {
    const H5T_class_t wanted = std::is_floating_point_v<T> ? H5T_FLOAT : H5T_INTEGER;
    if (layout.type != wanted || layout.element > sizeof(T))
        throw DataError({.what = text("dataset ", name, " has another type than expected"),
                         .where = state.path.string(),
                         .why = "the layout of the file is not the one of this version",
                         .help = "make the file again with this version of salus"});
}

/// Whether the bytes in the file are those of a T of this machine.
template <class T>
bool is_stored_as(const H5File::State::OpenDataset& from) {
    if (!from.layout.native || from.layout.element != sizeof(T)) return false;
    const h5::TypeId type(H5Dget_type(from.id.get()));
    return H5Tequal(type.get(), h5::native_type<T>()) > 0;
}

} // namespace

template <class T>
void H5File::write_array(std::string_view name, std::span<const T> values,
                         std::vector<std::uint64_t> shape, Compression compression) {
    std::vector<hsize_t> dims(shape.begin(), shape.end());
    if (dims.empty()) dims = {values.size()};
    SALUS_ASSERT(product(dims) == values.size());
    h5::DatasetId dataset = state_->create_dataset(name, h5::native_type<T>(), dims, compression);
    if (!values.empty()) state_->write_rows(dataset, name, 0, std::as_bytes(values));
    // Some of it is written only now; a disk that is full then must not leave zeros.
    state_->require(dataset.close(), text("close ", name));
}

template <class T>
std::vector<T> H5File::read_array(std::string_view name) const {
    const State::OpenDataset& from = state_->dataset(name);
    check_class<T>(*state_, from.layout, name);
    std::vector<T> values(product(from.layout.shape));
    if (values.empty()) return values;
    if (is_stored_as<T>(from) && !from.layout.shape.empty())
        state_->read_rows(name, 0, std::as_writable_bytes(std::span(values)));
    else
        state_->require(H5Dread(from.id.get(), h5::native_type<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT,
                                values.data()) >= 0,
                        text("read dataset ", name));
    return values;
}

template <class T>
std::vector<T> H5File::read_rows(std::string_view name, std::uint64_t begin,
                                 std::uint64_t count) const {
    const State::OpenDataset& from = state_->dataset(name);
    check_class<T>(*state_, from.layout, name);
    std::vector<hsize_t> dims = from.layout.shape;
    if (dims.empty() || begin + count > dims[0])
        throw DataError({.what = text("dataset ", name, " is shorter than expected"),
                         .where = state_->path.string(),
                         .why = {},
                         .help = "the file is damaged; make it again"});
    std::vector<hsize_t> start(dims.size(), 0);
    start[0] = begin;
    dims[0] = count;
    std::vector<T> values(product(dims));
    if (values.empty()) return values;
    if (is_stored_as<T>(from)) {
        state_->read_rows(name, begin, std::as_writable_bytes(std::span(values)));
        return values;
    }
    const h5::SpaceId space(H5Dget_space(from.id.get()));
    state_->require(H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr,
                                        dims.data(), nullptr) >= 0,
                    text("select rows of dataset ", name));
    const h5::SpaceId memory(H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr));
    state_->require(H5Dread(from.id.get(), h5::native_type<T>(), memory.get(), space.get(),
                            H5P_DEFAULT, values.data()) >= 0,
                    text("read dataset ", name));
    return values;
}

#define SALUS_ARRAY_TYPE(T)                                                                        \
    template void H5File::write_array(std::string_view, std::span<const T>,                        \
                                      std::vector<std::uint64_t>, Compression);                    \
    template std::vector<T> H5File::read_array(std::string_view) const;                            \
    template std::vector<T> H5File::read_rows(std::string_view, std::uint64_t, std::uint64_t) const;
SALUS_ARRAY_TYPE(std::uint8_t)
SALUS_ARRAY_TYPE(std::int16_t)
SALUS_ARRAY_TYPE(std::int32_t)
SALUS_ARRAY_TYPE(std::uint32_t)
SALUS_ARRAY_TYPE(std::int64_t)
SALUS_ARRAY_TYPE(std::uint64_t)
SALUS_ARRAY_TYPE(float)
SALUS_ARRAY_TYPE(double)
#undef SALUS_ARRAY_TYPE

struct H5File::RowWriter::State {
    const H5File::State* file = nullptr;
    std::string name;
    h5::DatasetId dataset;
    std::uint64_t rows = 0, columns = 0, chunk_rows = 1, written = 0;
    std::vector<std::uint8_t> pending;

    void flush(bool all) {
        const std::uint64_t have = columns == 0 ? 0 : pending.size() / columns;
        const std::uint64_t count = all ? have : have / chunk_rows * chunk_rows;
        if (count == 0) return;
        const std::size_t bytes = count * columns;
        SALUS_ASSERT(written + count <= rows);
        file->write_rows(dataset, name, written, std::as_bytes(std::span(pending).first(bytes)));
        pending.erase(pending.begin(), pending.begin() + static_cast<std::ptrdiff_t>(bytes));
        written += count;
    }
};

H5File::RowWriter::RowWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
H5File::RowWriter::RowWriter(RowWriter&&) noexcept = default;
H5File::RowWriter::~RowWriter() = default;

void H5File::RowWriter::append(std::span<const std::uint8_t> rows) {
    SALUS_ASSERT(state_->columns > 0 && rows.size() % state_->columns == 0);
    state_->pending.insert(state_->pending.end(), rows.begin(), rows.end());
    state_->flush(false);
}

void H5File::RowWriter::close() {
    state_->flush(true);
    SALUS_ASSERT(state_->columns == 0 || state_->written == state_->rows);
    state_->file->require(state_->dataset.close(), text("close ", state_->name));
}

H5File::RowWriter H5File::begin_rows(std::string_view name, std::uint64_t rows,
                                     std::uint64_t columns) {
    auto state = std::make_unique<RowWriter::State>();
    const std::vector<hsize_t> dims{rows, columns};
    state->file = state_.get();
    state->name = name;
    state->rows = rows;
    state->columns = columns;
    if (rows > 0 && columns > 0)
        state->chunk_rows = std::clamp<hsize_t>(h5::chunk_rows / columns, 1, rows);
    state->dataset =
        state_->create_dataset(name, h5::native_type<std::uint8_t>(), dims, Compression::deflate);
    return RowWriter(std::move(state));
}

std::vector<std::uint64_t> H5File::shape(std::string_view name) const {
    const auto dims = extent(state_->open_dataset(name));
    return {dims.begin(), dims.end()};
}

bool H5File::State::opens_as_group(std::string_view name) const {
    const h5::ObjectId object(H5Oopen(file.get(), std::string(name).c_str(), H5P_DEFAULT));
    require(static_cast<bool>(object), text("open ", name));
    return H5Iget_type(object.get()) == H5I_GROUP;
}

bool H5File::exists(std::string_view name) const {
    std::string_view above = "/";
    for (std::size_t end = name.find('/', 1);; end = name.find('/', end + 1)) {
        const std::string_view here = name.substr(0, end);
        if (above != "/" && !state_->opens_as_group(above)) return false;
        const htri_t there = H5Lexists(state_->file.get(), std::string(here).c_str(), H5P_DEFAULT);
        state_->require(there >= 0, text("look for ", name));
        if (there == 0) return false;
        if (end == std::string_view::npos) return true;
        above = here;
    }
}

std::vector<std::string> H5File::members(std::string_view group) const {
    std::vector<std::string> names;
    const auto collect = [](hid_t, const char* name, const H5L_info_t*, void* data) -> herr_t {
        static_cast<std::vector<std::string>*>(data)->emplace_back(name);
        return 0;
    };
    const h5::GroupId opened(H5Gopen2(state_->file.get(), std::string(group).c_str(), H5P_DEFAULT));
    state_->require(opened && H5Literate(opened.get(), H5_INDEX_NAME, H5_ITER_INC, nullptr, collect,
                                         &names) >= 0,
                    text("list group ", group));
    std::sort(names.begin(), names.end());
    return names;
}

bool H5File::is_group(std::string_view name) const {
    return (name == "/" || exists(name)) && state_->opens_as_group(name);
}

} // namespace salus
