#include "formats/pgen_writer.hpp"

#include "base/error.hpp"
#include "base/random.hpp"
#include "formats/pgen_record.hpp"
#include "support/pgen_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace salus {
namespace {

/// A variant as plain as it can be.
struct PlainVariant {
    std::vector<std::uint8_t> row;
    std::vector<SampleDosage> dosages;
    std::vector<Carrier> phased;

    std::string text(std::size_t samples) const {
        std::vector<std::uint8_t> phase(row.size());
        for (const Carrier carrier : phased)
            packed_set(phase, carrier_sample(carrier), carrier_call(carrier));
        std::vector<Dosage> all;
        if (!dosages.empty())
            for (std::size_t i = 0; i < samples; ++i)
                all.push_back(dosage_of_call(packed_get(row, i)));
        for (const SampleDosage& one : dosages)
            all[one.sample] = one.dosage;
        return test::view_text({.calls = row, .dosages = all, .phase = phase}, samples);
    }
};

/// Rows of all kinds: rare, common, mostly missing, like the one before or its inverse; phase and
/// dosages of none, few or all.
PlainVariant random_variant(std::size_t samples, Rng& rng, const std::vector<std::uint8_t>& last) {
    PlainVariant v{
        .row = std::vector<std::uint8_t>(packed_bytes(samples)), .dosages = {}, .phased = {}};
    const std::array<double, 6> shares{0, 0.01, 0.05, 0.3, 0.9, 1};
    const auto share = [&] { return shares[rng.below(shares.size())]; };
    const double alt = share(), gone = share() * share(), changed = 0.02;
    const std::uint64_t like = last.empty() ? 0 : rng.below(3); // 1 as the last, 2 inverted
    for (std::size_t i = 0; i < samples; ++i) {
        std::uint8_t call =
            rng.bernoulli(gone)
                ? std::uint8_t{missing}
                : static_cast<std::uint8_t>(rng.bernoulli(alt) + rng.bernoulli(alt));
        if (like > 0 && !rng.bernoulli(changed)) {
            call = packed_get(last, i);
            if (like == 2 && call % 2 == 0) call ^= 2;
        }
        packed_set(v.row, i, call);
    }
    const double phased = share() * share(), uncertain = share() * share();
    for (std::uint32_t i = 0; i < samples; ++i) {
        const std::uint8_t call = packed_get(v.row, i);
        if (call == het && rng.bernoulli(phased))
            v.phased.push_back(make_carrier(i, rng.bernoulli(0.5) ? alt_first : alt_second));
        const std::uint64_t whole = call == het ? dosage_one : 0U;
        if (rng.bernoulli(uncertain) && call != hom_alt)
            v.dosages.push_back({i, static_cast<Dosage>(whole + 1 + rng.below(16383))});
    }
    return v;
}

struct Encoded {
    std::vector<std::uint8_t> types;
    std::vector<std::uint32_t> lengths;
    std::string records;

