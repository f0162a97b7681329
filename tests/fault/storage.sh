#!/usr/bin/env bash
# No space, I/O errors and unwritable places: exit code 5 with path and remedy, nothing half-written under a
# final name, and the same command resumes to the same bytes once the disk is well again.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
command -v strace >/dev/null || exit 77
strace -o /dev/null true 2>/dev/null || exit 77
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"

expect 5 "$SALUS" run "$demo_job" --output /proc/salus-cannot-write
says 'cannot create folder' '/proc/salus-cannot-write'

: >"$SALUS_TMP/file"
expect 5 "$SALUS" run "$demo_job" --output "$SALUS_TMP/file/below"

out=$SALUS_TMP/out
faulty() { strace -f -qq -o /dev/null -e "trace=$1" -e "inject=$1:error=$2:when=$3+" "$SALUS" run "$demo_job" --output "$out"; }
expect 5 faulty fsync ENOSPC 6
says 'No space left on device' 'free space'
nothing_left "$out"
expect 5 faulty fsync EIO 12
nothing_left "$out"
expect 5 faulty pwrite64 ENOSPC 40
nothing_left "$out"
expect 5 faulty rename EDQUOT 9
says 'quota'
expect 0 "$SALUS" run "$demo_job" --output "$out"
same_as_demo "$out"
