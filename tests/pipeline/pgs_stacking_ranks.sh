#!/usr/bin/env bash
# split_samples and pgs_stacking give byte-identical results for 1 to 4 ranks and 1 or 2 threads, of a quantitative and a binary trait that
# go with scores of random weights; score reads the stack. What is wrong is told, with the exit code, and nothing is published.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/small_cohort.bash"
small_cohort
quiet "$SALUS" split_samples --genotypes "$store" --quality "$quality" --tuning_fraction 0.8 --output split
tuning=split/split_samples/tuning.txt discovery=split/split_samples/discovery.txt
[[ -z $(sort "$tuning" "$discovery" | uniq -d | grep -v sample_id) ]] || { echo "a sample is in both parts"; exit 1; }
quiet mpirun --oversubscribe -n 3 "$SALUS" split_samples --genotypes "$store" --quality "$quality" --tuning_fraction 0.8 --output split3
cmp "$tuning" split3/split_samples/tuning.txt
quiet "$SALUS" association --genotypes "$store" --phenotypes "$table" --samples "$discovery" --traits height --output association
/usr/bin/python3 - association/association/association.h5 "$discovery" <<'EOS'
import sys

import h5py
with h5py.File(sys.argv[1]) as f:
    listed = len(open(sys.argv[2]).read().split()) - 1
    assert 0 < f["trait_summary/n"][0] <= listed, (f["trait_summary/n"][0], listed)
EOS
# Weights: those of the small statistics; then traits are made from two of the scores.
quiet "$SALUS" pgs_weights --genotypes "$store" --statistics association/association/association.h5 --trait height --block_variants_max 100 \
    --methods infinitesimal --methods lassosum2 --methods clumping --lambdas 3 --loss_max 0.95 --output weights
weights=weights/pgs_weights/pgs_weights.h5
quiet "$SALUS" score --genotypes "$store" --scores "$weights" --output scores
scores=scores/score/score.h5
/usr/bin/python3 - "$scores" <<'EOS' >made.csv
import hashlib
import math
import sys

import h5py
import numpy
with h5py.File(sys.argv[1]) as f:
    names = sorted(k for k in f["scores"] if k not in ("sample_id", "sample"))
    ids = [i.decode() for i in f["scores/sample_id"][:]]
    z = [f["scores/" + k][:] for k in names]
z = [(x - x.mean()) / x.std() for x in z if x.std() > 0]
print("sample_id,height,disease,age")
for i, name in enumerate(ids):
    u = [b / 255 for b in hashlib.sha256(name.encode()).digest()]
    noise = sum(u[:12]) - 6
    signal = z[0][i] + z[-1][i]
    print(f"{name},{170 + 5 * signal + 6 * noise},{int(signal + noise + u[13] > 0.8)},{30 + 40 * u[14]}")
EOS
quiet "$SALUS" phenotypes --genotypes "$store" --table made.csv --table_traits height --table_traits disease --table_covariates age --sex true \
    --groups false --output made
made=made/phenotypes/phenotypes.h5
stack() { # output, options; what they do not name is as it should be
    local out=$1 name options=(); shift
    declare -A given=([scores]=$scores [weights]=$weights [phenotypes]=$made [samples]=$tuning [statistics_samples]=$discovery [trait]=height)
    for name in "${!given[@]}"; do [[ " $* " == *" --$name "* ]] || options+=("--$name" "${given[$name]}"); done
    "$SALUS" pgs_stacking "${options[@]}" --outer_folds 3 --inner_folds 3 --lambdas 10 --output "$out" "$@"
}
for trait in height disease; do
    run() { # ranks threads
        rm -rf out
        OMP_NUM_THREADS=$2 quiet mpirun --oversubscribe -n "$1" "$SALUS" pgs_stacking --scores "$scores" --weights "$weights" --phenotypes "$made" \
            --quality "$quality" --samples "$tuning" --statistics_samples "$discovery" --trait "$trait" --outer_folds 3 --inner_folds 3 \
            --lambdas 10 --threads "$2" --output out
        cat out/pgs_stacking/pgs_stacking.h5 out/pgs_stacking/weights.txt | sha256sum
    }
    expected=$(run 1 1)
    for layout in '2 1' '3 1' '4 1' '2 2'; do
        [[ $(run $layout) == "$expected" ]] || { echo "$trait: results differ on $layout (ranks threads)"; exit 1; }
    done
    mv out "stack_$trait"
