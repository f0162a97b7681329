#include "stages/merge_genotypes/merge_genotypes.hpp"

#include "base/error.hpp"
#include "base/random.hpp"
#include "stages/merge_genotypes/window.hpp"
#include "support/variant_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <numeric>

namespace salus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Lines = std::vector<std::string>;

/// Genotypes of everybody at every variant, from which stores are cut.
struct Truth {
    std::vector<Variant> variants;
    std::vector<std::string> calls;           // [variant] "01.2"
    std::vector<std::vector<Dosage>> dosages; // [variant] empty or of all
    std::vector<std::string> phases;          // [variant] "-><-" as digits of Phase, or empty
};

Truth make_truth(std::size_t variants, std::size_t samples) {
    Truth truth;
    Rng rng(3, "merge", variants);
    std::uint32_t position = 1;
    for (std::size_t v = 0; v < variants; ++v) {
        if (v == variants / 2) position = 1;
        position += static_cast<std::uint32_t>(rng.below(3)); // several at one position
        truth.variants.push_back({.chromosome = v < variants / 2 ? "2" : "10",
                                  .position = position,
                                  .id = "v" + std::to_string(v),
                                  .ref = "A",
                                  .alt = "C" + std::string(v % 16, 'G'),
                                  .filter = "PASS",
                                  .info = {std::to_string(v)}});
        std::string calls, phases;
        std::vector<Dosage> dosages;
        for (std::size_t i = 0; i < samples; ++i) {
            const char call = rng.below(v % 3 == 0 ? 40 : 3) == 0 ? "12."[rng.below(3)] : '0';
            calls += call;
            phases += v % 5 == 0 && call == '1' ? "012"[rng.below(3)] : '0';
            const auto sure =
                dosage_of_call(call == '.' ? 3 : static_cast<std::uint8_t>(call - '0'));
            dosages.push_back(rng.below(v % 2 == 0 ? 3 : 30) == 0 && call != '.'
                                  ? static_cast<Dosage>(sure == 0 ? 700 : sure - 700)
                                  : sure);
        }
        truth.calls.push_back(calls);
        truth.phases.push_back(phases);
        truth.dosages.push_back(v % 7 < 3 ? dosages : std::vector<Dosage>{});
    }
    return truth;
}

template <class Text>
Text chosen(const Text& all, const std::vector<std::size_t>& samples) {
    Text some;
    for (const std::size_t i : samples)
        some.push_back(all[i]);
    return some;
}

/// What a store holds: sites, calls, dosages that differ from them, and phase.
Lines content(const std::filesystem::path& path) {
    const auto store = open_genotypes(path);
    VariantBlock block;
    Lines lines;
    const VariantRange all{0, store->variant_count()};
    store->read(all, block, WithPhase::yes);
    const std::vector<Variant> variants = store->variants(all);
    for (std::size_t v = 0; v < variants.size(); ++v) {
        const Variant& variant = variants[v];
        std::string line = variant.chromosome + ":" + std::to_string(variant.position) + " " +
                           variant.id + " " + variant.ref + ">" + variant.alt + " " +
                           variant.filter + " " + test::calls_text(block, v);
        for (const Carrier phased : block.phased(v))
            line += " " + std::to_string(carrier_sample(phased)) + "|" +
                    std::to_string(carrier_call(phased));
        std::vector<Dosage> dosages(store->samples().size());
        block.unpack_dosages(v, dosages);
        for (std::size_t i = 0; i < dosages.size(); ++i)
            line += " " + std::to_string(dosages[i]);
        for (const std::string& info : variant.info)
            line += " " + info;
        lines.push_back(std::move(line));
    }
    return lines;
}

class MergeGenotypesTest : public testing::Test {
protected:
    ~MergeGenotypesTest() override { std::filesystem::remove_all(folder_); }

