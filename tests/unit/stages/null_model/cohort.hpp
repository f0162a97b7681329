#pragma once

#include "base/log.hpp"
#include "base/numbers.hpp"
#include "base/random.hpp"
#include "formats/loco_predictions.hpp"
#include "parallel/parallel_for.hpp"
#include "run/context.hpp"
#include "stages/null_model/null_model.hpp"
#include "support/genotype_store.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace salus::test {

/// Polygenic traits on 3 autosomes and X, with missing genotypes, covariates and traits.
class NullModelCohort : public testing::Test {
protected:
    static constexpr std::size_t samples = 240, on_autosome = 30, on_x = 5;

    NullModelCohort() {
        folder_ = std::filesystem::path(testing::TempDir()) /
                  (std::string("null-model-") +
                   testing::UnitTest::GetInstance()->current_test_info()->name());
        std::filesystem::remove_all(folder_);
        for (std::size_t i = 0; i < samples; ++i) {
            store_.samples.id.push_back("s" + std::to_string(i));
            store_.samples.sex.push_back(Sex::unknown);
        }
        store_.genome_build = "GRCh38";
        for (const char* chromosome : {"chr1", "chr2", "chr3", "chrX"})
            add_chromosome(chromosome);
        write_small_store(folder_ / "store", store_, {part_});
        make_traits();
    }
    ~NullModelCohort() override { std::filesystem::remove_all(folder_); }

    void add_chromosome(const std::string& name) {
        const std::size_t count = name == "chrX" ? on_x : on_autosome;
        std::vector<std::uint8_t> before(samples);
        for (std::size_t v = 0; v < count; ++v) {
            Rng rng(31, "variant-" + name, v);
            std::vector<std::uint8_t> row(packed_bytes(samples)), calls(samples);
            const double f = 0.1 + 0.4 * rng.uniform();
            for (std::size_t i = 0; i < samples; ++i) {
                calls[i] = static_cast<std::uint8_t>(rng.bernoulli(f) + rng.bernoulli(f));
                if (v > 0 && rng.bernoulli(0.6)) calls[i] = before[i]; // LD
                if (v == 7) calls[i] = 2;                              // monomorphic
                packed_set(row, i,
                           v % 3 == 1 && rng.bernoulli(0.04) ? std::uint8_t{missing} : calls[i]);
            }
            before = calls;
            part_.variants.push_back({.chromosome = name,
                                      .position = static_cast<std::uint32_t>(1000 + 100 * v),
                                      .ref = "A",
                                      .alt = "C"});
            part_.rows.push_back(std::move(row));
        }
    }
    double copies(std::size_t v, std::size_t i) const {
        const auto call = packed_get(part_.rows[v], i);
        return call == missing ? 1 : call;
    }

    void make_traits() {
        std::vector<double> age, male;
        for (std::size_t i = 0; i < samples; ++i) {
            Rng rng(32, "person", i);
            age.push_back(i == 5 ? nan : 40 + 10 * rng.normal());
            male.push_back(rng.bernoulli(0.5));
            double genetic = 0;
            for (std::size_t v = 0; v < 3 * on_autosome; v += 5)
                genetic += 0.5 * (v % 2 == 0 ? 1 : -1) * (copies(v, i) - 0.6);
            genetic_.push_back(genetic);
            const double base = 50 + 3 * male[i] + 4 * genetic + 5 * rng.normal();
            traits_["whole"].push_back(base);
            traits_["few_missing"].push_back(rng.bernoulli(0.03) ? nan : base + rng.normal());
            traits_["many_missing"].push_back(rng.bernoulli(0.4) ? nan : base + rng.normal());
            const double odds = -0.5 + 1.2 * genetic + 0.4 * male[i];
            traits_["disease"].push_back(rng.bernoulli(1 / (1 + std::exp(-odds))));
            traits_["disease_missing"].push_back(rng.bernoulli(0.02) ? nan
                                                                     : traits_["disease"].back());
            traits_["constant"].push_back(7);
            traits_["healthy"].push_back(0);
            traits_["tiny"].push_back(i < 4 ? base : nan);
            traits_["is_male"].push_back(male[i]);
        }
        covariates_ = {{"age", age}, {"male", male}};
        binary_ = {"disease", "disease_missing", "healthy", "is_male"};
    }

    static TableData table_of(const std::string& name,
                              const std::map<std::string, std::vector<double>>& columns) {
        TableSpec spec{.name = name, .row = "sample", .doc = "d", .columns = {}};
        for (const auto& [column, values] : columns)
            spec.columns.push_back({column, ColumnType::f64, "1", "d"});
        TableData data(spec);
        for (const auto& [column, values] : columns)
            data.column<double>(column) = values;
        return data;
    }
    std::filesystem::path write_phenotypes() const {
        const auto path = folder_ / "phenotypes.h5";
        H5File file = H5File::create(path);
        const auto texts = [](const char* name, std::vector<std::string> columns) {
            TableSpec spec{.name = name, .row = "row", .doc = "d", .columns = {}};
            for (const auto& column : columns)
                spec.columns.push_back({column, ColumnType::text, "", "d"});
            return TableData(spec);
        };
        TableData people = texts("samples", {"sample_id"}),
                  info = texts("trait_info", {"name", "kind"});
        people.column<std::string>("sample_id") = store_.samples.id;
        for (const auto& [name, values] : traits_) {
            info.column<std::string>("name").push_back(name);
            info.column<std::string>("kind").push_back(binary_.contains(name) ? "binary"
                                                                              : "quantitative");
        }
        for (const TableData& table :
             {people, info, table_of("traits", traits_), table_of("covariates", covariates_)})
            file.write(table);
        file.close();
        return path;
    }

    static NullModelParams small_params() {
        NullModelParams params;
        params.block_size = 12;
        params.minor_allele_count_min = 1;
        return params;
    }
    std::filesystem::path run(const NullModelParams& params, const std::string& name = "result",
                              Inputs more = {}) {
        more["genotypes"] = {folder_ / "store"};
        more["phenotypes"] = {write_phenotypes()};
        RunContext context({.comm = {},
                            .log = Log("test", 0, LogLevel::error),
                            .stage = "null_model",
                            .inputs = std::move(more),
                            .outputs = {{"null_model", folder_ / (name + ".h5")}},
                            .work = folder_ / (name + "-work"),
                            .fingerprint = "f",
                            .provenance = {{"program", "salus"}}});
        run_null_model(params, context);
        return folder_ / (name + ".h5");
    }

    std::filesystem::path folder_;
    StoreDescription store_;
    SmallPart part_;
    std::map<std::string, std::vector<double>> traits_, covariates_;
    std::set<std::string> binary_;
    std::vector<double> genetic_;
};

} // namespace salus::test
