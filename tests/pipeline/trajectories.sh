#!/usr/bin/env bash
# The trajectories job: the same bytes on 1 to 4 ranks and 2 threads; effects equal Poisson regression by numpy on
# episodes cut again; probabilities are probabilities; a change that lowers a cause lowers the risk; bad parameters are refused.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/demo.bash"
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
for layout in '1 1' '2 1' '3 1' '4 1' '1 2'; do
    name=r${layout/ /t}
    OMP_NUM_THREADS=${layout#* } mpirun --oversubscribe -n "${layout% *}" "$SALUS" run "$SALUS_SOURCE/jobs/trajectories.toml" --threads "${layout#* }" \
        --output "$name" 2>"$name.log" || { cat "$name.log"; exit 1; }
    cmp r1t1/trajectories/trajectories.h5 "$name/trajectories/trajectories.h5" || fail "results differ on $layout"
done
grep -q 'held-out people: ' r1t1.log || fail "the log does not tell how held-out people compare"
phenotypes=r1t1/phenotypes/phenotypes.h5

refused() { # arguments, --, texts
    local arguments=()
    while [[ $1 != -- ]]; do arguments+=("$1"); shift; done
    shift
    expect 3 "$SALUS" trajectories --phenotypes "$phenotypes" "${arguments[@]}" --output bad
    says "$@"
    [[ ! -e bad/trajectories/trajectories.h5 ]] || fail "a result was left"
}
refused --conditions type_2_diabets --covariates sex_mal --covariates age --what_if 'smoker := 1' -- 'no column "type_2_diabets"' 'did you mean type_2_diabetes?' \
    'no column "sex_mal"' 'age is no covariate here' 'cannot read "smoker := 1"'
refused --conditions type_2_diabetes --conditions type_2_diabetes --age_bands 50 --age_bands 40 -- 'type_2_diabetes is there twice' 'age_bands do not ascend'
refused --conditions type_2_diabetes --what_if 'sex_male = 0' -- 'only covariates of the model can change'
cat >table.csv <<'CSV'
sample_id,y
S0000001,1
CSV
expect 0 "$SALUS" phenotypes --genotypes r1t1/ingest_genomes/genotypes.store --table table.csv --table_traits y --output without
expect 3 "$SALUS" trajectories --phenotypes without/phenotypes/phenotypes.h5 --conditions y --output bad
says 'do not tell birth, observation and death'
expect 0 "$SALUS" trajectories --phenotypes "$phenotypes" --conditions coronary_disease --washout_years 1 --held_out 0 --events_min 100000 --draws 2 --lives 1 --output few
says 'coronary_disease has no_covariates: one rate for all'
expect 3 "$SALUS" trajectories --phenotypes "$phenotypes" --conditions coronary_disease --washout_years 20 --output bad
says 'nobody is left to fit'

# Scores come from tables beside; an unknown sample of theirs is nobody here.
awk -F, 'NR == 1 { print "sample_id,pgs" } NR > 1 { print $2 "," (NR * 37 % 101) / 50 }' "$SALUS_SOURCE/data-samples/links.csv" >scores.csv
expect 0 "$SALUS" trajectories --phenotypes "$phenotypes" --scores scores.csv --conditions type_2_diabetes --covariates pgs --what_if 'pgs - 1' --draws 2 --lives 1 --output scored
expect 0 "$SALUS" export scored/trajectories/trajectories.h5 --table effects --output effects.tsv
grep -q 'type_2_diabetes.pgs' effects.tsv || fail "no effect of the score"

/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "values are not checked: python3-h5py is missing"; exit 0; }
covariates=(--covariates sex_male --covariates liver_fat --covariates current_smoker)
expect 0 "$SALUS" trajectories --phenotypes "$phenotypes" --conditions type_2_diabetes --conditions coronary_disease --conditions asthma_first_date \
    "${covariates[@]}" --held_out 0 --draws 2 --lives 1 --output whole
/usr/bin/python3 "$SALUS_SOURCE/tests/pipeline/trajectories.py" "$phenotypes" r1t1/trajectories/trajectories.h5 whole/trajectories/trajectories.h5
