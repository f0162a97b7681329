#!/usr/bin/env bash
# CPU time (user + system, median of several runs) of the whole-genome step: 4 quantitative and 2 binary traits with 10
# covariates on 20,000 samples x 13,394 variants of 22 chromosomes, on one rank and one thread; wall time on one and two ranks;
# and of regenie --step 1 on the same files where it is installed.
# Usage: SALUS=build/salus tests/bench/null_model.sh [folder] [samples] [variants] [runs]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../lib/bench.bash"
: "${SALUS:?set SALUS to the program}"
work=${1:-$(mktemp -d)} samples=${2:-20000} variants=${3:-13394} runs=${4:-3}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1
mkdir -p "$work"; cd "$work"
if [[ ! -f dummy.bed ]]; then
    plink2 --dummy "$samples" "$variants" 0.005 scalar-pheno --seed 1 --threads 1 --make-bed --out dummy >dummy.log
    # Autosomes in proportion to their lengths (Mb), so that blocks are of the usual sizes.
    awk -v m="$variants" 'BEGIN { n = split("248 242 198 190 182 171 159 145 138 134 135 133 114 107 102 90 83 80 59 64 47 51", mb)
            OFS = "\t"; for (c = 1; c <= n; ++c) total += mb[c]; c = 1; end = m * mb[1] / total }
        { while (NR > end + 1e-6 && c < n) end += m * mb[++c] / total; $1 = c; print }' dummy.bim >chromosomes.bim
    mv chromosomes.bim dummy.bim
fi
if [[ ! -f table.csv ]]; then
    awk 'BEGIN { srand(7); OFS = ","; printf "sample_id,q1,q2,q3,q4,b1,b2"; for (c = 1; c <= 10; ++c) printf ",c%d", c; print "" }
         function normal() { return sqrt(-2 * log(1 - rand())) * cos(6.283185307179586 * rand()) }
         { line = $2; for (q = 0; q < 4; ++q) line = line "," (rand() < 0.01 * q ? "" : normal())
           line = line "," (rand() < 0.3) "," (rand() < 0.05); for (c = 1; c <= 10; ++c) line = line "," normal(); print line }' \
        dummy.fam >table.csv
    cells() { awk -F, -v from="$1" -v to="$2" '{ line = NR == 1 ? "FID IID" : $1 " " $1
        for (c = from; c <= to; ++c) line = line " " ($c == "" ? "NA" : $c); print line }' table.csv; }
    cells 2 5 >peer.quantitative; cells 6 7 >peer.binary; cells 8 17 >peer.covariates
    awk '{ $1 = $2; print }' dummy.fam >fam && mv fam dummy.fam
fi
if [[ ! -f phenotypes/phenotypes/phenotypes.h5 ]]; then
    "$SALUS" ingest_genomes --genotypes dummy.bed --output genomes
    columns=(); for t in q{1..4} b{1..2}; do columns+=(--table_traits "$t"); done
    for c in c{1..10}; do columns+=(--table_covariates "$c"); done
    "$SALUS" phenotypes --genotypes genomes/ingest_genomes/genotypes.store --table table.csv "${columns[@]}" --sex false \
        --groups false --output phenotypes
fi
declare -A traits=([quantitative]=q1,q2,q3,q4 [binary]=b1,b2) flag=([quantitative]=--qt [binary]=--bt)
ours() { # ranks kind
    rm -rf result
    mpirun --oversubscribe -n "$1" "$SALUS" null_model --genotypes genomes/ingest_genomes/genotypes.store \
        --phenotypes phenotypes/phenotypes/phenotypes.h5 --traits "${traits[$2]}" --threads 1 --output result
}
peer() { regenie --step 1 --bed dummy --phenoFile "peer.$1" --covarFile peer.covariates "${flag[$1]}" --bsize 1000 --threads 1 --out peer; }
wall() { local TIMEFORMAT=%R; { time "$@" >run.log 2>&1; } 2>&1; }
echo "$samples samples x $variants variants, 10 covariates, $runs runs"
for kind in quantitative binary; do
    rm -f cpu.$$ peer.$$ one.$$ two.$$
    for ((run = 1; run <= runs; ++run)); do # in turn, so that all meet the same disturbances
        cpu ours 1 $kind >>cpu.$$
        if command -v regenie >/dev/null; then cpu peer $kind >>peer.$$; fi
        wall ours 1 $kind >>one.$$; wall ours 2 $kind >>two.$$
    done
    printf '  %-13s salus %s CPU s' $kind "$(median <cpu.$$)"
    if [[ -f peer.$$ ]]; then
        awk -v a="$(median <cpu.$$)" -v b="$(median <peer.$$)" 'BEGIN { printf "   regenie %s CPU s   ratio %.1f", b, b / a }'
    fi
    awk -v a="$(median <one.$$)" -v b="$(median <two.$$)" \
        'BEGIN { printf "   wall %s s, on two ranks %s s: %.2f times\n", a, b, a / b }'
    rm -f cpu.$$ peer.$$ one.$$ two.$$
done
