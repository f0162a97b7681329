#pragma once

#include "formats/feature_rows.hpp"

namespace salus::ingest_features {

/// Feature tables in HDF5. In the root group, datasets [person] are columns: `person_id` (text or
/// whole numbers) and others. Besides them, `values` [person, feature] of numbers, whose columns
/// are named by the texts `columns` [feature]. Groups are passed over. Ranges are of rows.
bool is_hdf5(const std::filesystem::path& path);
std::vector<std::string> hdf5_table_columns(const std::filesystem::path& path);
std::vector<ByteRange> hdf5_table_ranges(const std::filesystem::path& path, std::uint64_t bytes);
std::uint64_t hdf5_table_bytes(const std::filesystem::path& path);
std::unique_ptr<FeatureRows> open_hdf5_rows(const std::filesystem::path& path, ByteRange range,
                                            const FeatureColumns& columns,
                                            std::span<const CellReader> readers);

} // namespace salus::ingest_features
