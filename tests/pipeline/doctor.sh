#!/usr/bin/env bash
# salus doctor: one rank and several find nothing wrong with a good folder and leave nothing behind; programs that were started
# side by side without knowing of each other, more threads than cores, narrow binding, and a folder that is not there are told.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP/out"; cd "$SALUS_TMP"
has() { grep -q "$@" report || { cat report; fail "the report lacks: $*"; }; }
"$SALUS" doctor out --threads 1 >report
for subject in program launch 'host .*' kernels storage folder; do has "^\(ok\|warning\)  *$subject: "; done
has '^ok       launch: 1 rank; '
mpirun --oversubscribe -n 3 "$SALUS" doctor out --threads 1 >report
has '^ok       launch: 3 ranks; '
has '^ok       folder: every rank sees'
[[ $(grep -c '' report) -le 12 ]] || fail "ranks do not speak with one voice"
[[ -z $(ls -A out) ]] || fail "something is left in the folder"
"$SALUS" doctor out --threads 4096 >report
has -A1 '^warning  host .*: more threads than cores'
if (($(nproc) > 1)); then
    taskset -c "$(taskset -pc $$ | sed 's/.*: //; s/[,-].*//')" "$SALUS" doctor out --threads 2 >report
    has '^warning  host .*: more threads than cores'
fi
OMPI_COMM_WORLD_SIZE=4 expect 2 "$SALUS" doctor out >report
has '^failed   launch: the launcher started 4 programs'
says 'each would do the whole work'
expect 5 "$SALUS" doctor missing >report
has '^failed   storage: there is no such folder'
says missing
[[ ! -e missing ]] || fail "a folder was made"
touch file
expect 5 "$SALUS" doctor file >/dev/null
says 'this is a file, not a folder'
