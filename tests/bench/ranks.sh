#!/usr/bin/env bash
# Wall and CPU time (medians) of stages on one and on two ranks of one thread, and their efficiency: T1 / (2 T2) of wall
# times, as they are and without an empty run (starting the ranks, opening and publishing next to nothing). Needs a machine
# with two idle cores. Data: what the other scripts here left in the subfolders quality, ld, kinship, pca, ingest and bgen
# of the folder; those that are absent are skipped.
# Usage: SALUS=build/salus tests/bench/ranks.sh folder [runs] [stages...]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../lib/bench.bash"
: "${SALUS:?set SALUS to the program}"
work=${1:?folder} runs=${2:-3}
shift $(($# < 2 ? $# : 2))
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
cd "$work"
both() { # command: "wall CPU" in seconds of one run
    local TIMEFORMAT='%R %U %S'
    { time "$@" >run.log 2>&1; } 2>&1 | awk '{ print $1, $2 + $3 }'
}
on() { # ranks stage arguments...
    local ranks=$1; shift
    rm -rf result; mpirun --oversubscribe -n "$ranks" "$SALUS" "$@" --threads 1 --output result
}
column() { awk -v c="$1" '{ print $c }' "$2" | median; }
measure() { # name stage arguments...
    local name=$1; shift
    rm -f "$name".[12]
    for ((run = 1; run <= runs; ++run)); do
        for ranks in 1 2; do both on $ranks "$@" >>"$name.$ranks"; done
    done
}
show() { # name
    awk -v n="$1" -v w1="$(column 1 "$1.1")" -v w2="$(column 1 "$1.2")" -v c1="$(column 2 "$1.1")" -v c2="$(column 2 "$1.2")" \
        -v e1="$(column 1 empty.1)" -v e2="$(column 1 empty.2)" 'BEGIN {
            printf "  %-22s 1 rank %6.2f s wall %6.2f s CPU   2 ranks %6.2f s wall %6.2f s CPU   efficiency %3.0f %%", n, w1, c1, w2, c2, 50 * w1 / w2
            if (n != "empty") printf ", net of an empty run %3.0f %%", 50 * (w1 - e1) / (w2 - e2)
            print "" }'
}
if [[ ! -d tiny.genomes ]]; then
    plink2 --dummy 100 100 0.01 --seed 1 --threads 1 --make-bed --out tiny >tiny.log
    "$SALUS" ingest_genomes --genotypes tiny.bed --genome_build GRCh38 --output tiny.genomes 2>tiny.log
fi
store() { echo "$1/ingest_genomes/genotypes.store"; }
measure empty ld --genotypes "$(store tiny.genomes)"
show empty
wanted=("$@")
want() { # name file: whether the file is there and the stage was asked for
    [[ -e $2 ]] && { ((${#wanted[@]} == 0)) || [[ " ${wanted[*]} " == *" $1 "* ]]; }
}
try() { # name file stage arguments...
    local name=$1 file=$2; shift 2
    want "$name" "$file" || return 0
    measure "$name" "$@"
    show "$name"
}
try quality quality/genomes quality --genotypes "$(store quality/genomes)"
try ld ld/simulated.genomes ld --genotypes "$(store ld/simulated.genomes)"
try kinship kinship/store kinship --genotypes kinship/store --minor_allele_frequency_min 0 --screen none
try principal_components pca/genomes principal_components --genotypes "$(store pca/genomes)"
try vcf ingest/dummy.vcf.gz ingest_genomes --genotypes ingest/dummy.vcf.gz
try bgen bgen/hard.bgen ingest_genomes --genotypes bgen/hard.bgen
rm -rf result
