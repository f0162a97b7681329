#include "app/audit_log.hpp"

#include "base/date.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/machine.hpp"
#include "base/text.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>

namespace salus {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view digest_key = ", \"digest\": \"";

/// The digest that a line carries of what stands before it; nothing if it carries none or another.
std::optional<std::string> own_digest(std::string_view line) {
    const std::size_t at = line.rfind(digest_key);
    if (at == std::string_view::npos || !line.starts_with('{')) return std::nullopt;
    const std::string_view rest = line.substr(at + digest_key.size());
    if (rest.size() != 66 || !rest.ends_with("\"}")) return std::nullopt;
    const std::string_view found = rest.substr(0, 64);
    if (sha256(line.substr(0, at)) != found) return std::nullopt;
    return std::string(found);
}

/// The value of a text or number that this file's own writer put into a line.
std::string_view value_of(std::string_view line, std::string_view key) {
    const std::string mark = text("\"", key, "\": ");
    const std::size_t at = line.find(mark);
    if (at == std::string_view::npos) return {};
    std::string_view rest = line.substr(at + mark.size());
    if (rest.starts_with('"')) return rest.substr(1, rest.find('"', 1) - 1);
    return rest.substr(0, rest.find_first_of(",}"));
}

/// Where the chain stands at the end of a file.
struct Chain {
    std::uint64_t lines = 0;
    std::string head;
    std::string torn; // digest of an unfinished line that the next one must name
    std::vector<Problem> problems;
};

void follow(Chain& chain, std::string_view line, const fs::path& file) {
    const std::string where = text(file.string(), ", line ", chain.lines + 1);
    const auto complain = [&](std::string what, std::string why) {
        chain.problems.push_back({.what = std::move(what),
                                  .where = where,
                                  .why = std::move(why),
                                  .help = "compare with a copy; results are checked by: salus "
                                          "verify; move the log away, and a new one begins"});
    };
    ++chain.lines;
    const auto digest = own_digest(line);
    if (!digest) {
        if (!chain.torn.empty()) complain("two lines in a row are damaged", "a digest is missing");
        chain.torn = sha256(line);
        return;
    }
    if (!chain.torn.empty() && value_of(line, "torn") != chain.torn)
        complain("the line before was changed", "its digest does not fit");
    chain.torn.clear();
    if (value_of(line, "previous") != chain.head)
        complain("lines before this one are missing, added or changed",
                 "it names another line as the one before");
    if (value_of(line, "line") != text(chain.lines))
        complain("the number of this line is another", "lines are numbered from 1");
    chain.head = *digest;
}

Chain read_chain(const fs::path& file, bool& ends_whole) {
    Chain chain;
    const std::string bytes = fs::exists(file) ? read_text_file(file) : "";
    ends_whole = bytes.empty() || bytes.ends_with('\n');
    auto lines = split(bytes, '\n');
    if (ends_whole && !lines.empty()) lines.pop_back();
    for (const std::string_view line : lines)
        follow(chain, line, file);
    return chain;
}

/// A lock on the log itself, so that processes append one after the other.
class AppendLock {
public:
    explicit AppendLock(const fs::path& file)
        : descriptor_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
        if (descriptor_ < 0) throw_storage_error(errno, "append to", file);
        while (::flock(descriptor_, LOCK_EX) != 0 && errno == EINTR) {
        }
    }
    ~AppendLock() { ::close(descriptor_); }
    AppendLock(const AppendLock&) = delete;
    AppendLock& operator=(const AppendLock&) = delete;

private:
    int descriptor_;
};

} // namespace

AuditLog::AuditLog(fs::path run_folder) : file_(std::move(run_folder) / "audit.log") {}

void AuditLog::append(const std::string& event,
                      const std::map<std::string, std::string>& facts) const {
    const AppendLock lock(file_);
    bool ends_whole = true;
    Chain chain = read_chain(file_, ends_whole); // append_line closes what a power cut tore
    if (!chain.problems.empty()) throw IntegrityError(std::move(chain.problems));
    std::string line = text("{\"line\": ", chain.lines + 1, ", \"time\": ", json_quote(utc_now()),
                            ", \"event\": ", json_quote(event), ", \"uid\": ", ::getuid(),
                            ", \"user\": ", json_quote(environment("USER")),
                            ", \"host\": ", json_quote(this_machine().host),
                            ", \"slurm_job\": ", json_quote(environment("SLURM_JOB_ID")));
    for (const auto& [name, value] : facts)
        line += text(", ", json_quote(name), ": ", json_quote(value));
    if (!chain.torn.empty()) line += text(", \"torn\": ", json_quote(chain.torn));
    line += text(", \"previous\": ", json_quote(chain.head));
    append_line(file_, text(line, digest_key, sha256(line), "\"}"));
}

AuditFindings verify_audit_log(const fs::path& file) {
    if (!fs::exists(file))
        throw UsageError({.what = "there is no audit log",
                          .where = file.string(),
                          .why = {},
                          .help = "give the output folder of a run, or its audit.log"});
    bool ends_whole = true;
    Chain chain = read_chain(file, ends_whole);
    if (!chain.torn.empty())
        chain.problems.push_back({.what = "the last line is damaged",
                                  .where = text(file.string(), ", line ", chain.lines),
                                  .why = "its digest does not fit, and no later line explains it",
                                  .help = "a run that goes on records a line torn by a power cut"});
    if (!chain.problems.empty()) throw IntegrityError(std::move(chain.problems));
    return {.lines = chain.lines, .head = chain.head};
}

fs::path run_of(const fs::path& result) {
    std::error_code code;
    fs::path folder = fs::absolute(result, code).lexically_normal();
    for (int up = 0; up < 4 && folder.has_relative_path(); ++up) {
        folder = folder.parent_path();
        if (fs::exists(folder / "resolved.toml", code)) return folder;
    }
    return {};
}

} // namespace salus
