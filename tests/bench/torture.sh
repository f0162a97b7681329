#!/usr/bin/env bash
# The whole of tests/fault/torture.py, for a night: every state in which a kill can leave the disk, three errors at every call that changes
# files, EIO at every read, 1,000 kills of the whole job, 1,000 flips, 1,000 random cases. Counts and failures in WORK/*.log; docs/reliability.md has those that were made.
# Usage: SALUS=build/release/salus tests/bench/torture.sh WORK     (in memory, like /dev/shm/torture, it does not wait for the disk)
set -uo pipefail
: "${SALUS:?set SALUS to the program}"
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd) work=${1:?a folder to work in} failed=0
mkdir -p "$work"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
torture() {
    local name=$1
    shift
    /usr/bin/python3 -u "$source/tests/fault/torture.py" --salus "$SALUS" --source "$source" --work "$work/$name" "$@" | tee "$work/$name.log" || failed=1
}
torture states --sweep states
torture flips --flips 1000 --seed 1
torture cycles --cycles 1000 --seed 1
torture cases --cases 1000 --seed 1
torture errno --sweep errno ${MOST:+--most "$MOST"}
torture reads --sweep reads ${MOST:+--most "$MOST"}
exit $failed
