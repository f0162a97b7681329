#include "schema/describe.hpp"

#include "base/text.hpp"
#include "schema/job.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

std::string range_note(const ParamDoc& about) {
    if (std::isfinite(about.min) && std::isfinite(about.max))
        return text(", ", number_text(about.min), " to ", number_text(about.max));
    if (std::isfinite(about.min)) return text(", at least ", number_text(about.min));
    if (std::isfinite(about.max)) return text(", at most ", number_text(about.max));
    return {};
}

ManualSection inputs_section(const Stage& stage) {
    ManualSection section{.title = "Inputs", .heads = {"input", "what", "meaning"}};
    for (const Port& port : stage.inputs())
        section.entries.push_back(
            {port.name,
             text(to_string(port.artifact), port.many ? ", one or many" : "",
                  port.optional ? ", optional" : ""),
             text(sentence(port.doc), " Takes: ", doc_of(port.artifact), ".")});
    if (section.entries.empty()) section.paragraphs.push_back("None.");
    return section;
}

ManualSection outputs_section(const Stage& stage) {
    ManualSection section{.title = "Outputs", .heads = {"output", "what", "meaning"}};
    for (const Output& output : stage.outputs())
        section.entries.push_back({output.name, text(to_string(output.artifact), ", ", output.file),
                                   sentence(output.doc)});
    return section;
}

/// What the table is, and what a row is where that is not said yet.
std::string rows_sentence(const TableSpec& table) {
    std::string doc = sentence(table.doc);
    if (lower(doc).find(" per ") != std::string::npos) return doc;
    return text(doc, doc.empty() ? "" : " ", "One row per ", table.row, ".");
}

ManualSection table_section(const Output& output, const TableSpec& table) {
    ManualSection section{.title = text("Table ", table.name, " of ", output.file),
                          .paragraphs = {rows_sentence(table)},
                          .heads = {"column", "type and unit", "meaning"}};
    for (const ColumnSpec& column : table.columns)
        section.entries.push_back(
            {column.name,
             text(to_string(column.type), column.unit.empty() ? "" : ", ", column.unit),
             sentence(column.doc)});
    return section;
}

std::string synopsis(const Stage& stage) {
    std::string out = text("salus ", stage.name());
    for (const Port& port : stage.inputs())
        if (!port.optional) out += text(" --", port.name, port.many ? " PATH..." : " PATH");
    out += " --output FOLDER";
    for (const Param& param : stage.params())
        if (param.required) out += text(" --", param.name, " VALUE");
    return out + " [--INPUT PATH]... [--PARAMETER VALUE]... [--seed N] [--threads N] [--fresh]";
}

std::vector<std::string> paragraphs_of(const std::string& details) {
    std::vector<std::string> paragraphs;
    std::string current;
    for (const auto line : split(details, '\n')) {
        if (trim(line).empty()) {
            if (!current.empty()) paragraphs.push_back(current);
            current.clear();
        } else {
            current += text(current.empty() ? "" : " ", trim(line));
        }
    }
    if (!current.empty()) paragraphs.push_back(current);
    return paragraphs;
}

/// Sizes at which every term of a formula is alive.
Workload example_sizes() {
    return {.samples = 1e5,
            .variants = 1e7,
            .traits = 10,
            .table = {.quantitative = 5, .binary = 5, .covariates = 20},
            .tested = {.quantitative = 5, .binary = 5, .covariates = 20},
            .columns = 20,
            .persons = 1e6,
            .events = 3e8,
            .input_bytes = 1e12,
            .ranks = 8,
            .threads = 8};
}

} // namespace

/// end.
std::string sentence(const std::string& doc) {
    if (doc.empty()) return doc;
    std::string out(trim(doc));
    const std::string first_word = out.substr(0, out.find_first_of(" ,.;:"));
    const bool plain_word = std::all_of(first_word.begin(), first_word.end(),
                                        [](char c) { return c >= 'a' && c <= 'z'; });
    if (plain_word) out[0] = static_cast<char>(out[0] - 'a' + 'A');
    return out + (out.ends_with('.') || out.ends_with('?') ? "" : ".");
}

std::string note_of(const Param& param) {
    const ParamDoc& about = param.about;
    std::string note = type_name(param.standard) + range_note(about);
    if (!about.choices.empty()) note += text(": ", join(about.choices, ", "));
    if (!about.unit.empty()) note += text(", ", about.unit);
    return text(note, "; ",
                param.required ? std::string("required")
                               : text("default ", to_toml(param.standard)));
}

std::string_view to_string(ColumnType type) noexcept {
    switch (type) {
    case ColumnType::u8:
        return "uint8";
    case ColumnType::i32:
        return "int32";
    case ColumnType::u32:
        return "uint32";
    case ColumnType::i64:
        return "int64";
    case ColumnType::u64:
        return "uint64";
    case ColumnType::f32:
        return "float32";
    case ColumnType::f64:
        return "float64";
    case ColumnType::text:
        return "text";
    }
    return "unknown";
}

ManualSection params_section(const std::string& title, const std::vector<Param>& params) {
    ManualSection section{.title = title, .heads = {"parameter", "value", "meaning"}};
    for (const Param& param : params)
        section.entries.push_back({param.name, note_of(param), sentence(param.about.doc)});
    if (section.entries.empty()) section.paragraphs.push_back("None.");
    return section;
}

