#include "formats/delimited.hpp"
#include "formats/fhir.hpp"
#include "fuzz/harness.hpp"

#include <cmath>

// NDJSON, cut into pieces by the first byte; odd values read it as one document too.
namespace salus {
namespace {

void check(const FhirReader& reader) {
    const RecordRow& row = reader.row();
    fuzz::require(row.kind == RecordKind::deletion || !row.person.empty());
    if (row.kind != RecordKind::event) return;
    fuzz::require(row.code < reader.codes().size());
    fuzz::require(row.unit < reader.units().size());
    fuzz::require(row.value_code == no_code || row.value_code < reader.codes().size());
    fuzz::require(row.end >= row.day && row.comparator <= 4);
    fuzz::require(std::isnan(row.value) || std::isfinite(row.value));
}

std::size_t rows_of(const std::filesystem::path& path, ByteRange range) {
    const FhirMedications medications({{"m", "http://www.whocc.no/atc", "C10AA01", ""}});
    std::size_t rows = 0;
    for (FhirReader reader(path, range, {.line_bytes = 2048}, medications); reader.next(); ++rows) {
        if (reader.reject().empty())
            check(reader);
        else
            fuzz::require(!reader.problem().what.empty() && !reader.problem().where.empty());
    }
    return rows;
}

} // namespace
} // namespace salus

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace salus;
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    try {
        const auto path = fuzz::folder().put("a.ndjson", bytes);
        const std::size_t whole = rows_of(path, {});
        std::size_t pieces = 0;
        for (const ByteRange range : delimited_ranges(path, 1 + data[0] * 4U))
            pieces += rows_of(path, range);
        fuzz::require(whole == pieces);
        if (data[0] % 2 == 1) rows_of(fuzz::folder().put("a.json", bytes), {});
    } catch (const Error&) { // a compressed file that is damaged
    }
    return 0;
}
