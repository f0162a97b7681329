#!/usr/bin/env bash
# null_model against regenie's own LOCO predictions of its example (500 samples), read and written .loco files; a time-to-event trait
# against the same model with R's coxph.
#
# The published files are of version 1.0.6.7, whose penalties were M / h (of level 1 of binary traits M (1 - h) / h); later
# versions, its paper and this program have M (1 - h) / h everywhere. So heritabilities h / (1 + h) give the published penalties
# of its grid 0.01 .. 0.99, and the predictions must then follow the published ones to their six digits: 5 folds for the
# quantitative trait, leave-one-out at both levels for the binary one, as regenie chooses for fewer than 5,000 samples.
set -euo pipefail
data=$SALUS_DATA/genomes/regenie_example
[[ -d $data ]] || { echo "no reference data"; exit 77; }
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "python3-h5py is missing"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
quiet() { "$@" >run.log 2>&1 || { tail -30 run.log; exit 1; }; }
compare() { /usr/bin/python3 "$SALUS_SOURCE/tests/peer/null_model_compare.py" "$@"; }
compare table quantitative.csv "$data/phenotype.txt" "$data/covariates.txt"
compare table binary.csv "$data/phenotype_bin.txt" "$data/covariates.txt"
quiet "$SALUS" ingest_genomes --genotypes "$data/example.bed" --output genomes
store=$(find genomes -type d -name genotypes.store)
for kind in quantitative binary; do
    quiet "$SALUS" phenotypes --genotypes "$store" --table $kind.csv --table_traits Y1 --table_traits Y2 --table_covariates V1 \
        --table_covariates V2 --table_covariates V3 --sex false --groups false --output "traits_$kind"
done
model() { # output kind flags...
    local output=$1 kind=$2; shift 2
    quiet "$SALUS" null_model --genotypes "$store" --phenotypes "traits_$kind/phenotypes/phenotypes.h5" --block_size 100 \
        --minor_allele_count_min 1 --output "$output" "$@"
}
grid=(); for h in 0.01 0.25 0.5 0.75 0.99; do grid+=(--heritabilities "$(awk -v h=$h 'BEGIN { printf "%.17g", h / (1 + h) }')"); done
model quantitative quantitative "${grid[@]}"
compare correlate quantitative/null_model/null_model.h5 Y1 "$data/expected_regenie_Y1/fit_lin_out_1.loco" 0.999999 1 2 23
model binary binary "${grid[@]}"
compare correlate binary/null_model/null_model.h5 Y1 "$data/expected_regenie_Y1/fit_bin_out_1.loco" 0.999999 1 2 23
compare likelihood binary/null_model/null_model.h5 Y1 0.354387 # -logLik/N of its log for the chosen penalty, which differs by 1 %
# Written as regenie writes: in standard deviations, so that its step 2 can subtract them.
quiet "$SALUS" export quantitative/null_model/null_model.h5 --table loco --format regenie-loco --output written
compare written quantitative/null_model/null_model.h5 Y1 written_1.loco
# Time to event: regenie's example has none, so times are made with effects of every 50th variant.
Rscript -e 'library(survival)' >/dev/null 2>&1 || { echo "R's survival is missing"; exit 77; }
compare times times.csv copies.csv "$data/example" "$data/covariates.txt"
quiet "$SALUS" phenotypes --genotypes "$store" --table times.csv --time_to_event "death = event : years" --table_covariates V1 \
    --table_covariates V2 --table_covariates V3 --sex false --groups false --output traits_times
model times times
Rscript "$SALUS_SOURCE/tests/peer/null_model_survival.R" copies.csv times.csv 100 survival.csv
compare survival times/null_model/null_model.h5 death survival.csv