    /// Some variants and samples of the truth as a store.
    std::filesystem::path store(const std::string& name, const Truth& truth,
                                const std::vector<std::size_t>& variants,
                                const std::vector<std::size_t>& samples, bool info = true) {
        test::SmallPart part;
        for (const std::size_t v : variants) {
            part.variants.push_back(truth.variants[v]);
            if (!info) part.variants.back().info.clear();
            part.rows.push_back(test::packed_row(chosen(truth.calls[v], samples)));
            part.phase.push_back(test::packed_row(chosen(truth.phases[v], samples)));
            part.dosages.push_back(truth.dosages[v].empty() ? std::vector<Dosage>{}
                                                            : chosen(truth.dosages[v], samples));
        }
        StoreDescription description{.genome_build = build_};
        for (const std::size_t i : samples) {
            description.samples.id.push_back("S" + std::to_string(i));
            description.samples.sex.push_back(static_cast<Sex>(i % 3));
        }
        if (info) description.info = {"N"};
        test::write_small_store(folder_ / name, description, {part});
        return folder_ / name;
    }
    std::filesystem::path merged() const { return folder_ / "out/genotypes.store"; }
    void merge(std::vector<std::filesystem::path> stores, MergeGenotypesParams params = {}) {
        RunContext::Setup setup{.comm = {},
                                .log = Log("merge_genotypes", 0, LogLevel::error),
                                .stage = "merge_genotypes"};
        std::filesystem::remove_all(folder_ / "out");
        setup.work = folder_ / "out/work";
        setup.fingerprint = "test";
        setup.outputs["genotypes"] = merged();
        setup.inputs["genotypes"] = std::move(stores);
        RunContext context(setup);
        run_merge_genotypes(params, context);
    }
    std::string error_of(std::vector<std::filesystem::path> stores) {
        try {
            merge(std::move(stores));
        } catch (const DataError& error) {
            EXPECT_FALSE(std::filesystem::exists(merged()));
            EXPECT_THAT(error.what(), testing::Not(HasSubstr("S1"))); // never a name of a person
            return error.what();
        }
        return "no error";
    }
    std::int64_t fact(const char* name) const {
        return H5File::open(merged() / "index.h5").integer_attribute("/", name).value_or(-1);
    }
    static std::vector<std::size_t> all(std::size_t count) {
        std::vector<std::size_t> indices(count);
        std::iota(indices.begin(), indices.end(), std::size_t{0});
        return indices;
    }

    std::filesystem::path folder_ =
        std::filesystem::temp_directory_path() / ("salus-merge-" + std::to_string(::getpid()));
    std::string build_ = "GRCh38";
};

TEST(AppendCalls, EveryOffsetAndLength) {
    Rng rng(1, "append", 0);
    for (std::size_t before = 0; before < 9; ++before)
        for (std::size_t samples = 0; samples < 9; ++samples) {
            std::string first, second;
            for (std::size_t i = 0; i < before; ++i)
                first += "012."[rng.below(4)];
            for (std::size_t i = 0; i < samples; ++i)
                second += "012."[rng.below(4)];
            std::vector<std::uint8_t> out(packed_bytes(before + samples));
            append_calls_at(out, 0, test::packed_row(first), before);
            append_calls_at(out, before, test::packed_row(second), samples);
            EXPECT_EQ(out, test::packed_row(first + second));
        }
}

TEST_F(MergeGenotypesTest, BatchesOfSamplesEqualOneStore) {
    constexpr std::size_t variants = 3000, samples = 23;
    const Truth truth = make_truth(variants, samples);
    const auto whole = store("whole", truth, all(variants), all(samples), false);
    std::vector<std::size_t> first, second, third;
    for (std::size_t i = 0; i < samples; ++i)
        (i < 6 ? first : i < 17 ? second : third).push_back(i);
    merge({store("a", truth, all(variants), first), store("b", truth, all(variants), second),
           store("c", truth, all(variants), third)});
    EXPECT_EQ(content(merged()), content(whole));
    EXPECT_EQ(open_genotypes(merged())->samples().id, open_genotypes(whole)->samples().id);
    EXPECT_EQ(open_genotypes(merged())->samples().sex, open_genotypes(whole)->samples().sex);
    EXPECT_EQ(fact("merge_variants_left_out"), 0);
    EXPECT_GT(H5File::open(merged() / "index.h5").rows("parts"), 2U); // several units
}

