#include "schema/job_reader.hpp"

#include "base/text.hpp"
#include "schema/job_inputs.hpp"
#include "schema/suggest.hpp"

#include <algorithm>

namespace salus {
namespace {

RecordOf<JobHead> head_record() {
    RecordOf<JobHead> record;
    record.required("pipeline", &JobHead::pipeline,
                    {.doc = "Pipeline file, relative to the job file."});
    record.required(
        "output", &JobHead::output,
        {.doc = "Folder of the results, relative to the job file; made where it is absent."});
    record.param("title", &JobHead::title,
                 {.doc = "Title in reports; the pipeline's own where left out."});
    record.param("seed", &JobHead::seed,
                 {.doc = "Seed of every random number of the job.", .min = 0});
    return record;
}

RecordOf<JobResources> resource_record() {
    using R = JobResources;
    RecordOf<R> record;
    record.param(
        "nodes", &R::nodes,
        {.doc = "Nodes of the cluster; 0 leaves it to the plan.", .unit = "nodes", .min = 0});
    record.param(
        "ranks", &R::ranks,
        {.doc = "MPI ranks of the whole job; 0 leaves it to the plan.", .unit = "ranks", .min = 0});
    record.param(
        "threads", &R::threads,
        {.doc = "Threads of one rank; 0 leaves it to the machine.", .unit = "threads", .min = 0});
    record.param("memory_gib", &R::memory_gib,
                 {.doc = "Memory of one node; 0 leaves it to the plan.", .unit = "GiB", .min = 0});
    record.param("time", &R::time,
                 {.doc = "Wall time, hh:mm:ss or days-hh:mm:ss; empty leaves it to the plan."});
    record.param("partition", &R::partition,
                 {.doc = "SLURM partition; empty means the default one."});
    record.param("account", &R::account, {.doc = "SLURM account; empty means the default one."});
    return record;
}

bool is_slurm_word(const std::string& word) {
    return std::all_of(word.begin(), word.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.' || c == ',' || c == '@' ||
               c == '+';
    });
}

bool is_slurm_time(const std::string& time) {
    const auto dash = time.find('-');
    const bool days_fit =
        dash == std::string::npos || parse_integer(time.substr(0, dash)).value_or(-1) >= 0;
    const std::string clock = dash == std::string::npos ? time : time.substr(dash + 1);
    const auto fields = split(clock, ':');
    return days_fit && fields.size() == 3 &&
           std::all_of(fields.begin(), fields.end(), [](std::string_view field) {
               return !field.empty() && field.size() <= 3 && parse_integer(field).value_or(-1) >= 0;
           });
}

std::vector<Param> optional_copies(std::vector<Param> params) {
    for (Param& param : params)
        param.required = false;
    return params;
}

/// Reads a job file, then what it names, then what the command line adds.
class JobReader {
public:
    JobReader(const std::filesystem::path& file, const std::vector<Stage>& stages,
              const JobOverrides& overrides)
        : draft_{.known = stages,
                 .job = {},
                 .pipeline_name = {},
                 .uses = {},
                 .broken = {},
                 .given = {},
                 .doubtful = {},
                 .problems = {}},
          overrides_(overrides), file_(file.string()), root_(read_toml(file)) {
        draft_.job.file = absolute_below(std::filesystem::current_path(), file);
    }

    Job read() {
        if (root_.find("stage"))
            throw UsageError({.what = text(file_, " is a pipeline, not a job"),
                              .where = place(file_, *root_.find("stage")),
                              .why = "a pipeline says what is done, a job says to which data",
                              .help = "write a job file with pipeline, output and [inputs]; see: "
                                      "salus describe job"});
        read_head();
        const bool known = !head_.pipeline.empty() && read_stages();
        read_resources();
        if (known) {
            read_instance_tables();
            apply_settings();
            const std::size_t before = draft_.problems.size();
            bind_inputs();
            if (draft_.problems.size() > before) doubt_unbound();
            check_required();
            keep_until();
        }
        if (draft_.problems.empty()) return std::move(draft_.job);
        for (const StageInstance& one : draft_.job.stages)
            if (!draft_.doubtful.contains(one.name))
                for (Problem& problem : parameter_problems(one))
                    draft_.complain(std::move(problem));
        throw UsageError(std::move(draft_.problems));
    }

private:
    std::filesystem::path base() const { return draft_.job.file.parent_path(); }

