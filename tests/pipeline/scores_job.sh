#!/usr/bin/env bash
# The job of polygenic scores on the sample cohort: weights by all methods, scores that go with the trait.
set -euo pipefail
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "python3-h5py is missing"; exit 77; }
"$SALUS" check "$SALUS_SOURCE/jobs/scores.toml" >check.log 2>&1 || { cat check.log; exit 1; }
"$SALUS" run "$SALUS_SOURCE/jobs/scores.toml" --output out 2>run.log || { cat run.log; exit 1; }
/usr/bin/python3 - <<'EOS'
import h5py
import numpy

with h5py.File("out/pgs_weights/pgs_weights.h5") as w, h5py.File("out/score/score.h5") as s, h5py.File("out/phenotypes/phenotypes.h5") as p:
    found = [m.decode() for m, t in zip(w["methods/method"][:], w["methods/status"][:]) if t == b"found"]
    assert {"infinitesimal", "auto"} <= set(found), found
    assert any(m.startswith("lassosum2") for m in found) and any(m.startswith("clumping") for m in found), found
    values = []
    p.visititems(lambda name, item: values.append(item) if name.endswith("ldl_cholesterol") and isinstance(item, h5py.Dataset) else None)
    y = values[0][:]
    who = ~numpy.isnan(y)
    for method in ("infinitesimal", "auto"):
        r = numpy.corrcoef(s["scores/" + method][:][who], y[who])[0, 1]
        print(method, round(r, 3))
        assert r > 0.2, (method, r)  # people of the statistics: an overestimate, far from 0
        assert numpy.isfinite(s["z_mean/" + method][:]).sum() > 0.9 * len(y)
EOS
