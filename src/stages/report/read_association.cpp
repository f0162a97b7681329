#include "base/error.hpp"
#include "base/text.hpp"

#include "stages/report/read_tables.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace salus::report {

std::vector<ChromosomeRun> read_runs(const H5File& file) {
    std::vector<ChromosomeRun> runs;
    std::set<std::string> seen;
    for (const auto& range : row_slices(file.rows("variants"), slice_rows)) {
        const auto rows = file.read_rows("variants", range.begin, range.end - range.begin,
                                         {"chromosome", "base_pair_location"});
        const auto names = words(rows, "chromosome");
        const auto& positions = rows.column<std::uint32_t>("base_pair_location");
        for (std::size_t i = 0; i < names.size(); ++i) {
            const std::uint64_t row = range.begin + i;
            if (runs.empty() || runs.back().name != names[i]) {
                if (!seen.insert(names[i]).second)
                    throw DataError(
                        {.what = text("chromosome ", names[i], " appears in two places"),
                         .where = text(file.path().string(), ", table variants, row ", row),
                         .why = "variants are expected in genome order",
                         .help = "make the association result from a sorted genotype store"});
                runs.push_back({.name = names[i],
                                .begin = row,
                                .end = row,
                                .first = positions[i],
                                .last = positions[i]});
            }
            auto& run = runs.back();
            run.end = row + 1;
            run.first = std::min(run.first, positions[i]);
            run.last = std::max(run.last, positions[i]);
        }
    }
    return runs;
}

GenomeSketch read_sketch(const H5File& file, const std::string& trait,
                         const std::vector<ChromosomeRun>& runs, double suggestive,
                         std::uint32_t distance) {
    GenomeSketch sketch(runs, suggestive, distance);
    std::size_t run = 0;
    for (const auto& range : row_slices(file.rows("variants"), slice_rows)) {
        const auto positions = file.read_rows<std::uint32_t>("variants/base_pair_location",
                                                             range.begin, range.end - range.begin);
        const auto rows = file.read_rows("traits/" + trait, range.begin, range.end - range.begin,
                                         {"neg_log10_p", "effect_allele_frequency"});
        const auto values = numbers(rows, "neg_log10_p"),
                   frequencies = numbers(rows, "effect_allele_frequency");
        for (std::size_t i = 0; i < values.size(); ++i) {
            while (range.begin + i >= runs[run].end)
                ++run;
            sketch.add(run, range.begin + i, positions[i], values[i], frequencies[i]);
        }
    }
    return sketch;
}

std::vector<Locus> read_loci(const H5File& file, const std::string& trait,
                             std::span<const Hit> hits) {
    std::vector<Locus> loci;
    for (const Hit& hit : hits) {
        const auto variant = file.read_rows("variants", hit.row, 1);
        const auto test = file.read_rows("traits/" + trait, hit.row, 1);
        loci.push_back({.chromosome = words(variant, "chromosome")[0],
                        .id = words(variant, "variant_id")[0],
                        .other_allele = words(variant, "other_allele")[0],
                        .effect_allele = words(variant, "effect_allele")[0],
                        .position = counts(variant, "base_pair_location")[0],
                        .frequency = numbers(test, "effect_allele_frequency")[0],
                        .beta = numbers(test, "beta")[0],
                        .standard_error = numbers(test, "standard_error")[0],
                        .neg_log10_p = numbers(test, "neg_log10_p")[0]});
    }
    return loci;
}

std::vector<TraitAssociation> read_association_summary(const H5File& file) {
    const auto summary = file.read("trait_summary");
    const auto names = words(summary, "name"), kinds = words(summary, "kind"),
               transformations = words(summary, "transformation");
    const auto n = counts(summary, "n"), cases = counts(summary, "n_cases");
    const auto lambda = numbers(summary, "lambda_gc");
    std::vector<TraitAssociation> traits;
    for (std::size_t i = 0; i < names.size(); ++i)
        traits.push_back({.name = names[i],
                          .kind = kinds[i],
                          .ranked = transformations[i] == "rank_inverse_normal",
                          .n = n[i],
                          .cases = cases[i],
                          .lambda = lambda[i]});
    return traits;
}

