#pragma once

// Small result files in the layout of the stages, for tests of the report.

#include "base/random.hpp"
#include "base/text.hpp"
#include "store/h5.hpp"
#include "unit/stages/report/example_structure.hpp"

#include "unit/stages/report/example_structure.hpp"
#include <algorithm>
#include <array>
#include <cmath>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace salus::example {

/// How often `word` stands in `text`.
inline std::size_t occurrences(const std::string& text, const std::string& word) {
    std::size_t n = 0;
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
        ++n;
    return n;
}

struct Sizes {
    std::size_t samples = 1000;
    std::size_t variants = 20000;
};

inline const std::array<std::string, 3>& traits() {
    static const std::array<std::string, 3> names = {"ldl_cholesterol", "body_height",
                                                     "type_2_diabetes"};
    return names;
}

/// Where each variant lies: 22 autosomes and X, shorter ones with fewer variants.
struct Place {
    std::string chromosome;
    std::uint32_t position;
};
inline Place place_of(std::size_t v, std::size_t variants) {
    static constexpr std::array<double, 23> megabases = {249, 242, 198, 190, 182, 171, 159, 145,
                                                         138, 134, 135, 133, 114, 107, 102, 90,
                                                         83,  80,  59,  64,  47,  51,  156};
    double genome = 0;
    for (const double m : megabases)
        genome += m;
    double at = genome * (static_cast<double>(v) + 0.5) / static_cast<double>(variants);
    std::size_t c = 0;
    while (at >= megabases[c])
        at -= megabases[c++];
    return {c == 22 ? "X" : std::to_string(c + 1), static_cast<std::uint32_t>(at * 1e6) + 1};
}

inline double outcome(std::size_t trait, std::size_t sample) {
    Rng rng(7, "example.outcome", trait << 40 | sample);
    if (rng.uniform() < 0.08) return std::nan("");
    const double liability = rng.normal();
    return trait == 0        ? 128 + 31 * liability
           : trait == 1      ? 170 + 9 * liability
           : liability > 0.9 ? 1.0
                             : 0.0;
}

inline void provenance(H5File& file, const std::string& stage, const std::string& cited) {
    file.attribute("/provenance", "stage", stage);
    file.attribute("/provenance", "version", "0.1.0");
    file.attribute("/provenance", "title", "Example cohort");
    file.attribute("/provenance", "seed", "1");
    file.attribute("/provenance", "parameters", "{\"call_rate_min\": 0.95}");
    file.attribute("/provenance", "citations", cited);
}

inline void write_phenotypes(const std::filesystem::path& path, const Sizes& sizes) {
    using enum ColumnType;
    TableData samples({"samples",
                       "sample",
                       "Samples.",
                       {{"sample_id", text, "", "Id"},
                        {"sex", u8, "code", "Sex"},
                        {"group", text, "", "Group"},
                        {"has_record", u8, "0 or 1", "Record"}}});
    TableData values({"traits",
                      "sample",
                      "Traits.",
                      {{traits()[0], f64, "mg/dL", "LDL"},
                       {traits()[1], f64, "cm", "Height"},
                       {traits()[2], f64, "0 or 1", "Diabetes"}}});
    TableData covariates({"covariates",
                          "sample",
                          "Covariates.",
                          {{"age", f64, "a", "Age"}, {"sex_male", f64, "0 or 1", "Male"}}});
    TableData info({"trait_info",
                    "trait",
                    "Traits.",
                    {{"name", text, "", "Name"},
                     {"kind", text, "", "Kind"},
                     {"unit", text, "", "Unit"},
                     {"doc", text, "", "Doc"},
                     {"n", u64, "people", "n"},
                     {"cases", u64, "people", "cases"}}});
    static constexpr std::array<const char*, 4> groups = {"EUR", "AFR", "EAS", "SAS"};
    for (std::size_t i = 0; i < sizes.samples; ++i) {
        samples.column<std::string>("sample_id").push_back(salus::text("S", i));
        samples.column<std::uint8_t>("sex").push_back(i == 17 ? 0 : i % 2 ? 1 : 2);
        samples.column<std::string>("group").push_back(groups[i % 10 < 5   ? 0
                                                              : i % 10 < 7 ? 1
                                                              : i % 10 < 9 ? 2
                                                                           : 3]);
        samples.column<std::uint8_t>("has_record").push_back(i % 20 != 0);
        for (std::size_t t = 0; t < 3; ++t)
            values.column<double>(traits()[t]).push_back(outcome(t, i));
        covariates.column<double>("age").push_back(40 + static_cast<double>(i % 40));
        covariates.column<double>("sex_male").push_back(i % 2 ? 1 : 0);
    }
    for (std::size_t t = 0; t < 3; ++t) {
        info.column<std::string>("name").push_back(traits()[t]);
        info.column<std::string>("kind").push_back(t == 2 ? "binary" : "quantitative");
        info.column<std::string>("unit").push_back(t == 0 ? "mg/dL" : t == 1 ? "cm" : "");
        info.column<std::string>("doc").push_back(
            t == 0 ? "LDL cholesterol in serum, median of all measurements" : "");
        info.column<std::uint64_t>("n").push_back(0);
        info.column<std::uint64_t>("cases").push_back(0);
    }
    H5File file = H5File::create(path);
    for (const auto* table : {&samples, &values, &covariates, &info})
        file.write(*table);
    provenance(file, "phenotypes", "");
    file.close();
}

