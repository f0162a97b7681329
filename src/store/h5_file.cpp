#include "store/h5_file.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/file_operations.hpp"
#include "base/file_ranges.hpp"
#include "base/text.hpp"
#include "store/h5_input.hpp"

#include <algorithm>
#include <mutex>
#include <span>

namespace salus {
namespace h5 {
namespace {

bool write_failed =
    false; // a fact about the library in this process, so it cannot live in an object

herr_t keep_innermost(unsigned, const H5E_error2_t* entry, void* data) {
    auto& words = *static_cast<std::string*>(data);
    if (entry->desc != nullptr && *entry->desc != '\0') words = entry->desc;
    return 0;
}

void start_library() {
    static std::once_flag once;
    std::call_once(once, [] {
        H5dont_atexit(); // closing at exit would meet files whose writing failed
        H5open();
        H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
        H5PLset_loading_state(0); // no filter plugins from the environment of the user
    });
}

} // namespace

bool abandoned() noexcept { return write_failed; }

void fail(std::string_view action, const std::filesystem::path& path, Access access) {
    if (access == Access::writing) write_failed = true;
    std::string words;
    H5Ewalk2(
        H5E_DEFAULT, H5E_WALK_UPWARD,
        [](unsigned n, const H5E_error2_t* entry, void* data) {
            return n == 0 ? keep_innermost(n, entry, data) : 0;
        },
        &words);
    H5Eclear2(H5E_DEFAULT);
    if (access == Access::reading) throw_input_error();
    static constexpr std::string_view said = "error message = '"; // of the system
    if (const auto at = words.find(said); at != std::string::npos)
        words =
            words.substr(at + said.size(), words.find('\'', at + said.size()) - at - said.size());
    std::replace(words.begin(), words.end(), '\n', ' ');
    if (access != Access::reading)
        throw StorageError({.what = text("cannot ", action),
                            .where = path.string(),
                            .why = words,
                            .help = "check free space, quota and permissions, then run the same "
                                    "command again: it resumes"});
    throw DataError({.what = text("cannot ", action),
                     .where = path.string(),
                     .why = words.empty() ? "the file is not what it should be" : words,
                     .help = "the file is damaged, incomplete or of another kind; make it again"});
}

TypeId text_type(std::size_t width) {
    TypeId type(H5Tcopy(H5T_C_S1));
    SALUS_ASSERT(H5Tset_size(type.get(), std::max<std::size_t>(width, 1)) >= 0 &&
                 H5Tset_strpad(type.get(), H5T_STR_NULLPAD) >= 0 &&
                 H5Tset_cset(type.get(), H5T_CSET_UTF8) >= 0);
    return type;
}

template <>
hid_t native_type<std::uint8_t>() {
    return H5T_NATIVE_UINT8;
}
template <>
hid_t native_type<std::int16_t>() {
    return H5T_NATIVE_INT16;
}
template <>
hid_t native_type<std::int32_t>() {
    return H5T_NATIVE_INT32;
}
template <>
hid_t native_type<std::uint32_t>() {
    return H5T_NATIVE_UINT32;
}
template <>
hid_t native_type<std::int64_t>() {
    return H5T_NATIVE_INT64;
}
template <>
hid_t native_type<std::uint64_t>() {
    return H5T_NATIVE_UINT64;
}
template <>
hid_t native_type<float>() {
    return H5T_NATIVE_FLOAT;
}
template <>
hid_t native_type<double>() {
    return H5T_NATIVE_DOUBLE;
}

PropertyId file_access() {
    PropertyId access(H5Pcreate(H5P_FILE_ACCESS));
    SALUS_ASSERT(H5Pset_libver_bounds(access.get(), H5F_LIBVER_V110, H5F_LIBVER_V110) >= 0 &&
                 H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG) >= 0);
    // We hold our own lock on the output folder.
    SALUS_ASSERT(H5Pset_file_locking(access.get(), false, true) >= 0);
    return access;
}

PropertyId read_access() {
    PropertyId access = file_access();
    SALUS_ASSERT(H5Pset_driver(access.get(), input_driver(), nullptr) >= 0);
    return access;
}

namespace {

/// Groups remember the order in which members were made, and no times.
void stable_order(hid_t properties) {
    constexpr unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    SALUS_ASSERT(H5Pset_link_creation_order(properties, order) >= 0 &&
                 H5Pset_obj_track_times(properties, false) >= 0);
}

PropertyId make_groups_on_the_way() {
    PropertyId links(H5Pcreate(H5P_LINK_CREATE));
    SALUS_ASSERT(H5Pset_create_intermediate_group(links.get(), 1) >= 0);
    return links;
}

void make_group(const H5File::State& file, std::string_view path) {
    for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
        const std::string prefix(path.substr(0, end));
        if (!prefix.empty() && H5Lexists(file.file.get(), prefix.c_str(), H5P_DEFAULT) <= 0) {
            PropertyId creation(H5Pcreate(H5P_GROUP_CREATE));
            stable_order(creation.get());
            GroupId made(H5Gcreate2(file.file.get(), prefix.c_str(), H5P_DEFAULT, creation.get(),
                                    H5P_DEFAULT));
            file.require(made && made.close(), text("make group ", prefix));
        }
        if (end == std::string_view::npos) return;
    }
}

herr_t refuse_external(hid_t, const char*, const H5L_info_t* info, void*) {
    return info->type == H5L_TYPE_EXTERNAL ? 1 : 0;
}

} // namespace
} // namespace h5

