#!/usr/bin/env bash
# Memory of every stage of a finished run: planned, measured, and their ratio. Exit code 1 if one needed more than planned.
#   tests/bench/memory.sh SALUS JOB [OUTPUT]      OUTPUT: instead of the folder in the job
set -euo pipefail
salus=$1 job=$2 output=${3:-}
ranks=1 threads=1
options=()
[[ -z $output ]] || options=(--output "$output")
if [[ -n $output && -e $output/run.json ]]; then
    ranks=$(grep -o '"ranks": [0-9]*' "$output/run.json" | grep -o '[0-9]*$')
    threads=$(grep -o '"threads": [0-9]*' "$output/run.json" | grep -o '[0-9]*$')
fi
"$salus" plan "$job" ${options[@]+"${options[@]}"} --ranks "$ranks" --threads "$threads" --json >"${TMPDIR:-/tmp}/plan.$$"
trap 'rm -f "${TMPDIR:-/tmp}/plan.$$"' EXIT
"$salus" status "${output:-$job}" --json | /usr/bin/python3 -c '
import json, sys
plan = {s["name"]: s["memory_bytes_per_rank"] for s in json.load(open(sys.argv[1]))["stages"]}
over = 0
print("%-22s %12s %12s %8s" % ("stage", "planned MiB", "peak MiB", "ratio"))
for stage in json.load(sys.stdin):
    if stage["state"] != "complete":
        continue
    planned, peak = plan[stage["name"]], stage["peak_bytes_per_rank"]
    over += peak > planned
    print("%-22s %12.1f %12.1f %8.2f%s" % (stage["name"], planned / 2**20, peak / 2**20, planned / peak, "  BELOW THE PEAK" * (peak > planned)))
sys.exit(over > 0)' "${TMPDIR:-/tmp}/plan.$$"
