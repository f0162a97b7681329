#include "app/error_report.hpp"

#include "base/text.hpp"

namespace salus {
namespace {

/// What to do next, by kind, where it is not obvious from the problem.
std::string_view closing_advice(ErrorKind kind) noexcept {
    switch (kind) {
    case ErrorKind::usage: return "nothing was run";
    case ErrorKind::interrupted: return "the same command goes on from here";
    case ErrorKind::internal: return "please report it";
    default: return "finished parts are kept; the same command goes on after the repair";
    }
}

}  // namespace

std::string error_report(const Error& error, bool colour) {
    const std::string mark = colour ? "\033[1;31merror:\033[0m " : "error: ";
    std::string out;
    for (const std::string_view line : split(error.what(), '\n')) {
        const bool begins = !line.starts_with("  ");
        if (begins && !out.empty()) out += '\n';
        out += text(begins ? mark : std::string{}, line, "\n");
    }
    const std::size_t count = error.problems().size();
    return out + text("\nsalus: ", to_string(error.kind()), count > 1 ? text(", ", count, " problems") : std::string{}, "; ",
                      closing_advice(error.kind()), " (exit code ", error.exit_code(), ")");
}

}  // namespace salus