inline void write_quality(const std::filesystem::path& path, const Sizes& sizes) {
    using enum ColumnType;
    TableData variants({"variants",
                        "variant",
                        "Variants.",
                        {{"chromosome", text, "", "Chromosome"},
                         {"call_rate", f64, "proportion", "Call rate"},
                         {"alt_frequency", f64, "proportion", "Frequency"},
                         {"hwe_neg_log10_p", f64, "-log10 p", "HWE"},
                         {"pass", u8, "0 or 1", "Pass"},
                         {"fail_reason", text, "", "Reason"}}});
    TableData samples({"samples",
                       "sample",
                       "Samples.",
                       {{"inbreeding_f", f64, "1", "F"},
                        {"pass", u8, "0 or 1", "Pass"},
                        {"fail_reason", text, "", "Reason"}}});
    for (std::size_t v = 0; v < sizes.variants; ++v) {
        Rng rng(7, "example.quality", v);
        const double frequency = 0.5 * std::pow(rng.uniform(), 3),
                     rate = 1 - 0.01 * rng.exponential(),
                     hwe = 0.4 * rng.exponential() / 0.9 + (v % 997 == 0 ? 9 : 0);
        const std::string reason = std::string(rate < 0.95 ? "low_call_rate" : "") +
                                   (rate < 0.95 && hwe > 8 ? ";" : "") +
                                   (hwe > 8 ? "hardy_weinberg" : "");
        variants.column<std::string>("chromosome")
            .push_back(place_of(v, sizes.variants).chromosome);
        variants.column<double>("call_rate").push_back(std::max(0.0, rate));
        variants.column<double>("alt_frequency").push_back(frequency);
        variants.column<double>("hwe_neg_log10_p").push_back(hwe);
        variants.column<std::uint8_t>("pass").push_back(reason.empty());
        variants.column<std::string>("fail_reason").push_back(reason);
    }
    for (std::size_t i = 0; i < sizes.samples; ++i) {
        const std::string reason = i % 200 == 3    ? "sex_mismatch"
                                   : i % 100 == 50 ? "duplicate"
                                   : i == 77       ? "low_call_rate"
                                                   : "";
        samples.column<double>("inbreeding_f")
            .push_back(0.03 + 0.04 * Rng(7, "example.f", i).normal());
        samples.column<std::uint8_t>("pass").push_back(reason.empty());
        samples.column<std::string>("fail_reason").push_back(reason);
    }
    H5File file = H5File::create(path);
    file.write(variants);
    file.write(samples);
    provenance(file, "quality",
               "Wigginton JE, Cutler DJ, Abecasis GR (2005) A note on exact tests of "
               "Hardy-Weinberg equilibrium. doi:10.1086/429864");
    file.close();
}

/// -log10 p of the null, with a peak at three places per trait.
inline double significance(std::size_t trait, std::size_t v, std::size_t variants) {
    Rng rng(7, "example.tests", trait << 40 | v);
    double value = -std::log10(rng.uniform());
    for (std::size_t peak = 1; peak <= 3; ++peak) {
        const double centre =
            static_cast<double>(variants) *
            (0.07 + 0.27 * static_cast<double>(peak) + 0.04 * static_cast<double>(trait));
        const double away = (static_cast<double>(v) - centre) / 3.0;
        value +=
            (24.0 / static_cast<double>(peak + trait)) * std::exp(-away * away) * rng.uniform();
    }
    return value;
}

