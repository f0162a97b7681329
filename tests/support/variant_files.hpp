#pragma once

#include "base/file.hpp"
#include "base/hash.hpp"
#include "formats/genotype_reader.hpp"
#include "support/genotype_store.hpp"

#include <htslib/hts.h>
#include <htslib/tbx.h>
#include <htslib/vcf.h>
#include <libdeflate.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace salus::test {

/// A folder of its own that goes away with the object.
class ScratchFolder {
public:
    explicit ScratchFolder(std::string_view name)
        : path_(std::filesystem::temp_directory_path() /
                ("salus-" + std::string(name) + "-" + std::to_string(::getpid()))) {
        std::filesystem::remove_all(path_);
        std::filesystem::create_directories(path_);
    }
    ~ScratchFolder() { std::filesystem::remove_all(path_); }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    std::filesystem::path write(std::string_view name, std::string_view bytes) const {
        std::filesystem::remove(path_ / name); // file systems flush a file that is cut and refilled
        std::ofstream(path_ / name, std::ios::binary) << bytes;
        return path_ / name;
    }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

inline void append_bytes(std::string& out, std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i)
        out += static_cast<char>(value >> (8 * i) & 0xFF);
}

inline std::string bgzf_block(std::string_view content) {
    std::string packed(libdeflate_deflate_compress_bound(nullptr, content.size()), '\0');
    static const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)>
        compressor(libdeflate_alloc_compressor(6), &libdeflate_free_compressor);
    packed.resize(libdeflate_deflate_compress(compressor.get(), content.data(), content.size(),
                                              packed.data(), packed.size()));
    std::string block("\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0", 16);
    append_bytes(block, packed.size() + 25, 2);
    block += packed;
    append_bytes(block, crc32(std::as_bytes(std::span(content))), 4);
    append_bytes(block, content.size(), 4);
    return block;
}

/// `content` in blocks of `block` bytes, with the end marker.
inline std::string bgzf(std::string_view content, std::size_t block = 700) {
    std::string out;
    for (std::size_t i = 0; i < content.size(); i += block)
        out += bgzf_block(content.substr(i, block));
    return out +
           std::string("\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0\x1b\0\x03\0\0\0\0\0\0\0\0\0",
                       28);
}

/// A VCF of `samples` columns S0, S1, ... with the given body; spaces in the body stand for tabs.
inline std::string vcf_text(std::size_t samples, std::string body) {
    std::string out =
        "##fileformat=VCFv4.3\n"
        "##contig=<ID=1,length=250000000>\n##contig=<ID=2>\n##contig=<ID=X>\n"
        "##contig=<ID=Y>\n##contig=<ID=MT>\n"
        "##FILTER=<ID=q10,Description=\"low, quality\">\n"
        "##INFO=<ID=AF,Number=A,Type=Float,Description=\"frequency\">\n"
        "##INFO=<ID=DB,Number=0,Type=Flag,Description=\"flag\">\n"
        "##INFO=<ID=NOTE,Number=.,Type=String,Description=\"a \\\"quoted\\\" note\">\n"
        "##FORMAT=<ID=DP,Number=1,Type=Integer,Description=\"depth\">\n"
        "##FORMAT=<ID=DS,Number=A,Type=Float,Description=\"dosage\">\n"
        "##FORMAT=<ID=GP,Number=G,Type=Float,Description=\"probabilities\">\n"
        "##FORMAT=<ID=GT,Number=1,Type=String,Description=\"genotype\">\n"
        "#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT";
    for (std::size_t i = 0; i < samples; ++i)
        out += " S" + std::to_string(i);
    const std::size_t columns = out.rfind("#CHROM");
    for (std::size_t i = columns; i < out.size(); ++i)
        if (out[i] == ' ') out[i] = '\t';
    for (char& c : body)
        if (c == ' ') c = '\t';
    return out + "\n" + body;
}