    void read_head() {
        const auto record = head_record();
        std::vector<std::string> others;
        for (const auto& [key, node] : root_.table())
            if (find_param(record.params(), key) == nullptr) others.push_back(key);
        std::vector<Param> params = record.params();
        for (Param& param : params)
            if (param.name == "output" && overrides_.output) param.required = false;
        read_params(root_, file_, "the job", params, &head_, draft_.problems, others);
        draft_.job.title = head_.title;
        draft_.job.seed = head_.seed;
        if (overrides_.output)
            draft_.job.output =
                resolve_output(overrides_.output->string(), std::filesystem::current_path(),
                               "--output", draft_.problems);
        else if (const Node* node = root_.find("output"); node && !head_.output.empty())
            draft_.job.output =
                resolve_output(head_.output, base(), place(file_, *node), draft_.problems);
    }

    /// False if the pipeline gave nothing to check the rest of the job against.
    bool read_stages() {
        draft_.job.pipeline = absolute_below(base(), head_.pipeline);
        const std::filesystem::path typed_folder = std::filesystem::path(file_).parent_path();
        draft_.pipeline_name = (typed_folder / head_.pipeline).lexically_normal().string();
        try {
            read_pipeline(draft_);
        } catch (const Error& error) {
            for (Problem problem : error.problems()) {
                if (problem.where.empty()) problem.where = place(file_, *root_.find("pipeline"));
                draft_.complain(std::move(problem));
            }
            return false;
        }
        return !draft_.job.stages.empty();
    }

    void read_resources() {
        const Node* node = root_.find("resources");
        if (node == nullptr) return;
        JobResources& resources = draft_.job.resources;
        read_params(*node, file_, "[resources]", resource_params(), &resources, draft_.problems);
        if (!resources.time.empty() && !is_slurm_time(resources.time))
            draft_.complain({.what = text("'time' = \"", resources.time, "\" is not a duration"),
                             .where = place(file_, *node),
                             .help = "write hh:mm:ss or days-hh:mm:ss, for example \"04:00:00\""});
        if (!is_slurm_word(resources.partition) || !is_slurm_word(resources.account))
            draft_.complain({.what = "'partition' and 'account' must be plain names",
                             .where = place(file_, *node),
                             .why = "they are written into a batch script"});
    }

    std::vector<std::string> instance_names() const {
        std::vector<std::string> names;
        for (const StageInstance& instance : draft_.job.stages)
            names.push_back(instance.name);
        return names;
    }

    StageInstance* instance(std::string_view name) {
        for (StageInstance& one : draft_.job.stages)
            if (one.name == name) return &one;
        return nullptr;
    }

    /// Everything at the top that is not a key of the job: parameters of a stage, or a mistake.
    void read_instance_tables() {
        const auto record = head_record();
        for (const auto& [key, node] : root_.table()) {
            if (key == "inputs" || key == "resources" || find_param(record.params(), key)) continue;
            if (draft_.broken.contains(key)) continue;
            StageInstance* target = instance(key);
            if (target == nullptr) {
                unknown_key(key, node);
                continue;
            }
            const std::size_t before = draft_.problems.size();
            read_params(node, file_, text("stage '", key, "'"),
                        optional_copies(target->stage->params()), target->params.get(),
                        draft_.problems);
            if (draft_.problems.size() > before) draft_.doubtful.insert(key);
            if (node.is_table())
                for (const auto& [name, ignored] : node.table())
                    draft_.given.insert(text(key, ".", name));
        }
    }

    void unknown_key(const std::string& key, const Node& node) {
        std::vector<std::string> names{"pipeline", "output", "title",
                                       "seed",     "inputs", "resources"};
        for (std::string& name : instance_names())
            names.push_back(std::move(name));
        draft_.complain({.what = node.is_table() ? text("the pipeline has no stage '", key, "'")
                                                 : text("no key '", key, "' in the job"),
                         .where = place(file_, node),
                         .help = suggestion(key, names)});
    }

    void apply_settings() {
        for (const std::string& setting : overrides_.settings)
            apply_setting(setting);
    }

