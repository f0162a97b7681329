#!/usr/bin/env bash
# Models of risk_model against R: survival (Cox with strata, clusters, late entry; cause-specific), cmprsk (Fine-Gray), glm and lm;
# and risks against R's survival curves.
set -euo pipefail
command -v Rscript >/dev/null || { echo "Rscript is missing"; exit 77; }
Rscript -e 'library(survival); library(cmprsk)' >/dev/null 2>&1 || { echo "r-cran-survival or r-cran-cmprsk is missing"; exit 77; }
source "$SALUS_SOURCE/tests/lib/risk_cohort.bash"
risk_cohort
quiet "$SALUS" risk_model --phenotypes "$phenotypes" --scores "$scores" --validation_fraction 0 --horizons 5 --censoring_ties cmprsk --output fit \
    --models 'cox: cox(cvd, cluster = site) ~ age + pgs + smoker + bmi' --models 'breslow: cox(cvd, ties = breslow, strata = site) ~ age + pgs' \
    --models 'late: cox(cvd_late) ~ age + pgs' --models 'cause: cause_specific(cvd, competing = death) ~ age + pgs' \
    --models 'sub: fine_gray(cvd, competing = death) ~ age + pgs' --models 'spline: cox(cvd) ~ spline(age, 45, 55, 60, 68) + pgs:smoker' \
    --models 'exact: cox(cvd, ties = exact, strata = site) ~ age + pgs + smoker' \
    --models 'exact_cause: cause_specific(cvd, competing = death, ties = exact) ~ age + pgs' \
    --models 't2d: logistic(diabetes) ~ bmi*pgs' --models 'lipid: linear(ldl) ~ age + pgs + factor(site)'
/usr/bin/python3 - <<'PYTHON'
import csv
import h5py
with h5py.File('fit/risk_model/risk_model.h5') as f:
    t = f['coefficients']
    names = ['model', 'cause', 'term', 'estimate', 'standard_error', 'robust_standard_error']
    with open('coefficients.csv', 'w', newline='') as out:
        w = csv.writer(out)
        w.writerow(names)
        w.writerows(zip(*[[v.decode() if isinstance(v, bytes) else repr(float(v)) for v in t[n][()]] for n in names]))
    with open('risks.csv', 'w', newline='') as out:
        w = csv.writer(out)
        w.writerow(['sample_id', 'cox', 'cause', 'sub'])
        ids = [s.decode() for s in f['predictions/cox/sample_id'][()]]
        w.writerows(zip(ids, *[[repr(float(v)) for v in f[f'predictions/{m}/risk_1'][()]] for m in ('cox', 'cause', 'sub')]))
PYTHON
Rscript "$SALUS_SOURCE/tests/peer/risk_models_compare.R"

# Multiple imputation against mice.
Rscript -e 'library(mice)' >/dev/null 2>&1 || { echo "r-cran-mice is missing: imputation is not compared"; exit 0; }
partial_table
quiet "$SALUS" risk_model --phenotypes "$phenotypes" --scores "$scores" --scores partial.tsv --validation_fraction 0 --horizons 5 \
    --imputations 40 --output imputed --models 'mi: cox(cvd) ~ age + pgs + smoker_part + bmi_part'
/usr/bin/python3 - <<'PYTHON'
import csv
import h5py
with h5py.File('imputed/risk_model/risk_model.h5') as f:
    names = ['term', 'estimate', 'standard_error', 'fraction_missing']
    with open('imputed.csv', 'w', newline='') as out:
        w = csv.writer(out)
        w.writerow(names)
        w.writerows(zip(*[[v.decode() if isinstance(v, bytes) else repr(float(v)) for v in f[f'coefficients/{n}'][()]] for n in names]))
PYTHON
Rscript "$SALUS_SOURCE/tests/peer/risk_models_impute.R"
