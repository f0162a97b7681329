#include "health/code_form.hpp"
#include "stages/health_quality/fields.hpp"

#include <algorithm>
#include <array>

namespace salus::health_quality {
namespace {

struct Range {
    std::uint32_t concept_id, unit;
    double low, high;
};

// concept: what is measured; unit: kg 9529, lb 8739, g 8504, cm 8582, in 9330 and 9327, m 9546,
// mm[Hg] 8876, /min 8541 and 8483, Cel 586323, [degF] 9289, kg/m2 9531, mg/dL 8840, mmol/L 8753,
// umol/L 8749, % 8554, mmol/mol 9579, g/dL 8713, g/L 8636.
constexpr Range concept_ranges[] = {
    {3025315, 9529, 0.2, 650},  {3025315, 8739, 0.4, 1435}, {3025315, 8504, 200, 650000},
    {3036277, 8582, 20, 280},   {3036277, 9330, 8, 110},    {3036277, 9327, 8, 110},
    {3036277, 9546, 0.2, 2.8},  {3004249, 8876, 20, 350},   {3012888, 8876, 5, 250},
    {3027018, 8541, 5, 400},    {3027018, 8483, 5, 400},    {3024171, 8541, 1, 150},
    {3024171, 8483, 1, 150},    {3020891, 586323, 15, 46},  {3020891, 9289, 59, 115},
    {3038553, 9531, 5, 200},    {3004501, 8840, 5, 3000},   {3004501, 8753, 0.3, 167},
    {3016723, 8840, 0.03, 80},  {3016723, 8749, 3, 7100},   {3027114, 8840, 10, 2500},
    {3027114, 8753, 0.2, 65},   {3007070, 8840, 0.5, 300},  {3007070, 8753, 0.01, 8},
    {3028437, 8840, 1, 1500},   {3028437, 8753, 0.02, 40},  {3028288, 8840, 1, 1500},
    {3028288, 8753, 0.02, 40},  {3022192, 8840, 5, 20000},  {3022192, 8753, 0.05, 226},
    {3004410, 8554, 2, 30},     {3004410, 9579, 1, 310},    {3000963, 8713, 1, 30},
    {3000963, 8636, 10, 300},   {3000963, 8753, 0.6, 19},   {3019550, 8753, 80, 220},
    {3023103, 8753, 0.8, 15},   {3013682, 8840, 0.5, 400},  {3013682, 8753, 0.1, 150},
    {3006906, 8840, 2, 30},     {3006906, 8753, 0.4, 8},    {3024128, 8840, 0.01, 80},
    {3024128, 8749, 0.1, 1400}, {3024561, 8713, 0.3, 9},    {3024561, 8636, 3, 90},
};

struct Rubrics {
    std::string_view first, last; // codes from first to all that begin with last
};
constexpr Rubrics of_men[] = {
    {"B26.0", "B26.0"}, {"C60", "C63"},     {"D07.4", "D07.6"}, {"D17.6", "D17.6"},
    {"D29", "D29"},     {"D40", "D40"},     {"E29", "E29"},     {"E89.5", "E89.5"},
    {"F52.4", "F52.4"}, {"I86.1", "I86.1"}, {"L29.1", "L29.1"}, {"N40", "N51"},
    {"Q53", "Q55"},     {"R86", "R86"},     {"S31.2", "S31.3"}, {"Z12.5", "Z12.5"},
};
constexpr Rubrics of_women[] = {
    {"A34", "A34"},     {"B37.3", "B37.3"}, {"C51", "C58"},     {"C79.6", "C79.6"},
    {"D06", "D06"},     {"D07.0", "D07.3"}, {"D25", "D28"},     {"D39", "D39"},
    {"E28", "E28"},     {"E89.4", "E89.4"}, {"F52.5", "F52.5"}, {"F53", "F53"},
    {"I86.3", "I86.3"}, {"L29.2", "L29.2"}, {"M80.0", "M80.1"}, {"M81.0", "M81.1"},
    {"M83.0", "M83.0"}, {"N70", "N98"},     {"N99.2", "N99.3"}, {"O00", "O99"},
    {"Q50", "Q52"},     {"R87", "R87"},     {"S31.4", "S31.4"}, {"S37.4", "S37.6"},
    {"T19.2", "T19.3"}, {"T83.3", "T83.3"}, {"Z12.4", "Z12.4"}, {"Z30.1", "Z30.1"},
    {"Z31.1", "Z31.2"}, {"Z32", "Z36"},     {"Z39", "Z39"},     {"Z87.5", "Z87.5"},
};

template <std::size_t n>
bool within(std::string_view code, const Rubrics (&rubrics)[n]) {
    return std::any_of(std::begin(rubrics), std::end(rubrics), [&](const Rubrics& r) {
        return code >= r.first && (code < r.last || code.starts_with(r.last));
    });
}

} // namespace

void add_builtin_concepts(Specification& out) {
    std::map<std::uint32_t, std::vector<std::uint32_t>> units;
    for (const Range& range : concept_ranges) {
        units[range.concept_id].push_back(range.unit);
        ConceptRule rule{.check = Check::concept_value_low,
                         .table = "measurement",
                         .field = "measurement_concept_id",
                         .concept_id = range.concept_id,
                         .unit = range.unit,
                         .limit = range.low};
        out.concepts.push_back(rule);
        rule.check = Check::concept_value_high;
        rule.limit = range.high;
        out.concepts.push_back(rule);
    }
    for (const auto& [concept_id, allowed] : units)
        out.concepts.push_back({.check = Check::concept_unit,
                                .table = "measurement",
                                .field = "measurement_concept_id",
                                .concept_id = concept_id,
                                .units = allowed});
}

std::uint8_t sex_of_icd10(std::string_view written) {
    // Three characters could be a code of another system (ICPC).
    if (written.size() < 4 || written.size() > 16) return 0;
    const auto code = normalise_icd10(written);
    if (!code || code->size() < 5) return 0;
    if (within(*code, of_men)) return 1;
    return within(*code, of_women) ? 2 : 0;
}

} // namespace salus::health_quality