/// Phase of one variant as text: '<' where the first allele is the ALT, '>' the second, '-'
/// neither.
inline std::string phase_text(std::span<const std::uint8_t> row, std::size_t samples) {
    std::string phase;
    for (std::size_t i = 0; i < samples; ++i)
        phase += "-><?"[packed_get(row, i)];
    return phase;
}

/// Calls, phase and dosages of every variant: "1:100 A>C 01. -<- 0 16384 .".
inline std::vector<std::string> read_details(const std::filesystem::path& path,
                                             const ReadOptions& options = {},
                                             std::vector<Sex> sex = {}) {
    const auto file = open_genotype_file(path);
    if (sex.empty()) sex = file->samples().sex;
    const auto reader = file->read(file->ranges(1 << 30, options).at(0), options, sex);
    std::vector<std::string> out;
    GenotypeRecord record;
    while (reader->next(record))
        for (std::size_t v = 0; v < record.variants.size(); ++v) {
            const Variant& variant = record.variants[v];
            const GenotypeView view = record.view(v);
            std::string line = variant.chromosome + ":" + std::to_string(variant.position) + " " +
                               variant.ref + ">" + variant.alt + " " +
                               calls_text(view.calls, sex.size());
            if (!view.phase.empty()) line += " " + phase_text(view.phase, sex.size());
            for (const Dosage dosage : view.dosages)
                line += dosage == dosage_missing ? " ." : " " + std::to_string(dosage);
            out.push_back(std::move(line));
        }
    return out;
}

/// What a reader delivered, in a form that is easy to compare: "1:100 rs1 A>C PASS 012.".
inline std::vector<std::string> read_all(const GenotypeFile& file, const ReadOptions& options = {},
                                         std::vector<Sex> sex = {}, std::uint64_t target = 1 << 30,
                                         ReadCounters* counters = nullptr) {
    if (sex.empty()) sex = file.samples().sex;
    std::vector<std::string> out;
    for (const FileRange range : file.ranges(target, options)) {
        const auto reader = file.read(range, options, sex);
        GenotypeRecord record;
        while (reader->next(record))
            for (std::size_t v = 0; v < record.variants.size(); ++v) {
                const Variant& variant = record.variants[v];
                std::string line = variant.chromosome + ":" + std::to_string(variant.position) +
                                   " " + variant.id + " " + variant.ref + ">" + variant.alt + " " +
                                   variant.filter + " " + calls_text(record.row(v), sex.size());
                for (const std::string& info : variant.info)
                    line += " " + info;
                out.push_back(std::move(line));
            }
        if (counters != nullptr) *counters += reader->counters();
    }
    return out;
}

inline std::vector<std::string> read_all(const std::filesystem::path& path,
                                         const ReadOptions& options = {}) {
    return read_all(*open_genotype_file(path), options);
}

/// Rewrites a VCF as BCF through htslib.
inline std::filesystem::path to_bcf(const std::filesystem::path& vcf) {
    std::filesystem::path path = vcf;
    path += ".bcf";
    htsFile* const in = hts_open(vcf.c_str(), "r");
    htsFile* const out = hts_open(path.c_str(), "wb");
    bcf_hdr_t* const header = bcf_hdr_read(in);
    bcf1_t* const record = bcf_init();
    bool good = header != nullptr && bcf_hdr_write(out, header) == 0;
    while (good && bcf_read(in, header, record) == 0)
        good = bcf_write(out, header, record) == 0;
    bcf_destroy(record);
    bcf_hdr_destroy(header);
    hts_close(in);
    if (hts_close(out) != 0 || !good) return {};
    return path;
}

inline bool index_vcf(const std::filesystem::path& path, int csi_bits) {
    return tbx_index_build(path.c_str(), csi_bits, &tbx_conf_vcf) == 0;
}
inline bool index_bcf(const std::filesystem::path& path) {
    return bcf_index_build(path.c_str(), 14) == 0;
}

} // namespace salus::test
