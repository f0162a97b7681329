#!/usr/bin/env bash
# What checkpoints and digests cost: CPU and wall time of `salus association` in turn as it is and with the digests, fsync and
# fdatasync taken out (a preloaded library makes them do nothing, and ends the reading of files for their digest at once).
# Parts are written and assembled in both. 20,000 samples x 20,000 variants x 10 covariates by the data of tests/bench/association.sh.
# Where perf is installed also their shares of the CPU time in a profile, which other programs on the machine disturb less.
# Usage: SALUS=build/release/salus [RUNS=5] [SAMPLES=...] [VARIANTS=...] tests/bench/checkpoints.sh FOLDER [TRAIT...]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../lib/bench.bash"
: "${SALUS:?set SALUS to the program}"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=${1:?folder} runs=${RUNS:-5}
shift
traits=("$@"); ((${#traits[@]})) || traits=(y1 y2 y3 y4)
[[ -d $work/usual/phenotypes ]] || RUNS=1 PEER=0 "$here/association.sh" "$work" linear1 >/dev/null
cd "$work"
cc -shared -fPIC -O1 -x c - -o none.so -ldl <<'END'
#define _GNU_SOURCE
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>
int fsync(int fd) { return fd < 0; }
int fdatasync(int fd) { return fd < 0; }
int EVP_DigestUpdate(void *context, const void *bytes, size_t n) { (void)context, (void)bytes, (void)n; return 1; }
ssize_t read(int fd, void *bytes, size_t n) { return n == 1 << 20 ? 0 : syscall(SYS_read, fd, bytes, n); } /* as digests read */
END
export OMP_NUM_THREADS=1
job=("$SALUS" association --genotypes usual/genomes/ingest_genomes/genotypes.store --phenotypes usual/phenotypes/phenotypes/phenotypes.h5
    --threads 1 --output result)
for t in "${traits[@]}"; do job+=(--traits "$t"); done
once() { # environment...: CPU and wall seconds
    rm -rf result; sync
    local TIMEFORMAT='%U %S %R'
    { time env "$@" "${job[@]}" >run.log 2>&1; } 2>&1 | awk '{ print $1 + $2, $3 }'
}
rm -f with without
for ((run = 1; run <= runs; ++run)); do # in turn, so that both meet the same disturbances
    once A=1 >>with
    once LD_PRELOAD="$PWD/none.so" >>without
done
for column in 1 2; do
    a=$(cut -d ' ' -f $column with | median) b=$(cut -d ' ' -f $column without | median)
    awk -v n="$column" -v a="$a" -v b="$b" -v t="${#traits[@]}" 'BEGIN { printf "%s: %.2f s, without checkpoints and digests %.2f s: %.1f %% (%d traits)\n",
        n == 1 ? "CPU" : "wall", a, b, 100 * (a / b - 1), t }'
done
if command -v perf >/dev/null; then
    rm -rf result
    perf record --call-graph dwarf,4096 -F 500 -o profile "${job[@]}" >run.log 2>&1
    /usr/bin/python3 "$here/checkpoints_profile.py" profile
    rm -f profile
fi
rm -rf result