Manual stage_manual(const Stage& stage) {
    Manual manual{
        .name = text("salus ", stage.name()), .summary = sentence(stage.summary()), .sections = {}};
    auto& sections = manual.sections;
    sections.push_back(
        {.title = "Synopsis",
         .paragraphs = {synopsis(stage), "Every input and parameter below is a flag on the command "
                                         "line and a key of the stage in "
                                         "pipeline and job files. In flags, - may stand for _."}});
    if (!stage.details().empty())
        sections.push_back({.title = "Description", .paragraphs = paragraphs_of(stage.details())});
    sections.push_back(inputs_section(stage));
    sections.push_back(params_section("Parameters", stage.params()));
    sections.push_back(outputs_section(stage));
    for (const Output& output : stage.outputs())
        for (const TableSpec& table : output.tables)
            sections.push_back(table_section(output, table));
    if (const Resources needs = stage.needs(stage.defaults().get(), example_sizes());
        !needs.formula.empty())
        sections.push_back({.title = "Resources", .paragraphs = {needs.formula}});
    if (!stage.citations().empty())
        sections.push_back({.title = "References", .paragraphs = stage.citations()});
    return manual;
}

Manual job_manual(const std::vector<Stage>& stages) {
    Manual manual{.name = "Job files",
                  .summary =
                      "A job says to which data a pipeline is applied, and where the results go.",
                  .sections = {}};
    manual.sections.push_back(
        {.title = "Description",
         .paragraphs = {
             "A job is a TOML file. Paths in it are relative to the folder of the file. "
             "Unknown keys are errors. "
             "Start with: salus describe job --format template.",
             "The results of stage NAME lie in <output>/NAME/. Parameters apply in this "
             "order, the last one wins: "
             "default, pipeline, job, --set NAME.PARAMETER=VALUE.",
             "An editor that knows TOML completes and checks keys if the file begins with: "
             "#:schema PATH/docs/schema/job.schema.json"}});
    manual.sections.push_back(params_section("Keys", job_params()));
    manual.sections.push_back(
        {.title = "Inputs",
         .paragraphs = {
             "[inputs] gives a path, or a list of paths, to every name that the pipeline wires as "
             "\"input.NAME\"."}});
    manual.sections.push_back(params_section("Resources", resource_params()));
    manual.sections.push_back(
        {.title = "Stage tables",
         .paragraphs = {
             "[NAME] sets parameters of the stage with that name in the pipeline. Which parameters "
             "there are: salus describe STAGE."}});
    manual.sections.push_back({.title = "Template", .code = job_template(stages)});
    return manual;
}

Manual pipeline_manual(const std::vector<Stage>& stages) {
    Manual manual{.name = "Pipeline files",
                  .summary = "A pipeline says what is done: stages, their wiring and parameters.",
                  .sections = {}};
    manual.sections.push_back(
        {.title = "Description",
         .paragraphs = {"A pipeline is a TOML file without paths and machine sizes. It lists "
                        "stages in the order in which they run. "
                        "Unknown keys are errors.",
                        "An input of a stage is wired to an output of a stage above, "
                        "\"STAGE.OUTPUT\", or to an input of the job, "
                        "\"input.NAME\". An optional input may be wired to an input that a job "
                        "leaves out. An output fits an input "
                        "if both are of the same kind."}});
    ManualSection keys{.title = "Keys", .heads = {"key", "value", "meaning"}};
    keys.entries = {
        {"title", "text", "Title of the pipeline, shown in reports."},
        {"[[stage]]", "table", "One stage; the tables run from top to bottom."},
        {"use", "text; required", "Name of the stage, for example \"quality\"."},
        {"name", "text; default: the value of use",
         "Name of this use of the stage: its folder in the output and its table in job files."},
        {"INPUT", "text", "Wire of an input: \"STAGE.OUTPUT\" or \"input.NAME\"."},
        {"PARAMETER", "see the stage", "Value of a parameter of the stage."}};
    manual.sections.push_back(std::move(keys));
    ManualSection list{.title = "Stages", .heads = {"stage", "reads and writes", "what it does"}};
    for (const Stage& stage : stages) {
        std::vector<std::string> in, out;
        for (const Port& port : stage.inputs())
            in.push_back(port.name + (port.optional ? "?" : ""));
        for (const Output& output : stage.outputs())
            out.push_back(output.name);
        list.entries.push_back(
            {stage.name(), text(in.empty() ? "nothing" : join(in, ", "), " -> ", join(out, ", ")),
             sentence(stage.summary())});
    }
    manual.sections.push_back(std::move(list));
    ManualSection kinds{.title = "Kinds", .heads = {"kind", "", "what it is"}};
    for (int i = 0; i <= static_cast<int>(Artifact::report); ++i)
        kinds.entries.push_back({std::string(to_string(static_cast<Artifact>(i))), "",
                                 std::string(doc_of(static_cast<Artifact>(i)))});
    manual.sections.push_back(std::move(kinds));
    manual.sections.push_back({.title = "Template", .code = pipeline_template(stages)});
    return manual;
}

std::string stage_table(const std::vector<Stage>& stages) {
    std::string out = "| stage | what it does | reads | writes |\n| --- | --- | --- | --- |\n";
    for (const Stage& stage : stages) {
        std::vector<std::string> in, files;
        for (const Port& port : stage.inputs())
            in.push_back(port.optional ? text("(", port.name, ")") : port.name);
        for (const Output& output : stage.outputs())
            files.push_back(text("`", output.file, "`"));
        out += text("| [", stage.name(), "](docs/reference/", stage.name(), ".md) | ",
                    sentence(stage.summary()), " | ", join(in, ", "), " | ", join(files, ", "),
                    " |\n");
    }
    return out;
}

} // namespace salus
