// Compressed VCF or BCF as it stands: blocks, checksums, header.
#include "fuzz/harness.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace salus;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    fuzz::read_all(fuzz::folder().put("a.vcf.gz", bytes), size, {.regions = {}});
    return 0;
}