done
quiet "$SALUS" score --genotypes "$store" --scores stack_height/pgs_stacking/pgs_stacking.h5 --output stacked
/usr/bin/python3 - "$scores" <<'EOS'
import sys

import h5py
import numpy
for trait, metric in (("height", "r2"), ("disease", "auc")):
    with h5py.File(f"stack_{trait}/pgs_stacking/pgs_stacking.h5") as k:
        rows = {(m.decode(), n.decode()): v for m, n, v in zip(k["performance/model"][:], k["performance/metric"][:], k["performance/value"][:])}
        print(trait, rows)
        assert k.attrs["metric"] in (metric, metric.encode())
        assert rows["stack", metric] > rows["covariates", metric] + 0.05
        assert k.attrs["stack_lower"] < k.attrs["stack"] < k.attrs["stack_upper"]
        assert list(k["folds/fold"][:]) == [1, 2, 3, 0]
# The score of the stack is the stack of the scores, but for a constant (missing genotypes count their expectation in both).
with h5py.File("stack_height/pgs_stacking/pgs_stacking.h5") as k, h5py.File("stacked/score/score.h5") as s, h5py.File(sys.argv[1]) as c:
    total = sum(b * c["scores/" + n.decode()][:] for n, b in zip(k["candidates/candidate"][:], k["candidates/coefficient"][:]) if b != 0)
    got = s["scores/stack"][:]
    assert numpy.allclose(got, total, rtol=0, atol=1e-6 * numpy.std(total)), numpy.abs(got - total).max()
EOS
# Relatives share a fold: with every second sample in one family, one fold has all of them.
quiet "$SALUS" kinship --genotypes "$store" --output kin
/usr/bin/python3 - <<'EOS'
import h5py
with h5py.File('kin/kinship/kinship.h5', 'r+') as f:
    family = f['samples/family'][()]
    family[:] = 0
    family[::2] = 1
    f['samples/family'][...] = family
EOS
quiet stack relatives --kinship kin/kinship/kinship.h5
/usr/bin/python3 - "$tuning" <<'EOS'
import sys

import h5py
with h5py.File('kin/kinship/kinship.h5') as f:
    ids = [i.decode() for i in f['samples/sample_id'][()]]
listed = set(open(sys.argv[1]).read().split()[1:])
with h5py.File('relatives/pgs_stacking/pgs_stacking.h5') as k, h5py.File('stack_height/pgs_stacking/pgs_stacking.h5') as apart:
    fitted, before = k['folds/people'][()], apart['folds/people'][()]
    assert fitted[3] == before[3] and min(before) > 0.55 * before[3], before
    assert min(fitted) <= fitted[3] - sum(i in listed for i in ids[::2]), fitted
EOS
refuses() { # exit code, words of the answer, options
    local code=$1 words=$2 got=0; shift 2
    rm -rf out
    stack out "$@" >answer 2>&1 || got=$?
    [[ $got == "$code" ]] || { echo "exit code $got instead of $code"; cat answer; exit 1; }
    grep -q -- "$words" answer || { echo "the answer does not say '$words'"; cat answer; exit 1; }
    [[ -z $(find out -name pgs_stacking.h5 -not -path '*/work/*' 2>/dev/null) ]] || { echo "something was published"; exit 1; }
    ! grep -q "$(sed -n 2p "$tuning")" answer || { echo "the answer names a person"; exit 1; }
}
refuses 3 'that the statistics were made from' --statistics_samples "$tuning"
refuses 3 'no column "weight"' --trait weight
refuses 2 'alphas holds 2' --alphas 2
refuses 3 'did you mean "age"' --covariates aeg
head -20 "$tuning" >few.txt
refuses 3 'to tune on' --samples few.txt
quiet "$SALUS" score --genotypes "$store" --scores "$weights" --value average --output means
refuses 3 'value average' --scores means/score/score.h5
# Scores that go against the trait are no part of a stack.
/usr/bin/python3 - made.csv <<'EOS' >against.csv
import sys
rows = [line.strip().split(",") for line in open(sys.argv[1])]
print(",".join(rows[0]))
for r in rows[1:]:
    print(",".join([r[0], str(-float(r[1])), r[2], r[3]]))
EOS
quiet "$SALUS" phenotypes --genotypes "$store" --table against.csv --table_traits height --table_covariates age --sex false --groups false --output against
refuses 3 'no score goes with' --phenotypes against/phenotypes/phenotypes.h5
