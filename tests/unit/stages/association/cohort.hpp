#pragma once

#include "base/log.hpp"
#include "base/numbers.hpp"
#include "base/random.hpp"
#include "run/context.hpp"
#include "stages/association/association.hpp"
#include "support/genotype_store.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

namespace salus::test {

struct TestColumn {
    std::string name, kind; // kind of a trait; empty for a covariate
    std::vector<double> values;
};

/// A small cohort on disk: genotypes of all shapes, traits and covariates with missing values.
class AssociationCohort : public testing::Test {
protected:
    static constexpr std::size_t samples = 331;

    AssociationCohort() {
        folder_ = std::filesystem::path(testing::TempDir()) /
                  (std::string("association-") +
                   testing::UnitTest::GetInstance()->current_test_info()->name());
        std::filesystem::remove_all(folder_);
        Rng rng(21, "cohort", 0);
        for (std::size_t i = 0; i < samples; ++i) {
            store_.samples.id.push_back("s" + std::to_string(i));
            store_.samples.sex.push_back(rng.bernoulli(0.5) ? Sex::male : Sex::female);
        }
        store_.genome_build = "GRCh38";
        parts_.resize(1);
        for (std::size_t v = 0; v < 200; ++v)
            add_variant("1", v);
        for (std::size_t v = 0; v < 30; ++v)
            add_variant("X", v);
        for (std::size_t v = 0; v < 20; ++v)
            add_variant("Y", v);
        for (std::size_t v = 0; v < 10; ++v)
            add_variant("MT", v);
        write_small_store(folder_ / "store", store_, parts_);
        make_columns();
    }
    ~AssociationCohort() override { std::filesystem::remove_all(folder_); }

    void add_variant(const std::string& chromosome, std::size_t v) {
        Rng rng(22, "variant-" + chromosome, v);
        const double frequencies[] = {0.3, 0.02, 0.97, 0.5, 0.1};
        const double f = frequencies[v % 5], gaps = v % 4 == 1 ? 0.02 : v % 4 == 2 ? 0.3 : 0;
        std::vector<std::uint8_t> row(packed_bytes(samples));
        for (std::size_t i = 0; i < samples; ++i) {
            const bool male = store_.samples.sex[i] == Sex::male;
            const bool haploid = chromosome == "MT" || (chromosome != "1" && male);
            const int first = rng.bernoulli(f) ? 1 : 0, second = rng.bernoulli(f) ? 1 : 0;
            auto call = static_cast<std::uint8_t>(haploid ? 2 * first : first + second);
            if (chromosome == "Y" && !male) call = missing;
            if (haploid && chromosome != "MT" && rng.bernoulli(0.01)) call = het; // impossible
            if (rng.bernoulli(gaps)) call = missing;
            if (chromosome == "1" && v == 197) call = missing;
            if (chromosome == "1" && v == 198) call = hom_alt;
            if (chromosome == "1" && v == 199) call = male ? 1 : 0; // the covariate sex
            packed_set(row, i, call);
        }
        const bool x = chromosome == "X";
        parts_[0].variants.push_back(
            {.chromosome = chromosome,
             .position = static_cast<std::uint32_t>((x ? 20'000'000 : 3'000'000) + 100 * v),
             .id = chromosome + "_" + std::to_string(v),
             .ref = "A",
             .alt = "C"});
        parts_[0].rows.push_back(std::move(row));
    }

    double dosage(std::size_t variant, std::size_t i) const {
        return static_cast<double>(packed_get(parts_[0].rows[variant], i) % 3);
    }

