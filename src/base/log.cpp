#include "base/log.hpp"

#include "base/date.hpp"
#include "base/file.hpp"
#include "base/log_format.hpp"
#include "base/text.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace salus {
namespace {

// How every line of this process looks; set once by the program before any log exists.
LogFormat format_of_process = LogFormat::text;

std::string padded_rank(int rank) {
    std::string digits = text(rank);
    return std::string(digits.size() < 3 ? 3 - digits.size() : 0, '0') + digits;
}

} // namespace

void set_log_format(LogFormat format) noexcept { format_of_process = format; }
LogFormat log_format() noexcept { return format_of_process; }

Log::Log(std::string source, int rank, LogLevel least)
    : source_(std::move(source)), rank_(rank), least_(least) {}

Log Log::named(std::string source) const {
    Log other = *this;
    other.source_ = std::move(source);
    return other;
}

void Log::write(LogLevel level, std::string_view message, bool speaks) const {
    static constexpr std::array<std::string_view, 4> names{"debug", "info", "warning", "error"};
    if (!speaks || level < least_) return;
    std::string body(message);
    for (std::size_t at = 0; (at = body.find('\n', at)) != std::string::npos;)
        body.replace(at, 1, " | ");
    const std::string now = utc_now();
    const std::string_view name = names[static_cast<std::size_t>(level)];
    const std::string line =
        text(now, " ", source_, " r", padded_rank(rank_), " ", name, ": ", body);
    if (format_of_process == LogFormat::text)
        write_line(STDERR_FILENO, line);
    else
        write_line(STDERR_FILENO,
                   text("{\"time\": ", json_quote(now), ", \"source\": ", json_quote(source_),
                        ", \"rank\": ", rank_, ", \"level\": ", json_quote(name),
                        ", \"message\": ", json_quote(message), "}"));
    if (path_.empty() || rank_ != 0) return;
    // Without a word if it fails: the copy must never end a run. Not synced either: nothing reads
    // it, and the disk would be waited for at every line.
    const int copy = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (copy < 0) return;
    write_line(copy, line);
    ::close(copy);
}

Progress::Progress(const Log& log, std::string what, std::uint64_t total, std::uint64_t already)
    : log_(log), what_(std::move(what)), total_(total), first_(already), done_(already),
      started_(monotonic_seconds()), shown_(started_),
      terminal_(log.rank() == 0 && format_of_process == LogFormat::text &&
                ::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
    if (drawn_) write_line(STDERR_FILENO, "");
}

void Progress::update(std::uint64_t done) {
    done_ = done;
    const double now = monotonic_seconds();
    const double interval = terminal_ ? 0.2 : 30.0;
    if (log_.rank() == 0 && (now - shown_ >= interval || (terminal_ && done_ == total_))) show(now);
}

void Progress::show(double now) {
    shown_ = now;
    const double rate = static_cast<double>(done_ - first_) / std::max(now - started_, 1e-9);
    const double left =
        rate > 0 ? static_cast<double>(total_ - std::min(done_, total_)) / rate : -1;
    const std::string facts =
        text(with_thousands(done_), "/", with_thousands(total_), " ", what_, ", ",
             significant(rate, 3), "/s, ", human_seconds(left), " left");
    if (!terminal_) {
        log_.info(facts);
        return;
    }
    const std::size_t filled = total_ == 0 ? 30 : std::min<std::size_t>(30, done_ * 30 / total_);
    const std::string bar =
        text("\r\033[K[", std::string(filled, '='), std::string(30 - filled, ' '), "] ", facts);
    drawn_ = true;
    [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, bar.data(), bar.size());
}

} // namespace salus
