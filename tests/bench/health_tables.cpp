// Writes an OMOP folder of any size, and what phenotypes needs to turn it into phecodes.
// Usage: bench_health_tables FOLDER PERSONS ROWS_PER_PERSON [scattered]
// FOLDER/omop: person, observation_period and condition_occurrence with rows of about 118 bytes and
// 16 columns, ICD-10 codes by a power law. Rows of a person follow each other, as in exports by
// person; "scattered": neighbours are of different persons, as in exports by date.
// FOLDER/phecodes: a map of 1,800 phecodes with rollup, exclusions and sexes. FOLDER/samples.{bed,
// bim,fam}: one variant of all persons, who are linked by person_source_value.
#include "base/random.hpp"
#include "base/text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace {

using namespace salus;
namespace fs = std::filesystem;

constexpr std::uint64_t codes = 20000, phecodes = 1800, years = 24;

/// Text that is written a MiB at a time.
class Text {
public:
    explicit Text(const fs::path& path) : out_(path, std::ios::binary) {}
    ~Text() { flush(); }
    Text(const Text&) = delete;
    Text& operator=(const Text&) = delete;
    template <class... Parts>
    void line(const Parts&... parts) {
        (add(parts), ...);
        bytes_ += '\n';
        if (bytes_.size() > std::size_t{1} << 20) flush();
    }

private:
    void add(std::string_view text) { bytes_ += text; }
    void add(std::uint64_t number) {
        std::array<char, 24> digits;
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
        bytes_.append(digits.data(), end);
    }
    void flush() {
        out_ << bytes_;
        bytes_.clear();
    }
    std::ofstream out_;
    std::string bytes_;
};

std::string two(std::uint64_t n) { return text(n < 10 ? "0" : "", n); }

/// A00.0, A00.1, ...
std::string icd(std::uint64_t code) {
    return text(static_cast<char>('A' + code / 1000), two(code / 10 % 100), ".", code % 10);
}
std::string phecode(std::uint64_t p) { return text("p", 10000 + p); }

void write_persons(const fs::path& folder, std::uint64_t persons) {
    Text person(folder / "person.csv"), period(folder / "observation_period.csv");
    person.line("person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth,"
                "person_source_value");
    period.line("observation_period_id,person_id,observation_period_start_date,"
                "observation_period_end_date,period_type_concept_id");
    for (std::uint64_t p = 0; p < persons; ++p) {
        person.line(1000000 + p, ",", 8507 + 25 * (p % 2), ",", 1930 + p % 70, ",", 1 + p % 12, ",",
                    1 + p % 28, ",S", p);
        period.line(p, ",", 1000000 + p, ",2000-01-01,2023-12-31,44814724");
    }
}

void write_conditions(const fs::path& folder, std::uint64_t persons, std::uint64_t each,
                      bool scattered) {
    std::vector<std::string> code_names, dates;
    for (std::uint64_t c = 0; c < codes; ++c)
        code_names.push_back(icd(c));
    for (std::uint64_t d = 0; d < years * 12 * 28; ++d)
        dates.push_back(text(2000 + d / 336, "-", two(1 + d / 28 % 12), "-", two(1 + d % 28)));
    Text out(folder / "condition_occurrence.csv");
    out.line("condition_occurrence_id,person_id,condition_concept_id,condition_start_date,"
             "condition_start_datetime,condition_end_date,condition_end_datetime,"
             "condition_type_concept_id,condition_status_concept_id,stop_reason,provider_id,"
             "visit_occurrence_id,visit_detail_id,condition_source_value,"
             "condition_source_concept_id,condition_status_source_value");
    Rng rng(1, "bench.health_tables", 0);
    for (std::uint64_t r = 0; r < persons * each; ++r) {
        const std::uint64_t person = scattered ? r * 2654435761 % persons : r / each;
        const auto code = static_cast<std::uint64_t>(codes * std::pow(rng.uniform(), 4));
        const std::string& date = dates[rng.below(dates.size())];
        out.line(100000000 + r, ",", 1000000 + person, ",", 4000000 + code * 37, ",", date, ",",
                 date, " 00:00:00,", date, ",,32817,32902,,38004456,", 200000000 + r / 3, ",,",
                 code_names[code], ",", 35000000 + code, ",");
    }
}

void write_phecodes(const fs::path& folder) {
    Text map(folder / "map.csv"), rollup(folder / "rollup.csv"),
        exclusions(folder / "exclusions.csv"), info(folder / "info.csv");
    map.line("vocabulary_id,code,phecode");
    rollup.line("code,phecode_unrolled");
    exclusions.line("code,exclusion_criteria");
    info.line("phecode,description,sex");
    Rng rng(2, "bench.health_tables", 0);
    for (std::uint64_t p = 0; p < phecodes; ++p) {
        rollup.line(phecode(p), ",", phecode(p));
        if (p % 3 != 0) rollup.line(phecode(p), ",", phecode(p / 3 * 3));
        for (std::uint64_t k = 1; k <= 16; ++k)
            exclusions.line(phecode(p), ",", phecode((p / 17 * 17 + k) % phecodes));
        const std::string_view sex = p % 40 != 0 ? "" : p % 80 == 0 ? "Male" : "Female";
        info.line(phecode(p), ",phecode ", p, ",", sex);
    }
    for (std::uint64_t c = 0; c < codes; ++c)
        for (std::uint64_t k = 0; k < 1 + c % 4 / 3; ++k)
            map.line("ICD10,", icd(c), ",", phecode(k == 0 ? c % phecodes : rng.below(phecodes)));
}

void write_samples(const fs::path& folder, std::uint64_t persons) {
    Text fam(folder / "samples.fam"), bim(folder / "samples.bim");
    for (std::uint64_t p = 0; p < persons; ++p)
        fam.line("0 S", p, " 0 0 ", 1 + p % 2, " -9");
    bim.line("1 rs1 0 1000 A G");
    std::ofstream bed(folder / "samples.bed", std::ios::binary);
    bed << "\x6c\x1b\x01" << std::string((persons + 3) / 4, '\xff');
}

} // namespace

int main(int argc, char** argv) {
    const auto persons = argc > 3 ? parse_integer(argv[2]) : std::nullopt,
               each = argc > 3 ? parse_integer(argv[3]) : std::nullopt;
    if (!persons || !each || *persons < 1 || *each < 1) {
        std::fputs("usage: bench_health_tables FOLDER PERSONS ROWS_PER_PERSON [scattered]\n",
                   stderr);
        return 2;
    }
    const fs::path folder = argv[1];
    const auto count = static_cast<std::uint64_t>(*persons);
    fs::create_directories(folder / "omop");
    fs::create_directories(folder / "phecodes");
    write_persons(folder / "omop", count);
    write_conditions(folder / "omop", count, static_cast<std::uint64_t>(*each),
                     argc > 4 && std::string_view(argv[4]) == "scattered");
    write_phecodes(folder / "phecodes");
    write_samples(folder, count);
    return 0;
}
