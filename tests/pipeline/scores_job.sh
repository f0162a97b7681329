#!/usr/bin/env bash
# The job of polygenic scores on the sample cohort: weights by all methods, a stack that is tuned in people who were not in the statistics, and
# its score of everybody.
set -euo pipefail
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "python3-h5py is missing"; exit 77; }
"$SALUS" check "$SALUS_SOURCE/jobs/scores.toml" >check.log 2>&1 || { cat check.log; exit 1; }
"$SALUS" run "$SALUS_SOURCE/jobs/scores.toml" --output out 2>run.log || { cat run.log; exit 1; }
/usr/bin/python3 - <<'EOS'
import h5py
import numpy


def names(path):
    return set(open(path).read().split()[1:])


tuning, discovery = names("out/split_samples/tuning.txt"), names("out/split_samples/discovery.txt")
assert tuning and discovery and not tuning & discovery
with h5py.File("out/pgs_weights/pgs_weights.h5") as w:
    found = [m.decode() for m, t in zip(w["methods/method"][:], w["methods/status"][:]) if t == b"found"]
    assert {"infinitesimal", "auto", "continuous_shrinkage", "mixture"} <= set(found), found
    assert any(m.startswith("lassosum2") for m in found) and any(m.startswith("clumping") for m in found), found
    assert {b"auto", b"continuous_shrinkage", b"mixture"} == set(w["chains/method"][:])
    assert numpy.isfinite(w["parameters/mean"][:]).all()
    weights = {m: w["weights/ldl_cholesterol/weight_" + m][:] for m in found}
with h5py.File("out/association/association.h5") as a:
    assert a["trait_summary/n"][0] <= len(discovery)
with h5py.File("out/pgs_stacking/pgs_stacking.h5") as k:
    used = [c.decode() for c in k["candidates/candidate"][:]]
    assert sorted(used) == sorted(found)
    coefficient = k["candidates/coefficient"][:]
    assert (coefficient >= 0).all() and (coefficient > 0).any()
    stack = k["weights/ldl_cholesterol/weight_stack"][:]
    expected = sum(b * weights[c] for b, c in zip(coefficient, used))
    assert numpy.allclose(stack, expected, rtol=1e-12, atol=1e-15)
    assert k.attrs["people"] <= len(tuning)
    print("R2 of the stack", k.attrs["stack"], k.attrs["stack_lower"], k.attrs["stack_upper"], "of the best single", k.attrs["best_single"])
    for m, v in zip(k["performance/model"][:], k["performance/value"][:]):
        assert -1 < v < 1, (m, v)
with h5py.File("out/score/score.h5") as s, h5py.File("out/phenotypes/phenotypes.h5") as p:
    assert set(s["report/overlap"][:]) == {1.0}
    y = p["traits/ldl_cholesterol"][:]
    ids = [i.decode() for i in s["scores/sample_id"][:]]
    who = ~numpy.isnan(y) & numpy.array([i in tuning for i in ids])
    r = numpy.corrcoef(s["scores/stack"][:][who], y[who])[0, 1]
    print("stack", round(r, 3))
    assert r > 0.1, r
    assert numpy.isfinite(s["z_mean/stack"][:]).sum() > 0.9 * len(y)
with h5py.File("out/pgs_regression/pgs_regression.h5") as r, h5py.File("out/regression_score/score.h5") as t:
    part = r["samples/part"][:]
    assert {i for i, at in zip(ids, part) if at != b"none"} <= discovery
    assert (r["fits/status"][:] != b"failed").all(), r["fits/reason"][:]
    trained = ~numpy.isnan(y) & (part == b"training")
    for name, status in zip(r["fits/method"][:], r["fits/status"][:]):
        if status == b"found":
            c = numpy.corrcoef(t["scores/" + name.decode()][:][trained], y[trained])[0, 1]
            print(name.decode(), round(c, 3))
            assert c > 0.2, (name, c)  # people who train: an overestimate
EOS
