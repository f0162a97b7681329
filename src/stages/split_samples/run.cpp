#include "base/hash.hpp"
#include "base/text.hpp"
#include "formats/file_genotypes.hpp"
#include "genotype/family_names.hpp"
#include "genotype/result_marks.hpp"
#include "parallel/read_once.hpp"
#include "run/context.hpp"
#include "stages/split_samples/split_samples.hpp"

#include <fstream>

namespace salus {
namespace {

/// Marks of who passed quality; all without the input.
std::vector<std::uint8_t> passing(const GenotypeSource& genotypes, const RunContext& context) {
    const SampleTable& samples = genotypes.samples();
    if (!context.has_input("quality")) return std::vector<std::uint8_t>(samples.size(), 1);
    const H5File quality = H5File::open(context.input("quality"));
    require_same_rows(quality, samples, genotypes.variant_count(), "quality");
    return sample_marks(quality, "pass");
}

std::vector<std::uint32_t> families(const SampleTable& samples, const RunContext& context) {
    if (!context.has_input("kinship")) return {};
    return read_families(H5File::open(context.input("kinship")), samples.id);
}

void write_list(const std::filesystem::path& path, std::span<const std::string> ids,
                std::span<const std::uint8_t> passed, std::span<const std::uint8_t> tuning,
                std::uint8_t part) {
    std::ofstream out(path, std::ios::binary);
    out << "sample_id\n";
    for (std::size_t i = 0; i < ids.size(); ++i)
        if (passed[i] != 0 && tuning[i] == part) out << ids[i] << '\n';
    out.close();
    if (!out)
        throw StorageError({.what = "the file could not be written",
                            .where = path.string(),
                            .why = {},
                            .help = "check the space on the disk"});
}

} // namespace

std::vector<std::uint8_t> tuning_marks(std::span<const std::string> ids,
                                       std::span<const std::uint32_t> family,
                                       const SplitSamplesParams& params) {
    const auto names = family_names(ids, family);
    std::vector<std::uint8_t> marks(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const double u =
            static_cast<double>(
                hash64(names[i], 13 * static_cast<std::uint64_t>(params.split_seed) + 9) >> 11) *
            0x1p-53;
        marks[i] = u < params.tuning_fraction ? 1 : 0;
    }
    return marks;
}

void run_split_samples(const SplitSamplesParams& params, RunContext& context) {
    std::vector<std::string> ids;
    std::vector<std::uint8_t> passed, tuning;
    std::size_t parts[2] = {0, 0};
    read_once(context.comm(), "dividing the samples", [&] {
        const auto genotypes = open_any_genotypes(context.input("genotypes"));
        ids = genotypes->samples().id;
        passed = passing(*genotypes, context);
        tuning = tuning_marks(ids, families(genotypes->samples(), context), params);
        for (std::size_t i = 0; i < ids.size(); ++i)
            if (passed[i] != 0) ++parts[tuning[i]];
        if (parts[0] == 0 || parts[1] == 0)
            throw DataError({.what = text("of ", with_thousands(parts[0] + parts[1]),
                                          " samples, one part would have none"),
                             .where = context.input("genotypes").string(),
                             .why = "statistics and the tuning of scores need different people",
                             .help = "change tuning_fraction"});
    });
    for (const std::uint8_t part : {std::uint8_t{0}, std::uint8_t{1}})
        context.publish_file(part == 0 ? "discovery" : "tuning",
                             [&](const std::filesystem::path& path) {
                                 write_list(path, ids, passed, tuning, part);
                             });
    context.log().info(text(with_thousands(parts[0]), " samples for discovery, ",
                            with_thousands(parts[1]), " for tuning"));
}

} // namespace salus
