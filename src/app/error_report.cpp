#include "app/error_report.hpp"

#include "base/date.hpp"
#include "base/text.hpp"

namespace salus {
namespace {

/// What became of the work, and what to do next.
std::string_view closing_advice(ErrorKind kind, Work work) noexcept {
    if (kind == ErrorKind::internal) return "please report it";
    if (work == Work::none) return "nothing was run";
    if (kind == ErrorKind::interrupted) return "the same command goes on from here";
    return "finished parts are kept; the same command goes on after the repair";
}

} // namespace

std::string error_report(const Error& error, Work work, bool colour) {
    const std::string mark = colour ? "\033[1;31merror:\033[0m " : "error: ";
    std::string out;
    for (const std::string_view line : split(error.what(), '\n')) {
        const bool begins = !line.starts_with("  ");
        if (begins && !out.empty()) out += '\n';
        out += text(begins ? mark : std::string{}, line, "\n");
    }
    const std::size_t count = error.problems().size();
    return out + text("\nsalus: ", to_string(error.kind()),
                      count > 1 ? text(", ", count, " problems") : std::string{}, "; ",
                      closing_advice(error.kind(), work), " (exit code ", error.exit_code(), ")");
}

std::string error_as_json(const Error& error, int rank) {
    std::string problems;
    for (const Problem& problem : error.problems())
        problems +=
            text(problems.empty() ? "" : ", ", "{\"what\": ", json_quote(problem.what),
                 ", \"where\": ", json_quote(problem.where), ", \"why\": ", json_quote(problem.why),
                 ", \"help\": ", json_quote(problem.help), "}");
    return text("{\"time\": ", json_quote(utc_now()), ", \"source\": \"salus\", \"rank\": ", rank,
                ", \"level\": \"error\", \"message\": ", json_quote(to_string(error.kind())),
                ", \"exit_code\": ", error.exit_code(), ", \"problems\": [", problems, "]}");
}

} // namespace salus
