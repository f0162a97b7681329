#include "base/interrupt.hpp"

#include "base/error.hpp"

#include <gtest/gtest.h>

#include <signal.h>
#include <unistd.h>

#include <cstdlib>

namespace salus {
namespace {

// Each in a process of its own: the flag is global and stays.

void leave(bool as_it_should_be) { std::_Exit(as_it_should_be ? 0 : 1); }

TEST(Interrupt, UserSignalSetsTheFlagAndWaits) {
    EXPECT_EXIT(
        {
            hold_interrupts();
            const bool before = interrupt_requested();
            ::raise(SIGUSR1);
            leave(!before && interrupt_requested() && ::alarm(0) == 0);
        },
        ::testing::ExitedWithCode(0), "");
}

TEST(Interrupt, TerminationHasAnEndOfGrace) {
    for (const int signal : {SIGTERM, SIGINT})
        EXPECT_EXIT(
            {
                hold_interrupts();
                ::raise(signal);
                const unsigned left = ::alarm(0);
                leave(interrupt_requested() && left > 0 && left <= interrupt_grace);
            },
            ::testing::ExitedWithCode(0), "");
}

TEST(Interrupt, EndOfGraceIsTheExitCodeOfAnInterruptedJob) {
    EXPECT_EXIT(
        {
            hold_interrupts();
            ::raise(SIGALRM);
        },
        ::testing::ExitedWithCode(75), "finished parts are kept");
}

TEST(Interrupt, SignalThatAProcessWasBornWithCounts) {
    EXPECT_EXIT(
        {
            sigset_t set;
            sigemptyset(&set);
            sigaddset(&set, SIGUSR1);
            ::sigprocmask(SIG_BLOCK, &set, nullptr);
            ::raise(SIGUSR1); // pending, as it can be over exec
            hold_interrupts();
            leave(interrupt_requested());
        },
        ::testing::ExitedWithCode(0), "");
}

TEST(Interrupt, ReleaseLetsTheSignalAct) {
    EXPECT_EXIT(
        {
            hold_interrupts();
            ::raise(SIGTERM);
            release_interrupts();
        },
        ::testing::KilledBySignal(SIGTERM), "");
    EXPECT_EXIT(
        {
            hold_interrupts();
            release_interrupts();
            leave(!interrupt_requested());
        },
        ::testing::ExitedWithCode(0), "");
}

TEST(Interrupt, SaysWhatIsStopped) {
    try {
        throw_interrupted("stage x");
    } catch (const Interrupted& error) {
        EXPECT_EQ(error.exit_code(), 75);
        EXPECT_EQ(error.problems().front().where, "stage x");
    }
}

} // namespace
} // namespace salus
