#!/usr/bin/env bash
# Wall and CPU time (medians) of stages on one and on two ranks of one thread, and their efficiency: T1 / (2 T2) of wall
# times, as they are and without an empty run (starting the ranks, opening and publishing next to nothing). Beside it what
# the machine allows: the wall time of a run on one rank alone, of that of two such runs side by side, which share nothing
# but memory, caches and disk. Needs a machine with two idle cores, and data on which one rank is busy for 5 s or more (quality
# 20,000 x 500,000, ld 20,000 x 200,000, ingest 5,000 x 200,000, bgen 20,000 x 60,000 variants). Data: what the other scripts here left in the subfolders quality, ld, kinship, pca, ingest and bgen
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
beside() { # stage arguments...: wall time until two runs on one rank that began together are done
    local TIMEFORMAT='%R'
    rm -rf beside.[12]
    { time {
        "$SALUS" "$@" --threads 1 --output beside.1 >beside.1.log 2>&1 &
        "$SALUS" "$@" --threads 1 --output beside.2 >beside.2.log 2>&1 &
        wait
    }; } 2>&1
}
alone() { # stage arguments...
    rm -rf beside.1; "$SALUS" "$@" --threads 1 --output beside.1
}
column() { awk -v c="$1" '{ print $c }' "$2" | median; }
measure() { # name stage arguments...
    local name=$1; shift
    rm -f "$name".[12] "$name.alone" "$name.beside"
    for ((run = 1; run <= runs; ++run)); do
        for ranks in 1 2; do both on $ranks "$@" >>"$name.$ranks"; done
        both alone "$@" >>"$name.alone"
        beside "$@" >>"$name.beside"
    done
}
show() { # name
    awk -v n="$1" -v w1="$(column 1 "$1.1")" -v w2="$(column 1 "$1.2")" -v c1="$(column 2 "$1.1")" -v c2="$(column 2 "$1.2")" \
        -v a="$(column 1 "$1.alone")" -v b="$(column 1 "$1.beside")" \
        -v e1="$(column 1 empty.1)" -v e2="$(column 1 empty.2)" 'BEGIN {
            printf "  %-22s 1 rank %6.2f s wall %6.2f s CPU   2 ranks %6.2f s wall %6.2f s CPU   efficiency %3.0f %%", n, w1, c1, w2, c2, 50 * w1 / w2
            if (n != "empty") printf ", net of an empty run %3.0f %%; side by side %3.0f %%", 50 * (w1 - e1) / (w2 - e2), 100 * a / b
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
try allele_frequencies quality/genomes allele_frequencies --genotypes "$(store quality/genomes)"
try ld ld/simulated.genomes ld --genotypes "$(store ld/simulated.genomes)"
try kinship kinship/store kinship --genotypes kinship/store --minor_allele_frequency_min 0 --screen none
try principal_components pca/genomes principal_components --genotypes "$(store pca/genomes)"
try vcf ingest/dummy.vcf.gz ingest_genomes --genotypes ingest/dummy.vcf.gz
try bgen bgen/hard.bgen ingest_genomes --genotypes bgen/hard.bgen
rm -rf result beside.?
