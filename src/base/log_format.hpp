#pragma once

namespace salus {

/// How a line of the log looks on standard error; `run.log` is always text.
enum class LogFormat { text, json };

/// For the whole process, before its first line.
void set_log_format(LogFormat format) noexcept;
LogFormat log_format() noexcept;

} // namespace salus
