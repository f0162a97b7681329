#include "base/text.hpp"
#include "formats/file_genotypes.hpp"
#include "parallel/read_once.hpp"
#include "run/context.hpp"
#include "stages/risk/cohort.hpp"
#include "stages/risk/discovery.hpp"
#include "stages/risk/evaluation.hpp"
#include "stages/risk/risk.hpp"
#include "stages/risk/tables.hpp"

#include <cmath>

namespace salus {
namespace {

void report(const Log& log, const Parts& parts) {
    for (std::uint64_t u = 0; u < parts.size(); ++u) {
        const TableData rows = parts.open(u).read("validation");
        for (std::size_t k = 0; k < rows.rows(); ++k) {
            const auto& metric = rows.column<std::string>("metric")[k];
            const auto& trait = rows.column<std::string>("trait")[k];
            if (rows.column<std::string>("group")[k] != "all") continue;
            if (metric == "skipped")
                log.warning(text(trait, " is skipped: ", rows.column<std::string>("note")[k]));
            if ((metric == "r2" || metric == "auc") &&
                rows.column<std::string>("model")[k] == "score")
                log.info(text(trait, ": ", metric, " of the score ",
                              fixed(rows.column<double>("estimate")[k], 3), " (",
                              fixed(rows.column<double>("lower")[k], 3), " to ",
                              fixed(rows.column<double>("upper")[k], 3), ") in ",
                              with_thousands(rows.column<std::uint64_t>("n")[k]), " people"));
        }
    }
}

} // namespace

void run_risk(const RiskParams& params, RunContext& context) {
    const auto genotypes = read_once(context.comm(), "opening the genotypes", [&] {
        return open_any_genotypes(context.input("genotypes"));
    });
    risk::Cohort cohort = read_once(context.comm(), "reading phenotypes", [&] {
        std::optional<std::filesystem::path> quality;
        if (context.has_input("quality")) quality = context.input("quality");
        return risk::read_cohort(context.input("phenotypes"), quality, genotypes->samples(),
                                 params);
    });
    cohort.seed = context.seed();
    const risk::Discovery discovery = risk::discover(params, cohort, *genotypes, context);
    const Parts parts = context.for_each_unit(
        "evaluate", cohort.traits.size(), [&](std::uint64_t trait, PartWriter& part) {
            risk::evaluate_trait(params, cohort, *genotypes, discovery, trait, part);
        });
    context.publish("risk", [&](ResultWriter& out) {
        out.assemble(risk::validation_table(), parts);
        out.assemble(risk::tuning_table(), parts);
        for (std::uint64_t u = 0; u < parts.size(); ++u) {
            const H5File part = parts.open(u);
            for (const std::string& name : part.tables())
                if (name != "validation" && name != "tuning") out.write(part.read(name));
        }
        report(context.log(), parts);
    });
}

} // namespace salus
