#pragma once

#include <string_view>

namespace salus {

/// From now on SIGTERM, SIGINT and SIGUSR1 only set a flag, so that the work stops at the next safe
/// point. SIGTERM and SIGINT mean soon: a process that is still there after `interrupt_grace`
/// seconds ends at once with the exit code of Interrupted, which loses the units in flight and
/// nothing else. SIGUSR1 waits as long as it takes. First call of main, before anything that takes
/// time.
void hold_interrupts() noexcept;
/// The usual meaning of these signals again; one that came meanwhile acts now. For commands that
/// have no safe points.
void release_interrupts() noexcept;

inline constexpr unsigned interrupt_grace = 8; // seconds

bool interrupt_requested() noexcept;
/// Throws Interrupted. `where`: what is stopped.
[[noreturn]] void throw_interrupted(std::string_view where);

} // namespace salus
