#include "stages/ingest_genomes/cohort.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/sample_sheet.hpp"

#include <algorithm>
#include <unordered_map>

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
                                                      : DosageField::automatic};
    for (const std::string& region : params.regions)
        options.regions.push_back(parse_region(region));
    return options;
}

std::uint64_t unit_bytes(std::uint64_t total_bytes) noexcept {
    constexpr std::uint64_t least = std::uint64_t{256} << 10, most = std::uint64_t{8} << 20;
    return std::max(total_bytes / 16384, std::clamp(total_bytes / 32, least, most));
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

GenotypeCohort open_cohort(const IngestGenomesParams& params,
                           std::span<const std::filesystem::path> files,
                           const std::optional<std::filesystem::path>& sheet) {
    const ReadOptions options = read_options(params);
    GenotypeCohort cohort;
    std::vector<Problem> problems;
    ErrorKind kind = ErrorKind::data; // storage, if a file cannot be read at all
    check_repeated(files, problems);
    for (const std::filesystem::path& path : files) {
        try {
            auto file = open_genotype_file(path);
            for (Problem& problem : file->problems(options))
                problems.push_back(std::move(problem));
            if (!cohort.files.empty())
                if (auto problem = sample_mismatch(cohort, *file))
                    problems.push_back(std::move(*problem));
            SampleTable samples = file->take_samples();
            if (cohort.files.empty()) cohort.samples = std::move(samples);
            cohort.files.push_back(std::move(file));
        } catch (const Error& error) {
            add_problems(error, problems, kind);
        }
    }
    if (!cohort.files.empty()) {
        if (cohort.samples.size() == 0)
            problems.push_back({.what = "the cohort is empty: there are no samples",
                                .where = cohort.files.front()->path().string(),
                                .why = {},
                                .help = "give a file with genotypes"});
    }
    if (sheet) {
        try {
            apply_sheet(read_sample_sheet(*sheet), cohort.samples, cohort.warnings);
        } catch (const Error& error) {
            add_problems(error, problems, kind);
        }
    }
    if (!problems.empty()) throw_error(kind, std::move(problems));
    cut_units(options, cohort);
    return cohort;
}

} // namespace salus
