// The content of a BCF file: packed soundly, so that the damage reaches the records.
#include "fuzz/harness.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace salus;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const std::string packed = fuzz::stored_bgzf(bytes);
    fuzz::read_all(fuzz::folder().put("a.bcf", packed), size, {.info = {"AF"}, .regions = {}});
    return 0;
}