inline void write_association(const std::filesystem::path& path, const Sizes& sizes) {
    using enum ColumnType;
    TableData variants({"variants",
                        "variant",
                        "Variants.",
                        {{"chromosome", text, "", "Chromosome"},
                         {"base_pair_location", u32, "bp", "Position"},
                         {"variant_id", text, "", "Id"},
                         {"other_allele", text, "", "REF"},
                         {"effect_allele", text, "", "ALT"}}});
    for (std::size_t v = 0; v < sizes.variants; ++v) {
        const auto place = place_of(v, sizes.variants);
        variants.column<std::string>("chromosome").push_back(place.chromosome);
        variants.column<std::uint32_t>("base_pair_location").push_back(place.position);
        variants.column<std::string>("variant_id")
            .push_back(v % 3 ? salus::text("rs", 1000 + v) : "");
        variants.column<std::string>("other_allele").push_back(v % 50 ? "C" : "CTTTTTGACAATTA");
        variants.column<std::string>("effect_allele").push_back("T");
    }
    H5File file = H5File::create(path);
    file.write(variants);
    TableData summary({"trait_summary",
                       "trait",
                       "Traits.",
                       {{"name", text, "", "Name"},
                        {"kind", text, "", "Kind"},
                        {"n", u64, "people", "n"},
                        {"n_cases", u64, "people", "Cases"},
                        {"lambda_gc", f64, "1", "Lambda"}}});
    for (std::size_t t = 0; t < 3; ++t) {
        TableData tests({"traits/" + traits()[t],
                         "variant",
                         "Tests.",
                         {{"effect_allele_frequency", f64, "proportion", "Frequency"},
                          {"beta", f64, "1", "Beta"},
                          {"standard_error", f64, "1", "SE"},
                          {"neg_log10_p", f64, "-log10 p", "p"}}});
        for (std::size_t v = 0; v < sizes.variants; ++v) {
            const double p = v % 1000 == 999 ? std::nan("") : significance(t, v, sizes.variants);
            tests.column<double>("effect_allele_frequency")
                .push_back(0.01 + static_cast<double>(v % 49) / 100);
            tests.column<double>("beta").push_back(std::sqrt(p) * (v % 2 ? -1.3 : 1.3));
            tests.column<double>("standard_error").push_back(0.8);
            tests.column<double>("neg_log10_p").push_back(p);
        }
        file.write(tests);
        summary.column<std::string>("name").push_back(traits()[t]);
        summary.column<std::string>("kind").push_back(t == 2 ? "binary" : "quantitative");
        summary.column<std::uint64_t>("n").push_back(920);
        summary.column<std::uint64_t>("n_cases").push_back(t == 2 ? 171 : 0);
        summary.column<double>("lambda_gc").push_back(1.004 + 0.01 * static_cast<double>(t));
    }
    file.write(summary);
    provenance(file, "association",
               "Purcell S et al. (2007) PLINK: a tool set for whole-genome association. "
               "doi:10.1086/519795");
    file.close();
}

inline TableData validation_example() {
    using enum ColumnType;
    return TableData({"validation",
                      "measure",
                      "Measures.",
                      {{"trait", text, "", "Trait"},
                       {"group", text, "", "Group"},
                       {"metric", text, "", "Metric"},
                       {"model", text, "", "Model"},
                       {"estimate", f64, "1", "Estimate"},
                       {"lower", f64, "1", "Lower"},
                       {"upper", f64, "1", "Upper"},
                       {"n", u64, "people", "n"},
                       {"cases", u64, "people", "Cases"}}});
}

/// Measures of a trait: the score grows weaker from group to group.
inline void add_measures(TableData& table, std::size_t t) {
    static constexpr std::array<const char*, 5> groups = {"all", "EUR", "AFR", "EAS", "SAS"};
    const bool binary = t == 2;
    for (std::size_t g = 0; g < groups.size(); ++g)
        for (const std::string model : {"covariates", "score", "both", "both-covariates"}) {
            const bool gain = model == "both-covariates";
            const double strength = model == "covariates" ? 0.4 : model == "score" ? 1.0 : 1.3;
            const double estimate =
                (binary && !gain ? 0.5 : 0.0) + strength * (0.17 - 0.02 * static_cast<double>(g));
            const double half = g == 0 ? 0.03 : 0.05 + 0.01 * static_cast<double>(g);
            table.column<std::string>("trait").push_back(traits()[t]);
            table.column<std::string>("group").push_back(groups[g]);
            table.column<std::string>("metric").push_back(
                gain     ? (binary ? "auc_difference" : "incremental_r2")
                : binary ? "auc"
                         : "r2");
            table.column<std::string>("model").push_back(model);
            table.column<double>("estimate").push_back(estimate);
            table.column<double>("lower").push_back(estimate - half);
            table.column<double>("upper").push_back(estimate + half);
            table.column<std::uint64_t>("n").push_back(g == 0 ? 460 : 100);
            table.column<std::uint64_t>("cases").push_back(!binary  ? 0
                                                           : g == 0 ? 85
                                                           : g == 4 ? 3
                                                                    : 20);
        }
}

