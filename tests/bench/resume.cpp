// How long a resumed phase looks for its place: makes N parts of a size, then goes on with them.
//   bench_resume FOLDER PARTS BYTES_PER_PART      (of random bytes, which do not shrink; files stay
//   in the page cache)
#include "base/date.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "run/context.hpp"

#include <cstdio>
#include <vector>

int main(int argc, char** argv) {
    using namespace salus;
    const auto parts = argc == 4 ? parse_integer(argv[2]) : std::nullopt,
               bytes = argc == 4 ? parse_integer(argv[3]) : std::nullopt;
    if (!parts || !bytes || *parts < 1 || *bytes < 1) {
        std::fputs("usage: bench_resume FOLDER PARTS BYTES_PER_PART\n", stderr);
        return 2;
    }
    RunContext context({.comm = {},
                        .log = Log("bench", 0, LogLevel::error),
                        .stage = "bench",
                        .outputs = {},
                        .work = argv[1],
                        .fingerprint = "bench"});
    for (const char* what : {"first run", "resumed"}) {
        const double begin = monotonic_seconds();
        context.for_each_unit(
            "phase", static_cast<std::uint64_t>(*parts), [&](std::uint64_t unit, PartWriter& part) {
                Rng rng(1, "bench", unit);
                std::vector<std::uint64_t> noise(static_cast<std::size_t>(*bytes) / 8 + 1);
                for (std::uint64_t& word : noise)
                    word = rng.next64();
                part.write_array<std::uint64_t>("noise", noise, {}, Compression::none);
            });
        std::printf("%s: %.2f s for %lld parts of %lld bytes\n", what, monotonic_seconds() - begin,
                    static_cast<long long>(*parts), static_cast<long long>(*bytes));
    }
    return 0;
}
