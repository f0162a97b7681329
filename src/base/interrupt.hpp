#pragma once

namespace salus {

/// Installs handlers for SIGTERM, SIGINT and SIGUSR1 that only set a flag.
void install_interrupt_handlers() noexcept;
bool interrupt_requested() noexcept;

} // namespace salus
