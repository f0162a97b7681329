#!/usr/bin/env bash
# CPU time (user + system, median of several runs) of counts, call rate, frequency, Hardy-Weinberg and
# heterozygosity of all variants and samples, 30 % of the variants rare: salus quality on its store (sex,
# singletons, transitions, duplicates and all thresholds with it) against plink2 --freq --missing --hardy --het
# on the same calls as .pgen.
# Usage: SALUS=build/salus tests/bench/quality.sh [folder] [samples] [variants] [runs]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../lib/bench.bash"
: "${SALUS:?set SALUS to the program}"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=${1:-$(mktemp -d)} samples=${2:-20000} variants=${3:-100000} runs=${4:-5}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1
mkdir -p "$work"; cd "$work"
if [[ ! -f q.pgen ]]; then
    /usr/bin/python3 "$here/quality_data.py" q "$samples" "$variants"
    plink2 --bfile q --make-pgen --threads 1 --out q >q.make.log
fi
[[ -d genomes/ingest_genomes/genotypes.store ]] ||
    "$SALUS" ingest_genomes --genotypes q.bed --output genomes 2>ingest.log
ours() { rm -rf result; "$SALUS" quality --genotypes genomes/ingest_genomes/genotypes.store --threads 1 --output result; }
peer() { plink2 --pfile q --freq --missing --hardy --het --nonfounders --threads 1 --out plink; }
for ((run = 1; run <= runs; ++run)); do   # in turn, so that both meet the same disturbances
    cpu ours >>ours.$$; cpu peer >>peer.$$
done
a=$(median <ours.$$) b=$(median <peer.$$)
echo "$samples samples x $variants variants, 30 % rare, $runs runs, CPU seconds"
echo "  salus quality       median $a   (all: $(tr '\n' ' ' <ours.$$))"
echo "  plink2 on .pgen     median $b   (all: $(tr '\n' ' ' <peer.$$))"
awk -v a="$a" -v b="$b" 'BEGIN { printf "  ratio %.2f\n", b / a }'
rm -f ours.$$ peer.$$
