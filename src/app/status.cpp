#include "app/commands.hpp"
#include "app/runner_state.hpp"
#include "app/slurm.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "schema/job_inputs.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <set>

namespace salus {
namespace {

namespace fs = std::filesystem;

double modified(const fs::path& file) {
    struct stat facts {};
    if (::stat(file.c_str(), &facts) != 0) return 0;
    return static_cast<double>(facts.st_mtim.tv_sec) +
           static_cast<double>(facts.st_mtim.tv_nsec) * 1e-9;
}

/// How far a phase of a stage is, from its journals and its file `units`.
struct PhaseProgress {
    std::string name;
    std::uint64_t done = 0, total = 0, kept = 0; // total 0: not known
    double begun = 0, changed = 0;               // seconds since 1970

    /// Units a second since the last start; 0 if not known.
    double rate() const {
        if (done <= kept || changed <= begun || begun == 0) return 0;
        return static_cast<double>(done - kept) / (changed - begun);
    }
};

PhaseProgress read_phase(const fs::path& folder) {
    PhaseProgress phase{.name = folder.filename().string()};
    std::set<std::string> units;
    std::error_code code;
    for (const auto& entry : fs::directory_iterator(folder, code)) {
        if (!entry.path().filename().string().starts_with("journal-r")) continue;
        const std::string lines = read_text_file(entry.path());
        for (const std::string_view line : split(lines, '\n'))
            if (const auto end = line.find(' '); end != std::string_view::npos)
                units.emplace(line.substr(0, end));
        phase.changed = std::max(phase.changed, modified(entry.path()));
    }
    phase.done = units.size();
    const fs::path begun = folder / "units";
    if (!fs::exists(begun)) return phase;
    phase.begun = modified(begun);
    const std::string lines = read_text_file(begun); // of the last start: "total kept"
    for (const std::string_view line : split(lines, '\n'))
        if (const auto fields = split(line, ' '); fields.size() == 2) {
            phase.total = static_cast<std::uint64_t>(parse_integer(fields[0]).value_or(0));
            phase.kept = static_cast<std::uint64_t>(parse_integer(fields[1]).value_or(0));
        }
    return phase;
}

/// Phases in the order in which they began.
std::vector<PhaseProgress> read_phases(const fs::path& work) {
    std::vector<PhaseProgress> phases;
    std::error_code code;
    for (const auto& entry : fs::directory_iterator(work, code))
        if (entry.is_directory()) phases.push_back(read_phase(entry.path()));
    std::sort(phases.begin(), phases.end(), [](const PhaseProgress& a, const PhaseProgress& b) {
        return std::pair(a.begun, a.name) < std::pair(b.begun, b.name);
    });
    return phases;
}

struct StageStatus {
    std::string name, state = "waiting";
    double seconds = 0, peak_bytes = 0; // if complete
    std::vector<PhaseProgress> phases;  // if begun
    std::string slurm_id, slurm_state, slurm_reason;

