#include "base/digest_manifest.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "genotype/store_writer.hpp"
#include "stages/ingest_genomes/cohort.hpp"

#include <array>

namespace salus {
namespace {

struct NamedCounter {
    const char* name;
    std::uint64_t ReadCounters::*member;
};
constexpr std::array<NamedCounter, 11> counters{
    {{"records", &ReadCounters::records},
     {"variants", &ReadCounters::variants},
     {"sites_split", &ReadCounters::split_sites},
     {"sites_outside_regions", &ReadCounters::outside},
     {"sites_filtered", &ReadCounters::filtered},
     {"records_skipped", &ReadCounters::skipped},
     {"heterozygous_haploid_set_missing", &ReadCounters::heterozygous_haploid},
     {"haploid_calls_taken_as_homozygous", &ReadCounters::haploid_on_diploid},
     {"half_missing_calls_set_missing", &ReadCounters::half_missing},
     {"variants_with_dosages", &ReadCounters::dosage_variants},
     {"records_without_genotypes", &ReadCounters::without_genotypes}}};

void write_counters(PartWriter& part, const ReadCounters& counted) {
    std::array<std::uint64_t, counters.size()> values{};
    for (std::size_t i = 0; i < counters.size(); ++i)
        values[i] = counted.*counters[i].member;
    part.write_array<std::uint64_t>("counters", values);
}

ReadCounters total_counters(const Parts& parts) {
    ReadCounters total;
    for (std::uint64_t unit = 0; unit < parts.size(); ++unit) {
        const auto values = parts.open(unit).read_array<std::uint64_t>("counters");
        SALUS_ASSERT(values.size() == counters.size());
        for (std::size_t i = 0; i < counters.size(); ++i)
            total.*counters[i].member += values[i];
    }
    return total;
}

/// Gives the part file a second name in the store; a copy where the file system has no hard links.
void link_part(const std::filesystem::path& from, const std::filesystem::path& to) {
    std::error_code code;
    std::filesystem::create_hard_link(from, to, code);
    if (!code) return;
    std::filesystem::copy_file(from, to, code);
    if (code) throw_storage_error(code.value(), "copy a part to", to);
}

std::string part_name(std::uint64_t number) {
    std::string digits = text(number);
    if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
    return text("part-", digits, ".h5");
}

std::vector<StorePart> place_parts(const Parts& parts, const GenotypeCohort& cohort,
                                   const std::filesystem::path& folder) {
    std::vector<StorePart> placed;
    for (std::uint64_t unit = 0; unit < parts.size(); ++unit) {
        if (parts.open(unit).integer_attribute("/", "variants").value_or(0) == 0) continue;
        placed.push_back({.file = part_name(placed.size()),
                          .sha256 = parts[unit].sha256,
                          .origin = cohort.files[cohort.units[unit].file]->path().string()});
        link_part(parts[unit].path, folder / placed.back().file);
    }
    return placed;
}

[[noreturn]] void throw_no_variants(const ReadCounters& total) {
    throw DataError(
        {.what = "the cohort is empty: there are no variants",
         .where = {},
         .why = text("of ", with_thousands(total.records), " records ",
                     with_thousands(total.outside), " lie outside the regions, ",
                     with_thousands(total.filtered), " have another FILTER than asked for and ",
                     with_thousands(total.skipped), " were skipped as malformed"),
         .help = "check the parameters regions and keep_filter: names must be written as in the "
                 "files"});
}

std::string summary(const ReadCounters& total, const GenotypeCohort& cohort) {
    std::string line =
        text(with_thousands(total.variants), " variants of ", with_thousands(cohort.samples.size()),
             " samples from ", with_thousands(total.records), " records");
    const auto mention = [&](std::uint64_t count, std::string_view what) {
        if (count > 0) line += text("; ", with_thousands(count), " ", what);
    };
    mention(total.split_sites, "sites with several ALT alleles split");
    mention(total.dosage_variants, "variants with dosages");
    mention(total.without_genotypes, "records without genotypes, all missing");
    mention(total.outside, "sites outside the regions");
    mention(total.filtered, "sites left out by FILTER");
    mention(total.skipped, "malformed records skipped");
    mention(total.heterozygous_haploid, "heterozygous haploid calls set missing");
    mention(total.haploid_on_diploid, "haploid calls taken as homozygous");
    mention(total.half_missing, "half-missing calls set missing");
    return line;
}

/// (all) Compares the files with the manifest if there is one, the files spread over the ranks.
void verify_inputs(const RunContext& context) {
    if (!context.has_input("digests")) return;
    std::size_t count = 0;
    collectively(context.comm(), "comparing digests", [&] {
        const DigestManifest manifest = read_digest_manifest(context.input("digests"));
        std::vector<std::filesystem::path> files;
        for (const auto& path : context.inputs("genotypes")) {
            files.push_back(path);
            for (auto& companion : companions_of(path))
                files.push_back(std::move(companion));
        }
        if (context.has_input("sample_sheet") && manifest.find(context.input("sample_sheet")))
            files.push_back(context.input("sample_sheet"));
        const auto ranks = static_cast<std::size_t>(context.comm().size());
        for (auto i = static_cast<std::size_t>(context.comm().rank()); i < files.size(); i += ranks)
            verify_digest(manifest, files[i]);
        count = files.size();
    });
    context.log().info(text(with_thousands(count), " input files have the digests of ",
                            context.input("digests").filename().string()));
}

} // namespace

void run_ingest_genomes(const IngestGenomesParams& params, RunContext& context) {
    verify_inputs(context);
    std::optional<std::filesystem::path> sheet;
    if (context.has_input("sample_sheet")) sheet = context.input("sample_sheet");
    const GenotypeCohort cohort = collectively(context.comm(), "opening genotype files", [&] {
        return open_cohort(params, context.inputs("genotypes"), sheet);
    });
    for (const std::string& warning : cohort.warnings)
        context.log().warning(warning);

    const ReadOptions options = read_options(params);
    const Parts parts = context.for_each_unit(
        "ranges", cohort.units.size(), [&](std::uint64_t unit, PartWriter& part) {
            const IngestUnit& work = cohort.units[unit];
            const auto reader =
                cohort.files[work.file]->read(work.range, options, cohort.samples.sex);
            GenotypePartWriter writer(part.file(), cohort.samples.size(), params.info);
            GenotypeRecord record;
            while (reader->next(record))
                for (std::size_t v = 0; v < record.variants.size(); ++v)
                    writer.add(record.variants[v], record.view(v));
            writer.finish();
            write_counters(part, reader->counters());
        });
    context.publish_folder("genotypes", [&](const std::filesystem::path& folder) {
        const ReadCounters total = total_counters(parts);
        if (total.variants == 0) throw_no_variants(total);
        const std::vector<StorePart> placed = place_parts(parts, cohort, folder);
        H5File index = H5File::create(folder / "index.h5");
        write_genotype_index(
            index, folder,
            {.samples = cohort.samples, .genome_build = params.genome_build, .info = params.info},
            placed);
        for (const NamedCounter& counter : counters)
            index.attribute("/", text("ingest_", counter.name),
                            static_cast<std::int64_t>(total.*counter.member));
        context.add_provenance(index);
        index.attribute("/", "complete", std::int64_t{1});
        index.close();
        context.log().info(summary(total, cohort));
    });
}

} // namespace salus
