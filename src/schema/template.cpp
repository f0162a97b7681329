#include "base/text.hpp"
#include "schema/describe.hpp"
#include "schema/job.hpp"

#include <algorithm>

namespace salus {
namespace {

std::string comment_of(const Param& param) {
    return text("# ", sentence(param.about.doc), " (", note_of(param), ")\n");
}

std::string line_of(const Param& param) {
    return text(param.required ? "" : "# ", param.name, " = ", to_toml(param.standard), "\n");
}

/// The output of the nearest earlier stage that fits, else an input of the job.
std::string wire_for(const Port& port, const std::vector<Stage>& earlier) {
    std::string wire = text("input.", port.name);
    for (const Stage& stage : earlier)
        for (const Output& output : stage.outputs())
            if (output.artifact == port.artifact) wire = text(stage.name(), ".", output.name);
    return wire;
}

} // namespace

std::string stage_template(const Stage& stage, const std::vector<Stage>& earlier) {
    std::string out =
        text("# ", sentence(stage.summary()), "\n[[stage]]\nuse = \"", stage.name(), "\"\n");
    for (const Port& port : stage.inputs())
        out += text("# ", sentence(port.doc), " (", to_string(port.artifact),
                    port.optional ? "; optional)\n" : ")\n", port.name, " = \"",
                    wire_for(port, earlier), "\"\n");
    for (const Param& param : stage.params())
        out += comment_of(param) + line_of(param);
    return out;
}

std::string params_template(const std::vector<Param>& params) {
    std::string out;
    for (const Param& param : params)
        out += comment_of(param) + line_of(param);
    return out;
}

std::string records_template(const std::vector<RecordList>& kinds) {
    std::string out;
    for (const RecordList& kind : kinds) {
        out += text(out.empty() ? "" : "\n", "[[", kind.key, "]]\n");
        out += params_template(*kind.params);
    }
    return out;
}

std::string pipeline_template(const std::vector<Stage>& stages) {
    std::string out = "title = \"What this pipeline is for\"\n";
    std::vector<Stage> earlier;
    for (const Stage& stage : stages) {
        out += "\n" + stage_template(stage, earlier);
        earlier.push_back(stage);
    }
    return out;
}

std::string job_template(const std::vector<Stage>& stages) {
    std::string out;
    for (const Param& param : job_params()) {
        std::string line = line_of(param);
        if (param.name == "pipeline") line = "pipeline = \"../pipelines/main.toml\"\n";
        if (param.name == "output") line = "output = \"../out/my_job\"\n";
        out += comment_of(param) + line;
    }
    out += "\n# Files, one key for every \"input.NAME\" of the pipeline; a path or a list of "
           "paths.\n[inputs]\n";
    std::vector<Stage> earlier;
    std::vector<std::string> done;
    for (const Stage& stage : stages) {
        for (const Port& port : stage.inputs()) {
            if (wire_for(port, earlier) != text("input.", port.name)) continue;
            if (std::find(done.begin(), done.end(), port.name) != done.end()) continue;
            done.push_back(port.name);
            out +=
                text("# ", doc_of(port.artifact), port.optional ? " (optional)\n# " : "\n# ",
                     port.name, " = ", port.many ? "[\"../data/...\"]" : "\"../data/...\"", "\n");
        }
        earlier.push_back(stage);
    }
    out += "\n# What the job asks of the machine; everything may be left out.\n[resources]\n";
    for (const Param& param : resource_params())
        out += comment_of(param) + line_of(param);
    for (const Stage& stage : stages) {
        if (stage.params().empty()) continue;
        out += text("\n# [", stage.name(), "]\n");
        for (const Param& param : stage.params())
            out += text("# ", param.name, " = ", to_toml(param.standard), "\n");
    }
    return out;
}

} // namespace salus
