#!/usr/bin/env bash
# CPU time (user + system, median of several runs) of kinship over all pairs of samples: salus kinship
# without and with its screen against plink2 --make-king-table, on one thread and the same simulated
# cohort with families. Then both results are compared: the screen must find the same pairs.
# Usage: SALUS=build/salus tests/bench/kinship.sh [folder] [samples] [variants] [runs]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../lib/bench.bash"
: "${SALUS:?set SALUS to the program}"
work=${1:-$(mktemp -d)} samples=${2:-8000} variants=${3:-20000} runs=${4:-3}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1
mkdir -p "$work"; cd "$work"
if [[ ! -d store ]]; then
    # The autosomes, 10 Mb each, with more sites than wanted: many turn out to be rare.
    "$SALUS" simulate --samples "$samples" --formats bed --region_mb 10 --rare_per_mb 0 \
        --common_per_mb $((variants * 4 / 220)) --common_frequency_min 0.02 --output made 2>made.log
    bed=$(find made -name genotypes.bed -not -path '*/work/*'); bed=${bed%.bed}
    plink2 --bfile "$bed" --autosome --maf 0.01 --thin-count "$variants" --seed 1 --make-bed --out data >data.log
    rm -rf made
    "$SALUS" ingest_genomes --genotypes data.bed --genome_build GRCh38 --output ingest 2>ingest.log
    mv ingest/ingest_genomes/genotypes.store store; rm -rf ingest
fi
ours() { # screen flags...
    local screen=$1; shift
    rm -rf "result-$screen"
    "$SALUS" kinship --genotypes store --screen "$screen" --minor_allele_frequency_min 0 --threads 1 \
        --output "result-$screen" "$@"
}
peer() { plink2 --bfile data --make-king-table --king-table-filter 0.0442 --threads 1 --out plink; }
echo "$samples samples x $(wc -l <data.bim) variants, all pairs, $runs runs, CPU seconds (median)"
rm -f times.*
for ((run = 1; run <= runs; ++run)); do
    cpu ours none >>times.none
    cpu ours exact >>times.exact
    cpu peer >>times.peer
done
# The first: how far the cost falls where only first degree is asked for.
cpu ours exact --kinship_min 0.177 --family_degree 1 --unrelated_degree 1 >times.first
cpu ours exact >/dev/null
for name in none exact first; do
    awk -v n="$name" -v a="$(median <times.$name)" -v b="$(median <times.peer)" \
        'BEGIN { printf "  %-6s salus %.2f   plink2 %.2f   ratio %.1f\n", n, a, b, b / a }'
done
for screen in none exact; do
    "$SALUS" export "result-$screen/kinship/kinship.h5" --table pairs --output "pairs-$screen.tsv" 2>/dev/null
done
cmp pairs-none.tsv pairs-exact.tsv && echo "  both find the same pairs"
grep -h 'reach the cut-off' result-exact/run.log | sed 's/.*info: /  /'
