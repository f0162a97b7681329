#pragma once

#include "schema/manual.hpp"
#include "schema/stage.hpp"

#include <string>
#include <vector>

namespace salus {

/// A doc string as a sentence: capital first unless it begins with a name of ours, full stop at the
/// end.
std::string sentence(const std::string& doc);
/// "number, 0 to 1, proportion; default 0.98"
std::string note_of(const Param& param);
std::string_view to_string(ColumnType type) noexcept;
/// Section "Parameters" of any declared record.
ManualSection params_section(const std::string& title, const std::vector<Param>& params);

/// Manual page of a stage: inputs, outputs with their columns, parameters, resources, references.
Manual stage_manual(const Stage& stage);
/// Manual pages of the two kinds of TOML files.
Manual job_manual(const std::vector<Stage>& stages);
Manual pipeline_manual(const std::vector<Stage>& stages);
/// Markdown table of all stages, for the README.
std::string stage_table(const std::vector<Stage>& stages);

/// TOML with every port and, as comments, every parameter with its doc, unit, range and default.
std::string stage_template(const Stage& stage, const std::vector<Stage>& earlier);
std::string pipeline_template(const std::vector<Stage>& stages);
std::string job_template(const std::vector<Stage>& stages);

/// JSON schema (draft 2020-12) of a job or pipeline file, for completion and checks in editors.
std::string job_json_schema(const std::vector<Stage>& stages);
std::string pipeline_json_schema(const std::vector<Stage>& stages);
/// The same for the parameters of one stage.
std::string stage_json_schema(const Stage& stage);

/// The same for a file whose keys are the parameters of one record.
std::string params_template(const std::vector<Param>& params);
std::string params_json_schema(const std::string& title, const std::vector<Param>& params);

/// Records of one kind in a file: an array of tables, [[key]].
struct RecordList {
    std::string key;
    const std::vector<Param>* params;
};
/// Template and JSON schema of a file that holds such records.
std::string records_template(const std::vector<RecordList>& kinds);
std::string records_json_schema(const std::string& title, const std::vector<RecordList>& kinds);

} // namespace salus
