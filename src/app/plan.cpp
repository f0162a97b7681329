#include "app/plan.hpp"

#include "app/runner_state.hpp"
#include "base/bytes.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cmath>

namespace salus {
namespace {

std::string padded(std::string value, std::size_t width) {
    value.resize(std::max(width, value.size()), ' ');
    return value;
}
std::string right(const std::string& value, std::size_t width) {
    return std::string(width > value.size() ? width - value.size() : 0, ' ') + value;
}

std::string count_text(double value) {
    return with_thousands(static_cast<std::uint64_t>(std::llround(value)));
}

/// Of a rank, where there are several: buffers between them, which grow with the messages that were
/// sent (docs/performance.md).
constexpr double bytes_between_ranks = 11e6;

std::string json_number(double value) { return to_json(Value(value)); }

} // namespace

std::string clock_text(double seconds) {
    const auto whole = static_cast<std::int64_t>(seconds);
    const auto two = [](std::int64_t v) { return text(v < 10 ? "0" : "", v); };
    const std::string days = whole >= 86400 ? text(whole / 86400, "-") : "";
    return text(days, two(whole % 86400 / 3600), ":", two(whole % 3600 / 60), ":", two(whole % 60));
}

double Plan::memory_per_rank() const {
    double most = 0;
    for (const PlannedStage& stage : stages)
        most = std::max(most, stage.needs.memory_bytes);
    return most;
}

double Plan::storage() const {
    double sum = 0;
    for (const PlannedStage& stage : stages)
        sum += stage.needs.storage_bytes;
    return sum;
}

double Plan::disk() const {
    double most = 0;
    for (const PlannedStage& stage : stages)
        most = std::max(most, stage.needs.scratch_bytes);
    return storage() + most;
}

double Plan::core_hours() const {
    double sum = 0;
    for (const PlannedStage& stage : stages)
        sum += stage.needs.core_hours;
    return sum;
}

double Plan::memory_request() const {
    const double ranks_per_node = std::ceil(static_cast<double>(ranks) / nodes);
    return 1.25 * ranks_per_node * memory_per_rank() + 512 * mebibyte;
}

double Plan::seconds_request() const {
    const double estimate = core_hours() * 3600 / (static_cast<double>(ranks) * threads);
    return std::max(600.0, std::ceil(2 * estimate / 300) * 300);
}

Plan make_plan(const Job& job, int ranks, int threads) {
    Plan plan{.title = job.title, .stages = {}, .asked = job.resources, .problems = {}};
    plan.ranks = ranks > 0 ? ranks : std::max(1, job.resources.ranks);
    plan.threads = threads > 0 ? threads : std::max(1, job.resources.threads);
    plan.nodes = std::max(1, std::min(job.resources.nodes, plan.ranks));
    Workload layout;
    layout.ranks = plan.ranks;
    layout.threads = plan.threads;
    const auto sizes = examine_job(job, layout, plan.problems, [&](const StageInstance& instance) {
        return looks_done(job, instance);
    });
    for (std::size_t i = 0; i < job.stages.size(); ++i) {
        const StageInstance& one = job.stages[i];
        Resources needs = one.stage->needs(one.params.get(), sizes[i]);
        if (plan.ranks > 1 && needs.memory_bytes > 0) {
            needs.memory_bytes += bytes_between_ranks;
            if (!needs.formula.empty()) needs.formula += "; 11 MB more of memory for several ranks";
        }
        plan.stages.push_back({one.name, sizes[i], std::move(needs)});
    }
    return plan;
}

std::string plan_as_text(const Plan& plan) {
    std::size_t width = 6;
    for (const PlannedStage& stage : plan.stages)
        width = std::max(width, stage.name.size() + 1);
    std::string out =
        text(plan.title.empty() ? "job" : plan.title, " on ", plan.ranks, " ranks x ", plan.threads,
             " threads\n\n", padded("stage", width), right("samples", 12), right("variants", 15),
             right("memory/rank", 13), right("storage", 12), right("scratch", 12),
             right("core-hours", 12), "\n");
    for (const PlannedStage& stage : plan.stages)
        out += text(padded(stage.name, width), right(count_text(stage.sizes.samples), 12),
                    right(count_text(stage.sizes.variants), 15),
                    right(human_bytes(stage.needs.memory_bytes), 13),
                    right(human_bytes(stage.needs.storage_bytes), 12),
                    right(human_bytes(stage.needs.scratch_bytes), 12),
                    right(significant(stage.needs.core_hours, 3), 12), "\n");
    out += text(padded("job", width), right("", 27), right(human_bytes(plan.memory_per_rank()), 13),
                right(human_bytes(plan.storage()), 12),
                right(human_bytes(plan.disk() - plan.storage()), 12),
                right(significant(plan.core_hours(), 3), 12), "\n\nformulas\n");
    for (const PlannedStage& stage : plan.stages)
        if (!stage.needs.formula.empty())
            out += text("  ", padded(stage.name, width), stage.needs.formula, "\n");
    out += text("\ndisk: ", human_bytes(plan.disk()), " in the output folder while running, ",
                human_bytes(plan.storage()), " at the end\n\n", plan_as_sbatch(plan));
    const double given = plan.asked.memory_gib * 1024 * mebibyte;
    if (given > 0 && given < plan.memory_request())
        out += text("\nwarning: the job asks for ", human_bytes(given),
                    " per node, but the estimate is ", human_bytes(plan.memory_request()), "\n");
    for (const Problem& problem : plan.problems.all())
        out += text("\nwarning: ", problem.what, problem.where.empty() ? "" : " (", problem.where,
                    problem.where.empty() ? "" : ")", "\n");
    return out;
}

std::string plan_as_sbatch(const Plan& plan) {
    const double given = plan.asked.memory_gib * 1024 * mebibyte;
    const double memory = std::ceil((given > 0 ? given : plan.memory_request()) / mebibyte);
    std::string out =
        text("#SBATCH --nodes=", plan.nodes, "\n#SBATCH --ntasks=", plan.ranks,
             "\n#SBATCH --cpus-per-task=", plan.threads, "\n#SBATCH --mem=", fixed(memory, 0),
             "M\n#SBATCH --time=",
             plan.asked.time.empty() ? clock_text(plan.seconds_request()) : plan.asked.time, "\n");
    if (!plan.asked.partition.empty())
        out += text("#SBATCH --partition=", plan.asked.partition, "\n");
    if (!plan.asked.account.empty()) out += text("#SBATCH --account=", plan.asked.account, "\n");
    return out;
}

std::string plan_as_json(const Plan& plan) {
    std::string stages;
    for (const PlannedStage& stage : plan.stages)
        stages +=
            text(stages.empty() ? "" : ",", "\n    { \"name\": ", json_quote(stage.name),
                 ", \"samples\": ", json_number(stage.sizes.samples),
                 ", \"variants\": ", json_number(stage.sizes.variants),
                 ", \"traits\": ", json_number(stage.sizes.traits),
                 ", \"persons\": ", json_number(stage.sizes.persons),
                 ", \"events\": ", json_number(stage.sizes.events),
                 ",\n      \"memory_bytes_per_rank\": ", json_number(stage.needs.memory_bytes),
                 ", \"storage_bytes\": ", json_number(stage.needs.storage_bytes),
                 ", \"scratch_bytes\": ", json_number(stage.needs.scratch_bytes),
                 ", \"core_hours\": ", json_number(stage.needs.core_hours),
                 ",\n      \"formula\": ", json_quote(stage.needs.formula), " }");
    return text("{\n  \"title\": ", json_quote(plan.title), ",\n  \"nodes\": ", plan.nodes,
                ", \"ranks\": ", plan.ranks, ", \"threads\": ", plan.threads,
                ",\n  \"memory_bytes_per_rank\": ", json_number(plan.memory_per_rank()),
                ", \"memory_bytes_per_node\": ", json_number(plan.memory_request()),
                ",\n  \"disk_bytes\": ", json_number(plan.disk()),
                ", \"storage_bytes\": ", json_number(plan.storage()),
                ", \"core_hours\": ", json_number(plan.core_hours()),
                ", \"time_seconds\": ", json_number(plan.seconds_request()), ",\n  \"stages\": [",
                stages, "\n  ]\n}\n");
}

} // namespace salus
