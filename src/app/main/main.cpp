#include "app/program.hpp"

#include "base/interrupt.hpp"
#include "salus_version.hpp"

#ifdef __GLIBC__
#include <malloc.h>
#endif

int main(int argc, char** argv) {
    salus::hold_interrupts(); // a batch system may ask to stop while MPI starts
#ifdef __GLIBC__
    // Buffers of parts and blocks come and go: keep their pages instead of asking the system for
    // zeroed ones each time.
    mallopt(M_MMAP_THRESHOLD, 64 << 20);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_TOP_PAD, 4 << 20);
#endif
    return salus::run_program(argc, argv, {.number = SALUS_VERSION, .full = SALUS_VERSION_FULL});
}
