#!/usr/bin/env bash
# risk_model and risk_validation where it is hard: each case has its exit code and its reason in the tables; broken files are refused;
# disk faults and kills leave no result, and the same command then ends with the bytes of an undisturbed run.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/risk_cohort.bash"
source "$SALUS_SOURCE/tests/lib/demo.bash"
risk_cohort 600

# patch NAME CODE: phenotypes in which Python code has changed arrays: event, time, entry (of cvd_late), diabetes, smoker, age.
patch() {
    cp "$phenotypes" "$1.h5"
    /usr/bin/python3 - "$1.h5" "$2" <<'PYTHON'
import sys
import h5py
import numpy as np
places = {'event': 'traits/cvd', 'late_event': 'traits/cvd_late', 'time': 'times/cvd', 'entry': 'times/cvd_late.entry',
          'diabetes': 'traits/diabetes', 'smoker': 'covariates/smoker', 'age': 'covariates/age'}
with h5py.File(sys.argv[1], 'r+') as f:
    names = {k: f[v][()] for k, v in places.items()}
    exec(sys.argv[2], {'np': np}, names)
    for k, v in places.items():
        f[v][...] = names[k]
PYTHON
}
fit() { # NAME FLAGS...: a model of the patched phenotypes, in the folder fit_NAME
    rm -rf "fit_$1"
    "$SALUS" risk_model --phenotypes "$1.h5" --scores "$scores" --validation_fraction 0 --output "fit_$1" "${@:2}"
}
# holds NAME CODE: of the tables m (models) and c (coefficients) of fit_NAME; the message of a failure shows the models.
holds() {
    /usr/bin/python3 - "fit_$1/risk_model/risk_model.h5" "$2" <<'PYTHON' || fail "$1: $2"
import sys
import h5py
import numpy as np
def table(name):
    with h5py.File(sys.argv[1]) as f:
        return {k: (v[()].astype(str) if v.dtype.kind == 'S' else v[()]) for k, v in f[name].items() if v.ndim == 1}
m, c = table('models'), table('coefficients')
if not eval(sys.argv[2]):
    print({k: v.tolist() for k, v in m.items()}, {k: v.tolist() for k, v in c.items()}, file=sys.stderr)
    sys.exit(1)
PYTHON
}
cox=(--models 'a: cox(cvd) ~ age + smoker' --horizons 5)

patch none 'event[:] = 0'
expect 0 fit none "${cox[@]}"
says 'no_events'
holds none "m['state'][0] == 'no_events' and m['reason'][0].startswith('no_events') and m['events'][0] == 0 and np.isnan(c['standard_error']).all()"
patch last 'event[:] = 0; i = np.argmax(age); event[i] = 1; time[i] = time.min() / 2'
expect 0 fit last --models 'a: cox(cvd) ~ age' --horizons 0.01
holds last "m['state'][0] == 'monotone' and m['reason'][0].startswith('monotone') and 'age' in m['reason'][0] and c['endless'][0] == 1"
patch middle 'event[:] = 0; i = np.argsort(age)[len(age) // 2]; event[i] = 1; time[i] = time.min() / 2'
expect 0 fit middle --models 'a: cox(cvd) ~ age' --horizons 0.01
holds middle "m['state'][0] == 'converged' and m['events'][0] == 1"
patch tied 'event[:] = 1; time[:] = 5'
expect 0 fit tied --models 'a: cox(cvd) ~ age + smoker' --models 'b: cox(cvd, ties = breslow) ~ age + smoker' --horizons 5
holds tied "(m['state'] == 'converged').all() and np.abs(c['estimate']).max() < 1e-9"
patch separated 'smoker[:] = diabetes'
expect 0 fit separated --models 'a: logistic(diabetes) ~ smoker + age' --models 'b: firth(diabetes) ~ smoker + age'
holds separated "list(m['state']) == ['monotone', 'converged'] and 'smoker' in m['reason'][0] and c['endless'][list(c['term']).index('smoker')] == 1"
patch endless 'smoker[event == 1] = 0'
expect 0 fit endless "${cox[@]}"
holds endless "m['state'][0] == 'monotone' and 'smoker' in m['reason'][0] and list(c['endless']) == [0, 1]"
patch zero 'time[:11] = 0'
expect 0 fit zero "${cox[@]}"
says '11 people have no time at risk'
holds zero "m['state'][0] == 'converged' and m['no_follow_up'][0] == 11 and m['people'][0] == len(__import__('h5py').File(sys.argv[1])['predictions/a/part']) - 11"
patch negative 'time[:7] = -1.5'
expect 0 fit negative "${cox[@]}"
holds negative "m['no_follow_up'][0] == 7"
patch truncated 'entry[:5] = 100'
expect 0 fit truncated --models 'a: cox(cvd_late) ~ age' --horizons 5
holds truncated "m['no_follow_up'][0] == 5 and m['state'][0] == 'converged'"
patch plain ''
expect 3 fit plain --models 'a: cox(cvd) ~ age' --horizons 50
says 'tau_max = ' 'behind the follow-up'
[[ ! -e fit_plain/risk_model/risk_model.h5 ]] || fail "a result was left"
nothing_left fit_plain
expect 0 fit plain --models 'a: cox(cvd) ~ age + scale(age, 50, 10) + smoker' --horizons 5
holds plain "m['state'][0] == 'converged' and 'aliased: scale(age, 50, 10)' in m['reason'][0] and list(c['aliased']) == [0, 1, 0]"
expect 3 "$SALUS" risk_validation --model fit_plain/risk_model/risk_model.h5 --phenotypes "$phenotypes" --scores "$scores" --people all \
    --output judged
