#!/usr/bin/env bash
# Three independent jobs in one `salus submit`, on a real SLURM cluster of two nodes on this machine: one array a stage, tasks that wait only for
# those of their own run. A task is cancelled: its run ends there, the others go on to the bytes of the demo, and submit hands over only what is left.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
[[ -d $SALUS_DEMO/association ]] || fail "needs the finished demo job in $SALUS_DEMO"
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
cluster=$(mktemp -d /tmp/salus-slurm-XXXX)
trap '"$SALUS_SOURCE/slurm/slurm-down.sh" --dir "$cluster" --purge >/dev/null 2>&1' EXIT
if environment=$("$SALUS_SOURCE/slurm/slurm-up.sh" --dir "$cluster" --nodes 2 --cpus 2 --mem 4096); then eval "$environment"; else exit $?; fi
printf 'program = "%s"\nlauncher = "mpirun"\ncores_per_node = 2\nmemory_per_node_gib = 4\n' "$SALUS" >site.toml
for part in a b c; do sed "s#\"\.\./\(out/demo\)\"#\"$SALUS_TMP/out-$part\"#; s#\"\.\./#\"$SALUS_SOURCE/#" "$demo_job" >"$part.toml"; done
submit() { "$SALUS" submit a.toml b.toml c.toml --site site.toml --ranks 1 "$@"; }
is_queue_empty() { [[ -z $(squeue -h) ]]; }
wait_for_queue() {
    local end=$((SECONDS + 180))
    until is_queue_empty; do ((SECONDS < end)) || { squeue >&2; fail "the queue is not empty"; }; sleep 0.3; done
}
task_of() { awk -v stage="$2" '$2 == stage { id = $3 } END { print id }' "out-$1/slurm/jobs.log"; } # part, stage

echo "--- refused, nothing submitted"
expect 2 submit --output x
says 'several jobs cannot write into one folder'
expect 2 "$SALUS" submit a.toml a.toml --site site.toml
says 'another of these jobs has the same output folder'
sed 's/main.toml/no_such.toml/' a.toml >broken.toml
expect 2 "$SALUS" submit a.toml broken.toml --site site.toml
says 'no_such.toml'
is_queue_empty || fail "something was submitted"

echo "--- scripts: one array a stage"
submit --dry-run >scripts
[[ $(grep -c '^#SBATCH --array=0,1,2$' scripts) == 7 ]] || fail "not seven arrays"
submit --test-only | grep -q 'takes all 7 arrays of 3 tasks' || fail "--test-only"

echo "--- one task is cancelled"
submit >first
[[ $(grep -c 'array [0-9]* of 3 tasks submitted' first) == 7 ]] || fail "not all were submitted: $(cat first)"
task=$(task_of b association)
[[ $task == *_1 ]] || fail "the task of the second job is $task"
"$SALUS" status out-b | grep -q "association .*SLURM job $task PENDING" || fail "status: $("$SALUS" status out-b)"
scancel "$task"
submit >second
[[ $(awk '/submitted/ { print $1, $6 }' second | xargs) == 'association 1 risk 1 report 1' ]] || fail "what was cancelled is not submitted again alone: $(cat second)"
scancel "$(task_of b association)"
wait_for_queue
for part in a c; do same_as_demo "out-$part"; done
[[ ! -e out-b/association/association.h5 && ! -e out-b/report/report.html ]] || fail "a result behind a cancelled task"
"$SALUS" status out-b | grep -q 'quality *complete' || fail "status: $("$SALUS" status out-b)"

echo "--- what is left, and no more"
submit >third
[[ $(awk '/submitted/ { print $1, $6 }' third | xargs) == 'association 1 risk 1 report 1' ]] || fail "submitted: $(cat third)"
"$SALUS" cancel out-b | grep -q 'ended SLURM jobs: [0-9]*_1, [0-9]*_1, [0-9]*_1' || fail "cancel"
wait_for_queue
submit >/dev/null
wait_for_queue
same_as_demo out-b
grep -q 'launch\|complete' out-b/slurm/association.log || fail "the log of the task is not with its run"
[[ $(submit | tail -1) == "nothing is left to do" ]] || fail "something was left to do"
