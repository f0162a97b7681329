// Speed of the reader of OMOP tables on one core: lines alone, fields, typed rows. The file is made
// once and read from the page cache; CPU time, median of three.
// Usage: bench_omop_rows FILE [rows] [plain|quoted]
// Peer: Rscript -e 'data.table::setDTthreads(1); print(system.time(data.table::fread("FILE",
//     select = c(2, 3, 4, 6, 14))))'

#include "formats/omop.hpp"

#include "base/random.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace {

using namespace salus;

double cpu_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

template <class F>
void report(const char* name, double rows, double bytes, F&& body) {
    std::vector<double> seconds;
    std::uint64_t sum = 0;
    for (int run = 0; run < 3; ++run) {
        const double start = cpu_seconds();
        sum = body();
        seconds.push_back(cpu_seconds() - start);
    }
    std::sort(seconds.begin(), seconds.end());
    std::printf("  %-34s %7.2f M rows/s %8.0f MB/s   (check %llu)\n", name, rows / seconds[1] / 1e6,
                bytes / seconds[1] / 1e6, static_cast<unsigned long long>(sum));
}

std::string condition_row(std::uint64_t r, bool quoted) {
    Rng rng(1, "bench", r);
    const char* const q = quoted ? "\"" : "";
    const auto two = [](std::uint64_t n) { return text(n < 10 ? "0" : "", n); };
    const std::string date =
        text(2000 + rng.below(24), "-", two(1 + rng.below(12)), "-", two(1 + rng.below(28)));
    const std::uint64_t code = rng.below(2000);
    return text(100000000 + r, ",", 1000000 + r / 20, ",", 4000000 + code * 37, ",", q, date, q,
                ",", q, date, " 00:00:00", q, ",", q, date, q, ",,32817,32902,,38004456,",
                200000000 + r / 3, ",,", q, static_cast<char>('A' + code % 20), two(code % 97), ".",
                code % 10, q, ",", 35000000 + code, ",\n");
}

void make_file(const std::filesystem::path& path, std::uint64_t rows, bool quoted) {
    std::ofstream out(path, std::ios::binary);
    out << "condition_occurrence_id,person_id,condition_concept_id,condition_start_date,"
           "condition_start_datetime,condition_end_date,condition_end_datetime,"
           "condition_type_concept_id,condition_status_concept_id,stop_reason,provider_id,"
           "visit_occurrence_id,visit_detail_id,condition_source_value,"
           "condition_source_concept_id,condition_status_source_value\n";
    for (std::uint64_t r = 0; r < rows; ++r)
        out << condition_row(r, quoted);
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    const std::filesystem::path path = argv[1];
    const std::uint64_t rows = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 4000000;
    if (!std::filesystem::exists(path))
        make_file(path, rows, argc > 3 && std::string_view(argv[3]) == "quoted");
    const auto bytes = static_cast<double>(std::filesystem::file_size(path));
    std::uint64_t count = 0;
    for (DelimitedReader reader(path); reader.next();)
        ++count;
    const auto n = static_cast<double>(count);
    std::printf("%llu rows of %.0f bytes\n", static_cast<unsigned long long>(count), bytes / n);
    report("bytes read", n, bytes, [&] {
        ByteStream stream(path);
        std::vector<char> buffer(std::size_t{1} << 18);
        std::uint64_t sum = 0;
        while (const std::size_t got = stream.read(buffer))
            sum += got;
        return sum;
    });
    report("rows", n, bytes, [&] {
        std::uint64_t sum = 0;
        for (DelimitedReader reader(path); reader.next();)
            ++sum;
        return sum;
    });
    report("rows, 5 fields looked at", n, bytes, [&] {
        std::uint64_t sum = 0;
        for (DelimitedReader reader(path); reader.next();)
            for (const std::size_t column : {1U, 2U, 3U, 5U, 13U})
                sum += reader[column].size();
        return sum;
    });
    report("typed rows", n, bytes, [&] {
        std::uint64_t sum = 0;
        for (OmopReader reader(OmopTable::condition_occurrence, path, {}); reader.next();)
            sum += static_cast<std::uint64_t>(reader.row().day) + reader.row().code;
        return sum;
    });
    return 0;
}
