#!/usr/bin/env bash
# CPU time (user + system, median of several runs) of reading a .pgen into the store, and of writing the store
# as .pgen and .bed, against plink2 making the same files of the same .pgen.
# Usage: SALUS=build/salus tests/bench/pgen.sh [folder] [samples] [variants] [runs]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../lib/bench.bash"
: "${SALUS:?set SALUS to the program}"
work=${1:-$(mktemp -d)} samples=${2:-5000} variants=${3:-20000} runs=${4:-3}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1
mkdir -p "$work"; cd "$work"
[[ -f dummy.pgen ]] || plink2 --dummy "$samples" "$variants" 0.01 acgt --seed 1 --threads 1 --out dummy >dummy.log
ingest() { rm -rf result; "$SALUS" ingest_genomes --genotypes dummy.pgen --threads 1 --output result; }
write() {
    rm -rf "$1"
    "$SALUS" export_genotypes --genotypes result/ingest_genomes/genotypes.store --format "$1" --threads 1 --output "$1"
}
peer() { plink2 --pfile dummy "--make-$1" --threads 1 --out plink; }
rm -f ./*.seconds
for ((run = 1; run <= runs; ++run)); do
    cpu ingest >>ingest.seconds
    for format in pgen bed; do
        cpu write $format >>$format.seconds
        cpu peer $format >>plink-$format.seconds
    done
done
echo "$samples samples x $variants variants, $(stat -c %s dummy.pgen) bytes of .pgen, $runs runs, CPU seconds (median)"
echo "  .pgen to store $(median <ingest.seconds), store to .pgen $(median <pgen.seconds), store to .bed $(median <bed.seconds)"
echo "  plink2 --make-pgen $(median <plink-pgen.seconds), --make-bed $(median <plink-bed.seconds)"
echo "  bytes of our .pgen $(stat -c %s pgen/export_genotypes/files/genotypes.pgen), of plink2's $(stat -c %s plink.pgen)"