    void apply_setting(const std::string& setting) {
        const std::string where = text("--set ", setting);
        const auto equals = setting.find('=');
        if (equals == std::string::npos) {
            draft_.complain({.what = "a setting needs '='",
                             .where = where,
                             .help = "write --set stage.parameter=value"});
            return;
        }
        const std::string name = setting.substr(0, equals), value = setting.substr(equals + 1);
        const auto dot = name.find('.');
        const std::string owner = name.substr(0, dot);
        const std::string key = dot == std::string::npos ? "" : name.substr(dot + 1);
        if (name == "seed") {
            const auto record = head_record();
            set(record.params(), "the job", "seed", &head_, value, where);
            draft_.job.seed = head_.seed;
        } else if (owner == "resources") {
            set(resource_params(), "[resources]", key, &draft_.job.resources, value, where);
        } else if (StageInstance* target = instance(owner)) {
            const std::size_t before = draft_.problems.size();
            set(target->stage->params(), text("stage '", owner, "'"), key, target->params.get(),
                value, where);
            if (draft_.problems.size() > before) draft_.doubtful.insert(owner);
            draft_.given.insert(name);
        } else if (name == "output" || name == "pipeline" || name == "title" || owner == "inputs") {
            draft_.complain(
                {.what = text("'", name, "' is not changed by --set"),
                 .where = where,
                 .why = "it takes STAGE.PARAMETER, seed and resources.KEY",
                 .help = name == "output" ? "give --output FOLDER" : "write it into the job file"});
        } else if (!draft_.broken.contains(owner)) {
            draft_.complain({.what = text("the pipeline has no stage '", owner, "'"),
                             .where = where,
                             .help = suggestion(owner, instance_names())});
        }
    }

    void set(const std::vector<Param>& params, const std::string& owner, const std::string& key,
             void* record, const std::string& value, const std::string& where) {
        if (const Param* param = find_param(params, key)) {
            if (auto problem = assign_text(*param, record, value, where))
                draft_.complain(std::move(*problem));
            return;
        }
        std::vector<std::string> names;
        for (const Param& param : params)
            names.push_back(param.name);
        draft_.complain({.what = text("no parameter '", key, "' in ", owner),
                         .where = where,
                         .help = suggestion(key, names)});
    }

    /// Stages that an input may be meant for which was not understood.
    void doubt_unbound() {
        for (const InputUse& use : draft_.uses) {
            const StageInstance& one = draft_.job.stages[use.stage];
            if (one.wire(use.port->name) == nullptr) draft_.doubtful.insert(one.name);
        }
    }

    /// Joins [inputs] of the job to the ports that the pipeline wires to them.
    void bind_inputs() {
        const Node* inputs = root_.find("inputs");
        if (inputs && !inputs->is_table()) {
            draft_.complain({.what = "'inputs' must be a table",
                             .where = place(file_, *inputs),
                             .help = "write [inputs]"});
            return;
        }
        for (const InputUse& use : draft_.uses) {
            const Node* node = inputs ? inputs->find(use.input) : nullptr;
            if (node)
                bind_input(use, *node);
            else if (!use.port->optional)
                draft_.complain({.what = text("the job gives no input '", use.input, "'"),
                                 .where = inputs ? place(file_, *inputs) : file_,
                                 .why = text("stage '", draft_.job.stages[use.stage].name,
                                             "' needs: ", doc_of(use.port->artifact)),
                                 .help = text("add below [inputs]: ", use.input, " = ",
                                              use.port->many ? "[\"...\"]" : "\"...\"")});
        }
        if (inputs == nullptr) return;
        std::vector<std::string> names;
        for (const InputUse& use : draft_.uses)
            names.push_back(use.input);
        std::sort(names.begin(), names.end());
        names.erase(std::unique(names.begin(), names.end()), names.end());
        for (const auto& [key, node] : inputs->table())
            if (std::find(names.begin(), names.end(), key) == names.end() && draft_.broken.empty())
                draft_.complain({.what = text("the pipeline takes no input '", key, "'"),
                                 .where = place(file_, node),
                                 .help = suggestion(key, names)});
    }

    void bind_input(const InputUse& use, const Node& node) {
        std::vector<std::string> typed;
        const Value* value = node.is_value() ? &node.value() : nullptr;
        if (value && std::holds_alternative<std::string>(*value))
            typed = {std::get<std::string>(*value)};
        else if (value && std::holds_alternative<std::vector<std::string>>(*value))
            typed = std::get<std::vector<std::string>>(*value);
        else {
            add_once({.what = text("input '", use.input, "' must be a path or a list of paths"),
                      .where = place(file_, node)});
            return;
        }
        Port port = *use.port;
        port.name = use.input;
        std::vector<Problem> found;
        auto paths = resolve_inputs(port, typed, base(), place(file_, node), found);
        for (Problem& problem : found)
            add_once(std::move(problem));
        draft_.job.stages[use.stage].wires.push_back(
            {.port = use.port->name, .instance = {}, .output = {}, .files = std::move(paths)});
    }

