#pragma once

#include <string>
#include <vector>

namespace salus {

/// Storage type of a column. Missing is NaN in floats and the empty string in text.
enum class ColumnType { u8, i32, u32, i64, u64, f32, f64, text };

struct ColumnSpec {
    std::string name;
    ColumnType type;
    std::string unit; // UCUM or a word ("alleles", "proportion"); empty for text
    std::string doc;  // one sentence, becomes long_name
};

/// A columnar table: one 1-D dataset per column, all of one length.
struct TableSpec {
    std::string name; // group in the file, e.g. "variants"; "traits/ldl" nests
    std::string row;  // what a row is, and the name of its dimension: "variant"
    std::string doc;
    std::vector<ColumnSpec> columns;
};

} // namespace salus
