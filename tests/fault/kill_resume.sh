#!/usr/bin/env bash
# A rank is killed with SIGKILL between two of its parts, in the middle of ingest and of association; the
# same command resumes and ends with the bytes of an undisturbed run.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
command -v strace >/dev/null || exit 77
strace -o /dev/null true 2>/dev/null || exit 77
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"

kill_and_resume() { # stage, rank to kill, number of renames that it survives, stage before or ""
    local stage=$1 rank=$2 survived=$3 before=$4 out=$SALUS_TMP/$1 rc=0 traced plain first second
    if [[ -n $before ]]; then
        mpirun --oversubscribe -n 2 "$SALUS" run "$demo_job" --output "$out" --until "$before" 2>"$out.log" || { cat "$out.log"; exit 1; }
    fi
    plain=("$SALUS" run "$demo_job" --output "$out")
    traced=(strace -f -qq -o /dev/null -e trace=rename,renameat,renameat2
        -e "inject=rename,renameat,renameat2:signal=SIGKILL:when=$((survived + 1))" "${plain[@]}")
    first=("${plain[@]}") second=("${traced[@]}")
    if [[ $rank == 0 ]]; then first=("${traced[@]}") second=("${plain[@]}"); fi
    timeout 120 mpirun --oversubscribe -n 1 "${first[@]}" : -n 1 "${second[@]}" >"$out.killed" 2>&1 || rc=$?
    [[ $rc != 0 && $rc != 124 ]] || fail "$stage: the job ended with $rc although a rank was killed"
    [[ ! -e $out/state/$stage.toml ]] || fail "$stage is complete: the rank died too late"
    [[ -n $(find "$out/work/$stage" -name 'part-*.h5') ]] || fail "$stage: no part was finished before the kill"
    mpirun --oversubscribe -n 2 "$SALUS" run "$demo_job" --output "$out" 2>"$out.resumed" || { cat "$out.resumed"; exit 1; }
    grep -q "$stage r000 info: .* parts are intact from an earlier run" "$out.resumed" || fail "$stage: nothing was resumed"
    same_as_demo "$out"
    nothing_left "$out"
}

kill_and_resume ingest_genomes 0 1 ""  # parts are renamed on a thread of their own, and strace counts by thread
kill_and_resume association 1 2 quality

# Killed between writing and renaming: the state of a stage, then a result of it. What is half-written goes when the job goes on.
out=$SALUS_TMP/half_written
renames=(strace -f -qq -e trace=rename,renameat,renameat2)
whole=("$SALUS" run "$demo_job" --output "$out" --until quality --threads 1)
"${renames[@]}" -o "$out.trace" "${whole[@]}" >"$out.log" 2>&1 || { cat "$out.log"; exit 1; }
for name in state/quality.toml quality/quality.h5; do
    # Its number among the renames of its thread, which is how strace counts.
    number=$(awk -v name="$out/$name\"" 'index($0, name) { print count[$1] + 1; exit } { ++count[$1] }' "$out.trace")
    rm -rf "$out"
    "${renames[@]}" -o /dev/null -e "inject=rename,renameat,renameat2:signal=SIGKILL:when=$number" "${whole[@]}" >"$out.killed" 2>&1 &&
        fail "$name: not killed"
    [[ -n $(find "$out/${name%/*}" -name "${name#*/}.tmp-*") ]] || fail "$name: nothing was left half-written"
    "${whole[@]}" 2>"$out.resumed" || { cat "$out.resumed"; exit 1; }
    nothing_left "$out"
    diff -r "$SALUS_DEMO/quality" "$out/quality" || fail "$name: the result differs"
done
