#!/usr/bin/env bash
# The gene test job on the sample cohort: the same bytes on 1 and 3 ranks; all kinds of traits are tested, with p as they are where
# no gene has an effect; the report lists genes and is well-formed.
set -euo pipefail
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
fail() { echo "FAILED: $*" >&2; exit 1; }
run() { # ranks
    OMP_NUM_THREADS=1 mpirun --oversubscribe -n "$1" "$SALUS" run "$SALUS_SOURCE/jobs/gene_tests.toml" --threads 1 --output "r$1" \
        2>"r$1.log" || { cat "r$1.log"; exit 1; }
    (cd "r$1" && find gene_tests report -type f -print0 | sort -z | xargs -0 sha256sum) >"r$1.sha256"
}
run 1
run 3
[[ $(wc -l <r1.sha256) -ge 3 ]] || fail "results are missing"
diff r1.sha256 r3.sha256 || fail "results differ on 3 ranks"
grep -q '<section id="genes"' r1/report/report.html || fail "the report shows no genes"
[[ -x /usr/bin/python3 ]] || exit 0
/usr/bin/python3 "$SALUS_SOURCE/tests/pipeline/report_page.py" r1/report/report.html || [[ $? == 77 ]]
/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "p are not checked: python3-h5py is missing"; exit 0; }
/usr/bin/python3 - <<'PYTHON'
import h5py
import numpy as np

with h5py.File("r1/gene_tests/gene_tests.h5") as file:
    kinds = {k.decode() if isinstance(k, bytes) else k for k in file["trait_summary/kind"][()]}
    tests = len(file["tests/set"])
    variants = len(file["set_variants/set"])
    below, tested, methods = 0, 0, set()
    for trait in file["traits"].values():
        assert len(trait["status"]) == tests
        p = trait["skat_o_neg_log10_p"][()]
        p = p[~np.isnan(p)]
        tested += len(p)
        below += int((p > 2).sum())
        methods |= set(trait["method"][()].tolist())
print(f"{tests} tests a trait, {variants} variants in sets, {tested} tested, {below} with p below 0.01, methods {sorted(methods)}")
assert {"quantitative", "binary"} <= kinds, kinds
assert tests > 1000 and variants > 1000 and tested > 1000
assert {0, 1, 2, 4} <= methods, methods
assert below <= 0.02 * tested, (below, tested)  # genes with common causal variants in linkage disequilibrium may add some
PYTHON