std::vector<std::pair<std::string, std::string>> read_skipped(const H5File& file) {
    std::vector<std::pair<std::string, std::string>> skipped;
    if (!file.exists("traits_skipped")) return skipped;
    const auto table = file.read("traits_skipped");
    const auto names = words(table, "name"), reasons = words(table, "reason");
    for (std::size_t i = 0; i < names.size(); ++i)
        skipped.emplace_back(names[i], reasons[i]);
    return skipped;
}

namespace {

TableSpec locus_table() {
    return {.name = "loci",
            .row = "locus",
            .doc = "Lead variants, best first.",
            .columns = {{"chromosome", ColumnType::text, "", "Chromosome."},
                        {"variant_id", ColumnType::text, "", "Identifier in the input."},
                        {"other_allele", ColumnType::text, "", "REF."},
                        {"effect_allele", ColumnType::text, "", "ALT."},
                        {"base_pair_location", ColumnType::u64, "bp", "1-based position."},
                        {"effect_allele_frequency", ColumnType::f64, "proportion",
                         "Frequency of the effect allele."},
                        {"beta", ColumnType::f64, "1", "Effect per copy."},
                        {"standard_error", ColumnType::f64, "1", "Standard error of beta."},
                        {"neg_log10_p", ColumnType::f64, "1", "Significance."}}};
}

std::span<const std::uint8_t> bytes_of(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string text_of(const H5File& file, const std::string& name) {
    const auto bytes = file.read_array<std::uint8_t>(name);
    return {bytes.begin(), bytes.end()};
}

} // namespace

void write_trait(H5File& file, const TraitAssociation& trait) {
    TableData loci(locus_table());
    for (const Locus& locus : trait.loci) {
        loci.column<std::string>("chromosome").push_back(locus.chromosome);
        loci.column<std::string>("variant_id").push_back(locus.id);
        loci.column<std::string>("other_allele").push_back(locus.other_allele);
        loci.column<std::string>("effect_allele").push_back(locus.effect_allele);
        loci.column<std::uint64_t>("base_pair_location").push_back(locus.position);
        loci.column<double>("effect_allele_frequency").push_back(locus.frequency);
        loci.column<double>("beta").push_back(locus.beta);
        loci.column<double>("standard_error").push_back(locus.standard_error);
        loci.column<double>("neg_log10_p").push_back(locus.neg_log10_p);
    }
    file.write(loci);
    file.write_array<std::uint8_t>("manhattan", bytes_of(trait.manhattan));
    file.write_array<std::uint8_t>("qq", bytes_of(trait.qq));
    file.attribute("/", "tested", static_cast<std::int64_t>(trait.tested));
    file.attribute("/", "significant_loci", static_cast<std::int64_t>(trait.significant_loci));
}

void read_trait(const H5File& file, TraitAssociation& trait) {
    const auto loci = file.read("loci");
    for (std::size_t i = 0; i < loci.rows(); ++i)
        trait.loci.push_back({.chromosome = words(loci, "chromosome")[i],
                              .id = words(loci, "variant_id")[i],
                              .other_allele = words(loci, "other_allele")[i],
                              .effect_allele = words(loci, "effect_allele")[i],
                              .position = counts(loci, "base_pair_location")[i],
                              .frequency = numbers(loci, "effect_allele_frequency")[i],
                              .beta = numbers(loci, "beta")[i],
                              .standard_error = numbers(loci, "standard_error")[i],
                              .neg_log10_p = numbers(loci, "neg_log10_p")[i]});
    trait.manhattan = text_of(file, "manhattan");
    trait.qq = text_of(file, "qq");
    trait.tested = static_cast<std::uint64_t>(file.integer_attribute("/", "tested").value_or(0));
    trait.significant_loci =
        static_cast<std::uint64_t>(file.integer_attribute("/", "significant_loci").value_or(0));
}

} // namespace salus::report
