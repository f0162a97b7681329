#!/usr/bin/env bash
# The job of health records on the sample cohort: the same bytes on 1 to 4 ranks, a label that is JSON without small numbers, a section of
# the report, and releases that are refused or suppressed.
set -euo pipefail
/usr/bin/python3 -c "import h5py" 2>/dev/null || { echo "python3-h5py is missing"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
results=(health_quality/health_quality.h5 health_quality/label.json cohort/cohort.h5 report/report.html)
for ranks in 1 2 3 4; do
    mpirun --oversubscribe -n "$ranks" "$SALUS" run "$SALUS_SOURCE/jobs/health.toml" --output "ranks$ranks" >"ranks$ranks.log" 2>&1 ||
        { tail -30 "ranks$ranks.log"; exit 1; }
    (cd "ranks$ranks" && sha256sum "${results[@]}") >"ranks$ranks.sha256"
    diff ranks1.sha256 "ranks$ranks.sha256" || { echo "results differ on $ranks ranks"; exit 1; }
done
! grep -lE 'S[0-9]{7}|\b100[0-9]{3}\b' ranks*.log || { echo "a log names a person"; exit 1; }
grep -q 'Quality of health records' ranks1/report/report.html || { echo "the report has no section of records"; exit 1; }

/usr/bin/python3 - ranks1 <<'EOS'
import json
import sys

import h5py
label = json.load(open(sys.argv[1] + "/health_quality/label.json"))
for part in ("documentation", "technical_quality", "coverage", "process", "access"):
    assert part in label, part


def numbers(node, path=""):
    if isinstance(node, dict):
        for key, value in node.items():
            yield from numbers(value, path + "/" + key)
    elif isinstance(node, list):
        for value in node:
            yield from numbers(value, path)
    elif isinstance(node, int) and not isinstance(node, bool):
        yield path, node


for path, n in numbers(label["coverage"]):
    assert n == 0 or n >= 5 or path.endswith("sites"), (path, n)
for finding in label["technical_quality"]["not_passed"]:
    for key in ("examined", "violated"):
        assert not isinstance(finding[key], int) or finding[key] == 0 or finding[key] >= 5, finding
    if isinstance(finding["violated"], int):
        assert not 0 < finding["examined"] - finding["violated"] < 5, finding
with h5py.File(sys.argv[1] + "/health_quality/health_quality.h5") as f:
    persons = f.attrs["persons"]
    verdicts = {v.decode() for v in f["checks/verdict"][:]}
assert verdicts <= {"PASS", "WARN", "FAIL", "NOT_APPLICABLE"}, verdicts
assert persons == label["coverage"]["persons"], persons
EOS

file=ranks1/cohort/cohort.h5
"$SALUS" export "$file" --table attrition --release 5 --output attrition.tsv
[[ $(wc -l <attrition.tsv) -ge 4 ]] || { cat attrition.tsv; exit 1; }
"$SALUS" export "$file" --table table_1 --release 10 --output table_1.tsv
"$SALUS" export ranks1/health_quality/health_quality.h5 --table checks --release 5 --output checks.tsv
awk -F'\t' 'NR == 1 {for (i = 1; i <= NF; i++) at[$i] = i; next}
    $at["violated"] != "NA" && ($at["violated"] > 0 && $at["violated"] < 5 || $at["examined"] != "NA" &&
        $at["examined"] - $at["violated"] > 0 && $at["examined"] - $at["violated"] < 5) {print; bad = 1} END {exit bad}' checks.tsv
for table in members matched_sets; do
    got=0
    "$SALUS" export "$file" --table "$table" --release 5 --output no.tsv >refused.log 2>&1 || got=$?
    [[ $got == 7 && ! -e no.tsv ]] && grep -q 'not made for release' refused.log || { echo "expected exit 7, got $got"; cat refused.log; exit 1; }
done
"$SALUS" export "$file" --table members --output members.tsv
