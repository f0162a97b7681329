#!/usr/bin/env bash
# Submits the demo job with sbatch to a real SLURM cluster of two nodes on this machine and compares the
# results with those of mpirun, byte by byte.
set -euo pipefail
[[ -d $SALUS_DEMO/association ]] || { echo "needs the finished demo job in $SALUS_DEMO"; exit 1; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"
cluster=$(mktemp -d /tmp/salus-slurm-XXXX)
trap '"$SALUS_SOURCE/slurm/slurm-down.sh" --dir "$cluster" --purge >/dev/null 2>&1' EXIT
if environment=$("$SALUS_SOURCE/slurm/slurm-up.sh" --dir "$cluster" --nodes 2 --cpus 2); then eval "$environment"; else exit $?; fi

export SALUS
rc=0
sbatch --wait --nodes=2 --ntasks=4 --ntasks-per-node=2 --time=5 --output="$SALUS_TMP/job.log" \
    "$SALUS_SOURCE/slurm/salus.sbatch" "$SALUS_SOURCE/jobs/demo.toml" --output "$SALUS_TMP/out" || rc=$?
[[ $rc == 0 ]] || { echo "sbatch ended with $rc"; cat "$SALUS_TMP/job.log"; exit 1; }
grep -q '"ranks": 4' "$SALUS_TMP/out/run.json"
grep -q '"slurm_job_id": "[0-9]' "$SALUS_TMP/out/run.json"
for file in phenotypes/phenotypes.h5 quality/quality.h5 association/association.h5 risk/risk.h5 report/report.html; do
    cmp "$SALUS_DEMO/$file" "$SALUS_TMP/out/$file"
done
echo "two nodes, four ranks: the same bytes as mpirun"
