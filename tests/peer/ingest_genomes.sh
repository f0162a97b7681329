#!/usr/bin/env bash
# Ingest of real genotypes: counts equal to plink2 --geno-counts, X included, and the same store from bed,
# VCF (with and without index) and BCF.
set -euo pipefail
genomes=$SALUS_DATA/genomes
[[ -d $genomes/hapmap279_snprelate ]] || { echo "no reference data"; exit 77; }
for tool in plink2 bcftools tabix; do
    command -v $tool >/dev/null || { echo "$tool is not installed"; exit 77; }
done
/usr/bin/python3 -c 'import numpy' 2>/dev/null || { echo "python3-numpy is missing"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
ingest() { # output flags...
    local out=$1; shift
    "$SALUS" ingest_genomes --output "$out" "$@" 2>"$out.log" || { cat "$out.log"; exit 1; }
}
check() { /usr/bin/python3 "$SALUS_SOURCE/tests/peer/ingest_compare.py" "$@"; }
quiet() { "$@" >peer.log 2>&1 || { cat peer.log; exit 1; }; }

# Copies the files of a PLINK 1 set, unpacked.
fetch() { # set prefix
    local f
    for f in bed bim fam; do
        if [[ -f $genomes/$1/$2.$f.gz ]]; then gunzip -c "$genomes/$1/$2.$f.gz" >"$2.$f"; else cp "$genomes/$1/$2.$f" .; fi
    done
}

compare() { # set prefix
    fetch "$1" "$2"
    quiet plink2 --bfile "$2" --geno-counts --out "$2"
    quiet plink2 --bfile "$2" --export vcf bgz --out "$2"
    awk 'BEGIN { print "sample_id\tsex" } { print $1 "_" $2 "\t" $5 }' "$2.fam" >"$2.tsv"
    ingest "$2-bed" --genotypes "$2.bed" --genome_build GRCh37
    check counts "$2-bed/ingest_genomes/genotypes.store" "$2.gcount"
    ingest "$2-plain" --genotypes "$2.vcf.gz" --sample_sheet "$2.tsv" --genome_build GRCh37
    tabix -p vcf "$2.vcf.gz"
    ingest "$2-indexed" --genotypes "$2.vcf.gz" --sample_sheet "$2.tsv" --genome_build GRCh37
    quiet bcftools view -Ob -o "$2.bcf" "$2.vcf.gz"
    quiet bcftools index "$2.bcf"
    ingest "$2-bcf" --genotypes "$2.bcf" --sample_sheet "$2.tsv" --genome_build GRCh37
    check same "$2-bed/ingest_genomes/genotypes.store" "$2-plain/ingest_genomes/genotypes.store" "$2-indexed/ingest_genomes/genotypes.store" "$2-bcf/ingest_genomes/genotypes.store"
}

compare hapmap279_snprelate hapmap279
compare kg1092_thinned kg1092
