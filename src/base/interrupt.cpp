#include "base/interrupt.hpp"

#include <csignal>
#include <initializer_list>

namespace salus {
namespace {

// The one mutable global: a signal handler can reach nothing else.
volatile std::sig_atomic_t requested = 0;

void on_signal(int) { requested = 1; }

} // namespace

void install_interrupt_handlers() noexcept {
    struct sigaction action {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    for (const int signal : {SIGTERM, SIGINT, SIGUSR1})
        ::sigaction(signal, &action, nullptr);
}

bool interrupt_requested() noexcept { return requested != 0; }

} // namespace salus
