// Observations per CPU second of the FHIR reader: N resources of about 800 bytes with one quantity
// each, as laboratory systems export them. Also the time of finding the lines alone, as a floor.
// Usage: bench_fhir FOLDER [N], N = 1,000,000 unless told; the file is kept in FOLDER.
#include "formats/fhir.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "formats/padded_lines.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <fstream>

namespace salus {
namespace {

struct Analyte {
    const char *code, *name, *unit;
};
constexpr std::array<Analyte, 5> analytes{
    {{"13457-7", "Low Density Lipoprotein Cholesterol", "mg/dL"},
     {"4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "%"},
     {"8302-2", "Body Height", "cm"},
     {"29463-7", "Body Weight", "kg"},
     {"2339-0", "Glucose", "mg/dL"}}};

std::string uuid_of(std::string_view kind, std::uint64_t n) {
    const std::string digits = sha256(text(kind, n));
    return text(digits.substr(0, 8), "-", digits.substr(8, 4), "-", digits.substr(12, 4), "-",
                digits.substr(16, 4), "-", digits.substr(20, 12));
}

std::string observation(std::uint64_t n) {
    const Analyte& a = analytes[n % analytes.size()];
    const std::uint64_t h = hash64(text(n));
    char date[32];
    std::snprintf(date, sizeof date, "%04d-%02d-%02dT%02d:%02d:16-05:00",
                  static_cast<int>(2000 + h % 25), static_cast<int>(1 + h / 25 % 12),
                  static_cast<int>(1 + h / 300 % 28), static_cast<int>(h / 8400 % 24),
                  static_cast<int>(h / 201600 % 60));
    return text(
        R"({"resourceType":"Observation","id":")", uuid_of("o", n),
        R"(","meta":{"profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-observation-lab"]},"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory","display":"Laboratory"}]}],"code":{"coding":[{"system":"http://loinc.org","code":")",
        a.code, R"(","display":")", a.name, R"("}],"text":")", a.name,
        R"("},"subject":{"reference":"Patient/)", uuid_of("p", n / 200),
        R"("},"encounter":{"reference":"Encounter/)", uuid_of("e", n / 10),
        R"("},"effectiveDateTime":")", date, R"(","issued":")", date,
        R"(","valueQuantity":{"value":)", fixed(static_cast<double>(h % 10000) / 100, 2),
        R"(,"unit":")", a.unit, R"(","system":"http://unitsofmeasure.org","code":")", a.unit,
        "\"}}\n");
}

double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

template <class Work>
double median_of_three(Work work) {
    std::array<double, 3> seconds{};
    for (double& s : seconds) {
        const double start = cpu_seconds();
        work();
        s = cpu_seconds() - start;
    }
    std::sort(seconds.begin(), seconds.end());
    return seconds[1];
}

int run(const std::filesystem::path& folder, std::uint64_t resources) {
    const auto path = folder / "Observation.ndjson";
    if (!std::filesystem::exists(path)) {
        std::ofstream out(path, std::ios::binary);
        for (std::uint64_t n = 0; n < resources; ++n)
            out << observation(n);
    }
    const FhirMedications none;
    std::uint64_t rows = 0, lines = 0;
    double sum = 0;
    const double reading = median_of_three([&] {
        rows = 0;
        for (FhirReader reader(path, {}, {}, none); reader.next(); ++rows)
            if (reader.reject().empty()) sum += reader.row().value;
    });
    const double floor = median_of_three([&] {
        lines = 0;
        for (PaddedLines text(path, {}, std::size_t{1} << 26); text.next(); ++lines) {
        }
    });
    const auto bytes = static_cast<double>(std::filesystem::file_size(path));
    std::printf("%llu resources, %.0f MiB, mean %.2f: %.3f CPU seconds, %.2f M/s, %.2f GB/s; lines "
                "alone %.3f s\n",
                static_cast<unsigned long long>(rows), bytes / 1048576,
                sum / 3 / static_cast<double>(rows), reading,
                static_cast<double>(rows) / reading / 1e6, bytes / reading / 1e9, floor);
    return rows == lines ? 0 : 1;
}

} // namespace
} // namespace salus

int main(int argc, char** argv) {
    if (argc < 2 || argc > 3) {
        std::fputs("usage: bench_fhir FOLDER [N]\n", stderr);
        return 2;
    }
    const auto resources = argc == 3 ? salus::parse_integer(argv[2]) : 1000000;
    if (!resources || *resources < 1) return 2;
    return salus::run(argv[1], static_cast<std::uint64_t>(*resources));
}
