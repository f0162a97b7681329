#include "app/commands.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "formats/cohort_json.hpp"
#include "health/definition_text.hpp"

namespace salus {
namespace {

/// "Type 2 diabetes.json" -> "Type_2_diabetes", "10.json" -> "cohort_10".
std::string name_of(const std::filesystem::path& file) {
    std::string name;
    for (const char c : file.stem().string())
        name += is_trait_name(std::string("x") + c) ? c : '_';
    return is_trait_name(name) ? name : text("cohort_", name);
}

} // namespace

std::string import_command(const CommandLine& line) {
    const std::string name = line.name.empty() ? name_of(line.path) : line.name;
    if (!is_trait_name(name))
        throw UsageError({.what = text("'", name, "' cannot be the name of a definition"),
                          .where = "salus import",
                          .why = "names become columns and groups of results",
                          .help = "use letters, digits, _, - and ., beginning with a letter"});
    Definitions read = cohort_definitions(read_text_file(line.path), line.path.string(), name);
    if (!read.problems.empty()) throw DataError(std::move(read.problems));
    return text("# From the OHDSI cohort definition ", line.path.filename().string(),
                ".\n# docs/phenotypes.md tells where the two languages differ.\n\n",
                definitions_as_toml(read));
}

} // namespace salus
