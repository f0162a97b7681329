#!/usr/bin/env bash
# CPU time (user + system, median of several runs) of reading a VCF.gz of common variants: salus
# ingest_genomes against plink2 --vcf --make-pgen; BCF and bed beside it. Then wall time of 1 and of 2 ranks, which
# says little on a machine that does other work.
# Usage: SALUS=build/salus tests/bench/ingest.sh [folder] [samples] [variants] [runs]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../lib/bench.bash"
: "${SALUS:?set SALUS to the program}"
work=${1:-$(mktemp -d)} samples=${2:-5000} variants=${3:-20000} runs=${4:-5}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1
mkdir -p "$work"; cd "$work"
if [[ ! -f dummy.vcf.gz ]]; then
    plink2 --dummy "$samples" "$variants" 0.02 acgt --seed 7 --threads 1 --make-bed --out dummy >dummy.log
    # Positions 10 kb apart, so that an index can tell them apart.
    awk 'BEGIN { OFS = "\t" } { $4 = NR * 10000; print }' dummy.bim >dummy.new && mv dummy.new dummy.bim
    plink2 --bfile dummy --export vcf bgz --out dummy >dummy.log
    plink2 --bfile dummy --export bcf --out dummy >dummy.log
    tabix -p vcf dummy.vcf.gz
    bcftools index dummy.bcf
fi
ours() { rm -rf result; "$SALUS" ingest_genomes --genotypes "$1" --threads 1 --output result; }
peer() { plink2 "$1" "$2" --make-pgen --threads 1 --out plink; }
echo "$samples samples x $variants variants, $(stat -c %s dummy.vcf.gz) bytes of VCF.gz, $runs runs, CPU seconds (median)"
for format in vcf.gz bcf bed; do
    flag=--${format%.gz} file=dummy.$format
    [[ $format != bed ]] || { flag=--bfile; }
    for ((run = 1; run <= runs; ++run)); do   # in turn, so that both meet the same disturbances
        cpu ours "$file" >>ours.$$
        cpu peer "$flag" "$([[ $format == bed ]] && echo dummy || echo "$file")" >>peer.$$
    done
    awk -v f="$format" -v a="$(median <ours.$$)" -v b="$(median <peer.$$)" \
        'BEGIN { printf "  %-7s salus %.2f   plink2 %.2f   ratio %.1f\n", f, a, b, b / a }'
    rm -f ours.$$ peer.$$
done
wall() { # command: seconds of one run on stdout
    local TIMEFORMAT='%R'
    { time "$@" >run.log 2>&1; } 2>&1
}
on_ranks() { rm -rf result; mpirun --oversubscribe -n "$1" "$SALUS" ingest_genomes --genotypes dummy.vcf.gz --threads 1 --output result; }
for ((run = 1; run <= runs; ++run)); do
    for ranks in 1 2; do
        wall on_ranks $ranks >>wall$ranks.$$
        cpu on_ranks $ranks >>cpu$ranks.$$
    done
done
awk -v a="$(median <wall1.$$)" -v b="$(median <wall2.$$)" -v c="$(median <cpu1.$$)" -v d="$(median <cpu2.$$)" \
    'BEGIN { printf "  vcf.gz  1 rank %.2f s wall, %.2f s CPU   2 ranks %.2f s, %.2f s   efficiency %.0f %% (wall), %.0f %% (CPU)\n",
             a, c, b, d, 50 * a / b, 100 * c / d }'
rm -f wall?.$$ cpu?.$$
