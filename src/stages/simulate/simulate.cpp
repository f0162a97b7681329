#include "stages/simulate/simulate.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "formats/bgzf_writer.hpp"
#include "formats/hts_index_writer.hpp"
#include "parallel/parallel_for.hpp"
#include "stages/simulate/features.hpp"
#include "stages/simulate/genomes.hpp"
#include "stages/simulate/health.hpp"
#include "stages/simulate/truth.hpp"

#include <algorithm>

namespace salus {
namespace {

constexpr std::uint64_t persons_per_unit = 4096;

std::string_view as_text(std::span<const std::uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
std::span<const std::uint8_t> as_bytes_of(std::string_view bytes) {
    return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

void put(PartWriter& part, std::string_view name, std::span<const std::uint8_t> bytes,
         Compression compression) {
    if (!bytes.empty()) part.write_array<std::uint8_t>(name, bytes, {}, compression);
}

/// Writes `head`, array `name` of all parts in unit order, and `tail`.
void join(const std::filesystem::path& path, std::string_view head, const Parts& parts,
          const std::string& name, std::string_view tail) {
    AtomicFile file(path);
    file.write(head);
    for (std::uint64_t unit = 0; unit < parts.size(); ++unit) {
        const H5File part = parts.open(unit);
        if (part.exists(name)) file.write(as_text(part.read_array<std::uint8_t>(name)));
    }
    file.write(tail);
    file.commit();
}

void write_text(const std::filesystem::path& path,
                const std::function<void(const TextSink&)>& fill) {
    constexpr std::size_t piece = std::size_t{1} << 20;
    AtomicFile file(path);
    std::string pending;
    fill([&](std::string_view bytes) {
        pending += bytes;
        if (pending.size() < piece) return;
        file.write(pending);
        pending.clear();
    });
    file.write(pending);
    file.commit();
}

void publish_genotypes(const SimulatedCohort& cohort, const Parts& parts,
                       const std::filesystem::path& folder) {
    const SimulateParams& params = cohort.params();
    CallSetHeader header = cohort.header();
    for (std::uint64_t s = 0; s < cohort.pedigree().samples(); ++s)
        header.samples.push_back(cohort.sample_id(s));
    if (wants(params, "vcf")) {
        const auto head = bgzf_blocks(vcf_header_text(header), params.compression);
        join(folder / "genotypes.vcf.gz", as_text(head), parts, "vcf", bgzf_end_of_file());
        write_tbi(folder / "genotypes.vcf.gz");
    }
    if (wants(params, "bcf")) {
        const auto head = bgzf_blocks(bcf_header_bytes(header), params.compression);
        join(folder / "genotypes.bcf", as_text(head), parts, "bcf", bgzf_end_of_file());
        write_csi(folder / "genotypes.bcf");
    }
    if (wants(params, "bed")) {
        join(folder / "genotypes.bed", bed_header_bytes(), parts, "bed", {});
        join(folder / "genotypes.bim", {}, parts, "bim", {});
        write_text(folder / "genotypes.fam", [&](const TextSink& out) { write_fam(cohort, out); });
    }
    join(folder / "annotations.txt.gz", {}, parts, "annotations", bgzf_end_of_file());
}

void publish_people(const SimulatedCohort& cohort, const Parts& parts,
                    const std::filesystem::path& folder) {
    make_folders(folder / "omop");
    make_folders(folder / "truth");
    for (std::size_t t = 0; t < simulated_tables; ++t) {
        const auto table = static_cast<SimulatedTable>(t);
        const std::string name(table_name(table));
        join(folder / "omop" / text(name, ".csv"), table_header(table), parts, name, {});
    }
    join(folder / "features.csv", feature_header(cohort.params()), parts, "features", {});
    write_file_atomically(folder / "features.dictionary.csv", feature_dictionary(cohort.params()));
    join(folder / "truth" / "traits.tsv", trait_truth_header(cohort), parts, "truth", {});
    const auto file = [&](const char* name,
                          void (*write)(const SimulatedCohort&, const TextSink&)) {
        write_text(folder / name, [&](const TextSink& out) { write(cohort, out); });
    };
    file("samples.tsv", write_sample_sheet);
    file("links.csv", write_links);
    file("truth/families.tsv", write_families);
    file("truth/sample_faults.tsv", write_sample_faults);
    file("truth/variant_faults.tsv", write_variant_faults);
    file("truth/causal_variants.tsv", write_causal_variants);
    make_folders(folder / "truth" / "scores");
    for (std::size_t t = 0; t < simulated_traits; ++t)
        write_text(folder / "truth" / "scores" / text(cohort.traits()[t].name, ".txt"),
                   [&](const TextSink& out) { write_true_score(cohort, t, out); });
    write_file_atomically(folder / "truth" / "README.md", truth_readme());
}

void write_person_unit(const SimulatedCohort& cohort, std::uint64_t unit, PartWriter& part) {
    const std::uint64_t begin = unit * persons_per_unit;
    const std::uint64_t count = std::min(persons_per_unit, cohort.persons() - begin);
    std::vector<PersonRows> rows(count);
    parallel_for(count, [&](std::size_t i) { rows[i] = record_person(cohort, begin + i); });
    std::array<std::string, simulated_tables> tables;
    std::string features, truth;
    for (const PersonRows& person : rows) {
        for (std::size_t t = 0; t < simulated_tables; ++t)
            tables[t] += person.table[t];
        features += person.features;
        truth += person.truth;
    }
    for (std::size_t t = 0; t < simulated_tables; ++t)
        put(part, table_name(static_cast<SimulatedTable>(t)), as_bytes_of(tables[t]),
            Compression::deflate);
    put(part, "features", as_bytes_of(features), Compression::deflate);
    put(part, "truth", as_bytes_of(truth), Compression::deflate);
}

} // namespace

void run_simulate(const SimulateParams& params, RunContext& context) {
    if (auto problems = check_simulation(params); !problems.empty())
        throw UsageError(std::move(problems));
    const SimulatedCohort cohort(params, context.seed());
    GenomeMaker maker(cohort);
    const std::vector<CellRange> units = genome_units(cohort);
    context.log().info(text("cohort: ", with_thousands(params.samples), " samples, ",
                            with_thousands(cohort.persons()), " persons, ",
                            with_thousands(cohort.causal().size()), " causal variants"));
    const Parts genomes =
        context.for_each_unit("genomes", units.size(), [&](std::uint64_t unit, PartWriter& part) {
            const GenomePart made = maker.make(units[unit]);
            put(part, "vcf", made.vcf, Compression::none);
            put(part, "bcf", made.bcf, Compression::none);
            put(part, "bed", as_bytes_of(made.bed), Compression::none);
            put(part, "bim", as_bytes_of(made.bim), Compression::deflate);
            put(part, "annotations", made.annotations, Compression::none);
        });
    const std::uint64_t person_units = (cohort.persons() + persons_per_unit - 1) / persons_per_unit;
    const Parts persons =
        context.for_each_unit("persons", person_units, [&](std::uint64_t unit, PartWriter& part) {
            write_person_unit(cohort, unit, part);
        });
    context.publish_folder("cohort", [&](const std::filesystem::path& folder) {
        publish_genotypes(cohort, genomes, folder);
        publish_people(cohort, persons, folder);
    });
}

} // namespace salus
