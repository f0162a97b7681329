#!/usr/bin/env bash
# LD-score regression of simulated summary statistics against the results of LDSC itself: heritability of 50
# replicates with one annotation and with two, with free and fixed intercepts, and genetic correlations; every number to
# 1e-6 relative (the tables have ten digits; jackknife errors lose a few in the differences of their pseudo-values).
set -euo pipefail
set_folder=$SALUS_DATA/genomes/ldsc_tests
[[ -d $set_folder ]] || { echo "no reference data"; exit 77; }
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "python3-h5py and python3-numpy are missing"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
quiet() { "$@" >run.log 2>&1 || { tail -30 run.log; exit 1; }; }
tar xzf "$set_folder/simulate_test/sumstats_reps0_99.tar.gz"
mkdir statistics
for r in {0..49}; do cp "sumstats/$r" "statistics/r$r.sumstats"; done
gzip statistics/r7.sumstats
scores=$set_folder/simulate_test/ldscore
regress() { # output number-of-replicates LD-scores flags...
    local output=$1 replicates=$2 kind=$3 flags=() r; shift 3
    for ((r = 0; r < replicates; ++r)); do flags+=(--statistics "$(ls statistics/r$r.sumstats*)"); done
    for ((r = 0; r < replicates; ++r)); do flags+=(--names "$r"); done
    quiet "$SALUS" ld_score_regression "${flags[@]}" --ld_scores "$scores/$kind.l2.ldscore" --weight_ld_scores "$scores/w.l2.ldscore" \
        --output "$output" "$@"
}
check() { /usr/bin/python3 "$SALUS_SOURCE/tests/peer/ld_score_regression_compare.py" "$@"; }
expected=$set_folder/expected_ldsc_simulate_reps0_49_h2.tsv
for kind in oneld_onefile twold_onefile; do
    regress $kind.free 50 $kind --correlations none --chi_square_max 99999
    check heritability $kind.free/ld_score_regression/ld_score_regression.h5 "$expected" $kind free
    regress $kind.fixed 50 $kind --correlations none --chi_square_max 99999 --fix_intercepts true
    check heritability $kind.fixed/ld_score_regression/ld_score_regression.h5 "$expected" $kind fixed1
done
regress correlations 11 twold_onefile --correlations first
check correlations correlations/ld_score_regression/ld_score_regression.h5 "$set_folder/expected_ldsc_simulate_reps0_49_rg.tsv"

# LD scores in two files by part of the genome, as published per chromosome, are those of one file.
quiet "$SALUS" ld_score_regression --statistics statistics/r0.sumstats --ld_scores "$scores/oneld_onefile1.l2.ldscore" \
    --ld_scores "$scores/oneld_onefile2.l2.ldscore" --weight_ld_scores "$scores/w.l2.ldscore" --names 0 --output parts
check heritability parts/ld_score_regression/ld_score_regression.h5 "$expected" oneld_onefile free

# Ratios on the liability scale, and the same bytes on any number of ranks.
regress prevalence 2 oneld_onefile --sample_prevalence 0.5 --sample_prevalence 0 --population_prevalence 0.01 --population_prevalence 0
check liability prevalence/ld_score_regression/ld_score_regression.h5 0.5 0.01
for ranks in 1 2 3 4; do
    quiet mpirun --oversubscribe -n $ranks "$SALUS" ld_score_regression --statistics statistics/r0.sumstats --statistics statistics/r1.sumstats \
        --statistics statistics/r2.sumstats --ld_scores "$scores/oneld_onefile.l2.ldscore" --output ranks$ranks
    cmp ranks1/ld_score_regression/ld_score_regression.h5 ranks$ranks/ld_score_regression/ld_score_regression.h5 || { echo "results differ on $ranks ranks"; exit 1; }
done
