// The genotype block of a BGEN record as the decoder gets it: alleles, samples, layout, then the
// block.
#include "formats/bgen_decoder.hpp"
#include "formats/site_reader.hpp"
#include "fuzz/harness.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace salus;
    if (size < 3) return 0;
    const std::size_t samples = 1 + data[0] % 40;
    const bool first_layout = (data[1] & 128) != 0;
    const BgenDecoder::Alleles alleles{.count = first_layout ? 2U : 1U + data[1] % 8U, .ref = 0};
    // Exactly as many bytes as the decoder may touch.
    std::vector<std::uint8_t> block(data + 2, data + size);
    block.resize(block.size() + BgenDecoder::padding);
    const auto bytes = std::span(block).first(size - 2);
    const std::vector<Sex> sex(samples, Sex::unknown);
    const PloidyRule ploidy("GRCh38", sex);
    BgenDecoder decoder(samples, 0.1);
    GenotypeRecord record;
    record.variants.resize(std::max<std::size_t>(1, alleles.count - 1));
    for (Variant& variant : record.variants)
        variant.chromosome = "1";
    VariantBlock out;
    out.reset(0, samples);
    try {
        if (first_layout)
            decoder.decode_layout_1(bytes, alleles, record);
        else
            decoder.decode(bytes, alleles, ploidy, record);
        fuzz::check_record(record, samples, out);
    } catch (const RecordDefect&) {
        return 0;
    }
    return 0;
}
