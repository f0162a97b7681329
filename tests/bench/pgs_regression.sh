#!/usr/bin/env bash
# Accuracy and CPU time of weights of polygenic scores on a simulated cohort with linkage: a trait with heritability 0.5 and causal variants
# with normal effects; a fifth of the people is kept out and judges. pgs_regression (ridge, lasso, elastic net) and pgs_weights (LDpred2-auto and
# infinitesimal, from association in the same people).
# Usage: SALUS=build/salus tests/bench/pgs_regression.sh [folder] [samples] [Mb per chromosome] [causal variants]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../lib/bench.bash"
: "${SALUS:?set SALUS to the program}"
work=${1:-$(mktemp -d)} samples=${2:-5000} mb=${3:-0.5} causal=${4:-200}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
mkdir -p "$work"; cd "$work"
if [[ ! -d genomes ]]; then
    "$SALUS" simulate --samples "$samples" --chromosomes $(echo chr{1..22} | tr ' ' ,) --region_mb "$mb" --common_per_mb 1000 \
        --rare_per_mb 0 --family_share 0 --formats bed --output simulated
    "$SALUS" ingest_genomes --genotypes "$(find simulated -name '*.bed' -print -quit)" --genome_build GRCh38 --output genomes
fi
bed=$(find simulated -name '*.bed' -print -quit)
store=$(find genomes -type d -name genotypes.store)
name=causal$causal
/usr/bin/python3 - "$bed" "$causal" >"$name.csv" <<'EOS'
import sys
import numpy as np
bed, causal = sys.argv[1], int(sys.argv[2])
ids = [line.split()[1] for line in open(bed[:-3] + "fam")]
m = sum(1 for _ in open(bed[:-3] + "bim"))
raw = np.memmap(bed, np.uint8, "r", 3).reshape(m, -1)
rng = np.random.default_rng(8)
value, used = np.zeros(len(ids)), 0
for k in rng.permutation(m):
    code = (raw[k][:, None] >> np.array([0, 2, 4, 6]) & 3).reshape(-1)[:len(ids)]
    g = np.array([2.0, 1.0, 1.0, 0.0])[code]
    if not 0.02 < g.mean() / 2 < 0.98:
        continue
    value += rng.normal() * (g - g.mean()) / g.std()
    used += 1
    if used == causal:
        break
value /= value.std()
trait, age = value + rng.normal(size=len(ids)), rng.uniform(40, 70, len(ids))
test = rng.uniform(size=len(ids)) < 0.2
event, end = rng.exponential(np.exp(-value)), rng.uniform(0.2, 2, len(ids))
print("sample_id,trait,case,event,years,age,truth,outcome")
for i, sample in enumerate(ids):
    shown = ",,," if test[i] else f"{trait[i]:.6f},{int(trait[i] > 1)},{int(event[i] <= end[i])},{min(event[i], end[i]) + 1e-3:.5f}"
    print(f"{sample},{shown},{age[i]:.2f},{value[i]:.6f},{trait[i]:.6f}")
EOS
rm -rf "$name.phenotypes"
"$SALUS" phenotypes --genotypes "$store" --table "$name.csv" --table_traits trait --table_traits case --time_to_event "death = event : years" \
    --table_covariates age --sex false --groups false --output "$name.phenotypes" 2>run.log || { cat run.log; exit 1; }
table=$(find "$name.phenotypes" -name phenotypes.h5)
if [[ ! -d components ]]; then
    "$SALUS" principal_components --genotypes "$store" --components 5 --output components 2>run.log || { cat run.log; exit 1; }
fi
pcs=(--components "$(find components -name components.h5)" --components_count 5)
regression() { rm -rf "$name.regression"; "$SALUS" pgs_regression --genotypes "$store" --phenotypes "$table" "${pcs[@]}" --traits trait --alphas 1 --alphas 0.5 --threads 1 --output "$name.regression"; }
statistics() { rm -rf "$name.association"; "$SALUS" association --genotypes "$store" --phenotypes "$table" "${pcs[@]}" --traits trait --threads 1 --output "$name.association"; }
summary() { rm -rf "$name.weights"; "$SALUS" pgs_weights --genotypes "$store" --statistics "$(find "$name.association" -name association.h5)" --trait trait \
    --methods auto --methods infinitesimal --block_variants_max 500 --chains 10 --threads 1 --output "$name.weights"; }
one() { # traits, options: time of one run
    local trait=$1; shift
    rm -rf "$name.one"; "$SALUS" pgs_regression --genotypes "$store" --phenotypes "$table" "${pcs[@]}" --traits "$trait" --threads 1 "$@" --output "$name.one"; }
echo "$samples samples, $(wc -l <"${bed%.bed}.bim") variants, $causal causal; CPU seconds, load $(cut -d' ' -f1 /proc/loadavg)"
echo "pgs_regression, all methods $(cpu regression); association $(cpu statistics); pgs_weights $(cpu summary)"
for trait in trait case death; do
    for method in ridge elastic_net; do
        echo "  $trait $method alone: $(cpu one $trait --methods $method) $(grep -ohE 'at most .* per rank' "$name.one/run.log" | tail -1)"
    done
done
rm -rf "$name.scores"
"$SALUS" score --genotypes "$store" --scores "$(find "$name.regression" -name pgs_regression.h5)" --scores "$(find "$name.weights" -name pgs_weights.h5)" \
    --output "$name.scores" >run.log 2>&1 || { cat run.log; exit 1; }
/usr/bin/python3 - "$name" <<'EOS'
import csv
import sys
import h5py
import numpy as np
name = sys.argv[1]
rows = list(csv.DictReader(open(name + ".csv")))
test = np.array([r["trait"] == "" for r in rows])
truth, outcome = (np.array([float(r[c]) for r in rows])[test] for c in ("truth", "outcome"))
with h5py.File(name + ".scores/score/score.h5") as s, h5py.File(name + ".regression/pgs_regression/pgs_regression.h5") as f:
    row = dict(zip(f["traits/trait"][:], zip(f["traits/heritability"][:], f["traits/heritability_standard_error"][:])))[b"trait"]
    print("heritability %.3f (%.3f), truth 0.5" % row)
    for m, n, v, looks, its in zip(*(f["fits/" + c][:] for c in ("method", "nonzero", "validation", "looks", "iterations"))):
        print("  %s: %d variants, validation r2 %.4f, %d looks, %d iterations" % (m.decode(), n, v, looks, its))
    for column in s["scores"]:
        if column in ("sample_id", "sample"):
            continue
        x = s["scores/" + column][:][test]
        print("  test r2 with trait %.4f, with genetic value %.4f: %s" % (np.corrcoef(x, outcome)[0, 1] ** 2, np.corrcoef(x, truth)[0, 1] ** 2, column))
EOS
