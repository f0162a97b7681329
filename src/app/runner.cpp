#include "app/runner.hpp"

#include "app/audit_log.hpp"
#include "app/commands.hpp"
#include "app/run_records.hpp"
#include "app/runner_state.hpp"
#include "base/date.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/interrupt.hpp"
#include "base/machine.hpp"
#include "base/temporaries.hpp"
#include "base/text.hpp"
#include "parallel/parallel_for.hpp"
#include "run/context.hpp"
#include "schema/suggest.hpp"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>

namespace salus {
namespace {

namespace fs = std::filesystem;

std::string host_name() {
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

/// Gives back what earlier stages left free and forgets the peak so far, where the system can, so
/// that every stage needs, and is told, its own.
void restart_peak() {
#ifdef __GLIBC__
    ::malloc_trim(0);
#endif
    std::ofstream("/proc/self/clear_refs") << "5";
}

double peak_resident_bytes() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmHWM:"))
            return parse_double(trim(std::string_view(line).substr(6, line.size() - 9)))
                       .value_or(0) *
                   1024.0;
    struct rusage usage {};
    ::getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) * 1024.0;
}

/// What every rank tells the root of a stage that it has done.
struct RankReport {
    double peak_bytes = 0;
    FileOperations files;
};

/// "1 stage", "7 stages".
std::string counted(std::size_t number, std::string_view what) {
    return text(number, " ", what, number == 1 ? "" : "s");
}

/// One run of a job: the state that its steps share.
class Runner {
public:
    Runner(const Job& job, const RunOptions& options, const Communicator& comm)
        : job_(job), options_(options), comm_(comm), log_("run", comm.rank()), started_(utc_now()) {
    }

    int run() {
        if (!options_.only.empty()) static_cast<void>(only());
        prepare();
        if (options_.only.empty()) {
            for (const StageInstance& instance : job_.stages)
                run_instance(instance);
            log_.info(text("complete: results are in ", job_.output.string()));
        } else {
            take_results_for(only());
            run_instance(only());
            log_.info(
                text(options_.only, " is complete: results are in ", job_.folder(only()).string()));
        }
        return 0;
    }

private:
    void prepare();
    void look_at_inputs() const;
    const StageInstance& only() const;
    void take_results_for(const StageInstance& instance);
    StageState finished(const StageInstance& instance) const;
    void run_instance(const StageInstance& instance);
    void share_digests(const StageInstance& instance);
    Ingredients parameters_of(const StageInstance& instance) const; // and version and seed
    Ingredients ingredients_of(const StageInstance& instance);
    bool is_done(const StageInstance& instance, const Ingredients& ingredients);
    RunContext context_for(const StageInstance& instance, const Ingredients& ingredients) const;
    double gather_reports(const FileOperations& before, StageCosts& costs) const;
    void finish(const StageInstance& instance, StageState state, const StageCosts& costs);
    void write_observations(const StageInstance& instance, const StageState& state,
                            const StageCosts& costs) const;
    void audit(const std::string& event, const std::string& stage, const StageState& state) const;
    void write_run_record() const;
    fs::path state_file(const StageInstance& instance) const {
        return job_.output / "state" / (instance.name + ".toml");
    }
    fs::path work_folder(const StageInstance& instance) const {
        return job_.output / "work" / instance.name;
    }

