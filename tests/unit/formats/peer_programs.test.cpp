// What readers deliver against Debian's bcftools and plink2, where these are installed, and against
// published files where ../shared/data is present.
#include "base/random.hpp"
#include "base/text.hpp"
#include "formats/normalize.hpp"
#include "formats/regions.hpp"
#include "support/reference_data.hpp"
#include "support/variant_files.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <set>

namespace salus {
namespace {

using Lines = std::vector<std::string>;

bool succeeds(const std::string& command) {
    return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}
bool is_installed(const std::string& program) { return succeeds("command -v " + program); }

std::string line_of(const Variant& variant, std::span<const std::uint8_t> row,
                    std::size_t samples) {
    return variant.chromosome + ":" + std::to_string(variant.position) + " " + variant.ref + ">" +
           variant.alt + " " + test::calls_text(row, samples);
}

Lines normalized(const std::filesystem::path& vcf, const std::filesystem::path& fasta) {
    ReferenceGenome genome(fasta);
    const auto file = open_genotype_file(vcf);
    const std::size_t samples = file->samples().size();
    const auto from = file->read(file->ranges(1 << 30, {}).at(0), {}, file->samples().sex);
    NormalizingReader reader(*from, genome, {}, samples);
    Lines lines;
    GenotypeRecord record;
    std::pair<std::string, std::uint32_t> last;
    while (reader.next(record)) {
        const Variant& variant = record.variants[0];
        EXPECT_TRUE(variant.chromosome != last.first || variant.position >= last.second);
        last = {variant.chromosome, variant.position};
        lines.push_back(line_of(variant, record.row(0), samples));
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

/// The variants of a VCF as they are, sorted: our reader, but not our normalisation.
Lines as_written(const std::filesystem::path& vcf) {
    const auto file = open_genotype_file(vcf);
    const std::size_t samples = file->samples().size();
    const auto reader = file->read(file->ranges(1 << 30, {}).at(0), {}, file->samples().sex);
    Lines lines;
    GenotypeRecord record;
    while (reader->next(record))
        for (std::size_t v = 0; v < record.variants.size(); ++v)
            lines.push_back(line_of(record.variants[v], record.row(v), samples));
    std::sort(lines.begin(), lines.end());
    return lines;
}

Lines without_calls(Lines lines) {
    for (std::string& line : lines)
        line.resize(line.rfind(' '));
    return lines;
}

class PeerPrograms : public testing::Test {
protected:
    /// Sites and calls as `bcftools norm -m- -f` leaves them.
    Lines by_bcftools(const std::filesystem::path& vcf, const std::filesystem::path& fasta) {
        const auto out = folder_.path() / "norm.vcf";
        EXPECT_TRUE(succeeds("bcftools norm -m- -f " + fasta.string() + " -o " + out.string() +
                             " " + vcf.string()));
        return as_written(out);
    }
    /// A genome of repeats, sites of up to three ALT alleles and 30 samples, all from one seed.
    std::pair<std::filesystem::path, std::filesystem::path> generated() {
        Rng rng(5, "normalize", 0);
        std::string genome;
        while (genome.size() < 60'000) {
            std::string repeat;
            for (std::uint64_t n = 1 + rng.below(4); n > 0; --n)
                repeat += "ACGT"[rng.below(4)];
            for (std::uint64_t n = 1 + rng.below(12); n > 0; --n)
                genome += repeat;
        }
        const std::string length = std::to_string(genome.size());
        folder_.write("g.fa.fai", "1\t" + length + "\t3\t" + length + "\t" +
                                      std::to_string(genome.size() + 1) + "\n");
        std::string body;
        for (std::size_t at = 1; at + 200 < genome.size(); at += 1 + rng.below(60)) {
            const std::string ref = genome.substr(at - 1, std::size_t{1} << rng.below(6));
            std::set<std::string> alts;
            for (std::uint64_t n = 1 + rng.below(3); n > 0; --n) {
                std::string alt = ref;
                if (const auto kind = rng.below(3); kind == 0)
                    for (std::uint64_t k = 1 + rng.below(6); k > 0; --k)
                        alt += ref[rng.below(ref.size())];
                else if (kind == 1)
                    alt.resize(1 + rng.below(ref.size()));
                else
                    alt[0] = "ACGT"[rng.below(4)];
                if (alt != ref) alts.insert(alt);
            }
            if (alts.empty()) continue;
            body += "1 " + std::to_string(at) + " . " + ref + " " +
                    join(std::vector<std::string>(alts.begin(), alts.end()), ",") + " . . . GT";
            for (int i = 0; i < 30; ++i) {
                const auto allele = [&] {
                    return rng.below(2) == 0 ? "0" : std::to_string(rng.below(alts.size() + 1));
                };
                body += rng.below(40) == 0 ? std::string(" ./.") : " " + allele() + "/" + allele();
            }
            body += "\n";
        }
        return {folder_.write("g.vcf", test::vcf_text(30, body)),
                folder_.write("g.fa", ">1\n" + genome + "\n")};
    }
    test::ScratchFolder folder_{"peers"};
};

TEST_F(PeerPrograms, NormalisationAsBcftools) {
    if (!is_installed("bcftools")) GTEST_SKIP() << "bcftools is not installed";
    const auto [vcf, fasta] = generated();
    const Lines ours = normalized(vcf, fasta);
    EXPECT_GT(ours.size(), 2500U);
    EXPECT_EQ(ours, by_bcftools(vcf, fasta));
}

TEST_F(PeerPrograms, PublishedNormalisation) {
    const auto folder = reference::genomes / "vcf_normalize_glow";
    if (!std::filesystem::exists(folder)) GTEST_SKIP() << "reference data are absent";
    const std::vector<std::pair<std::string, std::string>> sets{
        {"01_IN_altered_multiallelic", "20_altered_bgzip.fasta.gz"},
        {"test_left_align_hg38_altered", "Homo_sapiens_assembly38.20.21_altered.fasta"},
        {"test_left_align_hg38_altered_symbolic", "Homo_sapiens_assembly38.20.21_altered.fasta"}};
    for (const auto& [name, fasta] : sets) {
        const Lines ours = normalized(folder / (name + ".vcf"), folder / fasta);
        EXPECT_GT(ours.size(), 10U);
        if (is_installed("bcftools")) {
            EXPECT_EQ(ours, by_bcftools(folder / (name + ".vcf"), folder / fasta)) << name;
        }
        // vt sets other ALT alleles missing, so that only the sites are compared.
        EXPECT_EQ(
            without_calls(ours),
            without_calls(as_written(folder / (name + "_vtdecompose_bcftoolsnormalized.vcf"))))
            << name;
    }
}

/// `plink2 --export A`: per sample the dosages of the counted alleles.
std::vector<std::vector<double>> raw_dosages(const std::filesystem::path& path) {
    std::vector<std::vector<double>> samples;
    bool header = true;
    for_each_line(path, [&](std::string_view line, std::uint64_t) {
        if (std::exchange(header, false)) return;
        const auto fields = split(line, '\t');
        auto& row = samples.emplace_back();
        for (std::size_t k = 6; k < fields.size(); ++k)
            row.push_back(fields[k] == "NA" ? -1 : std::stod(std::string(fields[k])));
    });
    return samples;
}

TEST_F(PeerPrograms, DosagesAsPlink2) {
    if (!is_installed("plink2")) GTEST_SKIP() << "plink2 is not installed";
    Rng rng(8, "plink2", 0);
    constexpr std::size_t people = 25, variants = 400;
    std::string body;
    for (std::size_t v = 0; v < variants; ++v) {
        body +=
            "1 " + std::to_string(10 * (v + 1)) + " v" + std::to_string(v) + " A C . . . GT:DS:GP";
        for (std::size_t i = 0; i < people; ++i) {
            const std::uint64_t het = rng.below(1001), alt = rng.below(1001 - het);
            const auto number = [](std::uint64_t thousandths) {
                return significant(static_cast<double>(thousandths) / 1000, 4);
            };
            const std::string gt = rng.below(9) == 0   ? "./."
                                   : rng.below(2) == 0 ? "0|1"
                                   : rng.below(2) == 0 ? "1|0"
                                                       : "1/1";
            body += " " + gt + ":" + (rng.below(9) == 0 ? "." : number(het + 2 * alt)) + ":" +
                    (rng.below(9) == 0
                         ? "."
                         : number(1000 - het - alt) + "," + number(het) + "," + number(alt));
        }
        body += "\n";
    }
    const auto vcf = folder_.write("d.vcf", test::vcf_text(people, body));
    for (const auto& [field, flag] :
         {std::pair{DosageField::ds, "DS"}, std::pair{DosageField::gp, "GP-force"}}) {
        const std::string out = (folder_.path() / "out").string();
        ASSERT_TRUE(succeeds("plink2 --vcf " + vcf.string() + " dosage=" + flag +
                             " --export A --export-allele " +
                             folder_
                                 .write("alleles",
                                        [] {
                                            std::string all;
                                            for (std::size_t v = 0; v < variants; ++v)
                                                all += "v" + std::to_string(v) + "\tC\n";
                                            return all;
                                        }())
                                 .string() +
                             " --out " + out));
        const auto theirs = raw_dosages(out + ".raw");
        ASSERT_EQ(theirs.size(), people);
        // Hard calls and phase: plink2 writes them beside the dosages.
        ASSERT_TRUE(succeeds("plink2 --vcf " + vcf.string() + " dosage=" + flag +
                             " --export vcf --out " + out));
        const Lines calls = test::read_details(out + ".vcf", {.dosage_field = DosageField::gt});
        const auto file = open_genotype_file(vcf);
        const auto reader = file->read(file->ranges(1 << 30, {}).at(0), {.dosage_field = field},
                                       file->samples().sex);
        GenotypeRecord record;
        std::size_t v = 0;
        for (; reader->next(record); ++v) {
            const GenotypeView view = record.view(0);
            for (std::size_t i = 0; i < people; ++i) {
                const Dosage ours = view.dosages[i];
                // plink2 prints the shortest number that rounds to the same 1/16384.
                if (theirs[i][v] < 0) {
                    EXPECT_EQ(ours, dosage_missing);
                } else {
                    EXPECT_EQ(ours, std::lround(theirs[i][v] * 16384)) << flag << " " << v;
                }
            }
            const std::string phase = view.phase.empty() ? std::string(people, '-')
                                                         : test::phase_text(view.phase, people);
            const auto fields = split(calls[v], ' ');
            EXPECT_EQ(test::calls_text(view.calls, people), fields[2]) << flag << " " << v;
            EXPECT_EQ(phase, fields.size() > 3 ? std::string(fields[3]) : std::string(people, '-'));
        }
        EXPECT_EQ(v, variants);
    }
}

} // namespace
} // namespace salus
