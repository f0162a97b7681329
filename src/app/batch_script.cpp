#include "app/batch_script.hpp"

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

constexpr double spare_bytes = 512 * mebibyte; // of a node, beside its ranks

/// How many ranks one node takes; 0 if not even one.
int ranks_that_fit(double bytes_per_rank, int threads, const SiteProfile& site, int ranks) {
    double most = ranks;
    if (site.cores_per_node > 0)
        most = std::min(most, std::floor(static_cast<double>(site.cores_per_node) / threads));
    if (site.memory_per_node_gib > 0 && bytes_per_rank > 0)
        most =
            std::min(most, std::floor((site.memory_per_node_gib * 1024 * mebibyte - spare_bytes) /
                                      bytes_per_rank));
    return static_cast<int>(std::max(0.0, most));
}

Problem too_large(const PlannedStage& stage, double bytes_per_rank, const Plan& plan,
                  const SiteProfile& site) {
    return {.what =
                text("stage ", stage.name, " fits on no node: a rank needs ",
                     human_bytes(bytes_per_rank + spare_bytes), " and ", plan.threads, " cores"),
            .where = site.file.string(),
            .why = text("nodes have ", site.memory_per_node_gib, " GiB and ", site.cores_per_node,
                        " cores (0: not said)"),
            .help = "use larger nodes, fewer threads, or more ranks where the formula of the stage "
                    "divides by R; see: salus plan"};
}

/// A word of bash that stands for `value`.
std::string quoted(const std::string& value) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("_-./=:,+@%").find(c) != std::string_view::npos;
    };
    if (!value.empty() && std::all_of(value.begin(), value.end(), plain)) return value;
    std::string out = "'";
    for (const char c : value)
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

std::string quoted(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words)
        out += text(out.empty() ? "" : " ", quoted(word));
    return out;
}

std::string one_line(std::string value) {
    std::replace(value.begin(), value.end(), '\n', ' ');
    return value;
}

/// A file name in #SBATCH --output, where % begins a pattern.
std::string without_pattern(const std::string& path) {
    std::string out;
    for (const char c : path)
        out += c == '%' ? std::string("%%") : std::string(1, c);
    return text('"', out, '"');
}

/// Where a script runs and writes.
struct Place {
    std::string name, tasks; // tasks: of an array, or empty
    std::filesystem::path folder, log;
};

std::string directives(const Place& place, const StageRequest& request, const SiteProfile& site) {
    std::vector<std::string> lines{
        text("--job-name=", place.name),
        text("--nodes=", request.nodes),
        text("--ntasks=", request.ranks),
        text("--ntasks-per-node=", request.ranks_per_node),
        text("--cpus-per-task=", request.threads),
        text("--mem=", fixed(std::ceil(request.memory_bytes / mebibyte), 0), "M"),
        text("--time=", request.time.empty() ? clock_text(request.seconds) : request.time)};
    for (const auto& [name, value] :
         {std::pair<std::string, std::string>{"partition", site.partition},
          {"account", site.account},
          {"qos", site.qos},
          {"constraint", site.constraint}})
        if (!value.empty()) lines.push_back(text("--", name, "=", value));
    if (!place.tasks.empty()) lines.push_back("--array=" + place.tasks);
    lines.push_back(text("--chdir=\"", place.folder.string(), '"'));
    lines.push_back("--output=" + without_pattern(place.log.string()));
    lines.insert(lines.end(), {"--open-mode=append", "--requeue", "--kill-on-invalid-dep=yes",
                               text("--signal=B:USR1@", site.signal_seconds)});
    lines.insert(lines.end(), site.directives.begin(), site.directives.end());
    std::string out;
    for (const std::string& line : lines)
        out += text("#SBATCH ", line, "\n");
    return out;
}

