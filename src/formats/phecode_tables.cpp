#include "formats/phecode_tables.hpp"

#include "base/error.hpp"
#include "base/problems.hpp"
#include "base/text.hpp"
#include "formats/delimited.hpp"

#include <array>

namespace salus {
namespace {

using Spellings = std::span<const std::string_view>;
constexpr std::array<std::string_view, 7> code_names{"code",    "icd",    "icd_code", "icd9",
                                                     "icd10cm", "icd9cm", "icd10"};
constexpr std::array<std::string_view, 4> system_names{"vocabulary_id", "vocabulary", "flag",
                                                       "system"};
constexpr std::array<std::string_view, 4> doc_names{"description", "phecode_string", "phenotype",
                                                    "phecode_str"};

std::optional<std::size_t> find_any(const DelimitedHeader& header, Spellings names) {
    for (const std::string_view name : names)
        if (const auto column = header.find(name)) return column;
    return std::nullopt;
}

std::string list(Spellings names) {
    std::string out;
    for (const std::string_view name : names)
        out += text(out.empty() ? "" : ", ", name);
    return out;
}

[[noreturn]] void no_column(const DelimitedHeader& header, Spellings names) {
    throw DataError({.what = text("there is no column ", list(names)),
                     .where = text(header.path.string(), ", line 1"),
                     .why = "phecode tables are read by the names of their columns",
                     .help = "rename the column, and check that the file is the table it should "
                             "be"});
}

std::size_t require_any(const DelimitedHeader& header, Spellings names) {
    const auto column = find_any(header, names);
    if (!column) no_column(header, names);
    return *column;
}

/// Columns of a map.
struct MapColumns {
    std::size_t code = 0, phecode = 0;
    std::optional<std::size_t> system;
    std::string_view fixed; // system of all codes, if there is no column for it

    explicit MapColumns(const DelimitedHeader& header)
        : code(require_any(header, code_names)), phecode(header.require("phecode")),
          system(find_any(header, system_names)) {
        if (system) return;
        const std::string name = lower(header.names[code]);
        fixed = name == "icd10"                      ? "ICD10"
                : name == "icd10cm"                  ? "ICD10CM"
                : name == "icd9" || name == "icd9cm" ? "ICD9CM"
                                                     : "";
        if (fixed.empty()) no_column(header, system_names);
    }
};

/// 9 and 10 are the flags of ICD-9-CM and ICD-10-CM in tables of the PheWAS catalogue.
std::string_view system_of(std::string_view written) noexcept {
    if (written == "9") return "ICD9CM";
    if (written == "10") return "ICD10CM";
    return written;
}

bool is_none(std::string_view written) noexcept { return written.empty() || written == "NA"; }

void read_map(const std::filesystem::path& path, PhecodeTables& out) {
    DelimitedReader reader(path);
    const MapColumns columns(reader.header());
    while (reader.next_valid()) {
        const std::string_view code = trim(reader[columns.code]),
                               phecode = trim(reader[columns.phecode]);
        if (is_none(code) || is_none(phecode)) continue; // codes that no phecode takes in
        const std::string_view system =
            columns.system ? system_of(trim(reader[*columns.system])) : columns.fixed;
        if (system.empty())
            throw DataError({.what = "a code has no system",
                             .where = reader.where(reader.header().names[*columns.system]),
                             .why = "the same code means different things in ICD-9 and ICD-10",
                             .help = "fill it in, for example ICD10CM"});
        out.add_code(system, code, phecode);
    }
}

/// Two columns of phecodes, both needed.
template <class Add>
void read_pairs(const std::filesystem::path& path, std::string_view first, std::string_view second,
                Add add) {
    DelimitedReader reader(path);
    const std::size_t a = reader.header().require(std::string(first)),
                      b = reader.header().require(std::string(second));
    while (reader.next_valid()) {
        const std::string_view x = trim(reader[a]), y = trim(reader[b]);
        if (!is_none(x) && !is_none(y)) add(x, y);
    }
}

bool is_true(const DelimitedReader& reader, std::optional<std::size_t> column) {
    if (!column) return false;
    const std::string word = lower(trim(reader[*column]));
    if (word == "true" || word == "1" || word == "t") return true;
    if (word == "false" || word == "0" || word == "f" || is_none(word) || word == "na")
        return false;
    throw DataError({.what = "this is neither TRUE nor FALSE",
                     .where = reader.where(reader.header().names[*column]),
                     .why = "the column tells whether a phecode is of one sex",
                     .help = "correct the value"});
}

void read_info(const std::filesystem::path& path, PhecodeTables& out) {
    DelimitedReader reader(path);
    const std::size_t phecode = reader.header().require("phecode");
    const auto doc = find_any(reader.header(), doc_names), male = reader.header().find("male_only"),
               female = reader.header().find("female_only"), sex = reader.header().find("sex");
    while (reader.next_valid()) {
        const std::string word = sex ? lower(trim(reader[*sex])) : std::string{};
        const bool males = is_true(reader, male) || word == "male",
                   females = is_true(reader, female) || word == "female";
        if (sex && !males && !females && word != "both" && !is_none(word) && word != "na")
            throw DataError({.what = "this is not a sex",
                             .where = reader.where("sex"),
                             .why = "it must be Male, Female or Both",
                             .help = "correct the value"});
        if (males && females)
            throw DataError({.what = "a phecode is of males only and of females only",
                             .where = reader.where(),
                             .why = "it would apply to nobody",
                             .help = "correct the table"});
        if (const std::string_view name = trim(reader[phecode]); !is_none(name))
            out.add_info(name, doc ? trim(reader[*doc]) : std::string_view{},
                         static_cast<std::uint8_t>(males     ? 1
                                                   : females ? 2
                                                             : 0));
    }
}

} // namespace

PhecodeMap read_phecode_tables(const PhecodeFiles& files, CodeWriting writing) {
    PhecodeTables tables(writing);
    for (const auto& path : files.map)
        read_map(path, tables);
    for (const auto& path : files.rollup)
        read_pairs(path, "code", "phecode_unrolled",
                   [&](auto code, auto above) { tables.add_rollup(code, above); });
    for (const auto& path : files.exclusions)
        read_pairs(path, "code", "exclusion_criteria",
                   [&](auto code, auto criterion) { tables.add_exclusion(code, criterion); });
    for (const auto& path : files.info)
        read_info(path, tables);
    return tables.build();
}

void check_phecode_tables(const PhecodeFiles& files, std::vector<Problem>& problems) {
    const auto look = [&](const std::filesystem::path& path, auto columns) {
        if (!std::filesystem::exists(path)) return; // told by those who look for inputs
        try {
            columns(read_delimited_header(path));
        } catch (const Error& e) {
            keep_problems(e, problems);
        }
    };
    for (const auto& path : files.map)
        look(path, [](const DelimitedHeader& header) { static_cast<void>(MapColumns(header)); });
    const auto names = [&](const std::vector<std::filesystem::path>& paths,
                           const std::vector<std::string>& wanted) {
        for (const auto& path : paths)
            look(path, [&](const DelimitedHeader& header) {
                for (const std::string& name : wanted)
                    static_cast<void>(header.require(name));
            });
    };
    names(files.rollup, {"code", "phecode_unrolled"});
    names(files.exclusions, {"code", "exclusion_criteria"});
    names(files.info, {"phecode"});
}

} // namespace salus
