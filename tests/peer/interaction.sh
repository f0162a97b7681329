#!/usr/bin/env bash
# Interactions of real genotypes with age, sex and a variant against lm and glm of R with sandwich errors (beta, standard
# errors 1e-6 relative, -log10 p 1e-5), and the errors of the model against plink2 (its six printed digits).
set -euo pipefail
source_set=$SALUS_DATA/genomes/kg1092_thinned
[[ -d $source_set ]] || { echo "no reference data"; exit 77; }
command -v plink2 >/dev/null || { echo "plink2 is not installed"; exit 77; }
Rscript -e 'library(sandwich)' >/dev/null 2>&1 || { echo "R with the package sandwich is not installed"; exit 77; }
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "python3-h5py is missing"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
compare=$SALUS_SOURCE/tests/peer/interaction_compare

/usr/bin/python3 "$SALUS_SOURCE/tests/peer/association_compare.py" join "$source_set/pheno.txt" "$source_set/covar.txt" table.csv
"$SALUS" ingest_genomes --genotypes "$source_set/kg1092.bed" --output genomes
flags=()
for trait in q1 q2 bt; do flags+=(--table_traits "$trait"); done
for c in sex01 age PC1 PC2 PC3 PC4 PC5; do flags+=(--table_covariates "$c"); done
store=genomes/ingest_genomes/genotypes.store
"$SALUS" phenotypes --genotypes "$store" --table table.csv "${flags[@]}" --sex false --groups false --output phenotypes

# Every 149th variant, and the environment variant, as copies of ALT for R; missing calls at the mean are R's task.
awk 'NR % 149 == 1 {print $2}' "$source_set/kg1092.bim" >some.txt
partner=$(plink2 --bfile "$source_set/kg1092" --maf 0.3 --geno 0 --write-snplist --out common >common.log 2>&1 && sed -n 50p common.snplist)
{ cat some.txt; echo "$partner"; } | sort -u >picked.txt
plink2 --bfile "$source_set/kg1092" --extract picked.txt --export A --export-allele <(awk '{print $2, $5}' "$source_set/kg1092.bim") \
    --out picked >export.log 2>&1

interact() { # output flags...
    local output=$1; shift
    "$SALUS" interaction --genotypes "$store" --phenotypes phenotypes/phenotypes/phenotypes.h5 --output "$output" \
        --effective_samples_min 10 --effective_samples_min_binary 10 "$@"
}
for run in "age hc3 false" "sex01 hc3 false" "sex01 hc2 true" "age hc1 true" "age hc0 false"; do
    read -r environment robust centre <<<"$run"
    interact "$environment-$robust" --environment "$environment" --robust "$robust" --centre "$centre"
    Rscript "$compare.R" table.csv picked.raw "$environment" "$robust" "$centre" "$environment-$robust.tsv"
    /usr/bin/python3 "$compare.py" r "$environment-$robust/interaction/interaction.h5" "$environment-$robust.tsv"
done
interact variant --environment_variant "$partner"
Rscript "$compare.R" table.csv picked.raw "$partner" hc3 false variant.tsv
/usr/bin/python3 "$compare.py" r variant/interaction/interaction.h5 variant.tsv

# plink2 does not take components as small as these. Parameters 1-8 are the variant and its seven covariates, 9 and 10 the products with the first two.
awk 'NR > 1 {for (c = 5; c <= 9; ++c) $c *= 20} {print}' "$source_set/covar.txt" >covar.txt
for run in "sex01 9" "age 10"; do
    read -r environment product <<<"$run"
    plink2 --bfile "$source_set/kg1092" --1 --pheno "$source_set/pheno.txt" --pheno-name q1,q2,bt --covar covar.txt \
        --parameters 1-8,"$product" --threads 1 --out "plink-$environment" \
        --glm interaction omit-ref no-firth log10 cols=chrom,pos,ref,alt,nobs,test,beta,se,p,err >plink.log 2>&1 ||
        { cat plink.log; exit 1; }
    for trait in q1.glm.linear q2.glm.linear bt.glm.logistic; do
        /usr/bin/python3 "$compare.py" plink "$environment-hc3/interaction/interaction.h5" "plink-$environment.$trait" "$environment"
    done
done