inline TableData scores_example(std::size_t t, const Sizes& sizes) {
    using enum ColumnType;
    TableData table({"scores/" + traits()[t],
                     "sample",
                     "Scores.",
                     {{"sample_id", text, "", "Id"},
                      {"half", u8, "code", "Half"},
                      {"used", u8, "0 or 1", "Used"},
                      {"score", f64, "1", "Score"},
                      {"predicted", f64, "1", "Predicted"}}});
    for (std::size_t i = 0; i < sizes.samples; ++i) {
        const double y = outcome(t, i);
        const double z = std::isnan(y) ? 0
                         : t == 0      ? (y - 128) / 31
                         : t == 1      ? (y - 170) / 9
                                       : 1.2 * y;
        table.column<std::string>("sample_id").push_back(salus::text("S", i));
        table.column<std::uint8_t>("half").push_back(i / 2 % 2);
        table.column<std::uint8_t>("used").push_back(!std::isnan(y));
        table.column<double>("score").push_back(0.5 * z +
                                                Rng(7, "example.score", t << 40 | i).normal());
        table.column<double>("predicted").push_back(0);
    }
    return table;
}

/// Ten bins whose observed means rise, by prediction (`x` mean_predicted) or by score (`x` bin).
inline TableData bins_example(const std::string& name, const std::string& x, std::size_t t) {
    using enum ColumnType;
    TableData table({name + "/" + traits()[t],
                     name + "_bin",
                     "Bins.",
                     {{x, f64, "1", "Where"},
                      {"mean_observed", f64, "1", "Observed"},
                      {"lower", f64, "1", "Lower"},
                      {"upper", f64, "1", "Upper"},
                      {"n", u64, "people", "n"}}});
    const double base = t == 2 ? 0.05 : t == 0 ? 105 : 160, step = t == 2 ? 0.035 : t == 0 ? 5 : 2;
    for (int d = 0; d < 10; ++d) {
        const double at = base + step * d, seen = at + step * (d % 2 ? 0.5 : -0.4);
        table.column<double>(x).push_back(x == "bin" ? d + 1 : at);
        table.column<double>("mean_observed").push_back(seen);
        table.column<double>("lower").push_back(seen - 1.3 * step);
        table.column<double>("upper").push_back(seen + 1.4 * step);
        table.column<std::uint64_t>("n").push_back(46);
    }
    return table;
}

inline TableData roc_example(std::size_t t) {
    using enum ColumnType;
    TableData table(
        {"roc/" + traits()[t],
         "point",
         "ROC.",
         {{"false_positive_rate", f64, "1", "x"}, {"true_positive_rate", f64, "1", "y"}}});
    for (int i = 0; i <= 100; ++i) {
        table.column<double>("false_positive_rate").push_back(i / 100.0);
        table.column<double>("true_positive_rate").push_back(std::sqrt(i / 100.0));
    }
    return table;
}

inline void write_risk(const std::filesystem::path& path, const Sizes& sizes) {
    TableData validation = validation_example();
    H5File file = H5File::create(path);
    for (std::size_t t = 0; t < 3; ++t) {
        add_measures(validation, t);
        file.write(scores_example(t, sizes));
        file.write(bins_example("calibration", "mean_predicted", t));
        file.write(bins_example("quantiles", "bin", t));
        if (t == 2) file.write(roc_example(t));
    }
    file.write(validation);
    provenance(file, "risk",
               "Purcell SM et al. (2009) Common polygenic variation contributes to risk of "
               "schizophrenia. doi:10.1038/nature08185");
    file.close();
}

/// The result files in a folder, by port.
inline std::map<std::string, std::vector<std::filesystem::path>>
write_all(const std::filesystem::path& folder, const Sizes& sizes = {}) {
    write_phenotypes(folder / "phenotypes.h5", sizes);
    write_quality(folder / "quality.h5", sizes);
    write_association(folder / "association.h5", sizes);
    write_risk(folder / "risk.h5", sizes);
    std::map<std::string, std::vector<std::filesystem::path>> inputs = write_structure(folder);
    for (const char* port : {"phenotypes", "quality", "association", "risk"})
        inputs[port] = {folder / text(port, ".h5")};
    return inputs;
}

} // namespace salus::example
