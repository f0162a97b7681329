#!/usr/bin/env bash
# BGEN against plink2's own import: hard calls, phase and dosages to the unit of 1/16384, for every version and
# several numbers of bits that plink2 exports, both allele orders, with dosages, phase, X and missing calls.
set -euo pipefail
for tool in plink2; do command -v $tool >/dev/null || { echo "$tool is not installed"; exit 77; }; done
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
dump=$(dirname "$SALUS")/tests/dump_genotypes
[[ -x $dump ]] || { echo "dump_genotypes is not built"; exit 77; }
quiet() { "$@" >peer.log 2>&1 || { cat peer.log; exit 1; }; }
quiet plink2 --dummy 131 400 0.05 acgt dosage-freq=0.4 --seed 3 --make-pgen --out soft
quiet plink2 --dummy 131 400 0.05 acgt --seed 4 --make-pgen --out hard
# Every fourth variant on X: haploid men.
for set in soft hard; do
    awk 'BEGIN { OFS = "\t" } /^#/ { print; next } { n++; $1 = n > 300 ? "X" : "1"; $2 = n * 100000; print }' $set.pvar >new.pvar
    mv new.pvar $set.pvar
    awk 'BEGIN { OFS = "\t" } /^#/ { print; next } { $2 = 1 + NR % 2; print }' $set.psam >new.psam
    mv new.psam $set.psam
done
# Phase: a VCF of random phased calls.
awk 'BEGIN { srand(5); OFS = "\t"; print "##fileformat=VCFv4.2\n##contig=<ID=1>\n##FORMAT=<ID=GT,Number=1,Type=String,Description=\"g\">"
    printf "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT"; for (i = 0; i < 50; ++i) printf "\ts" i; print ""
    for (v = 1; v <= 200; ++v) { printf "1\t" v * 10 "\tv" v "\tA\tC\t.\t.\t.\tGT"
        for (i = 0; i < 50; ++i) printf "\t" (rand() < 0.4 ? 1 : 0) "|" (rand() < 0.4 ? 1 : 0); print "" } }' >phased.vcf
quiet plink2 --vcf phased.vcf --make-pgen --out phased
compare() { # name order: NAME.bgen in this order of alleles
    "$dump" "$1.bgen" "$2" >ours.tsv
    if [[ $1 == phased* ]]; then
        # plink2 2.00a3.5 swaps the haplotypes when it reads phased BGEN back; what it wrote is compared with
        # the VCF that it wrote it from.
        /usr/bin/python3 "$SALUS_SOURCE/tests/peer/bgen_compare.py" ours.tsv phased.vcf none "$1 ref-$2"
        return
    fi
    quiet plink2 --bgen "$1.bgen" "ref-$2" --sample "$1.sample" --make-pgen --out again
    quiet plink2 --pfile again --export vcf vcf-dosage=DS-force --out again
    "$dump" again.pgen >pgen.tsv
    /usr/bin/python3 "$SALUS_SOURCE/tests/peer/bgen_compare.py" ours.tsv again.vcf pgen.tsv "$1 ref-$2"
}
for set in soft hard phased; do
    for form in bgen-1.1 'bgen-1.2 bits=8' 'bgen-1.2 bits=16' 'bgen-1.2 bits=11' 'bgen-1.2 bits=3' 'bgen-1.2 bits=13' 'bgen-1.3 bits=8' 'bgen-1.3'; do
        [[ $set$form != phasedbgen-1.1 ]] || continue # holds no phase
        name=$set-${form// /-}
        quiet plink2 --pfile $set --export $form ref-first --out "$name"
        compare "$name" first
    done
    quiet plink2 --pfile $set --export bgen-1.2 bits=8 --out "$set-last-bits=8"
    compare "$set-last-bits=8" last
done