    /// Two ports that share an input would tell the same problem twice.
    void add_once(Problem problem) {
        for (const Problem& old : draft_.problems)
            if (old.what == problem.what && old.where == problem.where) return;
        draft_.complain(std::move(problem));
    }

    void check_required() {
        for (const StageInstance& one : draft_.job.stages)
            for (const Param& param : one.stage->params())
                if (param.required && !draft_.given.contains(text(one.name, ".", param.name))) {
                    draft_.doubtful.insert(one.name);
                    draft_.complain({.what = text("stage '", one.name, "' needs the parameter '",
                                                  param.name, "'"),
                                     .where = file_,
                                     .why = param.about.doc,
                                     .help = text("add below [", one.name, "]: ", param.name, " = ",
                                                  to_toml(param.standard))});
                }
    }

    void keep_until() {
        if (overrides_.until.empty()) return;
        auto& stages = draft_.job.stages;
        const auto last = std::find_if(stages.begin(), stages.end(), [&](const StageInstance& s) {
            return s.name == overrides_.until;
        });
        if (last == stages.end())
            draft_.complain({.what = text("the pipeline has no stage '", overrides_.until, "'"),
                             .where = "--until",
                             .help = suggestion(overrides_.until, instance_names())});
        else
            stages.erase(last + 1, stages.end());
    }

    JobDraft draft_;
    const JobOverrides& overrides_;
    std::string file_;
    Node root_;
    JobHead head_;
};

} // namespace

Job read_job(const std::filesystem::path& file, const std::vector<Stage>& stages,
             const JobOverrides& overrides) {
    return JobReader(file, stages, overrides).read();
}

const std::vector<Param>& job_params() {
    static const std::vector<Param> params = head_record().params();
    return params;
}

const std::vector<Param>& resource_params() {
    static const std::vector<Param> params = resource_record().params();
    return params;
}

Job single_stage_job(const StageCommand& command) {
    const Stage& stage = *command.stage;
    Job job;
    std::vector<Problem> problems;
    bool complete = true; // parameters and the names of inputs
    const auto here = std::filesystem::current_path();
    StageInstance one{
        .name = stage.name(), .stage = &stage, .params = stage.defaults(), .wires = {}};
    for (const Port& port : stage.inputs()) {
        const auto given = std::find_if(command.inputs.begin(), command.inputs.end(),
                                        [&](const auto& in) { return in.first == port.name; });
        if (given != command.inputs.end())
            one.wires.push_back({.port = port.name,
                                 .instance = {},
                                 .output = {},
                                 .files = resolve_inputs(port, given->second, here,
                                                         text("--", port.name), problems)});
        else if (!port.optional) {
            complete = false;
            problems.push_back({.what = text("stage '", stage.name(), "' needs --", port.name),
                                .why = text("it takes: ", doc_of(port.artifact)),
                                .help = text("see: salus ", stage.name(), " --help")});
        }
    }
    const std::size_t before = problems.size();
    for (const auto& [name, value] : command.params) {
        const Param* param = find_param(stage.params(), name);
        SALUS_ASSERT(param != nullptr);
        if (auto problem = assign_text(*param, one.params.get(), value, text("--", name)))
            problems.push_back(std::move(*problem));
    }
    for (const Param& param : stage.params()) {
        const bool given = std::any_of(command.params.begin(), command.params.end(),
                                       [&](const auto& p) { return p.first == param.name; });
        if (param.required && !given)
            problems.push_back({.what = text("stage '", stage.name(), "' needs --", param.name),
                                .why = param.about.doc});
    }
    complete = complete && problems.size() == before;
    job.output = resolve_output(command.output, here, "--output", problems);
    if (complete && !problems.empty())
        for (Problem& problem : parameter_problems(one))
            problems.push_back(std::move(problem));
    job.seed = command.seed;
    job.title = stage.summary();
    job.stages.push_back(std::move(one));
    if (!problems.empty()) throw UsageError(std::move(problems));
    return job;
}

} // namespace salus
