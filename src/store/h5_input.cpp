#include "store/h5_input.hpp"

#include "base/error.hpp"
#include "base/file.hpp"

#if H5_VERSION_GE(1, 14, 0)
#include <H5FDdevelop.h>
#endif

#include <algorithm>
#include <exception>
#include <utility>

namespace salus::h5 {
namespace {

struct OpenInput {
    H5FD_t head{}; // of HDF5, first
    InputFile file;
    haddr_t allocated = 0;
};

const OpenInput& input(const H5FD_t* file) noexcept {
    return *reinterpret_cast<const OpenInput*>(file);
}

std::exception_ptr input_error; // HDF5 is called from one thread alone

/// Runs what may throw; HDF5 gets `failed` and the words on its stack of errors.
template <class Result, class Work>
Result guarded(Result failed, hid_t minor, Work&& work) noexcept {
    try {
        return work();
    } catch (const std::exception& error) {
        if (dynamic_cast<const StorageError*>(&error) != nullptr)
            input_error = std::current_exception();
        H5Epush2(H5E_DEFAULT, __FILE__, "salus", __LINE__, H5E_ERR_CLS, H5E_FILE, minor, "%s",
                 error.what());
        return failed;
    }
}

H5FD_t* open_input(const char* name, unsigned flags, hid_t, haddr_t) {
    if (flags != H5F_ACC_RDONLY) return nullptr;
    return guarded<H5FD_t*>(nullptr, H5E_CANTOPENFILE,
                            [&] { return &(new OpenInput{.file = InputFile(name)})->head; });
}

herr_t close_input(H5FD_t* file) {
    delete reinterpret_cast<OpenInput*>(file);
    return 0;
}

/// The end of the file reads as zeros, as with the driver of HDF5 itself.
herr_t read_input(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, std::size_t size,
                  void* buffer) {
    return guarded<herr_t>(-1, H5E_READERROR, [&] {
        const InputFile& from = input(file).file;
        const std::span<std::byte> bytes(static_cast<std::byte*>(buffer), size);
        const std::size_t there = std::min<std::size_t>(
            size, from.size() - std::min<std::uint64_t>(address, from.size()));
        from.read_at(address, bytes.first(there));
        std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(there), bytes.end(), std::byte{});
        return 0;
    });
}

herr_t refuse_write(H5FD_t*, H5FD_mem_t, hid_t, haddr_t, std::size_t, const void*) { return -1; }

herr_t tell_features(const H5FD_t*, unsigned long* flags) {
    if (flags != nullptr)
        *flags = H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
                 H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_AGGREGATE_SMALLDATA;
    return 0;
}

haddr_t allocated_end(const H5FD_t* file, H5FD_mem_t) { return input(file).allocated; }

herr_t set_allocated_end(H5FD_t* file, H5FD_mem_t, haddr_t end) {
    reinterpret_cast<OpenInput*>(file)->allocated = end;
    return 0;
}

haddr_t file_end(const H5FD_t* file, H5FD_mem_t) { return input(file).file.size(); }

H5FD_class_t describe_driver() {
    H5FD_class_t driver{};
#if H5_VERSION_GE(1, 14, 0)
    driver.version = H5FD_CLASS_VERSION;
    driver.value = static_cast<H5FD_class_value_t>(H5_VFD_RESERVED + 1);
#endif
    driver.name = "salus_input";
    driver.maxaddr = (haddr_t{1} << 63) - 1;
    driver.fc_degree = H5F_CLOSE_STRONG;
    driver.open = open_input;
    driver.close = close_input;
    driver.query = tell_features;
    driver.get_eoa = allocated_end;
    driver.set_eoa = set_allocated_end;
    driver.get_eof = file_end;
    driver.read = read_input;
    driver.write = refuse_write;
    constexpr H5FD_mem_t lists[] = H5FD_FLMAP_DICHOTOMY;
    std::copy(std::begin(lists), std::end(lists), driver.fl_map);
    return driver;
}

} // namespace

void forget_input_error() noexcept { input_error = nullptr; }

void throw_input_error() {
    if (input_error) std::rethrow_exception(std::exchange(input_error, nullptr));
}

hid_t input_driver() {
    static const H5FD_class_t described = describe_driver();
    static const hid_t driver = H5FDregister(&described);
    SALUS_ASSERT(driver >= 0);
    return driver;
}

} // namespace salus::h5