TEST_F(MergeGenotypesTest, SitesThatAreNotInAllBatches) {
    constexpr std::size_t variants = 900, samples = 10;
    Truth truth = make_truth(variants, samples);
    std::vector<std::size_t> in_a, in_b, in_both;
    for (std::size_t v = 0; v < variants; ++v) {
        if (v % 3 != 0) in_a.push_back(v);
        if (v % 5 != 0) in_b.push_back(v);
        if (v % 3 != 0 && v % 5 != 0) in_both.push_back(v);
    }
    const std::vector<std::size_t> early{0, 1, 2, 3, 4}, late{5, 6, 7, 8, 9};
    const auto a = store("a", truth, in_a, early), b = store("b", truth, in_b, late);
    merge({a, b});
    EXPECT_EQ(content(merged()), content(store("both", truth, in_both, all(samples), false)));
    EXPECT_EQ(fact("merge_variants_left_out"), 360); // 120 in one alone, 240 in the other
    // The union: who is not in the store of a variant is missing.
    std::vector<std::size_t> in_any;
    for (std::size_t v = 0; v < variants; ++v) {
        if (v % 15 == 0) continue;
        in_any.push_back(v);
        for (std::size_t i = 0; i < samples; ++i)
            if ((i < 5 && v % 3 == 0) || (i >= 5 && v % 5 == 0)) {
                truth.calls[v][i] = '.';
                truth.phases[v][i] = '0';
                if (!truth.dosages[v].empty()) truth.dosages[v][i] = dosage_missing;
            }
    }
    merge({a, b}, {.sites = "union"});
    Lines expected = content(store("any", truth, in_any, all(samples), false));
    Lines got = content(merged());
    std::sort(expected.begin(), expected.end()); // at one position the first store goes first
    std::sort(got.begin(), got.end());
    EXPECT_EQ(got, expected);
    EXPECT_EQ(fact("merge_variants_filled"), 360);
}

TEST_F(MergeGenotypesTest, VariantsOfTheSameSamples) {
    constexpr std::size_t variants = 2000, samples = 9;
    Truth truth = make_truth(variants, samples);
    for (std::size_t v = 0; v < variants; ++v) // one at each position, so that the order is known
        truth.variants[v].position = static_cast<std::uint32_t>(10 * (v % 1000) + 1);
    const auto whole = store("whole", truth, all(variants), all(samples));
    std::vector<std::size_t> two, ten, odd, even;
    for (std::size_t v = 0; v < variants; ++v) {
        (v < variants / 2 ? two : ten).push_back(v);
        (v % 2 == 0 ? even : odd).push_back(v);
    }
    // By chromosome, in the order given ("2" before "10" in the truth).
    merge({store("two", truth, two, all(samples)), store("ten", truth, ten, all(samples))});
    EXPECT_EQ(content(merged()), content(whole));
    // Between each other, and with the samples in another order.
    std::vector<std::size_t> shuffled{4, 8, 0, 2, 6, 1, 3, 7, 5};
    merge({store("even", truth, even, all(samples)), store("odd", truth, odd, shuffled)});
    EXPECT_EQ(content(merged()), content(whole));
}

TEST_F(MergeGenotypesTest, WhatDoesNotFitTogether) {
    const Truth truth = make_truth(40, 6);
    const auto a = store("a", truth, {0, 1, 2, 30}, {0, 1, 2});
    EXPECT_THAT(error_of({a, store("b", truth, {0, 1}, {2, 3})}),
                HasSubstr("1 samples are in another store"));
    EXPECT_THAT(error_of({a, store("c", truth, {1, 3}, {0, 1, 2})}), HasSubstr("the same variant"));
    EXPECT_THAT(error_of({a, store("d", truth, {4}, {3, 4})}), HasSubstr("is empty"));
    Truth turned = truth;
    for (Variant& variant : turned.variants)
        variant.chromosome = variant.chromosome == "2" ? "10" : "2";
    EXPECT_THAT(error_of({a, store("e", turned, {0, 30}, {3, 4})}), HasSubstr("different orders"));
    build_ = "GRCh37";
    EXPECT_THAT(error_of({a, store("f", truth, {0}, {3})}), HasSubstr("genome build"));
    build_ = "GRCh38";
    auto description = StoreDescription{
        .samples = {.id = {"S0", "S1", "S2"}, .sex = {Sex::male, Sex::male, Sex::male}},
        .genome_build = "GRCh38",
        .info = {}};
    test::write_small_store(
        folder_ / "g", description,
        {{.variants = {{.chromosome = "2", .position = 900, .ref = "A", .alt = "C"}},
          .rows = {test::packed_row("012")}}});
    EXPECT_THAT(error_of({a, folder_ / "g"}), HasSubstr("recorded sex of 1 samples differs"));
    EXPECT_THAT(error_of({a, folder_ / "absent"}), HasSubstr("absent"));
}

