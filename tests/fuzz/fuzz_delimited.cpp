// Delimited text against a byte by byte reader, whole and in pieces, and as a table of OMOP.
#include "formats/omop.hpp"
#include "fuzz/harness.hpp"
#include "support/plain_rows.hpp"

#include <cmath>

namespace {

using namespace salus;
using test::PlainRow;

std::vector<PlainRow> rows_of(DelimitedReader& reader) {
    std::vector<PlainRow> rows;
    while (reader.next()) {
        PlainRow& row = rows.emplace_back();
        row.defect = reader.defect();
        row.line = reader.line();
        if (row.defect == RowDefect::none)
            row.fields.assign(reader.fields().begin(), reader.fields().end());
    }
    return rows;
}

void compare(const std::filesystem::path& path, std::string_view body) {
    DelimitedReader reader(path);
    auto found = rows_of(reader);
    for (PlainRow& row : found)
        --row.line; // the header
    fuzz::require(found == test::PlainRows(body, ',', 3).rows());
}

/// Pieces give the same rows, or the seams refuse.
void compare_pieces(const std::filesystem::path& path, std::uint64_t bytes) {
    DelimitedReader whole(path);
    const auto expected = rows_of(whole);
    std::vector<PlainRow> found;
    std::uint64_t end = 0, before = 0;
    try {
        for (const ByteRange range : delimited_ranges(path, bytes)) {
            DelimitedReader reader(path, range);
            if (range.begin > 0) check_seam(path, end, reader.first_byte());
            for (PlainRow& row : rows_of(reader)) {
                row.line += before;
                found.push_back(std::move(row));
            }
            end = reader.next_byte();
            before += reader.lines_passed();
        }
    } catch (const DataError&) {
        return;
    }
    fuzz::require(found == expected);
}

void read_omop(const std::filesystem::path& path) {
    for (OmopReader reader(OmopTable::measurement, path, {}); reader.next();) {
        if (!reader.reject().empty()) continue;
        const RecordRow& row = reader.row();
        fuzz::require(row.day <= row.end && row.code < reader.codes().size());
        fuzz::require(row.unit < reader.units().size() && !std::isinf(row.value));
        fuzz::require(row.value_code == no_code || row.value_code < reader.codes().size());
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string body(reinterpret_cast<const char*>(data), size);
    const auto path = fuzz::folder().put("a.csv", "a,b,c\n" + body);
    compare(path, body);
    compare_pieces(path, 1 + size % 61);
    read_omop(fuzz::folder().put(
        "m.csv", "person_id,measurement_date,measurement_concept_id,value_as_number,"
                 "measurement_source_value,unit_source_value,value_as_concept_id\n" +
                     body));
    return 0;
}
