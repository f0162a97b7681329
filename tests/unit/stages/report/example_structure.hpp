#pragma once

#include "base/random.hpp"
#include "base/text.hpp"
#include "store/h5.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace salus::example {

inline constexpr std::size_t structure_samples = 600;

/// 600 samples of three groups, four samples of a small one, and five that are unassigned.
inline std::string example_group(std::size_t i) {
    return i < 5 ? "unassigned" : i < 9 ? "tiny" : i % 5 == 0 ? "AFR" : i % 5 == 1 ? "EAS" : "EUR";
}

inline void write_components(const std::filesystem::path& path) {
    using enum ColumnType;
    TableData values({"eigenvalues",
                      "component",
                      "Eigenvalues.",
                      {{"pc", u32, "1", "k"},
                       {"eigenvalue", f64, "1", "v"},
                       {"variance_share", f64, "proportion", "s"}}});
    std::vector<ColumnSpec> columns{{"sample_id", ColumnType::text, "", "id"},
                                    {"used", u8, "0 or 1", "used"}};
    const double eigenvalues[] = {38.2, 12.4, 4.1, 2.6, 2.4, 2.35};
    for (std::uint32_t k = 1; k <= 6; ++k) {
        values.column<std::uint32_t>("pc").push_back(k);
        values.column<double>("eigenvalue").push_back(eigenvalues[k - 1]);
        values.column<double>("variance_share").push_back(eigenvalues[k - 1] / 600);
        columns.push_back({salus::text("pc", k), f64, "1", "coordinate"});
    }
    TableData rows({"samples", "sample", "Coordinates.", columns});
    TableData loadings({"loadings", "variant", "Loadings.", {{"scale", f64, "1", "scale"}}});
    loadings.column<double>("scale").assign(9000, 0.5);
    for (std::size_t i = 0; i < structure_samples; ++i) {
        Rng rng(12, "example.structure", i);
        const std::string group = example_group(i);
        const double x = group == "AFR" ? 0.08 : group == "EUR" ? -0.03 : -0.01;
        const double y = group == "EAS" ? 0.07 : group == "EUR" ? -0.03 : -0.01;
        rows.column<std::string>("sample_id").push_back(salus::text("S", i));
        rows.column<std::uint8_t>("used").push_back(i % 10 != 0);
        for (int k = 1; k <= 6; ++k)
            rows.column<double>(salus::text("pc", k))
                .push_back((k == 1   ? x
                            : k == 2 ? y
                                     : 0) +
                           0.006 * rng.normal());
    }
    H5File file = H5File::create(path);
    file.write(values);
    file.write(rows);
    file.write(loadings);
    file.close();
}

inline void write_ancestry(const std::filesystem::path& path) {
    using enum ColumnType;
    TableData rows(
        {"samples",
         "sample",
         "Groups.",
         {{"sample_id", ColumnType::text, "", "id"}, {"group", ColumnType::text, "", "group"}}});
    for (std::size_t i = 0; i < structure_samples; ++i) {
        rows.column<std::string>("sample_id").push_back(salus::text("S", i));
        rows.column<std::string>("group").push_back(example_group(i));
    }
    TableData accuracy({"accuracy",
                        "pair",
                        "Accuracy.",
                        {{"reference_group", ColumnType::text, "", "label"},
                         {"group", ColumnType::text, "", "group"},
                         {"samples", u64, "samples", "count"}}});
    accuracy.column<std::string>("reference_group") = {"AFR", "AFR", "EUR"};
    accuracy.column<std::string>("group") = {"AFR", "unassigned", "EUR"};
    accuracy.column<std::uint64_t>("samples") = {90, 10, 100};
    H5File file = H5File::create(path);
    file.write(rows);
    file.write(accuracy);
    file.close();
}

inline void write_kinship(const std::filesystem::path& path) {
    using enum ColumnType;
    TableData pairs({"pairs",
                     "pair",
                     "Pairs.",
                     {{"variants", u32, "variants", "v"},
                      {"ibs0", u32, "variants", "i"},
                      {"kinship", f64, "kinship", "k"},
                      {"degree", u8, "degree", "d"},
                      {"relation", ColumnType::text, "", "relation"}}});
    const auto add = [&](const char* relation, int degree, double kinship, double ibs0, int count) {
        for (int i = 0; i < count; ++i) {
            Rng rng(13, relation, static_cast<std::uint64_t>(i));
            pairs.column<std::uint32_t>("variants").push_back(10000);
            pairs.column<std::uint32_t>("ibs0").push_back(
                static_cast<std::uint32_t>(10000 * ibs0 * (1 + 0.1 * rng.uniform())));
            pairs.column<double>("kinship").push_back(kinship + 0.01 * rng.normal());
            pairs.column<std::uint8_t>("degree").push_back(static_cast<std::uint8_t>(degree));
            pairs.column<std::string>("relation").push_back(relation);
        }
    };
    add("duplicate_or_twin", 0, 0.49, 0, 7);
    add("parent_child", 1, 0.25, 0.001, 60);
    add("full_siblings", 1, 0.25, 0.02, 40);
    add("second_degree", 2, 0.125, 0.035, 3);
    add("third_degree", 3, 0.0625, 0.05, 25);
    TableData samples({"samples",
                       "sample",
                       "Samples.",
                       {{"relatives", u32, "samples", "r"}, {"unrelated", u8, "0 or 1", "u"}}});
    for (std::size_t i = 0; i < structure_samples; ++i) {
        samples.column<std::uint32_t>("relatives").push_back(i % 4 == 0);
        samples.column<std::uint8_t>("unrelated").push_back(i % 8 != 0);
    }
    H5File file = H5File::create(path);
    file.write(pairs);
    file.write(samples);
    file.close();
}

/// Results of population structure in a folder, by port.
inline std::map<std::string, std::vector<std::filesystem::path>>
write_structure(const std::filesystem::path& folder) {
    write_components(folder / "components.h5");
    write_ancestry(folder / "ancestry.h5");
    write_kinship(folder / "kinship.h5");
    H5File ld = H5File::create(folder / "ld.h5");
    ld.attribute("/", "candidates", std::int64_t{50000});
    ld.attribute("/", "kept", std::int64_t{9000});
    ld.close();
    return {{"components", {folder / "components.h5"}},
            {"ancestry", {folder / "ancestry.h5"}},
            {"kinship", {folder / "kinship.h5"}},
            {"ld", {folder / "ld.h5"}}};
}

} // namespace salus::example
