#!/usr/bin/env bash
# Tests that need more than genotypes. Mendel errors of HapMap trios against `plink --mendel` (published with the
# data; every variant, the X chromosome included, and every trio) and of 733 pedigrees against snpStats
# (errors of 114 children); Hardy-Weinberg and frequency of ancestry groups and of controls against
# plink2 on those people alone; missingness by case status and batch against SciPy and, where it is installed,
# `plink1.9 --test-missing`; frequency by batch against SciPy.
set -euo pipefail
data=$SALUS_DATA/genomes
[[ -d $data/hapmap279_snprelate ]] || { echo "no reference data"; exit 77; }
command -v plink2 >/dev/null || { echo "plink2 is not installed"; exit 77; }
/usr/bin/python3 -c 'import h5py, numpy, scipy' 2>/dev/null || { echo "python3-h5py or python3-scipy is missing"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"

result() { find "$1" -name "$2" -not -path '*/work/*' -print -quit; }
ingest() { "$SALUS" ingest_genomes --genotypes "$1" --genome_build GRCh37 --output "$2" 2>"$2.log"; }
hapmap=$data/hapmap279_snprelate/hapmap279

ingest "$hapmap.bed" hapmap
"$SALUS" quality --genotypes "$(result hapmap genotypes.store)" --sample_sheet "$hapmap.fam" --output trios 2>trios.log

# Individual numbers of the pedigrees repeat from family to family.
families=$data/snpstats_families_tdt/families
awk '{ p = ($3 == 0 ? 0 : $1 "_" $3); m = ($4 == 0 ? 0 : $1 "_" $4); print $1, $1 "_" $2, p, m, $5, $6 }' "$families.fam" >families.fam
cp "$families.bed" "$families.bim" .
ingest families.bed pedigrees
"$SALUS" quality --genotypes "$(result pedigrees genotypes.store)" --sample_sheet families.fam --output pedigrees_q 2>pedigrees_q.log

# Batches, groups and cases by rule.
awk 'BEGIN { OFS = "\t"; print "sample_id", "batch", "group" }
     { print $2, "plate" 1 + NR % 3, NR % 4 == 0 ? "" : (NR % 2 ? "north" : "south") }' "$hapmap.fam" >sheet.tsv
awk 'BEGIN { OFS = ","; print "sample_id", "ill" } { print $2, NR % 7 == 0 ? "" : NR % 5 < 2 }' "$hapmap.fam" >traits.csv
"$SALUS" phenotypes --genotypes "$(result hapmap genotypes.store)" --table traits.csv --table_traits ill --sex false --groups false \
    --output phenotypes 2>phenotypes.log
"$SALUS" quality --genotypes "$(result hapmap genotypes.store)" --sample_sheet sheet.tsv --phenotypes "$(result phenotypes phenotypes.h5)" \
    --hwe_trait ill --output cohort 2>cohort.log
"$SALUS" quality --genotypes "$(result hapmap genotypes.store)" --sample_sheet sheet.tsv --hwe_within groups --hwe_p_min 1e-4 \
    --heterozygosity_within groups --output groups 2>groups.log

keep() { # name file-of-individuals: plink2 on these people
    awk 'NR == FNR { wanted[$1]; next } $2 in wanted { print $1, $2 }' "$2" "$hapmap.fam" >"$1.keep"
    plink2 --bfile "$hapmap" --keep "$1.keep" --nonfounders --threads 1 --freq --geno-counts --hardy --out "$1" >"$1.plink.log" 2>&1
    plink2 --bfile "$hapmap" --keep "$1.keep" --nonfounders --threads 1 --hardy midp --out "$1.midp" >>"$1.plink.log" 2>&1
}
for group in north south; do awk -v g=$group '$3 == g { print $1 }' sheet.tsv >$group.ids; keep $group $group.ids; done
for batch in 1 2 3; do awk -v b=plate$batch '$2 == b { print $1 }' sheet.tsv >plate$batch.ids; keep plate$batch plate$batch.ids; done
awk -F, '$2 == "0" { print $1 }' traits.csv >control.ids; keep control control.ids
awk -F, '$2 == "1" { print $1 }' traits.csv >case.ids; keep case case.ids
if command -v plink1.9 >/dev/null; then
    awk -F, 'NR == FNR { ill[$1] = $2; next } { print $1, $2, ill[$2] == "" ? -9 : ill[$2] + 1 }' traits.csv FS=' ' "$hapmap.fam" >ill.pheno
    plink1.9 --bfile "$hapmap" --keep-allele-order --pheno ill.pheno --test-missing --allow-no-sex --out missing >missing.log 2>&1
fi
/usr/bin/python3 "$SALUS_SOURCE/tests/peer/quality_cohort_compare.py" "$data"