std::string environment_lines(const StageRequest& request, const SiteProfile& site) {
    std::string out;
    for (const std::string& module : site.modules)
        out += text("module load ", quoted(module), " || exit 2\n");
    out += text("export OMP_NUM_THREADS=", request.threads,
                " OPENBLAS_NUM_THREADS=1 SLURM_EXPORT_ENV=ALL\n");
    if (!site.scratch.empty()) out += text("export TMPDIR=", quoted(site.scratch), "\n");
    for (const std::string& line : site.setup)
        out += line + "\n";
    return out;
}

std::string launcher(const StageRequest& request, const SiteProfile& site) {
    if (site.launcher == "mpirun") return "mpirun";
    return text("srun -K1", site.mpi.empty() ? "" : text(" --mpi=", site.mpi),
                " --cpus-per-task=", request.threads);
}

/// First of all: a signal may come while modules are loaded.
constexpr std::string_view traps = R"(
told=no  # or yes: the time limit is near, or another job needs the place; ended: somebody ends the job
told_after= child= telling= begin=$SECONDS
tell_child() {  # again and again: mpirun drops what comes while it starts its ranks
    [[ -n $child ]] || return 0
    kill -USR1 "$child" 2>/dev/null
    [[ -n $telling ]] || { (while sleep 2 && kill -USR1 "$child"; do :; done) >/dev/null 2>&1 & telling=$!; }
}
trap 'told=yes; : "${told_after:=$((SECONDS - begin))}"; tell_child' USR1
trap '[[ $told == yes ]] || told=ended; tell_child' TERM
)";

/// What every script does with its launch. -K1 of srun: when one rank dies the others must not wait
/// for it until the time limit.
constexpr std::string_view body = R"(
if [[ $(id -u) == 0 ]]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
if ((fresh && ${SLURM_RESTART_COUNT:-0} == 0)); then command+=(--fresh); fi

