// Phecodes of many persons: events per second of PhecodePanel::evaluate, and the turn to
// [trait, sample]. Codes, phecodes and their numbers are drawn like phecode 1.2: 1,866 phecodes,
// one to four per code with those above, exclusion ranges of 16 phecodes, codes by a power law.
// usage: bench_phecodes PERSONS EVENTS_PER_PERSON
#include "base/random.hpp"
#include "base/text.hpp"
#include "health/phecode.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <iostream>

using namespace salus;

namespace {

constexpr std::size_t phecodes = 1866, codes = 20000;

double seconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::string phecode(std::size_t p) { return text("p", 10000 + p); }

PhecodeMap make_map(std::vector<std::string>& dictionary) {
    PhecodeTables tables;
    Rng rng(1, "bench.phecodes", 0);
    for (std::size_t p = 0; p < phecodes; ++p) {
        tables.add_rollup(phecode(p), phecode(p));
        if (p % 3 != 0) tables.add_rollup(phecode(p), phecode(p / 3 * 3));
        for (std::size_t k = 1; k <= 16; ++k)
            tables.add_exclusion(phecode(p), phecode((p / 17 * 17 + k) % phecodes));
        tables.add_info(phecode(p), "",
                        static_cast<std::uint8_t>(p % 40 == 0 ? 1 + p % 80 / 40 : 0));
    }
    for (std::size_t c = 0; c < codes; ++c) {
        dictionary.push_back(text("ICD10:", c));
        for (std::size_t k = 0; k < 1 + c % 4 / 3; ++k)
            tables.add_code("LOCAL", text(c), phecode(rng.below(phecodes)));
    }
    for (std::string& code : dictionary)
        code = "LOCAL:" + code.substr(6);
    return tables.build();
}

} // namespace

int main(int count, char** words) {
    const std::size_t persons = count > 1 ? std::strtoull(words[1], nullptr, 10) : 100000,
                      each = count > 2 ? std::strtoull(words[2], nullptr, 10) : 100;
    std::vector<std::string> dictionary;
    const PhecodeMap map = make_map(dictionary);
    const PhecodePanel panel(map, dictionary, {});
    Shard shard;
    shard.event_begin.push_back(0);
    shard.period_begin.push_back(0);
    for (std::size_t i = 0; i < persons; ++i) {
        Rng rng(2, "bench.phecodes", i);
        const std::size_t first = shard.events.size();
        for (std::size_t e = 0; e < each; ++e)
            shard.events.push_back(
                {.day = static_cast<Day>(rng.below(7300)),
                 .code = static_cast<std::uint32_t>(codes * std::pow(rng.uniform(), 4))});
        std::sort(shard.events.begin() + static_cast<std::ptrdiff_t>(first), shard.events.end(),
                  [](const Event& a, const Event& b) { return a.day < b.day; });
        shard.sex.push_back(static_cast<std::uint8_t>(1 + i % 2));
        shard.birth.push_back(0);
        shard.death.push_back(NAN);
        shard.site.push_back(0);
        shard.periods.push_back({0, 7300});
        shard.event_begin.push_back(shard.events.size());
        shard.period_begin.push_back(shard.periods.size());
    }
    PhecodePanel::Scratch scratch;
    StatusBlock block(panel.size(), persons);
    std::vector<std::uint8_t> row(status_bytes(panel.size()), 0);
    const auto begin = std::chrono::steady_clock::now();
    const auto cpu = std::clock();
    for (std::size_t i = 0; i < persons; ++i) {
        panel.evaluate(shard.person(i), scratch, row);
        block.take(i, row);
    }
    const double wall = seconds_since(begin),
                 used = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
    std::cout << persons << " persons, " << shard.events.size() << " events: " << used
              << " s of processor, " << wall << " s; "
              << static_cast<double>(shard.events.size()) / used / 1e6 << " M events/s\n";
    const auto turn = std::clock();
    PartWriter part(std::filesystem::temp_directory_path() / "bench_phecodes.h5");
    block.write(part); // never committed: the file goes away
    std::cout << "turned to [trait, sample] and written: "
              << static_cast<double>(std::clock() - turn) / CLOCKS_PER_SEC << " s of processor\n";
}
