#pragma once

#include <filesystem>

namespace salus {

/// Indexes a finished bgzipped VCF: writes PATH.tbi. DataError if htslib cannot read the file as
/// such, StorageError if the index cannot be written. Reads the whole file once.
void write_tbi(const std::filesystem::path& vcf);
/// The same, under another name.
void write_tbi(const std::filesystem::path& vcf, const std::filesystem::path& index);
/// Indexes a finished BCF: writes PATH.csi.
void write_csi(const std::filesystem::path& bcf);

} // namespace salus