    std::uint64_t units_done() const {
        std::uint64_t sum = 0;
        for (const PhaseProgress& phase : phases)
            sum += phase.done;
        return sum;
    }
};

/// The jobs of the run by stage, a living one before those that ended; none where there is no
/// SLURM.
std::map<std::string, SlurmJob> slurm_jobs(const fs::path& folder) {
    std::map<std::string, SlurmJob> jobs;
    if (!fs::exists(folder / "slurm" / "jobs.log")) return jobs;
    try {
        for (auto& [stage, job] : jobs_of_run(SlurmClient{}, folder)) {
            SlurmJob& kept = jobs[stage];
            const auto number = [](const SlurmJob& of) { // of the array, if it is a task of one
                return parse_integer(split(of.id, '_').front()).value_or(0);
            };
            const auto later = [&](const SlurmJob& a, const SlurmJob& b) {
                return std::pair(a.waits_or_runs(), number(a)) >
                       std::pair(b.waits_or_runs(), number(b));
            };
            if (kept.id.empty() || later(job, kept)) kept = std::move(job);
        }
    } catch (const UsageError&) { // the marks in the folder say enough
        jobs.clear();
    }
    return jobs;
}

/// Stages in the order in which they were handed over; for a run of which none has started yet.
std::vector<std::string> submitted_stages(const fs::path& folder) {
    std::vector<std::string> names;
    const fs::path record = folder / "slurm" / "jobs.log";
    if (!fs::exists(record)) return names; // the scripts are there, but no job was handed over
    const std::string lines = read_text_file(record);
    for (const std::string_view line : split(lines, '\n'))
        if (const auto fields = split(line, ' ');
            fields.size() == 4 && std::count(names.begin(), names.end(), fields[1]) == 0)
            names.emplace_back(fields[1]);
    return names;
}

std::vector<StageStatus> read_status(const fs::path& folder) {
    const auto jobs = slurm_jobs(folder);
    const std::vector<std::string> names =
        fs::exists(folder / "resolved.toml") ? instances_of(folder) : submitted_stages(folder);
    std::vector<StageStatus> all;
    for (const std::string& name : names) {
        StageStatus one{.name = name};
        if (const auto state = read_state(folder / "state" / (name + ".toml"))) {
            one.state = "complete";
            one.seconds = state->seconds;
            one.peak_bytes = state->peak_bytes;
        } else if (fs::exists(folder / "work" / name)) {
            one.state = "begun";
            one.phases = read_phases(folder / "work" / name);
        }
        if (const auto job = jobs.find(name); job != jobs.end()) {
            one.slurm_id = job->second.id;
            one.slurm_state = job->second.state;
            one.slurm_reason = job->second.reason;
        }
        all.push_back(std::move(one));
    }
    return all;
}

std::string phase_text(const PhaseProgress& phase) {
    if (phase.total == 0) return text(phase.name, " ", with_thousands(phase.done), " units");
    std::string out = text(phase.name, " ", with_thousands(phase.done), " of ",
                           with_thousands(phase.total), " units");
    if (const double rate = phase.rate(); rate > 0 && phase.done < phase.total)
        out += text(", ", significant(rate, 3), "/s, ",
                    human_seconds(static_cast<double>(phase.total - phase.done) / rate), " left");
    return out;
}

std::string status_text(const StageStatus& one) {
    const auto padded = [](const std::string& word, std::size_t width) {
        return word + std::string(word.size() < width ? width - word.size() : 1, ' ');
    };
    std::string out = padded(one.name, 20) + padded(one.state, 10);
    if (one.state == "complete")
        out += text(human_seconds(one.seconds), ", ", human_bytes(one.peak_bytes), " per rank");
    if (!one.phases.empty()) out += phase_text(one.phases.back());
    if (!one.slurm_id.empty() && one.state != "complete")
        out +=
            text(one.phases.empty() ? "" : "; ", "SLURM job ", one.slurm_id, " ", one.slurm_state,
                 one.slurm_reason.empty() || one.slurm_reason == "None"
                     ? ""
                     : text(" (", one.slurm_reason, ")"));
    return text(trim(out), "\n");
}

std::string status_json(const StageStatus& one) {
    std::string phases;
    for (const PhaseProgress& phase : one.phases)
        phases += text(phases.empty() ? "" : ", ", "{ \"name\": ", json_quote(phase.name),
                       ", \"units_done\": ", phase.done, ", \"units\": ", phase.total,
                       ", \"units_per_second\": ", to_json(Value(phase.rate())), " }");
    return text("  { \"name\": ", json_quote(one.name), ", \"state\": ", json_quote(one.state),
                ", \"units_done\": ", one.units_done(),
                ", \"seconds\": ", to_json(Value(one.seconds)),
                ", \"peak_bytes_per_rank\": ", to_json(Value(one.peak_bytes)),
                ",\n    \"phases\": [", phases, "], \"slurm_job\": ", json_quote(one.slurm_id),
                ", \"slurm_state\": ", json_quote(one.slurm_state), " }");
}

} // namespace

std::string status_command(const CommandLine& line) {
    const fs::path folder = run_folder_of(line.path);
    std::string out;
    for (const StageStatus& one : read_status(folder))
        out += line.format == "json" ? text(out.empty() ? "" : ",\n", status_json(one))
                                     : status_text(one);
    if (line.format == "json") return text("[\n", out, "\n]\n");
    return out.empty() ? "nothing was run or submitted yet\n" : out;
}

} // namespace salus
