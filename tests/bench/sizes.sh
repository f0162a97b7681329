#!/usr/bin/env bash
# Bytes of a cohort with the site frequencies of a sequenced one (3,000 common and 150,000 rare sites per Mb)
# as genotype store, .vcf.gz, .bcf and PLINK 2 files. Genotypes alone: the block bytes of the store against .pgen.
# Usage: SALUS=build/salus tests/bench/sizes.sh [folder] [samples] [region_mb]
set -euo pipefail
: "${SALUS:?set SALUS to the program}"
work=${1:-$(mktemp -d)} samples=${2:-100000} region=${3:-0.02}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1
mkdir -p "$work"; cd "$work"
cohort=made/simulate/cohort
[[ -f $cohort/genotypes.bcf ]] ||
    "$SALUS" simulate --samples "$samples" --chromosomes chr22 --region_mb "$region" --common_per_mb 3000 --rare_per_mb 150000 \
        --without_record 0.99 --formats bcf --output made >run.log 2>&1
[[ -f genotypes.vcf.gz ]] || bcftools view -Oz -o genotypes.vcf.gz "$cohort/genotypes.bcf"
rm -rf result; "$SALUS" ingest_genomes --genotypes "$cohort/genotypes.bcf" --output result >run.log 2>&1
plink2 --bcf "$cohort/genotypes.bcf" --make-pgen vzs --threads 1 --out plink >run.log
store=result/ingest_genomes/genotypes.store
bytes() { cat "$@" | wc -c; }
genotypes=0
for part in "$store"/part-*.h5; do
    for n in $(h5ls -r "$part" | sed -n 's#^/segments/[0-9]*/bytes .*{\([0-9]*\)}.*#\1#p'); do genotypes=$((genotypes + n)); done
done
variants=$(bcftools index --nrecords "$cohort/genotypes.bcf")
show() { awk -v name="$1" -v n="$2" -v of="$3" -v m="$variants" 'BEGIN { printf "  %-34s %12d   %8.1f a variant   %.2f\n", name, n, n / m, n / of }'; }
pgen=$(bytes plink.pgen) all=$(bytes plink.pgen plink.pvar.zst plink.psam)
echo "$samples samples, $variants records; bytes, and ratio to PLINK 2"
show "store, genotypes" "$genotypes" "$pgen"
show ".pgen" "$pgen" "$pgen"
show "store, all files" "$(bytes "$store"/*)" "$all"
show ".pgen + .pvar.zst + .psam" "$all" "$all"
show ".bcf" "$(bytes "$cohort/genotypes.bcf")" "$all"
show ".vcf.gz" "$(bytes genotypes.vcf.gz)" "$all"
