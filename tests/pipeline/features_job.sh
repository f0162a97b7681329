#!/usr/bin/env bash
# The features job on the sample cohort: the same bytes on 1 to 3 ranks; the six proteins that follow liabilities have the locus
# of their trait's strongest variant, the six that are noise have none; the report is well-formed.
set -euo pipefail
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
fail() { echo "FAILED: $*" >&2; exit 1; }
for ranks in 1 2 3; do
    mpirun --oversubscribe -n "$ranks" "$SALUS" run "$SALUS_SOURCE/jobs/features.toml" --threads 1 --output "r$ranks" 2>"r$ranks.log" ||
        { cat "r$ranks.log"; exit 1; }
    (cd "r$ranks" && find ingest_features phenotypes association loci report -type f -print0 | sort -z | xargs -0 sha256sum) >"r$ranks.sha256"
    diff r1.sha256 "r$ranks.sha256" || fail "results differ on $ranks ranks"
done
[[ $(wc -l <r1.sha256) -ge 5 ]] || fail "results are missing"
[[ -x /usr/bin/python3 ]] || exit 0
/usr/bin/python3 "$SALUS_SOURCE/tests/pipeline/report_page.py" r1/report/report.html || [[ $? == 77 ]]
/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "planted truths are not checked: python3-h5py is missing"; exit 0; }
/usr/bin/python3 - "$SALUS_SOURCE/data-samples/truth" <<'PYTHON'
import csv, sys
import h5py

traits = ["ldl_cholesterol", "hba1c", "body_height", "type_2_diabetes", "coronary_disease", "asthma"]
with open(f"{sys.argv[1]}/causal_variants.tsv") as file:
    rows = list(csv.DictReader(file, delimiter="\t"))
strongest = {t: max((r for r in rows if r["trait"] == t), key=lambda r: float(r["variance_explained"])) for t in traits}
with h5py.File("r1/loci/loci.h5") as file:
    table = file["loci"]
    def column(name):
        return [v.decode() if isinstance(v, bytes) else v for v in table[name][()]]
    found = {(t, c) for t, c in zip(column("trait"), column("chromosome")) if t.startswith("protein_")}
expected = {(f"protein_{k + 1:04d}", strongest[t]["chromosome"]) for k, t in enumerate(traits)}
print(sorted(found))
assert expected <= found, expected - found
assert {t for t, c in found} == {t for t, c in expected}, found
PYTHON
