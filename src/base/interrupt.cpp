#include "base/interrupt.hpp"

#include "base/error.hpp"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <initializer_list>
#include <string>

namespace salus {
namespace {

// The one mutable global: a signal handler can reach nothing else.
std::atomic<int> requested{0}; // the first signal that came
static_assert(std::atomic<int>::is_always_lock_free);

void on_signal(int signal) {
    int none = 0;
    requested.compare_exchange_strong(none, signal);
    if (signal != SIGUSR1) ::alarm(interrupt_grace);
}

void on_alarm(int) {
    constexpr std::string_view line =
        "salus: stopped on request in the middle of a unit; finished parts are kept, and the same "
        "command resumes\n";
    [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, line.data(), line.size());
    ::_exit(static_cast<int>(ErrorKind::interrupted));
}

void set_action(int signal, void (*handler)(int)) noexcept {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    ::sigaction(signal, &action, nullptr);
}

} // namespace

void hold_interrupts() noexcept {
    sigset_t held;
    sigemptyset(&held);
    set_action(SIGALRM, on_alarm);
    sigaddset(&held, SIGALRM);
    for (const int signal : {SIGTERM, SIGINT, SIGUSR1}) {
        set_action(signal, on_signal);
        sigaddset(&held, signal);
    }
    pthread_sigmask(SIG_UNBLOCK, &held, nullptr); // a launcher may have left them blocked
}

void release_interrupts() noexcept {
    for (const int signal : {SIGTERM, SIGINT, SIGUSR1, SIGALRM})
        set_action(signal, SIG_DFL);
    ::alarm(0);
    if (const int signal = requested.exchange(0); signal != 0) ::raise(signal);
}

bool interrupt_requested() noexcept { return requested != 0; }

void throw_interrupted(std::string_view where) {
    throw Interrupted({.what = "stopped on request; finished parts are kept",
                       .where = std::string(where),
                       .why = "a signal asked the job to stop, or its time is over",
                       .help = "run the same command again to resume"});
}

} // namespace salus
