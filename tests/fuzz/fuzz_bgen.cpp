// A BGEN file; the first byte chooses the allele order and whether a .sample file stands beside it.
#include "fuzz/harness.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace salus;
    if (size < 1) return 0;
    auto files = fuzz::unbundle({reinterpret_cast<const char*>(data) + 1, size - 1}, 2);
    const bool beside = (data[0] & 1) != 0;
    if (beside)
        fuzz::folder().put("a.sample", files[0]);
    else
        std::filesystem::remove(fuzz::folder().put("a.sample", ""));
    fuzz::read_all(
        fuzz::folder().put("a.bgen", files[1]), size,
        {.regions = {}, .bgen_alleles = (data[0] & 2) != 0 ? BgenRef::last : BgenRef::first});
    return 0;
}