says 'trained the model' 'allow_overlap'
[[ ! -e judged/risk_validation/risk_validation.h5 ]] || fail "a result was left"
patch other 'event[3] = 2'
expect 3 fit other "${cox[@]}"
says 'not 0, 1 or missing'
patch missing 'age[:] = np.nan'
expect 0 fit missing "${cox[@]}"
holds missing "m['people'][0] == 0 and m['state'][0] == 'no_events' and m['no_covariate'][0] > 0"
expect 3 fit missing "${cox[@]}" --imputations 3
says 'only 0 training people have the column age'
expect 2 fit plain --models 'a: cox(cvd, net = 1) ~ age' --horizons 5 --imputations 1
says 'there is one imputation' 'an elastic net is asked for'

# People who are followed less long than a horizon are not judged there.
expect 0 "$SALUS" risk_model --phenotypes "$phenotypes" --scores "$scores" --models 'a: cox(cvd) ~ age' --horizons 5 --output fit
model=$PWD/fit/risk_model/risk_model.h5
patch short 'time[:] = np.minimum(time, 3); event[time == 3] = 0'
/usr/bin/python3 - <<'PYTHON'
import h5py
with h5py.File('short.h5', 'r+') as f:
    ids = f['samples/sample_id']
    ids[...] = [b'X' + s[1:] for s in ids[()]]
PYTHON
sed -E '2,$s/^S/X/' "$scores" >short.tsv
expect 0 "$SALUS" risk_validation --model "$model" --phenotypes short.h5 --scores short.tsv --output judged
/usr/bin/python3 - <<'PYTHON'
import h5py
with h5py.File('judged/risk_validation/risk_validation.h5') as f:
    note = f['measures/note'][()].astype(str)
    assert list(f['measures/metric'][()].astype(str)) == ['not_estimated'] and note[0] == 'horizon_beyond_follow_up: tau_max = 3', note
PYTHON

# Broken files.
head -c 5000 "$model" >cut.h5
expect 3 "$SALUS" risk_validation --model cut.h5 --phenotypes "$phenotypes" --scores "$scores" --output broken
says 'cut.h5'
expect 3 "$SALUS" risk_validation --model "$phenotypes" --phenotypes "$phenotypes" --scores "$scores" --output broken
says "$phenotypes"
printf 'sample_id\tpgs\n' >headless.tsv
expect 3 fit plain --models 'a: cox(cvd) ~ nothing' --horizons 5
says 'there is no column'
sed -E '3s/\t.*/\tmany/' "$scores" >word.tsv
expect 3 "$SALUS" risk_model --phenotypes plain.h5 --scores word.tsv "${cox[@]}" --output broken
says 'word.tsv' 'not a number'
sed '3{p}' "$scores" >twice.tsv
expect 3 "$SALUS" risk_model --phenotypes plain.h5 --scores twice.tsv "${cox[@]}" --output broken
says 'twice.tsv' 'stands twice'
! grep -qE 'S0{2}[0-9]{5}' "$SALUS_TMP/stderr" || fail "a sample is named"
[[ -z $(find broken -name '*.h5' -not -path '*/work/*' 2>/dev/null) ]] || fail "a result was left"

# A disk that fills, fails or stops: exit code 5, no result; then the bytes of the undisturbed run.
command -v strace >/dev/null || exit 77
strace -o /dev/null true 2>/dev/null || exit 77
disturb() { # STAGE RESULT FLAGS...: RESULT is of an undisturbed run
    local stage=$1 result=$2 fault out=out_$1; shift 2
    local command=("$SALUS" "$stage" "$@" --output "$out")
    for fault in fsync:error=ENOSPC:when=1+ fsync:error=EIO:when=2+ pwrite64:error=ENOSPC:when=5+ pwrite64:error=EIO:when=30+ \
        rename:error=EDQUOT:when=1+; do
        rm -rf "$out"
        expect 5 strace -f -qq -o /dev/null -e "trace=${fault%%:*}" -e "inject=$fault" "${command[@]}"
        nothing_left "$out"
        [[ ! -e $out/$stage/$(basename "$result") ]] || fail "$stage: a result was left by $fault"
        expect 0 "${command[@]}"
        cmp "$result" "$out/$stage/$(basename "$result")" || fail "$stage differs after $fault"
    done
    for fault in rename:signal=SIGKILL:when=1 rename:signal=SIGKILL:when=2 fsync:signal=SIGKILL:when=2; do
        rm -rf "$out"
        strace -f -qq -o /dev/null -e "trace=${fault%%:*}" -e "inject=$fault" "${command[@]}" >killed 2>&1 && fail "$stage was not killed"
        expect 0 "${command[@]}"
        cmp "$result" "$out/$stage/$(basename "$result")" || fail "$stage differs after $fault"
        nothing_left "$out"
    done
}
disturb risk_model "$model" --phenotypes "$phenotypes" --scores "$scores" --models 'a: cox(cvd) ~ age' --horizons 5
judge=(--model "$model" --phenotypes "$phenotypes" --scores "$scores" --bootstrap_replicates 2)
expect 0 "$SALUS" risk_validation "${judge[@]}" --output judged_well
disturb risk_validation "$PWD/judged_well/risk_validation/risk_validation.h5" "${judge[@]}"
