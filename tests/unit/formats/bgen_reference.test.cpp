// BGEN files of others, where ../shared/data is present: the examples of the specification in every
// number of bits against the probabilities that they were made from, and two sets that also exist
// as PLINK 1 files.
#include "base/error.hpp"
#include "base/text.hpp"
#include "formats/bgen_index.hpp"
#include "formats/byte_stream.hpp"
#include "support/bgen_file.hpp"
#include "support/reference_data.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace salus {
namespace {

using reference::genomes;
const std::filesystem::path examples = genomes / "bgen_spec_examples";

#define REQUIRE_DATA(folder)                                                                       \
    if (!std::filesystem::exists(folder)) GTEST_SKIP() << "reference data are absent"

/// Fields of the lines of a text file, gzipped or not.
std::vector<std::vector<std::string>> table_of(const std::filesystem::path& path) {
    ByteStream stream(path);
    std::string all, buffer(1 << 20, '\0');
    for (std::size_t got = 0; (got = stream.read(buffer)) > 0;)
        all.append(buffer, 0, got);
    std::vector<std::vector<std::string>> rows;
    for (const std::string_view line : split(all, '\n')) {
        if (line.empty()) continue;
        rows.emplace_back();
        for (const std::string_view field : split(line, line.find('\t') < line.size() ? '\t' : ' '))
            rows.back().emplace_back(field);
    }
    return rows;
}

struct PublishedRead {
    std::vector<Variant> variants;
    std::vector<std::vector<double>> dosages; // NaN: missing
    std::vector<std::string> calls, phase;
    ReadCounters counters;
};

PublishedRead read_published(const std::filesystem::path& path, const ReadOptions& options = {},
                             std::uint64_t target = 1 << 30) {
    const auto file = open_genotype_file(path);
    const std::size_t samples = file->samples().size();
    PublishedRead all;
    for (const FileRange range : file->ranges(target, options)) {
        const auto reader = file->read(range, options, file->samples().sex);
        GenotypeRecord record;
        while (reader->next(record))
            for (std::size_t v = 0; v < record.variants.size(); ++v) {
                const GenotypeView view = record.view(v);
                all.variants.push_back(record.variants[v]);
                all.calls.push_back(test::calls_text(view.calls, samples));
                all.phase.push_back(view.phase.empty() ? ""
                                                       : test::calls_text(view.phase, samples));
                all.dosages.emplace_back();
                for (std::size_t i = 0; i < samples; ++i) {
                    const Dosage dosage = view.dosages.empty()
                                              ? dosage_of_call(packed_get(view.calls, i))
                                              : view.dosages[i];
                    all.dosages.back().push_back(dosage == dosage_missing ? NAN : dosage / 16384.0);
                }
            }
        all.counters += reader->counters();
    }
    return all;
}

/// Copy of a file that holds no names, with a .sample file beside it.
std::filesystem::path with_names(const test::ScratchFolder& folder,
                                 const std::filesystem::path& bgen, std::size_t samples) {
    const auto copy = folder.path() / bgen.filename();
    std::filesystem::copy_file(bgen, copy, std::filesystem::copy_options::overwrite_existing);
    std::string names = "ID\n0\n";
    for (std::size_t i = 0; i < samples; ++i)
        names += "s" + std::to_string(i) + "\n";
    std::ofstream(std::filesystem::path(copy).replace_extension(".sample")) << names;
    return copy;
}

void expect_example(const PublishedRead& got, const std::vector<std::vector<std::string>>& gen,
                    double step) {
    ASSERT_EQ(got.variants.size(), gen.size());
    // Two probabilities within half a step each, made good by the third; five printed digits; half
    // a unit of 1/16384.
    const double tolerance = 2 * step + 1e-4 + 1.0 / 32768;
    for (std::size_t v = 0; v < gen.size(); ++v) {
        ASSERT_EQ(got.variants[v].id, gen[v][2]);
        ASSERT_EQ(text(got.variants[v].position), gen[v][3]);
        ASSERT_EQ(got.variants[v].ref, gen[v][4]);
        ASSERT_EQ(got.variants[v].alt, gen[v][5]);
        for (std::size_t i = 0; i < got.dosages[v].size(); ++i) {
            const double aa = *parse_double(gen[v][6 + 3 * i]),
                         ab = *parse_double(gen[v][7 + 3 * i]),
                         bb = *parse_double(gen[v][8 + 3 * i]);
            if (aa + ab + bb == 0)
                ASSERT_TRUE(std::isnan(got.dosages[v][i])) << v << " " << i;
            else
                ASSERT_NEAR(got.dosages[v][i], ab + 2 * bb, tolerance) << v << " " << i;
        }
    }
}

TEST(BgenReferenceFiles, ExamplesOfTheSpecification) {
    REQUIRE_DATA(examples);
    const auto gen = table_of(examples / "example.gen.gz");
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(examples)) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with("example.") || !name.ends_with(".bgen")) continue;
        if (name == "example.v11.bgen") continue;
        SCOPED_TRACE(name);
        const int bits = std::stoi(name.substr(8));
        EXPECT_THROW(read_published(entry.path()), DataError); // not sorted
        const PublishedRead got =
            read_published(entry.path(), {}, 1); // each record as a range of its own
        expect_example(got, gen, 1 / (std::pow(2.0, bits) - 1));
        ++files;
    }
    EXPECT_EQ(files, 28);
    const test::ScratchFolder folder("v11");
    expect_example(read_published(with_names(folder, examples / "example.v11.bgen", 500), {}, 1),
                   gen, 1.0 / 32768);
}

