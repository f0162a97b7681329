#!/usr/bin/env bash
# CPU time (user + system, median of several runs) of 10 principal components: salus principal_components
# against plink2 --pca approx 10 on the same simulated variants (four ancestry groups, maf 0.05 and more).
# Usage: SALUS=build/salus tests/bench/pca.sh [folder] [samples] [Mb per chromosome] [runs]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../lib/bench.bash"
: "${SALUS:?set SALUS to the program}"
work=${1:-$(mktemp -d)} samples=${2:-20000} mb=${3:-0.8} runs=${4:-3}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
mkdir -p "$work"; cd "$work"
if [[ ! -d genomes ]]; then   # about 22 x mb x 1,140 common sites that drift apart between groups
    "$SALUS" simulate --samples "$samples" --chromosomes $(echo chr{1..22} | tr ' ' ,) --region_mb "$mb" --common_per_mb 1140 \
        --rare_per_mb 0 --common_frequency_min 0.05 --family_share 0 --formats bed --output simulated
    "$SALUS" ingest_genomes --genotypes "$(find simulated -name '*.bed' -print -quit)" --output genomes
fi
bed=$(find simulated -name '*.bed' -print -quit); bed=${bed%.bed}
ours() { rm -rf result; "$SALUS" principal_components --genotypes genomes/ingest_genomes/genotypes.store --threads 1 --output result; }
peer() { plink2 --bfile "$bed" --autosome --maf 0.01 --nonfounders --pca approx 10 --threads 1 --out plink; }
rm -f ours.times peer.times
for ((run = 1; run <= runs; ++run)); do   # in turn, so that both meet the same disturbances
    cpu ours >>ours.times; cpu peer >>peer.times
done
a=$(median <ours.times) b=$(median <peer.times)
echo "$samples samples x $(wc -l <"$bed.bim") variants, 10 components, $runs runs, CPU seconds"
echo "  salus principal_components   median $a   (all: $(tr '\n' ' ' <ours.times))"
echo "  plink2 --pca approx 10       median $b   (all: $(tr '\n' ' ' <peer.times))"
awk -v a="$a" -v b="$b" 'BEGIN { printf "  ratio %.1f\n", b / a }'