/// A VCF as a store, and its sites and calls.
Lines ingest(const std::filesystem::path& vcf, const std::filesystem::path& folder) {
    const auto file = open_genotype_file(vcf);
    const std::size_t samples = file->samples().size();
    const auto reader = file->read(file->ranges(1 << 30, {}).at(0), {}, file->samples().sex);
    test::SmallPart part;
    Lines lines;
    GenotypeRecord record;
    while (reader->next(record))
        for (std::size_t v = 0; v < record.variants.size(); ++v) {
            const Variant& variant = record.variants[v];
            const auto row = record.row(v);
            part.variants.push_back(variant);
            part.rows.emplace_back(row.begin(), row.end());
            lines.push_back(std::to_string(variant.position) + " " + variant.ref + ">" +
                            variant.alt + " " + test::calls_text(row, samples));
        }
    if (!folder.empty())
        test::write_small_store(folder, {.samples = file->samples(), .genome_build = "GRCh38"},
                                {part});
    std::sort(lines.begin(), lines.end());
    return lines;
}

TEST_F(MergeGenotypesTest, UnionAsBcftoolsMerge) {
    const auto succeeds = [](const std::string& command) {
        return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
    };
    if (!succeeds("command -v bcftools")) GTEST_SKIP() << "bcftools is not installed";
    const test::ScratchFolder folder("bcftools-merge");
    Rng rng(9, "bcftools merge", 0);
    std::vector<std::string> bodies(3);
    for (int position = 1; position < 1500; ++position) {
        const std::string alt = rng.below(4) == 0 ? "T" : "C";
        for (std::string& body : bodies) {
            if (rng.below(3) == 0) continue;
            body += "1 " + std::to_string(position) + " . A " +
                    (rng.below(9) == 0 ? std::string("G") : alt) + " . . . GT";
            for (int i = 0; i < 7; ++i)
                body += rng.below(9) == 0 ? " ./." : rng.below(3) == 0 ? " 0/1" : " 0/0";
            body += "\n";
        }
    }
    std::vector<std::filesystem::path> stores;
    std::string command =
        "bcftools merge -m none --force-samples -o " + (folder.path() / "merged.vcf").string();
    for (std::size_t k = 0; k < bodies.size(); ++k) {
        std::string text = test::vcf_text(7, bodies[k]);
        for (int i = 0; i < 7; ++i) // other names in each
            text.replace(text.find("\tS" + std::to_string(i)) + 1, 1, std::string(1, "ABC"[k]));
        const auto vcf = folder.write("b" + std::to_string(k) + ".vcf", text);
        stores.push_back(folder.path() / ("b" + std::to_string(k) + ".store"));
        ingest(vcf, stores.back());
        ASSERT_TRUE(succeeds("bcftools view -Oz -o " + vcf.string() + ".gz " + vcf.string() +
                             " && bcftools index " + vcf.string() + ".gz"));
        command += " " + vcf.string() + ".gz";
    }
    ASSERT_TRUE(succeeds(command));
    merge(stores, {.sites = "union"});
    Lines ours;
    const auto store = open_genotypes(merged());
    const VariantRange all{0, store->variant_count()};
    VariantBlock block;
    store->read(all, block);
    const auto variants = store->variants(all);
    for (std::size_t v = 0; v < variants.size(); ++v)
        ours.push_back(std::to_string(variants[v].position) + " " + variants[v].ref + ">" +
                       variants[v].alt + " " + test::calls_text(block, v));
    std::sort(ours.begin(), ours.end());
    EXPECT_GT(ours.size(), 1500U);
    EXPECT_EQ(ours, ingest(folder.path() / "merged.vcf", {}));
}

TEST_F(MergeGenotypesTest, FiltersOfBatchesAreJoined) {
    Truth truth = make_truth(2, 4);
    const auto a = store("a", truth, {0, 1}, {0, 1});
    truth.variants[0].filter = "q10;depth";
    truth.variants[1].id = "";
    const auto b = store("b", truth, {0, 1}, {2, 3});
    merge({b, a});
    const auto variants = open_genotypes(merged())->variants({0, 2});
    EXPECT_EQ(variants[0].filter, "depth;q10");
    EXPECT_EQ(variants[1].filter, "PASS");
    EXPECT_EQ(variants[1].id, "v1"); // the first that has one
    EXPECT_TRUE(variants[0].info.empty());
}

} // namespace
} // namespace salus
