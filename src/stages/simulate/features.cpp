#include "stages/simulate/features.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

constexpr double not_measured = 0.03; // share of empty cells

/// How much of a protein is the liability of a trait; the rest is its own noise.
constexpr double protein_share = 0.64;

std::string protein_name(std::uint32_t protein) {
    const std::string number = text(protein + 1);
    return text("protein_", std::string(number.size() < 4 ? 4 - number.size() : 0, '0'), number);
}

/// Proteins beyond one for each trait are noise.
double protein(const LifeCourse& life, std::uint32_t number, Rng& rng) {
    const double noise = rng.normal();
    if (number >= simulated_traits) return noise;
    return std::sqrt(protein_share) * life.liability[number] + std::sqrt(1 - protein_share) * noise;
}

/// Writes a cell, or nothing where the value was not measured.
class Cells {
public:
    Cells(Rng& rng, std::string& row) : rng_(rng), row_(row) {}
    void number(double value, int digits) { cell(fixed(value, digits)); }
    void code(int value) { cell(text(value)); }

private:
    void cell(const std::string& value) {
        row_ += ',';
        if (!rng_.bernoulli(not_measured)) row_ += value;
    }
    Rng& rng_;
    std::string& row_;
};

} // namespace

std::string feature_row(const SimulatedCohort& cohort, std::uint64_t person,
                        const LifeCourse& life) {
    constexpr Day questionnaire = 120; // days after the observation begins
    const std::uint64_t slot = cohort.slot_of_person(person);
    Rng rng(cohort.seed(), "simulate.features", slot);
    const auto& z = life.liability;
    std::string row =
        text(SimulatedCohort::person_id(person), ',',
             format_date(std::min(life.observed_from + questionnaire, life.observed_to)));
    Cells cells(rng, row);
    const double lungs = rng.uniform();
    const int smoking = lungs < 0.52 ? 0 : lungs < 0.8 ? 1 : 2;
    const double asked = rng.uniform();
    cells.code(asked < 0.01 ? -3 : asked < 0.03 ? -1 : smoking);
    cells.number(std::max(0.0, -12 * std::log(1 - rng.uniform()) - 4), 1); // alcohol
    cells.code(
        static_cast<int>(std::clamp(5 + 2 * rng.normal() - 0.8 * z[diabetes_trait], 0.0, 10.0)));
    cells.number(std::max(2.0, 11 + 3 * rng.normal()), 2);                           // PM2.5
    cells.number(std::exp(1.1 + 0.35 * z[diabetes_trait] + 0.3 * rng.normal()), 2);  // liver fat
    cells.number(std::max(0.0, 90 * z[coronary_trait] + 60 * rng.normal() - 20), 0); // calcium
    for (std::uint32_t p = 0; p < cohort.params().proteins; ++p)
        cells.number(protein(life, p, rng), 4);
    return row += '\n';
}

std::string feature_header(const SimulateParams& params) {
    std::string row = "person_id,visit_date,smoking,alcohol,activity,pm25,liver_fat,"
                      "coronary_calcium";
    for (std::uint32_t p = 0; p < params.proteins; ++p)
        row += text(',', protein_name(p));
    return row += '\n';
}

std::string feature_dictionary(const SimulateParams& params) {
    std::string rows =
        "column,type,unit,missing,levels,minimum,maximum\n"
        "person_id,person,,,,,\n"
        "visit_date,visit_date,,,,,\n"
        "smoking,category,,-1 = not known | -3 = refused,0 = never | 1 = former | 2 = current,,\n"
        "alcohol,number,g/d,,,0,500\n"
        "activity,integer,,,,0,10\n"
        "pm25,number,ug/m3,,,0,1000\n"
        "liver_fat,number,%,,,0,100\n"
        "coronary_calcium,number,,,,0,10000\n";
    for (std::uint32_t p = 0; p < params.proteins; ++p)
        rows += text(protein_name(p), ",number,,,,,\n");
    return rows;
}

} // namespace salus
