#include "genotype/sample_depths.hpp"

#include "base/error.hpp"

namespace salus {
namespace {

constexpr const char* depths_table = "sample_depths";

std::optional<H5File> open_index_if_any(const std::filesystem::path& path) {
    const std::filesystem::path index = path / "index.h5";
    if (!std::filesystem::is_directory(path) || !std::filesystem::exists(index))
        return std::nullopt;
    return H5File::open(index);
}

} // namespace

TableSpec sample_depths_table() {
    using enum ColumnType;
    return {.name = depths_table,
            .row = "sample",
            .doc = "Reads at heterozygous calls of autosomal biallelic SNVs with at least 8 reads "
                   "(FORMAT/AD), in the order of the genotypes; only with allele_depths.",
            .columns = {
                {"het_calls", u64, "calls", "Heterozygous calls that were counted."},
                {"alt_depth", u64, "reads", "Reads of the ALT allele at these calls."},
                {"total_depth", u64, "reads", "Reads of both alleles at these calls."},
                {"unbalanced_calls", u64, "calls", "Those with an ALT share outside [0.2, 0.8]."},
            }};
}

void write_sample_depths(H5File& index, const SampleDepths& depths) {
    TableData table(sample_depths_table());
    table.column<std::uint64_t>("het_calls") = depths.het_calls;
    table.column<std::uint64_t>("alt_depth") = depths.alt_depth;
    table.column<std::uint64_t>("total_depth") = depths.total_depth;
    table.column<std::uint64_t>("unbalanced_calls") = depths.unbalanced_calls;
    index.write(table);
}

std::optional<SampleDepths> read_sample_depths(const std::filesystem::path& path,
                                               std::size_t samples) {
    const auto index = open_index_if_any(path);
    if (!index || !index->exists(depths_table)) return std::nullopt;
    const TableData table = index->read(depths_table);
    if (table.rows() != samples)
        throw IntegrityError({.what = "table sample_depths has another length than the samples",
                              .where = index->path().string(),
                              .why = "the file changed after it was written",
                              .help = "run ingest_genomes again"});
    SampleDepths depths;
    depths.het_calls = table.column<std::uint64_t>("het_calls");
    depths.alt_depth = table.column<std::uint64_t>("alt_depth");
    depths.total_depth = table.column<std::uint64_t>("total_depth");
    depths.unbalanced_calls = table.column<std::uint64_t>("unbalanced_calls");
    return depths;
}

bool has_sample_depths(const std::filesystem::path& path) {
    const auto index = open_index_if_any(path);
    return index && index->exists(depths_table);
}

} // namespace salus