    void make_columns() {
        TestColumn age{"age", "", {}}, male{"sex_male", "", {}}, pc{"pc1", "", {}};
        TestColumn height{"height", "quantitative", {}}, weight{"weight", "quantitative", {}},
            disease{"disease", "binary", {}}, onset{"onset", "date", {}};
        for (std::size_t i = 0; i < samples; ++i) {
            Rng rng(23, "sample", i);
            const bool is_male = store_.samples.sex[i] == Sex::male;
            age.values.push_back(rng.bernoulli(0.02) ? nan : 1950 + 40 * rng.uniform());
            male.values.push_back(is_male ? 1 : 0);
            pc.values.push_back(1e-3 * rng.normal());
            height.values.push_back(170 + 12 * is_male + 2 * dosage(3, i) + 6 * rng.normal());
            weight.values.push_back(rng.bernoulli(0.3) ? nan : std::exp(4 + 0.2 * rng.normal()));
            const double risk = -1.2 + 0.9 * dosage(5, i) + 0.3 * is_male;
            disease.values.push_back(rng.bernoulli(1 / (1 + std::exp(-risk))) ? 1 : 0);
            onset.values.push_back(12000);
        }
        traits_ = {height, weight, disease, onset};
        covariates_ = {age, male, pc};
    }

    static TableData table_of(const std::string& name, const std::vector<TestColumn>& columns) {
        TableSpec spec{.name = name, .row = "sample", .doc = "d", .columns = {}};
        for (const auto& column : columns)
            spec.columns.push_back({column.name, ColumnType::f64, "1", "d"});
        TableData data(spec);
        for (const auto& column : columns)
            data.column<double>(column.name) = column.values;
        return data;
    }

    /// Writes phenotypes.h5 as the phenotypes stage does.
    std::filesystem::path write_phenotypes() const {
        std::filesystem::create_directories(folder_);
        const auto path = folder_ / "phenotypes.h5";
        H5File file = H5File::create(path);
        TableData people({.name = "samples",
                          .row = "sample",
                          .doc = "d",
                          .columns = {{"sample_id", ColumnType::text, "", "d"}}});
        people.column<std::string>("sample_id") = store_.samples.id;
        file.write(people);
        file.write(table_of("traits", traits_));
        if (!times_.empty()) file.write(table_of("times", times_));
        file.write(table_of("covariates", covariates_));
        TableData info({.name = "trait_info",
                        .row = "trait",
                        .doc = "d",
                        .columns = {{"name", ColumnType::text, "", "d"},
                                    {"kind", ColumnType::text, "", "d"}}});
        for (const auto& trait : traits_) {
            info.column<std::string>("name").push_back(trait.name);
            info.column<std::string>("kind").push_back(trait.kind);
        }
        file.write(info);
        file.close();
        return path;
    }

    /// Runs the stage; `quality` may be empty.
    std::filesystem::path run(const AssociationParams& params, const std::string& name = "result",
                              const std::filesystem::path& quality = {},
                              const std::filesystem::path& loco = {},
                              const std::filesystem::path& relatives = {}) {
        Inputs inputs{{"genotypes", {folder_ / "store"}}, {"phenotypes", {write_phenotypes()}}};
        if (!quality.empty()) inputs["quality"] = {quality};
        if (!loco.empty()) inputs["loco"] = {loco};
        if (!relatives.empty()) inputs["relatives"] = {relatives};
        RunContext context({.comm = {},
                            .log = Log("test", 0, LogLevel::error),
                            .stage = "association",
                            .inputs = inputs,
                            .outputs = {{"association", folder_ / (name + ".h5")}},
                            .work = folder_ / (name + "-work"),
                            .fingerprint = "f",
                            .provenance = {{"program", "salus"}}});
        run_association(params, context);
        return folder_ / (name + ".h5");
    }

    const TestColumn& column(const std::string& name) const {
        for (const auto* all : {&traits_, &covariates_}) {
            for (const auto& c : *all) {
                if (c.name == name) return c;
            }
        }
        throw std::runtime_error(name);
    }

    std::filesystem::path folder_;
    StoreDescription store_;
    std::vector<SmallPart> parts_;
    std::vector<TestColumn> traits_, times_, covariates_;
};

} // namespace salus::test
