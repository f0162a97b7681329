#!/usr/bin/env bash
# Real genotypes against R: ordinal traits (clm of package ordinal, and score tests from it), genotypic coding (lm, glm),
# strata (factors in lm and glm, strata() in coxph).
set -euo pipefail
source_set=$SALUS_DATA/genomes/kg1092_thinned
[[ -d $source_set ]] || { echo "no reference data"; exit 77; }
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "python3-h5py is missing"; exit 77; }
Rscript -e 'library(ordinal)' >/dev/null 2>&1 || { echo "R package ordinal is not installed"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
kinds() { /usr/bin/python3 "$SALUS_SOURCE/tests/peer/association_kinds.py" "$@"; }
by_r() { Rscript "$SALUS_SOURCE/tests/peer/association_kinds.R" "$1" chosen.samples.csv chosen.genotypes.csv "$1.txt"; }
quiet() { "$@" >run.log 2>&1 || { tail -30 run.log; exit 1; }; }
kinds table "$source_set/pheno.txt" "$source_set/covar.txt" table.csv
kinds choose "$source_set/kg1092" table.csv chosen
quiet "$SALUS" ingest_genomes --genotypes "$source_set/kg1092.bed" --output genomes
store=genomes/ingest_genomes/genotypes.store
flags=(--time_to_event "death = event : time")
for trait in q1 bt grade; do flags+=(--table_traits "$trait"); done
for c in sex01 age PC1 PC2 PC3 PC4 PC5; do flags+=(--table_covariates "$c"); done
quiet "$SALUS" phenotypes --genotypes "$store" --table table.csv "${flags[@]}" --ordinal_traits grade --sex false --groups false \
    --output phenotypes
quiet "$SALUS" phenotypes --genotypes "$store" --table table.csv "${flags[@]}" --table_covariates centre --sex false --groups false \
    --output with_centre
associate() { # output flags...
    local output=$1; shift
    quiet "$SALUS" association --genotypes "$store" --phenotypes "${table:-phenotypes}/phenotypes/phenotypes.h5" --minor_allele_count_min 5 \
        --output "$output" "$@"
}

# Fits stop within 1e-8 standard errors; columns of the score test are 32-bit fixed point.
associate wald --traits grade --ordinal_test wald
by_r ordinal_wald
kinds compare chosen ordinal_wald.txt wald/association/association.h5 grade 1e-6
associate score --traits grade --odds_ratio_p_max 0
by_r ordinal_score
kinds compare chosen ordinal_score.txt score/association/association.h5 grade 1e-6
associate fitted --traits grade --odds_ratio_p_max 1
kinds compare chosen ordinal_wald.txt fitted/association/association.h5 grade 1e-6 beta
kinds compare chosen ordinal_score.txt fitted/association/association.h5 grade 1e-6 neg_log10_p

# One copy and two copies against none.
associate genotypic --traits q1 --traits bt --coding genotypic --binary_test wald
by_r genotypic_linear
kinds compare chosen genotypic_linear.txt genotypic/association/association.h5 q1 1e-6
by_r genotypic_wald
kinds compare chosen genotypic_wald.txt genotypic/association/association.h5 bt 1e-6
associate genotypic_score --traits bt --coding genotypic --binary_test score
by_r genotypic_score
kinds compare chosen genotypic_score.txt genotypic_score/association/association.h5 bt 1e-6

# A factor of four centres.
table=with_centre associate strata --strata centre --traits q1 --traits bt --traits death --binary_test wald --time_to_event_test wald
for of in "linear q1" "logistic bt" "cox death"; do
    read -r model trait <<<"$of"
    by_r "strata_$model"
    kinds compare chosen "strata_$model.txt" strata/association/association.h5 "$trait" 1e-6
done
