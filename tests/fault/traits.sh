#!/usr/bin/env bash
# Traits and covariates that cannot be analysed: exit code, message with names of columns but never of samples, no result.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
store=$SALUS_DEMO/ingest_genomes/genotypes.store

awk -F'\t' 'BEGIN { OFS = "\t"; print "sample_id", "height", "disease", "constant", "age", "age_days", "site", "few" }
    NR > 1 { age = 40 + NR % 31; print $1, 150 + NR % 47 + age / 10, NR % 5 == 0, 7, age, age * 365, NR % 2, NR < 5 ? NR : "NA" }' \
    "$SALUS_SOURCE/data-samples/samples.tsv" >table.tsv
sed -E '2s/\t[^\t]*$/\tmany/' table.tsv >word.tsv
sed -E '3{p}' table.tsv >twice.tsv
awk -F'\t' 'BEGIN { OFS = FS } NR > 1 { $3 = 0 } 1' table.tsv >one_class.tsv
head -1 table.tsv >empty.tsv
awk -F'\t' 'BEGIN { OFS = FS } NR > 1 { $1 = "Z" NR } 1' table.tsv >strangers.tsv

traits() { "$SALUS" phenotypes --genotypes "$store" --output "$1" --table "$2" "${@:3}"; }
scan() { rm -rf scan; "$SALUS" association --genotypes "$store" --phenotypes "$1/phenotypes/phenotypes.h5" --output scan "${@:2}"; }
refused() { # CODE TEXT... : of the last command kept in $SALUS_TMP/stderr
    says "$@"
    if grep -qE 'S00[0-9]{5}|Z[0-9]+' "$SALUS_TMP/stderr"; then fail "a sample is named: $(cat "$SALUS_TMP/stderr")"; fi
    [[ ! -e bad/phenotypes/phenotypes.h5 && ! -e scan/association/association.h5 ]] || fail "a result was left"
    nothing_left .
    rm -rf bad
}

expect 0 traits good table.tsv --table_covariates age --table_covariates age_days --table_covariates site
expect 3 traits bad word.tsv; refused 'word.tsv' 'line 2' 'few'
expect 3 traits bad twice.tsv; refused 'a sample stands twice' 'twice.tsv, sample 2 in genotype order'
expect 3 traits bad empty.tsv; refused 'empty.tsv'
expect 3 traits bad strangers.tsv; refused 'strangers.tsv'
expect 3 traits bad table.tsv --table_covariates agee; refused 'agee' 'age'

expect 0 scan good --traits height --covariates age --covariates site
expect 3 scan good --traits heigth --covariates age; refused 'heigth' 'height'
expect 3 scan good --traits height --covariates sits; refused 'sits' 'site'
expect 3 scan good --traits height --covariates age --covariates age_days; refused 'age_days' 'age'
expect 3 scan good --traits few --covariates age --covariates site; refused 'few'
expect 2 scan good --binary_test wold; refused 'wold' 'wald'
expect 0 traits single one_class.tsv --binary_traits disease
expect 3 scan single --traits disease; refused 'disease' 'there are no cases'
