#!/usr/bin/env bash
# risk_model and risk_validation: planted effects are found, the files are byte-identical for 1 to 4 ranks and 1 or 2 threads, a saved
# model is applied to other people, cards and refusals say what they must.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/risk_cohort.bash"
risk_cohort
models=(--models 'cox10: cox(cvd, cluster = site) ~ age + pgs + smoker + bmi'
    --models 'age_only: cox(cvd) ~ age'
    --models 'strata: cox(cvd, strata = site, ties = breslow) ~ spline(age, 4) + pgs:smoker + factor(sex, 1)'
    --models 'late: cox(cvd_late) ~ age + pgs'
    --models 'discrete: cox(cvd, ties = exact) ~ age + pgs'
    --models 'cause: cause_specific(cvd, competing = death) ~ age + pgs + smoker'
    --models 'sub: fine_gray(cvd, competing = death) ~ age + pgs + smoker'
    --models 'sub_late: fine_gray(cvd_late, competing = death, strata = site) ~ age + pgs'
    --models 't2d: logistic(diabetes) ~ bmi*pgs + log(crp)'
    --models 't2d_firth: firth(diabetes) ~ bmi + pgs'
    --models 'lipid: linear(ldl) ~ age + pgs'
    --models 'net: cox(cvd, net = 1) ~ age + pgs + smoker + bmi + crp + square(crp)'
    --models 'chart: equation(cvd, competing = death) ~ chart')
fit() { # ranks threads output
    OMP_NUM_THREADS=$2 quiet mpirun --oversubscribe -n "$1" "$SALUS" risk_model --phenotypes "$phenotypes" --scores "$scores" \
        --equations "$equations" "${models[@]}" --horizons 5 --horizons 10 --folds 3 --optimism_replicates 3 --net_folds 3 --net_lambdas 20 \
        --where 'age >= 41' --threads "$2" --output "$3"
}
judge() { # ranks threads fits output flags...
    local ranks=$1 threads=$2 fits=$3 output=$4; shift 4
    OMP_NUM_THREADS=$threads quiet mpirun --oversubscribe -n "$ranks" "$SALUS" risk_validation --model "$fits/risk_model/risk_model.h5" \
        --phenotypes "$phenotypes" --scores "$scores" --strata sex --strata 'age / 10' --strata site --reference age_only \
        --purpose 'test' --threads "$threads" --output "$output" "$@"
}
digest() { cat "$1/risk_model/risk_model.h5" "$1/risk_model/risk_model.json" "$2/risk_validation/risk_validation.h5" \
    "$2/risk_validation/model_card.json" | sha256sum; }
expected=
for layout in '1 1' '2 1' '3 1' '4 1' '1 2'; do
    name=r${layout/ /t}
    fit $layout "fit_$name"
    judge $layout "fit_$name" "few_$name" --bootstrap_replicates 3
    found=$(digest "fit_$name" "few_$name")
    [[ ${expected:=$found} == "$found" ]] || { echo "results differ on $layout (ranks threads)"; exit 1; }
done
judge 1 1 fit_r1t1 judge_r1t1 --bootstrap_replicates 40
judge 1 1 fit_r1t1 crossed --people cross_fitted --models cox10 --models t2d --bootstrap_replicates 0

# Internal-external validation: each site by a fit without it, and a summary over sites.
quiet "$SALUS" risk_model --phenotypes "$phenotypes" --scores "$scores" "${models[0]}" "${models[1]}" --horizons 5 --leave_out site \
    --validation_fraction 0 --output fit_sites
judge_sites() { quiet "$SALUS" risk_validation --model fit_sites/risk_model/risk_model.h5 --phenotypes "$phenotypes" --scores "$scores" \
    --people cross_fitted --bootstrap_replicates 0 --output sites; }
judge_sites
quiet "$SALUS" report --risk_model fit_sites/risk_model/risk_model.h5 --risk_validation sites/risk_validation/risk_validation.h5 --output page
for words in 'Each site by a fit without it' 'random-effects means' 'By fifth of predicted risk' 'Log-rank test' 'Tests of proportional hazards'; do
    grep -q "$words" page/report/report.html || { echo "the page lacks: $words"; exit 1; }
done

# Missing columns: more often where the event is and the score is high, so that complete people mislead.
partial_table
partial() { # ranks imputations output models...
    local ranks=$1 imputations=$2 output=$3; shift 3
    quiet mpirun --oversubscribe -n "$ranks" "$SALUS" risk_model --phenotypes "$phenotypes" --scores "$scores" --scores partial.tsv --horizons 5 \
        --imputations "$imputations" --imputation_cycles 5 --validation_fraction 0.1 --output "$output" "$@"
}
partial_model=(--models 'mi: cox(cvd) ~ age + pgs + smoker_part + bmi_part')
partial 1 0 complete "${partial_model[@]}" --models 'full: cox(cvd) ~ age + pgs + smoker + bmi'
partial 1 10 imputed "${partial_model[@]}"
expected=
for ranks in 1 2 3; do
    partial "$ranks" 4 "imputed_$ranks" "${partial_model[@]}" --impute_with bmi --folds 2 --optimism_replicates 2 \
        --models 'cause: cause_specific(cvd, competing = death, strata = site) ~ age + pgs + factor(smoker_part)' \
        --models 't2d: logistic(diabetes) ~ spline(bmi_part, 3) + pgs' --models 'lipid: linear(ldl) ~ age + log(bmi_part)'
    found=$(sha256sum <"imputed_$ranks/risk_model/risk_model.h5")
    [[ ${expected:=$found} == "$found" ]] || { echo "imputations differ on $ranks ranks"; exit 1; }
