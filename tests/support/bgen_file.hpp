#pragma once

#include "support/variant_files.hpp"

#include <libdeflate.h>
#include <zstd.h>

#include <cstdint>
#include <string>
#include <vector>

namespace salus::test {

enum class Packing : unsigned { none = 0, zlib = 1, zstd = 2 };

struct BgenForm {
    unsigned layout = 2;
    Packing packing = Packing::zlib;
    bool names = true; // samples S0, S1, ... in the file
    bool zstd_checksum = false;
};

/// One record as it is stored: numbers of `bits` bits as they are written, nothing computed.
struct BgenSite {
    std::string chromosome = "1";
    std::uint32_t position = 100;
    std::string rsid = "rs1";
    std::vector<std::string> alleles{"A", "C"};
    bool phased = false;
    unsigned bits = 8;
    std::vector<std::uint8_t> ploidy;  // [sample], bit 7: missing
    std::vector<std::uint32_t> values; // in the order of the format; layout 1: three a sample
    std::string id = "id1";
};

inline std::string bgen_packed(const std::string& plain, const BgenForm& form) {
    std::string packed;
    if (form.packing == Packing::none) return plain;
    if (form.packing == Packing::zlib) {
        libdeflate_compressor* const compressor = libdeflate_alloc_compressor(6);
        packed.resize(libdeflate_zlib_compress_bound(compressor, plain.size()));
        packed.resize(libdeflate_zlib_compress(compressor, plain.data(), plain.size(),
                                               packed.data(), packed.size()));
        libdeflate_free_compressor(compressor);
        return packed;
    }
    ZSTD_CCtx* const context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, form.zstd_checksum ? 1 : 0);
    packed.resize(ZSTD_compressBound(plain.size()));
    packed.resize(
        ZSTD_compress2(context, packed.data(), packed.size(), plain.data(), plain.size()));
    ZSTD_freeCCtx(context);
    return packed;
}

/// The genotype block of a record, not packed.
inline std::string bgen_block(const BgenSite& site, unsigned layout, std::size_t samples) {
    std::string block;
    if (layout == 1) {
        for (const std::uint32_t value : site.values)
            append_bytes(block, value, 2);
        return block;
    }
    std::uint8_t least = 63, most = 0;
    for (const std::uint8_t byte : site.ploidy) {
        least = std::min<std::uint8_t>(least, byte & 63);
        most = std::max<std::uint8_t>(most, byte & 63);
    }
    append_bytes(block, samples, 4);
    append_bytes(block, site.alleles.size(), 2);
    append_bytes(block, least, 1);
    append_bytes(block, most, 1);
    block.append(site.ploidy.begin(), site.ploidy.end());
    append_bytes(block, site.phased ? 1 : 0, 1);
    append_bytes(block, site.bits, 1);
    unsigned waiting = 0, used = 0;
    for (const std::uint32_t value : site.values)
        for (unsigned b = 0; b < site.bits; ++b) {
            waiting |= (value >> b & 1U) << used;
            if (++used == 8) {
                block += static_cast<char>(waiting);
                waiting = used = 0;
            }
        }
    if (used > 0) block += static_cast<char>(waiting);
    return block;
}

inline std::string bgen_record(const BgenSite& site, const BgenForm& form, std::size_t samples) {
    std::string out;
    const auto text16 = [&](const std::string& value) {
        append_bytes(out, value.size(), 2);
        out += value;
    };
    if (form.layout == 1) append_bytes(out, samples, 4);
    text16(site.id);
    text16(site.rsid);
    text16(site.chromosome);
    append_bytes(out, site.position, 4);
    if (form.layout == 2) append_bytes(out, site.alleles.size(), 2);
    for (const std::string& allele : site.alleles) {
        append_bytes(out, allele.size(), 4);
        out += allele;
    }
    const std::string block = bgen_block(site, form.layout, samples);
    const std::string packed = bgen_packed(block, form);
    if (form.layout == 1) {
        if (form.packing != Packing::none) append_bytes(out, packed.size(), 4);
    } else {
        append_bytes(out, packed.size() + (form.packing == Packing::none ? 0 : 4), 4);
        if (form.packing != Packing::none) append_bytes(out, block.size(), 4);
    }
    return out + packed;
}

/// A whole BGEN file.
inline std::string bgen_text(const BgenForm& form, std::size_t samples,
                             const std::vector<BgenSite>& sites) {
    std::string names;
    if (form.names) {
        std::string list;
        for (std::size_t i = 0; i < samples; ++i) {
            const std::string name = "S" + std::to_string(i);
            append_bytes(list, name.size(), 2);
            list += name;
        }
        append_bytes(names, list.size() + 8, 4);
        append_bytes(names, samples, 4);
        names += list;
    }
    std::string out;
    append_bytes(out, 20 + names.size(), 4);
    append_bytes(out, 20, 4);
    append_bytes(out, sites.size(), 4);
    append_bytes(out, samples, 4);
    out += "bgen";
    append_bytes(out,
                 static_cast<unsigned>(form.packing) | form.layout << 2 |
                     (form.names ? std::uint64_t{1} << 31 : 0),
                 4);
    out += names;
    for (const BgenSite& site : sites)
        out += bgen_record(site, form, samples);
    return out;
}

} // namespace salus::test
