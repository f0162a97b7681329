#include "schema/job.hpp"

#include "base/text.hpp"
#include "schema/document.hpp"

#include <algorithm>
#include <set>

namespace salus {

const Wire* StageInstance::wire(std::string_view port) const {
    const auto found =
        std::find_if(wires.begin(), wires.end(), [&](const Wire& w) { return w.port == port; });
    return found == wires.end() ? nullptr : &*found;
}

const StageInstance* Job::find(std::string_view instance) const {
    const auto found = std::find_if(stages.begin(), stages.end(),
                                    [&](const StageInstance& s) { return s.name == instance; });
    return found == stages.end() ? nullptr : &*found;
}

std::filesystem::path Job::folder(const StageInstance& instance) const {
    return output / instance.name;
}

std::map<std::string, std::filesystem::path> Job::outputs(const StageInstance& instance) const {
    std::map<std::string, std::filesystem::path> paths;
    for (const Output& out : instance.stage->outputs())
        paths[out.name] = folder(instance) / out.file;
    return paths;
}

Inputs Job::inputs(const StageInstance& instance) const {
    Inputs paths = given_inputs(instance);
    for (const Wire& wire : instance.wires) {
        if (wire.from_files()) continue;
        const StageInstance* upstream = find(wire.instance);
        SALUS_ASSERT(upstream != nullptr && upstream->stage->output(wire.output) != nullptr);
        paths[wire.port] = {folder(*upstream) / upstream->stage->output(wire.output)->file};
    }
    return paths;
}

Inputs Job::given_inputs(const StageInstance& instance) const {
    Inputs paths;
    for (const Wire& wire : instance.wires)
        if (wire.from_files()) paths[wire.port] = wire.files;
    return paths;
}

namespace {

/// Inputs for a look before the run: what an earlier stage will make is named, but by a path that
/// does not exist, so that results of a former run are never taken for it. `made`: stages whose
/// results are there.
Inputs inputs_to_come(const Job& job, const StageInstance& instance,
                      const std::set<std::string>& made) {
    Inputs paths = job.inputs(instance);
    for (const Wire& wire : instance.wires)
        if (!wire.from_files() && !made.contains(wire.instance))
            paths[wire.port].front() += ".to-come";
    return paths;
}

/// Whether all that a stage reads of the job is there.
bool reads_made(const StageInstance& instance, const std::set<std::string>& made) {
    return std::all_of(instance.wires.begin(), instance.wires.end(), [&](const Wire& wire) {
        return wire.from_files() || made.contains(wire.instance);
    });
}

/// Appends what the quick look of a stage says or throws; false if the storage failed.
bool look(const StageInstance& instance, const Inputs& inputs, Workload& sizes,
          std::vector<Problem>& problems) {
    try {
        instance.stage->examine(instance.params.get(), inputs, sizes, problems);
    } catch (const Error& error) {
        for (Problem problem : error.problems()) {
            problem.what = text(instance.name, ": ", problem.what);
            problems.push_back(std::move(problem));
        }
        return error.kind() != ErrorKind::storage;
    }
    return true;
}

/// What a stage says if none of its files can be there.
std::vector<Problem> said_of_missing(const StageInstance& instance, std::string_view suffix) {
    Inputs nowhere;
    for (const Wire& wire : instance.wires)
        for (std::size_t i = 0; i < std::max<std::size_t>(1, wire.files.size()); ++i)
            nowhere[wire.port].push_back(text("/dev/null/", wire.port, i, suffix));
    Workload sizes;
    std::vector<Problem> problems;
    try {
        look(instance, nowhere, sizes, problems);
    } catch (const std::exception&) { // of the missing files
    }
    return problems;
}

bool contains(const std::vector<Problem>& problems, const Problem& one) {
    return std::find(problems.begin(), problems.end(), one) != problems.end();
}

} // namespace

std::vector<Problem> JobProblems::all() const {
    std::vector<Problem> all = parameters;
    all.insert(all.end(), inputs.begin(), inputs.end());
    return all;
}

void JobProblems::raise() const {
    if (!parameters.empty()) throw UsageError(all());
    if (storage) throw StorageError(inputs);
    if (!inputs.empty()) throw DataError(inputs);
}

std::vector<Problem> parameter_problems(const StageInstance& instance) {
    // What is said of a file that is not there names it: what is said under any name is not of it.
    std::vector<Problem> problems = said_of_missing(instance, ".one");
    const std::vector<Problem> others = said_of_missing(instance, ".another");
    std::erase_if(problems, [&](const Problem& one) { return !contains(others, one); });
    return problems;
}

std::vector<Workload> examine_job(const Job& job, const Workload& layout, JobProblems& problems,
                                  const StageIsDone& done) {
    std::vector<Workload> sizes;
    std::set<std::string> made;
    Workload current = layout;
    for (const StageInstance& instance : job.stages) {
        if (current.table.traits() > 0) current.traits = current.table.traits();
        current.tested = {};
        current.columns = current.set_variants = 0;
        current.predictions = current.pruned = false;
        std::vector<Problem> found;
        if (!look(instance, inputs_to_come(job, instance, made), current, found))
            problems.storage = true;
        if (!found.empty()) {
            const std::vector<Problem> ours = parameter_problems(instance);
            for (Problem& one : found)
                (contains(ours, one) ? problems.parameters : problems.inputs)
                    .push_back(std::move(one));
        }
        sizes.push_back(current);
        if (done && reads_made(instance, made) && done(instance)) made.insert(instance.name);
    }
    if (problems.storage) problems.raise();
    return sizes;
}

std::string params_as_toml(const StageInstance& instance) {
    std::string out;
    for (const Param& param : instance.stage->params())
        out += text(param.name, " = ", to_toml(param.get(instance.params.get())), "\n");
    return out;
}

} // namespace salus
