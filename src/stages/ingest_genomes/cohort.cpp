#include "stages/ingest_genomes/cohort.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/regions.hpp"
#include "formats/sample_sheet.hpp"

#include <algorithm>
#include <functional>
#include <unordered_map>
#include <unordered_set>

namespace salus {
namespace {

void add_problems(const Error& error, std::vector<Problem>& problems, ErrorKind& kind) {
    if (error.kind() != ErrorKind::data) kind = error.kind();
    problems.insert(problems.end(), error.problems().begin(), error.problems().end());
}

/// What differs between the sample lists, without naming anybody.
std::optional<Problem> sample_mismatch(const GenotypeCohort& cohort, const GenotypeFile& other) {
    const auto &a = cohort.samples.id, &b = other.samples().id;
    if (a == b) return std::nullopt;
    const auto at = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin();
    return Problem{.what = text("the files hold different samples: ", a.size(), " and ", b.size(),
                                ", different from sample ", at + 1, " on"),
                   .where =
                       text(other.path().string(), " and ", cohort.files.front()->path().string()),
                   .why = "all files of a cohort must hold the same samples in the same order",
                   .help = "bring them in line, e.g. with bcftools view -S ids.txt"};
}

void check_repeated(std::span<const std::filesystem::path> files, std::vector<Problem>& problems) {
    std::vector<std::filesystem::path> sorted(files.begin(), files.end());
    std::sort(sorted.begin(), sorted.end());
    const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
    if (twice != sorted.end())
        problems.push_back({.what = "a genotype file is given twice",
                            .where = twice->string(),
                            .why = {},
                            .help = "name each file once"});
}

/// Runs a step that reads an input; what it throws joins the problems.
void attempt(std::vector<Problem>& problems, ErrorKind& kind, const std::function<void()>& step) {
    try {
        step();
    } catch (const Error& error) {
        add_problems(error, problems, kind);
    }
}

void choose_samples(const std::filesystem::path& list, GenotypeCohort& cohort) {
    const std::vector<std::string> names = read_sample_list(list);
    const std::unordered_set<std::string_view> wanted(names.begin(), names.end());
    std::vector<std::uint32_t> kept;
    const std::size_t all = cohort.samples.size();
    SampleTable chosen;
    for (std::size_t i = 0; i < all; ++i) {
        if (!wanted.contains(cohort.samples.id[i])) continue;
        kept.push_back(static_cast<std::uint32_t>(i));
        chosen.id.push_back(std::move(cohort.samples.id[i]));
        chosen.sex.push_back(cohort.samples.sex[i]);
    }
    cohort.samples_not_found = wanted.size() - kept.size();
    cohort.samples_left_out = all - kept.size();
    if (kept.empty())
        throw DataError({.what = "no sample of the list is in the genotypes",
                         .where = list.string(),
                         .why = "names must be written as in the genotype files",
                         .help = "check that this is the right list"});
    cohort.samples = std::move(chosen);
    cohort.selection.samples.emplace(all, std::move(kept));
    if (cohort.samples_not_found > 0)
        cohort.warnings.push_back(text(with_thousands(cohort.samples_not_found),
                                       " samples of the sample list have no genotypes"));
}

void rename_samples(const std::filesystem::path& table, GenotypeCohort& cohort) {
    const auto names = read_sample_names(table);
    std::uint64_t used = 0;
    for (std::string& id : cohort.samples.id) {
        const auto found = names.find(id);
        if (found == names.end()) continue;
        id = found->second;
        ++used;
    }
    cohort.names_not_found = names.size() - used;
    if (cohort.names_not_found > 0)
        cohort.warnings.push_back(text(with_thousands(cohort.names_not_found),
                                       " samples of the table of names are not among those kept"));
    check_samples(cohort.samples.id, table);
}

/// Sex of all samples of the files, where readers decide who has one X.
std::vector<Sex> sex_in_files(const GenotypeCohort& cohort, std::vector<Sex> as_recorded) {
    if (!cohort.selection.samples) return cohort.samples.sex;
    const auto kept = cohort.selection.samples->kept();
    for (std::size_t k = 0; k < kept.size(); ++k)
        as_recorded[kept[k]] = cohort.samples.sex[k];
    return as_recorded;
}

void read_lists(const IngestInputs& inputs, GenotypeCohort& cohort, std::vector<Problem>& problems,
                ErrorKind& kind) {
    if (inputs.region_list)
        attempt(problems, kind, [&] {
            for (Region& region : read_region_list(*inputs.region_list))
                cohort.options.regions.push_back(std::move(region));
        });
    if (inputs.variant_list)
        attempt(problems, kind, [&] {
            cohort.selection.include = std::make_shared<VariantList>(*inputs.variant_list);
        });
    if (inputs.variant_exclusions)
        attempt(problems, kind, [&] {
            cohort.selection.exclude = std::make_shared<VariantList>(*inputs.variant_exclusions);
        });
    if (inputs.reference)
        attempt(problems, kind, [&] { const ReferenceGenome genome(*inputs.reference); });
}

void cut_units(const ReadOptions& options, GenotypeCohort& cohort) {
    std::uint64_t total = 0;
    for (const auto& file : cohort.files)
        total += file->bytes();
    for (std::size_t f = 0; f < cohort.files.size(); ++f) {
        const GenotypeFile& file = *cohort.files[f];
        if (!file.divisible())
            cohort.warnings.push_back(
                text(file.path().string(),
                     " has no index: one rank reads it in one piece; bgzip it and index it with "
                     "tabix -p vcf or bcftools index to share the work"));
        for (const FileRange range : file.ranges(unit_bytes(total), options))
            cohort.units.push_back({f, range});
    }
}

} // namespace

ReadOptions read_options(const IngestGenomesParams& params) {
    ReadOptions options{
        .genome_build = params.genome_build,
        .info = params.info,
        .keep_filter = params.keep_filter,
        .regions = {},
        .on_bad_record = params.on_bad_record == "skip" ? BadRecord::skip : BadRecord::fail,
        .bed_alleles =
            params.bed_ref_allele == "a1" ? BedAlleles::a1_is_ref : BedAlleles::a2_is_ref,
        .bgen_alleles = params.bgen_ref_allele == "last" ? BgenRef::last : BgenRef::first,
        .hard_call_threshold = params.hard_call_threshold,
        .dosage_field = params.dosage_field == "GT"   ? DosageField::gt
                        : params.dosage_field == "DS" ? DosageField::ds
                        : params.dosage_field == "GP" ? DosageField::gp
                                                      : DosageField::automatic,
        .allele_depths = params.allele_depths};
    for (const std::string& region : params.regions)
        options.regions.push_back(parse_region(region));
    return options;
}

std::uint64_t unit_bytes(std::uint64_t total_bytes) noexcept {
    constexpr std::uint64_t least = std::uint64_t{256} << 10, most = std::uint64_t{8} << 20;
    return std::max(total_bytes / 16384, std::clamp(total_bytes / 8, least, most));
}

void apply_sheet(const SampleTable& sheet, SampleTable& samples,
                 std::vector<std::string>& warnings) {
    std::unordered_map<std::string_view, std::size_t> row;
    for (std::size_t i = 0; i < samples.size(); ++i)
        row.emplace(samples.id[i], i);
    std::uint64_t strangers = 0, contradicted = 0, found = 0;
    for (std::size_t i = 0; i < sheet.size(); ++i) {
        const auto sample = row.find(sheet.id[i]);
        if (sample == row.end()) {
            ++strangers;
            continue;
        }
        ++found;
        Sex& sex = samples.sex[sample->second];
        if (sheet.sex[i] == Sex::unknown) continue;
        if (sex != Sex::unknown && sex != sheet.sex[i]) ++contradicted;
        sex = sheet.sex[i];
    }
    if (std::ranges::all_of(sheet.sex, [](Sex sex) { return sex == Sex::unknown; }))
        warnings.push_back("the sample sheet tells the sex of nobody: is its column named sex?");
    if (strangers > 0)
        warnings.push_back(
            text(with_thousands(strangers), " samples of the sample sheet have no genotypes"));
    if (found < samples.size())
        warnings.push_back(
            text(with_thousands(samples.size() - found), " samples are not in the sample sheet"));
    if (contradicted > 0)
        warnings.push_back(text("for ", with_thousands(contradicted),
                                " samples the sample sheet overrules the sex in the .fam file"));
}

IngestInputs ingest_inputs(const Inputs& inputs) {
    const auto only = [&](const char* port) -> std::optional<std::filesystem::path> {
        const auto found = inputs.find(port);
        if (found == inputs.end() || found->second.empty()) return std::nullopt;
        return found->second.front();
    };
    IngestInputs all{.genotypes = {},
                     .sample_sheet = only("sample_sheet"),
                     .sample_list = only("sample_list"),
                     .sample_names = only("sample_names"),
                     .region_list = only("region_list"),
                     .variant_list = only("variant_list"),
                     .variant_exclusions = only("variant_exclusions"),
                     .reference = only("reference")};
    if (const auto found = inputs.find("genotypes"); found != inputs.end())
        all.genotypes = found->second;
    return all;
}

GenotypeCohort open_cohort(const IngestGenomesParams& params, const IngestInputs& inputs) {
    GenotypeCohort cohort;
    cohort.options = read_options(params);
    cohort.reference = inputs.reference;
    cohort.normalize = {.on_mismatch = params.on_reference_mismatch == "skip"   ? OnMismatch::skip
                                       : params.on_reference_mismatch == "swap" ? OnMismatch::swap
                                                                                : OnMismatch::fail,
                        .align = params.normalize,
                        .window = static_cast<std::uint32_t>(params.normalize_window)};
    std::vector<Problem> problems;
    ErrorKind kind = ErrorKind::data; // storage, if a file cannot be read at all
    read_lists(inputs, cohort, problems, kind);
    check_repeated(inputs.genotypes, problems);
    for (const std::filesystem::path& path : inputs.genotypes)
        attempt(problems, kind, [&] {
            auto file = open_genotype_file(path);
            for (Problem& problem : file->problems(cohort.options))
                problems.push_back(std::move(problem));
            if (!cohort.files.empty())
                if (auto problem = sample_mismatch(cohort, *file))
                    problems.push_back(std::move(*problem));
            SampleTable samples = file->take_samples();
            if (cohort.files.empty()) cohort.samples = std::move(samples);
            cohort.files.push_back(std::move(file));
        });
    if (!cohort.files.empty() && cohort.samples.size() == 0)
        problems.push_back({.what = "the cohort is empty: there are no samples",
                            .where = cohort.files.front()->path().string(),
                            .why = {},
                            .help = "give a file with genotypes"});
    std::vector<Sex> as_recorded = cohort.samples.sex;
    if (inputs.sample_list && !cohort.files.empty())
        attempt(problems, kind, [&] { choose_samples(*inputs.sample_list, cohort); });
    if (inputs.sample_names)
        attempt(problems, kind, [&] { rename_samples(*inputs.sample_names, cohort); });
    if (inputs.sample_sheet)
        attempt(problems, kind, [&] {
            apply_sheet(read_sample_sheet(*inputs.sample_sheet), cohort.samples, cohort.warnings);
        });
    if (!problems.empty()) throw_error(kind, std::move(problems));
    cohort.file_sex = sex_in_files(cohort, std::move(as_recorded));
    cut_units(cohort.options, cohort);
    return cohort;
}

} // namespace salus
