// A PLINK 1 file set: .fam, .bim, .bed.
#include "fuzz/harness.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace salus;
    const auto files = fuzz::unbundle({reinterpret_cast<const char*>(data), size}, 3);
    fuzz::folder().put("a.fam", files[0]);
    fuzz::folder().put("a.bim", files[1]);
    fuzz::read_all(fuzz::folder().put("a.bed", files[2]), size, {.regions = {}});
    return 0;
}
