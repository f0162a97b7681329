// A PLINK 2 file set: .psam, .pvar, .pgen.
#include "fuzz/harness.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace salus;
    const auto files = fuzz::unbundle({reinterpret_cast<const char*>(data), size}, 3);
    fuzz::folder().put("a.psam", files[0]);
    fuzz::folder().put("a.pvar", files[1]);
    fuzz::read_all(fuzz::folder().put("a.pgen", files[2]), size, {.regions = {}});
    return 0;
}
