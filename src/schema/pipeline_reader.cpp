#include "base/text.hpp"
#include "schema/job_reader.hpp"
#include "schema/suggest.hpp"

#include <algorithm>

namespace salus {
namespace {

struct PipelineHead {
    std::string title;
};

const std::vector<std::string>& reserved_names() {
    static const std::vector<std::string> names{"input",  "inputs",  "resources", "pipeline",
                                                "output", "seed",    "title",     "state",
                                                "work",   "metrics", "slurm"};
    return names;
}

/// Reads one [[stage]] of a pipeline file.
class StageReader {
public:
    StageReader(JobDraft& draft, std::string file, const Node& node)
        : draft_(draft), file_(std::move(file)), node_(node) {}

    void read() {
        if (!node_.is_table()) {
            draft_.complain(
                {.what = "a stage must be a table: [[stage]]", .where = place(file_, node_)});
            return;
        }
        const Stage* stage = find_stage();
        const std::string name = read_name(stage);
        if (stage == nullptr || name.empty()) {
            if (!name.empty()) draft_.broken.insert(name);
            return;
        }
        draft_.job.stages.push_back(
            {.name = name, .stage = stage, .params = stage->defaults(), .wires = {}});
        const std::size_t before = draft_.problems.size();
        read_stage_params(*stage, name);
        for (const Port& port : stage->inputs())
            read_port(port, name);
        if (draft_.problems.size() > before) draft_.doubtful.insert(name);
    }

private:
    std::optional<std::string> text_of(std::string_view key) {
        const Node* node = node_.find(key);
        if (node == nullptr) return std::nullopt;
        if (node->is_value() && std::holds_alternative<std::string>(node->value()))
            return std::get<std::string>(node->value());
        draft_.complain({.what = text("'", key, "' must be text"),
                         .where = place(file_, *node),
                         .help = text("write one name in quotes: ", key, " = \"...\"")});
        return std::nullopt;
    }

    const Stage* find_stage() {
        std::vector<std::string> names;
        for (const Stage& stage : draft_.known)
            names.push_back(stage.name());
        if (node_.find("use") == nullptr)
            draft_.complain({.what = "a stage needs 'use', the name of what it runs",
                             .where = place(file_, node_),
                             .help = text("there are: ", join(names, ", "))});
        const auto use = text_of("use");
        if (!use) return nullptr;
        for (const Stage& stage : draft_.known)
            if (stage.name() == *use) return &stage;
        draft_.complain({.what = text("there is no stage '", *use, "'"),
                         .where = place(file_, *node_.find("use")),
                         .help = suggestion(*use, names)});
        return nullptr;
    }

    /// Instance name: `name`, else the name of the stage; empty if neither can be used.
    std::string read_name(const Stage* stage) {
        std::string name = text_of("name").value_or(stage ? stage->name() : "");
        const Node* use = node_.find("use");
        if (stage == nullptr && name.empty() && use != nullptr && use->is_value() &&
            std::holds_alternative<std::string>(use->value()))
            name = std::get<std::string>(use->value());
        if (name.empty()) return name;
        const Node& at = node_.find("name") ? *node_.find("name") : node_;
        const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
        });
        const auto& reserved = reserved_names();
        if (!plain || std::find(reserved.begin(), reserved.end(), name) != reserved.end()) {
            draft_.complain(
                {.what = text("'", name, "' cannot be the name of a stage"),
                 .where = place(file_, at),
                 .why = "it is the name of a folder and of a table in job files",
                 .help = text("use a-z, 0-9 and _; reserved are: ", join(reserved, ", "))});
            return {};
        }
        if (draft_.job.find(name) || draft_.broken.contains(name)) {
            draft_.complain(
                {.what = text("two stages are named '", name, "'"),
                 .where = place(file_, at),
                 .why = "results lie in a folder named after the stage",
                 .help = text("tell them apart, for example: name = \"", name, "_2\"")});
            return {};
        }
        return name;
    }

    void read_stage_params(const Stage& stage, const std::string& name) {
        std::vector<std::string> others{"use", "name"};
        for (const Port& port : stage.inputs())
            others.push_back(port.name);
        std::vector<Param> params = stage.params();
        for (Param& param : params) {
            param.required = false; // the job may still give it
            if (node_.find(param.name)) draft_.given.insert(text(name, ".", param.name));
        }
        read_params(node_, file_, text("stage '", name, "'"), params,
                    draft_.job.stages.back().params.get(), draft_.problems, others);
    }