H5File::H5File(std::unique_ptr<State> state) : state_(std::move(state)) {}
H5File::~H5File() = default;
H5File::H5File(H5File&&) noexcept = default;
H5File& H5File::operator=(H5File&&) noexcept = default;
const std::filesystem::path& H5File::path() const noexcept { return state_->path; }

H5File H5File::create(const std::filesystem::path& path) {
    h5::start_library();
    auto state = std::make_unique<State>();
    state->path = path;
    state->access = h5::Access::creating;
    count_file_operation(FileOperation::create);
    h5::PropertyId creation(H5Pcreate(H5P_FILE_CREATE));
    h5::stable_order(creation.get());
    state->file =
        h5::FileId(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.get(), h5::file_access().get()));
    state->require(static_cast<bool>(state->file), "create HDF5 file");
    state->access = h5::Access::writing;
    return H5File(std::move(state));
}

namespace h5 {
namespace {

/// DataError if the file that HDF5 did not open is none of its files at all.
void refuse_other_kinds(const std::filesystem::path& path) {
    throw_input_error();
    static constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";
    std::string head(signature.size(), '\0');
    InputFile input(path);
    head.resize(input.read(std::as_writable_bytes(std::span(head))));
    if (head == signature) return;
    H5Eclear2(H5E_DEFAULT);
    throw DataError({.what = "this is not an HDF5 file",
                     .where = path.string(),
                     .why = "it does not begin with the signature of HDF5",
                     .help = "give a result file of salus (.h5) or a genotype store"});
}

} // namespace
} // namespace h5

H5File H5File::open(const std::filesystem::path& path) {
    h5::start_library();
    std::error_code code;
    const bool regular = answered_file_size(path) || std::filesystem::is_regular_file(path, code);
    if (code == std::errc::permission_denied) throw_storage_error(code.value(), "open", path);
    if (!regular)
        throw DataError({.what = std::filesystem::exists(path, code) ? "not a regular file"
                                                                     : "the file does not exist",
                         .where = path.string(),
                         .why = "an HDF5 result file is expected here",
                         .help = "check the path"});
    auto state = std::make_unique<State>();
    state->path = path;
    h5::forget_input_error();
    state->file = h5::FileId(H5Fopen(path.c_str(), H5F_ACC_RDONLY, h5::read_access().get()));
    if (!state->file) h5::refuse_other_kinds(path);
    state->require(static_cast<bool>(state->file), "open HDF5 file");
    const herr_t external =
        H5Lvisit(state->file.get(), H5_INDEX_NAME, H5_ITER_NATIVE, h5::refuse_external, nullptr);
    state->require(external >= 0, "list the HDF5 file");
    if (external != 0)
        throw DataError({.what = "the HDF5 file has external links",
                         .where = path.string(),
                         .why = "a link could lead to any other file",
                         .help = "use a file that salus wrote"});
    return H5File(std::move(state));
}

