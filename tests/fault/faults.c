/* Preloaded into one process of tests/fault/torture.py: counts the calls that change files, and disturbs one of them.
 *   FAULTS_COUNT=FILE   how many there were, written at the end
 *   FAULTS_AT=N         the call that is disturbed, from 1; 0: none
 *   FAULTS_KIND=        kill: the process dies at it, having written half of what it was to write
 *                       states: the process stops (SIGSTOP) at every call, where a kill would leave the disk as it is then
 *                       a number: the call fails with that errno
 *                       short: every write writes a third (every read reads a third), slow: FAULTS_MICROSECONDS at every seventh call (FAULTS_AT does not matter)
 *   FAULTS_ON=1         errors do not stop after the first
 *   FAULTS_READS=FOLDER calls that open files below the folder for reading, or read them, are counted and disturbed, no others
 * A call changes files if it creates, writes, makes durable, renames, cuts, removes or closes what was open for writing. Standard
 * output and error, pipes and sockets do not count. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { none, kill_at, fail, shorten, slow, stop_at_each };
static int kind, error_number, go_on;
static const char *reads;
static char read_descriptors[65536];
static long at, microseconds;
static atomic_long calls;

__attribute__((constructor)) static void begin(void) {
    const char *which = getenv("FAULTS_KIND"), *number = getenv("FAULTS_AT"), *wait = getenv("FAULTS_MICROSECONDS");
    at = number ? atol(number) : 0;
    microseconds = wait ? atol(wait) : 0;
    go_on = getenv("FAULTS_ON") != NULL;
    reads = getenv("FAULTS_READS");
    if (!which) return;
    kind = !strcmp(which, "kill") ? kill_at : !strcmp(which, "short") ? shorten : !strcmp(which, "slow") ? slow : !strcmp(which, "states") ? stop_at_each : fail;
    error_number = atoi(which);
}

__attribute__((destructor)) static void end(void) {
    const char *file = getenv("FAULTS_COUNT");
    if (!file) return;
    char line[32];
    const int length = snprintf(line, sizeof line, "%ld\n", atomic_load(&calls));
    const int fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    syscall(SYS_write, fd, line, (size_t)length);
    syscall(SYS_close, fd);
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void die_or_stop(void) {
    if (kind == stop_at_each) {
        syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGSTOP);
        return;
    }
    syscall(SYS_kill, getpid(), SIGKILL);
    pause();
}

/* Counts a call. Returns whether it is to fail; *half: whether the process is to die or stop when half of it is done. */
static int disturb(int *half) {
    const long n = atomic_fetch_add(&calls, 1) + 1;
    if (kind == slow && n % 7 == 0) usleep((useconds_t)microseconds);
    if (kind == stop_at_each || (kind == kill_at && n == at)) {
        if (half)
            *half = 1;
        else
            die_or_stop();
    }
    if (kind == fail && (go_on ? n >= at : n == at)) {
        errno = error_number;
        return 1;
    }
    return 0;
}

static int disturbed(int *half) { return reads ? 0 : disturb(half); }
static int disturbed_read(int fd) { return fd >= 0 && fd < (int)sizeof read_descriptors && read_descriptors[fd] && disturb(NULL); }

static int opened(int fd, int reading) {
    if (fd >= 0 && fd < (int)sizeof read_descriptors) read_descriptors[fd] = (char)reading;
    return fd;
}

static int counts(int fd) {
    struct stat status;
    return fd > 2 && syscall(SYS_fstat, fd, &status) == 0 && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode));
}

static ssize_t put(int fd, const char *bytes, size_t n, off64_t offset) {
    return offset < 0 ? syscall(SYS_write, fd, bytes, n) : syscall(SYS_pwrite64, fd, bytes, n, offset);
}

/* offset -1: at the current place */
static ssize_t in_halves(int fd, const char *bytes, size_t n, off64_t offset) {
    const ssize_t first = put(fd, bytes, n / 2, offset);
    die_or_stop();
    if (first < 0) return first;
    const ssize_t rest = put(fd, bytes + first, n - (size_t)first, offset < 0 ? offset : offset + first);
    return rest < 0 ? first : first + rest;
}

static size_t shortened(size_t n) { return kind == shorten && !reads && n > 1 ? (n + 2) / 3 : n; }
static size_t read_part(int fd, size_t n) {
    return kind == shorten && reads && fd >= 0 && fd < (int)sizeof read_descriptors && read_descriptors[fd] ? (n + 2) / 3 : n;
}

static ssize_t disturbed_write(int fd, const char *bytes, size_t n, off64_t offset) {
    int half = 0;
    if (!counts(fd)) return put(fd, bytes, n, offset);
    if (disturbed(&half)) return -1;
    return half ? in_halves(fd, bytes, n, offset) : put(fd, bytes, shortened(n), offset);
}

