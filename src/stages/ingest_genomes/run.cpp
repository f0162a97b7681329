#include "base/digest_manifest.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "genotype/store_assembly.hpp"
#include "parallel/read_once.hpp"
#include "run/unit_tables.hpp"
#include "stages/ingest_genomes/depth_parts.hpp"
#include "stages/ingest_genomes/unit_reader.hpp"

#include <algorithm>
#include <array>

namespace salus {
namespace {

struct NamedCounter {
    const char* name;
    std::uint64_t ReadCounters::*member;
};
constexpr std::array<NamedCounter, 15> counters{
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
     {"records_without_genotypes", &ReadCounters::without_genotypes},
     {"variants_left_out_by_list", &ReadCounters::unlisted},
     {"reference_mismatches_left_out", &ReadCounters::mismatched},
     {"alleles_swapped", &ReadCounters::swapped},
     {"variants_normalised", &ReadCounters::normalized}}};

/// The counters, and how many variants the part holds.
void write_counters(PartWriter& part, const ReadCounters& counted, std::uint64_t variants) {
    std::array<std::uint64_t, counters.size() + 1> values{};
    values.back() = variants;
    for (std::size_t i = 0; i < counters.size(); ++i)
        values[i] = counted.*counters[i].member;
    part.write_array<std::uint64_t>("counters", values);
}

/// The counters of all units, and the variants of each.
struct Totals {
    ReadCounters counters;
    std::vector<std::uint64_t> variants; // [unit]
};

Totals total_counters(const Communicator& comm, const Parts& parts) {
    constexpr std::size_t fields = counters.size() + 1;
    const auto values = unit_arrays(comm, parts, "counters", fields);
    Totals total;
    for (std::uint64_t unit = 0; unit < parts.size(); ++unit) {
        ReadCounters of_unit;
        for (std::size_t i = 0; i < counters.size(); ++i)
            of_unit.*counters[i].member = values[unit * fields + i];
        total.counters += of_unit;
        total.variants.push_back(values[(unit + 1) * fields - 1]);
    }
    return total;
}

/// Entries of a list that no variant answered to.
std::int64_t not_found(const Parts& parts, const char* array, const VariantList& list) {
    std::vector<bool> found(list.size());
    for (std::uint64_t unit = 0; unit < parts.size(); ++unit)
        for (const std::uint64_t entry : parts.open(unit).read_array<std::uint64_t>(array))
            found.at(entry) = true;
    return std::count(found.begin(), found.end(), false);
}

void write_list_counts(H5File& index, const Parts& parts, const GenotypeCohort& cohort) {
    const auto write = [&](const char* name, std::uint64_t count) {
        index.attribute("/", text("ingest_", name), static_cast<std::int64_t>(count));
    };
    write("samples_left_out", cohort.samples_left_out);
    write("sample_list_not_found", cohort.samples_not_found);
    write("sample_names_not_found", cohort.names_not_found);
    const auto& [samples, include, exclude] = cohort.selection;
    if (include)
        index.attribute("/", "ingest_variant_list_not_found", not_found(parts, "listed", *include));
    if (exclude)
        index.attribute("/", "ingest_variant_exclusions_not_found",
                        not_found(parts, "excluded", *exclude));
}

[[noreturn]] void throw_no_variants(const ReadCounters& total) {
    throw DataError(
        {.what = "the cohort is empty: there are no variants",
         .where = {},
         .why = text("of ", with_thousands(total.records),
                     " records read (what lies behind the regions is not) ",
                     with_thousands(total.outside), " lie outside the regions, ",
                     with_thousands(total.filtered), " have another FILTER than asked for, ",
                     with_thousands(total.unlisted + total.mismatched),
                     " are left out by lists or the reference genome and ",
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
    mention(total.unlisted, "variants left out by list");
    mention(total.mismatched, "variants left out whose REF is not in the reference genome");
    mention(total.swapped, "variants with REF and ALT exchanged");
    mention(total.normalized, "variants moved or shortened by normalisation");
    mention(cohort.samples_left_out, "samples left out");
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

IngestInputs given_inputs(const RunContext& context) {
    Inputs inputs;
    const Stage stage = ingest_genomes_stage();
    for (const Port& port : stage.inputs())
        if (context.has_input(port.name)) inputs[port.name] = context.inputs(port.name);
    return ingest_inputs(inputs);
}

} // namespace

void run_ingest_genomes(const IngestGenomesParams& params, RunContext& context) {
    verify_inputs(context);
    const GenotypeCohort cohort = read_once(context.comm(), "opening genotype files", [&] {
        return open_cohort(params, given_inputs(context));
    });
    for (const std::string& warning : cohort.warnings)
        context.log().warning(warning);

    const Parts parts = context.for_each_unit(
        "ranges", cohort.units.size(), [&](std::uint64_t unit, PartWriter& part) {
            UnitReader reader(cohort, unit);
            GenotypePartWriter writer(part.file(), cohort.samples.size(), params.info);
            SampleDepths depths(params.allele_depths ? cohort.samples.size() : 0);
            GenotypeRecord record;
            std::uint64_t variants = 0;
            while (reader.next(record)) {
                variants += record.variants.size();
                for (std::size_t v = 0; v < record.variants.size(); ++v)
                    writer.add(record.variants[v], record.view(v));
                for (const HetDepth& depth : record.depths)
                    depths.add(depth.sample, depth.alt, depth.total);
            }
            writer.finish();
            if (params.allele_depths) write_unit_depths(part, depths);
            write_counters(part, reader.counters(), variants);
            part.write_array<std::uint64_t>("listed", reader.included());
            part.write_array<std::uint64_t>("excluded", reader.excluded());
        });
    SampleDepths depths;
    if (params.allele_depths)
        depths = sum_unit_depths(context.comm(), parts, cohort.samples.size());
    const Totals totals = total_counters(context.comm(), parts);
    const ReadCounters& total = totals.counters;
    context.publish_folder("genotypes", [&](const std::filesystem::path& folder) {
        if (total.variants == 0) throw_no_variants(total);
        const auto placed =
            place_store_parts(parts, totals.variants, folder, [&](std::uint64_t unit) {
                return cohort.files[cohort.units[unit].file]->path().string();
            });
        H5File index = H5File::create(folder / "index.h5");
        write_genotype_index(
            index, folder,
            {.samples = cohort.samples, .genome_build = params.genome_build, .info = params.info},
            placed);
        write_list_counts(index, parts, cohort);
        if (params.allele_depths) write_sample_depths(index, depths);
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