void H5File::close() {
    if (!state_->file) return;
    state_->close_datasets();
    if (state_->access == h5::Access::writing)
        state_->require(H5Fflush(state_->file.get(), H5F_SCOPE_GLOBAL) >= 0, "flush HDF5 file");
    state_->require(state_->file.close(), "close HDF5 file");
}

h5::DatasetId H5File::State::open_dataset(std::string_view name) const {
    h5::DatasetId dataset(H5Dopen2(file.get(), std::string(name).c_str(), H5P_DEFAULT));
    require(static_cast<bool>(dataset), text("open dataset ", name));
    const h5::PropertyId creation(H5Dget_create_plist(dataset.get()));
    if (H5Pget_layout(creation.get()) == H5D_VIRTUAL || H5Pget_external_count(creation.get()) > 0)
        throw DataError({.what = text("dataset ", name, " keeps its data elsewhere"),
                         .where = path.string(),
                         .why = "virtual datasets and external storage are refused",
                         .help = "use a file that salus wrote"});
    return dataset;
}

h5::DatasetId H5File::State::create_dataset(std::string_view name, hid_t type,
                                            std::span<const hsize_t> shape,
                                            Compression compression) const {
    const std::string full(name);
    if (const std::size_t slash = full.rfind('/'); slash != std::string::npos && slash > 0)
        h5::make_group(*this, full.substr(0, slash));
    const h5::SpaceId space(
        H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr));
    const h5::PropertyId creation(H5Pcreate(H5P_DATASET_CREATE));
    SALUS_ASSERT(space && H5Pset_obj_track_times(creation.get(), false) >= 0);
    hsize_t row = 1, total = 1;
    for (std::size_t d = 0; d < shape.size(); ++d)
        total *= shape[d];
    for (std::size_t d = 1; d < shape.size(); ++d)
        row *= shape[d];
    if (compression == Compression::deflate && total > 0) {
        std::vector<hsize_t> chunk(shape.begin(), shape.end());
        chunk[0] = std::clamp<hsize_t>(h5::chunk_rows / row, 1, shape[0]);
        require(H5Pset_chunk(creation.get(), static_cast<int>(chunk.size()), chunk.data()) >= 0 &&
                    H5Pset_shuffle(creation.get()) >= 0 && H5Pset_deflate(creation.get(), 1) >= 0 &&
                    H5Pset_fletcher32(creation.get()) >= 0,
                text("describe dataset ", name));
    }
    const h5::PropertyId links = h5::make_groups_on_the_way();
    h5::DatasetId dataset(H5Dcreate2(file.get(), full.c_str(), type, space.get(), links.get(),
                                     creation.get(), H5P_DEFAULT));
    require(static_cast<bool>(dataset), text("create dataset ", name));
    return dataset;
}

void H5File::State::attribute(std::string_view object, std::string_view name, hid_t type,
                              const void* value) const {
    const std::string where(object);
    if (where != "/") {
        if (H5Lexists(file.get(), where.substr(0, where.find('/', 1)).c_str(), H5P_DEFAULT) <= 0 ||
            H5Oexists_by_name(file.get(), where.c_str(), H5P_DEFAULT) <= 0)
            h5::make_group(*this, where);
    }
    h5::ObjectId target(H5Oopen(file.get(), where.c_str(), H5P_DEFAULT));
    require(static_cast<bool>(target), text("open ", object));
    const std::string key(name), action = text("write attribute ", name, " of ", object);
    const htri_t there = H5Aexists(target.get(), key.c_str());
    require(there >= 0 && (there == 0 || H5Adelete(target.get(), key.c_str()) >= 0), action);
    const h5::SpaceId space(H5Screate(H5S_SCALAR));
    h5::AttributeId made(
        H5Acreate2(target.get(), key.c_str(), type, space.get(), H5P_DEFAULT, H5P_DEFAULT));
    require(made && H5Awrite(made.get(), type, value) >= 0 && made.close() && target.close(),
            action);
}

