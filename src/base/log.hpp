#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace salus {

enum class LogLevel { debug, info, warning, error };

/// One event per line on stderr: `2025-03-01T12:00:07Z quality r000 info: part 3/8 done`.
/// Rank 0 speaks for all unless a fact is local (`local`); never a person's identifier or value.
class Log {
public:
    Log(std::string source, int rank, LogLevel least = LogLevel::info);

    /// The same log under another source name (a stage).
    Log named(std::string source) const;
    void info(std::string_view message) const { write(LogLevel::info, message, rank_ == 0); }
    void warning(std::string_view message) const { write(LogLevel::warning, message, rank_ == 0); }
    void error(std::string_view message) const { write(LogLevel::error, message, rank_ == 0); }
    void debug(std::string_view message) const { write(LogLevel::debug, message, rank_ == 0); }
    /// Written by whichever rank says it.
    void local(LogLevel level, std::string_view message) const { write(level, message, true); }
    /// Also appends every line to this file (rank 0).
    void tee(std::string path) { path_ = std::move(path); }
    int rank() const noexcept { return rank_; }

private:
    void write(LogLevel level, std::string_view message, bool speaks) const;

    std::string source_;
    int rank_;
    LogLevel least_;
    std::string path_;
};

/// Progress of a counted task: a bar where stderr is a terminal, else a log line at most every 30
/// s, with rate and time left. Only rank 0 shows it.
class Progress {
public:
    Progress(const Log& log, std::string what, std::uint64_t total, std::uint64_t already_done = 0);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    /// `done` of `total`, counted absolutely.
    void update(std::uint64_t done);

private:
    void show(double now);

    const Log& log_;
    std::string what_;
    std::uint64_t total_, first_, done_;
    double started_, shown_;
    bool terminal_, drawn_ = false;
};

} // namespace salus
