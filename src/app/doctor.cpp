#include "app/doctor.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/machine.hpp"
#include "base/temporaries.hpp"
#include "base/text.hpp"
#include "kernels/isa.hpp"
#include "parallel/mpi_version.hpp"
#include "store/h5.hpp"
#include "store/hdf5_version.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>
#include <numeric>
#include <set>

namespace salus {
namespace {

namespace fs = std::filesystem;

/// What a rank tells the others of itself.
struct RankFacts {
    std::string host;
    std::vector<int> cores;
    std::uint64_t memory = 0, open_files = 0;
    Isa isa = Isa::reference;
};

RankFacts own_facts() {
    const Machine machine = this_machine();
    return {.host = machine.host,
            .cores = machine.cores,
            .memory = machine.memory_limit > 0 ? machine.memory_limit : machine.memory,
            .open_files = machine.open_files,
            .isa = best_isa()};
}

std::string packed(const RankFacts& facts) {
    std::string out = text(facts.host, "\n", facts.memory, "\n", facts.open_files, "\n",
                           static_cast<int>(facts.isa));
    for (const int core : facts.cores)
        out += text("\n", core);
    return out;
}

RankFacts unpacked(const std::string& packed) {
    const auto fields = split(packed, '\n');
    const auto number = [&](std::size_t i) { return parse_integer(fields.at(i)).value_or(0); };
    RankFacts facts{.host = std::string(fields.at(0)),
                    .memory = static_cast<std::uint64_t>(number(1)),
                    .open_files = static_cast<std::uint64_t>(number(2)),
                    .isa = static_cast<Isa>(number(3))};
    for (std::size_t i = 4; i < fields.size(); ++i)
        facts.cores.push_back(static_cast<int>(number(i)));
    return facts;
}

/// Lines of the examination, and what must be mended.
struct DoctorFindings {
    std::string lines;
    std::vector<Problem> failed;
    bool storage_failed = false;

