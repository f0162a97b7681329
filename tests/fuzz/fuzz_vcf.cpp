// VCF as text, and the content of a BGZF file: the input is packed soundly, so that the parser sees
// it.
#include "fuzz/harness.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace salus;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    fuzz::read_all(fuzz::folder().put("a.vcf", bytes), size, {.regions = {}});
    return 0;
}
