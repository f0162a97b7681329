#include "store/foreign_arrays.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "store/h5_file.hpp"

#include <cstring>

namespace salus {
namespace {

/// Rows of a dataset in memory of type `memory`.
bool read_slab(const H5File::State::OpenDataset& from, hid_t memory, std::uint64_t begin,
               std::uint64_t count, void* to) {
    std::vector<hsize_t> start(from.layout.shape.size(), 0), size = from.layout.shape;
    start[0] = begin;
    size[0] = count;
    const h5::SpaceId space(H5Dget_space(from.id.get()));
    const h5::SpaceId plain(H5Screate_simple(static_cast<int>(size.size()), size.data(), nullptr));
    return H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr, size.data(),
                               nullptr) >= 0 &&
           H5Dread(from.id.get(), memory, plain.get(), space.get(), H5P_DEFAULT, to) >= 0;
}

/// Texts of any length; the library allocates them.
std::vector<std::string> read_long_texts(const H5File::State& file,
                                         const H5File::State::OpenDataset& from, hid_t stored,
                                         std::uint64_t begin, std::uint64_t count) {
    const h5::TypeId memory(H5Tcopy(stored));
    std::vector<char*> pointers(count, nullptr);
    const bool good = read_slab(from, memory.get(), begin, count, pointers.data());
    std::vector<std::string> values;
    for (const char* const pointer : pointers)
        values.emplace_back(good && pointer != nullptr ? pointer : "");
    const hsize_t size[] = {count};
    const h5::SpaceId space(H5Screate_simple(1, size, nullptr));
    if (good) H5Dvlen_reclaim(memory.get(), space.get(), H5P_DEFAULT, pointers.data());
    file.require(good, "read texts");
    return values;
}

std::vector<std::string> read_fixed_texts(const H5File::State& file,
                                          const H5File::State::OpenDataset& from, hid_t stored,
                                          std::uint64_t begin, std::uint64_t count) {
    const std::size_t width = from.layout.element;
    std::vector<char> bytes(count * width);
    file.require(read_slab(from, stored, begin, count, bytes.data()), "read texts");
    std::vector<std::string> values(count);
    for (std::uint64_t i = 0; i < count; ++i)
        values[i].assign(bytes.data() + i * width, strnlen(bytes.data() + i * width, width));
    return values;
}

template <class T>
std::vector<std::string> read_integers(const H5File::State& file,
                                       const H5File::State::OpenDataset& from, std::uint64_t begin,
                                       std::uint64_t count) {
    std::vector<T> numbers(count);
    file.require(read_slab(from, h5::native_type<T>(), begin, count, numbers.data()),
                 "read whole numbers");
    std::vector<std::string> values;
    for (const T number : numbers)
        values.push_back(text(number));
    return values;
}

void check_rows(const H5File::State& file, const H5File::State::OpenDataset& from,
                std::string_view name, std::uint64_t begin, std::uint64_t count) {
    file.require(!from.layout.shape.empty() && begin + count <= from.layout.shape[0],
                 text("read ", name));
}

} // namespace

struct ForeignArrays::State {
    explicit State(const std::filesystem::path& path) : file(H5File::open(path)) {
        arrays.path = path;
        arrays.file = h5::FileId(H5Fopen(path.c_str(), H5F_ACC_RDONLY, h5::read_access().get()));
        arrays.require(static_cast<bool>(arrays.file), "open HDF5 file");
    }
    H5File file;          // has checked that no link leads elsewhere
    H5File::State arrays; // the same file
};

ForeignArrays::ForeignArrays(const std::filesystem::path& path)
    : state_(std::make_unique<State>(path)) {}
ForeignArrays::~ForeignArrays() = default;
ForeignArrays::ForeignArrays(ForeignArrays&&) noexcept = default;
const H5File& ForeignArrays::file() const noexcept { return state_->file; }

ForeignArrays::Element ForeignArrays::element(std::string_view name) const {
    switch (state_->arrays.dataset(name).layout.type) {
    case H5T_INTEGER:
        return Element::integer;
    case H5T_FLOAT:
        return Element::real;
    case H5T_STRING:
        return Element::text;
    default:
        return Element::other;
    }
}

std::vector<double> ForeignArrays::read_numbers(std::string_view name, std::uint64_t begin,
                                                std::uint64_t count) const {
    const H5File::State& arrays = state_->arrays;
    const H5File::State::OpenDataset& from = arrays.dataset(name);
    check_rows(arrays, from, name, begin, count);
    std::uint64_t total = count;
    for (std::size_t d = 1; d < from.layout.shape.size(); ++d)
        total *= from.layout.shape[d];
    std::vector<double> values(total);
    if (total > 0)
        arrays.require(read_slab(from, H5T_NATIVE_DOUBLE, begin, count, values.data()),
                       text("read ", name));
    return values;
}

std::vector<std::string> ForeignArrays::read_texts(std::string_view name, std::uint64_t begin,
                                                   std::uint64_t count) const {
    const H5File::State& arrays = state_->arrays;
    const H5File::State::OpenDataset& from = arrays.dataset(name);
    check_rows(arrays, from, name, begin, count);
    arrays.require(from.layout.shape.size() == 1, text("read the texts of ", name));
    if (count == 0) return {};
    const h5::TypeId stored(H5Dget_type(from.id.get()));
    if (from.layout.type == H5T_INTEGER)
        return H5Tget_sign(stored.get()) == H5T_SGN_NONE
                   ? read_integers<std::uint64_t>(arrays, from, begin, count)
                   : read_integers<std::int64_t>(arrays, from, begin, count);
    arrays.require(from.layout.type == H5T_STRING, text("read the texts of ", name));
    return H5Tis_variable_str(stored.get()) > 0
               ? read_long_texts(arrays, from, stored.get(), begin, count)
               : read_fixed_texts(arrays, from, stored.get(), begin, count);
}

} // namespace salus
