#include "health/phecode.hpp"

#include "base/random.hpp"
#include "base/text.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace salus {
namespace {

PhecodeTables small_tables() {
    PhecodeTables tables;
    tables.add_code("ICD10CM", "e11.9", "250.2");
    tables.add_code("ICD10", "E11", "250.2");
    tables.add_code("ICD10", "E10", "250.1");
    tables.add_code("ICD10", "R73", "249");
    tables.add_code("ICD10", "C61", "185");
    tables.add_code("ICD9CM", "25000", "250.2");
    for (const char* phecode : {"250.1", "250.2"}) {
        tables.add_rollup(phecode, phecode);
        tables.add_rollup(phecode, "250");
        tables.add_exclusion(phecode, "249");
    }
    tables.add_exclusion("250.1", "250.2");
    tables.add_info("185", "Cancer of prostate", 1);
    tables.add_info("250.2", "Type 2 diabetes", 0);
    return tables;
}

struct Someone {
    std::uint8_t sex = 1;
    std::vector<Period> periods{{0, 1000}};
    std::vector<Event> events;
};

class PhecodePeople : public ::testing::Test {
protected:
    std::vector<std::string> codes{"ICD10:E11",   "ICD10CM:E11.9", "ICD10:R73",
                                   "ICD10:C61",   "ICD9CM:250.00", "ICD10GM:E10",
                                   "ICD10:E11.7", "ATC:A10",       "ICD10:Z99"};
    enum Code : std::uint32_t { e11, cm_e119, r73, c61, nine, gm_e10, e117, atc, z99 };
    PhecodeMap map = small_tables().build();