// Fixed length, not variable: variable-length values live in a heap that HDF5 keeps without
// checksum.
void H5File::attribute(std::string_view object, std::string_view name, std::string_view value) {
    const h5::TypeId type = h5::text_type(value.size());
    const std::string copy(value.empty() ? std::string_view("\0", 1) : value);
    state_->attribute(object, name, type.get(), copy.data());
}

void H5File::attribute(std::string_view object, std::string_view name, std::int64_t value) {
    state_->attribute(object, name, H5T_NATIVE_INT64, &value);
}

void H5File::attribute(std::string_view object, std::string_view name, double value) {
    state_->attribute(object, name, H5T_NATIVE_DOUBLE, &value);
}

namespace {

struct OpenAttribute {
    h5::ObjectId target;
    h5::AttributeId attribute;
    h5::TypeId type;
};

std::optional<OpenAttribute> find_attribute(const H5File& file, const H5File::State& state,
                                            std::string_view object, std::string_view name) {
    if (object != "/" && !file.exists(object)) return std::nullopt;
    OpenAttribute found;
    found.target =
        h5::ObjectId(H5Oopen(state.file.get(), std::string(object).c_str(), H5P_DEFAULT));
    state.require(static_cast<bool>(found.target), text("open ", object));
    const htri_t there = H5Aexists(found.target.get(), std::string(name).c_str());
    state.require(there >= 0, text("look for attribute ", name));
    if (there == 0) return std::nullopt;
    found.attribute =
        h5::AttributeId(H5Aopen(found.target.get(), std::string(name).c_str(), H5P_DEFAULT));
    state.require(static_cast<bool>(found.attribute), text("open attribute ", name));
    found.type = h5::TypeId(H5Aget_type(found.attribute.get()));
    const h5::SpaceId space(H5Aget_space(found.attribute.get()));
    if (H5Sget_simple_extent_npoints(space.get()) != 1) return std::nullopt;
    return found;
}

} // namespace

std::optional<std::string> H5File::text_attribute(std::string_view object,
                                                  std::string_view name) const {
    const auto found = find_attribute(*this, *state_, object, name);
    if (!found || H5Tget_class(found->type.get()) != H5T_STRING ||
        H5Tis_variable_str(found->type.get()) > 0)
        return std::nullopt;
    std::string value(H5Tget_size(found->type.get()), '\0');
    state_->require(H5Aread(found->attribute.get(), found->type.get(), value.data()) >= 0,
                    text("read attribute ", name));
    value.resize(std::min(value.find('\0'), value.size()));
    return value;
}

std::optional<std::int64_t> H5File::integer_attribute(std::string_view object,
                                                      std::string_view name) const {
    const auto found = find_attribute(*this, *state_, object, name);
    if (!found || H5Tget_class(found->type.get()) != H5T_INTEGER) return std::nullopt;
    std::int64_t value = 0;
    state_->require(H5Aread(found->attribute.get(), H5T_NATIVE_INT64, &value) >= 0,
                    text("read attribute ", name));
    return value;
}

std::optional<double> H5File::number_attribute(std::string_view object,
                                               std::string_view name) const {
    const auto found = find_attribute(*this, *state_, object, name);
    if (!found || (H5Tget_class(found->type.get()) != H5T_FLOAT &&
                   H5Tget_class(found->type.get()) != H5T_INTEGER))
        return std::nullopt;
    double value = 0;
    state_->require(H5Aread(found->attribute.get(), H5T_NATIVE_DOUBLE, &value) >= 0,
                    text("read attribute ", name));
    return value;
}

} // namespace salus
