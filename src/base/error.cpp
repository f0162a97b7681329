#include "base/error.hpp"

#include "base/text.hpp"

namespace salus {

std::string_view to_string(ErrorKind kind) noexcept {
    switch (kind) {
    case ErrorKind::usage:
        return "configuration error";
    case ErrorKind::data:
        return "input data error";
    case ErrorKind::ownership:
        return "output is in use";
    case ErrorKind::storage:
        return "storage error";
    case ErrorKind::integrity:
        return "integrity error";
    case ErrorKind::disclosure:
        return "disclosure refused";
    case ErrorKind::memory:
        return "out of memory";
    case ErrorKind::internal:
        return "internal error";
    case ErrorKind::interrupted:
        return "interrupted";
    }
    return "error";
}

namespace {

constexpr std::size_t quoted_bytes_max = 60;

/// Without bytes that a terminal or a reader of JSON could stumble over: control characters, and
/// those of text that is not UTF-8, become \xNN.
std::string printable(std::string_view said) {
    static constexpr std::string_view hex = "0123456789ABCDEF";
    const bool readable = is_utf8(said);
    std::string out;
    for (const char c : said) {
        const auto code = static_cast<unsigned char>(c);
        const bool control = (code < 0x20 && c != '\n' && c != '\t') || code == 0x7F;
        if (control || (code >= 0x80 && !readable))
            out += {'\\', 'x', hex[code >> 4], hex[code & 15]};
        else
            out += c;
    }
    return out;
}

/// Where the text that a quotation mark at `begin` opens ends; npos if it opens none.
std::size_t end_of_quoted(std::string_view said, std::size_t begin) {
    const char mark = said[begin];
    if ((mark != '"' && mark != '\'') ||
        (begin > 0 && std::string_view(" ([=,:\n").find(said[begin - 1]) == std::string_view::npos))
        return std::string_view::npos;
    std::size_t end = begin;
    while ((end = said.find(mark, end + 1)) != std::string_view::npos)
        if (end + 1 == said.size() ||
            std::string_view(" )],.:;?\n").find(said[end + 1]) != std::string_view::npos)
            return end;
    return std::string_view::npos;
}

/// Cuts what is quoted, since it may be a line of any file.
std::string with_short_quotes(std::string_view said) {
    std::string out;
    for (std::size_t i = 0; i < said.size(); ++i) {
        const std::size_t end = end_of_quoted(said, i);
        if (end == std::string_view::npos) {
            out += said[i];
            continue;
        }
        std::size_t kept = end - i - 1;
        if (kept > quoted_bytes_max) {
            kept = quoted_bytes_max - 3;
            while ((static_cast<unsigned char>(said[i + 1 + kept]) & 0xC0) == 0x80)
                --kept; // inside of a character
        }
        out += said.substr(i, kept + 1);
        if (kept < end - i - 1) out += "...";
        out += said[end];
        i = end;
    }
    return out;
}

} // namespace

Error::Error(ErrorKind kind, std::vector<Problem> problems)
    : kind_(kind), problems_(std::move(problems)) {
    for (Problem& problem : problems_) {
        problem.what = with_short_quotes(printable(problem.what));
        for (std::string* part : {&problem.where, &problem.why, &problem.help})
            *part = printable(*part);
    }
    render();
}

void Error::add(std::string_view context) {
    contexts_.emplace_back(context);
    render();
}

void Error::render() {
    text_.clear();
    for (const Problem& problem : problems_) {
        if (!text_.empty()) text_ += '\n';
        text_ += problem.what;
        if (!problem.where.empty()) text_ += "\n  where: " + problem.where;
        if (!problem.why.empty()) text_ += "\n  why:   " + problem.why;
        if (!problem.help.empty()) text_ += "\n  help:  " + problem.help;
    }
    for (const std::string& context : contexts_)
        text_ += "\n  " + context;
}

void throw_error(ErrorKind kind, std::vector<Problem> problems) {
    switch (kind) {
    case ErrorKind::usage:
        throw UsageError(std::move(problems));
    case ErrorKind::data:
        throw DataError(std::move(problems));
    case ErrorKind::ownership:
        throw OwnershipError(std::move(problems));
    case ErrorKind::storage:
        throw StorageError(std::move(problems));
    case ErrorKind::integrity:
        throw IntegrityError(std::move(problems));
    case ErrorKind::disclosure:
        throw DisclosureError(std::move(problems));
    case ErrorKind::memory:
        throw MemoryError(std::move(problems));
    case ErrorKind::interrupted:
        throw Interrupted(std::move(problems));
    case ErrorKind::internal:
        break;
    }
    throw InternalError(std::move(problems));
}

void assertion_failed(const char* expression, const char* file, int line) {
    throw InternalError({.what = text("assertion failed: ", expression),
                         .where = text(file, ":", line),
                         .why = "an invariant of the program does not hold",
                         .help = "report this with the command and the version of salus"});
}

} // namespace salus
