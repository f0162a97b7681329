#!/usr/bin/env bash
# CPU time (user + system, median of several runs) of one score and of 100 scores in one pass: salus score against plink2
# --score, each on its own format, with 1 % of the calls missing. Both print or write one sum per sample and score.
# Usage: SALUS=build/salus tests/bench/score.sh [folder] [samples] [variants] [runs]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../lib/bench.bash"
: "${SALUS:?set SALUS to the program}"
work=${1:-$(mktemp -d)} samples=${2:-20000} variants=${3:-50000} runs=${4:-3}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
mkdir -p "$work"; cd "$work"
if [[ ! -d genomes ]]; then
    plink2 --dummy "$samples" "$variants" 0.01 acgt --seed 1 --threads 1 --make-bed --out made >made.log
    awk 'BEGIN { OFS = "\t" } { $2 = "v" NR; $1 = 1; $4 = NR; print }' made.bim >new.bim; mv new.bim made.bim
    plink2 --bfile made --threads 1 --make-pgen --out made >made.log
    "$SALUS" ingest_genomes --genotypes made.bed --genome_build GRCh38 --output genomes 2>made.log
    rm made.bed
fi
for scores in 1 100; do
    awk -v n=$scores 'BEGIN { OFS = "\t"; srand(7); printf "ID\tA1"; for (k = 1; k <= n; ++k) printf "\tW%d", k; print "" }
        { printf "%s\t%s", $2, $(rand() < 0.5 ? 5 : 6); for (k = 1; k <= n; ++k) printf "\t%.5f", rand() - 0.5; print "" }' \
        made.bim >"weights$scores"
done
ours() { rm -rf result; "$SALUS" score --genotypes genomes/ingest_genomes/genotypes.store --scores "weights$1" --match_by id \
    --ambiguous keep --threads 1 --output result; }
peer() {
    local columns=(); (($1 == 1)) || columns=(--score-col-nums "3-$(($1 + 2))")
    plink2 --pfile made --threads 1 --score "weights$1" 1 2 header-read cols=+scoresums "${columns[@]}" --out plink
}
echo "$samples samples x $variants variants, $runs runs, CPU seconds (median), load $(cut -d' ' -f1 /proc/loadavg)"
for scores in 1 100; do
    rm -f ours.$scores peer.$scores
    for ((run = 1; run <= runs; ++run)); do   # in turn, so that both meet the same disturbances
        cpu ours $scores >>ours.$scores; memory=$(grep -ohE 'at most .* per rank' result/run.log | tail -1)
        cpu peer $scores >>peer.$scores
    done
    a=$(median <ours.$scores) b=$(median <peer.$scores)
    echo "$scores scores: salus $a s ($memory), plink2 $b s, ratio $(awk -v a="$a" -v b="$b" 'BEGIN { printf "%.1f", b / a }')"
done