TEST(BgenReferenceFiles, IndexAndScanCutTheSame) {
    REQUIRE_DATA(examples);
    const test::ScratchFolder folder("bgi");
    // The first is sorted, so its index is used; the second is not, so its index does not help.
    for (const auto& [name, from] : {std::pair{"example.bgen", genomes / "regenie_example"},
                                     {"example.8bits.bgen", examples}}) {
        SCOPED_TRACE(name);
        std::filesystem::copy_file(from / name, folder.path() / name);
        const auto scanned = open_genotype_file(folder.path() / name)->ranges(500, {});
        const auto index = std::string(name) + ".bgi";
        std::filesystem::copy_file(from / index, folder.path() / index);
        const auto indexed = open_genotype_file(folder.path() / name)->ranges(500, {});
        EXPECT_GT(indexed.size(), 50U);
        const InputFile file(folder.path() / name);
        EXPECT_EQ(cut_by_bgen_index(folder.path() / index, file, read_bgen_header(file), 500, {})
                      .has_value(),
                  from != examples);
        ASSERT_EQ(indexed.size(), scanned.size());
        for (std::size_t r = 0; r < indexed.size(); ++r) {
            EXPECT_EQ(indexed[r].begin, scanned[r].begin);
            EXPECT_EQ(indexed[r].end, scanned[r].end);
        }
    }
    // An index of another file is refused by its size.
    std::filesystem::copy_file(examples / "complex.bgen.bgi",
                               folder.path() / "example.8bits.bgen.bgi",
                               std::filesystem::copy_options::overwrite_existing);
    EXPECT_THROW(open_genotype_file(folder.path() / "example.8bits.bgen")->ranges(500, {}),
                 DataError);
}

TEST(BgenReferenceFiles, ComplexGenotypesOfTheSpecification) {
    REQUIRE_DATA(examples);
    std::vector<std::vector<std::string>> sites = table_of(examples / "complex.vcf");
    std::erase_if(sites, [](const auto& row) { return row.front().starts_with('#'); });
    for (const auto& entry : std::filesystem::directory_iterator(examples)) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with("complex.") || !name.ends_with(".bgen")) continue;
        SCOPED_TRACE(name);
        EXPECT_THROW(read_published(entry.path()), DataError); // three and four copies
        const PublishedRead got = read_published(entry.path(), {.on_bad_record = BadRecord::skip});
        EXPECT_EQ(got.counters.skipped, 2U);
        std::size_t v = 0;
        for (const auto& site : sites) {
            const std::size_t alts = split(site[4], ',').size();
            if (site[2] == "M5" || site[2] == "M10") continue;
            for (std::size_t alt = 1; alt <= alts; ++alt, ++v) {
                ASSERT_LT(v, got.variants.size());
                ASSERT_EQ(got.variants[v].alt, split(site[4], ',')[alt - 1]);
                std::string expected;
                for (std::size_t i = 9; i < site.size(); ++i) {
                    std::string gt = site[i].substr(0, site[i].find(':'));
                    std::replace(gt.begin(), gt.end(), '|', '/');
                    int copies = 0;
                    for (const std::string_view allele : split(gt, '/'))
                        copies += allele == text(alt) ? 1 : 0;
                    if (gt.find('/') == std::string::npos) copies *= 2;
                    expected += static_cast<char>('0' + copies);
                }
                EXPECT_EQ(got.calls[v], expected) << site[2];
            }
        }
        EXPECT_EQ(v, got.variants.size());
    }
}

