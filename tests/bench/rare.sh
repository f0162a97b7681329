#!/usr/bin/env bash
# Growth of time and memory with the number of samples where variants are rare: salus quality over stores of
# variants with 1 to 100 carriers, the same carriers whatever the number of samples.
# Usage: SALUS=build/bench/salus RARE_STORE=build/bench/tests/bench/bench_rare_store tests/bench/rare.sh [folder] [variants] [samples...]
set -euo pipefail
: "${SALUS:?set SALUS to the program}" "${RARE_STORE:?set RARE_STORE to bench_rare_store (cmake -DSALUS_BENCH=ON)}"
work=${1:-$(mktemp -d)} variants=${2:-1000000}
shift $(($# < 2 ? $# : 2))
sizes=("$@"); ((${#sizes[@]})) || sizes=(10000 100000 1000000)
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1
mkdir -p "$work"; cd "$work"
for samples in "${sizes[@]}"; do
    [[ -f store.$samples/index.h5 ]] || "$RARE_STORE" "store.$samples" "$samples" "$variants"
    rm -rf result
    TIMEFORMAT='%U %S'
    cpu=$({ time "$SALUS" quality --genotypes "store.$samples" --threads 1 --output result >run.log 2>&1; } 2>&1 |
        awk '{ print $1 + $2 }')
    memory=$(grep -oE 'at most [0-9.]+ [MG]iB' run.log | tail -1)
    echo "$samples samples x $variants variants: $cpu CPU seconds, ${memory:-?} per rank," \
        "store $(du -sm "store.$samples" | cut -f1) MB"
done