    const Job& job_;
    const RunOptions& options_;
    const Communicator comm_;
    Log log_;
    std::string started_;
    std::unique_ptr<FolderLock> lock_;
    std::map<fs::path, std::string> digests_; // of everything that stages read, by path
    std::map<std::string, StageState> done_;
    std::string hosts_;
};

void Runner::prepare() {
    set_threads(options_.threads);
    collectively(comm_, "preparing the output folder", [&] {
        if (!comm_.is_root()) return;
        look_at_inputs();
        make_folders(job_.output / "state");
        const std::string slurm = environment("SLURM_JOB_ID");
        lock_ = std::make_unique<FolderLock>(job_.output,
                                             text("process ", ::getpid(), " on ", host_name(),
                                                  slurm.empty() ? "" : ", SLURM job ", slurm));
        remove_temporaries(job_.output);
        remove_temporaries(job_.output / "state");
        remove_temporaries(job_.output / "metrics");
        for (const StageInstance& instance : job_.stages)
            remove_temporaries(job_.output / instance.name);
        log_.tee((job_.output / "run.log").string());
        std::string resolved =
            text("# Every parameter of this run, defaults included.\nseed = ", job_.seed, "\n");
        for (const StageInstance& instance : job_.stages)
            resolved += text("\n[", instance.name, "]  # ", instance.stage->name(), "\n",
                             params_as_toml(instance));
        write_file_atomically(job_.output / "resolved.toml", resolved);
        audit("run_begins", {}, {});
    });
    for (const std::string& host : comm_.gather_all(host_name()))
        if (hosts_.find(host) == std::string::npos) hosts_ += text(hosts_.empty() ? "" : " ", host);
    if (comm_.played() > 1)
        log_.info(text("dry run: one rank plays ", comm_.played(), " ranks one after another"));
    std::string_view title = job_.title.empty() ? "job" : std::string_view(job_.title);
    if (title.ends_with('.')) title.remove_suffix(1); // the summary of a stage that runs alone
    log_.info(text(title, ": ", counted(job_.stages.size(), "stage"), " on ",
                   counted(static_cast<std::size_t>(comm_.size()), "rank"), " x ", options_.threads,
                   " threads (", hosts_, ")"));
}

void Runner::look_at_inputs() const {
    JobProblems problems;
    Workload layout;
    layout.ranks = comm_.size();
    layout.threads = options_.threads;
    static_cast<void>(examine_job(job_, layout, problems));
    problems.raise();
}

const StageInstance& Runner::only() const {
    const StageInstance* found = job_.find(options_.only);
    if (found != nullptr) return *found;
    std::vector<std::string> names;
    for (const StageInstance& instance : job_.stages)
        names.push_back(instance.name);
    throw UsageError({.what = text("the job has no stage '", options_.only, "'"),
                      .where = "--stage",
                      .why = {},
                      .help = suggestion(options_.only, names)});
}

/// The record of an earlier stage whose results are there with the bytes that were published, made
/// with the parameters of this job. Its own inputs were looked at when it ran.
StageState Runner::finished(const StageInstance& instance) const {
    const std::optional<StageState> state = read_state(state_file(instance));
    if (!state)
        throw UsageError({.what = text("stage ", instance.name, " is not complete yet"),
                          .where = job_.folder(instance).string(),
                          .why = text("stage ", options_.only, " reads its results"),
                          .help = text("run it first: salus run JOB --stage ", instance.name)});
    Ingredients own = state->ingredients;
    for (const auto& [name, value] : parameters_of(instance))
        own[name] = value;
    const std::vector<std::string> changed = differences(state->ingredients, own);
    if (!changed.empty())
        throw IntegrityError(
            {.what = text("the results of stage ", instance.name, " were made from something else"),
             .where = job_.folder(instance).string(),
             .why = text("changed since: ", join(changed, ", ")),
             .help = text("run it anew: salus run JOB --fresh --stage ", instance.name)});
    for (const auto& [name, path] : job_.outputs(instance)) {
        const auto recorded = state->outputs.find(name);
        if (recorded == state->outputs.end() || !fs::exists(path) ||
            digest_path(path) != recorded->second)
            throw IntegrityError(
                {.what = text("a result of stage ", instance.name, " is missing or changed"),
                 .where = path.string(),
                 .why = "it is not the file that was published",
                 .help = text("run it again: salus run JOB --stage ", instance.name)});
    }
    return *state;
}

/// Makes the results known that `instance` reads.
void Runner::take_results_for(const StageInstance& instance) {
    for (const Wire& wire : instance.wires) {
        if (wire.from_files() || done_.contains(wire.instance)) continue;
        const StageInstance& before = *job_.find(wire.instance);
        StageState state = collectively(comm_, text("checking results of ", before.name), [&] {
            return comm_.is_root() ? finished(before) : StageState{};
        });
        done_[before.name] = std::move(state);
        share_digests(before);
    }
}

Ingredients Runner::parameters_of(const StageInstance& instance) const {
    Ingredients made{{"version", options_.version.substr(0, options_.version.find_first_of(" +-"))},
                     {"seed", text(job_.seed)}};
    for (const Param& param : instance.stage->params())
        made["parameter " + param.name] = to_toml(param.get(instance.params.get()));
    return made;
}

Ingredients Runner::ingredients_of(const StageInstance& instance) {
    std::vector<fs::path> unknown;
    const Inputs inputs = job_.inputs(instance);
    for (const auto& [port, paths] : inputs)
        for (const fs::path& path : paths)
            if (!digests_.contains(path)) unknown.push_back(path);
    if (!unknown.empty()) digests_.merge(digest_all(unknown, comm_));
    Ingredients made = parameters_of(instance);
    for (const auto& [port, paths] : inputs) {
        std::string all;
        for (const fs::path& path : paths)
            all += text(path.filename().string(), " ", digests_.at(path), "\n");
        made["input " + port] = trim(all);
    }
    return made;
}

bool Runner::is_done(const StageInstance& instance, const Ingredients& now) {
    const std::optional<StageState> before = read_state(state_file(instance));
    if (!before) return false;
    const std::vector<std::string> changed = differences(before->ingredients, now);
    if (!changed.empty() && options_.fresh) return false;
    if (!changed.empty())
        throw IntegrityError(
            {.what = text("the results of stage ", instance.name, " were made from something else"),
             .where = job_.folder(instance).string(),
             .why = text("changed since: ", join(changed, ", ")),
             .help = "run with --fresh to make them anew, or choose another output folder"});
    for (const auto& [name, path] : job_.outputs(instance)) {
        const auto recorded = before->outputs.find(name);
        if (recorded == before->outputs.end() || !fs::exists(path) ||
            digest_path(path) != recorded->second) {
            log_.warning(text(instance.name, ": ", path.filename().string(),
                              " is missing or changed since it was written; the stage runs again"));
            return false;
        }
    }
    done_[instance.name] = *before;
    audit("stage_kept", instance.name, *before);
    return true;
}

RunContext Runner::context_for(const StageInstance& instance,
                               const Ingredients& ingredients) const {
    std::string parameters = "{", inputs = "{";
    for (const Param& param : instance.stage->params())
        parameters += text(parameters.size() > 1 ? ", " : "", json_quote(param.name), ": ",
                           to_json(param.get(instance.params.get())));
    for (const auto& [name, value] : ingredients)
        if (name.starts_with("input "))
            inputs += text(inputs.size() > 1 ? ", " : "", json_quote(name.substr(6)), ": ",
                           json_quote(value));
    return RunContext({.comm = comm_,
                       .log = log_.named(instance.name),
                       .stage = instance.name,
                       .seed = static_cast<std::uint64_t>(job_.seed),
                       .threads = options_.threads,
                       .inputs = job_.inputs(instance),
                       .outputs = job_.outputs(instance),
                       .work = work_folder(instance),
                       .fingerprint = fingerprint(ingredients),
                       .provenance = {{"program", "salus"},
                                      {"version", options_.version},
                                      {"stage", instance.stage->name()},
                                      {"instance", instance.name},
                                      {"title", job_.title},
                                      {"parameters", parameters + "}"},
                                      {"inputs", inputs + "}"},
                                      {"seed", text(job_.seed)},
                                      {"citations", join(instance.stage->citations(), "; ")},
                                      {"plan_digest", fingerprint(ingredients)}}});
}

void Runner::run_instance(const StageInstance& instance) {
    if (comm_.any(interrupt_requested())) throw_interrupted(text("before stage ", instance.name));
    const Ingredients ingredients = ingredients_of(instance);
    bool done = false;
    collectively(comm_, text("checking earlier results of ", instance.name), [&] {
        if (comm_.is_root()) done = is_done(instance, ingredients);
        if (comm_.is_root() && options_.fresh && !done) remove_tree(work_folder(instance));
    });
    done = comm_.any(done);
    if (!done) {
        log_.info(text(instance.name, " begins"));
        const double begin = monotonic_seconds();
        restart_peak();
        const Traffic traffic_before = traffic();
        const FileOperations files_before = file_operations();
        RunContext context = context_for(instance, ingredients);
        instance.stage->run(instance.params.get(), context);
        StageState state{.stage = instance.stage->name(),
                         .ingredients = ingredients,
                         .outputs = {},
                         .seconds = monotonic_seconds() - begin,
                         .peak_bytes = 0};
        StageCosts costs{.ranks = comm_.size() * comm_.played(),
                         .threads = options_.threads,
                         .traffic = traffic() - traffic_before,
                         .root = {},
                         .others = {}};
        state.peak_bytes = gather_reports(files_before, costs);
        finish(instance, std::move(state), costs);
    } else {
        log_.info(text(instance.name, " is complete from an earlier run"));
    }
    share_digests(instance);
}

/// File operations of all ranks since `before`; gives the largest peak of memory.
double Runner::gather_reports(const FileOperations& before, StageCosts& costs) const {
    const RankReport mine{peak_resident_bytes(), file_operations() - before};
    double peak = 0;
    bool root = true; // its report is the first
    for (const std::string& bytes :
         comm_.gather_all(std::string(reinterpret_cast<const char*>(&mine), sizeof mine))) {
        RankReport report;
        std::memcpy(&report, bytes.data(), sizeof report);
        peak = std::max(peak, report.peak_bytes);
        (root ? costs.root : costs.others) += report.files;
        root = false;
    }
    return peak;
}

/// Tells all ranks the digests of the results of a finished stage.
void Runner::share_digests(const StageInstance& instance) {
    std::string lines;
    if (comm_.is_root())
        for (const auto& [name, digest] : done_[instance.name].outputs)
            lines += text(name, " ", digest, "\n");
    comm_.broadcast(lines);
    const auto outputs = job_.outputs(instance);
    for (const std::string_view line : split(lines, '\n'))
        if (const auto fields = split(line, ' '); fields.size() == 2)
            digests_[outputs.at(std::string(fields[0]))] = std::string(fields[1]);
}

void Runner::finish(const StageInstance& instance, StageState state, const StageCosts& costs) {
    collectively(comm_, text("recording ", instance.name), [&] {
        if (!comm_.is_root()) return;
        for (const auto& [name, path] : job_.outputs(instance))
            state.outputs[name] = digest_path(path);
        write_state(state_file(instance), state);
        write_observations(instance, state, costs);
        audit("stage_done", instance.name, state);
        log_.info(text(instance.name, " done in ", human_seconds(state.seconds), ", at most ",
                       human_bytes(state.peak_bytes), " per rank"));
        done_[instance.name] = std::move(state);
        remove_tree(work_folder(instance));
        write_run_record();
    });
}

/// Metrics and the timeline of a stage. What is there of an earlier start is kept in the clocks.
void Runner::write_observations(const StageInstance& instance, const StageState& state,
                                const StageCosts& costs) const {
    const auto times = read_unit_times(work_folder(instance));
    make_folders(job_.output / "metrics");
    write_file_atomically(job_.output / "metrics" / (instance.name + ".prom"),
                          stage_metrics(instance.name, state, costs, times));
    write_file_atomically(job_.output / "metrics" / (instance.name + ".trace.json"),
                          chrome_trace(instance.name, times));
}

void Runner::audit(const std::string& event, const std::string& stage,
                   const StageState& state) const {
    std::map<std::string, std::string> facts{{"version", options_.version}};
    if (!stage.empty()) {
        facts["stage"] = stage;
        facts["fingerprint"] = fingerprint(state.ingredients);
        for (const auto& [name, digest] : state.outputs)
            facts["output " + name] = digest;
        for (const auto& [name, value] : state.ingredients)
            if (name.starts_with("input ")) facts[name] = value;
    }
    AuditLog(job_.output).append(event, facts);
}

void Runner::write_run_record() const {
    std::string stages;
    bool complete = true;
    RunFacts facts{.version = options_.version, .started = started_, .ended = utc_now()};
    for (const StageInstance& instance : job_.stages) {
        const std::optional<StageState> state = read_state(state_file(instance));
        complete = complete && state;
        if (!state) continue;
        facts.stages[instance.name] = *state;
        stages += text(stages.empty() ? "" : ",", "\n    {\"name\": ", json_quote(instance.name),
                       ", \"stage\": ", json_quote(state->stage),
                       ", \"seconds\": ", fixed(state->seconds, 3),
                       ", \"peak_bytes_per_rank\": ", fixed(state->peak_bytes, 0), "}");
    }
    if (complete)
        write_file_atomically(job_.output / "ro-crate-metadata.json", run_crate(job_, facts));
    write_file_atomically(
        job_.output / "run.json",
        text("{\n  \"program\": \"salus\", \"version\": ", json_quote(options_.version),
             ",\n  \"command\": ", json_quote(options_.command),
             ",\n  \"title\": ", json_quote(job_.title), ",\n  \"started\": ", json_quote(started_),
             ", \"updated\": ", json_quote(utc_now()), ",\n  \"complete\": ", complete,
             ",\n  \"ranks\": ", comm_.size(), ", \"played_ranks\": ", comm_.played(),
             ", \"threads\": ", options_.threads, ", \"hosts\": ", json_quote(hosts_),
             ",\n  \"slurm_job_id\": ", json_quote(environment("SLURM_JOB_ID")),
             ", \"slurm_restart_count\": ", json_quote(environment("SLURM_RESTART_COUNT")),
             ",\n  \"audit_head\": ", json_quote(verify_audit_log(job_.output / "audit.log").head),
             ",\n  \"stages\": [", stages, "\n  ]\n}\n"));
}

} // namespace

int run_job(const Job& job, const RunOptions& options, const Communicator& comm) {
    if (options.play_ranks == 0) return Runner(job, options, comm).run();
    if (comm.size() > 1)
        throw UsageError({.what = "a dry run plays all ranks on one",
                          .where = "--play-ranks",
                          .why = text("it was started on ", comm.size(), " ranks"),
                          .help = "start it without mpirun or srun"});
    return Runner(job, options, Communicator::playing(options.play_ranks)).run();
}

} // namespace salus