    void read_port(const Port& port, const std::string& name) {
        const Node* node = node_.find(port.name);
        if (node == nullptr) {
            if (!port.optional)
                draft_.complain(
                    {.what = text("stage '", name, "' has nothing on its input '", port.name, "'"),
                     .where = place(file_, node_),
                     .why = text("it needs: ", doc_of(port.artifact)),
                     .help = text("add: ", port.name, " = \"", feeder(port), "\"")});
            return;
        }
        const auto wire = text_of(port.name);
        if (!wire) return;
        const auto dot = wire->find('.');
        if (dot == std::string::npos || dot == 0 || dot + 1 == wire->size())
            draft_.complain(
                {.what = text("'", *wire, "' is not a wire"),
                 .where = place(file_, *node),
                 .why = "a pipeline holds no paths; it wires outputs to inputs",
                 .help = text("write \"input.NAME\" or \"STAGE.OUTPUT\", for example \"",
                              feeder(port), "\"")});
        else if (wire->substr(0, dot) == "input")
            draft_.uses.push_back(
                {wire->substr(dot + 1), &port, draft_.job.stages.size() - 1, place(file_, *node)});
        else
            connect(port, wire->substr(0, dot), wire->substr(dot + 1), place(file_, *node));
    }

    /// The last earlier output that fits a port, else an input of the job.
    std::string feeder(const Port& port) const {
        std::string fits = text("input.", port.name);
        for (std::size_t i = 0; i + 1 < draft_.job.stages.size(); ++i)
            for (const Output& output : draft_.job.stages[i].stage->outputs())
                if (output.artifact == port.artifact)
                    fits = text(draft_.job.stages[i].name, ".", output.name);
        return fits;
    }

    void connect(const Port& port, const std::string& from, const std::string& output,
                 const std::string& where) {
        StageInstance& self = draft_.job.stages.back();
        const StageInstance* upstream = draft_.job.find(from);
        if (upstream == nullptr || upstream == &self) {
            if (!draft_.broken.contains(from)) unknown_upstream(from, self.name, where);
            return;
        }
        const Output* found = upstream->stage->output(output);
        if (found == nullptr) {
            std::vector<std::string> names;
            for (const Output& o : upstream->stage->outputs())
                names.push_back(o.name);
            draft_.complain({.what = text("stage '", from, "' has no output '", output, "'"),
                             .where = where,
                             .help = suggestion(output, names)});
        } else if (!accepts(port.artifact, found->artifact)) {
            draft_.complain({.what = text("input '", port.name, "' of stage '", self.name,
                                          "' cannot take ", from, ".", output),
                             .where = where,
                             .why = text("it takes a ", to_string(port.artifact),
                                         ", but that is a ", to_string(found->artifact)),
                             .help = text("write for example \"", feeder(port), "\"")});
        } else {
            self.wires.push_back(
                {.port = port.name, .instance = from, .output = output, .files = {}});
        }
    }

    void unknown_upstream(const std::string& from, const std::string& self,
                          const std::string& where) {
        if (from == self) {
            draft_.complain(
                {.what = text("stage '", self, "' reads its own output"), .where = where});
            return;
        }
        std::vector<std::string> earlier{"input"};
        for (std::size_t i = 0; i + 1 < draft_.job.stages.size(); ++i)
            earlier.push_back(draft_.job.stages[i].name);
        draft_.complain(
            {.what = text("there is no stage '", from, "' above stage '", self, "'"),
             .where = where,
             .why = "stages run from top to bottom and read only what stands above them",
             .help = suggestion(from, earlier)});
    }

    JobDraft& draft_;
    std::string file_;
    const Node& node_;
};

} // namespace

void read_pipeline(JobDraft& draft) {
    const std::string& file = draft.pipeline_name;
    const Node root = read_toml(file);
    if (root.find("pipeline")) {
        draft.complain({.what = text(file, " is a job, not a pipeline"),
                        .where = place(file, *root.find("pipeline")),
                        .help = "name the file with the [[stage]] tables"});
        return;
    }
    PipelineHead head;
    RecordOf<PipelineHead> declared;
    declared.param("title", &PipelineHead::title, {.doc = "Title of the pipeline."});
    read_params(root, file, "the pipeline", declared.params(), &head, draft.problems, {"stage"});
    if (draft.job.title.empty()) draft.job.title = head.title;
    const Node* stages = root.find("stage");
    if (stages == nullptr || !stages->is_list()) {
        draft.complain({.what = "the pipeline has no stages",
                        .where = stages ? place(file, *stages) : file,
                        .help = "add tables: [[stage]] with use = \"...\""});
        return;
    }
    for (const Node& node : stages->list())
        StageReader(draft, file, node).read();
}

} // namespace salus
