#include "formats/genotype_reader.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/bcf_reader.hpp"
#include "formats/bgen_reader.hpp"
#include "formats/pgen_reader.hpp"
#include "formats/plink_bed_reader.hpp"
#include "formats/vcf_reader.hpp"

#include <algorithm>
#include <unordered_set>

namespace salus {

ReadCounters& ReadCounters::operator+=(const ReadCounters& other) noexcept {
    records += other.records;
    variants += other.variants;
    split_sites += other.split_sites;
    outside += other.outside;
    filtered += other.filtered;
    skipped += other.skipped;
    heterozygous_haploid += other.heterozygous_haploid;
    haploid_on_diploid += other.haploid_on_diploid;
    half_missing += other.half_missing;
    dosage_variants += other.dosage_variants;
    without_genotypes += other.without_genotypes;
    unlisted += other.unlisted;
    mismatched += other.mismatched;
    swapped += other.swapped;
    normalized += other.normalized;
    return *this;
}

Region parse_region(std::string_view written) {
    const auto number = [](std::string_view digits) -> std::optional<std::uint32_t> {
        std::string plain(digits);
        std::erase(plain, ',');
        const auto value = parse_integer(plain);
        if (!value || *value < 0 || *value > 0xFFFFFFFFLL) return std::nullopt;
        return static_cast<std::uint32_t>(*value);
    };
    Region region{.chromosome = std::string(written)};
    const std::size_t colon = written.rfind(':');
    const bool numbers =
        colon != std::string_view::npos && colon + 1 < written.size() &&
        written.substr(colon + 1).find_first_not_of("0123456789,-") == std::string_view::npos;
    bool valid = !written.empty();
    if (numbers) {
        const std::string_view range = written.substr(colon + 1);
        const std::size_t dash = range.find('-');
        const auto first = number(range.substr(0, dash));
        std::optional<std::uint32_t> last = dash == std::string_view::npos ? first : region.last;
        if (dash != std::string_view::npos && dash + 1 < range.size())
            last = number(range.substr(dash + 1));
        valid = first && last && *first <= *last && colon > 0;
        region = {.chromosome = std::string(written.substr(0, colon)),
                  .first = first.value_or(0),
                  .last = last.value_or(0)};
    }
    if (!valid)
        throw UsageError(
            {.what = text("'", written, "' is not a region"),
             .where = {},
             .why = "a region is a chromosome, or CHROMOSOME:FIRST-LAST with 1-based positions",
             .help = "write for example \"chr20\" or \"chr20:1000000-2000000\", with chromosome "
                     "names as in the files"});
    return region;
}

void check_samples(std::span<const std::string> ids, const std::filesystem::path& path) {
    std::unordered_set<std::string_view> seen;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const auto fail = [&](std::string what) {
            throw DataError(
                {.what = std::move(what),
                 .where = text(path.string(), ", sample ", i + 1, " of ", ids.size()),
                 .why = "every sample needs its own name, by which other tables refer to it",
                 .help = "rename the samples, e.g. with bcftools reheader -s"});
        };
        const bool is_text = is_utf8(ids[i]) &&
                             std::none_of(ids[i].begin(), ids[i].end(),
                                          [](char c) { return (c >= 0 && c < ' ') || c == 0x7F; });
        if (trim(ids[i]).empty()) fail("a sample has no name");
        if (!is_text) fail("a sample name holds bytes that are not text");
        if (!seen.insert(ids[i]).second) fail("a sample comes twice");
    }
}

std::unique_ptr<GenotypeFile> open_genotype_file(const std::filesystem::path& path) {
    if (path.extension() == ".bed") return std::make_unique<PlinkBedFile>(path);
    if (path.extension() == ".bim" || path.extension() == ".fam")
        throw DataError({.what = "this is a side file of a PLINK 1 file set",
                         .where = path.string(),
                         .why = {},
                         .help = "give the .bed file; .bim and .fam are found beside it"});
    if (path.extension() == ".bgen" || looks_like_bgen(InputFile(path)))
        return std::make_unique<BgenFile>(path);
    if (path.extension() == ".pgen") return std::make_unique<PgenFile>(path);
    if (path.extension() == ".pvar" || path.extension() == ".psam" || path.extension() == ".zst")
        throw DataError({.what = "this is a side file of a PLINK 2 file set",
                         .where = path.string(),
                         .why = {},
                         .help = "give the .pgen file; .pvar and .psam are found beside it"});
    const auto stream = open_stream(path);
    if (stream->unread().empty()) stream->more();
    if (stream->unread().starts_with("BCF")) return std::make_unique<BcfFile>(path);
    if (stream->unread().starts_with("\x6C\x1B")) return std::make_unique<PlinkBedFile>(path);
    if (stream->unread().starts_with("\x89HDF"))
        throw DataError({.what = "this is an HDF5 file, not genotypes",
                         .where = path.string(),
                         .why = "genotypes come as VCF, BCF, BGEN, PLINK 1, PLINK 2 or a store",
                         .help = "a genotype store is a folder: give genotypes.store, not a file "
                                 "in it"});
    return std::make_unique<VcfFile>(path);
}

} // namespace salus