    void good(const std::string& subject, const std::string& what) {
        lines += text("ok       ", subject, ": ", what, "\n");
    }
    void warn(const std::string& subject, const std::string& what, const std::string& help) {
        lines += text("warning  ", subject, ": ", what, "\n         ", help, "\n");
    }
    void fail(const std::string& subject, Problem problem) {
        lines += text("failed   ", subject, ": ", problem.what, "\n         ", problem.help, "\n");
        failed.push_back(std::move(problem));
    }
};

int number_in(const char* variable) {
    const char* value = std::getenv(variable);
    const auto number = value ? parse_integer(value) : std::nullopt;
    return number && *number > 0 && *number < 1'000'000'000 ? static_cast<int>(*number) : 0;
}

void examine_launch(const Communicator& comm, DoctorFindings& findings) {
    const int tasks =
        std::max(number_in("SLURM_STEP_NUM_TASKS"), number_in("OMPI_COMM_WORLD_SIZE"));
    if (comm.size() == 1 && tasks > 1)
        return findings.fail("launch", {.what = text("the launcher started ", tasks,
                                                     " programs that do not know of each other"),
                                        .where = "launch",
                                        .why = "each would do the whole work by itself",
                                        .help = "start with the mpirun of the MPI that salus is "
                                                "linked with, or with srun --mpi=pmix"});
    std::vector<std::int64_t> sums{comm.rank() + 1};
    comm.sum(std::span(sums));
    const std::int64_t n = comm.size();
    if (sums[0] != n * (n + 1) / 2)
        return findings.fail("launch", {.what = "a sum over the ranks is wrong",
                                        .where = "launch",
                                        .why = text("it is ", sums[0]),
                                        .help = "check the network and the MPI installation"});
    findings.good("launch", text(n, n == 1 ? " rank" : " ranks", "; ", mpi_version()));
}

/// Cores, threads and memory of the ranks on one host.
void examine_host(const std::string& host, const std::vector<RankFacts>& ranks, int threads,
                  DoctorFindings& findings) {
    std::set<int> cores;
    std::size_t counted = 0;
    for (const RankFacts& rank : ranks) {
        cores.insert(rank.cores.begin(), rank.cores.end());
        counted += rank.cores.size();
    }
    const std::size_t wanted = ranks.size() * static_cast<std::size_t>(threads);
    const std::string what =
        text(ranks.size(), ranks.size() == 1 ? " rank, " : " ranks, ", threads,
             threads == 1 ? " thread each, " : " threads each, ", cores.size(),
             cores.size() == 1 ? " core, " : " cores, ",
             human_bytes(static_cast<double>(ranks.front().memory / ranks.size())),
             " of memory for each rank");
    const std::string subject = "host " + host;
    const bool narrow = std::any_of(ranks.begin(), ranks.end(), [&](const RankFacts& rank) {
        return rank.cores.size() < static_cast<std::size_t>(threads);
    });
    if (wanted > cores.size())
        findings.warn(subject, text(what, ": more threads than cores"),
                      "start fewer ranks, or fewer threads (--threads, OMP_NUM_THREADS)");
    else if (narrow)
        findings.warn(
            subject, text(what, ": the launcher binds ranks to fewer cores than they have threads"),
            "bind wider: mpirun --map-by slot:PE=THREADS, or srun --cpus-per-task=THREADS");
    else if (counted > cores.size() && counted < ranks.size() * cores.size())
        findings.warn(subject, text(what, ": some ranks are bound to the same cores"),
                      "let the launcher give every rank cores of its own");
    else
        findings.good(subject, what);
    const auto files =
        std::min_element(ranks.begin(), ranks.end(), [](const auto& a, const auto& b) {
            return a.open_files < b.open_files;
        })->open_files;
    if (files > 0 && files < 1024)
        findings.warn(subject, text("a process may open only ", files, " files"),
                      "raise it: ulimit -n 4096");
}

void examine_machines(const std::vector<std::string>& told, int threads, DoctorFindings& findings) {
    std::map<std::string, std::vector<RankFacts>> hosts;
    std::set<Isa> sets;
    for (const std::string& one : told) {
        const RankFacts facts = unpacked(one);
        sets.insert(facts.isa);
        hosts[facts.host].push_back(facts);
    }
    for (const auto& [host, ranks] : hosts)
        examine_host(host, ranks, threads, findings);
    std::vector<std::string> names;
    for (const Isa isa : sets)
        names.emplace_back(to_string(isa));
    if (sets.contains(Isa::reference))
        findings.warn("kernels", text("of ", join(names, ", ")),
                      "without AVX2 association takes several times as long; results are the same");
    else
        findings.good("kernels", join(names, ", "));
}

/// Writes what runs write, and reads it again. \return milliseconds of one small file, made safe.
double write_and_read(const fs::path& folder) {
    const std::string content = "salus doctor\n";
    constexpr int files = 20;
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < files; ++i)
        write_file_atomically(folder / text("file", i), content);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    if (read_text_file(folder / "file0") != content)
        throw StorageError({.what = "a file does not hold what was written",
                            .where = (folder / "file0").string(),
                            .why = {},
                            .help = "have the file system checked"});
    std::vector<double> values(100'000);
    std::iota(values.begin(), values.end(), 0.0);
    const fs::path hdf5 = folder / "array.h5";
    {
        H5File file = H5File::create(hdf5);
        file.write_array<double>("values", values);
        file.close();
    }
    if (H5File::open(hdf5).read_array<double>("values") != values)
        throw StorageError({.what = "an HDF5 file does not hold what was written",
                            .where = hdf5.string(),
                            .why = {},
                            .help = "have the file system checked"});
    return took.count() / files;
}

/// What a rank sees of the folder in which the root holds the lock: "" if all is well.
std::string seen_from_here(const fs::path& folder) {
    try {
        if (read_text_file(folder / "file0").empty()) return "its files are empty";
        const FolderLock lock(folder, "salus doctor, second");
        return "the lock of another rank does not keep it out";
    } catch (const OwnershipError&) {
        return {};
    } catch (const Error& error) {
        return error.problems().front().what;
    }
}

void judge_views(const std::vector<std::string>& views, const std::vector<std::string>& told,
                 const fs::path& folder, DoctorFindings& findings) {
    std::map<std::string, std::string> wrong; // [host] what
    for (std::size_t rank = 0; rank < views.size(); ++rank)
        if (!views[rank].empty()) wrong.emplace(unpacked(told[rank]).host, views[rank]);
    for (const auto& [host, what] : wrong) {
        findings.fail(
            "folder",
            {.what = text("seen from host ", host, ": ", what),
             .where = folder.string(),
             .why =
                 "all ranks read the files of the others, and only a lock keeps a second job out",
             .help =
                 "use a file system that all nodes share, mounted with locks (Lustre: -o flock)"});
        findings.storage_failed = true;
    }
    if (wrong.empty())
        findings.good("folder", "every rank sees the files and the lock of the first");
}

void examine_space(const fs::path& folder, std::size_t hosts, double milliseconds,
                   DoctorFindings& findings) {
    const FileSystem found = file_system_of(folder);
    const std::string what =
        text(found.type, ", ", human_bytes(static_cast<double>(found.free_bytes)), " free, ",
             significant(milliseconds, 2), " ms for a small file, made safe");
    const bool little = found.free_bytes < 10 * 1024ULL * 1024 * 1024;
    if (hosts > 1 && !found.shared)
        findings.warn("storage", text(what, ": not known as shared by nodes"),
                      "what the ranks of other hosts saw is told below");
    else if (found.type == "tmpfs")
        findings.warn("storage", text(what, ": gone when the machine stops"),
                      "keep results on disks");
    else if (!little)
        findings.good("storage", what);
    if (little)
        findings.warn("storage", text(what, ": little space"), "compare with: salus plan JOB");
}

void examine_folder(const fs::path& parent, const std::vector<std::string>& told,
                    const Communicator& comm, DoctorFindings& findings) {
    std::set<std::string> hosts;
    for (const std::string& one : told)
        hosts.insert(unpacked(one).host);
    std::string name = temporary_name(parent / "salus-doctor").string();
    comm.broadcast(name);
    const fs::path folder = name;
    std::optional<FolderLock> lock;
    std::string wrong;
    double milliseconds = 0;
    if (comm.is_root()) {
        try {
            if (!fs::is_directory(parent))
                throw StorageError({.what = fs::exists(parent) ? "this is a file, not a folder"
                                                               : "there is no such folder",
                                    .where = parent.string(),
                                    .why = {},
                                    .help = "make it, or name the one where outputs will be"});
            make_folders(folder);
            milliseconds = write_and_read(folder);
            lock.emplace(folder, "salus doctor");
            examine_space(folder, hosts.size(), milliseconds, findings);
        } catch (const Error& error) {
            wrong = error.problems().front().what;
            findings.fail("storage", error.problems().front());
            findings.storage_failed = true;
        }
    }
    comm.broadcast(wrong);
    if (wrong.empty()) {
        const auto views = comm.gather_all(seen_from_here(folder));
        if (comm.is_root()) judge_views(views, told, folder.parent_path(), findings);
    }
    lock.reset();
    if (comm.is_root() && fs::is_directory(parent)) remove_tree(folder);
}

} // namespace

Diagnosis examine_site(const fs::path& folder, const std::string& version, int threads,
                       const Communicator& comm) {
    DoctorFindings findings;
    findings.good("program", text("salus ", version, "; ", hdf5_version()));
    examine_launch(comm, findings);
    const auto told = comm.gather_all(packed(own_facts()));
    examine_machines(told, threads, findings);
    examine_folder(folder, told, comm, findings);
    Diagnosis diagnosis{.lines = std::move(findings.lines), .error = {}};
    if (!findings.failed.empty())
        diagnosis.error.emplace(findings.storage_failed ? ErrorKind::storage : ErrorKind::usage,
                                std::move(findings.failed));
    return diagnosis;
}

} // namespace salus