ssize_t write(int fd, const void *bytes, size_t n) { return disturbed_write(fd, bytes, n, -1); }
ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t offset) { return disturbed_write(fd, bytes, n, offset); }
ssize_t pwrite(int fd, const void *bytes, size_t n, off_t offset) { return disturbed_write(fd, bytes, n, offset); }
ssize_t writev(int fd, const struct iovec *pieces, int n) {
    int half = 0;
    if (!counts(fd)) return syscall(SYS_writev, fd, pieces, n);
    if (disturbed(&half)) return -1;
    if (half) return in_halves(fd, pieces[0].iov_base, pieces[0].iov_len, -1); /* the first piece alone */
    if (kind == shorten) return put(fd, pieces[0].iov_base, shortened(pieces[0].iov_len), -1);
    return syscall(SYS_writev, fd, pieces, n);
}

#define OPEN(name, call)                                                                                               \
    int name(const char *path, int flags, ...) {                                                                       \
        va_list more;                                                                                                  \
        va_start(more, flags);                                                                                         \
        const mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;                                                \
        va_end(more);                                                                                                  \
        if (flags & (O_CREAT | O_TRUNC) && strncmp(path, "/dev/", 5) && disturbed(NULL)) return -1;                    \
        const int reading = reads && (flags & (O_ACCMODE | O_DIRECTORY)) == O_RDONLY && !strncmp(path, reads, strlen(reads)); \
        if (reading && disturb(NULL)) return -1;                                                                       \
        return opened((int)syscall(SYS_openat, AT_FDCWD, path, flags, mode), reading);                                 \
    }
OPEN(open, open)
OPEN(open64, open64)

#define FOPEN(name)                                                                                                    \
    FILE *name(const char *path, const char *mode) {                                                                   \
        if (strpbrk(mode, "wa") && strncmp(path, "/dev/", 5) && strncmp(path, "/proc/", 6) && disturbed(NULL))         \
            return NULL;                                                                                               \
        return NEXT(name)(path, mode);                                                                                 \
    }
FOPEN(fopen)
FOPEN(fopen64)

ssize_t read(int fd, void *bytes, size_t n) { return disturbed_read(fd) ? -1 : syscall(SYS_read, fd, bytes, read_part(fd, n)); }
ssize_t pread64(int fd, void *bytes, size_t n, off64_t offset) {
    return disturbed_read(fd) ? -1 : syscall(SYS_pread64, fd, bytes, read_part(fd, n), offset);
}
ssize_t pread(int fd, void *bytes, size_t n, off_t offset) { return pread64(fd, bytes, n, offset); }

int fsync(int fd) { return counts(fd) && disturbed(NULL) ? -1 : (int)syscall(SYS_fsync, fd); }
int fdatasync(int fd) { return counts(fd) && disturbed(NULL) ? -1 : (int)syscall(SYS_fdatasync, fd); }
int ftruncate64(int fd, off64_t n) { return counts(fd) && disturbed(NULL) ? -1 : (int)syscall(SYS_ftruncate, fd, n); }
int ftruncate(int fd, off_t n) { return ftruncate64(fd, n); }
int rename(const char *from, const char *to) { return disturbed(NULL) ? -1 : (int)syscall(SYS_rename, from, to); }
int mkdir(const char *path, mode_t mode) { return disturbed(NULL) ? -1 : (int)syscall(SYS_mkdir, path, mode); }
int rmdir(const char *path) { return disturbed(NULL) ? -1 : (int)syscall(SYS_rmdir, path); }
int unlink(const char *path) { return disturbed(NULL) ? -1 : (int)syscall(SYS_unlink, path); }
int unlinkat(int fd, const char *path, int flags) { return disturbed(NULL) ? -1 : (int)syscall(SYS_unlinkat, fd, path, flags); }
int remove(const char *path) {
    if (disturbed(NULL)) return -1;
    const int done = (int)syscall(SYS_unlink, path);
    return done == 0 || errno != EISDIR ? done : (int)syscall(SYS_rmdir, path);
}
int close(int fd) {
    opened(fd, 0);
    const int flags = fd > 2 ? (int)syscall(SYS_fcntl, fd, F_GETFL) : -1;
    const int written = flags >= 0 && (flags & O_ACCMODE) != O_RDONLY && counts(fd);
    const int failing = written && disturbed(NULL); /* the descriptor is closed all the same, as Linux does */
    const int code = errno, done = (int)syscall(SYS_close, fd);
    if (!failing) return done;
    errno = code;
    return -1;
}
