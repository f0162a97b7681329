// A block of the genotype store: number of samples and variants, then the block.
#include "fuzz/harness.hpp"
#include "genotype/block_codec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace salus;
    if (size < 3) return 0;
    const std::size_t samples = 1 + data[0] % 200;
    const std::size_t variants = 1 + data[1] % 16, first = data[2] % variants;
    const BlockPart part{.variants = variants,
                         .first = first,
                         .count = variants - first,
                         .phase = (data[2] & 128) != 0 ? WithPhase::yes : WithPhase::no};
    // A copy of its own, so that a read beyond its end is seen.
    const std::vector<std::uint8_t> block(data + 3, data + size);
    VariantBlock out;
    out.reset(0, samples);
    BlockDecoder decoder;
    if (!decoder.decode(block, part, out)) return 0;
    fuzz::require(out.size() == part.count);
    std::vector<std::uint8_t> row(packed_bytes(samples));
    std::vector<Dosage> dosages(samples);
    for (std::size_t v = 0; v < out.size(); ++v) {
        out.unpack(v, row);
        out.unpack_dosages(v, dosages);
        for (const Carrier carrier : out.phased(v))
            fuzz::require(carrier_sample(carrier) < samples);
    }
    return 0;
}
