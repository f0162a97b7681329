#include "app/audit_log.hpp"
#include "app/commands.hpp"
#include "app/runner_state.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "genotype/genotype_source.hpp"
#include "store/h5.hpp"

#include <algorithm>

namespace salus {
namespace {

namespace fs = std::filesystem;

/// What was found while the named paths were read.
struct VerifyFindings {
    std::string lines;
    std::vector<Problem> problems;
};

bool is_store(const fs::path& path) { return fs::exists(path / "index.h5"); }
bool is_run(const fs::path& path) { return fs::exists(path / "resolved.toml"); }

bool is_hdf5(const fs::path& path) {
    static constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";
    std::string head(signature.size(), '\0');
    InputFile input(path);
    head.resize(input.read(std::as_writable_bytes(std::span(head))));
    return head == signature;
}

std::string ok_line(const std::string& name, const std::string& what) {
    const std::string gap(name.size() < 48 ? 48 - name.size() : 1, ' ');
    return text("ok  ", name, gap, what, "\n");
}

/// Runs `check`; an error that says something of the data becomes a problem of the report.
void collect(VerifyFindings& findings, const auto& check) {
    try {
        check();
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::data && error.kind() != ErrorKind::integrity) throw;
        const auto& found = error.problems();
        findings.problems.insert(findings.problems.end(), found.begin(), found.end());
    }
}

/// The part files of a store against the digests in its index.
void verify_parts(const fs::path& folder, const H5File& index) {
    const TableData parts = index.read("parts", {"file", "sha256"});
    const auto& names = parts.column<std::string>("file");
    for (std::size_t k = 0; k < names.size(); ++k) {
        if (k > 0 && names[k] == names[k - 1]) continue; // another segment of the same file
        if (!fs::exists(folder / names[k]))
            throw IntegrityError({.what = "a part of the genotype store is missing",
                                  .where = (folder / names[k]).string(),
                                  .why = "the index names it",
                                  .help = "run ingest_genomes again"});
        if (sha256_file(folder / names[k]) != parts.column<std::string>("sha256")[k])
            throw IntegrityError({.what = "a part of the genotype store is not the one written",
                                  .where = (folder / names[k]).string(),
                                  .why = "its SHA-256 digest differs from the one in the index",
                                  .help = "run ingest_genomes again; if it comes back, check the "
                                          "disk"});
    }
}

/// Every byte of a store: checksums of its index, digests of its parts; then all is decoded.
std::string verify_store(const fs::path& folder) {
    const H5File index = H5File::open(folder / "index.h5");
    index.verify();
    verify_parts(folder, index);
    const auto source = open_genotypes(folder);
    const std::uint64_t step = 16 * source->block_variants();
    VariantBlock block;
    for (std::uint64_t begin = 0; begin < source->variant_count(); begin += step) {
        const VariantRange range{begin, std::min(begin + step, source->variant_count())};
        static_cast<void>(source->variants(range));
        source->read(range, block, WithPhase::yes);
    }
    return text(with_thousands(source->variant_count()), " variants, all digests and checksums");
}

void verify_one(const fs::path& path, VerifyFindings& findings) {
    collect(findings, [&] {
        if (is_store(path)) {
            findings.lines += ok_line(path.string(), verify_store(path));
        } else if (is_hdf5(path)) {
            const std::uint64_t datasets = H5File::open(path).verify();
            findings.lines += ok_line(path.string(), text(datasets, " datasets, all checksums"));
        } else {
            throw DataError({.what = "there are no checksums in this file",
                             .where = path.string(),
                             .why = "HDF5 results, genotype stores and runs can be verified",
                             .help = "for other files see: salus digest"});
        }
    });
}

/// The results of a run against the digests that were recorded when they were published.
class RunCheck {
public:
    RunCheck(fs::path folder, const std::vector<Stage>& stages, VerifyFindings& findings)
        : folder_(std::move(folder)), stages_(stages), findings_(findings) {}

    void results() {
        for (const std::string& name : instances_of(folder_)) {
            const fs::path file = folder_ / "state" / (name + ".toml");
            if (!fs::exists(file)) {
                findings_.lines += text("--  ", name, ": not done yet\n");
            } else if (const auto state = read_state(file)) {
                outputs_of(name, *state);
            } else {
                complain("the record of a finished stage is damaged", file,
                         "its fingerprint does not fit what it says");
            }
        }
    }

    /// Inputs as the job names them now against what the stages read.
    void inputs(const Job& job) {
        for (const StageInstance& instance : job.stages) {
            const auto state = read_state(folder_ / "state" / (instance.name + ".toml"));
            if (!state) continue;
            for (const auto& [port, paths] : job.inputs(instance))
                input_of(instance.name, port, paths, *state);
        }
    }

private:
    void complain(std::string what, const fs::path& where, std::string why) {
        findings_.problems.push_back(
            {.what = std::move(what),
             .where = where.string(),
             .why = std::move(why),
             .help = "run the job again: stages whose results do not hold are done anew"});
    }

