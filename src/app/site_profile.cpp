#include "app/site_profile.hpp"

#include "app/commands.hpp"
#include "base/text.hpp"
#include "schema/describe.hpp"

#include <algorithm>
#include <cstdlib>

namespace salus {
namespace {

namespace fs = std::filesystem;

RecordOf<SiteProfile> site_record() {
    using S = SiteProfile;
    RecordOf<S> record;
    record.param("partition", &S::partition, {.doc = "Partition (queue) of the jobs."})
        .param("account", &S::account, {.doc = "Account that is charged."})
        .param("qos", &S::qos, {.doc = "Quality of service."})
        .param("constraint", &S::constraint, {.doc = "Features that the nodes must have."})
        .param("launcher", &S::launcher,
               {.doc = "What starts the ranks inside a batch job.", .choices = {"srun", "mpirun"}})
        .param("mpi", &S::mpi,
               {.doc = "Value of --mpi of srun; empty leaves it to the default of the centre."})
        .param("modules", &S::modules, {.doc = "Modules to load, in this order."})
        .param("setup", &S::setup,
               {.doc = "Lines of bash before the launch, for example to enter a container."})
        .param("directives", &S::directives,
               {.doc = "Further options of sbatch, for example \"--reservation=genomes\"."})
        .param("scratch", &S::scratch,
               {.doc =
                    "Folder on every node for what MPI keeps there while it runs (TMPDIR). Salus "
                    "writes nothing there."})
        .param("program", &S::program,
               {.doc = "The program as the nodes see it; left out: the one that submits."})
        .param("cores_per_node", &S::cores_per_node,
               {.doc = "Cores of a node; with it the number of nodes follows from ranks and "
                       "threads.",
                .min = 0,
                .max = 4096})
        .param("memory_per_node_gib", &S::memory_per_node_gib,
               {.doc = "Memory of a node that jobs may ask for; with it fewer ranks share a node "
                       "where a stage needs much.",
                .unit = "GiB",
                .min = 0})
        .param("hours_max", &S::hours_max,
               {.doc = "Longest time limit of the partition. A stage that needs longer is queued "
                       "again and goes on.",
                .unit = "h",
                .min = 0})
        .param("time_factor", &S::time_factor,
               {.doc = "Time limit over estimate. The estimates are for cores of 2022.",
                .min = 1,
                .max = 100})
        .param("signal_seconds", &S::signal_seconds,
               {.doc = "How long before its time limit a job is told to stop.",
                .unit = "s",
                .min = 10,
                .max = 3600})
        .param("restarts_max", &S::restarts_max,
               {.doc = "How often a stage is queued again, each time only after progress.",
                .min = 0,
                .max = 1000});
    return record;
}

bool is_plain(const std::string& word) {
    return std::all_of(word.begin(), word.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("_-.,:+&|/[]()*=@").find(c) != std::string_view::npos;
    });
}

/// What ends up in a batch script must not end a line or a word of it.
void check_words(const SiteProfile& site, std::string_view file, std::vector<Problem>& problems) {
    const auto complain = [&](std::string what, std::string help) {
        problems.push_back({.what = std::move(what),
                            .where = std::string(file),
                            .why = "it is written into a batch script",
                            .help = std::move(help)});
    };
    for (const auto& [key, word] :
         {std::pair<std::string, std::string>{"partition", site.partition},
          {"account", site.account},
          {"qos", site.qos},
          {"constraint", site.constraint},
          {"mpi", site.mpi}})
        if (!is_plain(word))
            complain(text("'", key, "' must be a plain name"), "leave out blanks and quotes");
    for (const std::string& module : site.modules)
        if (module.empty() || !is_plain(module))
            complain(text("'", module, "' is not the name of a module"),
                     "leave out blanks and quotes");
    for (const std::string& line : site.directives)
        if (!line.starts_with("--") || line.find('\n') != std::string::npos)
            complain(text("'", line, "' is not an option of sbatch"),
                     "write options as \"--name=value\"");
}

} // namespace

const std::vector<Param>& site_params() {
    static const std::vector<Param> params = site_record().params();
    return params;
}

SiteProfile read_site(const fs::path& file) {
    std::vector<Problem> problems;
    const Node root = read_toml(file);
    SiteProfile site = site_record().read(root, file.string(), "the site profile", problems);
    check_words(site, file.string(), problems);
    if (!problems.empty()) throw UsageError(std::move(problems));
    site.file = file;
    return site;
}

SiteProfile find_site(const fs::path& asked, const fs::path& job_file) {
    const auto must_exist = [](const fs::path& file, const std::string& where) {
        if (!fs::exists(file))
            throw UsageError({.what = text("there is no site profile ", file.string()),
                              .where = where,
                              .why = {},
                              .help = "see: salus describe site --format template"});
        return read_site(file);
    };
    if (!asked.empty()) return must_exist(asked, "--site");
    if (const char* named = std::getenv("SALUS_SITE"); named != nullptr && *named != '\0')
        return must_exist(named, "SALUS_SITE");
    const fs::path beside = fs::absolute(job_file).parent_path() / "site.toml";
    return fs::exists(beside) ? read_site(beside) : SiteProfile{};
}

std::string describe_site(const std::string& format, const std::string& version) {
    if (format == "template")
        return "# Profile of a computing centre for salus submit.\n" +
               params_template(site_params());
    if (format == "json-schema")
        return params_json_schema("Profile of a computing centre", site_params());
    const Manual manual{
        .name = "Site profiles",
        .summary = "A profile says what a computing centre wants in every batch script.",
        .sections = {
            {.title = "Description",
             .paragraphs = {"salus submit reads it from --site FILE, else from the file that the "
                            "variable SALUS_SITE names, else from site.toml beside the job file. "
                            "Everything may be left out. [resources] of the job wins over it. "
                            "Start with: salus describe site --format template."}},
            params_section("Keys", site_params())}};
    return in_format(manual, format, version);
}

} // namespace salus
