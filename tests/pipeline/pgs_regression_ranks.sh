#!/usr/bin/env bash
# pgs_regression gives byte-identical results for 1 to 4 ranks and 1 or 2 threads, with genotypes in memory or read again, for a quantitative, a
# binary and a time-to-event trait; score reads its weights, and they go with the trait that was made from the genotypes.
set -euo pipefail
source "$SALUS_SOURCE/tests/lib/small_cohort.bash"
small_cohort
# A trait of 20 variants.
/usr/bin/python3 - "$(find simulated -name genotypes.bed)" <<'EOS' >traits2.csv
import hashlib, sys
import numpy
bed = sys.argv[1]
ids = [line.split()[1] for line in open(bed[:-3] + "fam")]
where = [line.split()[0] for line in open(bed[:-3] + "bim")]
raw = numpy.fromfile(bed, numpy.uint8)[3:].reshape(len(where), -1)
g = (raw[:, :, None] >> numpy.array([0, 2, 4, 6]) & 3).reshape(len(where), -1)[:, :len(ids)]
g = numpy.array([2., 1., 1., 0.])[g]  # a missing call counts as one copy
rows = [(v - v.mean()) / v.std() for v, c in zip(g, where) if c.endswith(("1", "2")) and 0.1 < v.mean() / 2 < 0.9]
x = sum(rows[k] for k in range(0, len(rows), max(1, len(rows) // 20)))
x = x / x.std()
print("sample_id,made,case,event,years,age")
for i, name in enumerate(ids):
    u = [(b + 0.5) / 256 for b in hashlib.sha256(name.encode()).digest()]
    noise = sum(u[:12]) - 6
    print(f"{name},{50 + 3 * (x[i] + 0.7 * noise):.6f},{int(x[i] + noise > 0.5)},{int(u[13] < 0.7)},{0.5 + 9 * u[14] * numpy.exp(-x[i]):.3f},{30 + 40 * u[15]:.3f}")
EOS
quiet "$SALUS" phenotypes --genotypes "$store" --table traits2.csv --table_traits made --table_traits case \
    --time_to_event "death = event : years" --table_covariates age --sex false --groups false --output phenotypes2
table=$(find phenotypes2 -name phenotypes.h5)
run() { # name ranks threads options
    local name=$1 ranks=$2 threads=$3; shift 3
    OMP_NUM_THREADS=$threads quiet mpirun --oversubscribe -n "$ranks" "$SALUS" pgs_regression --genotypes "$store" --phenotypes "$table" \
        --quality "$quality" --alphas 1 --alphas 0.5 --strong_step 30 --lambdas 12 --lambda_smallest 0.4 --lambdas_per_pass 4 --threads "$threads" "$@" --output "$name"
    sha256sum <"$name/pgs_regression/pgs_regression.h5"
}
expected=$(run r1t1 1 1)
for layout in '2 1' '3 1' '4 1' '1 2' '2 2'; do
    read -r ranks threads <<<"$layout"
    [[ $(run "r${ranks}t$threads" "$ranks" "$threads") == "$expected" ]] || { echo "results differ on $layout (ranks threads)"; exit 1; }
done
run again 2 1 --rows_memory_max 0 >/dev/null
quiet "$SALUS" score --genotypes "$store" --scores r1t1/pgs_regression/pgs_regression.h5 --output scores
/usr/bin/python3 - <<'EOS'
import h5py
import numpy as np

with h5py.File("r1t1/pgs_regression/pgs_regression.h5") as w, h5py.File("again/pgs_regression/pgs_regression.h5") as again, \
        h5py.File("scores/score/score.h5") as s:
    fits = {c: w["fits/" + c][:] for c in w["fits"] if c != "set_of_weights"}
    print([(t, m, st, r, round(v, 3)) for t, m, st, r, v in zip(fits["trait"], fits["method"], fits["status"], fits["reason"], fits["validation"])])
    assert len(fits["trait"]) == 9
    found = fits["status"] == b"found"
    assert found[:3].all(), "the trait that was made"
    assert not (fits["status"] == b"failed").any()
    assert (fits["residual"][found] <= 1e-6).all()
    for trait in ("made", "case", "death"):
        assert fits["chosen"][fits["trait"] == trait.encode()].sum() <= 1
    def tables(f):
        out = {}
        f.visititems(lambda name, item: out.__setitem__(name, item[:]) if isinstance(item, h5py.Dataset) and not name.startswith("provenance") else None)
        return out
    a, b = tables(w), tables(again)
    assert a.keys() == b.keys()
    for name in a:  # the memory of the genotypes changes nothing
        assert np.array_equal(a[name], b[name]) or a[name].dtype.kind == "f" and np.array_equal(a[name], b[name], equal_nan=True), name
        if name.startswith("weights/") and a[name].dtype.kind == "f":
            assert np.isfinite(a[name]).all(), name
    names = [n.decode() for n in s["report/score"][:]]
    assert len(names) == found.sum(), names
    assert (w["path/violation"][:] <= 1e-6).all()
EOS