    static Event on(Day day, std::uint32_t code, std::uint8_t flags = 0) {
        return {.day = day, .code = code, .flags = flags};
    }
    std::map<std::string, TraitStatus> statuses(const Someone& who, PhecodeRules rules = {}) {
        const PhecodePanel panel(map, codes, rules);
        std::vector<std::uint8_t> row(status_bytes(map.size()), 0);
        PhecodePanel::Scratch scratch;
        panel.evaluate({.sex = who.sex,
                        .birth = 0,
                        .death = NAN,
                        .periods = who.periods,
                        .events = who.events},
                       scratch, row);
        std::map<std::string, TraitStatus> out;
        for (std::size_t p = 0; p < map.size(); ++p)
            out[map.names[p]] = status_get(row, p);
        return out;
    }
};
using enum TraitStatus;

TEST_F(PhecodePeople, TablesAreBroughtTogether) {
    EXPECT_EQ(map.names, (std::vector<std::string>{"185", "249", "250", "250.1", "250.2"}));
    EXPECT_EQ(map.docs[4], "Type 2 diabetes");
    EXPECT_EQ(map.sex[0], 1);
    EXPECT_EQ(map.codes, (std::vector<std::string>{"ICD10:C61", "ICD10:E10", "ICD10:E11",
                                                   "ICD10:R73", "ICD10CM:E11.9", "ICD9CM:250.00"}));
    EXPECT_EQ(std::vector<std::uint16_t>(map.of(2).begin(), map.of(2).end()),
              (std::vector<std::uint16_t>{2, 4}));
}

TEST_F(PhecodePeople, CasesNeedDifferentDates) {
    EXPECT_EQ(statuses({.events = {on(1, e11), on(2, cm_e119)}})["250.2"], event_case);
    EXPECT_EQ(statuses({.events = {on(1, e11), on(1, cm_e119)}})["250.2"], excluded)
        << "two codes on one day are one date";
    EXPECT_EQ(statuses({.events = {on(1, e11), on(1, nine), on(2, nine)}})["250.2"], event_case);
    EXPECT_EQ(statuses({.events = {}})["250.2"], control);
    EXPECT_EQ(statuses({.events = {on(1, e11)}}, {.min_dates = 1})["250.2"], event_case);
}

TEST_F(PhecodePeople, DatesRollUp) {
    auto found = statuses({.events = {on(1, e11), on(2, gm_e10)}});
    EXPECT_EQ(found["250"], event_case) << "one date of each below it";
    EXPECT_EQ(found["250.2"], excluded);
    EXPECT_EQ(found["250.1"], excluded);
    EXPECT_EQ(found["249"], control);
}

TEST_F(PhecodePeople, OneDateExcludesTheRangeButNotItsCases) {
    auto found = statuses({.events = {on(1, r73), on(5, e11), on(6, e11)}});
    EXPECT_EQ(found["249"], excluded);
    EXPECT_EQ(found["250.2"], event_case);
    EXPECT_EQ(found["250.1"], excluded) << "by 249 and 250.2";
    EXPECT_EQ(found["185"], control);
    found = statuses({.events = {on(1, r73)}}, {.exclusions = false});
    EXPECT_EQ(found["250.1"], control);
    EXPECT_EQ(found["249"], excluded) << "too few dates are no matter of ranges";
}

TEST_F(PhecodePeople, PhecodesOfOneSexDoNotApplyToOthers) {
    const std::vector<Event> events{on(1, c61), on(2, c61)};
    EXPECT_EQ(statuses({.sex = 1, .events = events})["185"], event_case);
    EXPECT_EQ(statuses({.sex = 2, .events = events})["185"], not_applicable) << "cases included";
    EXPECT_EQ(statuses({.sex = 0, .events = events})["185"], not_applicable);
    EXPECT_EQ(statuses({.sex = 2, .events = {}})["250"], control);
}

TEST_F(PhecodePeople, ObservationAndNegation) {
    const std::vector<Event> late{on(1, e11), on(2000, e11)};
    EXPECT_EQ(statuses({.events = late})["250.2"], excluded);
    EXPECT_EQ(statuses({.events = late}, {.inside_observation = false})["250.2"], event_case);
    for (const auto& [name, status] : statuses({.periods = {}, .events = late}))
        EXPECT_EQ(status, not_applicable) << name;
    EXPECT_EQ(statuses({.events = {on(1, e11, negated), on(2, e11, negated)}})["250.2"], control);
}

TEST_F(PhecodePeople, VariantsAndPrefixes) {
    const PhecodePanel strict(map, codes, {}), loose(map, codes, {.longest_prefix = true});
    EXPECT_EQ(strict.coverage().at("ICD10").mapped, 3U);
    EXPECT_EQ(strict.coverage().at("ICD10").unmapped, 2U);
    EXPECT_EQ(strict.coverage().at("ICD10GM").by_family, 1U);
    EXPECT_EQ(loose.coverage().at("ICD10").by_prefix, 1U) << "E11.7 counts as E11";
    EXPECT_EQ(loose.coverage().at("ICD10").unmapped, 1U);
    EXPECT_FALSE(strict.coverage().contains("ATC"));
    const std::vector<Event> events{on(1, e117), on(2, e117)};
    EXPECT_EQ(statuses({.events = events})["250.2"], control);
    EXPECT_EQ(statuses({.events = events}, {.longest_prefix = true})["250.2"], event_case);
}

/// The rules as one would say them, for one phecode at a time.
TraitStatus slow(const PhecodeMap& map, std::span<const std::string> codes, const Someone& who,
                 std::uint16_t phecode, PhecodeRules rules) {
    if (who.periods.empty()) return not_applicable;
    if (map.sex[phecode] != 0 && map.sex[phecode] != who.sex) return not_applicable;
    const auto dates_of = [&](std::uint16_t wanted) {
        std::set<Day> days;
        for (const Event& event : who.events)
            for (std::size_t c = 0; c < map.codes.size(); ++c)
                if (map.codes[c] == codes[event.code])
                    for (const std::uint16_t p : map.of(c))
                        if (p == wanted) days.insert(event.day);
        return days.size();
    };
    const std::size_t own = dates_of(phecode);
    if (own >= static_cast<std::size_t>(rules.min_dates)) return event_case;
    if (own > 0) return excluded;
    for (const auto& [criterion, other] : map.exclusions)
        if (other == phecode && dates_of(criterion) > 0) return excluded;
    return control;
}

TEST(Phecodes, AgreeWithASlowVersion) {
    Rng rng(7, "phecode.test", 1);
    for (const std::size_t count : {1U, 63U, 64U, 65U, 130U}) {
        PhecodeTables tables;
        std::vector<std::string> codes;
        for (std::size_t p = 0; p < count; ++p)
            tables.add_info(text("p", p + 1000), "",
                            static_cast<std::uint8_t>(p % 7 < 3 ? p % 7 : 0));
        for (std::size_t c = 0; c < 40; ++c) {
            codes.push_back(text("ICD10:A", c + 10));
            for (std::size_t k = 0; k < c % 4; ++k)
                tables.add_code("ICD10", codes.back().substr(6),
                                text("p", 1000 + rng.below(count)));
        }
        for (std::size_t e = 0; e < 2 * count; ++e)
            tables.add_exclusion(text("p", 1000 + rng.below(count)),
                                 text("p", 1000 + rng.below(count)));
        const PhecodeMap map = tables.build();
        ASSERT_EQ(map.size(), count);
        const PhecodePanel panel(map, codes, {});
        PhecodePanel::Scratch scratch;
        for (int person = 0; person < 40; ++person) {
            Someone who{.sex = static_cast<std::uint8_t>(person % 3)};
            for (std::uint64_t e = rng.below(12); e-- > 0;)
                who.events.push_back({.day = static_cast<Day>(rng.below(6)),
                                      .code = static_cast<std::uint32_t>(rng.below(40))});
            std::sort(who.events.begin(), who.events.end(),
                      [](const Event& a, const Event& b) { return a.day < b.day; });
            std::vector<std::uint8_t> row(status_bytes(count + 3), 0xFF);
            panel.evaluate({.sex = who.sex,
                            .birth = 0,
                            .death = NAN,
                            .periods = who.periods,
                            .events = who.events},
                           scratch, row);
            for (std::uint16_t p = 0; p < count; ++p)
                ASSERT_EQ(status_get(row, p), slow(map, codes, who, p, {})) << count << " " << p;
            for (std::size_t p = count; p < count + 3; ++p)
                ASSERT_EQ(status_get(row, p), not_applicable) << "what stands behind stays";
        }
    }
}

} // namespace
} // namespace salus
