#!/usr/bin/env bash
# CPU time (user + system, median of several runs) of LD pruning with windows of 500 variants, steps of 50 and r2 0.2:
# salus ld against plink2 --indep-pairwise, each on its own format, on two sets of common variants: simulated genomes, where
# LD is strong and most variants go early, and plink2 --dummy genotypes, where half of them stay and more pairs are looked
# at. Both have missing calls. Everybody is a founder for plink2, so that both see the same samples.
# Usage: SALUS=build/salus tests/bench/ld.sh [folder] [samples] [variants] [runs]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../lib/bench.bash"
: "${SALUS:?set SALUS to the program}"
work=${1:-$(mktemp -d)} samples=${2:-20000} variants=${3:-100000} runs=${4:-3}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1
mkdir -p "$work"; cd "$work"
prepare() { # name bed-prefix
    plink2 --bfile "$2" --threads 1 --make-bed --out "$1" >"$1.log"
    awk 'BEGIN { OFS = "\t" } { $2 = "v" NR; print }' "$1.bim" >"$1.new"; mv "$1.new" "$1.bim"
    awk 'BEGIN { OFS = "\t" } { $3 = 0; $4 = 0; print }' "$1.fam" >"$1.new"; mv "$1.new" "$1.fam"
    plink2 --bfile "$1" --threads 1 --make-pgen --out "$1" >"$1.log"
    "$SALUS" ingest_genomes --genotypes "$1.bed" --genome_build GRCh38 --output "$1.genomes" 2>"$1.log"
    rm "$1.bed"
}
if [[ ! -d simulated.genomes ]]; then
    regions=(); for c in {1..10}; do regions+=(--chromosomes "chr$c"); done
    "$SALUS" simulate --samples "$samples" "${regions[@]}" --region_mb "$(awk -v m="$variants" 'BEGIN { print m / 30000 }')" \
        --common_per_mb 3000 --rare_per_mb 0 --formats bed --seed 5 --output cohort 2>simulate.log
    prepare simulated "$(find cohort -name genotypes.bed | sed 's/\.bed$//')"
    rm -rf cohort
fi
if [[ ! -d dummy.genomes ]]; then
    plink2 --dummy "$samples" "$variants" 0.005 --seed 1 --threads 1 --make-bed --out made >made.log
    prepare dummy made
    rm made.bed
fi
ours() { rm -rf result; "$SALUS" ld --genotypes "$1.genomes/ingest_genomes/genotypes.store" --threads 1 --output result; }
peer() { plink2 --pfile "$1" --maf 0.01 --indep-pairwise 500 50 0.2 --threads 1 --out plink; }
echo "$samples samples x $variants variants, $runs runs, CPU seconds (median)"
for name in simulated dummy; do
    for ((run = 1; run <= runs; ++run)); do   # in turn, so that both meet the same disturbances
        cpu ours "$name" >>ours.$$; kept=$(grep -ohE '[0-9,]+ of [0-9,]+ candidates are kept' run.log)
        cpu peer "$name" >>peer.$$; removed=$(grep -ohE '[0-9]+/[0-9]+ variants removed' run.log | tail -1)
        grep -ohE 'at most .* per rank' result/run.log | tail -1 >memory
    done
    awk -v n="$name" -v a="$(median <ours.$$)" -v b="$(median <peer.$$)" -v k="$kept" -v r="$removed" -v m="$(cat memory)" \
        'BEGIN { printf "  %-10s salus %.2f (%s; %s)   plink2 %.2f (%s)   ratio %.1f\n", n, a, k, m, b, r, b / a }'
    rm -f ours.$$ peer.$$
done
