#!/usr/bin/env bash
# Sets of weights by all methods and their stack on simulated genotypes with known effects: squared correlation with the genetic value in people
# who were neither in the statistics nor in the tuning; and CPU seconds and memory of each method that has chains.
# Usage: SALUS=build/salus tests/bench/pgs_weights.sh [folder] [samples] [megabases] [seeds]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../lib/bench.bash"
: "${SALUS:?set SALUS to the program}"
work=${1:-$(mktemp -d)} samples=${2:-4000} megabases=${3:-5} seeds=${4:-2}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
mkdir -p "$work"; cd "$work"
data=$here/pgs_weights_data.py
if [[ ! -d genomes ]]; then
    "$SALUS" simulate --samples "$samples" --chromosomes chr1 --chromosomes chr2 --region_mb "$megabases" --common_per_mb 300 --rare_per_mb 0 \
        --formats bed --output simulated --seed 3 2>log
    "$SALUS" ingest_genomes --genotypes "$(find simulated -name genotypes.bed)" --genome_build GRCh38 --output genomes 2>log
fi
bed=$(find simulated -name genotypes.bed) store=genomes/ingest_genomes/genotypes.store
run() { rm -rf "$1"; "$SALUS" "${@:2}" --output "$1" 2>>log; }
echo "share of causal variants, seed, set of weights, squared correlation with the genetic value and with the trait"
for share in 0.002 0.02 0.3; do
    for ((seed = 1; seed <= seeds; ++seed)); do
        made=made_${share}_$seed; mkdir -p "$made"
        /usr/bin/python3 "$data" make "${bed%.bed}" "$share" 0.4 "$seed" "$made"
        run "$made/weights" pgs_weights --genotypes "$store" --statistics "$made/statistics.tsv" --trait trait --ld_samples "$made/discovery.txt" \
            --block_variants_max 300
        weights=$made/weights/pgs_weights/pgs_weights.h5
        run "$made/scores" score --genotypes "$store" --scores "$weights"
        run "$made/phenotypes" phenotypes --genotypes "$store" --table "$made/trait.csv" --table_traits trait --sex false --groups false
        run "$made/stack" pgs_stacking --scores "$made/scores/score/score.h5" --weights "$weights" \
            --phenotypes "$made/phenotypes/phenotypes/phenotypes.h5" --samples "$made/tuning.txt" --statistics_samples "$made/discovery.txt"
        run "$made/stacked" score --genotypes "$store" --scores "$made/stack/pgs_stacking/pgs_stacking.h5"
        for result in scores stacked; do
            /usr/bin/python3 "$data" judge "$made" "$made/$result/score/score.h5" | sed "s/^/$share\t$seed\t/"
        done
    done
done
made=made_0.02_1
echo "CPU seconds and memory, $(wc -l <"$made/statistics.tsv") rows, load $(cut -d' ' -f1 /proc/loadavg)"
for method in clumping auto continuous_shrinkage mixture; do
    ours() { run timed pgs_weights --genotypes "$store" --statistics "$made/statistics.tsv" --ld_samples "$made/discovery.txt" --methods $method \
        --threads 1 --block_variants_max 300; }
    echo "$method $(cpu ours) s, $(grep -ohE 'at most .* per rank' timed/run.log | tail -1)"
done
