#!/usr/bin/env bash
# Conditional, dominant and recessive association of real genotypes against plink2: its six printed digits, as in association.sh.
set -euo pipefail
source_set=$SALUS_DATA/genomes/kg1092_thinned
[[ -d $source_set ]] || { echo "no reference data"; exit 77; }
command -v plink2 >/dev/null || { echo "plink2 is not installed"; exit 77; }
/usr/bin/python3 -c 'import h5py, numpy, scipy' 2>/dev/null || { echo "python3-h5py and python3-scipy are missing"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
check() { /usr/bin/python3 "$SALUS_SOURCE/tests/peer/association_compare.py" plink "$@"; }
check_all() { # result output-of-plink
    check "$1" q1 "$2.q1.glm.linear"
    check "$1" q2 "$2.q2.glm.linear"
    check "$1" bt "$2.bt.glm.logistic"
}
/usr/bin/python3 "$SALUS_SOURCE/tests/peer/association_compare.py" join "$source_set/pheno.txt" "$source_set/covar.txt" table.csv
"$SALUS" ingest_genomes --genotypes "$source_set/kg1092.bed" --output genomes
store=genomes/ingest_genomes/genotypes.store
flags=()
for trait in q1 q2 bt; do flags+=(--table_traits "$trait"); done
for c in sex01 age PC1 PC2 PC3 PC4 PC5; do flags+=(--table_covariates "$c"); done
"$SALUS" phenotypes --genotypes "$store" --table table.csv "${flags[@]}" --sex false --groups false --output phenotypes
associate() { # output flags...
    local output=$1; shift
    "$SALUS" association --genotypes "$store" --phenotypes phenotypes/phenotypes/phenotypes.h5 --minor_allele_count_min 1 \
        --binary_test wald --output "$output" "$@"
}
reference() { # output glm-modifiers -- flags...
    local output=$1 modifiers=(); shift
    while [[ $1 != -- ]]; do modifiers+=("$1"); shift; done; shift
    plink2 --bfile "$source_set/kg1092" --1 --pheno "$source_set/pheno.txt" --pheno-name q1,q2,bt --covar "$source_set/covar.txt" \
        --covar-variance-standardize --threads 1 --out "$output" "$@" \
        --glm "${modifiers[@]}" omit-ref hide-covar no-firth log10 cols=chrom,pos,ref,alt,a1freq,nobs,beta,se,p,err >plink.log 2>&1 ||
        { cat plink.log; exit 1; }
}

# Three common variants of different chromosomes without a missing call (plink2 leaves people without one out).
plink2 --bfile "$source_set/kg1092" --maf 0.2 --geno 0 --write-snplist --out common >plink.log 2>&1
awk 'NR % 700 == 1 && ++n <= 3' common.snplist >list.txt
associate condition --condition_list list.txt
reference condition -- --condition-list list.txt
check_all condition/association/association.h5 condition

# Any copy of ALT, and no copy of REF.
for coding in dominant recessive; do
    associate "$coding" --coding "$coding"
    reference "$coding" "$coding" --
    check_all "$coding/association/association.h5" "$coding"
done
