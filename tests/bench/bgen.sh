#!/usr/bin/env bash
# CPU time (user + system, median of several runs) of reading 8-bit BGEN: salus ingest_genomes against
# plink2 --bgen --make-pgen, for certain genotypes and for genotypes of which 30 % are uncertain.
# Usage: SALUS=build/salus tests/bench/bgen.sh [folder] [samples] [variants] [runs]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../lib/bench.bash"
: "${SALUS:?set SALUS to the program}"
work=${1:-$(mktemp -d)} samples=${2:-20000} variants=${3:-20000} runs=${4:-5}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1
mkdir -p "$work"; cd "$work"
make() { # name variants options...
    [[ ! -f $1.bgen ]] || return 0
    local name=$1 count=$2; shift 2
    plink2 --dummy "$samples" "$count" 0.02 acgt "$@" --seed 7 --threads 1 --make-pgen --out "$name" >make.log
    plink2 --pfile "$name" --export bgen-1.2 bits=8 ref-first --threads 1 --out "$name" >make.log
}
make hard "$variants"
make soft $((variants / 4)) dosage-freq=0.3
ours() { rm -rf result; "$SALUS" ingest_genomes --genotypes "$1.bgen" --threads 1 --output result; }
peer() { plink2 --bgen "$1.bgen" ref-first --sample "$1.sample" --make-pgen --threads 1 --out plink; }
echo "$samples samples x $variants variants, 8 bits, $runs runs, CPU seconds (median)"
for set in hard soft; do
    for ((run = 1; run <= runs; ++run)); do   # in turn, so that both meet the same disturbances
        cpu ours $set >>ours.$$
        cpu peer $set >>peer.$$
    done
    awk -v f="$set" -v a="$(median <ours.$$)" -v b="$(median <peer.$$)" -v c="$(stat -c %s $set.bgen)" \
        -v d="$(du -sb result/ingest_genomes/genotypes.store | cut -f1)" -v e="$(cat plink.p* | wc -c)" \
        'BEGIN { printf "  %-5s salus %.2f   plink2 %.2f   ratio %.2f   bytes: bgen %d, store %d, pgen %d\n", f, a, b, b / a, c, d, e }'
    rm -f ours.$$ peer.$$
done