TEST(BgenReferenceFiles, HaplotypesArePhased) {
    REQUIRE_DATA(examples);
    const auto haps = table_of(examples / "haplotypes.haps");
    const PublishedRead got = read_published(examples / "haplotypes.bgen");
    ASSERT_EQ(got.variants.size(), haps.size());
    for (std::size_t v = 0; v < haps.size(); ++v)
        for (std::size_t i = 0; i < 4; ++i) {
            const int first = std::stoi(haps[v][6 + 2 * i]), second = std::stoi(haps[v][7 + 2 * i]);
            EXPECT_EQ(got.calls[v][i], '0' + first + second);
            const char phase = first == second ? '0' : first == 1 ? '2' : '1';
            EXPECT_EQ(got.phase[v].empty() ? '0' : got.phase[v][i], phase);
        }
    const test::ScratchFolder folder("phased");
    const PublishedRead real =
        read_published(with_names(folder, examples / "phased.16bits.bgen", 2504));
    const auto expected = table_of(examples / "glow_phased.16bits.vcf").back();
    for (std::size_t i = 0; i < 2504; ++i) {
        const auto p = split(expected[9 + i], ','); // P(REF), P(ALT) of either haplotype
        if (p[0] == ".")
            EXPECT_EQ(real.calls[0][i], '.');
        else
            EXPECT_NEAR(real.dosages[0][i], *parse_double(p[1]) + *parse_double(p[3]), 1e-4);
    }
}

TEST(BgenReferenceFiles, SameCallsAsThePlinkFilesOfTheSet) {
    REQUIRE_DATA(genomes / "regenie_example");
    for (const char* set : {"example", "example_3chr"}) {
        SCOPED_TRACE(set);
        const auto path = genomes / "regenie_example" / set;
        const ReadOptions ref_last{.bgen_alleles = BgenRef::last};
        const PublishedRead bgen = read_published(path.string() + ".bgen", ref_last),
                            bed = read_published(path.string() + ".bed");
        ASSERT_EQ(bgen.variants.size(), bed.variants.size());
        for (std::size_t v = 0; v < bed.variants.size(); ++v) {
            ASSERT_EQ(bgen.variants[v].position, bed.variants[v].position);
            ASSERT_EQ(bgen.variants[v].ref, bed.variants[v].ref);
            ASSERT_EQ(bgen.calls[v], bed.calls[v]);
        }
        EXPECT_EQ(read_published(path.string() + ".bgen", ref_last, 4000).calls, bgen.calls);
    }
    // The 10,000 samples of SAIGE's markers, without names in the file.
    const test::ScratchFolder folder("zstd");
    const auto saige = genomes / "saige_extdata/genotype_100markers.bgen";
    const PublishedRead bed =
        read_published(std::filesystem::path(saige).replace_extension(".bed"));
    const auto copy = with_names(folder, saige, 10000);
    const PublishedRead first = read_published(copy),
                        last = read_published(copy, {.bgen_alleles = BgenRef::last});
    ASSERT_EQ(first.variants.size(), bed.variants.size());
    for (std::size_t v = 0; v < bed.variants.size(); ++v) {
        const bool ref_first = first.variants[v].ref == bed.variants[v].ref;
        ASSERT_EQ((ref_first ? first : last).variants[v].alt, bed.variants[v].alt);
        ASSERT_EQ((ref_first ? first : last).calls[v], bed.calls[v]);
    }
    const auto zstd =
        read_published(with_names(folder, genomes / "regenie_example/example_3chr_zstd.bgen", 500));
    EXPECT_EQ(zstd.calls, read_published(genomes / "regenie_example/example_3chr.bgen").calls);
}

} // namespace
} // namespace salus
