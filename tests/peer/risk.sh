#!/usr/bin/env bash
# Polygenic scores of 1000 Genomes against plink2: effects of the discovery part (--glm) to 1e-5 relative,
# scores (--score), r2 and AUC recomputed from the published scores.
set -euo pipefail
set=$SALUS_DATA/genomes/kg1092_thinned
[[ -d $set ]] || { echo "no reference data"; exit 77; }
command -v plink2 >/dev/null || { echo "plink2 is not installed"; exit 77; }
/usr/bin/python3 -c 'import h5py, numpy, scipy' 2>/dev/null || { echo "python3-h5py and python3-scipy are missing"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
result() { find "$1" -name "$2" -not -path '*/work/*' -print -quit; }
compare=$SALUS_SOURCE/tests/peer/risk_compare.py

/usr/bin/python3 "$compare" join "$set/pheno.txt" "$set/covar.txt" "$set/samples.tsv" table.csv sheet.tsv
"$SALUS" ingest_genomes --genotypes "$set/kg1092.bed" --output genomes 2>log
store=$(result genomes genotypes.store)
flags=()
for trait in q1 bt; do flags+=(--table_traits "$trait"); done
for covariate in sex01 age PC1 PC2 PC3 PC4 PC5; do flags+=(--table_covariates "$covariate"); done
"$SALUS" phenotypes --genotypes "$store" --table table.csv --sample_sheet sheet.tsv "${flags[@]}" --sex false --groups false \
    --output phenotypes 2>>log
"$SALUS" risk --genotypes "$store" --phenotypes "$(result phenotypes phenotypes.h5)" --output risk 2>>log || { cat log; exit 1; }
risk=$(result risk risk.h5)
/usr/bin/python3 "$compare" export "$risk" discovery.txt
plink2 --bfile "$set/kg1092" --keep discovery.txt --1 --pheno "$set/pheno.txt" --pheno-name q1 --covar "$set/covar.txt" \
    --covar-variance-standardize --threads 1 --glm omit-ref hide-covar log10 cols=chrom,pos,ref,alt,beta,se,p,err --out plink >plink.log 2>&1
for trait in q1 bt; do
    plink2 --bfile "$set/kg1092" --threads 1 --score "$trait.weights" 1 2 3 header-read cols=+scoresums --out "$trait" >"$trait.log" 2>&1
done
/usr/bin/python3 "$compare" compare "$risk" table.csv plink.q1.glm.linear
