#!/usr/bin/env bash
# Penalised regression on genotypes against R glmnet (linear, logistic, Cox with Breslow's ties; lasso and elastic net, unpenalised covariates)
# and against dense solutions in numpy (ridge, Haseman-Elston regression), on the reference set of 500 people and 780 variants.
set -euo pipefail
set=$SALUS_DATA/survival/prs
[[ -d $set ]] || { echo "no reference data"; exit 77; }
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "python3-h5py is missing"; exit 77; }
Rscript -e 'library(glmnet)' >/dev/null 2>&1 || { echo "R glmnet is not installed"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
here=$SALUS_SOURCE/tests/peer
quiet() { "$@" >run.log 2>&1 || { tail -30 run.log; exit 1; }; }
sed 's/^id,/sample_id,/' "$set/pheno.csv" >traits.csv
for calls in geno geno_miss; do # without and with missing calls
    quiet "$SALUS" phenotypes --genotypes "$set/$calls.bed" --table traits.csv --table_traits qt --table_traits cc --time_to_event "death = status : time" \
        --table_covariates age --table_covariates sex --table_covariates pc1 --table_covariates pc2 --sex false --groups false \
        --output "phenotypes_$calls"
    table=$(find "phenotypes_$calls" -name phenotypes.h5)
    for power in -1 0; do
        name=${calls}_$power
        quiet "$SALUS" pgs_regression --genotypes "$set/$calls.bed" --phenotypes "$table" --split_seed 2 --alphas 1 --alphas 0.4 \
            --frequency_power=$power --maf_min 0.01 --call_rate_min 0 --kkt_tolerance 1e-8 --ridge_tolerance 1e-8 --probes 300 --lambdas 20 \
            --lambda_smallest 0.3 --patience 20 --strong_step 60 --lambdas_per_pass 5 --output "$name"
        /usr/bin/python3 "$here/pgs_regression_compare.py" dense "$name/pgs_regression/pgs_regression.h5" "$set/$calls" traits.csv $power "$name.glmnet"
        Rscript "$here/pgs_regression_glmnet.R" "$name.glmnet"
        /usr/bin/python3 "$here/pgs_regression_compare.py" glmnet "$name/pgs_regression/pgs_regression.h5" "$set/$calls" traits.csv $power "$name.glmnet"
    done
done
