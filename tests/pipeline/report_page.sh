#!/usr/bin/env bash
# Reports in headless Chromium (phone, desktop, dark, print): that of the demo job, and one of example
# results with all chromosomes that the unit tests write.
set -euo pipefail
[[ -x /usr/bin/python3 ]] || { echo "skipped: Python is not installed (package python3)"; exit 77; }
rm -rf "$SALUS_TMP"; mkdir -p "$SALUS_TMP"
look() { echo "$1"; /usr/bin/python3 "$(dirname "$0")/report_page.py" "$1"; }

look "$SALUS_DEMO/report/report.html"
[[ $(wc -l <"$SALUS_DEMO/report/findings.txt") == 3 ]] || { echo "FAILED: the demo has not three findings" >&2; exit 1; }
units=$(dirname "$SALUS")/tests/unit_stages_report
[[ -x $units ]] || exit 0
SALUS_REPORT_EXAMPLE=$SALUS_TMP "$units" --gtest_filter=Report.WritesAnExampleWhereAsked >/dev/null
look "$SALUS_TMP/report.html"
rm -rf "$SALUS_TMP"
