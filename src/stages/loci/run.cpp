#include "base/text.hpp"
#include "formats/file_genotypes.hpp"
#include "genotype/result_marks.hpp"
#include "parallel/read_once.hpp"
#include "run/context.hpp"
#include "stages/association/components.hpp"
#include "stages/loci/cluster_unit.hpp"
#include "stages/loci/loci.hpp"

#include <map>
#include <memory>

namespace salus {
namespace {

using namespace loci;

void require_same_variants(const H5File& association, const GenotypeSource& genotypes) {
    const std::uint64_t rows = association.rows("variants");
    if (rows == genotypes.variant_count()) return;
    throw DataError(
        {.what = text("the association result has ", with_thousands(rows),
                      " variants, the genotypes ", with_thousands(genotypes.variant_count())),
         .where = association.path().string(),
         .why = "its rows must be the variants of the genotype store in their order",
         .help = "run association on this genotype store"});
}

TraitModels read_traits(const LociParams& params, const RunContext& context,
                        const GenotypeSource& genotypes, std::vector<TestedTrait>& traits) {
    AssociationParams wanted;
    wanted.covariates = params.covariates;
    for (const TestedTrait& trait : traits)
        if (trait.skipped.empty()) wanted.traits.push_back(trait.name);
    const SampleTable& samples = genotypes.samples();
    std::vector<std::uint8_t> marks(samples.size(), 1);
    if (context.has_input("quality")) {
        const H5File quality = H5File::open(context.input("quality"));
        require_same_rows(quality, samples, genotypes.variant_count(), "quality");
        marks = sample_marks(quality, "pass");
    }
    association::Phenotypes phenotypes;
    if (!wanted.traits.empty())
        phenotypes = association::read_phenotypes(context.input("phenotypes"), samples, wanted);
    if (context.has_input("components"))
        association::add_components(context.input("components"), samples,
                                    static_cast<std::size_t>(params.components_count), phenotypes);
    TraitModels models(std::move(phenotypes), std::move(marks), traits);
    models.check(context.input("association"));
    return models;
}

struct Counts {
    std::uint64_t loci = 0, signals = 0, sets = 0;
};

// Counts by trait; tells which models differ from those of the association.
std::map<std::string, Counts> count_loci(const Parts& parts, const Log& log) {
    std::map<std::string, Counts> counts;
    for (std::uint64_t u = 0; u < parts.size(); ++u) {
        const H5File part = parts.open(u);
        const TableData rows =
            part.read("loci", {"trait", "signals", "credible_sets", "neg_log10_p", "locus"});
        for (std::size_t k = 0; k < rows.rows(); ++k) {
            Counts& count = counts[rows.column<std::string>("trait")[k]];
            ++count.loci;
            count.signals += rows.column<std::uint64_t>("signals")[k];
            count.sets += rows.column<std::uint64_t>("credible_sets")[k];
        }
    }
    for (const auto& [trait, count] : counts)
        log.info(text(trait, ": ", count.loci, " loci, ", count.signals, " signals, ", count.sets,
                      " credible sets"));
    return counts;
}

TableData traits_data(const std::vector<TestedTrait>& traits,
                      const std::map<std::string, Counts>& counts) {
    TableData table(loci_traits_table());
    for (const TestedTrait& trait : traits) {
        const auto found = counts.find(trait.name);
        const Counts count = found == counts.end() ? Counts{} : found->second;
        table.column<std::string>("name").push_back(trait.name);
        table.column<std::string>("kind").push_back(trait.kind);
        table.column<std::uint64_t>("n").push_back(trait.n);
        table.column<std::uint64_t>("loci").push_back(count.loci);
        table.column<std::uint64_t>("signals").push_back(count.signals);
        table.column<std::uint64_t>("credible_sets").push_back(count.sets);
        table.column<std::string>("note").push_back(trait.skipped);
    }
    return table;
}

void write_codes(H5File& file) {
    for (const char* column : {"loci/conditional_status", "loci/fine_mapping_status"})
        file.attribute(column, "codes",
                       "0 done, 1 more than fine_map_variants_max variants, 2 chromosome Y, 3 not "
                       "converged, 4 the logistic model does not converge, 5 stopped at "
                       "signals_max");
}

} // namespace

void run_loci(const LociParams& params, RunContext& context) {
    const auto genotypes = read_once(context.comm(), "opening the genotypes", [&] {
        return open_any_genotypes(context.input("genotypes"));
    });
    const auto association = read_once(context.comm(), "opening the association result", [&] {
        auto file = std::make_unique<H5File>(H5File::open(context.input("association")));
        return file;
    });
    std::vector<TestedTrait> traits = read_once(context.comm(), "reading the traits", [&] {
        auto all = tested_traits(*association, params);
        require_same_variants(*association, *genotypes);
        return all;
    });
    TraitModels models = read_once(context.comm(), "reading phenotypes", [&] {
        return read_traits(params, context, *genotypes, traits);
    });
    for (const TestedTrait& trait : traits)
        if (!trait.skipped.empty())
            context.log().warning(text("trait ", trait.name, " is left out: ", trait.skipped));
    const auto clusters = find_clusters(*association, traits, params, context);
    const LociInput input{*genotypes, *association, traits, params};
    const Parts parts =
        context.for_each_unit("loci", clusters.size(), [&](std::uint64_t u, PartWriter& part) {
            write_cluster(input, clusters[u], models.of(clusters[u].trait), part);
        });
    context.publish("loci", [&](ResultWriter& out) {
        out.write(traits_data(traits, count_loci(parts, context.log())));
        for (const TableSpec& spec :
             {loci_table(), loci_clumps_table(), loci_clump_members_table(), loci_signals_table(),
              loci_credible_sets_table(), loci_variants_table()})
            out.assemble(spec, parts);
        write_codes(out.file());
        out.fact("genome_build", genotypes->genome_build());
    });
}

} // namespace salus
