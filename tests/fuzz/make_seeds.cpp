// Writes a few sound inputs for each fuzz target into FOLDER/TARGET/, made by the writers of the
// tests.
#include "fuzz/harness.hpp"
#include "genotype/block_codec.hpp"
#include "support/bgen_file.hpp"
#include "support/pgen_files.hpp"

#include <string>

namespace salus {
namespace {

void put(const std::filesystem::path& folder, const std::string& target, const std::string& bytes) {
    std::filesystem::create_directories(folder / target);
    std::ofstream(folder / target / sha256(bytes).substr(0, 16), std::ios::binary) << bytes;
}

std::string content_of(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void variant_seeds(const std::filesystem::path& out, const test::ScratchFolder& scratch) {
    for (const std::string& body :
         {std::string("1 100 rs1 A C . PASS AF=0.5;DB GT 0/1 1|0 ./.\n1 200 . AC A,<DEL> 9 q10 "
                      "AF=0.1,0.2 GT:DP 0|2:3 1/1:. .:1\nX 90000000 . G T . . . GT 0 1 0/1\n"),
          std::string("1 1 . A C . . . GT 0/1 0/0 1/1\n2 5 . N *,[1:5[A . . NOTE=x GT 0 1|2 .\n"),
          std::string("1 5 a A C . . . GT:DS 0/1:0.97 0/0:0.1 ./.:1.5\n1 6 b A C . . . GT:GP "
                      "0|1:0,1,0 0/0:0.5,0.5,0 ./.:0,0,1\n")}) {
        std::string text = test::vcf_text(3, body);
        const std::string more = "##FORMAT=<ID=DS,Number=A,Type=Float,Description=\"d\">\n"
                                 "##FORMAT=<ID=GP,Number=G,Type=Float,Description=\"p\">\n##ALT=<"
                                 "ID=DEL,Description=\"d\">\n";
        text.insert(text.find("#CHROM"), more);
        put(out, "vcf", text);
        put(out, "bgzf", test::bgzf(text, 300));
        const auto bcf = test::to_bcf(scratch.write("a.vcf", text));
        if (bcf.empty()) continue;
        put(out, "bgzf", content_of(bcf));
        const auto stream = open_stream(bcf);
        while (stream->more()) {
        }
        put(out, "bcf", std::string(stream->unread()));
    }
}

void plink_seeds(const std::filesystem::path& out) {
    put(out, "bed",
        fuzz::bundle({"f a 0 0 1 -9\nf b 0 0 2 -9\nf c 0 0 0 1\nf d 0 0 1 -9\nf e 0 0 2 -9\n",
                      "1 rs1 0 100 C A\n1 . 0 100 G T\nX rs3 0 90000000 T <DEL>\n",
                      std::string("\x6c\x1b\x01\x1b\x00\xe4\x03\xaa\x02", 9)}));
    using test::bytes_of;
    const std::vector<test::PgenBytes> kinds{
        {0x00, bytes_of({0xE4, 0x01})},
        {0x02, bytes_of({1, 4, 0x02})},
        {0x03, bytes_of({0})},
        {0x01, bytes_of({1, 0x02, 1, 3, 0x03})},
        {0x04, bytes_of({2, 0, 0x06, 4})},
        {0x06, bytes_of({0})},
        {0x07, bytes_of({1, 2, 0x00})},
        {0x10, bytes_of({0x45, 0x03, 0x04})},
        {0x10, bytes_of({0x45, 0x03, 0x0B, 0x01})},
        {0x20, bytes_of({0xD0, 0x02, 2, 0, 3, 0x00, 0x04, 0, 0x40})},
        {0x40, bytes_of({0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 0xFF, 0xFF})},
        {0xE0, bytes_of({0, 0, 0x05, 0, 1, 0, 2, 0x01, 7, 0})},
        {0x08, bytes_of({0xA5, 0x00, 0x00, 0x02, 0x01, 0x01, 0x08})}};
    std::string sites = "#CHROM\tPOS\tID\tREF\tALT\n";
    for (std::size_t v = 0; v < kinds.size(); ++v)
        sites += "1\t" + std::to_string(v + 1) + "\tr\tA\t" +
                 (v + 1 == kinds.size() ? "C,G,T\n" : "C\n");
    put(out, "pgen",
        fuzz::bundle(
            {"#IID\tSEX\na\t1\nb\t2\nc\tNA\nd\t1\ne\t2\n", sites, test::pgen_file(5, kinds)}));
}

void bgen_seeds(const std::filesystem::path& out) {
    const std::vector<test::BgenSite> sites{
        {.ploidy = {2, 2, 0x82}, .values = {255, 0, 100, 50, 0, 0}},
        {.phased = true, .ploidy = {2, 2, 2}, .values = {255, 0, 0, 0, 13, 200}},
        {.alleles = {"A", "C", "G"},
         .bits = 5,
         .ploidy = {2, 1, 2},
         .values = {31, 0, 0, 0, 0, 20, 11, 0, 0, 31, 0, 0}},
        {.chromosome = "X", .bits = 16, .ploidy = {2, 2, 2}, .values = {9, 8, 7, 6, 65535, 0}}};
    std::vector<test::BgenSite> old = sites;
    for (test::BgenSite& site : old) {
        site.alleles = {"A", "C"};
        site.values = {32768, 0, 0, 0, 16384, 16384, 0, 0, 0};
    }
    const std::string names = "ID_1 ID_2 missing sex\n0 0 0 D\nf a 0 1\nf b 0 2\nf c 0 0\n";
    for (const auto packing : {test::Packing::none, test::Packing::zlib, test::Packing::zstd}) {
        put(out, "bgen",
            "\1" + fuzz::bundle(
                       {names, test::bgen_text({.packing = packing, .names = false}, 3, sites)}));
        put(out, "bgen",
            "\2" + fuzz::bundle({"", test::bgen_text({.packing = packing}, 3, sites)}));
    }
    put(out, "bgen", "\2" + fuzz::bundle({"", test::bgen_text({.layout = 1}, 3, old)}));
    for (const test::BgenSite& site : sites)
        put(out, "bgen_block",
            std::string{2, static_cast<char>(site.alleles.size() - 1)} +
                test::bgen_block(site, 2, 3));
    put(out, "bgen_block", std::string("\2\x81") + test::bgen_block(old[0], 1, 3));
}

void store_seeds(const std::filesystem::path& out) {
    constexpr std::size_t samples = 101;
    for (unsigned kind = 0; kind < 6; ++kind) {
        BlockEncoder encoder(samples);
        for (unsigned v = 0; v < 8; ++v) {
            std::vector<std::uint8_t> calls(packed_bytes(samples)), phase(calls.size());
            std::vector<Dosage> dosages(samples);
            for (std::size_t i = 0; i < samples; ++i) {
                const std::uint64_t h = hash64(std::to_string(kind * 1000 + v * 100) +
                                               std::to_string(kind == 3 ? i * v / 3 : i));
                const auto call = static_cast<std::uint8_t>(h % 100 < 10 * (kind + 1) ? h / 100 % 4
                                                            : kind == 4               ? 2
                                                                                      : 0);
                packed_set(calls, i, call);
                if (call == het) packed_set(phase, i, static_cast<std::uint8_t>(h / 400 % 3));
                dosages[i] = h % 3 == 0 && call < 3
                                 ? static_cast<Dosage>(call * 16384 + (call == 2 ? -100 : 100))
                                 : dosage_of_call(call);
            }
            encoder.add({.calls = calls,
                         .dosages = kind % 2 == 0 ? std::span<const Dosage>{} : dosages,
                         .phase = kind < 3 ? std::span<const std::uint8_t>{} : phase});
        }
        std::vector<std::uint8_t> block;
        encoder.finish(block);
        put(out, "store_block",
            std::string{static_cast<char>(samples - 1), 7, static_cast<char>(128)} +
                std::string(block.begin(), block.end()));
    }
}

void delimited_seeds(const std::filesystem::path& out) {
    put(out, "delimited", "1,2,3\n\"a,b\",\"c \"\"d\"\"\",e\r\n1,2020-01-01,3\n\"x\ny\",,\n");
    put(out, "delimited",
        "7,2020-01-31 10:00:00,3028288,3.5,13457-7,mmol/L,0\n7,2020-02-01,0,,x,,5\n");
}

void fhir_seeds(const std::filesystem::path& out) {
    const std::string person =
        R"("subject":{"reference":"Patient/a"},"encounter":{"reference":"Encounter/v"})";
    const std::string code =
        R"("code":{"coding":[{"system":"http://loinc.org","code":"4548-4","display":"x"}]})";
    const std::vector<std::string> lines{
        R"({"resourceType":"Patient","id":"a","gender":"male","birthDate":"1950-02","deceasedDateTime":"2001-01-01T10:00:00Z","managingOrganization":{"reference":"Organization/h"}})",
        R"({"resourceType":"Observation","id":"o","status":"final",)" + person + "," + code +
            R"(,"effectiveDateTime":"2020-01-01","valueQuantity":{"value":1.5,"comparator":"<","unit":"%","code":"%"},"component":[{"valueInteger":3,)" +
            code + "}]}",
        R"({"resourceType":"Condition","id":"c",)" + person + "," + code +
            R"(,"onsetPeriod":{"start":"2020","end":"2021"},"abatementDateTime":"2022-03-04","verificationStatus":{"coding":[{"code":"refuted"}]}})",
        R"({"resourceType":"MedicationRequest","id":"m","status":"active","intent":"order","authoredOn":"2020-01-01","medicationReference":{"reference":"Medication/m"},"dispenseRequest":{"expectedSupplyDuration":{"value":3,"unit":"d"}},)" +
            person + "}",
        R"({"resourceType":"Encounter","id":"v","status":"finished","class":{"code":"IMP"},"period":{"start":"2020-01-01","end":"2020-01-02"},"reasonCode":[{"coding":[{"code":"1"}]}],)" +
            person + "}",
        R"({"resourceType":"Bundle","type":"document","timestamp":"2020-01-01","entry":[{"fullUrl":"urn:uuid:p","resource":{"resourceType":"Patient"}},{"resource":{"resourceType":"Condition","subject":{"reference":"urn:uuid:p"},)" +
            code + R"(}},{"request":{"method":"DELETE","url":"Patient/a"}}]})"};
    std::string all;
    for (const std::string& line : lines) {
        put(out, "fhir", "\x7f" + line);
        all += line + "\n";
    }
    put(out, "fhir", "\x10" + all);
}

} // namespace
} // namespace salus

int main(int argc, char** argv) {
    using namespace salus;
    if (argc != 2) return 2;
    const test::ScratchFolder scratch("seeds");
    variant_seeds(argv[1], scratch);
    plink_seeds(argv[1]);
    bgen_seeds(argv[1]);
    store_seeds(argv[1]);
    fhir_seeds(argv[1]);
    delimited_seeds(argv[1]);
    return 0;
}
