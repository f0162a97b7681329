#include "formats/hts_index_writer.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <htslib/tbx.h>
#include <htslib/vcf.h>

namespace salus {
namespace {

[[noreturn]] void throw_no_index(const std::filesystem::path& path, std::string_view what) {
    throw StorageError({.what = text("cannot write the index: ", what),
                        .where = path.string(),
                        .why = "the file could not be read, or its index not be written",
                        .help = "check space and permissions of the folder, then run again"});
}

constexpr int csi_min_shift = 14; // smallest bins of 16 kb, as bcftools writes

} // namespace

void write_tbi(const std::filesystem::path& vcf) { write_tbi(vcf, vcf.string() + ".tbi"); }

void write_tbi(const std::filesystem::path& vcf, const std::filesystem::path& index) {
    if (tbx_index_build3(vcf.c_str(), index.c_str(), 0, 0, &tbx_conf_vcf) != 0)
        throw_no_index(index, "tabix");
}

void write_csi(const std::filesystem::path& bcf) {
    const std::string index = bcf.string() + ".csi";
    if (bcf_index_build3(bcf.c_str(), index.c_str(), csi_min_shift, 0) != 0)
        throw_no_index(index, "csi");
}

} // namespace salus
