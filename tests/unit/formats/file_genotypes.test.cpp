#include "formats/file_genotypes.hpp"

#include "base/random.hpp"
#include "genotype/store_writer.hpp"
#include "support/variant_files.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace salus {
namespace {

constexpr std::size_t file_samples = 37;

/// A VCF of `sites` sites, every seventh of which has two ALT alleles.
std::string many_sites(std::size_t sites) {
    Rng rng(9, "sites", 0);
    std::string body;
    for (std::size_t s = 0; s < sites; ++s) {
        body += "1 " + std::to_string(100 + 3 * s) + " . A " + (s % 7 == 3 ? "C,G" : "T") +
                " . PASS . GT:DS";
        for (std::size_t i = 0; i < file_samples; ++i) {
            const auto copies = rng.below(3);
            body += copies == 0 ? " 0/0:0" : copies == 1 ? " 0|1:1" : " 1/1:2";
            if (s % 7 == 3) body += ",0";
        }
        body += "\n";
    }
    return test::vcf_text(file_samples, body);
}

void write_store(const std::filesystem::path& file, const std::filesystem::path& folder) {
    const auto opened = open_genotype_file(file);
    test::SmallPart part;
    std::filesystem::create_directories(folder);
    PartWriter out(folder / "part-000000.h5");
    GenotypePartWriter writer(out.file(), file_samples, {});
    const SampleTable table = opened->samples();
    for (const FileRange range : opened->ranges(1 << 30, {})) {
        const auto reader = opened->read(range, {}, table.sex);
        GenotypeRecord record;
        while (reader->next(record))
            for (std::size_t v = 0; v < record.variants.size(); ++v)
                writer.add(record.variants[v], record.view(v));
    }
    writer.finish();
    const std::vector<StorePart> parts{{"part-000000.h5", out.commit(), file.string()}};
    H5File index = H5File::create(folder / "index.h5");
    write_genotype_index(index, folder, {.samples = table, .genome_build = "GRCh38", .info = {}},
                         parts);
    index.close();
}

void expect_equal(const GenotypeSource& a, const GenotypeSource& b, VariantRange range) {
    VariantBlock x, y;
    a.read(range, x, WithPhase::yes);
    b.read(range, y, WithPhase::yes);
    const auto of_a = a.variants(range), of_b = b.variants(range);
    ASSERT_EQ(x.size(), range.size());
    ASSERT_EQ(y.size(), range.size());
    EXPECT_EQ(x.first_variant(), y.first_variant());
    for (std::size_t v = 0; v < x.size(); ++v) {
        ASSERT_EQ(x.is_carrier_list(v), y.is_carrier_list(v));
        ASSERT_EQ(test::calls_text(x, v), test::calls_text(y, v)) << range.begin + v;
        ASSERT_TRUE(std::ranges::equal(x.phased(v), y.phased(v)));
        ASSERT_EQ(x.has_dosages(v), y.has_dosages(v));
        ASSERT_EQ(of_a[v].position, of_b[v].position);
        ASSERT_EQ(of_a[v].alt, of_b[v].alt);
        ASSERT_EQ(of_a[v].alt_index, of_b[v].alt_index);
    }
}

void expect_as_store(const std::filesystem::path& file, const std::filesystem::path& folder) {
    write_store(file, folder);
    const auto store = open_any_genotypes(folder), direct = open_any_genotypes(file);
    ASSERT_EQ(direct->variant_count(), store->variant_count());
    EXPECT_EQ(direct->samples().id, store->samples().id);
    EXPECT_EQ(direct->block_variants(), store->block_variants());
    EXPECT_EQ(direct->genome_build(), store->genome_build());
    const std::uint64_t count = store->variant_count();
    // In order, backwards, across blocks, again, and nothing.
    for (const VariantRange range : {VariantRange{0, 10},
                                     {10, 700},
                                     {count - 3, count},
                                     {5, 6},
                                     {500, 600},
                                     {0, count},
                                     {7, 7}})
        expect_equal(*direct, *store, range);
    for (std::uint64_t v = 0; v < count; v += 97)
        expect_equal(*direct, *store, {count - 1 - v, count - v});
    EXPECT_EQ(direct->variants({3, 5})[1].position, store->variants({3, 5})[1].position);
}

TEST(FileGenotypes, GiveWhatTheStoreOfThemGives) {
    const test::ScratchFolder folder("file-genotypes");
    const auto plain = folder.write("plain.vcf", many_sites(1500));
    expect_as_store(plain, folder.path() / "plain.store");
    const auto packed = folder.write("packed.vcf.gz", test::bgzf(many_sites(1500), 5000));
    expect_as_store(packed, folder.path() / "packed.store");
    ASSERT_TRUE(test::index_vcf(packed, 0));
    expect_as_store(packed, folder.path() / "indexed.store");
    expect_as_store(test::to_bcf(plain), folder.path() / "bcf.store");
}

TEST(FileGenotypes, PlinkFilesAreReadInPlace) {
    const test::ScratchFolder folder("file-genotypes-bed");
    Rng rng(10, "bed", 0);
    std::string bed("\x6c\x1b\x01", 3), bim, fam;
    for (std::size_t i = 0; i < file_samples; ++i)
        fam += "f s" + std::to_string(i) + " 0 0 " + std::to_string(i % 3) + " -9\n";
    for (std::size_t v = 0; v < 1300; ++v) {
        bim += "1 rs" + std::to_string(v) + " 0 " + std::to_string(10 + v) + " A C\n";
        for (std::size_t byte = 0; byte < (file_samples + 3) / 4; ++byte)
            bed += static_cast<char>(byte == file_samples / 4 ? rng.below(4) : rng.below(256));
    }
    const auto path = folder.write("x.bed", bed);
    folder.write("x.bim", bim);
    folder.write("x.fam", fam);
    EXPECT_EQ(genotype_sizes(path).variants, 1300U);
    EXPECT_EQ(genotype_sizes(path).samples, file_samples);
    expect_as_store(path, folder.path() / "bed.store");
    EXPECT_EQ(open_any_genotypes(path)->samples().sex[1], Sex::male);
}

TEST(FileGenotypes, TellWhetherThereAreDosages) {
    const test::ScratchFolder folder("file-genotypes-dosages");
    std::string text = many_sites(70);
    const auto calls = folder.write("calls.vcf", text); // its DS say what GT says
    text.replace(text.rfind("1:1"), 3, "1:0.7");
    const auto imputed = folder.write("imputed.vcf", text);
    for (const auto& path : {calls, imputed, test::to_bcf(imputed)}) {
        EXPECT_TRUE(genotype_sizes(path).dosages) << path;
        EXPECT_FALSE(open_genotype_file(path)->may_have_dosages({.dosage_field = DosageField::gt}));
    }
    write_store(calls, folder.path() / "calls.store");
    EXPECT_FALSE(genotype_sizes(folder.path() / "calls.store").dosages);
    write_store(imputed, folder.path() / "imputed.store");
    EXPECT_TRUE(genotype_sizes(folder.path() / "imputed.store").dosages);
}

TEST(FileGenotypes, BytesOfDosagesThatAPlanCounts) {
    Workload sizes{.samples = 1e5, .variants = 1e6};
    EXPECT_EQ(dosage_bytes(sizes, 1e3), 0);
    sizes.dosages = true;
    const double packed = 2e5 * 64 - 0x1p22; // a block, beyond the 4 MiB that are read anyway
    EXPECT_EQ(dosage_bytes(sizes, 1e3), 2e8 + packed);
    EXPECT_EQ(dosage_bytes(sizes, 0), 2e5 * 64 + packed);
    sizes.variants = 10;
    EXPECT_EQ(dosage_bytes(sizes, 1e3), 2e6 + packed);
    sizes = {.samples = 1000, .variants = 1e6, .dosages = true};
    EXPECT_EQ(dosage_bytes(sizes, 0), 2000 * 512);
    EXPECT_EQ(variants_at_once(sizes, 0x1p26, 64), 15625);
    EXPECT_EQ(variants_at_once(sizes, 251e3, 64), 1000);
    sizes.variants = 0; // not known
    EXPECT_GT(variants_at_once(sizes, 0x1p26, 64), 2.6e5);
}

TEST(FileGenotypes, FoldersThatAreNoStoresAndFilesThatAreNoGenotypesAreRefused) {
    const test::ScratchFolder folder("file-genotypes-bad");
    EXPECT_THROW(open_any_genotypes(folder.path()), DataError);
    EXPECT_THROW(open_any_genotypes(folder.write("x.txt", "hello\n")), DataError);
}

} // namespace
} // namespace salus
