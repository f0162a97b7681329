#!/usr/bin/env bash
# Matched cohorts against a slow greedy search in R (no ties: ages are continuous), and table 1 against R's mean, sd and
# standardised differences (1e-9 relative).
set -euo pipefail
command -v Rscript >/dev/null || { echo "R is not installed"; exit 77; }
source "$SALUS_SOURCE/tests/lib/small_cohort.bash"
small_cohort
# Ages of full precision: the shared cohort has ties, and two searches may break them in different ways.
/usr/bin/python3 - traits.csv >distinct.csv <<'EOS'
import hashlib
import sys

for number, line in enumerate(open(sys.argv[1])):
    fields = line.rstrip("\n").split(",")
    if number > 0:
        fields[-1] = repr(float(fields[-1]) + int.from_bytes(hashlib.sha256(b"age" + fields[0].encode()).digest()[:6], "big") / 2**48)
    print(",".join(fields))
EOS
rm -rf phenotypes
quiet "$SALUS" phenotypes --genotypes "$store" --table distinct.csv --table_traits height --table_traits weight --table_traits disease \
    --table_covariates age --sex false --groups false --output phenotypes
"$SALUS" export "$table" --table traits --output traits.tsv
"$SALUS" export "$table" --table covariates --output covariates.tsv
"$SALUS" export "$table" --table samples --output samples.tsv
match() { # order ratio caliper standardise
    rm -rf out
    quiet "$SALUS" cohort --phenotypes "$table" --case_trait disease --require "height > 155" --nearest age --order "$1" --ratio "$2" \
        --caliper "$3" --standardise "$4" --describe age --describe height --describe weight --output out
    "$SALUS" export out/cohort/cohort.h5 --table matched_sets --output sets.tsv
    "$SALUS" export out/cohort/cohort.h5 --table table_1 --output table_1.tsv
    Rscript "$SALUS_SOURCE/tests/peer/cohort_compare.R" "$@"
}
match data 1 0 pooled
match largest 3 0.5 cases
match smallest 2 2 pooled