    std::string file(std::size_t samples) const {
        PgenIndexWriter writer(samples);
        writer.count(types, lengths);
        std::string out = writer.head();
        const std::size_t half = types.size() / 2; // in two pieces, as two units do
        writer.index(std::span(types).first(half), std::span(lengths).first(half), out);
        writer.index(std::span(types).subspan(half), std::span(lengths).subspan(half), out);
        writer.finish(out);
        return out + records;
    }
};

Encoded encode(const std::vector<PlainVariant>& variants, std::size_t samples, bool sparse) {
    Encoded out;
    PgenEncoder encoder(samples);
    for (std::size_t v = 0; v < variants.size(); ++v) {
        if (v % 100 == 0) encoder.start(v);
        PgenInput input{.dosages = variants[v].dosages, .phased = variants[v].phased};
        std::vector<Carrier> carriers;
        for (std::size_t i = 0; i < samples; ++i)
            if (const auto call = packed_get(variants[v].row, i); call != hom_ref)
                carriers.push_back(make_carrier(i, call));
        if (sparse && carriers.size() <= samples / 4)
            input.carriers = carriers;
        else
            input.row = variants[v].row;
        const std::size_t before = out.records.size();
        out.types.push_back(encoder.append(input, out.records));
        out.lengths.push_back(static_cast<std::uint32_t>(out.records.size() - before));
    }
    return out;
}

std::vector<std::string> read_back(const std::string& file, std::size_t samples,
                                   std::size_t variants) {
    const test::ScratchFolder folder("pgen-writer");
    SampleTable table;
    for (std::size_t i = 0; i < samples; ++i)
        table.id.push_back("s" + std::to_string(i));
    table.sex.assign(samples, Sex::unknown);
    folder.write("a.psam", psam_text(table));
    std::string pvar = "#CHROM\tPOS\tID\tREF\tALT\n";
    for (std::size_t v = 0; v < variants; ++v)
        pvar += "1\t" + std::to_string(v + 1) + "\t.\tA\tC\n";
    folder.write("a.pvar", pvar);
    return test::read_views(*open_genotype_file(folder.write("a.pgen", file)), 1 << 30);
}

TEST(PgenWriter, WhatIsWrittenIsReadBack) {
    std::set<int> forms;
    for (const std::size_t samples : {1U, 4U, 31U, 64U, 257U, 2000U}) {
        Rng rng(3, "pgen writer", samples);
        std::vector<PlainVariant> variants;
        for (int v = 0; v < 220; ++v)
            variants.push_back(random_variant(
                samples, rng, v == 0 ? std::vector<std::uint8_t>{} : variants.back().row));
        std::vector<std::string> expected;
        for (const PlainVariant& v : variants)
            expected.push_back("C " + v.text(samples));
        for (const bool sparse : {false, true}) {
            const Encoded encoded = encode(variants, samples, sparse);
            EXPECT_EQ(read_back(encoded.file(samples), samples, variants.size()), expected)
                << samples;
            for (std::size_t r = 0; r < encoded.types.size(); ++r) {
                forms.insert(encoded.types[r] & 7);
                forms.insert(encoded.types[r] & ~7);
            }
        }
    }
    EXPECT_THAT(forms, testing::IsSupersetOf({0, 1, 2, 3, 4, 6, 7, 0x10, 0x20, 0x30, 0x60, 0x70}));
}

TEST(PgenWriter, BlocksOf65536StandAlone) {
    const std::size_t count = 65536 + 300;
    std::vector<PlainVariant> variants(count);
    for (std::size_t v = 0; v < count; ++v)
        variants[v].row = test::packed_row(v % 7 == 0 ? "0102010201020102010201021"
                                                      : "0102010201020102010201022");
    const Encoded encoded = [&] {
        Encoded out;
        PgenEncoder encoder(25);
        for (std::size_t v = 0; v < count; ++v) {
            const std::size_t before = out.records.size();
            out.types.push_back(encoder.append({.row = variants[v].row}, out.records));
            out.lengths.push_back(static_cast<std::uint32_t>(out.records.size() - before));
        }
        return out;
    }();
    EXPECT_TRUE(is_pgen_ld(encoded.types[65535]));
    EXPECT_FALSE(is_pgen_ld(encoded.types[65536]));
    EXPECT_TRUE(is_pgen_ld(encoded.types[65537]));
    const auto views = read_back(encoded.file(25), 25, count);
    ASSERT_EQ(views.size(), count);
    for (std::size_t v = 0; v < count; ++v)
        ASSERT_EQ(views[v], "C " + variants[v].text(25));
}

TEST(PgenWriter, SampleFiles) {
    const SampleTable samples{.id = {"a", "b", "c"}, .sex = {Sex::male, Sex::unknown, Sex::female}};
    EXPECT_EQ(psam_text(samples), "#IID\tSEX\na\t1\nb\tNA\nc\t2\n");
    EXPECT_EQ(fam_text(samples), "0\ta\t0\t0\t1\t-9\n0\tb\t0\t0\t0\t-9\n0\tc\t0\t0\t2\t-9\n");
    EXPECT_THROW(psam_text({.id = {"a b"}, .sex = {Sex::male}}), DataError);
    EXPECT_THROW(fam_text({.id = {"0"}, .sex = {Sex::male}}), DataError);
}

} // namespace
} // namespace salus
