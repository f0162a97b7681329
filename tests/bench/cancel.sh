#!/usr/bin/env bash
# Time from `salus cancel` to the end of all SLURM jobs of a run (running ones out of the queue, the chain behind them as well), on a local
# cluster of two nodes. Usage: SALUS=build/release/salus tests/bench/cancel.sh JOB FOLDER STAGE...
# Each STAGE is waited for until it runs for two seconds, then everything is cancelled; the run goes on where it was with the next one.
set -euo pipefail
: "${SALUS:?set SALUS to the program}"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
job=${1:?job} out=$(realpath -m "${2:?folder}")
shift 2
mkdir -p "$out"
cluster=$(mktemp -d /tmp/salus-slurm-XXXX)
trap '"$here/slurm/slurm-down.sh" --dir "$cluster" --purge >/dev/null 2>&1' EXIT
eval "$("$here/slurm/slurm-up.sh" --dir "$cluster" --nodes 2 --cpus 2 --mem 8192)"
printf 'program = "%s"\ncores_per_node = 2\nmemory_per_node_gib = 8\n' "$(realpath "$SALUS")" >"$out.site.toml"
job_of() { awk -v stage="$1" '$2 == stage { id = $3 } END { print id }' "$out/slurm/jobs.log"; }
in_queue() { squeue -h -t pending,running,completing,suspended -o %i; }
for stage in "$@"; do
    "$SALUS" submit "$job" --output "$out" --site "$out.site.toml" --ranks 4 >"$out.submitted"
    id=$(job_of "$stage")
    until [[ $(squeue -h -j "$id" -o %T 2>/dev/null) == RUNNING ]]; do
        [[ -n $(in_queue) ]] || { echo "$stage never ran" >&2; exit 1; }
        sleep 0.1
    done
    sleep 2
    [[ $(squeue -h -j "$id" -o %T 2>/dev/null) == RUNNING ]] || { echo "$stage ended before it was cancelled" >&2; exit 1; }
    jobs=$(in_queue | wc -l) begin=$EPOCHREALTIME
    "$SALUS" cancel "$out" >/dev/null
    sent=$EPOCHREALTIME
    until [[ -z $(in_queue) ]]; do sleep 0.05; done
    gone=$EPOCHREALTIME
    awk -v s="$stage" -v n="$jobs" -v a="$begin" -v b="$sent" -v c="$gone" 'BEGIN { printf "%-20s %d jobs: the command took %.1f s, all gone after %.1f s\n", s, n, b - a, c - a }'
done