done

# What is left out of a fit informs nothing in it: with other outcomes of the people of site 0, their predictions stay.
/usr/bin/python3 - <<'PYTHON'
import shutil
import h5py
shutil.copy('phenotypes/phenotypes/phenotypes.h5', 'other_outcomes.h5')
with h5py.File('other_outcomes.h5', 'r+') as f:
    at_site = f['covariates/site'][()] == 0
    event = f['traits/cvd'][()]
    event[at_site] = 1 - event[at_site]
    f['traits/cvd'][...] = event
PYTHON
for file in phenotypes/phenotypes/phenotypes.h5 other_outcomes.h5; do
    quiet "$SALUS" risk_model --phenotypes "$file" --scores "$scores" --scores partial.tsv --horizons 5 --imputations 2 --imputation_cycles 3 \
        --validation_fraction 0 --leave_out site "${partial_model[@]}" --output "without_$(basename "$file" .h5)"
done
/usr/bin/python3 - <<'PYTHON'
import h5py
import numpy as np
with h5py.File('phenotypes/phenotypes/phenotypes.h5') as f:
    at_site = f['covariates/site'][()] == 0
a, b = (h5py.File(f'without_{k}/risk_model/risk_model.h5')['predictions/mi/cross_risk_1'][()] for k in ('phenotypes', 'other_outcomes'))
assert np.isfinite(a[at_site]).sum() > 100 and np.array_equal(a[at_site], b[at_site], equal_nan=True)
assert not np.array_equal(a[~at_site], b[~at_site], equal_nan=True)
PYTHON

# The saved model at another place: the same people under other names. Their measures are those of all people here.
/usr/bin/python3 - <<'PYTHON'
import shutil
import h5py
shutil.copy('phenotypes/phenotypes/phenotypes.h5', 'elsewhere.h5')
with h5py.File('elsewhere.h5', 'r+') as f:
    ids = f['samples/sample_id']
    ids[...] = [b'X' + s[1:] for s in ids[()]]
PYTHON
sed -E '2,$s/^S/X/' scores.tsv >elsewhere.tsv
quiet "$SALUS" risk_validation --model fit_r1t1/risk_model/risk_model.h5 --phenotypes elsewhere.h5 --scores elsewhere.tsv \
    --where 'age >= 41' --bootstrap_replicates 0 --output external
judge 1 1 fit_r1t1 everybody --people all --allow_overlap true --where 'age >= 41' --bootstrap_replicates 0
/usr/bin/python3 "$SALUS_SOURCE/tests/pipeline/risk_models.py"

# More people than one block of rows: now the ranks divide the design among them.
mkdir large
(
    cd large
    risk_cohort 70000
    expected=
    for ranks in 1 2 3; do
        quiet mpirun --oversubscribe -n "$ranks" "$SALUS" risk_model --phenotypes "$phenotypes" --scores "$scores" --horizons 5 \
            --models 'a: cox(cvd, strata = site) ~ age + pgs' --models 'b: cox(cvd_late) ~ age + pgs' \
            --models 'c: fine_gray(cvd, competing = death) ~ age + pgs' --models 'd: logistic(diabetes) ~ bmi + pgs' \
            --validation_fraction 0 --output "fit_$ranks"
        found=$(sha256sum <"fit_$ranks/risk_model/risk_model.h5")
        [[ ${expected:=$found} == "$found" ]] || { echo "results differ on $ranks ranks"; exit 1; }
    done
    got=0
    "$SALUS" risk_model --phenotypes "$phenotypes" --scores "$scores" --horizons 5 --output dear --validation_fraction 0 \
        --models 'a: cox(cvd, ties = exact) ~ spline(age, 7)*sex + spline(pgs, 7)*sex + spline(bmi, 7)*sex + spline(crp, 7)*sex' >dear.log 2>&1 || got=$?
    [[ $got == 3 ]] && grep -q 'is too dear' dear.log || { cat dear.log; echo "exact ties of many people are not refused"; exit 1; }
)

expect() { # CODE TEXT -- command: fails with the code, and says the text
    local code=$1 word=$2 got=0; shift 3
    "$@" >refused.log 2>&1 || got=$?
    [[ $got == "$code" ]] || { cat refused.log; echo "exit code $got instead of $code for: $word"; exit 1; }
    grep -q -- "$word" refused.log || { cat refused.log; echo "the message lacks: $word"; exit 1; }
    rm -rf refused
}
one() { "$SALUS" risk_model --phenotypes "$phenotypes" --scores "$scores" --output refused "$@"; }
expect 3 'tau_max = ' -- one --models 'a: cox(cvd) ~ age' --horizons 40
expect 3 'did you mean age' -- one --models 'a: cox(cvd) ~ agee' --horizons 5
expect 2 'horizons is empty' -- one --models 'a: cox(cvd) ~ age'
expect 2 'needs the option competing' -- one --models 'a: fine_gray(cvd) ~ age' --horizons 5
expect 3 'is of kind' -- one --models 'a: logistic(cvd) ~ age'
expect 3 'there is no equation' -- one --models 'a: equation(cvd) ~ score' --horizons 5
expect 3 'trained the model' -- "$SALUS" risk_validation --model fit_r1t1/risk_model/risk_model.h5 --phenotypes "$phenotypes" \
    --scores "$scores" --people all --output refused
expect 2 'there is no model' -- "$SALUS" risk_validation --model fit_r1t1/risk_model/risk_model.h5 --phenotypes "$phenotypes" \
    --scores "$scores" --models coxx --output refused