launch() {
    [[ $told == no ]] || { rc=75; return; }
    "${launcher[@]}" "${command[@]}" &
    child=$!
    [[ $told == no ]] || tell_child
    while wait "$child"; rc=$?; kill -0 "$child" 2>/dev/null; do :; done  # a signal only interrupts wait
}
progress() { cat "$work"/*/journal-r*.log "$record" 2>/dev/null | wc -l; }

before=$(progress)
begin=$SECONDS
launch
case $rc in
    0 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 70 | 75) ;;
    *) if ((SECONDS - begin < 15)) && [[ $told == no ]]; then
            echo "salus: the launch ended with $rc after $((SECONDS - begin)) s; once more" >&2
            launch  # a rebooted node may have met leftovers of the dead one
        fi ;;
esac
case $rc in
    75 | 137 | 138 | 143 | 205)  # interrupted, killed, told or terminated before it could listen, node lost
        if [[ $told == ended ]]; then
            echo "salus: ended from outside; not queued again" >&2
        elif (($(progress) <= before && ${told_after:-60} >= 60)); then  # told at once: it could not come far
            echo "salus: exit code $rc without progress; not queued again" >&2
        elif ((${SLURM_RESTART_COUNT:-0} >= restarts_max)); then
            echo "salus: exit code $rc after $restarts_max restarts; not queued again" >&2
        else
            echo "salus: exit code $rc with progress; queued again" >&2
            scontrol requeue "$SLURM_JOB_ID" && sleep 60  # SLURM ends this script
        fi ;;
esac
exit "$rc"
)";

} // namespace

std::vector<StageRequest> stage_requests(const Plan& plan, const SiteProfile& site,
                                         std::vector<Problem>& problems) {
    std::vector<StageRequest> requests;
    for (const PlannedStage& stage : plan.stages) {
        const double bytes = 1.25 * stage.needs.memory_bytes;
        const int fit = ranks_that_fit(bytes, plan.threads, site, plan.ranks);
        if (fit == 0) {
            problems.push_back(too_large(stage, bytes, plan, site));
            continue;
        }
        StageRequest one{.stage = stage.name};
        one.ranks = plan.ranks;
        one.threads = plan.threads;
        one.nodes = std::min(one.ranks, std::max(plan.asked.nodes, (one.ranks + fit - 1) / fit));
        one.ranks_per_node = (one.ranks + one.nodes - 1) / one.nodes;
        one.memory_bytes = plan.asked.memory_gib > 0 ? plan.asked.memory_gib * 1024 * mebibyte
                                                     : one.ranks_per_node * bytes + spare_bytes;
        const double estimate =
            stage.needs.core_hours * 3600 / (static_cast<double>(one.ranks) * one.threads);
        one.seconds = std::max(600.0, std::ceil(site.time_factor * estimate / 300) * 300);
        if (site.hours_max > 0) one.seconds = std::min(one.seconds, site.hours_max * 3600);
        one.time = plan.asked.time;
        requests.push_back(std::move(one));
    }
    return requests;
}

std::string batch_name_prefix(const std::filesystem::path& output) {
    return text("salus-", sha256(output.string()).substr(0, 8), "-");
}

std::string batch_script(const BatchJob& job, const StageRequest& request,
                         const SiteProfile& site) {
    const Place place{.name = batch_name_prefix(job.output) + request.stage,
                      .tasks = {},
                      .folder = job.output,
                      .log = job.output / "slurm" / (request.stage + ".log")};
    std::vector<std::string> command = job.command;
    command.insert(command.end(), {"--stage", request.stage, "--threads", text(request.threads)});
    return text("#!/usr/bin/env bash\n# Stage ", request.stage,
                job.title.empty() ? "" : text(" of ", one_line(job.title)),
                ". Written by salus submit.\n", directives(place, request, site),
                "set -uo pipefail", traps, environment_lines(request, site),
                "work=", quoted((job.output / "work" / request.stage).string()),
                "\nrecord=", quoted((job.output / "state" / (request.stage + ".toml")).string()),
                "\nlauncher=(", launcher(request, site), ")\ncommand=(", quoted(command),
                ")\nfresh=", job.fresh ? 1 : 0, " restarts_max=", site.restarts_max, "\n", body);
}

StageRequest largest_of(const std::vector<StageRequest>& requests) {
    StageRequest all = requests.at(0);
    for (const StageRequest& one : requests) {
        all.nodes = std::max(all.nodes, one.nodes);
        all.ranks = std::max(all.ranks, one.ranks);
        all.ranks_per_node = std::max(all.ranks_per_node, one.ranks_per_node);
        all.threads = std::max(all.threads, one.threads);
        all.memory_bytes = std::max(all.memory_bytes, one.memory_bytes);
        all.seconds = std::max(all.seconds, one.seconds);
        all.time = std::max(all.time, one.time, [](const auto& a, const auto& b) {
            return std::pair(a.size(), a) < std::pair(b.size(), b); // HH:MM:SS and D-HH:MM:SS
        });
    }
    return all;
}

std::string array_name_prefix(const std::filesystem::path& first_output) {
    return batch_name_prefix(first_output / "slurm" / "array");
}

std::string array_script(const BatchArray& array, const SiteProfile& site) {
    const std::filesystem::path folder = array.outputs.at(0) / "slurm";
    std::string tasks;
    for (const std::size_t task : array.tasks)
        tasks += text(tasks.empty() ? "" : ",", task);
    std::vector<std::string> outputs;
    for (const auto& output : array.outputs)
        outputs.push_back(output.string());
    const std::string& stage = array.request.stage;
    const Place place{.name = array_name_prefix(array.outputs[0]) + stage,
                      .tasks = tasks,
                      .folder = folder,
                      .log = folder / text("array-", stage, ".log")};
    return text("#!/usr/bin/env bash\n# Stage ", stage,
                " of several runs, one each task. Written by salus submit.\n",
                directives(place, array.request, site), "outputs=(", quoted(outputs),
                ")\ncd \"${outputs[$SLURM_ARRAY_TASK_ID]}\" || exit 5\nexec bash \"slurm/", stage,
                ".sbatch\" >>\"slurm/", stage, ".log\" 2>&1\n");
}

} // namespace salus
