#!/usr/bin/env bash
# Traits and options that cannot be used: a clear answer, the exit code, and nothing published; models that fail say why.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/small_cohort.bash"
small_cohort
/usr/bin/python3 - traits.csv <<'EOS' >odd.csv
import sys
rows = [line.strip().split(",") for line in open(sys.argv[1])]
print("sample_id,height,flat,controls,event,years,age,twice,lacking")
for k, r in enumerate(rows[1:]):
    print(f"{r[0]},{r[1]},1.5,0,0,{r[5]},{r[6]},{2 * float(r[6])},")
EOS
phenotypes() { # name, traits and covariates
    local name=$1; shift
    quiet "$SALUS" phenotypes --genotypes "$store" --table odd.csv --sex false --groups false "$@" --output "$name"
}
phenotypes odd --table_traits height --table_traits flat --table_traits controls --time_to_event "never = event : years" --table_covariates age
phenotypes collinear --table_traits height --table_covariates age --table_covariates twice
phenotypes lacking --table_traits height --table_covariates age --table_covariates lacking || true
odd=$(find odd -name phenotypes.h5) collinear=$(find collinear -name phenotypes.h5)
refuses() { # exit code, words of the answer, options
    local code=$1 words=$2 got=0; shift 2
    rm -rf out
    "$SALUS" pgs_regression --genotypes "$store" --output out "$@" 2>answer || got=$?
    [[ $got == "$code" ]] || { echo "exit code $got instead of $code"; cat answer; exit 1; }
    grep -q -- "$words" answer || { echo "the answer does not say '$words'"; cat answer; exit 1; }
    [[ -z $(find out -name pgs_regression.h5 -not -path '*/work/*' 2>/dev/null) ]] || { echo "something was published"; exit 1; }
}
refuses 3 'did you mean "height"' --phenotypes "$odd" --traits heigth
refuses 2 "no method 'magic'" --phenotypes "$odd" --methods magic
# All mistakes at once.
refuses 2 'heritabilities holds 2' --phenotypes "$odd" --heritabilities 2 --alphas 0 --traits nothing
grep -q 'alphas holds 0' answer && grep -q 'there is no trait "nothing"' answer || { cat answer; exit 1; }
refuses 2 'validation_fraction is 0' --phenotypes "$odd" --validation_fraction 0
refuses 3 'linear combination of age' --phenotypes "$collinear"
if lacking=$(find lacking -name phenotypes.h5) && [[ -n $lacking ]]; then
    refuses 3 'samples pass and have all' --phenotypes "$lacking"
fi
# Only traits without information: each with its reason.
refuses 3 'flat, ridge: no_variation' --phenotypes "$odd" --traits flat --traits controls --traits never
grep -q 'never, elastic_net_1: no_events' answer || { cat answer; exit 1; }
# Other samples.
quiet "$SALUS" simulate --samples 50 --chromosomes chr1 --region_mb 1 --common_per_mb 50 --rare_per_mb 0 --formats bed --output other --seed 3
got=0
"$SALUS" pgs_regression --genotypes "$(find other -name genotypes.bed)" --phenotypes "$odd" --output out 2>answer || got=$?
[[ $got == 3 ]] && grep -q 'samples differ from those of the genotypes' answer || { cat answer; exit 1; }
# A good trait beside bad ones: the bad ones are listed; too few iterations are a failure with a reason.
rm -rf out
quiet "$SALUS" pgs_regression --genotypes "$store" --phenotypes "$odd" --lambdas 10 --lambda_smallest 0.5 --output out
rm -rf few
"$SALUS" pgs_regression --genotypes "$store" --phenotypes "$odd" --traits height --iterations_max 1 --methods ridge --heritabilities 0.9 \
    --preconditioner_vectors 0 --output few 2>answer && { echo "one iteration was enough"; exit 1; }
grep -q 'height, ridge: not_converged' answer || { cat answer; exit 1; }
/usr/bin/python3 - <<'EOS'
import h5py
import numpy as np
with h5py.File("out/pgs_regression/pgs_regression.h5") as f:
    reasons = {(t.decode(), m.decode()): r.decode() for t, m, r in zip(f["fits/trait"][:], f["fits/method"][:], f["fits/reason"][:])}
    assert reasons["flat", "ridge"] == "no_variation", reasons
    assert reasons["controls", "elastic_net_1"] in ("one_class", "no_variation"), reasons
    assert reasons["never", "ridge"] == "no_events", reasons
    assert list(f["weights"]) == ["height"], list(f["weights"])
    for name, column in f["weights/height"].items():
        if name.startswith("weight_"):
            assert np.isfinite(column[:]).all()
EOS
