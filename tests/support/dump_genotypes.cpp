// Prints what a genotype reader delivers, for comparison with other programs: one line a variant
// with chromosome, position, name, REF, ALT, and for each sample call (012.), dosage in 1/16384 and
// phase (0, 1: 0|1, 2: 1|0), separated by ','. Usage: dump_genotypes FILE [first|last]
#include "base/error.hpp"
#include "formats/genotype_reader.hpp"

#include <cstdio>
#include <string>

int main(int argc, char** argv) {
    using namespace salus;
    if (argc < 2) return 2;
    ReadOptions options;
    if (argc > 2 && std::string(argv[2]) == "last") options.bgen_alleles = BgenRef::last;
    try {
        const auto file = open_genotype_file(argv[1]);
        const std::size_t samples = file->samples().size();
        for (const FileRange range : file->ranges(1 << 20, options)) {
            const auto reader = file->read(range, options, file->samples().sex);
            GenotypeRecord record;
            while (reader->next(record))
                for (std::size_t v = 0; v < record.variants.size(); ++v) {
                    const Variant& variant = record.variants[v];
                    const GenotypeView view = record.view(v);
                    std::string line = variant.chromosome + "\t" +
                                       std::to_string(variant.position) + "\t" + variant.id + "\t" +
                                       variant.ref + "\t" + variant.alt;
                    for (std::size_t i = 0; i < samples; ++i) {
                        const std::uint8_t call = packed_get(view.calls, i);
                        const Dosage dosage =
                            view.dosages.empty() ? dosage_of_call(call) : view.dosages[i];
                        line += "\t";
                        line += "012."[call];
                        line += "," + (dosage == dosage_missing ? "." : std::to_string(dosage));
                        line += ",";
                        line += "012"[view.phase.empty() ? 0 : packed_get(view.phase, i)];
                    }
                    std::puts(line.c_str());
                }
        }
    } catch (const Error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return error.exit_code();
    }
    return 0;
}
