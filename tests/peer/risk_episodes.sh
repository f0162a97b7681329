#!/usr/bin/env bash
# Cox models of rows (start, stop] of people against R's survival, on its heart transplants, on tmerge of pbc and pbcseq, and on the
# recurrent infections of cgd; the same bytes on 1 to 4 ranks; rows that cannot be are refused.
set -euo pipefail
command -v Rscript >/dev/null || { echo "Rscript is missing"; exit 77; }
Rscript -e 'library(survival)' >/dev/null 2>&1 || { echo "r-cran-survival is missing"; exit 77; }
source "$SALUS_SOURCE/tests/lib/risk_cohort.bash"
risk_cohort 400
Rscript "$SALUS_SOURCE/tests/peer/risk_episodes_data.R"

fit() { # RANKS DATA OUTPUT FLAGS...
    local ranks=$1 data=$2 output=$3; shift 3
    quiet mpirun --oversubscribe -n "$ranks" "$SALUS" risk_model --phenotypes "$phenotypes" --scores person.tsv \
        --episodes "$data.csv" --output "$output" "$@"
}
whole=(--validation_fraction 0)
fit 1 heart heart "${whole[@]}" --horizons 365 --models 'efron: cox(died) ~ age_now + year + surgery + transplant' \
    --models 'breslow: cox(died, strata = surgery, ties = breslow) ~ age_now + transplant' \
    --models 'exact: cox(died, ties = exact) ~ age_now + surgery + transplant'
fit 1 pbc pbc "${whole[@]}" --horizons 1000 --models 'efron: cox(died) ~ log(bili) + log(protime) + edema + sex_pbc' \
    --models 'cause: cause_specific(died, competing = grafted) ~ log(bili) + edema'
fit 1 cgd cgd "${whole[@]}" --horizons 200 --models 'efron: cox(infection) ~ treated + age_cgd' \
    --models 'centre: cox(infection, cluster = hospital) ~ treated + age_cgd'
/usr/bin/python3 - <<'PYTHON'
import csv
import h5py
for data in ('heart', 'pbc', 'cgd'):
    with h5py.File(f'{data}/risk_model/risk_model.h5') as f:
        def write(path, table, names):
            with open(path, 'w', newline='') as out:
                w = csv.writer(out)
                w.writerow(names)
                w.writerows(zip(*[[v.decode() if isinstance(v, bytes) else repr(float(v)) for v in f[f'{table}/{n}'][()]]
                                  for n in names]))
        write(f'{data}_coefficients.csv', 'coefficients', ['model', 'cause', 'estimate', 'standard_error', 'robust_standard_error'])
        write(f'{data}_zph.csv', 'proportional_hazards', ['model', 'cause', 'term', 'chi_square'])
        write(f'{data}_models.csv', 'models', ['model', 'people', 'events', 'log_likelihood'])
        write(f'{data}_risk.csv', 'predictions/efron', ['sample_id', 'risk_1'])
PYTHON
Rscript "$SALUS_SOURCE/tests/peer/risk_episodes_compare.R"

# People are held out, and judged, with all their rows; so are folds.
expected=
for ranks in 1 2 3 4; do
    fit "$ranks" pbc "held_$ranks" --validation_fraction 0.4 --folds 3 --horizons 1000 --models 'efron: cox(died) ~ log(bili) + edema' \
        --models 'net: cox(died, net = 0.5) ~ log(bili) + log(protime) + edema'
    quiet mpirun --oversubscribe -n "$ranks" "$SALUS" risk_validation --model "held_$ranks/risk_model/risk_model.h5" \
        --phenotypes "$phenotypes" --scores person.tsv --episodes pbc.csv --bootstrap_replicates 0 --events_min 5 --output "judged_$ranks"
    found=$(cat "held_$ranks"/risk_model/risk_model.* "judged_$ranks/risk_validation/risk_validation.h5" | sha256sum)
    [[ ${expected:=$found} == "$found" ]] || { echo "results differ on $ranks ranks"; exit 1; }
done
/usr/bin/python3 - <<'PYTHON'
import csv
import h5py
every = sorted(csv.DictReader(open('pbc.csv')), key=lambda r: -float(r['tstart']))
first = {r['sample_id']: r['bili'] for r in every} # the last one counts
rows = [r for r in every if r['bili'] != 'NA']
with h5py.File('held_1/risk_model/risk_model.h5') as f, h5py.File('judged_1/risk_validation/risk_validation.h5') as v:
    part = dict(zip((s.decode() for s in f['predictions/efron/sample_id'][()]), f['predictions/efron/part'][()]))
    people = {r['sample_id'] for r in rows if r['sample_id'] in part}
    trained = {p for p in people if part[p] == 1}
    assert f['models/people'][0] == len(trained) and f['models/held_out'][0] == len(people - trained)
    assert f['models/events'][0] == sum(r['died'] == '1' and r['sample_id'] in trained for r in rows)
    measures = {(m.decode(), k.decode()): (e, int(n)) for m, k, e, n in
                zip(*[v[f'measures/{c}'][()] for c in ('model', 'metric', 'estimate', 'people')])}
    c, n = measures['efron', 'concordance_harrell']
    assert n == sum(first[p] != 'NA' for p in people - trained) and 0.7 < c < 0.95, (c, n)
PYTHON

expect() { # TEXT FILE [FLAGS...]: refused, and says the text
    local word=$1 file=$2 got=0; shift 2
    "$SALUS" risk_model --phenotypes "$phenotypes" --episodes "$file" --horizons 100 --output refused "$@" >refused.log 2>&1 || got=$?
    [[ $got == 3 ]] || { cat refused.log; echo "exit code $got for: $word"; exit 1; }
    grep -q -- "$word" refused.log || { cat refused.log; echo "the message lacks: $word"; exit 1; }
    if grep -q "$(sed -n '2s/,.*//p' heart.csv)" refused.log; then echo "a message names a person"; exit 1; fi
}
id=$(sed -n '2s/,.*//p' heart.csv)
rows() { { echo sample_id,start,stop,died,x; cat; } >rows.csv; }
one=(--models 'a: cox(died) ~ x')
rows <<<"$id,5,5,0,1"; expect 'does not end behind its start' rows.csv "${one[@]}"
rows <<<"$id,5,4,0,1"; expect 'line 2, column stop' rows.csv "${one[@]}"
rows <<<"$id,-1,4,0,1"; expect 'begins before 0' rows.csv "${one[@]}"
rows <<<"$id,0,,0,1"; expect 'does not end behind its start' rows.csv "${one[@]}"
rows <<<"$id,0,4,0,high"; expect 'not a number' rows.csv "${one[@]}"
rows <<<"$id,3,9,0,1
$id,0,4,0,1"; expect 'overlap in time: lines 2 and 3' rows.csv "${one[@]}"
rows <<<"nobody,0,4,0,1"; expect 'none of its 1 rows is of a sample' rows.csv "${one[@]}"
rows <<<"$id,0,4,2,1"; expect 'is of kind' rows.csv "${one[@]}"
rows <<<"$id,0,4,0,1"
expect 'use cause_specific' rows.csv --models 'a: fine_gray(died, competing = death) ~ x'
expect 'is a column of the episodes, but the outcome' rows.csv --models 'a: cox(cvd) ~ x'
expect 'no column of the episodes' rows.csv --models 'a: cause_specific(died, competing = death) ~ x'
expect 'would part the rows' rows.csv --models 'a: cox(died, cluster = x) ~ age'
expect 'one row of each person' rows.csv "${one[@]}" --imputations 5
expect 'with all their rows' rows.csv "${one[@]}" --leave_out x
