#include "models/clumping.hpp"
#include "support/reference_data.hpp"

#include "base/random.hpp"
#include "genotype/packed.hpp"
#include "models/discrimination.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>
#include <set>
#include <sstream>
#include <string>

namespace salus {
namespace {

std::vector<std::uint32_t> everybody(std::size_t n) {
    std::vector<std::uint32_t> all(n);
    std::iota(all.begin(), all.end(), 0u);
    return all;
}

std::vector<std::uint8_t> pack(const std::vector<std::uint8_t>& calls) {
    std::vector<std::uint8_t> row(packed_bytes(calls.size()));
    for (std::size_t i = 0; i < calls.size(); ++i)
        packed_set(row, i, calls[i]);
    return row;
}

TEST(LdRows, EqualsTheCorrelationOverJointCalls) {
    Rng rng(7, "ld", 0);
    for (const std::size_t n : {5u, 64u, 65u, 500u}) {
        std::vector<std::uint8_t> a(n), b(n);
        std::vector<double> x, y;
        std::vector<std::uint32_t> members;
        for (std::size_t i = 0; i < n; ++i) {
            a[i] = static_cast<std::uint8_t>(rng.below(3));
            b[i] = rng.bernoulli(0.6) ? a[i] : static_cast<std::uint8_t>(rng.below(3));
            if (rng.bernoulli(0.1)) a[i] = missing;
            if (rng.bernoulli(0.1)) b[i] = missing;
            if (i % 3 == 1) continue;
            members.push_back(static_cast<std::uint32_t>(i));
            if (a[i] == missing || b[i] == missing) continue;
            x.push_back(a[i]), y.push_back(b[i]);
        }
        LdRows rows(members);
        rows.add(pack(a));
        rows.add(pack(b));
        EXPECT_NEAR(rows.r2(0, 1), std::pow(correlation(x, y), 2), 1e-12);
        EXPECT_EQ(rows.r2(0, 1), rows.r2(1, 0));
    }
}

TEST(LdRows, NoVariationIsNoCorrelation) {
    LdRows rows(everybody(4));
    rows.add(pack({0, 0, 0, 0}));
    rows.add(pack({0, 1, 2, 0}));
    rows.add(pack({3, 3, 3, 3}));
    EXPECT_EQ(rows.r2(0, 1), 0);
    EXPECT_EQ(rows.r2(1, 2), 0);
    EXPECT_EQ(rows.r2(1, 1), 1);
}

TEST(Clump, MostSignificantClaimsItsNeighbours) {
    LdRows rows(everybody(6));
    const std::vector<std::uint8_t> signal{0, 1, 2, 0, 1, 2}, other{0, 0, 0, 2, 2, 2};
    for (int k = 0; k < 3; ++k)
        rows.add(pack(signal));
    rows.add(pack(other));
    rows.add(pack(signal));
    const std::vector<ClumpCandidate> candidates{
        {1000, 5}, {2000, 7}, {2000, 7}, {3000, 3}, {900'000, 4}};
    EXPECT_EQ(clump(candidates, rows, {}), (std::vector<std::size_t>{1, 3, 4}));
    EXPECT_EQ(clump(candidates, rows, {.window_bp = 10}), (std::vector<std::size_t>{0, 1, 3, 4}));
    EXPECT_TRUE(clump({}, LdRows({}), {}).empty());
}

/// Columns of a gzipped or plain table of the shared data; empty if it is not there.
std::vector<std::vector<std::string>> table(const std::filesystem::path& path) {
    std::vector<std::vector<std::string>> rows;
    if (!std::filesystem::exists(path)) return rows;
    const std::string command =
        (path.extension() == ".gz" ? "gzip -dc '" : "cat '") + path.string() + "'";
    FILE* pipe = popen(command.c_str(), "r");
    std::string all;
    char buffer[65536];
    for (std::size_t n; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
        all.append(buffer, n);
    pclose(pipe);
    std::istringstream lines(all);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields(line);
        rows.emplace_back();
        for (std::string field; fields >> field;)
            rows.back().push_back(field);
    }
    return rows;
}

TEST(ClumpMembers, OnlySignificantVariantsBecomeIndexVariants) {
    // Variants 0, 1 and 2 are alike, 3 is another, 4 is alike but far away.
    LdRows rows(everybody(6));
    for (const std::vector<std::uint8_t>& calls :
         std::vector<std::vector<std::uint8_t>>{{0, 1, 2, 0, 1, 2},
                                                {0, 1, 2, 0, 1, 2},
                                                {2, 1, 0, 2, 1, 0},
                                                {0, 2, 0, 1, 1, 0},
                                                {0, 1, 2, 0, 1, 2}})
        rows.add(pack(calls));
    const std::vector<ClumpCandidate> candidates{{100, 3}, {200, 9}, {300, 4}, {400, 5}, {9000, 6}};
    const auto places = clump_members(candidates, rows, {.window_bp = 500, .r2_min = 0.5}, 5.5);
    EXPECT_EQ(places[1].index, 1u);
    EXPECT_EQ(places[1].r2, 1);
    EXPECT_EQ(places[0].index, 1u);
    EXPECT_EQ(places[2].index, 1u);
    EXPECT_EQ(places[2].r2, 1);
    EXPECT_EQ(places[3].index, SIZE_MAX); // 10^-5 is too little for an index variant
    EXPECT_EQ(places[4].index, 4u);
}

TEST(Clump, ThousandGenomesEqualsPlink19) {
    // plink1.9 --clump-p1 .01 --clump-p2 .01 --clump-r2 .1 --clump-kb 250 on the q1 scan of kg1092
    const auto folder = reference::genomes / "kg1092_thinned";
    const auto bim = table(folder / "kg1092.bim");
    const auto scan = table(folder / "expected_plink2_lin.q1.glm.linear.gz");
    if (bim.empty() || scan.empty()) GTEST_SKIP() << "shared test data not present";
    const auto column = [&](const std::string& name) {
        return static_cast<std::size_t>(std::find(scan[0].begin(), scan[0].end(), name) -
                                        scan[0].begin());
    };
    std::map<std::string, double> p;
    for (std::size_t i = 1; i < scan.size(); ++i)
        if (scan[i][column("P")] != "NA")
            p[scan[i][column("ID")]] = std::stod(scan[i][column("P")]);
    std::ifstream bed(folder / "kg1092.bed", std::ios::binary);
    std::map<std::string, std::pair<std::vector<ClumpCandidate>, LdRows>> by_chromosome;
    std::map<std::string, std::vector<std::string>> names;
    constexpr std::size_t samples = 1092;
    for (std::size_t v = 0; v < bim.size(); ++v) {
        const auto found = p.find(bim[v][1]);
        if (found == p.end() || found->second > 0.01) continue;
        std::string raw(packed_bytes(samples), '\0');
        bed.seekg(static_cast<std::streamoff>(3 + v * raw.size()));
        bed.read(raw.data(), static_cast<std::streamsize>(raw.size()));
        std::vector<std::uint8_t> calls(samples);
        for (std::size_t i = 0; i < samples; ++i) {
            constexpr std::uint8_t of_bed[]{2, 3, 1, 0};
            calls[i] = of_bed[static_cast<std::uint8_t>(raw[i / 4]) >> (2 * (i % 4)) & 3];
        }
        auto& [candidates, rows] =
            by_chromosome
                .try_emplace(bim[v][0], std::vector<ClumpCandidate>{}, LdRows(everybody(samples)))
                .first->second;
        candidates.push_back(
            {static_cast<std::uint32_t>(std::stoul(bim[v][3])), -std::log10(found->second)});
        rows.add(pack(calls));
        names[bim[v][0]].push_back(bim[v][1]);
    }
    std::set<std::string> ours, theirs;
    for (const auto& [chromosome, data] : by_chromosome)
        for (const std::size_t i : clump(data.first, data.second, {}))
            ours.insert(names[chromosome][i]);
    for (const auto& row : table(folder / "expected_plink19_clump_q1_p0.01_r0.1_kb250.snps"))
        theirs.insert(row[0]);
    EXPECT_EQ(ours, theirs);
}

} // namespace
} // namespace salus
