#!/usr/bin/env bash
# Gene tests of time-to-event traits against R's survival package: scores and covariances of variants and the burden test are those
# of coxph at the null model (tied times, late entry), SKAT is the inversion of its characteristic function in R; both where no score
# is beyond the two standard deviations at which the saddle point sets in.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "python3-h5py is missing"; exit 77; }
Rscript -e 'library(survival)' >/dev/null 2>&1 || { echo "R survival is not installed"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
quiet() { "$@" >run.log 2>&1 || { tail -30 run.log; exit 1; }; }
compare() { /usr/bin/python3 "$SALUS_SOURCE/tests/peer/gene_tests_survival.py" "$@"; }
compare cohort
quiet "$SALUS" ingest_genomes --genotypes cohort.bed --output genomes
store=$(find genomes -type d -name genotypes.store)
quiet "$SALUS" phenotypes --genotypes "$store" --table table.csv --table_covariates c1 --table_covariates c2 --sex false --groups false \
    --time_to_event "plain = event : time" --time_to_event "late = event : time : entry" --output phenotypes
quiet "$SALUS" gene_tests --genotypes "$store" --phenotypes phenotypes/phenotypes/phenotypes.h5 --annotations annotations \
    --frequency_max 0.5 --singletons false --collapse_count_max 0 --resample_cases_max 0 --write_covariance true --output genes
for trait in plain late; do
    quiet Rscript "$SALUS_SOURCE/tests/peer/gene_tests_survival.R" $trait
    compare results $trait genes/gene_tests
done
