#!/usr/bin/env bash
# Memory of every stage of a finished run: planned before anything is there and with the results that are there, measured, and the ratios. Exit code 1 if one needed more than planned.
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
plans=$(mktemp -d)
trap 'rm -rf "$plans"' EXIT
"$salus" plan "$job" --output "$plans/nothing" --ranks "$ranks" --threads "$threads" --json >"$plans/before"
"$salus" plan "$job" ${options[@]+"${options[@]}"} --ranks "$ranks" --threads "$threads" --json >"$plans/after"
"$salus" status "${output:-$job}" --json | /usr/bin/python3 -c '
import json, sys
before, after = ({s["name"]: s["memory_bytes_per_rank"] for s in json.load(open(path))["stages"]} for path in sys.argv[1:])
over = 0
print("%-22s %10s %10s %10s %8s %8s" % ("stage, MiB", "before", "results", "peak", "before", "results"))
for stage in json.load(sys.stdin):
    if stage["state"] != "complete":
        continue
    name, peak = stage["name"], stage["peak_bytes_per_rank"]
    least = min(before[name], after[name])
    over += peak > least
    print("%-22s %10.1f %10.1f %10.1f %8.2f %8.2f%s" % (name, before[name] / 2**20, after[name] / 2**20, peak / 2**20, before[name] / peak, after[name] / peak, "  BELOW THE PEAK" * (peak > least)))
sys.exit(over > 0)' "$plans/before" "$plans/after"
