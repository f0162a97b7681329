#include "app/commands.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "formats/loco_predictions.hpp"
#include "formats/regenie_loco.hpp"
#include "store/h5.hpp"

#include <algorithm>

namespace salus {
namespace {

/// One .loco file: chromosomes 1 to 23 as regenie numbers them.
std::string loco_text(const LocoPredictions& predictions, const std::string& trait,
                      const std::vector<std::string>& ids, double unit) {
    std::vector<std::string> chromosomes;
    std::vector<std::vector<double>> rows;
    for (int c = 1; c <= 23; ++c) {
        chromosomes.push_back(text(c));
        rows.push_back(predictions.offset(trait, chromosomes.back()));
        for (double& value : rows.back())
            value /= unit;
    }
    return regenie_loco_text(ids, chromosomes, rows);
}

} // namespace

std::string export_loco(const CommandLine& line) {
    const H5File file = H5File::open(line.path);
    if (!file.is_table("traits") || !file.is_table("chromosomes"))
        throw UsageError({.what = "the file has no whole-genome predictions",
                          .where = line.path,
                          .why = "regenie-loco writes the predictions of the stage null_model",
                          .help = "give null_model.h5"});
    const SampleTable samples{
        .id = file.read("samples", {"sample_id"}).column<std::string>("sample_id"), .sex = {}};
    const LocoPredictions predictions = LocoPredictions::open(line.path, samples);
    const TableData traits = file.read("traits", {"name", "kind", "residual_sd"});
    std::string list;
    const auto& names = traits.column<std::string>("name");
    for (std::size_t t = 0; t < names.size(); ++t) {
        const bool binary = traits.column<std::string>("kind")[t] == "binary";
        const std::filesystem::path path =
            std::filesystem::absolute(text(line.output, "_", t + 1, ".loco"));
        write_file_atomically(path,
                              loco_text(predictions, names[t], samples.id,
                                        binary ? 1 : traits.column<double>("residual_sd")[t]));
        list += text(names[t], " ", path.string(), "\n");
    }
    write_file_atomically(line.output + "_pred.list", list);
    return text(line.output, "_pred.list: ", names.size(), " traits\n");
}

} // namespace salus