    void outputs_of(const std::string& name, const StageState& state) {
        const auto stage = std::find_if(stages_.begin(), stages_.end(),
                                        [&](const Stage& s) { return s.name() == state.stage; });
        for (const auto& [port, digest] : state.outputs) {
            const Output* output = stage == stages_.end() ? nullptr : stage->output(port);
            if (output == nullptr) {
                complain("the record of a stage names an unknown result", folder_ / "state",
                         text(state.stage, ".", port, " is none of this version of salus"));
                continue;
            }
            output_of(folder_ / name / output->file, digest);
        }
    }

    void output_of(const fs::path& path, const std::string& digest) {
        if (!fs::exists(path))
            return complain("a result is missing", path, "the run recorded that it was published");
        if (digest_path(path) != digest)
            return complain("a result is not the one that was published", path,
                            "its SHA-256 digest differs from the one that the run recorded");
        const std::string name = path.lexically_relative(folder_).string();
        if (!fs::is_directory(path) || !is_store(path)) {
            findings_.lines += ok_line(name, text("sha256 ", digest.substr(0, 16)));
            return;
        }
        collect(findings_, [&] { findings_.lines += ok_line(name, verify_store(path)); });
    }

    void input_of(const std::string& instance, const std::string& port,
                  const std::vector<fs::path>& paths, const StageState& state) {
        const auto recorded = state.ingredients.find("input " + port);
        if (recorded == state.ingredients.end()) return;
        for (const fs::path& path : paths) {
            if (path.string().starts_with(folder_.string())) continue; // a result of this run
            if (!fs::exists(path))
                complain("an input is missing", path, text(instance, " read it"));
            else if (recorded->second.find(text(path.filename().string(), " ",
                                                digest_path(path))) == std::string::npos)
                complain(
                    "an input is not the one that was read", path,
                    text("its SHA-256 digest differs from the one that ", instance, " recorded"));
            else
                findings_.lines += ok_line(path.string(), text("input of ", instance));
        }
    }

    fs::path folder_;
    const std::vector<Stage>& stages_;
    VerifyFindings& findings_;
};

void verify_path(const fs::path& path, const std::vector<Stage>& stages, VerifyFindings& findings) {
    if (!fs::exists(path))
        throw UsageError({.what = "there is no file or folder of this name",
                          .where = path.string(),
                          .why = {},
                          .help = "give results, genotype stores, output folders or job files"});
    if (is_run(path)) {
        RunCheck(path, stages, findings).results();
    } else if (path.extension() == ".toml") {
        const Job job = read_job(path, stages, {});
        RunCheck check(job.output, stages, findings);
        if (!is_run(job.output))
            throw UsageError({.what = "this job was not run yet",
                              .where = path.string(),
                              .why = text("there is no run in ", job.output.string()),
                              .help = "run it first: salus run"});
        check.results();
        check.inputs(job);
    } else if (fs::is_directory(path) && !is_store(path)) {
        throw UsageError({.what = "this folder is neither a run nor a genotype store",
                          .where = path.string(),
                          .why = "it holds neither resolved.toml nor index.h5",
                          .help = "give the output folder of a run, or a genotype store"});
    } else {
        verify_one(path, findings);
    }
}

} // namespace

std::string verify_log_command(const CommandLine& line) {
    const bool is_log = line.path.filename() == "audit.log";
    const fs::path file = is_log ? line.path : output_folder_of(line.path) / "audit.log";
    const AuditFindings found = verify_audit_log(file);
    // The end of a chain can be cut off unseen, unless something else remembers where it was.
    const fs::path record = file.parent_path() / "run.json";
    if (fs::exists(record) && fs::exists(file)) {
        const std::string lines = read_text_file(file), run = read_text_file(record);
        static constexpr std::string_view key = "\"audit_head\": \"";
        if (const auto at = run.find(key); at != std::string::npos)
            if (const std::string head = run.substr(at + key.size(), 64);
                lines.find(head) == std::string::npos)
                throw IntegrityError({.what = "the end of the audit log is missing",
                                      .where = file.string(),
                                      .why = "run.json names a later line",
                                      .help = "restore it from a copy"});
    }
    return text("ok  ", file.string(), ": ", found.lines, " lines, head ", found.head, "\n");
}

std::string verify_command(const CommandLine& line, const std::vector<Stage>& stages) {
    VerifyFindings findings;
    for (const std::string& path : line.files)
        verify_path(fs::path(path).has_filename() ? fs::path(path) : fs::path(path).parent_path(),
                    stages, findings);
    if (!findings.problems.empty()) throw IntegrityError(std::move(findings.problems));
    return findings.lines;
}

} // namespace salus
