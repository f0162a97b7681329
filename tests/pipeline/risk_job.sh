#!/usr/bin/env bash
# From genotypes and records to absolute risks in one job on the sample cohort: the same bytes on 1 to 3 ranks; the planted score
# makes the prediction of coronary disease better; the report shows it.
set -euo pipefail
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"; cd "$SALUS_TMP"
fail() { echo "FAILED: $*" >&2; exit 1; }
for ranks in 1 2 3; do
    mpirun --oversubscribe -n "$ranks" "$SALUS" run "$SALUS_SOURCE/jobs/risk.toml" --threads 1 --output "r$ranks" 2>"r$ranks.log" ||
        { cat "r$ranks.log"; exit 1; }
    (cd "r$ranks" && find score risk_model risk_validation report -type f -print0 | sort -z | xargs -0 sha256sum) >"r$ranks.sha256"
    diff r1.sha256 "r$ranks.sha256" || fail "results differ on $ranks ranks"
done
[[ $(wc -l <r1.sha256) -ge 6 ]] || fail "results are missing"
auc() { sed -nE "s/.* $1: auc_t ([0-9.]+) .*/\1/p" r1.log | tail -n 1; }
awk -v base="$(auc chd_base)" -v score="$(auc chd)" 'BEGIN { exit !(base > 0.4 && score > base + 0.08) }' ||
    fail "AUC at 8 years is $(auc chd_base) without and $(auc chd) with the score"
[[ -x /usr/bin/python3 ]] || exit 0
grep -q ' within 8 years: AUC ' r1/report/findings.txt || { cat r1/report/findings.txt; fail "the horizon is not in years"; }
/usr/bin/python3 "$SALUS_SOURCE/tests/pipeline/report_page.py" r1/report/report.html || [[ $? == 77 ]]
